"""How good a ranking or a probability is, on plain arrays.

Every measure takes ``weight``: nothing (each row once), one weight per row, or a whole [R, n] block of
replicates, and gives one figure, or R of them. So a bootstrap is one call, not R.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import betaincc, expit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.learning.rows import Floats

Answers: TypeAlias = "NDArray[np.integer] | NDArray[np.bool_] | Floats"
Weight: TypeAlias = "Floats | None"

TINY = 1e-15
"""Probabilities are kept this far from 0 and 1 in a logarithm."""


def auc(y: Answers, score: Floats, weight: Weight = None) -> Floats:
    """Probability that a leaver is ranked above a stayer, ties counted half.

    Parameters
    ----------
    y : [n]
        1 left, 0 stayed.
    score : float [n]
        Higher is riskier.
    weight : float [n] or [R, n], optional

    Returns
    -------
    float64 [] or [R]
        NaN where there is no leaver or no stayer.

    References
    ----------
    Hanley and McNeil (1982), The meaning and use of the area under a ROC curve, Radiology 143, 29-36.
    """
    left, stayed = _by_score(y, score, weight)
    below = np.cumsum(stayed, axis=-1) - stayed / 2
    return _ratio((left * below).sum(axis=-1), left.sum(axis=-1) * stayed.sum(axis=-1))


def average_precision(y: Answers, score: Floats, weight: Weight = None) -> Floats:
    """Mean precision over the ranks of the leavers, without interpolation; tied rows count as one step.

    Returns
    -------
    float64 [] or [R]
        NaN without a leaver.
    """
    left, stayed = (part[..., ::-1] for part in _by_score(y, score, weight))
    found = np.cumsum(left, axis=-1)
    listed = found + np.cumsum(stayed, axis=-1)
    precision = np.divide(found, listed, out=np.zeros_like(found), where=listed > 0)
    return _ratio((left * precision).sum(axis=-1), left.sum(axis=-1))


def log_loss(y: Answers, probability: Floats, weight: Weight = None) -> Floats:
    """Mean of ``-log`` of the probability that was given to what happened (nats)."""
    p = np.clip(np.asarray(probability, dtype=np.float64), TINY, 1 - TINY)
    return _mean(-np.where(np.asarray(y) == 1, np.log(p), np.log1p(-p)), weight)


def brier(y: Answers, probability: Floats, weight: Weight = None) -> Floats:
    """Mean squared error of the probability (Brier 1950, Monthly Weather Review 78, 1-3)."""
    return _mean((np.asarray(probability, dtype=np.float64) - np.asarray(y)) ** 2, weight)


def calibration_line(y: Answers, log_odds: Floats, weight: Weight = None) -> tuple[Floats, Floats]:
    """Intercept and slope of the logistic regression of what happened on the log-odds given.

    Returns
    -------
    intercept, slope : float64 [] or [R]
        0 and 1 for a calibrated score; a slope below 1 says that the score is too sure of itself. NaN where one
        class is missing.

    References
    ----------
    Cox (1958), Two further applications of a model for binary regression, Biometrika 45, 562-565.
    """
    x, y = np.asarray(log_odds, dtype=np.float64), np.asarray(y, dtype=np.float64)
    w = _weights(weight, len(x))
    # From a slope of 0, where the curve is steepest, Newton's steps do not overshoot; from 1 they may.
    a, b = np.zeros(w.shape[:-1]), np.zeros(w.shape[:-1])
    if w.ndim > 1:  # replicates lie around the rows as they are: two steps from there are as good as six
        a, b = (start + np.nan_to_num(m) for start, m in zip((a, b), calibration_line(y, x), strict=True))
    for _ in range(30):
        p = expit(a[..., None] + b[..., None] * x)
        residual, curve = w * (y - p), w * p * (1 - p)
        g0, g1 = residual.sum(axis=-1), residual @ x
        h00, h01, h11 = curve.sum(axis=-1), curve @ x, curve @ x**2
        det = np.where((found := h00 * h11 - h01**2) > 1e-12, found, np.inf)
        da, db = (h11 * g0 - h01 * g1) / det, (h00 * g1 - h01 * g0) / det
        a, b = a + np.clip(da, -3, 3), b + np.clip(db, -3, 3)
        if max(np.abs(da).max(initial=0), np.abs(db).max(initial=0)) < 1e-10:
            break
    both = (w @ y > 0) & (w @ (1 - y) > 0)
    return np.where(both, a, np.nan), np.where(both, b, np.nan)


def calibration_error(y: Answers, probability: Floats, weight: Weight = None, *, groups: int = 10) -> Floats:
    """Mean distance of promised and seen rate over groups of equal size, ordered by probability.

    Returns
    -------
    float64 [] or [R]
        0 to 1, as a difference of rates. Never below its noise: compare with that of a calibrated score.
    """
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(y, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    w = _weights(weight, len(p))[..., order]
    starts = np.unique(np.arange(groups) * len(p) // groups)
    gap = np.add.reduceat(w * (p - y)[order], starts, axis=-1)
    return _ratio(np.abs(gap).sum(axis=-1), w.sum(axis=-1))


def found_at(y: Answers, score: Floats, k: float, weight: Weight = None, *, value: Floats | None = None) -> Floats:
    """Leavers (or their value) among the first k rows; rows that tie at the edge count in part.

    Parameters
    ----------
    k
        Capacity in rows. In a replicate, rows in weighted number.
    value : float [n], optional
        What each leaver counts for; 1 in silence.
    """
    y = np.asarray(y, dtype=np.float64)
    worth = y if value is None else y * np.asarray(value, dtype=np.float64)
    w = _weights(weight, len(y))
    groups, starts = _groups(score)
    mass = np.add.reduceat(w[..., groups], starts, axis=-1)[..., ::-1]
    gain = np.add.reduceat((w * worth)[..., groups], starts, axis=-1)[..., ::-1]
    before = np.cumsum(mass, axis=-1) - mass
    share = np.divide(np.clip(k - before, 0, mass), mass, out=np.zeros_like(mass), where=mass > 0)
    total: Floats = (gain * share).sum(axis=-1)
    return total


def precision_at(y: Answers, score: Floats, k: float, weight: Weight = None) -> Floats:
    """Share of leavers among the first k rows."""
    return _ratio(found_at(y, score, k, weight), np.minimum(k, _weights(weight, len(score)).sum(axis=-1)))


def recall_at(y: Answers, score: Floats, k: float, weight: Weight = None) -> Floats:
    """Share of all leavers that the first k rows hold; NaN without a leaver."""
    total = _weights(weight, len(score)) @ np.asarray(y, dtype=np.float64)
    return _ratio(found_at(y, score, k, weight), total)


def lift_at(y: Answers, score: Floats, k: float, weight: Weight = None) -> Floats:
    """How many times as many leavers as chance the first k rows hold; NaN without a leaver."""
    return _ratio(precision_at(y, score, k, weight), _mean(np.asarray(y, dtype=np.float64), weight))


def value_at(y: Answers, score: Floats, k: float, weight: Weight = None, *, value: Floats) -> Floats:
    """Share of the leavers' whole value that the first k rows hold; NaN where nothing of value left."""
    total = _weights(weight, len(score)) @ (np.asarray(y, dtype=np.float64) * value)
    return _ratio(found_at(y, score, k, weight, value=value), total)


@dataclass(frozen=True)
class Campaign:
    """What a retention campaign costs and brings; the defaults are the published ones.

    Parameters
    ----------
    value, incentive, contact
        Value of an account kept, cost of the incentive and of the contact, in one currency.
    accepts
        Parameters of the beta law of the probability that a leaver takes the incentive and stays (mean 0.3).
    """

    value: float = 200.0
    incentive: float = 10.0
    contact: float = 1.0
    accepts: tuple[float, float] = (6.0, 14.0)


def empc(y: Answers, score: Floats, weight: Weight = None, *, campaign: Campaign | None = None) -> Floats:
    """Expected maximum profit of a campaign, per account of the book.

    Each account above the best threshold is contacted; a leaver accepts the incentive and stays with a
    probability drawn from a beta law, a stayer takes the incentive.

    Returns
    -------
    float64 [] or [R]
        In the currency of the campaign; 0 for a list that is worth no contact.

    References
    ----------
    Verbraken, Verbeke and Baesens (2013), A novel profit maximizing metric for measuring classification
    performance of customer churn prediction models, IEEE Transactions on Knowledge and Data Engineering 25,
    961-973.
    """
    campaign = campaign or Campaign()
    left, stayed = (part[..., ::-1] for part in _by_score(y, score, weight))
    flat = (left.reshape(-1, left.shape[-1]), stayed.reshape(-1, stayed.shape[-1]))
    found = [_empc(a, b, campaign) for a, b in zip(*flat, strict=True)]
    profit: Floats = campaign.value * np.array(found).reshape(left.shape[:-1])
    return profit


def _empc(left: Floats, stayed: Floats, campaign: Campaign) -> float:
    """EMPC of one ranking in units of the account's value; riskiest first."""
    delta, phi = campaign.incentive / campaign.value, campaign.contact / campaign.value
    mass = left + stayed
    left, stayed, mass = left[mass > 0], stayed[mass > 0], mass[mass > 0]
    whole = mass.sum()
    if not len(mass) or left.sum() == 0:
        return 0.0
    # Pooling adjacent violators of the leave rate gives the upper convex hull of the ROC curve.
    blocks = isotonic_regression(left / mass, weights=mass, increasing=False).blocks[:-1]
    gained = np.add.reduceat(left, blocks) / whole
    spent = np.add.reduceat(stayed, blocks) / whole
    safe = np.where(gained > 0, gained, 1.0)
    # The acceptance from which on a segment is worth contacting.
    edge = np.where(gained > 0, (spent * (delta + phi) / safe + phi) / (1 - delta), np.inf)
    a, b = campaign.accepts
    edge = np.minimum(edge, 1.0)
    chance = betaincc(a, b, edge)
    mean = a / (a + b) * betaincc(a + 1, b, edge)
    return float(np.sum(gained * ((1 - delta) * mean - phi * chance) - spent * (delta + phi) * chance))


def _weights(weight: Weight, n: int) -> Floats:
    return np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)


def _mean(values: Floats, weight: Weight) -> Floats:
    w = _weights(weight, len(values))
    return _ratio(w @ values, w.sum(axis=-1))


def _ratio(above: Floats, below: Floats) -> Floats:
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    found: Floats = np.divide(above, below, out=np.full(np.broadcast(above, below).shape, np.nan), where=below != 0)
    return found


def _groups(score: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows from the lowest score to the highest, and where each run of tied rows begins."""
    score = np.asarray(score, dtype=np.float64)
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return order, starts


def _by_score(y: Answers, score: Floats, weight: Weight) -> tuple[Floats, Floats]:
    """Weight of leavers and of stayers at each distinct score, ascending, [.., distinct]."""
    y = np.asarray(y, dtype=np.float64)
    order, starts = _groups(score)
    w = _weights(weight, len(y))[..., order]
    left = np.add.reduceat(w * y[order], starts, axis=-1)
    stayed = np.add.reduceat(w * (1 - y[order]), starts, axis=-1)
    return left, stayed
