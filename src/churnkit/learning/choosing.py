"""One set of out-of-fold margins chooses everything: penalty, weights, tree shape, rounds, share of the trees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from churnkit.learning.boosted import FoldCurve, Shape, Stack, best_rounds, fold_curve, side_by_side
from churnkit.learning.calibration import SlopeFit, fit_slope
from churnkit.learning.columns import Columns
from churnkit.learning.ladder import logistic_task, positions
from churnkit.learning.linear import LogisticTask, fit_path
from churnkit.learning.rows import Bools, Floats, Ints, Rows, Split, account_folds, time_forward, usable
from churnkit.learning.tuning import search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from churnkit.learning.settings import LearnerSettings

FOLDS = 5
"""Account-grouped folds where none that can be used are given."""

SHARES = tuple(round(0.1 * i, 1) for i in range(11))
"""Shares of the boosted part that are tried."""


@dataclass(frozen=True, eq=False)
class Job:
    """One learning job with everything that its steps share."""

    rows: Rows
    settings: LearnerSettings
    folds: list[tuple[Bools, Bools]]
    forward: bool
    columns: Columns
    task: LogisticTask

    @classmethod
    def prepare(cls, rows: Rows, folds: Sequence[Split], settings: LearnerSettings) -> Job:
        """Check the folds, make them where there are none, and transform the rows once."""
        kept = usable(folds, rows) or account_folds(rows.people, rows.y, FOLDS, settings.seed)
        columns = Columns.read(rows.X, rows.categorical)
        task = logistic_task(rows, columns, rows.pair_weight(rows.overlap_weight), settings)
        return cls(rows, settings, kept, time_forward(kept, np.asarray(rows.cutoff)), columns, task)

    def weight(self, *, overlap: bool) -> Floats:
        """Weight of every pair, [n, H]: overlapping snapshots share one, or each counts whole."""
        return self.rows.pair_weight(self.rows.overlap_weight if overlap else np.ones(len(self.rows.y)))


@dataclass(frozen=True, eq=False)
class Held:
    """Out-of-fold pairs: what was not learnt from, and what the fold's models say of it.

    Parameters
    ----------
    group : int64 [m]
        Fold of each pair.
    y, weight, linear, boosted : float64 [m]
        Answers, weights and margins of the two parts.
    """

    group: Ints
    y: Floats
    weight: Floats
    linear: Floats
    boosted: Floats

    def mixed(self, share: float) -> Floats:
        """Blended margin with some share of the boosted part."""
        return share * self.boosted + (1 - share) * self.linear

    def fit(self, margin: Floats) -> SlopeFit:
        """Fit the common slope of some margin, with one level per fold."""
        return fit_slope(margin, self.y, self.weight, self.group)

    def loss(self, margin: Floats) -> float:
        """Weighted log loss of a margin after each fold's best shift: levels are settled apart, by calibration."""
        return fit_slope(margin, self.y, self.weight, self.group, slope_sd=0.0).loss


@dataclass(frozen=True, eq=False)
class LinearChoice:
    """The logistic part's penalty, whether overlapping snapshots share a weight, and the out-of-fold pairs."""

    strength: float
    overlap: bool
    held: Held


@dataclass(frozen=True, eq=False)
class BoostedChoice:
    """The boosted part's shape and rounds, the pairs with both margins, each share's fit, and words of a search."""

    stack: Stack
    shape: Shape
    held: Held
    fits: list[SlopeFit]
    searched: str = ""

    @property
    def losses(self) -> Floats:
        """Mean out-of-fold loss of each of :data:`SHARES`."""
        return np.array([fit.loss for fit in self.fits]) / float(self.held.weight.sum())


def choose_linear(job: Job) -> LinearChoice:
    """Try every penalty, with and without overlap weights, on the same folds."""
    overlap = job.rows.overlap_weight
    asked = job.settings.overlap_weights
    options = [asked] if asked is not None else [True] if (overlap == overlap[0]).all() else [True, False]
    held = _held(job)
    if not job.folds:  # nothing can be compared: the strongest candidate claims least
        return LinearChoice(max(job.settings.l2), options[0], held)
    tried = [(option, fold) for option in options for fold in job.folds]
    found = side_by_side(lambda at: _linear_margins(job, *at), tried, job.settings.workers)
    best: tuple[float, LinearChoice] | None = None
    for i, option in enumerate(options):
        of_option = found[i * len(job.folds) : (i + 1) * len(job.folds)]
        for j, strength in enumerate(job.settings.l2):
            margin = np.concatenate([fold[j] for fold in of_option])
            loss = held.loss(margin)
            if best is None or loss < best[0]:
                best = loss, LinearChoice(strength, option, replace(held, linear=margin))
    assert best is not None
    return best[1]


def _linear_margins(job: Job, overlap: bool, fold: tuple[Bools, Bools]) -> list[Floats]:
    """Margins of a fold's known later pairs, one array per penalty."""
    train, test = fold
    fitted = fit_path(job.task.weighed(job.weight(overlap=overlap)).part(train), job.settings.l2, precision=1e-2)
    later = job.task.part(test)
    return [later.scores(coef, steps)[job.rows.known[test]] for coef, steps in fitted]


def _held(job: Job) -> Held:
    """Lay out the known out-of-fold pairs: fold by fold, row by row, horizon by horizon."""
    # Judged as the list will be met: each snapshot alike. Overlap lowers how much they count, not which count.
    weight, known = job.rows.pair_weight(job.rows.fair_weight), job.rows.known
    groups, answers, weights = [np.zeros(0, np.int64)], [np.zeros(0)], [np.zeros(0)]
    for fold, (_, test) in enumerate(job.folds):
        answers.append(job.rows.y[test][known[test]].astype(np.float64))
        weights.append(weight[test][known[test]])
        groups.append(np.full(len(answers[-1]), fold))
    y = np.concatenate(answers)
    return Held(np.concatenate(groups), y, np.concatenate(weights), np.zeros(len(y)), np.zeros(len(y)))


def choose_boosted(job: Job, choice: LinearChoice) -> BoostedChoice:
    """Boost every fold in every candidate shape; keep the best shape, its rounds and its margins."""
    stack = Stack.of(job.rows, job.weight(overlap=choice.overlap), positions(job.rows, job.settings))
    first = _weigh(job, choice.held, stack, *_race(job, stack))
    if job.settings.tune is None:
        return first

    def attempt(shape: Shape) -> BoostedChoice:
        workers = job.settings.workers
        curves = side_by_side(lambda fold: fold_curve(stack, fold, shape, job.settings.seed), job.folds, workers)
        return _weigh(job, choice.held, stack, replace(shape, rounds=best_rounds(curves)[1]), curves)

    return search(first, attempt, job.settings)


def _weigh(job: Job, held: Held, stack: Stack, shape: Shape, curves: Sequence[FoldCurve]) -> BoostedChoice:
    """Fit the map of every share of one shape's boosted part."""
    held = replace(held, boosted=_boosted_margins(stack, job, curves, shape.rounds))
    fits = side_by_side(lambda share: held.fit(held.mixed(share)), SHARES, job.settings.workers)
    return BoostedChoice(stack, shape, held, fits)


def _race(job: Job, stack: Stack) -> tuple[Shape, list[FoldCurve]]:
    """Let every candidate shape run on the last two folds, and the best of them on all; find its rounds."""

    def run(shapes: Sequence[Shape], folds: Sequence[tuple[Bools, Bools]]) -> list[list[FoldCurve]]:
        tried = [(fold, shape) for shape in shapes for fold in folds]
        found = side_by_side(lambda at: fold_curve(stack, *at, job.settings.seed), tried, job.settings.workers)
        return [found[i * len(folds) : (i + 1) * len(folds)] for i in range(len(shapes))]

    shapes = Shape.candidates(job.settings, len(stack.row))
    last = job.folds[-2:]
    curves = run(shapes, last)
    at = min(range(len(shapes)), key=lambda i: best_rounds(curves[i])[0])
    whole = run(shapes[at : at + 1], job.folds[: -len(last)])[0] + curves[at]
    return replace(shapes[at], rounds=best_rounds(whole)[1]), whole


def _boosted_margins(stack: Stack, job: Job, curves: Sequence[FoldCurve], rounds: int) -> Floats:
    """Out-of-fold boosted margins in the order of :class:`Held`."""
    place = np.full(job.rows.y.shape, -1, dtype=np.int64)
    place[stack.row, stack.horizon] = np.arange(len(stack.row))
    parts = [
        curve.predict(stack.values[place[test][job.rows.known[test]]], rounds, job.settings.workers)
        for curve, (_, test) in zip(curves, job.folds, strict=True)
    ]
    return np.concatenate(parts)
