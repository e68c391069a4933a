"""The rivals: three rules that a manager already has, two models of an hour's work."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from churnkit.learning import baselines
from support.books import flat


def test_rules_by_hand():
    gone = np.nan
    assert baselines.recency_rule(np.array([3.0, gone, 40.0])).tolist() == [3, 41, 40]
    assert baselines.value_sorted(np.array([5.0, gone, 900.0])).argsort().tolist() == [1, 0, 2]
    assert baselines.last_score(np.array([9.0, gone, 2.0, 7.0])).tolist() == [-9, -7, -2, -7]


@pytest.mark.parametrize("rule", [baselines.recency_rule, baselines.value_sorted, baselines.last_score])
def test_nothing_known_ranks_all_alike(rule):
    assert len(set(rule(np.full(4, np.nan)))) == 1


@pytest.mark.parametrize("model", [baselines.plain_logistic, baselines.plain_lightgbm])
def test_models_learn_and_take_what_comes(model):
    made = flat(900)
    X, y = made.rows.X.copy(), made.rows.y[:, 0]
    X[:, 4] = np.nan
    X[::3, 5] = np.inf
    X[:, 3] = np.arange(900) % 5
    found = model(X[:600], y[:600], categorical=(3,))(X[600:])
    assert roc_auc_score(y[600:], found) > 0.6
    assert model(X, np.zeros(900, int))(X[:2]).tolist() == [0, 0]
