"""Base and contributions are the calibrated log-odds that rank, for every account and horizon."""

import numpy as np
import pytest

from churnkit.errors import HorizonError
from churnkit.reasons.exact import Explainer, contributions
from churnkit.reasons.trees import conditioned, joined, read_trees
from support.forests import brute_force
from support.learnt import HORIZONS, blend, rows


@pytest.mark.parametrize("weight", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("horizon", HORIZONS, ids=str)
def test_base_and_contributions_are_the_log_odds(weight, horizon):
    model, (X, _) = blend(weight), rows(seed=5)
    parts, base = contributions(model, X, horizon)
    assert parts.dtype == np.float64
    assert parts.shape == X.shape
    told = model.log_odds(X)[:, HORIZONS.index(horizon)]
    assert np.abs(base + parts.sum(axis=1) - told).max() < 1e-9


def test_each_part_is_divided_as_it_should_be():
    """Against both halves computed another way: brute force for the trees, the formula for the logistic part."""
    model, (X, _) = blend(0.6), rows(seed=6)
    X = X[:4]
    parts, base = contributions(model, X, "60d")
    trees = conditioned(joined([read_trees(t) for t in model.boosters]), X.shape[1], 60.0)
    expected, linear = np.zeros(X.shape), model.linear
    z = linear.design(X)
    for row in range(len(X)):
        phi, start, _ = brute_force(trees, np.append(X[row], 60.0))
        expected[row] = 0.9 * 0.6 / 2 * phi[:-1]
        for k, j in enumerate(linear.feature_of):
            expected[row, j] += 0.9 * 0.4 * linear.coef[k] * (z[row, k] - linear.center[k])
    assert np.abs(parts - expected).max() < 1e-9
    assert base == pytest.approx(0.9 * (0.6 / 2 * start + 0.4 * linear.steps[1]) - 0.2, abs=1e-9)


def test_threads_chunks_and_neighbours_do_not_show():
    model, (X, _) = blend(0.6), rows(seed=7)
    one, _ = contributions(model, X, "90d", threads=1)
    two, _ = contributions(model, X, "90d", threads=2)
    alone, _ = contributions(model, X[700:701], "90d")
    assert one.tobytes() == two.tobytes()
    assert alone.tobytes() == one[700:701].tobytes()


def test_a_horizon_that_was_not_learnt():
    with pytest.raises(HorizonError, match="45d; ask for one of 30d, 60d, 90d"):
        Explainer.of(blend(0.6), "45d")
