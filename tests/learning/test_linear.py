"""The logistic part against scikit-learn, and the laws of its intercepts."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from churnkit.learning import Rows
from churnkit.learning.columns import Columns
from churnkit.learning.ladder import logistic_task
from churnkit.learning.linear import Linear, fit_path, posterior_draws, redrawn
from churnkit.learning.settings import LearnerSettings
from support.books import flat, monthly


def task_of(rows, **settings):
    columns = Columns.read(rows.X, rows.categorical)
    return columns, logistic_task(rows, columns, rows.pair_weight(np.ones(len(rows.y))), LearnerSettings(**settings))


@pytest.mark.parametrize("strength", [0.1, 10.0, 300.0])
def test_one_horizon_equals_sklearn(strength):
    rows = flat(800).rows
    _, task = task_of(rows)
    coef, steps = fit_path(task, [strength], precision=1e-5)[0]
    sklearn = LogisticRegression(C=1 / strength, tol=1e-9, max_iter=5000).fit(task.Z - task.center, rows.y[:, 0])
    assert coef == pytest.approx(sklearn.coef_[0], abs=2e-4)
    assert steps == pytest.approx(sklearn.intercept_, abs=2e-4)


def test_weights_equal_repeated_rows():
    rows = flat(300).rows
    _, task = task_of(rows)
    twice = task.weighed(2 * task.weight)
    coef = fit_path(twice, [2.0])[0][0]
    assert coef == pytest.approx(fit_path(task, [1.0])[0][0], abs=1e-3)


def test_a_path_ends_where_a_single_fit_ends():
    _, task = task_of(monthly(150).rows)
    path = fit_path(task, [256.0, 1.0, 16.0])
    assert path[1][0] == pytest.approx(fit_path(task, [1.0])[0][0], abs=2e-3)
    assert np.abs(path[0][0]).sum() < np.abs(path[2][0]).sum() < np.abs(path[1][0]).sum()


def test_intercepts_meet_each_horizons_rate():
    rows = monthly(300).rows
    _, task = task_of(rows)
    coef, steps = fit_path(task, [4.0])[0]
    p = 1 / (1 + np.exp(-task.scores(coef, steps)))
    for h in range(3):
        known = rows.known[:, h]
        assert p[known, h].mean() == pytest.approx((rows.y[known, h] == 1).mean(), abs=1e-3)


def test_intercepts_never_fall_even_where_the_data_do():
    rows = monthly(200).rows
    y = rows.y.copy()
    y[:, 2] = np.where(y[:, 2] == 1, 0, y[:, 2])  # nobody is seen to leave within the longest horizon
    _, task = task_of(rows)
    wrong = type(task)(task.Z, task.center, (y == 1).astype(float), task.weight, task.sign)
    steps = fit_path(wrong, [4.0])[0][1]
    assert (np.diff(steps) >= 0).all()


def test_a_horizon_never_seen_repeats_the_one_before():
    rows = monthly(200).rows
    weight = rows.pair_weight(np.ones(len(rows.y)))
    weight[:, 2] = 0
    _, task = task_of(rows)
    steps = fit_path(task.weighed(weight), [4.0])[0][1]
    assert steps[2] == pytest.approx(steps[1], abs=1e-6)


def test_a_declared_direction_binds():
    rows = flat(500).rows  # risk truly rises with f0
    columns, task = task_of(rows, monotone={"f0": -1})
    coef = fit_path(task, [1.0])[0][0]
    assert (coef[columns.feature == 0] <= 0).all()
    assert (coef[columns.feature == 1] != 0).any()


def test_margin_is_the_sum_of_its_columns():
    rows = monthly(100).rows
    columns, task = task_of(rows)
    linear = Linear(columns, task.center, *fit_path(task, [4.0])[0])
    by_hand = (linear.design(rows.X) - linear.center) @ linear.coef
    assert linear.margin(rows.X) == pytest.approx(by_hand[:, None] + linear.steps, abs=1e-12)


def test_posterior_spread_shrinks_with_the_square_root_of_evidence():
    few, many = (task_of(flat(n, level=0).rows)[1] for n in (400, 6_400))
    spread = [posterior_draws(t, fit_path(t, [0.1])[0], 0.1)[:, 0].std() for t in (few, many)]
    assert spread[0] / spread[1] == pytest.approx(4, rel=0.5)


def test_redrawn_coefficients_move_as_refits_on_redrawn_accounts_do():
    """Eight rows an account, all alike, so that only whole accounts teach: 150 true refits are the oracle."""
    few = flat(400, level=-0.5).rows
    times = np.tile(np.arange(400), 8)
    rows = Rows(few.X[times], few.y[times], few.horizons, few.names, few.account[times], np.zeros(3200, np.int64))
    _, task = task_of(rows)
    strength, rng = 40.0, np.random.default_rng(5)
    fitted = fit_path(task, [strength])[0]
    again = []
    for _ in range(150):
        weight = task.weight * np.bincount(rng.integers(0, 400, 400), minlength=400)[rows.people][:, None]
        again.append(fit_path(task.weighed(weight), [strength])[0][0])
    moved = redrawn(task, rows.people, fitted, strength)
    true, drawn = ((task.Z - task.center) @ (np.asarray(d) - np.mean(d, axis=0)).T for d in (again, moved))
    assert drawn.std(axis=1).mean() == pytest.approx(true.std(axis=1).mean(), rel=0.12)
    assert np.corrcoef(drawn.std(axis=1), true.std(axis=1))[0, 1] > 0.7


def test_what_the_penalty_holds_down_hardly_moves():
    rows = flat(400).rows
    _, task = task_of(rows)
    loose, held = (redrawn(task, rows.people, fit_path(task, [s])[0], s).std() for s in (0.1, 1e5))
    assert held < 0.01 * loose
