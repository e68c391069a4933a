"""How far off a net saving may be: the score's own spread, and what is not known of the effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.roster import with_spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.effect import Kinds
    from churnkit.contact.policies import Policy
    from churnkit.contact.scene import Scene

    Floats = NDArray[np.float64]
    Positions = NDArray[np.int64]

TOGETHER = 0.5
"""Share of the variance of a score that is common to all: a level that is off is off for everybody. A judgement, where
it was not measured (:meth:`Effect.common_error`)."""
_Z90 = 1.6448536269514722
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
"""Gauss-Hermite nodes for a standard normal deviation; their weights add up to sqrt(2 pi)."""


@dataclass(frozen=True)
class Interval:
    """A total and its 90 % interval, in the money of the values."""

    low: float
    middle: float
    high: float


UNKNOWN = Interval(float("nan"), float("nan"), float("nan"))


def variance_of_probability(probability: Floats, spread: Floats) -> Floats:
    """Give the variance of p0 when its log-odds moves by a normal deviation of ``spread``."""
    weight = _WEIGHTS / _WEIGHTS.sum()
    moved = with_spread(probability, spread, _NODES[:, None])
    mean = weight @ moved
    return np.asarray(weight @ (moved - mean) ** 2)


def of_rows(scene: Scene, policy: Policy, at: Positions) -> tuple[Floats, Floats]:
    """Give the 90 % interval of the net saving of each call: low and high.

    Score and effect are taken as independent, and their product as normal.
    """
    found = _parts(scene, policy, at)
    variance = found.share**2 * found.chance_variance + found.chance**2 * found.share_variance
    error = found.value * np.sqrt(variance + found.share_variance * found.chance_variance)
    middle = scene.choices.calls.net_saving[at]
    return middle - _Z90 * error, middle + _Z90 * error


def of_total(scene: Scene, policy: Policy, at: Positions) -> Interval:
    """Give the 90 % interval of the whole list: scores err one by one and together, the effect for all alike."""
    if not len(at):
        return Interval(0.0, 0.0, 0.0)
    effect, role = policy.effect_rule(), scene.choices.role[at]
    found = _parts(scene, policy, at)
    common = effect.total_spread(found.chance * found.value, role, found.trouble)
    each = found.share * found.value * np.sqrt(found.chance_variance)
    together, off = TOGETHER, effect.common_error()
    if off is not None:
        together, common = 0.0, float(np.hypot(common, off * (found.share * found.value * found.chance).sum()))
    own = float((1 - together) * (each**2).sum() + together * each.sum() ** 2)
    middle = float(np.nansum(scene.choices.calls.net_saving[at]))
    error = float(np.sqrt(common**2 + own))
    return Interval(middle - _Z90 * error, middle, middle + _Z90 * error)


@dataclass(frozen=True, eq=False)
class _Parts:
    """Of every call: p0, share kept, their variances, value, and what troubles it."""

    chance: Floats
    chance_variance: Floats
    share: Floats
    share_variance: Floats
    value: Floats
    trouble: Kinds


def _parts(scene: Scene, policy: Policy, at: Positions) -> _Parts:
    effect, choices = policy.effect_rule(), scene.choices
    row, chance = choices.row[at], choices.calls.probability[at]
    trouble = scene.roster.of_trouble(effect)[row]
    return _Parts(
        chance=np.nan_to_num(chance),
        chance_variance=variance_of_probability(np.nan_to_num(chance), scene.roster.spread[row]),
        share=np.divide(choices.calls.saved[at], chance, out=np.zeros(len(at)), where=chance > 0),
        share_variance=effect.spread(choices.role[at], trouble) ** 2,
        value=np.nan_to_num(choices.calls.value[at]),
        trouble=trouble,
    )
