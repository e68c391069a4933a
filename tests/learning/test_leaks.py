"""Planted leaks are found and named; honest columns are not."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.stats import beta
from sklearn.metrics import roc_auc_score

from churnkit.learning import leaks
from churnkit.learning.leaks import AFTERWARDS, DECIDES, PASSING, Asked, Binned, suspects
from support.books import flat, forward, monthly


def asked(made, planted=None, categorical=()):
    rows = made.rows
    X, names = rows.X, rows.names
    if planted is not None:
        X, names = np.column_stack([X, planted]).astype(np.float32), (*names, "planted")
    levels = (*rows.categorical, *categorical)
    return Asked.of(X, rows.y[:, rows.main], rows.people, rows.cutoff, names=names, categorical=levels)


def folds(made):
    known = made.rows.y[:, made.rows.main] >= 0
    return [(f.train[known], f.test[known]) for f in forward(made.rows)]


@pytest.fixture(scope="module")
def book():
    return flat(2_000)


@pytest.fixture(scope="module")
def months():
    return monthly(900)


@pytest.mark.parametrize("seed", range(4))
def test_honest_columns_are_left_alone(seed):
    assert suspects(asked(flat(1_500, seed=seed, mixed=True))) == []
    made = monthly(700, seed=seed)
    assert suspects(asked(made), folds(made)) == []


def test_a_column_that_decides(book):
    rng = np.random.default_rng(1)
    y = book.rows.y[:, 0]
    (found,) = suspects(asked(book, y + 0.3 * rng.normal(size=len(y))))
    assert (found.column, found.kind) == ("planted", DECIDES)
    assert "almost decides who leaves (AUC 0.9" in str(found)


def test_a_category_that_decides_where_it_stands(book):
    rng = np.random.default_rng(1)
    y = book.rows.y[:, 0]
    level = np.where((y == 1) & (rng.random(len(y)) < 0.4), 7, rng.integers(0, 4, len(y)))
    (found,) = suspects(asked(book, level, categorical=(6,)))
    left = int((level == 7).sum())
    assert found.kind == DECIDES
    assert f"where it is category 7 ({left} of {left} accounts left; of all, {y.mean():.1%})" in str(found)


def test_a_column_filled_in_with_the_event(book):
    rng = np.random.default_rng(1)
    y = book.rows.y[:, 0]
    filled = np.where((y == 1) & (rng.random(len(y)) < 0.5), rng.normal(size=len(y)), np.nan)
    (found,) = suspects(asked(book, filled))
    left = int((~np.isnan(filled)).sum())
    assert found.kind == AFTERWARDS
    assert f"it is filled for {left} accounts and {left} of them left" in str(found)


def test_a_column_that_was_filled_backward_and_is_live_now(months):
    """Until the eighth month somebody wrote down what was known later; since then the column knows nothing."""
    rng = np.random.default_rng(2)
    y, month = months.rows.y[:, -1], months.rows.cutoff // (30 * 86_400_000_000)
    planted = rng.normal(size=len(y)) + np.where(month < 4, 2.0 * (y == 1), 0.0)
    (found,) = suspects(asked(months, planted), folds(months))
    assert (found.column, found.kind) == ("planted", PASSING)
    assert re.search(r"AUC 0\.7\d by random split of accounts, 0\.[45]\d when learnt on earlier", str(found))
    assert suspects(asked(months, planted)) == []  # without time nothing can be said of time


def test_a_column_recorded_only_lately_is_no_leak(months):
    y, month = months.rows.y[:, -1], months.rows.cutoff // (30 * 86_400_000_000)
    rng = np.random.default_rng(3)
    planted = np.where(month >= 4, rng.normal(size=len(y)) + 1.2 * (y == 1), np.nan)
    assert suspects(asked(months, planted), folds(months)) == []


def test_too_few_leavers_say_nothing():
    made = flat(300, level=-5.0)
    assert 0 < made.rows.events < leaks.FEW
    assert suspects(asked(made, made.rows.y[:, 0])) == []


def test_columns_that_say_nothing_are_passed_over(book):
    for planted in (np.ones(2_000), np.full(2_000, np.nan), np.full(2_000, np.inf)):
        assert suspects(asked(book, planted)) == []


def test_the_auc_of_bins_is_that_of_their_rates(book):
    """The oracle: each bin's smoothed rate as a score, and scikit-learn's AUC on the other rows."""
    rng = np.random.default_rng(4)
    code, y = rng.integers(0, 6, 800).astype(np.int16), rng.random(800) < 0.3
    train = rng.random(800) < 0.5
    base = y[train].mean()
    rate = np.array([(y[train & (code == k)].sum() + 10 * base) / ((train & (code == k)).sum() + 10) for k in range(6)])
    expected = roc_auc_score(y[~train], rate[code[~train]])
    assert leaks._auc(code, y, [(train, ~train)]) == pytest.approx(expected, abs=1e-12)


def test_bins_share_ties_and_set_the_missing_apart():
    X = np.array([[0, 0, 0, np.nan, *range(1, 97)]], dtype=np.float32).T
    code = Binned.of(X).code[:, 0]
    assert code[3] == 0
    assert len(set(code[:3].tolist())) == 1
    assert code.max() <= leaks.BINS
    assert (np.diff(code[4:]) >= 0).all()


def test_lower_ends_and_errors_are_the_published_ones():
    assert leaks.least_share(9, 10) == pytest.approx(beta.ppf(0.05, 9, 2))
    assert leaks.least_share(0, 10) == 0
    # Hanley and McNeil 1982, table 3 and formula 3: theta .8932, 51 abnormal and 58 normal give .032 (.0320).
    assert leaks.auc_error(0.893, 51, 109) == pytest.approx(0.032, abs=0.002)


def test_large_books_are_sampled_by_account(monkeypatch):
    monkeypatch.setattr(leaks, "MOST_ROWS", 1_000)
    made = monthly(900)
    taken = asked(made)
    assert 500 < len(taken.y) < 1_600
    known = made.rows.y[:, -1] >= 0
    for person in np.unique(taken.people)[:20]:
        assert (taken.people == person).sum() == (known & (made.rows.people == person)).sum()
