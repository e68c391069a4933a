"""What a model must not know: attributes that are barred, and whatever is excluded by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.errors import BadRecipe, UnknownAttribute, did_you_mean
from churnkit.features.expressions import Attribute, RankAmong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from churnkit.features import Expression, FeatureSet
    from churnkit.history import History


def attributes_read(feature: Expression) -> tuple[str, ...]:
    """Give the attributes that a feature reads: their values, or to divide peers."""
    parts = list(feature.walk())
    own = [part.column for part in parts if isinstance(part, Attribute)]
    peers = [part.within for part in parts if isinstance(part, RankAmong) and part.within]
    return tuple(dict.fromkeys([*own, *peers]))


def without(features: FeatureSet, bar: Sequence[str], history: History) -> FeatureSet:
    """Leave out every feature that reads a barred attribute.

    Raises
    ------
    UnknownAttribute
        If accounts have no attribute of that name: a misspelt name would bar nothing.
    """
    for name in bar:
        if name not in history.attributes:
            raise UnknownAttribute.named(name, history.attributes)
    return features.without(*(x.name for x in features if set(attributes_read(x)) & set(bar)))


def excluding(features: FeatureSet, names: Sequence[str], history: History) -> FeatureSet:
    """Take out features by their own name, or by that of a signal or an attribute that they read.

    Raises
    ------
    BadRecipe
        If a name is that of no feature, signal or attribute: a misspelt name would take out nothing. A feature that
        an earlier fit has taken out already is passed over.
    """
    if not names:
        return features
    known = {*features.names, *history.signals.names, *history.attributes, *(features.signals or {})}
    unknown = [name for name in names if name not in known]
    if unknown and features.signals is None:
        raise BadRecipe(
            f"recipe: exclude names {unknown[0]!r}, which is no feature, signal or attribute here"
            f"{did_you_mean(unknown[0], known)}."
        )
    gone = set(names)
    return features.without(*(x.name for x in features if gone & {x.name, *x.signals_used, *attributes_read(x)}))
