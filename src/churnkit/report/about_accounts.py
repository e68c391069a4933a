"""Sections on accounts: scores, reasons, the contact plan, one account's risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.report.blocks import Block, Column, Facts, Heading, Notes, Table, Words, columns
from churnkit.report.calls import caller_names, headline, managers_table, names, others, summary
from churnkit.report.sections import Section
from churnkit.report.wording import (
    between,
    chance,
    count,
    day,
    listed,
    missing,
    money,
    number,
    plainly,
    span,
    tally,
    unit_note,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from churnkit.contact import ContactPlan
    from churnkit.reasons import ChangeReasons, Reasons
    from churnkit.scoring import AccountRisk, Scores

REASONS = ("reason_1", "reason_2", "reason_3")
FLIPS = " (unsteady)"
"""Stands behind a reason that loses its sign or place in most refits."""
SHAKY = 0.5
SHOWN = 10
"""Rows of a table where the whole has too many."""


class ScoresSection(Section["Scores"], of="Scores"):
    """Who is likely to leave."""

    def blocks(self, thing: Scores) -> Iterable[Block]:
        """Tell scores."""
        frame, p = thing.frame, thing.frame["probability"]
        yield Heading(f"Scores of {count(len(frame), 'account')} as of {day(thing.as_of)}", f"model {thing.model_id}")
        outside = tally(thing.excluded["reason"])
        yield Facts(
            (
                ("probability", f"of leaving within {span(thing.horizon)}"),
                ("expected to leave", f"{count(p.sum())} ({chance(p.mean())})" if len(frame) else words(None)),
                ("rung of evidence", listed(r for r, _ in tally(frame["rung"]))),
                ("not scored", f"{count(len(thing.excluded))}: {listed(f'{n} {why}' for why, n in outside)}"
                 if outside else "nobody"),
            )
        )  # fmt: skip
        yield scores_table(thing)
        if thing.notes:
            yield Notes(thing.notes, "Notes")


def scores_table(scores: Scores) -> Table:
    """Show the accounts most likely to leave."""
    frame, main = scores.frame, f"probability_{scores.horizon}"
    beside = [c for c in frame if c.startswith("probability_") and c != main]
    rows = [
        (
            str(r["account_id"]),
            chance(r["probability"]),
            between(r["low"], r["high"], chance),
            *(chance(r[c]) for c in beside),
        )
        for r in frame.head(SHOWN).to_dict("records")
    ]
    head = columns(
        "account", f"#{scores.horizon}", "#90% interval", *(f"#{c.removeprefix('probability_')}" for c in beside)
    )
    more = _more(len(frame), "scores.frame")
    return Table(head, tuple(rows), caption="Most likely to leave first", more=more)


def _more(rows: int, where: str) -> str:
    return f"{count(rows - SHOWN)} more in {where}" if rows > SHOWN else ""


class ReasonsSection(Section["Reasons"], of="Reasons"):
    """Why."""

    def blocks(self, thing: Reasons) -> Iterable[Block]:
        """Tell reasons."""
        frame = thing.frame
        accounts = list(dict.fromkeys(frame["account_id"]))
        yield Heading(
            f"Reasons for {count(len(accounts), 'account')}",
            f"{count(len(frame), 'sentence')}; with the rest they add up to the score",
        )
        sums = thing.totals.set_index("account_id")
        rows: list[tuple[str, ...]] = []
        for account in accounts[:SHOWN]:
            for r in frame[frame["account_id"] == account].to_dict("records"):
                name = str(account) if r["place"] == 1 else ""
                told = f"{r['sentence']}{FLIPS if r.get('stable', 1.0) < SHAKY else ''}"
                rows.append((name, str(r["place"]), points(r["points"]), str(r["theme"]), told))
            rows.append(("", "", points(sums.loc[account, "rest_points"]), "", rest(sums.loc[account])))
        more = _more(len(accounts), "reasons.frame")
        yield Table(columns("account", "#place", "#points", "theme", "why"), tuple(rows), more=more)
        if thing.notes:
            yield Notes(thing.notes, "Notes")


class ChangeSection(Section["ChangeReasons"], of="ChangeReasons"):
    """Why scores moved."""

    def blocks(self, thing: ChangeReasons) -> Iterable[Block]:
        """Tell the greatest moves."""
        totals = thing.totals
        yield Heading(
            f"Moves of {count(len(totals), 'score')} from {day(thing.before)} to {day(thing.after)}",
            f"risk within {span(thing.horizon)}; the parts add up to each move",
        )
        up, down = int((totals["points"] > 0).sum()), int((totals["points"] < 0).sum())
        yield Facts((("rose", count(up)), ("fell", count(down)), ("scored once only", count(len(thing.elsewhere)))))
        order = totals["points"].abs().sort_values(ascending=False, kind="stable").index
        rows = [
            (str(r["account_id"]), chance(r["probability_before"]), chance(r["probability"]), str(r["sentence"]))
            for r in totals.loc[order[:SHOWN]].to_dict("records")
        ]
        more = _more(len(totals), "totals")
        yield Table(columns("account", "#before", "#now", "why"), tuple(rows), "The greatest moves first", more)
        once = tally(thing.elsewhere["scored"] + ": " + thing.elsewhere["reason"])
        if once:
            told = tuple((why, count(n)) for why, n in once)
            yield Table(columns("scored only", "#accounts"), told, caption="Without a move")
        if thing.notes:
            yield Notes(thing.notes, "Notes")


def rest(sums: pd.Series | AccountRisk) -> str:
    """Name what the reasons leave, and what all adds up to."""
    start, end = (getattr(sums, name) for name in ("base_probability", "probability"))
    return f"All else; in sum from {chance(start)}, where the model starts, to {chance(end)}."


def points(value: float) -> str:
    """Show a contribution in percentage points of probability: ``+9.1``."""
    return f"{100 * value:+.1f}"


class PlanSection(Section["ContactPlan"], of="ContactPlan"):
    """Whom to contact first."""

    def blocks(self, thing: ContactPlan) -> Iterable[Block]:
        """Tell a plan."""
        rungs = listed(r for r, _ in tally(thing.frame["rung"].dropna())) if "rung" in thing.frame else ""
        rung = f", rung of evidence: {rungs}" if rungs else ""
        yield Heading(f"Contact plan as of {day(thing.as_of)}", f"plan {thing.plan_id}, model {thing.model_id}{rung}")
        yield Words(headline(thing))
        yield Words(summary(thing))
        if len(thing):
            yield list_table(thing)
        if len(thing.managers):
            yield managers_table(thing)
        rows = [(group.status, count(group.accounts), group.meaning, group.example) for group in others(thing)]
        if rows:
            yield Table(
                columns("status", "#accounts", "why not", "for example"), tuple(rows), caption="Not on the list"
            )
        if thing.notes:
            yield Notes(thing.notes, "What this rests on")


def list_table(plan: ContactPlan) -> Table:
    """Show the first of the list, with their reasons."""
    callers, called = caller_names(plan), names(plan)
    first = plan.contacts.head(SHOWN).to_dict("records")
    rows = [
        (
            str(r["rank"]),
            called[r["account_id"]],
            callers.get(r["manager_id"], words(r["manager_id"])),
            words(r["role"]),
            f"{chance(r['probability'])} ({between(r.get('low'), r.get('high'), chance)})",
            money(r["value_at_stake"], plan.unit),
            money(r["net_saving"], plan.unit),
            money(r["cost_of_waiting"], plan.unit),
        )
        for r in first
    ]
    return Table(
        columns("#rank", "account", "manager", "call", "#risk", "#at stake", "#keeps", "#week's wait"),
        tuple(rows),
        caption=f"The first of the list. {unit_note(plan.unit)}".strip(),
        more=_more(len(plan), "plan.frame"),
        below=tuple(tuple(str(r[c]) for c in REASONS if not missing(r[c])) for r in first),
    )


class RiskSection(Section["AccountRisk"], of="AccountRisk"):
    """One account."""

    def blocks(self, thing: AccountRisk) -> Iterable[Block]:
        """Tell one account's risk."""
        yield Heading(
            f"{thing.account_id}: {chance(thing.probability)} within {plainly(thing.horizon)}",
            f"as of {thing.as_of:%Y-%m-%d %H:%M} UTC, model {thing.model_id}",
        )
        yield Facts(
            (
                ("90% interval", between(thing.low, thing.high, chance)),
                ("by horizon", listed(f"{chance(p)} in {plainly(h)}" for h, p in thing.probabilities.items())),
                ("rung of evidence", thing.rung),
                ("log-odds", number(thing.log_odds, 3)),
            )
        )
        rows = [(str(r.place), points(r.points), r.theme, r.sentence) for r in thing.reasons]
        rows.append(("", points(thing.rest_points), "", rest(thing)))
        yield Table((Column("#", True), Column("points", True), Column("theme"), Column("why")), tuple(rows))
