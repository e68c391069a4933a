"""Evaluation on later cutoffs: how good the list is, beside what a manager already has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit

from churnkit import features as f
from churnkit.display import Drawable
from churnkit.errors import HorizonError, OverlappingRanges
from churnkit.labels import label
from churnkit.learning import baselines, metrics
from churnkit.learning.bootstrap import Sampled, account_bootstrap
from churnkit.scoring import words
from churnkit.timeline import Cutoff, as_text, moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.labels import Labels
    from churnkit.scoring.model import ChurnModel

OURS = "churnkit"
SHARE = 0.1
"""Capacity where none is given: a tenth of the book at each cutoff."""

_BINS = 10


@dataclass(frozen=True, eq=False, repr=False)
class EvaluationReport(Drawable):
    """How good a model's lists were on cutoffs after everything that it learnt from.

    Attributes
    ----------
    frame
        One row per ranking and metric: ranking, metric, value, low, high (90 % interval over redrawn
        accounts). Metrics: auc, average_precision, lift, precision, recall and value_caught among the first
        ``share`` of each cutoff's book; log_loss, brier, calibration_slope for the model alone.
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

    def table(self) -> pd.DataFrame:
        """Rankings by metrics, for reading."""
        wide = self.frame.pivot_table(index="ranking", columns="metric", values="value", sort=False)
        return wide.reset_index().rename_axis(None, axis=1)

    def to_dict(self) -> dict[str, object]:
        """Give the report as plain data for JSON."""
        tall = {name: _records(getattr(self, name)) for name in ("frame", "differences", "calibration", "gains")}
        rest = {
            n: getattr(self, n) for n in ("cutoffs", "snapshots", "accounts", "leavers", "horizon", "share", "model_id")
        }
        return {"words": list(self.words), **rest, **tall}

    @classmethod
    def from_dict(cls, data: dict[str, object]) -> EvaluationReport:
        """Read what :meth:`to_dict` gave."""
        tall = {n: pd.DataFrame(data[n]) for n in ("frame", "differences", "calibration", "gains")}
        rest = {k: v for k, v in data.items() if k not in tall}
        return cls(**tall, **rest | {"words": tuple(rest["words"]), "cutoffs": tuple(rest["cutoffs"])})  # type: ignore[arg-type]


def evaluate(
    model: ChurnModel, history: History, cutoffs: Iterable[Cutoff | int], *, share: float = SHARE, seed: int = 0
) -> EvaluationReport:
    """Measure a model on later cutoffs, beside the recency rule, sorting by value and the last NPS.

    Parameters
    ----------
    model
        Fitted on earlier cutoffs.
    history
        What happened, up to the end of the evaluated horizons.
    cutoffs
        Moments whose windows of labels lie wholly after what the model learnt from.
    share
        Length of each cutoff's list, as a share of its book (0 to 1).
    seed
        Of the redrawn accounts.

    Raises
    ------
    OverlappingRanges
        If a cutoff lies before the end of what the model learnt from (label windows and reporting delay
        included).
    HorizonError
        If no label of the main horizon is mature.
    """
    at = moments(cutoffs, history.timezone)
    _refuse_overlap(model, at)
    history.check_reach(at)
    labels = label(history, model.recipe.churn, at, (model.horizon,))
    rows = np.flatnonzero(labels.y[:, 0] >= 0)
    if not len(rows):
        end = as_text(history.observed_until[model.recipe.churn.table])
        raise HorizonError(
            f"no label is mature: leaves within {model.horizon} of {as_text(int(at[0]))} are not all seen by {end}. "
            "Evaluate earlier cutoffs."
        )
    account, cutoff, y = labels.account[rows], labels.cutoff[rows], labels.y[rows, 0]
    matrix = f.compute(model.features, history, account=labels.account, cutoff=labels.cutoff)
    predicted = model.blend.predict(matrix.values[rows])
    log_odds = predicted.log_odds[:, model.blend.main]
    rankings, value = _rankings(history, labels, rows, log_odds)
    measured = _measure(rankings, y, account, cutoff, _Ask(share, value, log_odds, seed))
    frame, differences = _frames(measured)
    return EvaluationReport(
        frame=frame,
        differences=differences,
        calibration=_calibration(y, predicted.probability[:, model.blend.main]),
        gains=_gains(rankings, y, cutoff),
        words=words.tell(measured, model, y=y, account=account, share=share),
        cutoffs=tuple(as_text(int(c)) for c in np.unique(cutoff)),
        snapshots=len(rows),
        accounts=len(np.unique(account)),
        leavers=len(np.unique(account[y == 1])),
        horizon=str(model.horizon),
        share=share,
        model_id=model.model_id,
    )


@dataclass(frozen=True, eq=False)
class _Ask:
    share: float
    value: NDArray[np.float64] | None
    log_odds: NDArray[np.float64]
    seed: int


def _refuse_overlap(model: ChurnModel, at: NDArray[np.int64]) -> None:
    end = model.card.learnt_until_micros
    early = at[at < end]
    if len(early):
        raise OverlappingRanges(
            f"{len(early)} of {len(at)} cutoffs (first: {as_text(int(early[0]))}) lie before {as_text(end)}, the end "
            "of what the model learnt from (its last cutoff with the whole label window and reporting delay). Evaluate "
            "later cutoffs, or fit on earlier ones."
        )


def _rankings(
    history: History, labels: Labels, rows: NDArray[np.int64], log_odds: NDArray[np.float64]
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64] | None]:
    """Give every ranking's score (higher is riskier), and the accounts' value where there is one."""
    signals = history.signals
    active = tuple(n for n in signals.names if signals.tables[n] == "activity")
    wanted = {"silence": f.days_since(active)}
    if "mrr" in signals.names:
        wanted["value"] = f.latest("mrr")
    elif signals.valued:
        wanted["value"] = f.total(active, "365d")
    if "nps" in signals.names:
        wanted["nps"] = f.latest("nps")
    named = [e.named(f"baseline_{n}") for n, e in wanted.items()]
    found = f.compute(named, history, account=labels.account[rows], cutoff=labels.cutoff[rows]).values
    columns = {n: found[:, i].astype(np.float64) for i, n in enumerate(wanted)}
    rankings = {OURS: log_odds, "recency rule": baselines.recency_rule(columns["silence"])}
    if "value" in columns:
        rankings["value-sorted"] = baselines.value_sorted(columns["value"])
    if "nps" in columns:
        rankings["last NPS"] = baselines.last_score(columns["nps"])
    return rankings, np.nan_to_num(columns["value"]).clip(min=0) if "value" in columns else None


def _within(score: NDArray[np.float64], cutoff: NDArray[np.int64]) -> NDArray[np.float64]:
    """Turn scores into places within their cutoff's list (0 to 1, higher is riskier), so that lists pool fairly."""
    series = pd.Series(score).groupby(cutoff).rank(method="average", pct=True)
    return np.asarray(series.to_numpy(dtype=np.float64))


Measured = dict[str, dict[str, Sampled]]


def _measure(
    rankings: dict[str, NDArray[np.float64]],
    y: NDArray[np.int8],
    account: NDArray[np.int32],
    cutoff: NDArray[np.int64],
    ask: _Ask,
) -> Measured:
    k = ask.share * len(y)
    measured: Measured = {}
    for name, score in rankings.items():
        place = _within(score, cutoff)
        ways: dict[str, Callable[[NDArray[np.float64] | None], NDArray[np.float64]]] = {
            "auc": partial(metrics.auc, y, score),
            "average_precision": partial(metrics.average_precision, y, score),
            "lift": partial(metrics.lift_at, y, place, k),
            "precision": partial(metrics.precision_at, y, place, k),
            "recall": partial(metrics.recall_at, y, place, k),
        }
        if ask.value is not None:
            ways["value_caught"] = partial(metrics.value_at, y, place, k, value=ask.value)
        if name == OURS:
            ways["log_loss"] = partial(metrics.log_loss, y, expit(ask.log_odds))
            ways["brier"] = partial(metrics.brier, y, expit(ask.log_odds))
        measured[name] = {m: account_bootstrap(way, account, seed=ask.seed) for m, way in ways.items()}
    _, slope = metrics.calibration_line(y, ask.log_odds)
    measured[OURS]["calibration_slope"] = Sampled(float(slope), np.empty(0))
    return measured


def _frames(measured: Measured) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = [(n, m, s.value, *s.interval) for n, ways in measured.items() for m, s in ways.items()]
    ours = measured[OURS]
    apart = [
        (n, m, (ours[m] - s).value, *(ours[m] - s).interval)
        for n, ways in measured.items()
        if n != OURS
        for m, s in ways.items()
    ]
    ends = ["metric", "value", "low", "high"]
    return pd.DataFrame(rows, columns=["ranking", *ends]), pd.DataFrame(apart, columns=["against", *ends])


def _calibration(y: NDArray[np.int8], probability: NDArray[np.float64]) -> pd.DataFrame:
    order = np.argsort(probability, kind="stable")
    parts = [p for p in np.array_split(order, _BINS) if len(p)]
    return pd.DataFrame(
        {
            "promised": [float(probability[p].mean()) for p in parts],
            "seen": [float((y[p] == 1).mean()) for p in parts],
            "snapshots": [len(p) for p in parts],
        }
    )


def _gains(rankings: dict[str, NDArray[np.float64]], y: NDArray[np.int8], cutoff: NDArray[np.int64]) -> pd.DataFrame:
    listed = np.linspace(0, 1, 41)
    parts = []
    for name, score in rankings.items():
        place = _within(score, cutoff)
        found = [0.0, *(float(metrics.recall_at(y, place, max(q * len(y), 1e-9))) for q in listed[1:])]
        parts.append(pd.DataFrame({"ranking": name, "listed": listed, "found": found}))
    return pd.concat(parts, ignore_index=True)


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    clean = frame.astype(object).where(frame.notna(), None)
    records: list[dict[str, object]] = clean.to_dict("records")
    return records
