"""The logistic part: one slope per column for all horizons, one intercept per horizon that never falls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.special import expit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.learning.columns import Columns
    from churnkit.learning.rows import Bools, Floats, Floats32, Ints

ANCHOR = 1e-3
"""Prior precision of the first intercept and of each step to the next horizon: keeps a horizon without any leave
finite, weighs nothing beside one event."""

BLOCK = 4096
"""Rows transformed at once when scoring."""


@dataclass(frozen=True, eq=False)
class Linear:
    """A fitted logistic part.

    The margin is ``steps[h] + sum_j coef[j] * (z[j] - center[j])``, z the columns of one row.

    Parameters
    ----------
    columns
        How features become columns; each column is made of one feature.
    center : float64 [k]
        Training mean of each column.
    coef : float64 [k]
        Log-odds per unit of a column.
    steps : float64 [H]
        Intercept of each horizon, not falling.
    """

    columns: Columns
    center: Floats
    coef: Floats
    steps: Floats

    @property
    def feature_of(self) -> NDArray[np.int32]:
        """The feature that each column is made of, int32 [k]."""
        return self.columns.feature

    def design(self, X: Floats32) -> Floats:
        """Transform features to columns, float64 [n, k]."""
        return self.columns.design(X)

    def slope_part(self, X: Floats32, *directions: Floats) -> tuple[Floats, Floats]:
        """Give the part of the margin that all horizons share, and its spread along given directions.

        Parameters
        ----------
        X : float32 [n, p]
        *directions : float64 [R, k]
            S sets of replicated deviations of ``coef``.

        Returns
        -------
        shared : float64 [n]
        variance : float64 [S, n]
            Mean square over the R directions of each set; 0 in an empty one.
        """
        shared, variance = np.zeros(len(X)), np.zeros((len(directions), len(X)))
        if not len(self.coef):
            return shared, variance
        for start in range(0, len(X), BLOCK):
            at = slice(start, start + BLOCK)
            z = self.columns.design(X[at]) - self.center
            # Summed along the row, not by BLAS: one row alone gives the same bits as among a million.
            shared[at] = np.add.reduce(z * self.coef, axis=1)
            for own, drawn in zip(variance, directions, strict=True):
                for direction in drawn:
                    own[at] += np.add.reduce(z * direction, axis=1) ** 2
                own[at] /= max(len(drawn), 1)
        return shared, variance

    def margin(self, X: Floats32) -> Floats:
        """Log-odds before calibration, float64 [n, H]."""
        return self.slope_part(X)[0][:, None] + self.steps


@dataclass(frozen=True, eq=False)
class LogisticTask:
    """One logistic problem: transformed rows, answers and weights.

    Parameters
    ----------
    Z : float32 or float64 [n, k]
        Sums are made in its own precision.
    center : float64 [k]
    y : float64 [n, H]
        Answers; read only where ``weight`` is positive.
    weight : float64 [n, H]
    sign : int8 [k]
        +1 or -1 where a coefficient may not have the other sign, else 0.
    """

    Z: Floats | Floats32
    center: Floats
    y: Floats
    weight: Floats
    sign: NDArray[np.int8]

    def part(self, rows: Bools) -> LogisticTask:
        """Take some of the rows."""
        return LogisticTask(self.Z[rows], self.center, self.y[rows], self.weight[rows], self.sign)

    def weighed(self, weight: Floats) -> LogisticTask:
        """Take other weights."""
        return LogisticTask(self.Z, self.center, self.y, weight, self.sign)

    def scores(self, coef: Floats, steps: Floats) -> Floats:
        """Margin of every row and horizon, float64 [n, H]."""
        shared = (self.Z @ coef.astype(self.Z.dtype)).astype(np.float64) - float(self.center @ coef)
        found: Floats = shared[:, None] + steps
        return found

    def value(self, coef: Floats, steps: Floats) -> tuple[float, Floats, Floats]:
        """Weighted log loss with its gradient by coefficient and by intercept (no penalty)."""
        eta = self.scores(coef, steps)
        loss = float(np.sum(self.weight * (np.logaddexp(0.0, eta) - self.y * eta)))
        residual = self.weight * (expit(eta) - self.y)
        by_row = residual.sum(axis=1)
        slope = (by_row.astype(self.Z.dtype) @ self.Z).astype(np.float64) - self.center * by_row.sum()
        return loss, slope, residual.sum(axis=0)

    def start(self) -> Floats:
        """Intercepts of the smoothed base rates, not falling, [H]."""
        rate = (np.sum(self.weight * self.y, axis=0) + 0.5) / (self.weight.sum(axis=0) + 1.0)
        seen = self.weight.sum(axis=0) > 0
        rate = np.maximum.accumulate(np.where(seen, rate, 0.0))
        rate = np.where(rate > 0, rate, rate[rate > 0].min() if (rate > 0).any() else 0.5)
        found: Floats = np.log(rate) - np.log1p(-rate)
        return found

    def curvature(self, steps: Floats, *, most: int = 20_000) -> Floats:
        """Hessian by coefficients at the base rate, [k, k]; read from at most ``most`` rows."""
        stride = max(1, len(self.Z) // most)
        rate = expit(steps)
        pull = (self.weight[::stride] * (rate * (1 - rate))).sum(axis=1) * stride
        return _gram(self.Z[::stride], self.center, pull)


def fit_path(task: LogisticTask, strengths: Sequence[float], *, precision: float = 1e-3) -> list[tuple[Floats, Floats]]:
    """Fit one logistic model per penalty, from the strongest to the weakest, each from the last one's solution.

    The penalty is ``strength / 2 * sum(coef**2)``; intercepts are free but may not fall with the horizon.

    Parameters
    ----------
    precision
        How near the optimum is near enough, in posterior standard deviations.

    Returns
    -------
    list of (coef, steps)
        In the order of ``strengths``.
    """
    k = task.Z.shape[1]
    anchor = task.start()
    gram = task.curvature(anchor) if k else np.zeros((0, 0))
    coef, steps = np.zeros(k), anchor
    found: dict[float, tuple[Floats, Floats]] = {}
    for strength in sorted(set(strengths), reverse=True):
        root = _coordinates(task, gram, strength)
        coef, steps = _fit(task, strength, (coef, steps), (anchor, root), precision)
        found[strength] = (coef, steps)
    return [found[strength] for strength in strengths]


def _coordinates(task: LogisticTask, gram: Floats, strength: float) -> Floats:
    """Lower factor of the penalised curvature; diagonal where a sign is bound, since a bound bears no mixing."""
    return np.diag(np.sqrt(np.diag(gram) + strength)) if task.sign.any() else _root(gram, strength)


def _fit(
    task: LogisticTask,
    strength: float,
    start: tuple[Floats, Floats],
    frame: tuple[Floats, Floats],
    precision: float,
) -> tuple[Floats, Floats]:
    """Minimise under L-BFGS-B in coordinates where the penalised curvature is near the identity."""
    (anchor, root), k = frame, len(start[0])
    rate = expit(anchor)
    unit = np.sqrt(np.maximum((task.weight * rate * (1 - rate)).sum(axis=0)[::-1].cumsum()[::-1], ANCHOR))

    def coefficients(u: Floats) -> Floats:
        solved: Floats = solve_triangular(root, u, trans="T", lower=True, check_finite=False) if k else u
        return solved

    def objective(theta: Floats) -> tuple[float, Floats]:
        coef, rises = coefficients(theta[:k]), theta[k:] / unit
        loss, slope, level = task.value(coef, np.cumsum(rises))
        astray = rises - np.diff(anchor, prepend=0.0)
        loss += 0.5 * strength * float(coef @ coef) + 0.5 * ANCHOR * float(astray @ astray)
        slope = slope + strength * coef
        inner = solve_triangular(root, slope, lower=True, check_finite=False) if k else slope
        return loss, np.concatenate([inner, (np.cumsum(level[::-1])[::-1] + ANCHOR * astray) / unit])

    coef, steps = start
    begin = np.concatenate([root.T @ coef, np.diff(steps, prepend=0.0) * unit])
    free = (None, None)
    bounds = [(0.0, None) if s > 0 else (None, 0.0) if s < 0 else free for s in task.sign]
    bounds += [free] + [(0.0, None)] * (len(steps) - 1)
    options = {"maxiter": 300, "maxfun": 600, "ftol": 1e-12, "gtol": precision}
    best = minimize(objective, begin, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return coefficients(best[:k]), np.cumsum(best[k:] / unit)


def _gram(Z: Floats | Floats32, center: Floats, pull: Floats) -> Floats:
    """Weighted second moments of centred columns, [k, k]; centred first, so that float32 loses little."""
    scaled = (Z - center.astype(Z.dtype)) * np.sqrt(pull).astype(Z.dtype)[:, None]
    found: Floats = (scaled.T @ scaled).astype(np.float64)
    return found


def _pull(task: LogisticTask, p: Floats) -> Floats:
    """How much each row bends the loss at probabilities [n, H], float64 [n]."""
    pull: Floats = (task.weight * p * (1 - p)).sum(axis=1)
    return pull


def _root(gram: Floats, strength: float) -> Floats:
    """Lower Cholesky factor of the penalised curvature; what float32 cannot tell from 0 is kept above it."""
    ridge = strength + 1e-5 * float(np.diag(gram).max(initial=0.0))
    factor: Floats = cholesky(gram + ridge * np.eye(len(gram)), lower=True) if len(gram) else gram
    return factor


def posterior_draws(task: LogisticTask, fitted: tuple[Floats, Floats], strength: float) -> Floats:
    """Draw deviations of the coefficients from their normal posterior, float64 [R, k].

    The prior is the wider of the penalty's and one under which all columns together move the log-odds by a
    standard deviation of 1: where evidence is thin, a strong penalty keeps the estimate near the base rate, but
    it is no knowledge that accounts are alike.

    Parameters
    ----------
    task
        With the weights under which its rows count as independent.
    fitted
        Coefficients and intercepts.
    strength
        Their penalty.

    References
    ----------
    MacKay (1992), The evidence framework applied to classification networks, Neural Computation 4, 720-736.
    """
    coef, steps = fitted
    if not len(coef):
        return np.zeros((0, 0))
    gram = _gram(task.Z, task.center, _pull(task, expit(task.scores(coef, steps))))
    roam = float(task.Z.var(axis=0, dtype=np.float64).sum())
    root = _root(gram, min(strength, max(roam, 1e-3)))
    normal = np.random.default_rng(0).standard_normal((len(coef), DRAWS))
    moved: Floats = solve_triangular(root, normal, trans="T", lower=True, check_finite=False).T
    # Six decimals are enough for a spread, and short in a file.
    return np.ascontiguousarray(np.round(moved, 6))


def redrawn(task: LogisticTask, people: Ints, fitted: tuple[Floats, Floats], strength: float) -> Floats:
    """Draw how the coefficients move when the same penalised fit learns from redrawn accounts, float64 [R, k].

    One Newton step from the fit under accounts weighted anew, each weight 1 on average with a standard deviation of
    1: snapshots of one account move together. What the penalty holds down hardly moves, however little is known of
    it; that is the difference from :func:`posterior_draws`.

    Parameters
    ----------
    task
        With the weights that it was fitted with.
    people : int64 [n]
        Accounts, numbered from 0.
    fitted
        Coefficients and intercepts.
    strength
        Their penalty.

    References
    ----------
    Kline and Santos (2012), A score based approach to wild bootstrap inference, Journal of Econometric Methods 1,
    23-41.
    """
    coef, steps = fitted
    if not len(coef):
        return np.zeros((0, 0))
    p = expit(task.scores(coef, steps))
    pull = _pull(task, p)
    # Around this mean a step of the coefficients leaves the intercepts where they are.
    middle = (task.Z.T @ pull.astype(task.Z.dtype)).astype(np.float64) / pull.sum()
    root = _root(_gram(task.Z, middle, pull), strength)
    weight = np.random.default_rng(1).standard_normal((DRAWS, int(people.max()) + 1))
    pushed = weight[:, people] * (task.weight * (task.y - p)).sum(axis=1)
    score = (pushed.astype(task.Z.dtype) @ task.Z).astype(np.float64) - pushed.sum(axis=1)[:, None] * middle
    moved: Floats = cho_solve((root, True), score.T, check_finite=False).T
    return np.ascontiguousarray(np.round(moved, 6))


DRAWS = 32
"""Draws of the coefficients: a row's spread is then known to about 12 %."""
