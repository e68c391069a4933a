"""The page: one self-contained HTML file for an account manager and her director."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from churnkit.errors import WrongModel
from churnkit.report.about_data import set_aside, tables_read
from churnkit.report.about_model import card_blocks
from churnkit.report.about_quality import evaluation_charts, further_tables, metrics_table
from churnkit.report.as_html import render_blocks, style, templates
from churnkit.report.blocks import Block, Facts, Notes
from churnkit.report.calls import covered, headline, manager_name, others, sentence, summary
from churnkit.report.cards import cards, scale
from churnkit.report.charts import share_bar
from churnkit.report.wording import (
    chance,
    count,
    day,
    hours,
    listed,
    missing,
    money,
    number,
    percent,
    plainly,
    span,
    unit_note,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markupsafe import Markup

    from churnkit.contact import ContactPlan
    from churnkit.history import History
    from churnkit.reasons import Reasons
    from churnkit.report.calls import Row
    from churnkit.scoring import ChurnModel, EvaluationReport, Scores

FIRST = 10
"""Accounts shown as cards."""
MOST_ROWS = 500
"""Rows of the rest of the list; beyond it the page names the file that has them all."""
NEXT = 20
"""Accounts shown that would be called next."""
TITLE = "Whom to contact first"


@dataclass(frozen=True)
class ManagerRow:
    """One manager, ready to be read."""

    manager_id: str
    name: str
    accounts: str
    calls: str
    used: str
    bar: Markup
    keeps: str
    at_risk: str
    covered: str
    price: str


def page(  # noqa: PLR0913 - everything that a page can show, each by its name
    plan: ContactPlan,
    *,
    scores: Scores | None = None,
    reasons: Reasons | None = None,
    evaluation: EvaluationReport | None = None,
    history: History | None = None,
    model: ChurnModel | None = None,
    title: str | None = None,
) -> str:
    """Make one page of a contact plan that needs nothing beside itself.

    Parameters
    ----------
    plan
        The list.
    scores
        Adds what should be known beside the probabilities.
    reasons
        Adds the points of each reason, and what speaks for staying.
    evaluation
        Adds how good such lists were on later cutoffs; without it the page says that it cannot tell.
    history
        Adds what was read and set aside.
    model
        Adds the model card.
    title
        Heading of the page.

    Returns
    -------
    str
        HTML with its style, script and drawings inline; readable without script, and on paper.

    Raises
    ------
    WrongModel
        If ``model`` is not the one that the plan was made by.
    """
    if model is not None and model.model_id != plan.model_id:
        raise WrongModel(
            f"the plan is of model {plan.model_id}, the card of {model.model_id}; pass the plan's own model."
        )
    calls = plan.contacts
    rest = calls.iloc[FIRST : FIRST + MOST_ROWS]
    queue = plan.frame[plan.frame["status"] == "over capacity"].head(NEXT)
    return templates().get_template("page.html.j2").render(
        css=style("blocks.css") + style("page.css"),
        script=style("page.js"),
        title=title or TITLE,
        beside=_beside(plan),
        headline=headline(plan),
        summary=summary(plan),
        tiles=_tiles(plan),
        first=cards(plan, calls.head(FIRST), reasons),
        rest=cards(plan, rest, reasons),
        rest_more=max(len(calls) - FIRST - MOST_ROWS, 0),
        queue=cards(plan, queue, reasons),
        horizon=span(plan.horizon),
        bars_to=percent(scale(plan)),
        unit=unit_note(plan.unit),
        team=_team(plan),
        by_hours=bool(plan.managers["hours"].notna().any()),
        priced=bool(plan.managers["shadow_price"].notna().any()),
        others=others(plan),
        off=int((plan.frame["status"] != "contact").sum()),
        words=_quality_words(plan, evaluation),
        quality=render_blocks(_quality(evaluation)),
        data=render_blocks(_data(history, scores)),
        card=render_blocks(card_blocks(model)) if model is not None else "",
        notes=[sentence(plainly(n)) for n in plan.notes],
    )  # fmt: skip


def _beside(plan: ContactPlan) -> str:
    return (
        f"As of {day(plan.as_of)} · leaving within {span(plan.horizon)} · model {plan.model_id} · plan {plan.plan_id}"
    )


def _tiles(plan: ContactPlan) -> list[tuple[str, str, str]]:
    """Give the four figures that a director asks for: name, figure, what it is."""
    calls, team, unit = plan.contacts, plan.managers, plan.unit
    asked = int((plan.frame["status"] != "gone").sum())
    used, limit = float(calls["minutes"].sum()) / 60, float(team["hours"].sum())
    at_risk, share = covered(plan)
    least = min(FIRST, len(calls))
    sure = float(calls["top_k_probability"].head(FIRST).mean()) if least else float("nan")
    tiles = [
        ("calls", count(len(calls)), f"of {count(asked, 'account')} in the book"),
        ("time", hours(round(used, 1)), f"of {hours(limit)}" if limit > 0 else "no hours were given"),
        ("expected to keep", money(plan.total, unit), "after what the calls cost"),
        ("value at risk", money(at_risk, unit), f"{percent(share)} of it is on the list"),
    ]
    if not missing(sure):
        tiles.append(("sure of the first", chance(sure), f"that a model learnt anew lists each of the first {least}"))
    return tiles


def _team(plan: ContactPlan) -> list[ManagerRow]:
    return [_manager(r, plan.unit) for r in plan.managers.to_dict("records")]


def _manager(row: Row, unit: str) -> ManagerRow:
    by_hours = not missing(row["hours"])
    whole, spent = (row["hours"], row["hours_used"]) if by_hours else (row["contacts"], row["called"])
    digits = 1 if by_hours else 0
    limit = "" if missing(whole) else f" of {number(whole, digits)}"
    used = f"{number(spent, digits)}{limit}"
    return ManagerRow(
        manager_id="" if missing(row["manager_id"]) else str(row["manager_id"]),
        name=manager_name(row),
        accounts=count(row["accounts"]),
        calls=count(row["called"]),
        used=used,
        bar=share_bar(spent, whole, used),
        keeps=money(row["expected_saving"], unit),
        at_risk=money(row["value_at_risk"] if row["accounts"] else None, unit),
        covered=percent(row["value_covered"] if row["accounts"] else None),
        price=money(row["shadow_price"], unit),
    )


def _quality_words(plan: ContactPlan, report: EvaluationReport | None) -> tuple[str, ...]:
    if report is None or report.model_id == plan.model_id:
        return () if report is None else tuple(map(plainly, report.words))
    other = f"This was measured on model {report.model_id}; the list was made by model {plan.model_id}."
    return (*map(plainly, report.words), other)


def _quality(report: EvaluationReport | None) -> Iterable[Block]:
    if report is None:
        return
    yield metrics_table(report)
    yield from further_tables(report)
    yield from evaluation_charts(report)
    rows = f"{count(report.snapshots, 'snapshot')} of {count(report.accounts, 'account')}"
    yield Facts(
        (
            ("evaluated at", listed(map(plainly, report.cutoffs), most=6)),
            ("rests on", f"{rows}, {count(report.leavers, 'leaver')}"),
            ("leaving within", plainly(report.horizon)),
            ("model", f"{words(report.model_id)}{f', rung of evidence: {report.rung}' if report.rung else ''}"),
        )
    )


def _data(history: History | None, scores: Scores | None) -> Iterable[Block]:
    if history is not None:
        yield tables_read(history)
        yield from set_aside(history)
        if history.notes:
            yield Notes(tuple(map(plainly, history.notes)), "What the door decided")
    if scores is not None and scores.notes:
        yield Notes(tuple(map(plainly, scores.notes)), "About the scores")
