"""The doubly robust estimate of what a contact does, role by role and kind by kind, cross-fitted by account.

For a call in role r the pseudo-outcome of a decision is

    G_r = (1 - A)(Y - m) / (1 - e) - 1{A, R = r}(Y - m) / (e q_r),

with Y leaving, A contact, R its role, e and q_r their propensities, and m = E[Y | X] over all decisions, learnt
from other accounts. Its mean given X is p0 - p_r whatever m is, where the propensities are right; the nearer m to
the truth, the less it varies (Robins, Rotnitzky and Zhao 1994, JASA 89; cross-fitting after Chernozhukov et al.
2018, Econometrics J. 21; one m for both arms after Nie and Wager 2021, Biometrika 108). The share of leavers kept
in a cell is the regression of G_r on p0 times how likely each kind is, weighted by the inverse of its variance; p0 is
what m would be had nobody been called (:mod:`churnkit.contact.uncalled`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from churnkit.contact.held_out import FOLDS, boosted, fold_of, logistic, stacked
from churnkit.contact.roles import one_kind
from churnkit.contact.signs import KINDS
from churnkit.contact.trial import OBSERVATIONAL
from churnkit.contact.uncalled import expected_calls, leaned, narrower, uncalled
from churnkit.tables import ROLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.trial import Trial

    Floats = NDArray[np.float64]

LEAST, MOST = 0.002, 0.9
"""Between these the outcome model's probabilities are held."""
OVERLAP = (0.02, 0.98)
"""Estimated propensities outside have no counterpart in the data; such decisions are left out and counted."""
BIAS = 0.25
"""Standard deviation of the bias that judgement may leave in an observational share kept: whoever is called worries
somebody for reasons that no table holds. A judgement, of the size of the effects themselves."""
LEAST_APART = 0.25
"""A comparison of sides that were nearer to each other is not blown up further."""
RIDGE, UNTOLD = 1e-7, 1.0
"""Keeps the regression solvable where kinds always go together; and the standard deviation, in shares of leavers, of
what it cannot tell apart then."""
LEAST_HELD = 0.5
"""Of a kind that all calls of a role together hold less of, in accounts, they tell nothing."""
ROUNDS = 12
"""p0 and the shares follow from each other; so often, going half the way each time, they are brought together."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Shares of leavers kept, as the trial alone has them.

    Attributes
    ----------
    share
        float64 [cells] (roles x kinds, row by row); NaN where there were no contacts.
    covariance
        float64 [cells, cells].
    contacts, leavers
        Of every cell: contacts, and how many of those contacted left.
    expected
        Leavers that there would have been among them without a contact.
    pooled, pooled_error
        The mean share kept over all calls as they were made, and its standard error (accounts as clusters; of
        judgement with ``BIAS``).
    left_out
        Decisions without overlap.
    apart
        How many calls those called and those not called were apart, later calls counted by the time left to them:
        1 where nobody was called later, or all alike. Shares and errors are already divided by it.
    """

    share: Floats
    covariance: Floats
    contacts: NDArray[np.int64]
    leavers: NDArray[np.int64]
    expected: Floats
    pooled: float
    pooled_error: float
    left_out: int
    apart: float = 1.0


def estimate(trial: Trial) -> Estimate:
    """Estimate the share kept in every cell."""
    outcome = outcome_of(trial)
    with threadpool_limits(1):
        e = _completed(trial) if trial.rung != OBSERVATIONAL else _propensities(trial)
    overlap = np.ones(len(trial), dtype=np.bool_)
    if trial.rung == OBSERVATIONAL:
        overlap = (e > OVERLAP[0]) & (e < OVERLAP[1])
        e = np.clip(e, *OVERLAP)
    return from_nuisances(trial, outcome, e, overlap)


def outcome_of(trial: Trial) -> Floats:
    """Give m, P(leave) of every row from models that have not seen its account: of covariates, and of signs."""
    by_covariates = boosted(trial.X, trial.left, trial.account)
    if trial.known is None:
        return by_covariates
    with threadpool_limits(1):
        return stacked(logistic(trial.known, trial.left, trial.account), by_covariates, trial.left)


def from_nuisances(trial: Trial, outcome: Floats, propensity: Floats, overlap: NDArray[np.bool_]) -> Estimate:
    """Estimate from an outcome model m and propensities e, float64 [n] each."""
    m = np.clip(outcome, LEAST, MOST)
    kinds, left_out = _kinds(trial), int((~overlap).sum())
    m, e, kinds = m[overlap], propensity[overlap], kinds[overlap]
    trial = trial.only(overlap)
    calls = expected_calls(e, trial.contact, trial.later)
    first = _fitted(trial, m, m, e, kinds)
    share = np.full(len(m), first.pooled / (1.0 + max(calls.mean() * first.pooled, -0.5)))
    for _ in range(ROUNDS):
        found = _fitted(trial, m, uncalled(m, calls, share), e, kinds)
        cells, own = leaned(found.share, np.diag(found.covariance), found.pooled)
        share = (share + _mixed(trial, kinds, cells, found.pooled)) / 2
    p0 = uncalled(m, calls, share)
    found = _fitted(trial, m, p0, e, kinds)
    contacts, leavers, expected = _counts(trial, p0, kinds)
    common = float(np.average(calls, weights=e * p0))
    sure = narrower(cells, own, common * np.repeat(_in_role(trial, e), len(KINDS)))
    covariance = found.covariance * np.outer(sure, sure)
    bias = (BIAS / found.apart) ** 2 if trial.rung == OBSERVATIONAL else 0.0
    covariance = covariance + bias
    error = found.pooled_error * float(narrower(np.array(found.pooled), np.ones(()), common))
    error = float(np.sqrt(error**2 + bias))
    return Estimate(found.share, covariance, contacts, leavers, expected, found.pooled, error, left_out, found.apart)


@dataclass(frozen=True, eq=False)
class _Fit:
    """Shares given p0, as :class:`Estimate` has them."""

    share: Floats
    covariance: Floats
    pooled: float
    pooled_error: float
    apart: float


def _fitted(trial: Trial, m: Floats, p0: Floats, e: Floats, kinds: Floats) -> _Fit:
    """Regress on p0 times kinds."""
    size = len(ROLES) * len(KINDS)
    share, covariance = np.full(size, np.nan), np.full((size, size), np.nan)
    some = [r for r in range(len(ROLES)) if (trial.contact & (trial.role == r)).any()]
    fits = [_Regression(trial, m, p0, e, kinds, role=r) for r in some]
    for one in fits:
        share[one.cells] = one.share
        for two in fits:
            covariance[np.ix_(one.cells, two.cells)] = one.covariance(two)
    pooled, error, clustered = _pooled(trial, m, p0, e)
    apart = _apart(trial, m, p0, e)
    return _Fit(share / apart, covariance * clustered / apart**2, pooled / apart, error / apart, apart)


def _in_role(trial: Trial, e: Floats) -> Floats:
    """Give for each role how likely it was, on the mean over the calls made in it."""
    q = np.nan_to_num(trial.role_propensity)
    below = e @ q
    return np.divide(e @ q**2, below, out=np.zeros(len(ROLES)), where=below > 0)


def _mixed(trial: Trial, kinds: Floats, cells: Floats, pooled: float) -> Floats:
    """Give every row the share that a call keeps of its kinds, in the roles that it may be made in, float64 [n]."""
    if not np.isfinite(trial.role_propensity).all():
        return np.full(len(trial), pooled)
    by_role = kinds @ cells.reshape(len(ROLES), len(KINDS)).T
    return np.asarray((by_role * trial.role_propensity).sum(axis=1))


def _apart(trial: Trial, m: Floats, p0: Floats, e: Floats) -> float:
    """Tell how many calls the two sides were apart, rows weighing as in the pooled estimate."""
    if trial.later is None:
        return 1.0
    weight = e * p0**2 / (m * (1 - m))
    more = np.where(trial.contact, trial.later / e, -trial.later / (1 - e))
    return float(np.clip(1.0 + (weight * more).sum() / weight.sum(), LEAST_APART, 1.0))


def _kinds(trial: Trial) -> Floats:
    """Give how likely each kind is on every row, [n, kinds]."""
    return one_kind(trial.kind) if trial.kinds is None else trial.kinds


def _counts(trial: Trial, p0: Floats, kinds: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Count contacts, leavers and expected leavers of every cell, each row under its likeliest kind."""
    mine = trial.contact & (trial.role >= 0)
    cell = trial.role[mine].astype(np.int64) * len(KINDS) + kinds[mine].argmax(axis=1)
    size = len(ROLES) * len(KINDS)
    left, expected = (np.bincount(cell, x[mine], minlength=size).astype(np.float64) for x in (trial.left, p0))
    return np.bincount(cell, minlength=size).astype(np.int64), np.rint(left).astype(np.int64), expected


class _Regression:
    """Of one role: the pseudo-outcomes regressed on p0 x kinds, each row weighted by the inverse of its variance.

    Attributes
    ----------
    cells, share
        The cells that have any weight, and their coefficients.
    """

    def __init__(self, trial: Trial, m: Floats, p0: Floats, e: Floats, kinds: Floats, *, role: int) -> None:
        self.m, self.e, self.eq = m, e, e * trial.role_propensity[:, role]
        off, contact = trial.left - m, trial.contact
        called = contact & (trial.role == role)
        g = np.where(contact, 0.0, off / (1 - self.e))
        g[called] -= off[called] / self.eq[called]
        self.role, weight = role, self.eq * p0 / (m * (1 - m))
        held = kinds[called].sum(axis=0)
        there = held >= min(LEAST_HELD, held.max())
        self.cells = role * len(KINDS) + np.flatnonzero(there)
        mix = kinds[:, there]
        self.lean = mix * weight[:, None]
        normal = (mix * (weight * p0)[:, None]).T @ mix
        self.inverse = np.linalg.inv(normal + RIDGE * np.trace(normal) / len(normal) * np.eye(len(normal)))
        blind = np.eye(len(normal)) - self.inverse @ normal
        self.untold = UNTOLD**2 * blind @ blind.T
        self.share = self.inverse @ (self.lean.T @ g)

    def covariance(self, other: _Regression) -> Floats:
        """With another role: the controls are common to them; the called ones are not."""
        called = 1 / np.where(self.eq > 0, self.eq, np.inf) if self.role == other.role else 0.0
        noise = self.m * (1 - self.m) * (1 / (1 - self.e) + called)
        told = self.inverse @ ((self.lean * noise[:, None]).T @ other.lean) @ other.inverse.T
        return np.asarray(told + self.untold if self is other else told)


def _pooled(trial: Trial, m: Floats, p0: Floats, e: Floats) -> tuple[float, float, float]:
    """Give the mean share kept, its error with accounts as clusters, and how much that raises the variance."""
    off = trial.left - m
    g = np.where(trial.contact, -off / e, off / (1 - e))
    weight = e * p0 / (m * (1 - m))
    below = (weight * p0).sum()
    share = float((weight * g).sum() / below)
    influence = np.bincount(trial.account, weight * (g - share * p0))
    clustered = float((influence**2).sum()) / below**2
    plain = float((weight**2 * m * (1 - m) * (1 / e + 1 / (1 - e))).sum()) / below**2
    return share, float(np.sqrt(clustered)), max(1.0, clustered / plain)


def _completed(trial: Trial) -> Floats:
    """Fill in propensities that controls lack, as a function of the covariates of those who were drawn.

    Drawn accounts are weighted by 1 / e, since those of high propensity are drawn more often.
    """
    e, known = trial.propensity.copy(), np.isfinite(trial.propensity)
    if known.all():
        return e
    drawn = known & trial.contact
    model = HistGradientBoostingRegressor(max_iter=60, max_leaf_nodes=8, early_stopping=False, random_state=0)
    model.fit(trial.X[drawn], e[drawn], sample_weight=1 / e[drawn])
    low, high = e[drawn].min(), e[drawn].max()
    e[~known] = np.clip(model.predict(trial.X[~known]), low, high)
    return e


def _propensities(trial: Trial) -> Floats:
    """Estimate P(contacted) of every row from other accounts: logistic, on all covariates."""
    out = np.full(len(trial), trial.contact.mean())
    fold = fold_of(trial.account)
    X = np.nan_to_num(trial.X.astype(np.float64), posinf=np.nan, neginf=np.nan, nan=np.nan)
    for number in range(FOLDS):
        test, train = fold == number, fold != number
        if test.any() and 0 < trial.contact[train].sum() < train.sum():
            model = make_pipeline(
                SimpleImputer(strategy="median", keep_empty_features=True),
                StandardScaler(),
                LogisticRegression(C=0.05, max_iter=300),
            )
            out[test] = model.fit(X[train], trial.contact[train]).predict_proba(X[test])[:, 1]
    return out
