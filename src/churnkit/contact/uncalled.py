"""Who would leave uncalled, out of what was seen of a book in which some were called.

A share kept is one of those who would leave without a call. What is learnt from decisions is m = E[Y | X] over called
and not called alike; with x calls expected of a row, of whom each keeps the share s,

    m = p0 (1 - x s),   so   p0 = m / (1 - x s).

x is the propensity, and the later calls within the horizon, each by the share of it that was left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_KEPT = (-3.0, 0.75)
"""Between these the share of all leavers that past calls kept is held: a noisy estimate blows nothing up."""
LEAST, MOST = 0.002, 0.98
"""Between these p0 is held."""
APART = 0.2
"""Standard deviation of shares between cells, by which a cell's own estimate counts in p0 beside the mean of all: a
judgement, of the size of the effects themselves."""


def uncalled(seen: Floats, calls: Floats, share: Floats | float) -> Floats:
    """Give p0, float64 [n].

    Parameters
    ----------
    seen
        m, P(leave) under past contacts.
    calls
        x, expected calls of each row.
    share
        s, the share of leavers that a call keeps.
    """
    return np.asarray(np.clip(seen / (1.0 - np.clip(calls * share, *MOST_KEPT)), LEAST, MOST))


def expected_calls(propensity: Floats, contact: NDArray[np.bool_], later: Floats | None) -> Floats:
    """Give x, float64 [n]: the call decided on, and later ones as the mean of each side has them.

    Where those called are called again more often than the others are at all, the share kept is that of the whole
    series, and x counts series.
    """
    if later is None or not contact.any() or contact.all():
        return propensity
    more, instead = float(later[contact].mean()), float(later[~contact].mean())
    series = max(1.0, 1.0 + more - instead)
    return np.asarray((propensity * (1.0 + more) + (1.0 - propensity) * instead) / series)


def leaned(share: Floats, variance: Floats, pooled: float) -> tuple[Floats, Floats]:
    """Lean cells' shares on the mean of all by how little they tell; give with them the weight of their own."""
    own = np.nan_to_num(APART**2 / (APART**2 + variance))
    return np.where(np.isfinite(share), pooled + own * (np.nan_to_num(share) - pooled), pooled), own


def narrower(share: Floats, own: Floats, calls: Floats | float) -> Floats:
    """Give by how much the error of a share is less (delta method), p0 being reckoned from that share itself.

    ``s = c (1 - x s)`` with c its ratio to m: ds is dc (1 - x s)^2, of which (1 - x s) stands in p0 already.
    """
    kept = np.clip(calls * share, *MOST_KEPT)
    return np.asarray(1.0 / np.maximum(1.0 + own * kept / (1.0 - kept), 0.25))
