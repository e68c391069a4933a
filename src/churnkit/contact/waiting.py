"""What waiting costs: s(0) - s(1), the order in which accounts are called.

s(t) is what the same call is expected to save t weeks later, seen from today. An account that has left by
then is lost and its call is not made; one that is still here has the rest of its risk before it, up to the
same end of the main horizon:

    s(t) = (1 - F(t)) x [ saved(p(t)) x value - cost ],   p(t) = (F(H) - F(t)) / (1 - F(t)),

F being P(left by t): a piecewise constant hazard through the probabilities of the horizons, from (0, 0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WEEK = 7.0
_CERTAIN = 1e-12


def left_by(days: float, horizons: Floats, probability: Floats, step: Floats | None = None) -> Floats:
    """Give P(left by ``days``), the hazard being constant between horizons.

    An account whose contract ends by itself leaves at its end or not: all its hazard within the last horizon is
    a step there.

    Parameters
    ----------
    days
        From now; beyond the last horizon the last hazard goes on.
    horizons
        float64 [h], days, ascending.
    probability
        float64 [n, h], never falling along h.
    step
        float64 [n]: days until such an end; NaN where there is none, or none within the last horizon.

    Returns
    -------
    float64 [n]
    """
    hazard = -np.log1p(-np.minimum(probability, 1 - _CERTAIN))
    times = np.r_[0.0, horizons]
    total = np.column_stack([np.zeros(len(probability)), hazard])
    at = max(min(int(np.searchsorted(times, days, side="left")), len(horizons)), 1)
    slope = (total[:, at] - total[:, at - 1]) / (times[at] - times[at - 1])
    smooth = np.asarray(-np.expm1(-(total[:, at - 1] + slope * (days - times[at - 1]))))
    if step is None:
        return smooth
    return np.where(np.isnan(step), smooth, np.where(days > np.nan_to_num(step), probability[:, -1], 0.0))


def saving_after(
    days: float, end: Floats, gone: Floats, saved: Callable[[Floats], Floats], *, value: Floats, cost: Floats
) -> Floats:
    """Give s after ``days`` in money, of what is expected today.

    Parameters
    ----------
    days
        0 gives the expected net saving of a call today.
    end, gone
        float64 [n]: F(H) and F(days).
    saved
        p0 - p1 for given p0 (:meth:`Effect.saved` at the account's role and theme).
    value, cost
        float64 [n], money.
    """
    here = 1.0 - gone
    rest = np.clip((end - gone) / np.maximum(here, _CERTAIN), 0.0, 1.0) if days > 0 else end
    return np.asarray(here * (saved(rest) * value - cost))
