"""Attributes that a model must not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.errors import UnknownAttribute
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
