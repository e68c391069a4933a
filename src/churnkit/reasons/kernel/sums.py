"""Sums of contributions, and how far reasons outlast a refit, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.reasons.kernel.pick import NOTHING
from churnkit.reasons.kernel.steps import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.reasons.kernel.pick import Picked


@compiled
def by_group(parts: NDArray[np.float64], group_of: NDArray[np.int64], many: int) -> NDArray[np.float64]:
    """Sum contributions ``[m, p]`` by group, float64 ``[m, many]``."""
    out = np.zeros((len(parts), many))
    for row in range(len(parts)):
        for j in range(len(group_of)):
            out[row, group_of[j]] += parts[row, j]
    return out


@compiled
def add_columns(
    columns: NDArray[np.float64], coef: NDArray[np.float64], feature_of: NDArray[np.int64], out: NDArray[np.float64]
) -> None:
    """Add each of the columns ``[m, c]``, times its coefficient, to the feature that it is made of, ``[m, p]``."""
    for row in range(len(columns)):
        for c in range(len(coef)):
            out[row, feature_of[c]] += columns[row, c] * coef[c]


@compiled
def outlast(
    whole: NDArray[np.float64],
    apart: NDArray[np.float64],
    draws: NDArray[np.float64],
    picked: Picked,
    share: NDArray[np.float64],
    first: NDArray[np.float64],
) -> None:
    """Count in how many drawn refits each reason keeps its sign and its place.

    Parameters
    ----------
    whole
        float64 ``[m, groups]``, contributions by group; 0 where a group is never shown, so that it takes no place.
    apart
        float64 ``[refits, m, groups]``: how far each refit lies from their mean; 0 there, too.
    draws
        float64 ``[k, refits]``: a drawn refit is ``whole`` plus this much of each.
    picked
        The reasons of the rows.
    share, first
        float64 ``[m, places]`` and ``[m]``, filled: the share of draws in which each reason keeps its sign and stays
        among as many of that sign as were picked, and in which the strongest raising reason stays the strongest.
    """
    places, many = picked.effect.shape[1], whole.shape[1]
    sums = np.empty(many)
    for row in range(len(whole)):
        raising, lowering = 0, 0
        for k in range(places):
            if picked.group[row, k] != NOTHING:
                raising += picked.effect[row, k] > 0
                lowering += picked.effect[row, k] < 0
        share[row, :], first[row] = 0.0, 0.0
        for draw in range(len(draws)):
            for g in range(many):
                sums[g] = whole[row, g]
            for refit in range(len(apart)):
                weight = draws[draw, refit]
                for g in range(many):
                    sums[g] += weight * apart[refit, row, g]
            for k in range(raising + lowering):
                sign = 1.0 if picked.effect[row, k] > 0 else -1.0
                own, ahead = sign * sums[picked.group[row, k]], 0
                for g in range(many):
                    ahead += sign * sums[g] > own
                share[row, k] += own > 0 and ahead < (raising if sign > 0 else lowering)
                first[row] += k == 0 and sign > 0 and own > 0 and ahead == 0
        share[row, :] /= len(draws)
        first[row] /= len(draws)
