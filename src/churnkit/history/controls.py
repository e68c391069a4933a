"""Controls of randomised contacts, reconstructed where no ``decisions`` were written.

For each manager and week with at least one ``random`` contact the manager's other accounts in the
population at the start of that week could have been drawn and were not. What is assumed stands in
:data:`ASSUMPTION` and goes with the evidence wherever it is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import pandas as pd

from churnkit.history.versions import micros
from churnkit.timeline import DAY, as_datetime, as_timestamps, moment, zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history.history import History

Evidence = Literal["randomised decisions", "randomised, controls reconstructed", "judgement contacts", "none"]
ASSUMPTION = (
    "Every account of a manager that was in the population when the week began could have been drawn; accounts "
    "belonged then to the manager to whom they belong today."
)
COLUMNS = ("account", "account_id", "decided_at", "contact", "assignment", "propensity", "role", "manager_id", "until")


class Standing(Protocol):
    """Who is asked at a cutoff, as known then."""

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Per account code: in the population."""


class Population(Protocol):
    """The part of a churn definition that tells who is asked."""

    def standing(self, history: History, cutoff: int) -> Standing:
        """Tell who is asked at a cutoff, as known then."""


@dataclass(frozen=True, eq=False)
class Trial:
    """Who was and was not contacted, and how that was settled.

    Attributes
    ----------
    frame
        One row per account and decision moment, with the columns of ``decisions`` that are known.
        ``propensity`` is NaN for a control whose week knows more than one: it is a function of what was
        known then, to be learnt from the contacted.
    evidence
        ``randomised decisions``, ``randomised, controls reconstructed``, ``judgement contacts`` or ``none``.
    assumption
        What must hold for the evidence to stand; empty where nothing beyond the record is assumed.
    """

    frame: pd.DataFrame
    evidence: Evidence
    assumption: str = ""


def trial(history: History, churn: Population) -> Trial:
    """Give the decisions that were written, or reconstruct them from random contacts.

    Parameters
    ----------
    churn
        The churn definition: its population at the start of each week could have been drawn.

    Returns
    -------
    Trial
        Random contacts without a propensity strictly between 0 and 1 count as judgement.
    """
    decisions = history.decisions
    if decisions is not None and len(decisions) and (decisions["assignment"] == "random").any():
        return Trial(decisions, "randomised decisions")
    contacts = history.contacts
    if contacts is None or not len(contacts):
        return Trial(pd.DataFrame(columns=list(COLUMNS)), "none")
    called = _called(history, contacts)
    drawn = called["assignment"] == "random"
    if not drawn.any():
        return Trial(called.drop(columns="week"), "judgement contacts")
    weeks = called[drawn].groupby(["week", "manager_id"], sort=True, dropna=False)
    controls = [_controls(history, churn, called, part) for _, part in weeks]
    whole = pd.concat([called, *(c for c in controls if len(c))], ignore_index=True)
    whole = whole.sort_values(["decided_at", "account"], ignore_index=True)
    return Trial(whole.drop(columns="week"), "randomised, controls reconstructed", ASSUMPTION)


def _called(history: History, contacts: pd.DataFrame) -> pd.DataFrame:
    """Give contacts as decisions, each in the week (from Monday, local time) that it fell in."""
    n = len(contacts)
    at = micros(contacts, "contacted_at")
    week = np.array([monday(t, history.timezone) for t in at], dtype=np.int64)
    propensity = contacts["propensity"].to_numpy(dtype=np.float64) if "propensity" in contacts else np.full(n, np.nan)
    given = contacts["assignment"].to_numpy(dtype=object) if "assignment" in contacts else np.full(n, None)
    with np.errstate(invalid="ignore"):
        drawn = (given == "random") & (propensity > 0) & (propensity < 1)
    owner = owners(history)[contacts["account"].to_numpy()]
    manager = contacts["manager_id"].to_numpy(dtype=object) if "manager_id" in contacts else owner
    return pd.DataFrame(
        {
            "account": contacts["account"].to_numpy(dtype=np.int32),
            "account_id": contacts["account_id"].to_numpy(),
            "decided_at": as_timestamps(np.where(drawn, week, at)),
            "contact": True,
            "assignment": np.where(drawn, "random", "judgement").astype(object),
            "propensity": np.where(drawn, propensity, np.nan),
            "role": contacts["role"].to_numpy(dtype=object) if "role" in contacts else None,
            "manager_id": manager,
            "until": as_timestamps(week + 7 * DAY),
            "week": week,
        }
    )


def _controls(history: History, churn: Population, called: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """Give the manager's other accounts in the population when the week of some contacts began."""
    week, manager = int(part["week"].iloc[0]), part["manager_id"].iloc[0]
    inside = np.zeros(len(history.accounts), dtype=np.bool_)
    for piece, mine in history.pieces():
        inside[mine] = churn.standing(piece, week).inside[mine]
    inside[called.loc[called["week"] == week, "account"].to_numpy()] = False
    if "do_not_contact" in history.accounts:
        inside &= ~history.accounts["do_not_contact"].to_numpy(dtype=np.bool_)
    owner = owners(history)
    if not pd.isna(manager):
        inside &= owner == manager
    codes = np.flatnonzero(inside).astype(np.int32)
    known = np.unique(part["propensity"].to_numpy())
    return pd.DataFrame(
        {
            "account": codes,
            "account_id": history.account_ids.to_numpy()[codes],
            "decided_at": part["decided_at"].iloc[0],
            "contact": False,
            "assignment": "random",
            "propensity": known[0] if len(known) == 1 else np.nan,
            "role": None,
            "manager_id": manager,
            "until": part["until"].iloc[0],
            "week": week,
        }
    )


def owners(history: History) -> NDArray[np.object_]:
    """Give the manager_id of every account code, None where there is none."""
    n = len(history.accounts)
    if "manager_id" not in history.accounts:
        return np.full(n, None, dtype=object)
    return np.asarray(history.accounts["manager_id"].to_numpy(dtype=object), dtype=np.object_)


def monday(at: int, timezone: str) -> int:
    """Give the first instant of the week, by the calendar of a zone."""
    local = as_datetime(int(at)).astimezone(zone(timezone))
    start = as_datetime(0).date().fromordinal(local.date().toordinal() - local.weekday())
    return moment(start, timezone)
