"""Contacts by judgement of which no ``decisions`` tell who was not called: each beside accounts that could have been.

A contact is compared with accounts of the same manager that were in the population at its moment and were not called
in its week, at most ``EACH`` of them, drawn by lot: more teach little that is new (Ury 1975, Biometrics 31: with ten
controls a case has ten elevenths of the efficiency of any number).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.contact.standing import stamps
from churnkit.history.controls import monday, owners
from churnkit.timeline import NEVER, as_datetime, as_timestamps, moment, zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.history.controls import Population

EACH = 10
"""Accounts not called beside one contact."""
ASSUMPTION = (
    f"Each contact was compared with at most {EACH} accounts of the same manager that were not called in its week; "
    "accounts belonged then to the manager to whom they belong today, and whatever made a manager choose shows in what "
    "was known."
)


def judged(history: History, churn: Population) -> pd.DataFrame:
    """Give contacts, and accounts beside them, as decisions of judgement.

    A contact stands at the moment of its decision, where it names one, else at the start of its day; so do those it is
    compared with.

    Returns
    -------
    DataFrame
        account (code), decided_at, contact, assignment, role; empty where the history has no contacts.
    """
    called = _called(history)
    parts = [called]
    week = np.array([monday(int(t), history.timezone) for t in called["at"]], dtype=np.int64)
    number = pd.factorize(called["manager"], sort=True)[0]
    for now in np.unique(called["at"]).tolist():
        mine = np.flatnonzero(called["at"].to_numpy() == now)
        free = _population(history, churn, now)
        free[called["account"].to_numpy()[week == week[mine[0]]]] = False
        for who in np.unique(number[mine]).tolist():
            count = int((number[mine] == who).sum())
            theirs = (
                free if who < 0 else free & (owners(history) == called["manager"].iloc[mine[number[mine] == who][0]])
            )
            codes = np.flatnonzero(theirs)
            draw = np.random.default_rng([now % 2**63, who + 1])
            codes = np.sort(draw.permutation(codes)[: EACH * count])
            parts.append(pd.DataFrame({"account": codes, "at": now, "contact": False, "role": None}))
    every = pd.concat([p for p in parts if len(p)], ignore_index=True) if len(called) else called
    return pd.DataFrame(
        {
            "account": every["account"].to_numpy(dtype=np.int32),
            "decided_at": as_timestamps(every["at"].to_numpy(dtype=np.int64)),
            "contact": every["contact"].to_numpy(dtype=np.bool_),
            "assignment": pd.Series(["judgement"] * len(every), dtype=object),
            "role": every["role"].to_numpy(dtype=object),
        }
    )


def _called(history: History) -> pd.DataFrame:
    """Give contacts with moment and manager, one for an account and moment."""
    contacts = history.contacts
    if contacts is None or not len(contacts):
        return pd.DataFrame({"account": [], "at": [], "contact": [], "role": [], "manager": []})
    at, decided = stamps(contacts, "contacted_at"), stamps(contacts, "decided_at")
    known = at != NEVER
    owner = owners(history)[contacts["account"].to_numpy()]
    manager = contacts["manager_id"].to_numpy(dtype=object) if "manager_id" in contacts else owner
    frame = pd.DataFrame(
        {
            "account": contacts["account"].to_numpy(dtype=np.int32),
            "at": np.where((decided != NEVER) & (decided <= at), decided, _days(at, history.timezone)),
            "contact": True,
            "role": contacts["role"].to_numpy(dtype=object) if "role" in contacts else None,
            "manager": pd.Series(manager, dtype=object),
        }
    )
    frame = frame[known].sort_values(["at", "account"], kind="stable")
    return frame.drop_duplicates(["at", "account"]).reset_index(drop=True)


def _days(at: NDArray[np.int64], timezone: str) -> NDArray[np.int64]:
    """Give the first instant of each local day; NEVER stays."""
    there = (at != NEVER).nonzero()[0]
    out = at.copy()
    out[there] = [moment(as_datetime(int(t)).astimezone(zone(timezone)).date(), timezone) for t in at[there]]
    return out


def _population(history: History, churn: Population, now: int) -> NDArray[np.bool_]:
    inside = np.zeros(len(history.accounts), dtype=np.bool_)
    for piece, mine in history.pieces():
        inside[mine] = churn.standing(piece, now).inside[mine]
    if "do_not_contact" in history.accounts:
        inside &= ~history.accounts["do_not_contact"].to_numpy(dtype=np.bool_)
    return inside
