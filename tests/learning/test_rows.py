"""What the learner is given is checked once, and overlapping snapshots share a weight."""

from __future__ import annotations

import numpy as np
import pytest

from churnkit.errors import HorizonError, RequestError
from churnkit.learning import Rows
from churnkit.learning.rows import account_folds, overlaps, time_forward, usable
from churnkit.timeline import DAY, Span
from support.books import Fold, flat, forward, monthly

GOOD = {
    "X": np.zeros((3, 2), np.float32),
    "y": np.array([[0], [1], [-1]], np.int8),
    "horizons": (Span.of("90d"),),
    "names": ("a", "b"),
    "account": np.arange(3),
    "cutoff": np.zeros(3, np.int64),
}


def test_overlaps_by_hand():
    # Account 0 at days 0, 30, 60, 90 with windows of 60 days: neighbours 30 days away overlap, 60 days away touch.
    account = np.array([0, 0, 0, 0, 1])
    cutoff = np.array([0, 30, 60, 90, 0]) * DAY
    assert overlaps(account, cutoff, 60 * DAY).tolist() == [2, 3, 3, 2, 1]


def test_weight_is_shared_among_overlapping_snapshots_and_horizons():
    rows = monthly(30).rows
    first = rows.people == rows.people[0]
    count = min(int(first.sum()), 3)
    assert rows.overlap_weight[first][0] == pytest.approx(1 / count)
    pairs = rows.pair_weight(np.ones(len(rows.y)))
    assert pairs[rows.y < 0].sum() == 0
    assert np.allclose(pairs[rows.y >= 0], 1 / 3)


def test_events_count_accounts_not_snapshots():
    y = np.array([[1], [1], [0], [1]], np.int8)
    four = {"X": np.zeros((4, 2), np.float32), "y": y, "account": np.array([7, 7, 8, 9]), "cutoff": np.arange(4)}
    rows = Rows(**{**GOOD, **four})
    assert (rows.events, rows.stayers) == (2, 1)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"X": np.zeros((2, 2), np.float32)}, RequestError, "disagree in number"),
        ({"names": ("a",)}, RequestError, "one name each"),
        ({"y": np.array([[0], [2], [1]], np.int8)}, RequestError, "something else"),
        ({"y": np.zeros((3, 2), np.int8)}, RequestError, "2 columns for 1 horizons"),
        ({"horizons": (Span.of("90d"),) * 2, "y": np.zeros((3, 2), np.int8)}, HorizonError, "not ascending"),
        ({"y": np.full((3, 1), -1, np.int8)}, HorizonError, "no answer is known within 90d"),
        ({"X": np.zeros(3, np.float32)}, RequestError, "rows and columns"),
    ],
)
def test_bad_rows_are_refused(change, error, words):
    with pytest.raises(error, match=words):
        Rows(**{**GOOD, **change})


def test_no_row_is_refused():
    none = {name: value[:0] if isinstance(value, np.ndarray) else value for name, value in GOOD.items()}
    with pytest.raises(RequestError, match="no row to learn from"):
        Rows(**none)


def test_account_folds_keep_accounts_together_and_leavers_even():
    rows = monthly(100).rows
    folds = account_folds(rows.people, rows.y, 5, seed=1)
    left = np.zeros(100, bool)
    left[rows.people[(rows.y == 1).any(axis=1)]] = True
    sizes = []
    for train, test in folds:
        assert not set(rows.people[train]) & set(rows.people[test])
        sizes.append(left[np.unique(rows.people[test])].sum())
    assert max(sizes) - min(sizes) <= 1
    assert sum(sizes) == left.sum()


def test_folds_that_overlap_are_refused():
    rows = flat(50, level=0).rows
    everything = np.ones(50, bool)
    with pytest.raises(RequestError, match=r"judges on 50 rows .* row 0"):
        usable([Fold(everything, everything)], rows)


def test_folds_of_one_class_are_left_out():
    rows = flat(50, level=0).rows
    left = rows.y[:, 0] == 1
    assert usable([Fold(left, ~left)], rows) == []


def test_time_forward_is_recognised():
    rows = monthly(60).rows
    assert time_forward(usable(forward(rows), rows), rows.cutoff)
    assert not time_forward(account_folds(rows.people, rows.y, 3, 0), rows.cutoff)
