"""The list as cards and rows: everything that the page shows of one account, ready to be read."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

from churnkit.report.calls import caller_names, names
from churnkit.report.charts import ceiling, interval_bar
from churnkit.report.wording import between, chance, count, day, missing, money, words

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd
    from markupsafe import Markup

    from churnkit.contact import ContactPlan
    from churnkit.reasons import Reasons
    from churnkit.report.calls import Row

PLACES = 3


@dataclass(frozen=True)
class Reason:
    """One sentence, with its contribution in points of probability where it is known."""

    sentence: str
    points: str = ""


@dataclass(frozen=True)
class Card:
    """One account of the list.

    Attributes
    ----------
    rank, name, account_id
        ``account_id`` is empty where it is the name already.
    manager_id, manager
        Who calls; empty where nobody is named.
    role, minutes
        The hat, and how long.
    risk, interval, bar
        Probability of leaving within the main horizon, its 90 % interval, and both drawn.
    stake, saves, waiting
        Value at stake, expected net saving of the call, cost of waiting a week.
    sure
        Probability of being on the list of a model learnt anew.
    reasons, staying
        What raises the risk; what speaks for staying (empty where nothing is told).
    beside
        Further facts in few words: a contract that ends by itself, last contact, weeks on the list.
    """

    rank: str
    name: str
    account_id: str
    manager_id: str
    manager: str
    role: str
    minutes: str
    risk: str
    interval: str
    uncalled: str
    bar: Markup
    stake: str
    saves: str
    waiting: str
    sure: str
    reasons: tuple[Reason, ...]
    staying: str
    beside: str


def scale(plan: ContactPlan) -> float:
    """Choose the end of every interval bar: the highest upper end on the list, rounded up."""
    calls = plan.contacts
    ends = calls["high"] if "high" in calls else calls["probability"]
    return ceiling(float(ends.max())) if len(calls) else 1.0


def cards(plan: ContactPlan, frame: pd.DataFrame, reasons: Reasons | None) -> list[Card]:
    """Give some rows of a plan's frame as cards."""
    callers, called, top = caller_names(plan), names(plan), scale(plan)
    told = _told(reasons, frame)
    return [_card(row, plan.unit, callers, called, top, told) for row in frame.to_dict("records")]


def _card(
    row: Row,
    unit: str,
    callers: Mapping[Hashable, str],
    called: Mapping[Hashable, str],
    top: float,
    told: Mapping[Hashable, list[tuple[str, float]]],
) -> Card:
    account, manager = row["account_id"], row["manager_id"]
    low, high = row.get("low", nan), row.get("high", nan)
    name = called[account]
    mine = told.get(account, [])
    points = {s: f"{100 * p:+.0f}" for s, p in mine if abs(p) >= 0.005}
    staying = next((s for s, p in mine if p < 0), "")
    said = [str(row[f"reason_{i + 1}"]) for i in range(PLACES) if not missing(row[f"reason_{i + 1}"])]
    return Card(
        rank=words(row["rank"]),
        name=name,
        account_id="" if str(account) == name else str(account),
        manager_id="" if missing(manager) else str(manager),
        manager="" if missing(manager) else callers.get(manager, str(manager)),
        role=words(row["role"]),
        minutes="" if missing(row["minutes"]) else f"{count(row['minutes'])} min",
        risk=chance(row["probability"]),
        interval=between(low, high, chance),
        uncalled=_uncalled(row),
        bar=interval_bar(row["probability"], low, high, top=top),
        stake=money(row["value_at_stake"], unit),
        saves=money(row["net_saving"], unit),
        waiting=money(row["cost_of_waiting"], unit),
        sure=chance(row["top_k_probability"]),
        reasons=tuple(Reason(s, points.get(s, "")) for s in said if s != staying),
        staying=staying,
        beside=_beside(row),
    )


def _told(reasons: Reasons | None, frame: pd.DataFrame) -> dict[Hashable, list[tuple[str, float]]]:
    """Give the sentences of some accounts with their points."""
    told: dict[Hashable, list[tuple[str, float]]] = {}
    if reasons is None:
        return told
    mine = reasons.frame[reasons.frame["account_id"].isin(frame["account_id"])]
    for account, sentence, points in zip(mine["account_id"], mine["sentence"], mine["points"], strict=True):
        told.setdefault(account, []).append((str(sentence), float(points)))
    return told


def _uncalled(row: Row) -> str:
    """Show p0 and the signs behind it, where it is another than the score's."""
    p0, signs = row.get("probability_uncalled", nan), row.get("signs")
    shown = chance(p0)
    if missing(p0) or shown == chance(row["probability"]):
        return ""
    return f"{shown} without a call" + ("" if missing(signs) else f", by its signs: {signs}")


def _beside(row: Row) -> str:
    parts = []
    ends = row.get("ends_by_itself")
    if not missing(ends) and ends:
        parts.append(f"contract ends on {day(row['renewal'])} unless signed again")
    last, weeks, change = (row.get(name, nan) for name in ("last_contact", "weeks_on_list", "change"))
    if not missing(last):
        parts.append(f"last contact {day(last)}")
    if not missing(weeks) and weeks > 1:
        parts.append(f"on the list for {weeks} weeks")
    if not missing(change) and abs(change) >= 0.005:
        parts.append(f"risk {'up' if change > 0 else 'down'} {100 * abs(change):.0f} points since the last plan")
    return "; ".join(parts)
