"""The leading user: who used the product most, and for how long nothing has been heard of that person.

A client stays for people. Where the one who carried the product is gone, usage thins out later; so the silence of
the leading user beside an account that goes on is an early sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.timeline import DAY, known_at, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History

    Floats = NDArray[np.float64]

WINDOW, RECENT = 182 * DAY, 28 * DAY
"""Who led is told from half a year, its last four weeks left out: in these the person may be gone."""


def silence_of_leader(history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64]) -> Floats:
    """Give for how many days longer the leading user has been silent than the account.

    Parameters
    ----------
    account, cutoff
        Codes and moments [n]; facts known by then count.

    Returns
    -------
    float64 [n]
        0 where the leading user was the last to be seen; NaN where no user is known in the window
        ``[cutoff - 182d, cutoff - 28d)``.
    """
    out = np.full(len(account), np.nan)
    signals = history.signals
    if signals.actor is None:
        return out
    used = np.flatnonzero((signals.actor >= 0) & _activity(history)[signals.signal])
    owner, actor = signals.account[used].astype(np.int64), signals.actor[used].astype(np.int64)
    occurred, known = signals.occurred[used], signals.known_or_occurred[used]
    for now in np.unique(cutoff):
        there = within(occurred, now - WINDOW, now) & known_at(occurred, known, now)
        rows = cutoff == now
        out[rows] = _silence(owner[there], actor[there], occurred[there], now, n=len(history.accounts))[account[rows]]
    return out


def _activity(history: History) -> NDArray[np.bool_]:
    return np.array([history.signals.tables.get(n) == "activity" for n in history.signals.names], dtype=np.bool_)


def _silence(
    owner: NDArray[np.int64], actor: NDArray[np.int64], occurred: NDArray[np.int64], now: int, *, n: int
) -> Floats:
    """Give days of silence by account code, at one moment."""
    out = np.full(n, np.nan)
    if not len(owner):
        return out
    who, at = np.unique(owner * (int(actor.max()) + 1) + actor, return_inverse=True)
    account = who // (int(actor.max()) + 1)
    before = np.bincount(at[occurred < now - RECENT], minlength=len(who))
    last = np.zeros(len(who), dtype=np.int64)
    np.maximum.at(last, at, occurred)
    seen = np.zeros(n, dtype=np.int64)
    np.maximum.at(seen, account, last)
    order = np.lexsort((-last, -before, account))  # of equals the one seen last
    first = order[np.r_[True, np.diff(account[order]) > 0]]
    first = first[before[first] > 0]
    out[account[first]] = (seen[account[first]] - last[first]) / DAY
    return out
