"""Measuring: every ranking on the same rows: figures, intervals, paired differences, parts of the book."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from churnkit.learning import metrics
from churnkit.learning.bootstrap import Sampled, account_bootstraps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Way = Callable[[Floats | None], Floats]

OURS = "churnkit"
"""The model's own name among the rankings."""

BINS = 10
"""Groups of equal size in which promised and seen rates are compared."""

Measured = dict[str, dict[str, Sampled]]
"""For every ranking every figure, with its redraws."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """One way to order a book.

    Parameters
    ----------
    score : float64 [n]
        Higher is riskier.
    log_odds : float64 [n], optional
        Of leaving within the main horizon; None for a rule that gives no probability.
    """

    score: Floats
    log_odds: Floats | None = None

    @classmethod
    def of(cls, probability: Floats) -> Ranking:
        """Make the ranking of a model that gives probabilities."""
        found = logit(np.clip(np.asarray(probability, dtype=np.float64), metrics.TINY, 1 - metrics.TINY))
        return cls(found, found)

    def part(self, rows: NDArray[np.bool_]) -> Ranking:
        """Give the ranking of some rows."""
        return Ranking(self.score[rows], None if self.log_odds is None else self.log_odds[rows])


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows with a known answer, and what every ranking said of them.

    Parameters
    ----------
    y : int8 [n]
        1 left within the main horizon, 0 stayed.
    account, cutoff : int [n]
        Accounts are what is redrawn; a list is made at each cutoff.
    rankings
        By name, ours first.
    value : float64 [n], optional
        What each account is worth, not below 0.
    share
        Length of each cutoff's list, as a share of its book.
    seed
        Of the redrawn accounts.
    """

    y: NDArray[np.int8]
    account: NDArray[np.integer]
    cutoff: NDArray[np.int64]
    rankings: Mapping[str, Ranking]
    value: Floats | None
    share: float
    seed: int

    def __len__(self) -> int:
        return len(self.y)

    @property
    def accounts(self) -> int:
        """How many distinct accounts there are."""
        return len(np.unique(self.account))

    @property
    def leavers(self) -> int:
        """How many distinct accounts left."""
        return len(np.unique(self.account[self.y == 1]))

    def part(self, rows: NDArray[np.bool_]) -> Judged:
        """Give some of the rows."""
        return replace(
            self,
            y=self.y[rows],
            account=self.account[rows],
            cutoff=self.cutoff[rows],
            rankings={name: r.part(rows) for name, r in self.rankings.items()},
            value=None if self.value is None else self.value[rows],
        )


def measure(judged: Judged) -> Measured:
    """Measure every ranking, with redraws of accounts that are the same for all of them.

    Returns
    -------
    Measured
        auc, average_precision, empc (Verbraken 2013, at the published campaign); lift, precision, recall and (where
        accounts have a value) value_caught among the first ``share`` of each cutoff's list; for rankings that give
        probabilities log_loss, brier, calibration_slope, calibration_error (mean distance of promised and seen rate
        over tenths) and calibration_gap (mean promised less seen rate).
    """
    return {
        name: account_bootstraps(_ways(judged, ranking), judged.account, seed=judged.seed)
        for name, ranking in judged.rankings.items()
    }


def _ways(judged: Judged, ranking: Ranking) -> dict[str, Way]:
    y, score, k = judged.y, ranking.score, judged.share * len(judged)
    place = within(score, judged.cutoff)
    ways: dict[str, Way] = {
        "auc": partial(metrics.auc, y, score),
        "average_precision": partial(metrics.average_precision, y, score),
        "empc": partial(metrics.empc, y, score),
        "lift": partial(metrics.lift_at, y, place, k),
        "precision": partial(metrics.precision_at, y, place, k),
        "recall": partial(metrics.recall_at, y, place, k),
    }
    if judged.value is not None:
        ways["value_caught"] = partial(metrics.value_at, y, place, k, value=judged.value)
    if ranking.log_odds is not None:
        probability = expit(ranking.log_odds)
        ways |= {
            "log_loss": partial(metrics.log_loss, y, probability),
            "brier": partial(metrics.brier, y, probability),
            "calibration_slope": partial(_slope, y, ranking.log_odds),
            "calibration_error": partial(metrics.calibration_error, y, probability, groups=BINS),
            "calibration_gap": partial(_gap, y, probability),
        }
    return ways


def _slope(y: NDArray[np.int8], log_odds: Floats, weight: Floats | None = None) -> Floats:
    return metrics.calibration_line(y, log_odds, weight)[1]


def _gap(y: NDArray[np.int8], probability: Floats, weight: Floats | None = None) -> Floats:
    w = np.ones(len(y)) if weight is None else weight
    found: Floats = (w @ (probability - y)) / w.sum(axis=-1)
    return found


def within(score: Floats, cutoff: NDArray[np.int64]) -> Floats:
    """Turn scores into places within their cutoff's list (0 to 1, higher is riskier), so that lists pool fairly."""
    series = pd.Series(score).groupby(cutoff).rank(method="average", pct=True)
    return np.asarray(series.to_numpy(dtype=np.float64))


ENDS = ["metric", "value", "low", "high"]


def figures(measured: Measured) -> pd.DataFrame:
    """Lay out figures: ranking, metric, value, low, high."""
    rows = [(n, m, s.value, *s.interval) for n, ways in measured.items() for m, s in ways.items()]
    return pd.DataFrame(rows, columns=["ranking", *ENDS])


def differences(measured: Measured) -> pd.DataFrame:
    """Lay out ours less each other ranking's, paired: against, metric, value, low, high."""
    ours = measured[OURS]
    apart = [(n, m, ours[m] - s) for n, ways in measured.items() if n != OURS for m, s in ways.items()]
    return pd.DataFrame([(n, m, s.value, *s.interval) for n, m, s in apart], columns=["against", *ENDS])


def by_part(judged: Judged, parts: Mapping[object, NDArray[np.bool_]], name: str) -> pd.DataFrame:
    """Measure parts of the rows one by one.

    Parameters
    ----------
    parts
        Marks of the rows of each part; a part without rows is left out.
    name
        What tells them apart: the first column.

    Returns
    -------
    DataFrame
        The part, snapshots, accounts, leavers (distinct accounts), ranking, metric, value, low, high.
    """
    frames = []
    for key, rows in parts.items():
        if not rows.any():
            continue
        part = judged.part(rows)
        frame = figures(measure(part))
        frame.insert(0, "leavers", part.leavers)
        frame.insert(0, "accounts", part.accounts)
        frame.insert(0, "snapshots", len(part))
        frame.insert(0, name, key)
        frames.append(frame)
    if not frames:
        return pd.DataFrame(columns=[name, "snapshots", "accounts", "leavers", "ranking", *ENDS])
    return pd.concat(frames, ignore_index=True)


def calibration(judged: Judged) -> pd.DataFrame:
    """Give promised and seen rates in tenths of the book: promised, seen, snapshots."""
    log_odds = judged.rankings[OURS].log_odds
    assert log_odds is not None
    probability = expit(log_odds)
    order = np.argsort(probability, kind="stable")
    parts = [p for p in np.array_split(order, BINS) if len(p)]
    return pd.DataFrame(
        {
            "promised": [float(probability[p].mean()) for p in parts],
            "seen": [float((judged.y[p] == 1).mean()) for p in parts],
            "snapshots": [len(p) for p in parts],
        }
    )


def gains(judged: Judged) -> pd.DataFrame:
    """Give the share of leavers found as the list gets longer: ranking, listed, found."""
    listed = np.linspace(0, 1, 41)
    parts = []
    for name, ranking in judged.rankings.items():
        place = within(ranking.score, judged.cutoff)
        found = [0.0, *(float(metrics.recall_at(judged.y, place, q * len(judged))) for q in listed[1:])]
        parts.append(pd.DataFrame({"ranking": name, "listed": listed, "found": found}))
    return pd.concat(parts, ignore_index=True)
