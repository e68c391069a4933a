"""Tables: the ledger as a company would export it on the last day, in the columns of the data contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnkit.history.sample import figures as fig
from churnkit.history.sample.calls import ASSIGNMENTS, CHANNELS
from churnkit.history.sample.company import MINUTE
from churnkit.history.sample.contracts import REASONS
from churnkit.history.sample.names import COMMENTS, SUBJECTS
from churnkit.history.sample.support import NO_SUBJECT
from churnkit.history.sample.usage import EVENTS
from churnkit.history.sample.voice import METRICS, NO_COMMENT
from churnkit.tables import ROLES
from churnkit.timeline import NEVER, as_timestamps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.history.sample.scene import Scene
    from churnkit.history.sample.state import Flags, Ints


class Export:
    """The export of a company: facts dated from ``start`` and known before ``end``.

    Contracts are exported whole, since whenever they began; accounts whose last contract ended before
    ``start`` are not exported at all.
    """

    def __init__(self, scene: Scene, *, start: int, end: int) -> None:
        self._scene, self._start, self._end = scene, start, end
        self._ids = scene.company.ids
        contracts = scene.contracts
        self.exported: Flags = (contracts.number > 0) & (contracts.ends >= start) & (scene.company.opened < end)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Give all eight tables by name."""
        return {
            "accounts": self.accounts(),
            "activity": self.activity(),
            "satisfaction": self.satisfaction(),
            "tickets": self.tickets(),
            "subscriptions": self.subscriptions(),
            "decisions": self.decisions(),
            "contacts": self.contacts(),
            "managers": self.managers(),
        }

    def accounts(self) -> pd.DataFrame:
        """Who the clients are; what changes is in the other tables."""
        company = self._scene.company
        rows = np.flatnonzero(self.exported)
        group = company.parent[rows]
        return pd.DataFrame(
            {
                "account_id": self._ids[rows],
                "opened_at": as_timestamps(company.opened[rows]),
                "name": company.names[rows],
                "manager_id": company.staff.ids[company.managers[rows]],
                "parent_id": np.array([f"G{g + 1:03d}" if g >= 0 else None for g in group], dtype=object),
                "do_not_contact": company.do_not_contact[rows],
                "industry": words(fig.INDUSTRIES, company.industry[rows]),
                "region": words(fig.REGIONS, company.region[rows]),
                "size_band": words(fig.SIZE_BANDS, company.size[rows]),
                "acquired_by": words(fig.CHANNELS, company.channel[rows]),
            }
        )

    def activity(self) -> pd.DataFrame:
        """Logins, work, incidents, failed payments, as they come."""
        rows = self._rows("activity", when="at", known="recorded")
        order = np.lexsort((rows["user"], rows["event"], rows["account"], rows["at"]))
        rows = {name: values[order] for name, values in rows.items()}
        account, user = rows["account"].astype(np.int64), rows["user"].astype(np.int64)
        person = np.where(user < 0, -1, account * 1_000 + user)
        codes, people = pd.factorize(person, sort=True)
        names = [None if p < 0 else f"{self._ids[p // 1_000]}-{p % 1_000:02d}" for p in people]
        known = np.flatnonzero(people >= 0)
        at = np.full(len(people), -1)
        at[known] = np.arange(len(known))
        return pd.DataFrame(
            {
                "account_id": pd.Categorical.from_codes(account, categories=list(self._ids)),
                "occurred_at": as_timestamps(rows["at"]),
                "event": pd.Categorical.from_codes(rows["event"], categories=list(EVENTS)),
                "value": rows["value"],
                "user_id": pd.Categorical.from_codes(at[codes], categories=[n for n in names if n is not None]),
                "recorded_at": as_timestamps(rows["recorded"]),
            }
        )

    def satisfaction(self) -> pd.DataFrame:
        """Surveys; what is answered after the export, or after the contract, reads as silent."""
        rows = self._rows("satisfaction", when="sent")
        asked = self._under_contract(rows["account"], rows["sent"])
        rows = {name: values[asked] for name, values in rows.items()}
        later = (rows["at"] >= self._end) | _after(rows["recorded"], self._end)
        later |= ~self._under_contract(rows["account"], rows["at"])
        rows["score"][later] = np.nan
        rows["at"][later] = rows["sent"][later]
        rows["recorded"][later] = NEVER
        rows["comment"][later] = NO_COMMENT
        order = np.lexsort((rows["user"], rows["metric"], rows["account"], rows["sent"]))
        rows = {name: values[order] for name, values in rows.items()}
        said = [_comment(c, g) for c, g in zip(rows["comment"], rows["grievance"], strict=True)]
        return pd.DataFrame(
            {
                "account_id": self._ids[rows["account"]],
                "occurred_at": as_timestamps(rows["at"]),
                "metric": words(METRICS, rows["metric"]),
                "score": rows["score"],
                "sent_at": as_timestamps(rows["sent"]),
                "comment": np.array(said, dtype=object),
                "user_id": self._people(rows["account"], rows["user"]),
                "recorded_at": as_timestamps(rows["recorded"]),
            }
        )

    def tickets(self) -> pd.DataFrame:
        """Support cases; what is solved after the export is still open."""
        rows = self._rows("tickets", when="opened", known="recorded")
        order = np.lexsort((rows["resolved"], rows["category"], rows["account"], rows["opened"]))
        rows = {name: values[order] for name, values in rows.items()}
        solved = rows["resolved"] < self._end
        subjects = [_subject(n, c) for n, c in zip(rows["subject"], rows["category"], strict=True)]
        return pd.DataFrame(
            {
                "account_id": self._ids[rows["account"]],
                "opened_at": as_timestamps(rows["opened"]),
                "resolved_at": as_timestamps(np.where(solved, rows["resolved"], NEVER)),
                "severity": words(fig.SEVERITIES, rows["severity"]),
                "category": words(fig.CATEGORIES, rows["category"]),
                "reopened": rows["reopened"] & solved,
                "ticket_id": np.array([f"T{100_001 + i}" for i in range(len(order))], dtype=object),
                "comment": np.array(subjects, dtype=object),
                "recorded_at": as_timestamps(rows["recorded"]),
            }
        )

    def subscriptions(self) -> pd.DataFrame:
        """Contracts with all their versions; a version is a row with its own ``recorded_at``."""
        rows = self._rows("subscriptions", known="recorded")
        order = np.lexsort((rows["recorded"], rows["number"], rows["account"]))
        rows = {name: values[order] for name, values in rows.items()}
        account = rows["account"]
        annual, auto = self._scene.state.annual[account], self._scene.state.auto_renew[account]
        return pd.DataFrame(
            {
                "account_id": self._ids[account],
                "started_at": as_timestamps(rows["started"]),
                "ended_at": as_timestamps(rows["ends"]),
                "cancelled_at": as_timestamps(rows["cancelled"]),
                "end_reason": np.array([REASONS[r] or None for r in rows["reason"]], dtype=object),
                "renews_at": as_timestamps(np.where(annual, rows["renews"], NEVER)),
                "term_months": np.where(annual, 12, 1),
                "mrr": rows["mrr"],
                "currency": np.full(len(order), "EUR", dtype=object),
                "plan": words(fig.PLANS, rows["plan"]),
                "seats": rows["seats"],
                "auto_renew": auto,
                "subscription_id": np.array(
                    [f"S{self._ids[a][1:]}-{k}" for a, k in zip(account, rows["number"], strict=True)], dtype=object
                ),
                "recorded_at": as_timestamps(rows["recorded"]),
            }
        )

    def decisions(self) -> pd.DataFrame:
        """Who could have been called, and what was decided."""
        rows = self._rows("decisions", when="at")
        account, at = rows["account"], rows["at"]
        days = at.astype("datetime64[us]").astype("datetime64[D]").astype(str)
        kind = np.array(["W", "T"])[rows["assignment"]]
        strata = [f"{size}{near}" for size in fig.STRATA for near in ("", ", renewal near")]
        return pd.DataFrame(
            {
                "account_id": self._ids[account],
                "decided_at": as_timestamps(at),
                "contact": rows["contact"],
                "assignment": words(ASSIGNMENTS, rows["assignment"]),
                "propensity": rows["propensity"],
                "role": words(ROLES, rows["role"]),
                "role_propensity": rows["role_propensity"],
                "until": as_timestamps(rows["until"]),
                "stratum": words(strata, rows["stratum"]),
                "on_list": rows["on_list"],
                "manager_id": self._managers(account),
                "plan_id": np.array([f"{k}-{d}" for k, d in zip(kind, days, strict=True)], dtype=object),
                "recorded_at": as_timestamps(at),
            }
        )

    def contacts(self) -> pd.DataFrame:
        """The calls that were made; a call that reached nobody is one too."""
        rows = self._rows("contacts", when="at", known="recorded")
        order = np.lexsort((rows["account"], rows["at"]))
        rows = {name: values[order] for name, values in rows.items()}
        return pd.DataFrame(
            {
                "account_id": self._ids[rows["account"]],
                "contacted_at": as_timestamps(rows["at"]),
                "manager_id": self._managers(rows["account"]),
                "role": words(ROLES, rows["role"]),
                "minutes": rows["length"],
                "channel": words(CHANNELS, rows["channel"]),
                "assignment": words(ASSIGNMENTS, rows["assignment"]),
                "propensity": rows["propensity"],
                "outcome": words(("not reached", "reached"), rows["reached"].astype(np.int64)),
                "decided_at": as_timestamps(rows["decided"]),
                "recorded_at": as_timestamps(rows["recorded"]),
            }
        )

    def managers(self) -> pd.DataFrame:
        """Account managers, their assistants, directors and the head of all."""
        staff = self._scene.company.staff
        skills = {f"skill_{role}": staff.skill[:, i] for i, role in enumerate(ROLES)}
        return pd.DataFrame(
            {
                "manager_id": staff.ids,
                "name": staff.names,
                "reports_to": np.array([staff.ids[b] if b >= 0 else None for b in staff.boss], dtype=object),
                "weekly_capacity_hours": staff.hours,
                **skills,
            }
        )

    def _managers(self, account: Ints) -> NDArray[np.object_]:
        company = self._scene.company
        return np.asarray(company.staff.ids[company.managers[account]])

    def _people(self, account: Ints, user: Ints) -> NDArray[np.object_]:
        return np.array([f"{self._ids[a]}-{u:02d}" for a, u in zip(account, user, strict=True)], dtype=object)

    def _under_contract(self, account: Ints, at: Ints) -> Flags:
        """Tell whether a contract ran at each moment, as is known in the end."""
        rows = self._scene.ledger.columns("subscriptions")
        order = np.lexsort((rows["recorded"], rows["number"], rows["account"]))
        owner, number = rows["account"][order], rows["number"][order]
        last = np.flatnonzero(np.append((owner[1:] != owner[:-1]) | (number[1:] != number[:-1]), True))
        began, ends = rows["started"][order][last], rows["ends"][order][last]
        found = np.searchsorted(_place(owner[last], began), _place(account, at), side="right") - 1
        return np.asarray((owner[last][found] == account) & (began[found] <= at) & (at < ends[found]))

    def _rows(self, table: str, *, when: str | None = None, known: str | None = None) -> dict[str, NDArray[Any]]:
        """Give the rows of exported accounts, dated in the record and known before its end."""
        rows = self._scene.ledger.columns(table)
        keep = self.exported[rows["account"]]
        if when is not None:
            keep &= (rows[when] >= self._start) & (rows[when] < self._end)
        if known is not None:
            keep &= ~_after(rows[known], self._end)
        return {name: values[keep] for name, values in rows.items()}


def _after(moments: Ints, end: int) -> Flags:
    return np.asarray((moments >= end) & (moments != NEVER))


def _place(account: Ints, at: Ints) -> Ints:
    """Give numbers that sort by account, then minute."""
    return account * (1 << 28) + at // MINUTE


def _comment(number: int, grievance: int) -> str | None:
    if number == NO_COMMENT:
        return None
    texts = COMMENTS[fig.CAUSES[grievance]]
    return texts[number % len(texts)]


def _subject(number: int, category: int) -> str | None:
    if number == NO_SUBJECT:
        return None
    texts = SUBJECTS[fig.CATEGORIES[category]]
    return texts[number % len(texts)]


def words(texts: Sequence[str], codes: NDArray[np.integer]) -> NDArray[np.object_]:
    """Give the texts of codes; a code below zero is empty."""
    return np.asarray(np.array([*texts, None], dtype=object)[codes])
