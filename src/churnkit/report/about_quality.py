"""Sections on how good lists were: an evaluation, and a backtest of lists as they would have been made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.report.blocks import Block, Chart, Column, Heading, Notes, Table, Words, columns
from churnkit.report.charts import calibration_chart, gains_chart
from churnkit.report.sections import Section
from churnkit.report.wording import between, chance, count, listed, missing, number, percent, plainly, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from churnkit.scoring import BacktestReport, EvaluationReport

OURS = "churnkit"
SHARES = ("recall", "value_caught", "precision", "calibration_error", "calibration_gap")
METRICS = {"recall": "leavers found", "value_caught": "value found", "lift": "lift", "auc": "AUC"}
"""Metrics of the table of lists, in its order, as people call them; the report's frame has more."""
PROBABILITIES = {
    "log_loss": "log loss",
    "brier": "Brier",
    "calibration_slope": "calibration slope",
    "calibration_error": "calibration error",
}
RANKINGS = {"average_precision": "average precision", "precision": "precision", "empc": "EMPC"}
DIGITS = {"lift": 1, "log_loss": 3, "brier": 3}
LONGEST = 24
"""Rows of a table of cutoffs or segments; beyond it the report's frames have them."""

Found = tuple[float, float, float]


class EvaluationSection(Section["EvaluationReport"], of="EvaluationReport"):
    """How good the list is: words first, then figures beside what is there without it, then charts."""

    title = "Evaluation on later cutoffs"

    def blocks(self, thing: EvaluationReport) -> Iterable[Block]:
        """Tell an evaluation."""
        rung = f", rung of evidence: {thing.rung}" if thing.rung else ""
        told = f"{listed(thing.cutoffs, most=6)}; leaving within {thing.horizon}"
        yield Heading(self.title, f"{plainly(told)}; model {thing.model_id}{rung}")
        yield from (Words(plainly(said)) for said in thing.words)
        yield metrics_table(thing)
        yield from further_tables(thing)
        yield from evaluation_charts(thing)
        if thing.notes:
            yield Notes(tuple(map(plainly, thing.notes)), "To be known beside the figures")


class BacktestSection(EvaluationSection, of="BacktestReport"):
    """The same for lists as they would have been made, with the fits behind them."""

    title = "Backtest of the lists as known then"

    def blocks(self, thing: BacktestReport) -> Iterable[Block]:  # type: ignore[override]  # a section draws its own thing
        """Tell a backtest."""
        yield from super().blocks(thing)
        rows = [
            (
                plainly(r.fitted_at),
                count(int(r.lists)),
                str(r.rung),
                count(int(r.snapshots)),
                count(int(r.events)),
                percent(r.boosted_share),
                str(r.model_id),
            )
            for r in thing.fits.itertuples()
        ]
        head = columns("fitted at", "#lists", "rung", "#snapshots", "#seen leaving", "#boosted share", "model")
        yield Table(head, tuple(rows), caption="Models, each learnt from what was known then")


def metrics_table(report: EvaluationReport) -> Table:
    """Show every ranking's figures at capacity with their intervals, ours first."""
    longest = f"First {percent(report.share)} of each cutoff's list"
    caption = f"{longest} ({count(report.leavers, 'leaver')} in all); in brackets 90% intervals"
    return _by_ranking(report.frame, METRICS, caption)


def further_tables(report: EvaluationReport) -> Iterable[Block]:
    """Show the other figures: of probabilities, of rankings, of segments and of cutoffs."""
    there = set(report.frame["metric"])
    if there & set(RANKINGS):
        caption = "The rest of the rankings' figures; EMPC is the expected profit per account (Verbraken et al. 2013)"
        yield _by_ranking(report.frame, RANKINGS, caption)
    if there & set(PROBABILITIES):
        rated = report.frame[report.frame["metric"].isin(PROBABILITIES)]
        yield _by_ranking(rated, PROBABILITIES, "Probabilities: log loss, Brier and error are better the smaller")
    if len(report.segments):
        yield _by_part(report.segments, "segment", f"By {report.by}: each segment's accounts ranked among themselves")
    if report.per_cutoff.get("cutoff") is not None and report.per_cutoff["cutoff"].nunique() > 1:
        yield _by_part(report.per_cutoff, "cutoff", "Cutoff by cutoff")


def _by_ranking(frame: pd.DataFrame, metrics: Mapping[str, str], caption: str) -> Table:
    there = [m for m in metrics if m in set(frame["metric"])]
    names = list(dict.fromkeys(frame["ranking"]))
    cell = {(r, m): (v, a, b) for r, m, v, a, b in frame.itertuples(index=False, name=None)}
    rows = [(name, *(_figure(m, cell.get((name, m))) for m in there)) for name in names]
    head = (Column("list"), *(Column(metrics[m], numeric=True) for m in there))
    return Table(head, tuple(rows), caption=caption, strong=frozenset({0}))


def _by_part(frame: pd.DataFrame, part: str, caption: str) -> Table:
    """Show ours in every part of the rows, and the best rival there with its lift."""
    head = columns(part, "#accounts", "#leavers", "#lift", "#AUC", "#log loss", "#given - left", "best rival")
    parts = list(dict.fromkeys(frame[part]))
    told = plainly if part == "cutoff" else str
    rows = [_part_row(told(name), frame[frame[part] == name]) for name in parts[:LONGEST]]
    more = f"{count(len(parts) - LONGEST)} more are in the report's frames." if len(parts) > LONGEST else ""
    return Table(
        head, tuple(rows), caption=f"{caption}; given - left: mean probability less share that left", more=more
    )


def _part_row(name: str, frame: pd.DataFrame) -> tuple[str, ...]:
    ours = frame[frame["ranking"] == OURS].set_index("metric")
    first = frame.iloc[0]
    lift = _figure("lift", _cell(ours, "lift"))
    short = [_short(m, _cell(ours, m)) for m in ("auc", "log_loss", "calibration_gap")]
    return name, count(first["accounts"]), count(first["leavers"]), lift, *short, _best_rival(frame)


def _cell(ours: pd.DataFrame, metric: str) -> Found | None:
    if metric not in ours.index:
        return None
    value, low, high = ours.loc[metric, ["value", "low", "high"]].astype(float)
    return float(value), float(low), float(high)


def _short(metric: str, found: Found | None) -> str:
    """Show a figure whose interval stands in the report's frame alone."""
    if found is None:
        return words(None)
    nan = float("nan")
    return _figure(metric, (found[0], nan, nan))


def _best_rival(frame: pd.DataFrame) -> str:
    lifts = frame[(frame["metric"] == "lift") & (frame["ranking"] != OURS)].dropna(subset=["value"])
    if not len(lifts):
        return words(None)
    best = lifts.loc[lifts["value"].idxmax()]
    return f"{best['ranking']} {number(best['value'], 1)}"


def _figure(metric: str, found: Found | None) -> str:
    if found is None or missing(found[0]):
        return words(None)
    value, low, high = found
    if metric == "calibration_gap":
        return percent(value, signed=True)
    if metric in SHARES:
        return percent(value) + ("" if missing(low) else f" ({between(low, high)})")
    digits = DIGITS.get(metric, 2)
    return number(value, digits) + ("" if missing(low) else f" ({number(low, digits)} to {number(high, digits)})")


def evaluation_charts(report: EvaluationReport) -> Iterable[Chart]:
    """Draw calibration and gains."""
    calibration = report.calibration.dropna()
    if len(calibration):
        worst = _furthest(calibration)
        told = (
            f"In tenths of the book by probability; the furthest: {chance(worst['promised'])} given, "
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
