"""A small blend learnt from made-up rows, with trees, a logistic part, a calibration and three horizons."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from churnkit import features as f
from churnkit.features import FeatureMatrix, FeatureSet
from churnkit.learning import LearnerSettings, Rows, fit_blend
from churnkit.timeline import DAY, Span, moment

HORIZONS = tuple(Span.of(h) for h in ("30d", "60d", "90d"))
FEATURES = FeatureSet(
    [
        f.days_since("login"),
        f.total("purchase", "30d"),
        f.count("login", "30d"),
        f.count("ticket_opened", "90d"),
        f.latest("nps"),
        f.attribute("industry", categories=("health", "retail", "school", "trade")),
    ]
)
NOW, THEN = moment("2026-06-01"), moment("2026-05-02")


def rows(n=1500, seed=0):
    """Features (missing values, a heavy tail, a category's position in the last column) and nested answers."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, len(FEATURES))).astype(np.float32)
    X[:, 1] = np.expm1(np.abs(X[:, 1]) * 3)
    X[:, -1] = rng.integers(0, 4, n)
    X[rng.random(X.shape) < 0.1] = np.nan
    z = np.nan_to_num(X)
    lean = 1.5 * z[:, 0] - 0.4 * np.log1p(z[:, 1]) + 2 * (z[:, 2] > 0.3) * (z[:, 3] > 0) + (z[:, -1] == 2) - 2
    when = rng.exponential(np.exp(-lean) * 40)
    return X, np.stack([when < h.days for h in HORIZONS], axis=1).astype(np.int8)


def matrix(X, cutoff=NOW):
    """Rows as a matrix at one moment."""
    n = len(X)
    return FeatureMatrix(X, FEATURES, np.arange(n, dtype=np.int32), np.full(n, cutoff), {})


@lru_cache
def blend(weight=0.6):
    """A boosted blend whose weight and calibration are set by hand; at weight 0 it has no trees."""
    X, y = rows()
    n = len(X)
    given = Rows(
        X=X,
        y=y,
        horizons=HORIZONS,
        names=FEATURES.names,
        account=np.arange(n) // 3,
        cutoff=(np.arange(n) % 3).astype(np.int64) * 30 * DAY,
        categorical=(len(FEATURES) - 1,),
    )
    fitted = fit_blend(given, settings=LearnerSettings(bags=2, trees=60))
    assert fitted.boosters, "the made-up rows are meant to need trees"
    calibration = replace(fitted.calibration, slope=0.9, intercept=-0.2)
    return replace(fitted, weight=weight, boosters=fitted.boosters if weight else (), calibration=calibration)
