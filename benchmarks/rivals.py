"""Whom ``benchmarks/quality.py`` runs beside churnkit: what a data scientist has in an hour, as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np
import pandas as pd
from interpret.glassbox import ExplainableBoostingClassifier
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Callable

LOGISTIC, LIGHTGBM, BOOSTING, EBM, RECENCY = "logistic", "LightGBM", "HistGradientBoosting", "EBM", "recency rule"


def prepared(train: pd.DataFrame, later: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Texts as categories known from training; columns without two values there, which say nothing, left out."""
    train, later = train.copy(), later.copy()
    for name in train.columns:
        if not pd.api.types.is_numeric_dtype(train[name]):
            kinds = pd.CategoricalDtype(sorted(train[name].dropna().unique()))
            train[name] = train[name].astype(kinds)
            later[name] = later[name].astype(object).where(later[name].isin(kinds.categories)).astype(kinds)
    lively = [name for name in train.columns if train[name].nunique() > 1]
    return train[lively], later[lively]


def logistic(train: pd.DataFrame, y: np.ndarray, later: pd.DataFrame, seed: int) -> np.ndarray:
    """scikit-learn's logistic regression: medians for what is missing, standardised, one column per category."""
    levels = list(train.select_dtypes("category").columns)
    amounts = [name for name in train.columns if name not in levels]
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), levels),
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), amounts),
    )
    model = make_pipeline(columns, LogisticRegression(max_iter=1000, random_state=seed))
    return model.fit(train, y).predict_proba(later)[:, 1]


def lightgbm(train: pd.DataFrame, y: np.ndarray, later: pd.DataFrame, seed: int) -> np.ndarray:
    """LightGBM's defaults: 100 trees of 31 leaves."""
    return lgb.LGBMClassifier(verbosity=-1, n_jobs=1, random_state=seed).fit(train, y).predict_proba(later)[:, 1]


def boosting(train: pd.DataFrame, y: np.ndarray, later: pd.DataFrame, seed: int) -> np.ndarray:
    """scikit-learn's histogram boosting with its defaults."""
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=seed)
    # On one thread: two that wait for each other beside a busy neighbour cost ten times the seconds.
    with threadpool_limits(1):
        return model.fit(train, y).predict_proba(later)[:, 1]


def ebm(train: pd.DataFrame, y: np.ndarray, later: pd.DataFrame, seed: int) -> np.ndarray:
    """InterpretML's explainable boosting machine with its defaults (Nori and others 2019)."""
    model = ExplainableBoostingClassifier(random_state=seed, n_jobs=1)
    return model.fit(train.astype(_text(train)), y).predict_proba(later.astype(_text(later)))[:, 1]


def _text(frame: pd.DataFrame) -> dict[str, object]:
    return dict.fromkeys(frame.select_dtypes("category").columns, object)


def recency(train: pd.DataFrame, y: np.ndarray, later: pd.DataFrame, seed: int) -> np.ndarray:
    """Days of silence alone, and the probability that a logistic regression gives for them."""
    longest = float(np.nanmax(train.to_numpy(), initial=0.0))
    both = [np.log1p(part.fillna(longest).to_numpy()) for part in (train, later)]
    return LogisticRegression(random_state=seed).fit(both[0], y).predict_proba(both[1])[:, 1]


SAME_FEATURES: dict[str, Callable[..., np.ndarray]] = {LOGISTIC: logistic, LIGHTGBM: lightgbm, BOOSTING: boosting}
FLAT = SAME_FEATURES | {EBM: ebm}
