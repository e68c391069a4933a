"""What a sign weighs for a trouble: log of how often it is seen there over how often it is seen in the book.

How often the book shows a sign is counted at each moment, among the accounts asked about; how often it is shown where
the trouble is there is declared, the same for every company, by whoever asks (Good 1950).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

LEAST_PEERS = 20
"""With fewer accounts there is nobody to stand out beside: no sign is told."""
MOST_CASES = 3
"""Cases beyond the third say nothing new."""


def of_flag(sign: Flags, shown: float, cutoff: NDArray[np.int64]) -> tuple[Floats, Flags]:
    """Give the weight of something that is shown or not, and whether it tells anything at that moment.

    Parameters
    ----------
    sign, cutoff
        [n], whether each account shows it, and when.
    shown
        The share of the accounts in the trouble that show it.

    Returns
    -------
    float64 and bool [n]
        log(shown / often) or log((1 - shown) / (1 - often)); 0 where nobody shows it, or where as many of the book do
        as in a trouble of which it would be a sign.
    """
    weight, tells = np.zeros(len(sign)), np.zeros(len(sign), dtype=np.bool_)
    for rows in _moments(cutoff):
        count = int(sign[rows].sum())
        often = (count + 0.5) / (len(rows) + 1)
        if count == 0 or (shown >= 0.5 and often >= shown):
            continue
        weight[rows] = np.where(sign[rows], np.log(shown / often), np.log((1 - shown) / (1 - often)))
        tells[rows] = True
    return weight, tells


def of_measure(sign: Floats, shift: float, cutoff: NDArray[np.int64]) -> tuple[Floats, Flags]:
    """Give the weight of a measure that stands ``shift`` standard deviations higher in the trouble.

    Of normal scores z among peers that is shift x z - shift^2 / 2; 0 where the measure is missing, or all are alike.
    """
    weight, tells = np.zeros(len(sign)), np.zeros(len(sign), dtype=np.bool_)
    for rows in _moments(cutoff):
        score = normal_score(sign[rows].astype(np.float64))
        weight[rows] = np.where(np.isnan(score), 0.0, shift * np.nan_to_num(score) - shift**2 / 2)
        tells[rows] = np.isfinite(score).any()
    return weight, tells


def of_cases(count: Floats, times: float, cutoff: NDArray[np.int64]) -> tuple[Floats, Flags]:
    """Give the weight of a number of cases, which come ``times`` as often in the trouble.

    Of counts that follow Poisson laws, of the book's mean and ``times`` that, it is
    count x log(times) - (times - 1) x mean; at most ``MOST_CASES`` are counted.
    """
    weight, tells = np.zeros(len(count)), np.zeros(len(count), dtype=np.bool_)
    for rows in _moments(cutoff):
        mine = np.minimum(np.nan_to_num(count[rows]), MOST_CASES)
        if mine.any():
            weight[rows] = mine * np.log(times) - (times - 1) * mine.mean()
            tells[rows] = True
    return weight, tells


def _moments(cutoff: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Give the rows of each moment that has enough peers."""
    found = (np.flatnonzero(cutoff == now) for now in np.unique(cutoff))
    return [rows for rows in found if len(rows) >= LEAST_PEERS]


def normal_score(value: Floats) -> Floats:
    """Give normal scores among peers; NaN where a value is missing, or all are equal."""
    out = np.full(len(value), np.nan)
    known = np.flatnonzero(np.isfinite(value))
    inside = np.sort(value[known])
    if len(known) > 1 and inside[0] < inside[-1]:
        low, high = (np.searchsorted(inside, value[known], side=s) for s in ("left", "right"))
        out[known] = ndtri((low + high) / (2 * len(known)))
    return out
