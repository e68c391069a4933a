"""What waiting costs: s(0) - s(1), the order in which accounts are called.

s(t) is what the same call is expected to save t weeks later, seen from today. An account that has left by
then is lost and its call is not made; one that is still here has the rest of its risk before it, up to the
same end of the main horizon:

    s(t) = (1 - F(t)) x [ saved(p(t)) x value - cost ],   p(t) = (F(H) - F(t)) / (1 - F(t)),

F being P(left by t): a piecewise constant hazard through the probabilities of the horizons, from (0, 0). Where a
contract is about to end because a bill is not paid, a call decided at t comes too late for those that end within the
week after it (:mod:`churnkit.contact.signs.bills`): they count as left in p(t).
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


def rest_after(end: Floats, gone: Floats, lost: Floats) -> Floats:
    """Give the risk that a call can still change, of an account that is still here: (F(H) - lost) / (1 - gone).

    Parameters
    ----------
    end, gone
        float64 [n]: F(H), and F(t) at the call.
    lost
        float64 [n], at least ``gone``: P(left before the call works).
    """
    return np.asarray(np.clip((end - lost) / np.maximum(1.0 - gone, _CERTAIN), 0.0, 1.0))


def saving_after(
    end: Floats, gone: Floats, lost: Floats, saved: Callable[[Floats], Floats], *, value: Floats, cost: Floats
) -> Floats:
    """Give s(t) in money, of what is expected today.

    Parameters
    ----------
    end, gone, lost
        float64 [n]: F(H), F(t) and P(left before the call works), as :func:`rest_after` has them; 0 and 0 give the
        expected net saving of a call today.
    saved
        p0 - p1 for given p0 (:meth:`Effect.saved` at the account's role and theme).
    value, cost
        float64 [n], money.
    """
    return np.asarray((1.0 - gone) * (saved(rest_after(end, gone, lost)) * value - cost))
