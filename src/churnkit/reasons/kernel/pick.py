"""Choosing what to tell, compiled: the strongest groups of features, without keeping the whole matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from churnkit.reasons.kernel.steps import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOTHING = -1
"""Stands where an account has no further reason."""


class Picked(NamedTuple):
    """What is chosen for each row, ``[n, raising + lowering]``; 0 and ``NOTHING`` where there is none.

    Parameters
    ----------
    effect
        float64, the contribution of the group.
    group, feature
        int64, the group, and the feature of it that contributes most in the group's direction.
    """

    effect: NDArray[np.float64]
    group: NDArray[np.int64]
    feature: NDArray[np.int64]


@compiled
def pick(
    parts: NDArray[np.float64],
    group_of: NDArray[np.int64],
    shown: NDArray[np.bool_],
    raising: int,
    lowering: int,
    into: Picked,
) -> NDArray[np.float64]:
    """Choose for each row the groups that raise its log-odds most, then those that lower it most.

    Parameters
    ----------
    parts
        float64 ``[n, p]``, contributions.
    group_of
        int64 ``[p]``, the group of each feature.
    shown
        bool ``[groups]``, whether a group may be shown at all.
    raising, lowering
        How many of either to choose at most; only groups of that sign count. Of equals the first group comes first.
    into
        Filled: raising ones first, lowering ones after them without a gap.

    Returns
    -------
    ndarray
        float64 ``[n]``, the sum of all contributions, added group by group.
    """
    total = np.zeros(len(parts))
    sums = np.empty(len(shown))
    for row in range(len(parts)):
        sums[:] = 0.0
        for j in range(len(group_of)):
            sums[group_of[j]] += parts[row, j]
        for g in range(len(shown)):
            total[row] += sums[g]
        place = 0
        for choice in range(raising + lowering):
            sign = 1.0 if choice < raising else -1.0
            best = _strongest(sums, shown, sign)
            if best != NOTHING:
                into.effect[row, place], into.group[row, place] = sums[best], best
                into.feature[row, place] = _carrier(parts[row], group_of, best, sign)
                sums[best] = 0.0
                place += 1
        for rest in range(place, raising + lowering):
            into.effect[row, rest], into.group[row, rest], into.feature[row, rest] = 0.0, NOTHING, NOTHING
    return total


@compiled
def _strongest(sums: NDArray[np.float64], shown: NDArray[np.bool_], sign: float) -> int:
    """Find the group that contributes most in one direction."""
    best, most = NOTHING, 0.0
    for g in range(len(shown)):
        if shown[g] and sign * sums[g] > most:
            best, most = g, sign * sums[g]
    return best


@compiled
def _carrier(parts: NDArray[np.float64], group_of: NDArray[np.int64], group: int, sign: float) -> int:
    """Find the feature of a group that contributes most in one direction."""
    best, most = NOTHING, -np.inf
    for j in range(len(group_of)):
        if group_of[j] == group and sign * parts[j] > most:
            best, most = j, sign * parts[j]
    return best
