"""Each column of the logistic part is made of one feature, by a rule that can be checked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from churnkit.learning.columns import AMOUNT, BEND, CLIP, LEVEL, MISSING, PLAIN, Columns


@pytest.fixture(name="X")
def _matrix():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4)).astype(np.float32)
    X[:, 1] = rng.integers(0, 3, 200)
    X[::4, 2] = np.nan
    X[:, 3] = 7.0
    return X


def test_one_column_by_hand():
    one = np.float32([[0.0], [math.e - 1], [-(math.e - 1)], [np.nan], [np.inf]])
    columns = Columns(
        np.array([0, 0, 0], np.int32),
        np.array([AMOUNT, PLAIN, MISSING], np.int8),
        np.array([0.5, 0.0, 0.0]),
        np.array([0.5, 1.0, 1.0]),
        np.zeros(3),
    )
    z = columns.design(one)
    assert z[:, 0] == pytest.approx([-1.0, 1.0, -3.0, 0.0, CLIP], abs=1e-6)
    assert z[:, 1] == pytest.approx([0.0, math.e - 1, 1 - math.e, 0.0, CLIP], abs=1e-6)
    assert z[:, 2].tolist() == [0, 0, 0, 1, 0]


def test_a_bend_by_hand():
    columns = Columns(
        np.zeros(2, np.int32), np.array([PLAIN, BEND], np.int8), np.array([0.0, 2.0]), np.ones(2), np.zeros(2)
    )
    z = columns.design(np.float32([[1.0], [2.0], [3.5], [np.nan], [-np.inf], [np.inf]]))
    assert z[:, 1].tolist() == [0, 0, 1.5, 0, 0, CLIP]


def test_knots_are_quantiles_and_few_values_have_none():
    X = np.column_stack([np.arange(101), np.arange(101) % 7]).astype(np.float32)
    columns = Columns.read(X, ())
    assert columns.middle[(columns.feature == 0) & (columns.kind == BEND)].tolist() == [20, 50, 80]
    assert BEND not in columns.kind[columns.feature == 1]


def test_what_does_not_vary_has_no_column(X):
    columns = Columns.read(X, (1,))
    assert 3 not in columns.feature
    assert columns.kind[columns.feature == 1].tolist() == [LEVEL] * 3
    assert columns.kind[columns.feature == 2].tolist() == [AMOUNT, PLAIN, BEND, BEND, BEND, MISSING]


def test_every_column_depends_on_its_feature_alone(X):
    columns = Columns.read(X, (1,))
    before = columns.design(X)
    for j in range(X.shape[1]):
        other = X.copy()
        other[:, j] = 1.0 - other[::-1, j]
        moved = (columns.design(other) != before).any(axis=0)
        assert set(columns.feature[moved]) <= {j}


def test_a_row_alone_is_the_same_to_the_bit(X):
    columns = Columns.read(X, (1,))
    whole = columns.design(X)
    assert all(np.array_equal(columns.design(X[i : i + 1])[0], whole[i]) for i in range(len(X)))


def test_an_unseen_level_marks_nothing(X):
    columns = Columns.read(X, (1,))
    unseen = X[:1].copy()
    unseen[0, 1] = 99
    assert columns.design(unseen)[0, columns.kind == LEVEL].sum() == 0


def test_a_category_of_many_levels_stays_small():
    X = np.random.default_rng(0).integers(0, 50_000, (5_000, 1)).astype(np.float32)
    assert len(Columns.read(X, (0,))) == 0
    X[:4_000] %= 100
    assert 0 < len(Columns.read(X, (0,))) <= 40


def test_columns_survive_plain_lists(X):
    columns = Columns.read(X, (1,))
    again = Columns.from_dict(columns.to_dict())
    assert np.array_equal(again.design(X), columns.design(X))
