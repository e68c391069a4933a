"""Held-out models: a regression as scikit-learn has it, folds by account, and weights worked by hand."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from churnkit.contact.held_out import chance, fitted, fold_of, log_odds, logistic, stacked, weights


def told(*groups):
    """Groups of accounts (number, told by one, told by the other, share that leaves): both models, and who left."""
    one, other = (np.concatenate([np.full(g[0], g[k]) for g in groups]) for k in (1, 2))
    return one, other, np.concatenate([np.arange(n) < round(n * share) for n, *_, share in groups]).astype(float)


def test_log_odds_and_chance_undo_each_other():
    assert log_odds(np.array([0.5, 0.8, 0.25])) == pytest.approx(np.log([1.0, 4.0, 1 / 3]))
    assert chance(np.log([1.0, 4.0, 1 / 3])) == pytest.approx([0.5, 0.8, 0.25])
    p = np.linspace(0.001, 0.999, 40)
    assert chance(log_odds(p)) == pytest.approx(p)
    assert chance(log_odds(np.array([0.0, 1.0]))) == pytest.approx([1e-4, 1 - 1e-4])  # held inside


def test_the_truth_weighs_all_and_noise_nothing():
    random = np.random.default_rng(4)
    truth, noise = random.normal(-1.0, 1.5, 20_000), random.normal(-1.0, 1.5, 20_000)
    left = (random.random(20_000) < 1 / (1 + np.exp(-truth))).astype(float)
    level, one, other = weights(chance(truth), chance(noise), left)
    assert (level, one, other) == pytest.approx((0.0, 1.0, 0.0), abs=0.06)
    assert weights(chance(noise), chance(truth), left) == pytest.approx((level, other, one), abs=1e-6)


def test_weights_worked_by_hand():
    """Log-odds of 0 and ln 4 where a quarter and three quarters leave (-ln 3, ln 3): 2 ln 3 / ln 4 times, and -ln 3.

    The other says .2 and .8 of either half: it tells nothing.
    """
    groups = [(200, 0.5, 0.2, 0.25), (200, 0.5, 0.8, 0.25), (200, 0.8, 0.2, 0.75), (200, 0.8, 0.8, 0.75)]
    one, other, left = told(*groups)
    assert weights(one, other, left) == pytest.approx((-np.log(3), 2 * np.log(3) / np.log(4), 0.0), abs=1e-3)
    assert stacked(one, other, left) == pytest.approx(np.where(one == 0.5, 0.25, 0.75), abs=1e-3)


def test_two_that_each_tell_a_part_are_added():
    """Log-odds of -ln 2 and ln 2 from either; where both agree, those who leave are one in five and four in five."""
    groups = [(90, 1 / 3, 1 / 3, 0.2), (90, 1 / 3, 2 / 3, 0.5), (90, 2 / 3, 1 / 3, 0.5), (90, 2 / 3, 2 / 3, 0.8)]
    one, other, left = told(*groups)
    assert weights(one, other, left) == pytest.approx((0.0, 1.0, 1.0), abs=1e-3)
    assert stacked(one, other, left)[[0, 90, 180, 270]] == pytest.approx([0.2, 0.5, 0.5, 0.8], abs=1e-3)


def test_a_model_that_points_the_wrong_way_weighs_nothing():
    """Beside it the other stands alone: log-odds of -ln 4 and ln 4, of which 1 and 9 of ten leave, ln 9 / ln 4."""
    groups = [(100, 0.2, 0.7, 0.1), (100, 0.2, 0.6, 0.1), (100, 0.8, 0.3, 0.9), (100, 0.8, 0.6, 0.9)]
    one, wrong, left = told(*groups)
    alone = np.log(9) / np.log(4)
    level, first, second = weights(one, wrong, left)
    assert (level, first) == pytest.approx((0.0, alone), abs=1e-3)
    assert second == 0.0
    level, first, second = weights(wrong, one, left)
    assert (level, second) == pytest.approx((0.0, alone), abs=1e-3)
    assert first == 0.0


def test_where_neither_tells_anything_all_have_the_mean():
    """Both point the wrong way, a quarter leaves: -ln 3."""
    one, other, left = told((200, 0.7, 0.6, 0.1), (200, 0.2, 0.3, 0.4))
    level, first, second = weights(one, other, left)
    assert (first, second) == (0.0, 0.0)
    assert level == pytest.approx(-np.log(3))
    assert stacked(one, other, left) == pytest.approx(np.full(400, 0.25))


@pytest.mark.parametrize("left", [0.0, 1.0])
def test_where_all_did_the_same_the_second_stands_as_it_is(left):
    one, other = np.linspace(0.1, 0.9, 9), np.linspace(0.6, 0.2, 9)
    assert weights(one, other, np.full(9, left)) == (0.0, 0.0, 1.0)
    assert stacked(one, other, np.full(9, left)) == pytest.approx(other)


def facts(n=600, seed=2):
    """Facts of very different sizes, one of which never varies, and who left."""
    random = np.random.default_rng(seed)
    known = np.column_stack(
        [random.normal(5, 40, n), random.random(n) < 0.2, np.full(n, 3.0), random.normal(0, 0.01, n)]
    )
    odds = -1 + 0.03 * (known[:, 0] - 5) + 1.5 * known[:, 1] - 60 * known[:, 3]
    return known, (random.random(n) < 1 / (1 + np.exp(-odds))).astype(float)


def test_the_regression_is_that_of_scikit_learn_on_standardised_columns():
    known, left = facts()
    intercept, coefficients = fitted(known, left)
    varying = StandardScaler().fit(known[:, [0, 1, 3]])
    model = LogisticRegression(C=0.1, max_iter=5_000, tol=1e-10).fit(varying.transform(known[:, [0, 1, 3]]), left)
    assert coefficients[2] == 0.0
    assert coefficients[[0, 1, 3]] == pytest.approx(model.coef_[0] / varying.scale_, rel=1e-3)
    unseen, _ = facts(50, seed=9)
    expected = model.decision_function(varying.transform(unseen[:, [0, 1, 3]]))
    assert intercept + unseen @ coefficients == pytest.approx(expected, abs=1e-3)


def test_facts_that_never_vary_leave_the_mean():
    """One of four leaves: -ln 3."""
    intercept, coefficients = fitted(np.ones((8, 2)), np.array([1.0, 1, 0, 0, 0, 0, 0, 0]))
    assert intercept == pytest.approx(-np.log(3))
    assert coefficients.tolist() == [0.0, 0.0]


def test_the_regression_never_sees_the_account_it_tells_of():
    """An account always answers alike and has a column of its own, which only its own rows could make use of."""
    account = np.repeat(np.arange(60, dtype=np.int32), 20)
    left = np.random.default_rng(1).permutation(np.repeat([1.0, 0.0], 30))[account]
    own = np.eye(60)[account]
    _, coefficients = fitted(own, left)
    assert np.corrcoef(own @ coefficients, left)[0, 1] > 0.99
    found, fold = logistic(own, left, account), fold_of(account)
    for number in np.unique(fold):
        assert np.ptp(found[fold == number]) < 1e-9


def test_the_regression_of_a_fold_is_learnt_from_the_others():
    known, left = facts()
    account = np.random.default_rng(3).integers(0, 90, 600).astype(np.int32)
    found, fold = logistic(known, left, account), fold_of(account)
    assert len(np.unique(fold)) == 3
    for number in range(3):
        train, test = fold != number, fold == number
        varying = StandardScaler().fit(known[train])
        model = LogisticRegression(C=0.1, max_iter=5_000, tol=1e-10).fit(varying.transform(known[train]), left[train])
        expected = model.predict_proba(varying.transform(known[test]))[:, 1]
        assert found[test] == pytest.approx(expected, abs=1e-3)


def test_a_fold_beside_which_all_did_the_same_has_the_mean():
    """The only account that left is in one fold: there the others say nothing, and all rows have the mean."""
    account = np.arange(9, dtype=np.int32)
    left = (account == 4).astype(float)
    known = np.linspace(0, 1, 9)[:, None]
    found, fold = logistic(known, left, account), fold_of(account)
    assert found[fold == fold[4]] == pytest.approx(np.full(3, 1 / 9))
