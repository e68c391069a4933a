"""What a plan says, in plain words: the headline, the managers, and why the others are not on the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from churnkit.report.blocks import Table, columns
from churnkit.report.wording import (
    count,
    hours,
    listed,
    missing,
    money,
    number,
    percent,
    plainly,
    tally,
    unit_note,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

    from churnkit.contact import ContactPlan

    Row: TypeAlias = Mapping[Hashable, Any]
    """One row of a documented frame."""

ON_LIST = "contact"
MEANING: Mapping[str, str] = {
    "over capacity": "worth a call, but the time goes to accounts where a call saves more",
    "cool-down": "contacted lately, so left alone for a while",
    "holdout": "left out by lot, so that the effect of calls can be measured",
    "do-not-contact": "marked do-not-contact",
    "no expected gain": "a call would cost more than it is expected to keep, or may do harm",
    "data": "cannot be planned for want of data",
    "gone": "not asked: has left, given notice, fallen silent or not begun",
}
"""What each status off the list means; a status of another policy stands by its own name."""

FEW_REASONS = 4


@dataclass(frozen=True)
class Others:
    """Accounts that are not on the list for one and the same status."""

    status: str
    accounts: int
    meaning: str
    example: str


def names(plan: ContactPlan) -> dict[Hashable, str]:
    """Give every account its name, or its id where it has none."""
    frame = plan.frame
    ids = frame["account_id"].tolist()
    if "name" not in frame:
        return {i: str(i) for i in ids}
    return {i: str(i) if missing(n) or not str(n).strip() else str(n) for i, n in zip(ids, frame["name"], strict=True)}


def caller_names(plan: ContactPlan) -> dict[Hashable, str]:
    """Give every manager a name, or the id where there is none."""
    team = plan.managers
    known = zip(team["manager_id"], team["name"], strict=True) if len(team) else []
    return {i: words(i) if missing(n) or not n else str(n) for i, n in known if not missing(i)}


def headline(plan: ContactPlan) -> str:
    """Say in one sentence whom to contact first."""
    calls, called = plan.contacts, names(plan)
    if not len(calls):
        return "Nobody is to be called: no call is allowed, affordable and expected to keep more than it costs."
    first = [called[i] for i in calls["account_id"].head(3)]
    return f"Call {listed(first)} first." if len(calls) > 1 else f"Call {first[0]}."


def summary(plan: ContactPlan) -> str:
    """Say how many calls, how many hours, and what they are worth under which effect."""
    calls, team = plan.contacts, plan.managers
    if not len(calls):
        return short_effect(plan)
    used = float(calls["minutes"].sum()) / 60
    limit = float(team["hours"].sum()) if len(team) and team["hours"].notna().any() else float("nan")
    time = f"{number(used, 1)} of {hours(limit)}" if limit > 0 else hours(round(used, 1))
    made = f"{count(len(calls), 'call')} in {time}"
    worth = (
        f"expected to keep {money(plan.total, plan.unit)} after what {'they cost' if len(calls) > 1 else 'it costs'}"
    )
    told = made if missing(plan.total) else f"{made}, {worth}"
    return f"{told}. {short_effect(plan)}"


def short_effect(plan: ContactPlan) -> str:
    """Say in a few words what a call is taken to do; the source stands in the plan's notes."""
    return sentence(plan.policy.effect_rule().told().split(" (")[0]).rstrip(".") + "."


def sentence(text: str) -> str:
    """Begin with a capital letter, unless the first word is a name of the code."""
    return text if "_" in text.split(" ", 1)[0] else text[:1].upper() + text[1:]


def covered(plan: ContactPlan) -> tuple[float, float]:
    """Give the value at risk in the whole book, and the share of it that is on the list."""
    team = plan.managers
    at_risk = float(team["value_at_risk"].sum()) if len(team) else 0.0
    on_list = float((team["value_at_risk"] * team["value_covered"]).sum()) if len(team) else 0.0
    return at_risk, on_list / at_risk if at_risk > 0 else float("nan")


def managers_table(plan: ContactPlan) -> Table:
    """Show every manager's time, saving and cover, and what more time would be worth."""
    team, unit = plan.managers, plan.unit
    by_hours = bool(team["hours"].notna().any())
    priced = bool(team["shadow_price"].notna().any())
    rows = [_manager_row(r, unit, by_hours=by_hours, priced=priced) for r in team.to_dict("records")]
    one = "hour" if by_hours else "call"
    more = (f"#one more {one} keeps",) if priced else ()
    spent = "#hours used" if by_hours else "#calls used"
    head = ("manager", "#accounts", "#calls", spent, "#keeps", "#value at risk", "#on the list", *more)
    return Table(columns(*head), tuple(rows), caption=f"By manager. {unit_note(unit)}".strip())


def _manager_row(row: Row, unit: str, *, by_hours: bool, priced: bool) -> tuple[str, ...]:
    whole = row["hours"] if by_hours else row["contacts"]
    used = row["hours_used"] if by_hours else row["called"]
    digits = 1 if by_hours else 0
    limit = "" if missing(whole) else f" of {number(whole, digits)}"
    return (
        manager_name(row),
        count(row["accounts"]),
        count(row["called"]),
        f"{number(used, digits)}{limit}",
        money(row["expected_saving"], unit),
        money(row["value_at_risk"] if row["accounts"] else None, unit),
        percent(row["value_covered"] if row["accounts"] else None),
        *((money(row["shadow_price"], unit),) if priced else ()),
    )


def manager_name(row: Row) -> str:
    """Name a manager as people do; accounts of nobody have none."""
    if missing(row["manager_id"]):
        return "no manager"
    name = row.get("name")
    return words(row["manager_id"]) if missing(name) or not name else str(name)


def others(plan: ContactPlan) -> list[Others]:
    """Count the accounts off the list by status, with what it means and an example."""
    off = plan.frame[plan.frame["status"] != ON_LIST]
    found = []
    for status, part in off.groupby("status", sort=False):
        meaning = MEANING.get(str(status), str(status))
        found.append(Others(str(status), len(part), meaning, _example(part, meaning)))
    return found


def _example(part: pd.DataFrame, meaning: str) -> str:
    reasons = [(why, n) for why, n in tally(part["status_why"]) if why not in ("–", meaning)]
    if not reasons:
        return ""
    if len(reasons) <= FEW_REASONS:
        return listed(f"{plainly(why)} ({count(n)})" for why, n in reasons)
    first = part.iloc[0]
    return f"{first['account_id']}: {plainly(first['status_why'])}"
