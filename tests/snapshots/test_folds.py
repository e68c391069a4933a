from __future__ import annotations

import numpy as np

from churnkit.snapshots import make_folds
from churnkit.timeline import DAY


def panel(cutoffs, accounts, leavers_per_cutoff):
    account = np.tile(np.arange(accounts, dtype=np.int32), cutoffs)
    cutoff = np.repeat(np.arange(cutoffs, dtype=np.int64) * 30 * DAY, accounts)
    y = np.zeros(cutoffs * accounts, dtype=np.int8)
    for c in range(cutoffs):
        first = (c * leavers_per_cutoff) % accounts
        y[c * accounts + (first + np.arange(leavers_per_cutoff)) % accounts] = 1
    return account, cutoff, y


def test_folds_look_forward_and_leave_the_purge_between():
    account, cutoff, y = panel(15, 400, 40)
    folds = make_folds(account, cutoff, y, 90 * DAY)
    assert folds.kind == "time-forward"
    assert len(folds.splits) >= 2
    for fold in folds.splits:
        assert cutoff[fold.train].max() + 90 * DAY <= cutoff[fold.test].min()
        assert len(np.unique(account[fold.train & (y == 1)])) >= 30
        assert len(np.unique(account[fold.test & (y == 1)])) >= 30


def test_test_sides_do_not_overlap_and_reach_the_end():
    account, cutoff, y = panel(15, 400, 40)
    folds = make_folds(account, cutoff, y, 90 * DAY)
    tested = np.sum([f.test for f in folds.splits], axis=0)
    assert tested.max() == 1
    assert tested[cutoff == cutoff.max()].all()


def test_the_first_fold_learns_only_from_cutoffs_a_purge_before():
    # 15 cutoffs, 4 folds of 15 // 6 = 2 cutoffs: the first tests cutoffs 7 and 8, so it learns from 0 to 4 (7 - 3).
    account, cutoff, y = panel(15, 4000, 100)
    folds = make_folds(account, cutoff, y, 90 * DAY)
    first = folds.splits[0]
    assert np.unique(cutoff[first.test] // (30 * DAY)).tolist() == [7, 8]
    assert np.unique(cutoff[first.train] // (30 * DAY)).tolist() == [0, 1, 2, 3, 4]


def test_too_few_leavers_give_no_time_forward_folds():
    account, cutoff, y = panel(15, 400, 2)
    folds = make_folds(account, cutoff, y, 90 * DAY)
    assert folds.kind == "account-grouped"
    assert folds.splits == ()
    assert "30 leaving accounts" in folds.why


def test_too_few_cutoffs_give_no_time_forward_folds():
    account, cutoff, y = panel(3, 400, 60)
    assert make_folds(account, cutoff, y, 90 * DAY).kind == "account-grouped"
