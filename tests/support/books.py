"""Made-up books for the learner: accounts with a known monthly hazard, seen at monthly cutoffs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from churnkit.learning import Rows
from churnkit.timeline import DAY, Span

MONTH = 30 * DAY


@dataclass(frozen=True)
class Made:
    """Labelled rows and the truth behind them: P(leave within each horizon), [n, H]."""

    rows: Rows
    truth: np.ndarray


def flat(accounts: int = 600, *, level: float = -2.0, features: int = 6, seed: int = 0, mixed: bool = False) -> Made:
    """One row per account, one horizon; log-odds are linear, or with an interaction (``mixed``)."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(accounts, features)).astype(np.float32)
    eta = level + 0.8 * X[:, 0] - 0.6 * X[:, 1]
    if mixed:
        eta = eta + 1.2 * X[:, 2] * X[:, 3]
    truth = expit(eta.astype(np.float64))[:, None]
    y = (rng.random((accounts, 1)) < truth).astype(np.int8)
    names = tuple(f"f{j}" for j in range(features))
    code = np.arange(accounts)
    return Made(Rows(X, y, (Span.of("90d"),), names, code, np.zeros(accounts, dtype=np.int64)), truth)


def monthly(accounts: int = 400, *, cutoffs: int = 10, level: float = -3.4, features: int = 8, seed: int = 0) -> Made:
    """Rows per account and month, horizons of one, two and three months, the last ones not known yet."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(accounts, 1, features))
    X = 0.8 * own + 0.6 * rng.normal(size=(accounts, cutoffs, features))
    eta = level + 0.8 * X[..., 0] - 0.5 * X[..., 1] + 0.8 * X[..., 2] * X[..., 3]
    # A category that does not change, and what is not always measured.
    X[..., 5] = rng.integers(0, 4, (accounts, 1))
    X[..., 6] = np.where(rng.random((accounts, cutoffs)) < 0.2, np.nan, np.exp(X[..., 6]))
    goes = rng.random((accounts, cutoffs)) < expit(eta)
    month = np.where(goes.any(axis=1), goes.argmax(axis=1), cutoffs + 9)
    account, at = np.nonzero(np.arange(cutoffs) <= month[:, None])
    within = np.array([1, 2, 3])
    left = (month[account][:, None] < at[:, None] + within).astype(np.int8)
    y = np.where(at[:, None] + within <= cutoffs, left, -1).astype(np.int8)
    names = tuple(f"f{j}" for j in range(features))
    horizons = tuple(Span.of(30 * int(h)) for h in within)
    rows = Rows(X[account, at].astype(np.float32), y, horizons, names, account, at * MONTH, categorical=(5,))
    return Made(rows, expit(eta)[account, at])


@dataclass(frozen=True)
class Fold:
    """Rows that teach and rows that judge."""

    train: np.ndarray
    test: np.ndarray


def forward(rows: Rows, starts: tuple[int, ...] = (4, 6)) -> list[Fold]:
    """Time-forward folds: learn from cutoffs a whole longest horizon before two months that judge."""
    month = np.asarray(rows.cutoff) // MONTH
    return [Fold(month <= start - 3, (month >= start) & (month < start + 2)) for start in starts]
