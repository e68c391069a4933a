"""Later calls: what happened to an account, after a decision, that another call of the same kind explains.

Whoever is not called this week may be called in a later one. A comparison of decisions then tells less than what a
call does beside no call: both sides are called in the end, only one of them sooner. The comparison is put right by
how far apart the two sides were in calls (Wald 1940; Angrist and Imbens 1995, JASA 90: variable treatment intensity).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.standing import stamps
from churnkit.timeline import DAY, NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History

    Floats = NDArray[np.float64]

SOON = 7 * DAY
"""Where contacts do not say from which decision they come, one within a week is that decision carried out."""


def later_calls(history: History, account: NDArray[np.int32], decided: NDArray[np.int64], horizon: int) -> Floats:
    """Count the calls after each decision and within its horizon, each by the share of the horizon left to it.

    Parameters
    ----------
    account, decided
        Codes and moments [n].
    horizon
        Microseconds.

    Returns
    -------
    float64 [n]
        0 where the account was not called again (or the history has no contacts).
    """
    out, frame = np.zeros(len(account)), history.contacts
    if frame is None or not len(frame):
        return out
    at, from_decision = stamps(frame, "contacted_at"), stamps(frame, "decided_at")
    who = frame["account"].to_numpy(dtype=np.int64)
    order = np.lexsort((at, who))
    who, at, from_decision = who[order], at[order], from_decision[order]
    first = np.searchsorted(who, np.arange(len(history.accounts) + 1))
    for row, (code, now) in enumerate(zip(account.tolist(), decided.tolist(), strict=True)):
        mine = slice(first[code], first[code + 1])
        when, origin = at[mine], from_decision[mine]
        again = np.where(origin == NEVER, when >= now + SOON, origin > now) & (when < now + horizon)
        out[row] = (1.0 - (when[again] - now) / horizon).sum()
    return out
