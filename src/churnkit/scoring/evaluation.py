"""Evaluation on later cutoffs: how good the list is, beside what a manager already has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnkit import features as f
from churnkit.display import Drawable
from churnkit.errors import HorizonError, OverlappingRanges, RequestError
from churnkit.labels import label
from churnkit.scoring import measuring, rivals, words
from churnkit.scoring.measuring import OURS, Judged, Ranking
from churnkit.scoring.segments import segments
from churnkit.timeline import Cutoff, as_text, moments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.labels import ChurnDefinition
    from churnkit.scoring.model import ChurnModel

SHARE = 0.1
"""Capacity where none is given: a tenth of the book at each cutoff."""

FRAMES = ("frame", "differences", "calibration", "gains", "per_cutoff", "segments")
"""The report's tables."""


@dataclass(frozen=True, eq=False, repr=False)
class EvaluationReport(Drawable):
    """How good a model's lists were on cutoffs after everything that it learnt from.

    Attributes
    ----------
    frame
        One row per ranking and metric: ranking, metric, value, low, high (90 % interval over redrawn accounts).
        Metrics: auc, average_precision, empc (expected maximum profit per account at the published campaign, Verbraken
        2013); lift, precision, recall and value_caught among the first ``share`` of each cutoff's book; for rankings
        that give probabilities log_loss, brier, calibration_slope, calibration_error (mean distance of promised and
        seen rate over tenths of the book) and calibration_gap (mean promised less seen rate).
    differences
        The model less each other ranking: against, metric, value, low, high, paired.
    calibration
        promised, seen, snapshots: mean probability and rate of leaving in tenths of the book.
    gains
        ranking, listed, found: share of the book listed and share of the leavers found.
    words
        The same in plain sentences, the most important first.
    cutoffs, snapshots, accounts, leavers
        How much it rests on; leavers are distinct accounts.
    horizon, share, model_id
        What was asked, how long the lists were, and of which model.
    per_cutoff
        The figures of each cutoff alone: cutoff, snapshots, accounts, leavers, ranking, metric, value, low, high.
    segments
        The figures of each segment of the attribute asked for, its accounts ranked among themselves: segment, and
        columns as in ``per_cutoff``; without rows where none was asked for.
    by
        The attribute; empty: none.
    rung
        The rung of evidence that the model stands on.
    notes
        What should be known beside the figures.
    """

    frame: pd.DataFrame
    differences: pd.DataFrame
    calibration: pd.DataFrame
    gains: pd.DataFrame
    words: tuple[str, ...]
    cutoffs: tuple[str, ...]
    snapshots: int
    accounts: int
    leavers: int
    horizon: str
    share: float
    model_id: str
    per_cutoff: pd.DataFrame = field(default_factory=pd.DataFrame)
    segments: pd.DataFrame = field(default_factory=pd.DataFrame)
    by: str = ""
    rung: str = ""
    notes: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """Rankings by metrics, for reading."""
        wide = self.frame.pivot_table(index="ranking", columns="metric", values="value", sort=False)
        return wide.reset_index().rename_axis(None, axis=1)

    def to_dict(self) -> dict[str, object]:
        """Give the report as plain data for JSON."""
        plain = ("cutoffs", "snapshots", "accounts", "leavers", "horizon", "share", "model_id", "by", "rung")
        rest = {n: getattr(self, n) for n in plain}
        tall = {name: records(getattr(self, name)) for name in FRAMES}
        return {"words": list(self.words), "notes": list(self.notes), **rest, **tall}

    @classmethod
    def from_dict(cls, data: dict[str, object]) -> EvaluationReport:
        """Read what :meth:`to_dict` gave."""
        tall = {n: pd.DataFrame(data.get(n, [])) for n in FRAMES}
        rest: dict[str, Any] = {k: v for k, v in data.items() if k not in tall}
        listed = {n: tuple(rest.get(n, ())) for n in ("words", "cutoffs", "notes")}
        return cls(**tall, **rest | listed)


def evaluate(
    model: ChurnModel,
    history: History,
    cutoffs: Iterable[Cutoff | int],
    *,
    share: float = SHARE,
    by: str | None = None,
    seed: int = 0,
) -> EvaluationReport:
    """Measure a model on later cutoffs, beside what is there without it.

    The rivals are the recency rule, sorting by value and by the last NPS, and a logistic regression and LightGBM as
    they come, fitted on the model's own features at the model's own training cutoffs, with the answers that were
    known when the model was fitted.

    Parameters
    ----------
    model
        Fitted on earlier cutoffs.
    history
        What happened, up to the end of the evaluated horizons.
    cutoffs
        Moments whose windows of labels lie wholly after what the model learnt from.
    share
        Length of each cutoff's list, as a share of its book (above 0, at most 1).
    by
        An attribute of the accounts by whose values the figures are given too; None: none.
    seed
        Of the redrawn accounts.

    Raises
    ------
    OverlappingRanges
        If a cutoff lies before the end of what the model learnt from (label windows and reporting delay
        included).
    HorizonError
        If no label of the main horizon is mature.
    UnknownAttribute
        If accounts have no attribute ``by``.
    """
    check_share(share)
    at = moments(cutoffs, history.timezone)
    _refuse_overlap(model, at)
    history.check_reach(at)
    labels = label(history, model.recipe.churn, at, (model.horizon,))
    rows = np.flatnonzero(labels.y[:, 0] >= 0)
    if not len(rows):
        raise immature(history, model.recipe.churn, int(at[0]))
    matrix = f.compute(model.features, history, account=labels.account, cutoff=labels.cutoff)
    log_odds = model.blend.log_odds(matrix.values[rows])[:, model.blend.main]
    rules, value = rivals.rules(history, labels.account[rows], labels.cutoff[rows])
    taught = rivals.teach(model, history)
    judged = Judged(
        y=labels.y[rows, 0],
        account=labels.account[rows],
        cutoff=labels.cutoff[rows],
        rankings={OURS: Ranking(log_odds, log_odds), **rules, **taught.rank(matrix.values[rows])},
        value=value,
        share=share,
        seed=seed,
    )
    return EvaluationReport(**told(judged, history, model, by=by), notes=taught.notes)


def told(judged: Judged, history: History, model: ChurnModel, *, by: str | None) -> dict[str, Any]:
    """Measure rows and tell them: every field of the report but its notes."""
    parts = {} if by is None else segments(history, by, judged.account)
    measured = measuring.measure(judged)
    at = np.unique(judged.cutoff)
    per_cutoff = measuring.by_part(judged, {as_text(int(c)): judged.cutoff == c for c in at}, "cutoff")
    per_segment = measuring.by_part(judged, parts, "segment")
    return {
        "frame": measuring.figures(measured),
        "differences": measuring.differences(measured),
        "calibration": measuring.calibration(judged),
        "gains": measuring.gains(judged),
        "words": words.tell(measured, judged, model.horizon, words.of_segments(per_segment, by)),
        "cutoffs": tuple(as_text(int(c)) for c in at),
        "snapshots": len(judged),
        "accounts": judged.accounts,
        "leavers": judged.leavers,
        "horizon": str(model.horizon),
        "share": judged.share,
        "model_id": model.model_id,
        "per_cutoff": per_cutoff,
        "segments": per_segment,
        "by": by or "",
        "rung": model.card.rung,
    }


def check_share(share: float) -> None:
    """Refuse a list that is no share of the book."""
    if not 0 < share <= 1:
        raise RequestError(f"share={share!r}: the list's length is a share of the book, above 0 and at most 1 (0.1).")


def immature(history: History, churn: ChurnDefinition, first: int) -> HorizonError:
    """Say that nothing can be judged yet."""
    end = as_text(history.observed_until[churn.table])
    return HorizonError(
        f"no label is mature: leaves within {churn.horizon} of {as_text(first)} are not all seen by {end}. "
        "Evaluate earlier cutoffs."
    )


def _refuse_overlap(model: ChurnModel, at: NDArray[np.int64]) -> None:
    end = model.card.learnt_until_micros
    early = at[at < end]
    if len(early):
        raise OverlappingRanges(
            f"{len(early)} of {len(at)} cutoffs (first: {as_text(int(early[0]))}) lie before {as_text(end)}, the end "
            "of what the model learnt from (its last cutoff with the whole label window and reporting delay). Evaluate "
            "later cutoffs, or fit on earlier ones."
        )


def records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Give a frame's rows as plain data; what is missing is None."""
    clean = frame.astype(object).where(frame.notna(), None)
    found: list[dict[str, object]] = clean.to_dict("records")
    return found
