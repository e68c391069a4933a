"""The list: one row per account, and one per manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.contact.chance import top_k_probability
from churnkit.contact.context import context
from churnkit.contact.interval import of_rows
from churnkit.contact.signs import KINDS
from churnkit.contact.standing import CONTACT, GONE, NO_GAIN, OVER, STATUSES, stamps
from churnkit.history.signals import THEMES
from churnkit.tables import ROLES
from churnkit.timeline import NEVER, as_timestamps, known_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.policies import Policy
    from churnkit.contact.roster import Roster
    from churnkit.contact.scene import Scene, Verdict

    Floats = NDArray[np.float64]
    Texts = NDArray[np.object_]

REASONS = 3
FIXED = (
    "rank",
    "account_id",
    "manager_id",
    "role",
    "minutes",
    "probability",
    "value_at_stake",
    "net_saving",
    "cost_of_waiting",
    "evidence",
    "top_k_probability",
    *(f"reason_{i + 1}" for i in range(REASONS)),
    "status",
    "status_why",
)
"""The columns that every list begins with."""


def list_accounts(
    scene: Scene, verdict: Verdict, policy: Policy, *, seed: int, status: Texts, why: Texts
) -> pd.DataFrame:
    """Give every account of the roster its row, the list first and in the order of calling."""
    roster, choices, crew = scene.roster, scene.choices, scene.crew
    shown = scene.best.copy()
    shown[choices.row[verdict.calls]] = verdict.calls
    called = status == CONTACT
    calls = choices.calls
    taker = np.where(called, choices.taker[shown], crew.owner)
    frame = pd.DataFrame(
        {
            "rank": pd.array([None] * len(roster), dtype="Int64"),
            "account_id": roster.frame["account_id"],
            "manager_id": _texts(crew.ids, taker),
            "role": _texts(ROLES, choices.role[shown]),
            "minutes": choices.minutes[shown],
            "probability": roster.probability,
            "value_at_stake": scene.stake.amount,
            "net_saving": calls.net_saving[shown],
            "cost_of_waiting": calls.waiting[shown],
            "evidence": _evidence(scene, policy, shown),
            "top_k_probability": _sure(scene, policy, shown, status=status, seed=seed),
            **_reasons(scene),
            "status": status,
            "status_why": why,
            **_beside(scene, policy, shown),
        }
    )
    frame = frame.astype(dict.fromkeys(("evidence", "status", "status_why", "size", "signs"), object))
    week = pd.Series(choices.week[shown] + 1).astype("Int64").where(pd.Series(called), pd.NA)
    frame.insert(list(frame.columns).index("size"), "week", week)
    order, rank = _order(scene, policy, shown, status)
    frame["rank"] = rank
    return frame.iloc[order].reset_index(drop=True)


def _texts(names: tuple[str, ...], at: NDArray[np.int64] | NDArray[np.int8]) -> pd.Series:
    return pd.Series(np.array([*names, None], dtype=object)[at], dtype=object)


def _order(
    scene: Scene, policy: Policy, shown: NDArray[np.int64], status: Texts
) -> tuple[NDArray[np.int64], pd.Series]:
    """Order the list by urgency, the rest by status and worth; number the list."""
    calls, worth = scene.choices.calls, scene.choices.worth[shown]
    urgency = np.nan_to_num(policy.urgency(calls)[shown], nan=-np.inf)
    called = status == CONTACT
    place = np.array([STATUSES.index(s) for s in status], dtype=np.int64)
    week = np.where(called, scene.choices.week[shown], 0)
    order = np.lexsort((np.arange(len(status)), -worth, np.where(called, -urgency, 0.0), week, place))
    rank = np.zeros(len(status), dtype=np.int64)
    rank[order] = np.arange(1, len(status) + 1)
    numbers = pd.Series(rank).astype("Int64")
    return order, numbers.where(pd.Series(called), pd.NA)


def _evidence(scene: Scene, policy: Policy, shown: NDArray[np.int64]) -> Texts:
    """Name the evidence of each effect; and that the risk was learnt with past contacts in it, where there were any."""
    choices, roster = scene.choices, scene.roster
    effect = policy.effect_rule()
    named = effect.evidence(choices.role[shown], roster.of_trouble(effect))
    contacts = scene.history.contacts
    if contacts is None or not len(contacts):
        return named
    occurred, recorded = stamps(contacts, "contacted_at"), stamps(contacts, "recorded_at")
    known = known_at(occurred, np.where(recorded == NEVER, occurred, recorded), roster.as_of)
    return np.array([f"{e}, under past contacts" for e in named], dtype=object) if known.any() else named


def _sure(scene: Scene, policy: Policy, shown: NDArray[np.int64], *, status: Texts, seed: int) -> Floats:
    candidate = np.flatnonzero(np.isin(status.astype(str), (CONTACT, OVER, NO_GAIN)))
    found = np.full(len(status), np.nan)
    found[candidate] = top_k_probability(
        scene.roster,
        policy,
        scene.choices,
        best=shown[candidate],
        called=status[candidate] == CONTACT,
        seed=seed,
    )
    return found


def _reasons(scene: Scene) -> dict[str, pd.Series]:
    """Give the sentences of the first places that raise the risk, None where there are fewer."""
    table = np.full((len(scene.roster), REASONS), None, dtype=object)
    told = None if scene.reasons is None else scene.reasons.frame
    if told is not None and len(told):
        row = pd.Index(scene.roster.frame["account_id"]).get_indexer(told["account_id"])
        place = told["place"].to_numpy(dtype=np.int64)
        raises = told["effect"].to_numpy(dtype=np.float64) > 0
        use = (row >= 0) & (place >= 1) & (place <= REASONS) & raises
        table[row[use], place[use] - 1] = told["sentence"].to_numpy(dtype=object)[use]
    return {f"reason_{i + 1}": pd.Series(table[:, i], dtype=object) for i in range(REASONS)}


def _beside(scene: Scene, policy: Policy, shown: NDArray[np.int64]) -> dict[str, object]:
    """Give the columns beside the fixed ones."""
    roster, accounts = scene.roster, scene.history.accounts
    beside: dict[str, object] = {
        name: pd.Series(accounts[name].to_numpy(dtype=object)[roster.account], dtype=object)
        for name in ("name", "parent_id")
        if name in accounts
    }
    beside["net_saving_low"], beside["net_saving_high"] = of_rows(scene, policy, shown)
    beside["size"] = scene.size
    beside["theme"] = _texts(THEMES, roster.theme.astype(np.int64))
    spread = [c for c in roster.frame.columns if c in ("low", "high") or c.startswith("probability_")]
    beside |= {c: roster.frame[c] for c in spread}
    beside |= {"probability_uncalled": roster.uncalled, "signs": _signs(roster)}
    beside |= context(scene)
    beside["as_of"] = as_timestamps(np.full(len(roster), roster.as_of))
    rung = roster.frame.get("rung", pd.Series([None] * len(roster)))
    beside["rung"] = rung.astype(object)
    beside["model_id"] = pd.Series([scene.scores.model_id] * len(roster), dtype=object)
    return beside


SAID = {
    "support": "trouble with the product or its support",
    "billing": "trouble with the price",
    "relationship": "who stood for the product is gone",
    "usage": "hardly got started, or uses it less and less",
    "asleep": "asleep: it pays, and hardly uses",
    "untroubled": "no trouble",
}
"""Kinds in words."""
DOUBTFUL, NEAR = 0.6, 0.2
"""Below the one the likeliest kind is not sure, from the other on the next one is named beside it."""
SURE = 0.995
"""From here on a chance would be rounded to 100 %."""


def _signs(roster: Roster) -> pd.Series:
    """Say what the signs tell of each account now, and how surely; None where they tell nothing."""
    said = np.full(len(roster), None, dtype=object)
    if roster.signs is None:
        return pd.Series(said, dtype=object)
    present, lasting, owed = roster.signs.present, roster.signs.lasting, roster.signs.owed
    for row in np.flatnonzero(roster.signs.told):
        said[row] = _owed(int(owed[row])) if owed[row] else _kinds(present[row], lasting[row])
    return pd.Series(said, dtype=object)


def _owed(weeks: int) -> str:
    return "a bill is owed" if weeks == 1 else f"a bill is owed, asked for {weeks} weeks running"


def _kinds(present: Floats, lasting: Floats) -> str:
    """Name the likeliest kind, and the next one where the first is not sure and the next not far.

    What is sooner passing than not is said to be.
    """
    first, second = np.argsort(-present, kind="stable")[:2]
    both = present[first] < DOUBTFUL and present[second] >= NEAR
    named = []
    for kind in (first, second) if both else (first,):
        sure = f"{present[kind]:.0%}" if present[kind] < SURE else "over 99%"  # none is shown as certain
        over = ", getting over it" if lasting[kind] < present[kind] / 2 else ""
        named.append(f"{SAID[KINDS[kind]]}{over} ({sure})")
    return ", or ".join(named)


def since(frame: pd.DataFrame, previous: pd.DataFrame | None) -> pd.DataFrame:
    """Add what has changed since the plan before: change (of the probability) and weeks_on_list."""
    called = (frame["status"] == CONTACT).to_numpy()
    change, weeks = np.full(len(frame), np.nan), called.astype(np.int64)
    if previous is not None:
        at = pd.Index(previous["account_id"]).get_indexer(frame["account_id"])
        there = at >= 0
        change[there] = (
            frame["probability"].to_numpy()[there] - previous["probability"].to_numpy(dtype=np.float64)[at[there]]
        )
        before = previous["weeks_on_list"].fillna(0).to_numpy(dtype=np.int64)
        weeks[there] += np.where(called[there], before[at[there]], 0)
    place = list(frame.columns).index("as_of")
    frame.insert(place, "weeks_on_list", pd.Series(weeks).astype("Int64"))
    frame.insert(place, "change", change)
    return frame


def with_excluded(frame: pd.DataFrame, excluded: pd.DataFrame) -> pd.DataFrame:
    """Add the accounts that were not scored, with the reason why."""
    outside = excluded[~excluded["account_id"].isin(frame["account_id"])]
    if not len(outside):
        return frame
    n = len(frame)
    every = frame.reindex(pd.RangeIndex(n + len(outside)))
    every["account_id"] = pd.Series([*frame["account_id"], *outside["account_id"]])
    for name, values in (("status", [GONE] * len(outside)), ("status_why", list(outside["reason"]))):
        every[name] = pd.Series([*frame[name], *values], dtype=object)
    return every


def list_managers(scene: Scene, verdict: Verdict) -> pd.DataFrame:
    """Give every manager a row: hours, use of them, the price of one more, saving and cover."""
    crew, choices, roster = scene.crew, scene.choices, scene.roster
    m = len(crew.ids)
    owner, taker = crew.owner % (m + 1), choices.taker[verdict.calls] % (m + 1)  # nobody comes last
    calls, row = choices.calls, choices.row[verdict.calls]
    risk = np.nan_to_num(roster.uncalled * scene.stake.amount)
    at_risk = np.bincount(owner, risk, minlength=m + 1)
    covered = np.bincount(owner[row], risk[row], minlength=m + 1)
    pool = crew.pool
    limit, price = (
        np.append(crew.limit * scene.weeks, np.nan)[pool],
        np.append(verdict.price[: len(crew.limit)], np.nan)[pool],
    )
    hours = crew.unit == "hours"
    table = pd.DataFrame(
        {
            "manager_id": _texts(crew.ids, np.arange(m + 1)),
            "name": pd.Series([*(n or None for n in crew.names), None], dtype=object),
            "reports_to": _texts(crew.ids, np.append(crew.boss, -1)),
            "accounts": np.bincount(owner, minlength=m + 1),
            "called": np.bincount(taker, minlength=m + 1),
            "hours": limit if hours else np.nan,
            "hours_used": np.bincount(taker, choices.minutes[verdict.calls] / 60, minlength=m + 1),
            "contacts": np.nan if hours else limit,
            "shadow_price": price,
            "expected_saving": np.bincount(taker, np.nan_to_num(calls.net_saving[verdict.calls]), minlength=m + 1),
            "value_at_risk": at_risk,
            "value_covered": np.divide(covered, at_risk, out=np.zeros(m + 1), where=at_risk > 0),
        }
    )
    nobody = table["accounts"].iloc[m] > 0 or m == 0
    return table if nobody else table.iloc[:m]
