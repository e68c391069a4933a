"""Metrics against scikit-learn, hand values, published figures and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression

from churnkit.learning import metrics as m


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(0)
    score = np.round(rng.normal(size=1200), 1)  # ties
    y = (rng.random(1200) < 1 / (1 + np.exp(2 - score))).astype(int)
    return y, score, rng.integers(0, 4, 1200).astype(float)


SKLEARN = [
    (m.auc, sk.roc_auc_score, False),
    (m.average_precision, sk.average_precision_score, False),
    (m.log_loss, sk.log_loss, True),
    (m.brier, sk.brier_score_loss, True),
]


@pytest.mark.parametrize(("ours", "theirs", "probability"), SKLEARN)
@pytest.mark.parametrize("weighted", [False, True])
def test_equal_to_sklearn(drawn, ours, theirs, probability, weighted):
    y, score, weight = drawn
    given = 1 / (1 + np.exp(2 - score)) if probability else score
    w = weight if weighted else None
    assert float(ours(y, given, w)) == pytest.approx(theirs(y, given, sample_weight=w), abs=1e-12)


def test_calibration_line_equals_a_logistic_regression(drawn):
    y, score, weight = drawn
    fitted = LogisticRegression(C=1e9, tol=1e-10).fit(score[:, None], y, sample_weight=weight)
    intercept, slope = m.calibration_line(y, score, weight)
    assert float(slope) == pytest.approx(fitted.coef_[0, 0], abs=1e-4)
    assert float(intercept) == pytest.approx(fitted.intercept_[0], abs=1e-4)


def test_a_block_of_replicates_equals_a_loop(drawn):
    y, score, _ = drawn
    block = np.random.default_rng(1).integers(0, 3, (5, len(y))).astype(float)
    p = 1 / (1 + np.exp(2 - score))
    measures = [
        lambda w: m.auc(y, score, w),
        lambda w: m.average_precision(y, score, w),
        lambda w: m.log_loss(y, p, w),
        lambda w: m.calibration_line(y, score, w)[1],
        lambda w: m.calibration_error(y, p, w),
        lambda w: m.lift_at(y, score, 100, w),
        lambda w: m.recall_at(y, score, 100, w),
        lambda w: m.value_at(y, score, 100, w, value=1 + np.abs(score)),
        lambda w: m.empc(y, score, w),
    ]
    for measure in measures:
        assert measure(block) == pytest.approx([float(measure(w)) for w in block], abs=1e-9)


def test_lists_by_hand():
    y = np.array([1, 0, 1, 0, 0])
    score = np.array([0.9, 0.8, 0.5, 0.5, 0.1])
    value = np.array([10.0, 99.0, 30.0, 99.0, 99.0])
    assert m.found_at(y, score, 2) == 1
    assert m.found_at(y, score, 3) == 1.5  # two rows tie for the third place: half of each
    assert m.precision_at(y, score, 2) == 0.5
    assert m.recall_at(y, score, 2) == 0.5
    assert m.lift_at(y, score, 2) == 0.5 / 0.4
    assert m.value_at(y, score, 2, value=value) == 0.25
    assert m.precision_at(y, score, 50) == 0.4  # a list longer than the book is the book


def test_calibration_error_by_hand():
    y = np.array([0, 1, 1, 1])
    p = np.array([0.1, 0.3, 0.8, 0.6])
    # Two groups of two: promised 0.2 seen 0.5, promised 0.7 seen 1.
    assert float(m.calibration_error(y, p, groups=2)) == pytest.approx(0.3)


def test_undefined_is_not_a_number():
    score = np.array([0.1, 0.2])
    nobody = np.zeros(2, int)
    for figure in (m.auc, m.average_precision):
        assert np.isnan(figure(nobody, score))
    assert np.isnan(m.lift_at(nobody, score, 1))
    assert np.isnan(m.calibration_line(nobody, score)[1])
    assert m.empc(nobody, score) == 0


def test_empc_equals_the_published_figure():
    # Documentation of empulse (Rahman 2024), empc_score, at the parameters of Verbraken et al. (2013).
    y = np.array([0, 1, 0, 1, 0, 1, 0, 1])
    score = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9])
    assert float(m.empc(y, score)) == pytest.approx(23.875593418348124, abs=1e-9)


def test_empc_equals_the_integral(drawn):
    y, score, _ = drawn
    campaign = m.Campaign(value=150, incentive=20, contact=3, accepts=(3.0, 7.0))
    gamma = (np.arange(20_000) + 0.5) / 20_000
    cuts = np.unique(score)[::-1]
    left = np.array([0] + [y[score >= c].sum() for c in cuts]) / len(y)
    stayed = np.array([0] + [(1 - y)[score >= c].sum() for c in cuts]) / len(y)
    profit = (gamma[:, None] * (150 - 20) - 3) * left - (20 + 3) * stayed
    integral = np.mean(profit.max(axis=1) * beta.pdf(gamma, 3, 7))
    assert float(m.empc(y, score, campaign=campaign)) == pytest.approx(integral, rel=1e-5)
