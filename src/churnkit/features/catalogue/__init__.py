"""The catalogue: features made from whatever signals a history has, with no code per data set.

Every theme is one function that yields expressions; adding a feature is one line in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.features.catalogue import billing, contract, profile, relationship, satisfaction, support, usage
from churnkit.features.catalogue.pruning import prune
from churnkit.features.catalogue.scene import Scene, survey
from churnkit.features.feature_set import FeatureSet
from churnkit.timeline import moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from churnkit.features.base import Expression
    from churnkit.history import History
    from churnkit.timeline import Cutoff

__all__ = ["CATALOGUE", "catalogue"]

CATALOGUE: dict[str, Callable[[Scene], Iterator[Expression]]] = {
    "usage": usage.usage,
    "satisfaction": satisfaction.satisfaction,
    "support": support.support,
    "billing": billing.billing,
    "contract": contract.contract,
    "relationship": relationship.relationship,
    "profile": profile.profile,
}
"""By theme the function that yields its features."""


def catalogue(history: History, *, cutoffs: Iterable[Cutoff | int] | None = None) -> FeatureSet:
    """Make the default features of a history.

    Parameters
    ----------
    history
        Its signals decide which features there are; labels are never looked at.
    cutoffs
        Moments at which features will be used. A few of them serve to try features out, and no fact
        that was not known at the last one has a say. None: moments over the later part of the record.

    Returns
    -------
    FeatureSet
        Bound to the history. Its notes name the features that were left out: constant ones, and
        copies of others (the same order of all rows, or the reverse).

    Raises
    ------
    CutoffOutOfReach
        If a cutoff lies before the first fact or after the record.
    """
    at = None if cutoffs is None else moments(cutoffs, history.timezone)
    if at is not None:
        history.check_reach(at)
    scene = survey(history, at)
    found: dict[str, Expression] = {}
    for theme, maker in CATALOGUE.items():
        for feature in maker(scene):
            mine = feature if feature.theme == theme else feature.changed(given_theme=theme)
            found.setdefault(mine.name, mine)
    notes = []
    if names := profile.left_out(scene):
        notes.append(f"attributes without a feature, as they name rather than divide accounts: {', '.join(names)}.")
    return prune(FeatureSet(found.values(), notes=notes), scene)
