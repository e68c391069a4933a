"""Sections on what was learnt: the model's card, and how good its lists were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.report.about_data import definition_words, features_told
from churnkit.report.blocks import Block, Chart, Column, Facts, Heading, Notes, Table, Words
from churnkit.report.charts import calibration_chart, gains_chart
from churnkit.report.sections import Section
from churnkit.report.wording import between, count, listed, missing, number, percent, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from churnkit.scoring import ChurnModel, EvaluationReport

SHARES = ("recall", "value_caught")
METRICS = {"recall": "leavers found", "value_caught": "value found", "lift": "lift", "auc": "AUC"}
"""Metrics of the table, in its order, as people call them; the report's frame has more."""


class ModelSection(Section["ChurnModel"], of="ChurnModel"):
    """The model card."""

    def blocks(self, thing: ChurnModel) -> Iterable[Block]:
        """Tell a model."""
        yield Heading(f"ChurnModel {thing.model_id}", f"rung of evidence: {thing.card.rung}")
        yield from card_blocks(thing)


def card_blocks(model: ChurnModel) -> Iterable[Block]:
    """Tell the card of a model: facts, limits, intended use."""
    card = model.card
    events = listed(f"{n} within {h}" for h, n in card.events.items())
    left_out = listed(f"{count(n)} {what}" for what, n in card.left_out.items() if n) or "nothing"
    yield Facts(
        (
            ("churn", definition_words(model.recipe.churn)),
            ("learnt from", f"{count(card.snapshots, 'snapshot')} of {count(card.accounts, 'account')}"),
            ("cutoffs", f"{card.cutoffs}, {card.first_cutoff} to {card.last_cutoff}"),
            ("seen leaving", f"accounts: {events}"),
            ("base rate", f"{percent(card.base_rate)} within {model.horizon}"),
            ("left out", left_out),
            ("features", features_told(list(model.recipe.features or ()))),
            ("rung of evidence", card.rung),
            ("boosted share", percent(card.boosted_share)),
            ("calibration", f"slope {number(card.slope)}, intercept {number(card.intercept)}; {card.folds}"),
            ("learnt until", card.learnt_until),
            ("versions", listed(f"{name} {version}" for name, version in card.versions.items())),
        )
    )
    if card.notes:
        yield Notes(card.notes, "What the learner decided")
    yield Notes((*card.limits, card.intended_use), "Limits and intended use")


class EvaluationSection(Section["EvaluationReport"], of="EvaluationReport"):
    """How good the list is: words first, then figures beside what a manager already has, then charts."""

    def blocks(self, thing: EvaluationReport) -> Iterable[Block]:
        """Tell an evaluation."""
        yield Heading(
            "Evaluation on later cutoffs",
            f"{listed(thing.cutoffs, most=6)}; leaving within {thing.horizon}; model {thing.model_id}",
        )
        yield from (Words(said) for said in thing.words)
        yield metrics_table(thing)
        yield from evaluation_charts(thing)


def metrics_table(report: EvaluationReport) -> Table:
    """Show every ranking's figures with their intervals, ours first."""
    frame = report.frame
    there = [m for m in METRICS if m in set(frame["metric"])]
    names = list(dict.fromkeys(frame["ranking"]))
    cell = {(r, m): (v, a, b) for r, m, v, a, b in frame.itertuples(index=False, name=None)}
    rows = [(name, *(_figure(m, cell.get((name, m))) for m in there)) for name in names]
    head = (Column("list"), *(Column(METRICS[m], numeric=True) for m in there))
    longest = f"First {percent(report.share)} of each cutoff's list"
    caption = f"{longest} ({count(report.leavers, 'leaver')} in all); in brackets 90% intervals"
    return Table(head, tuple(rows), caption=caption, strong=frozenset({0}))


def _figure(metric: str, found: tuple[float, float, float] | None) -> str:
    if found is None or missing(found[0]):
        return words(None)
    value, low, high = found
    if metric in SHARES:
        return percent(value) + ("" if missing(low) else f" ({between(low, high)})")
    digits = 1 if metric == "lift" else 2
    return number(value, digits) + ("" if missing(low) else f" ({number(low, digits)} to {number(high, digits)})")


def evaluation_charts(report: EvaluationReport) -> Iterable[Chart]:
    """Draw calibration and gains."""
    calibration = report.calibration.dropna()
    if len(calibration):
        worst = _furthest(calibration)
        told = (
            f"In tenths of the book by probability; the furthest: {percent(worst['promised'])} given, "
            f"{percent(worst['seen'])} left. Bars: 90% intervals, taking snapshots as independent."
        )
        svg = calibration_chart(
            calibration["promised"].tolist(), calibration["seen"].tolist(), calibration["snapshots"].tolist(), told
        )
        yield Chart(svg, "Do the probabilities keep their word?", told)
    gains = report.gains.dropna()
    if (gains["listed"] > 0).any():  # where nobody left, nothing was found at any length
        curves = {
            str(name): list(zip(part["listed"], part["found"], strict=True))
            for name, part in gains.groupby("ranking", sort=False)
        }
        told = f"Within the first {percent(report.share)}: {listed(_found_by(report))}."
        yield Chart(gains_chart(curves, report.share, told), "Leavers found as the list gets longer", told)


def _furthest(calibration: pd.DataFrame) -> pd.Series:
    apart = (calibration["promised"] - calibration["seen"]).abs()
    return calibration.loc[apart.idxmax()]


def _found_by(report: EvaluationReport) -> Iterable[str]:
    recall = report.frame[report.frame["metric"] == "recall"]
    for name, value in zip(recall["ranking"], recall["value"], strict=True):
        yield f"{name} {percent(value)}"
