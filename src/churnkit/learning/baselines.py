"""What a manager already has, and what a data scientist has in an hour: the rivals of every evaluation."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, TypeAlias

import lightgbm as lgb
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from churnkit.learning.rows import Floats, Floats32


def recency_rule(days_since_last: Floats) -> Floats:
    """Rank by silence: the longer without a sign of life, the riskier; never seen is riskiest.

    Parameters
    ----------
    days_since_last : float [n]
        Days since the last activity; NaN where there is none.

    Returns
    -------
    float64 [n]
        Higher is riskier.
    """
    days = np.asarray(days_since_last, dtype=np.float64)
    longest = np.nanmax(days, initial=0.0)
    return np.where(np.isnan(days), longest + 1.0, days)


def value_sorted(value: Floats) -> Floats:
    """Rank by value: the largest account first, whatever its risk; an unknown value comes last."""
    value = np.asarray(value, dtype=np.float64)
    return np.where(np.isnan(value), np.nanmin(value, initial=0.0) - 1.0, value)


def last_score(score: Floats) -> Floats:
    """Rank by the last NPS: the unhappiest first; who never answered stands at the median of those who did."""
    score = np.asarray(score, dtype=np.float64)
    seen = score[~np.isnan(score)]
    middle = float(np.median(seen)) if len(seen) else 0.0
    return -np.where(np.isnan(score), middle, score)


Scorer: TypeAlias = "Callable[[Floats32], Floats]"
"""A fitted rival: features in, probabilities out."""


def plain_logistic(X: Floats32, y: NDArray[np.integer], *, categorical: tuple[int, ...] = ()) -> Scorer:
    """Fit scikit-learn's logistic regression as it comes, on standardised columns.

    Missing quantities take the median, categories one column per level.

    Parameters
    ----------
    X : float32 [n, p]
    y : int [n]
        1 left, 0 stayed.

    Returns
    -------
    callable
        Gives probabilities, float64 [m], for rows [m, p]; the base rate where y has one class alone.
    """
    if len(np.unique(y)) < 2:
        return _constant(y)
    lively = [j for j in range(X.shape[1]) if not np.isnan(X[:, j]).all()]
    groups = [
        (
            "amounts",
            make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
            [j for j in lively if j not in categorical],
        ),
        ("levels", OneHotEncoder(handle_unknown="ignore"), [j for j in lively if j in categorical]),
    ]
    model = make_pipeline(ColumnTransformer(groups), LogisticRegression(max_iter=300))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(_finite(X), y)
    return lambda later: model.predict_proba(_finite(later))[:, 1]


def plain_lightgbm(
    X: Floats32, y: NDArray[np.integer], *, categorical: tuple[int, ...] = (), threads: int = 1
) -> Scorer:
    """Fit LightGBM with its defaults (100 trees of 31 leaves).

    Returns
    -------
    callable
        Gives probabilities, float64 [m], for rows [m, p]; the base rate where y has one class alone.
    """
    if len(np.unique(y)) < 2:
        return _constant(y)
    parameters = {"objective": "binary", "verbosity": -1, "num_threads": threads, "seed": 0}
    # Without a forced layout LightGBM times both and takes the quicker one: another run, another model.
    parameters |= {"deterministic": True, "force_col_wise": True}
    # LightGBM wants categories as whole numbers from 0 and reads a negative one as missing.
    data = lgb.Dataset(_filled(X, categorical), label=y, categorical_feature=list(categorical), params=parameters)
    booster = lgb.train(parameters, data, num_boost_round=100)
    return lambda later: booster.predict(_filled(later, categorical), num_threads=threads)


def _constant(y: NDArray[np.integer]) -> Scorer:
    rate = float(np.mean(y))
    return lambda later: np.full(len(later), rate)


def _filled(X: Floats32, categorical: tuple[int, ...]) -> Floats32:
    X = X.copy()
    for j in categorical:
        X[np.isnan(X[:, j]), j] = -1
    return X


def _finite(X: Floats32) -> Floats:
    """Infinite values at the ends of float32, so that a scaler can take them."""
    return np.clip(np.asarray(X, dtype=np.float64), -1e6, 1e6)
