"""Held out: P(leave) of every row by models that have not seen its account, and how much two of them weigh."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FOLDS = 3
STRENGTH = 0.1
"""Inverse of the penalty on squared coefficients of a logistic regression, its columns being standardised."""
_LEAST_LEAVERS = 10
"""With fewer leavers to learn from, everybody has the mean."""
_INSIDE = (1e-4, 1 - 1e-4)


def boosted(X: Floats, y: Floats, account: NDArray[np.int32]) -> Floats:
    """Give P(y) for every row [n, columns] from trees that have not seen its account."""
    out = np.full(len(y), y.mean())
    fold = fold_of(account)
    for number in range(FOLDS):
        test, train = fold == number, fold != number
        if not test.any():
            continue
        enough = bool(train.any()) and min(y[train].sum(), (1 - y[train]).sum()) >= _LEAST_LEAVERS
        enough = enough and bool(_varies(X[train]).any())
        if enough:
            with threadpool_limits(1):  # small fits: threads waiting for a busy neighbour cost more than they give
                told = _varies(X[train])
                out[test] = _booster().fit(X[train][:, told], y[train]).predict_proba(X[test][:, told])[:, 1]
        elif train.any():
            out[test] = y[train].mean()
    return out


def _varies(X: Floats) -> NDArray[np.bool_]:
    """Mark the columns with at least two values; one that is missing throughout cannot be cut into bins."""
    low, high = (np.where(np.isnan(X), fill, X) for fill in (np.inf, -np.inf))
    return np.asarray(low.min(axis=0) < high.max(axis=0))


def fold_of(account: NDArray[np.int32]) -> NDArray[np.int64]:
    """Divide accounts into folds, by a seeded shuffle."""
    names, at = np.unique(account, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(names))
    return np.asarray(order[at] % FOLDS)


def _booster() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.08,
        max_leaf_nodes=8,
        min_samples_leaf=40,
        l2_regularization=5.0,
        max_bins=63,
        early_stopping=False,
        random_state=0,
    )


def fitted(known: Floats, left: Floats) -> tuple[float, Floats]:
    """Give intercept and coefficients of the facts; those that never vary have none."""
    mean, spread = known.mean(axis=0), known.std(axis=0)
    varies = spread > 1e-9
    if not varies.any():
        return float(log_odds(left.mean())), np.zeros(known.shape[1])
    model = LogisticRegression(C=STRENGTH, max_iter=2_000, tol=1e-8)
    model.fit((known[:, varies] - mean[varies]) / spread[varies], left)
    out = np.zeros(known.shape[1])
    out[varies] = model.coef_[0] / spread[varies]
    return float(model.intercept_[0] - out @ mean), out


def logistic(known: Floats, left: Floats, account: NDArray[np.int32]) -> Floats:
    """Give P(leave) of every row from a regression that has not seen its account."""
    out, fold = np.full(len(left), left.mean()), fold_of(account)
    for number in np.unique(fold):
        test, train = fold == number, fold != number
        if 0 < left[train].sum() < train.sum():
            intercept, coefficients = fitted(known[train], left[train])
            out[test] = chance(intercept + known[test] @ coefficients)
    return out


def weights(one: Floats, other: Floats, left: Floats) -> tuple[float, float, float]:
    """Give a level, and by how much the log-odds of each of two held-out models [n] weigh beside it; none below 0."""
    both, kept = np.column_stack([log_odds(one), log_odds(other)]), [0, 1]
    if not 0 < left.sum() < len(left):
        return 0.0, 0.0, 1.0
    while kept:
        model = LogisticRegression(C=1e4, max_iter=2_000, tol=1e-8).fit(both[:, kept], left)
        found = model.coef_[0]
        if found.min() >= 0:
            out = np.zeros(2)
            out[kept] = found
            return float(model.intercept_[0]), float(out[0]), float(out[1])
        kept.remove(kept[int(found.argmin())])
    return float(log_odds(left.mean())), 0.0, 0.0


def stacked(one: Floats, other: Floats, left: Floats) -> Floats:
    """Give P(leave) of every row from two held-out models, weighed by how well they tell who left."""
    return mixed(weights(one, other, left), one, other)


def mixed(weighed: tuple[float, float, float], one: Floats, other: Floats) -> Floats:
    """Give P(leave) of every row from two models that weigh so much (:func:`weights`)."""
    level, first, second = weighed
    return chance(level + first * log_odds(one) + second * log_odds(other))


def log_odds(probability: Floats | float) -> Floats:
    """Give the log-odds, probabilities being held inside 0 and 1."""
    inside = np.clip(probability, *_INSIDE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def chance(odds: Floats) -> Floats:
    """Give the probability of log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-odds)))
