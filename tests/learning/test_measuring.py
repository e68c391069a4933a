"""The folds' figures by hand: two folds, two horizons, the main one measured."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from churnkit.learning import Blend, fit_blend
from churnkit.learning.calibration import SlopeFit
from churnkit.learning.measuring import held_figures, of_main
from support.books import flat

# Probabilities .8 .2 .2 .5 in fold 0; .5 .5 in fold 1, once slope 2 and the folds' levels 0 and 1 are put on.
FIT = SlopeFit(2.0, np.array([0.0, 1.0]), 0.0, 0.0, np.ones(2))
MARGIN = np.array([log(4) / 2, -log(4) / 2, -log(4) / 2, 0.0, -0.5, -0.5])
Y = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
GROUP = np.array([0, 0, 0, 0, 1, 1])


def test_by_hand():
    found = held_figures(Y, MARGIN, GROUP, FIT, main=np.ones(6, np.bool_))
    assert found["held_log_loss"] == pytest.approx(-(log(0.8) + log(0.8) + log(0.2) + 3 * log(0.5)) / 6)
    assert found["held_base_log_loss"] == pytest.approx(log(2))
    # Fold 0: of four pairs the first leaver wins two, the second ties one and loses one; fold 1 ties.
    assert found["held_auc"] == pytest.approx((4 * 2.5 / 4 + 2 * 0.5) / 6)


def test_only_the_main_horizon_counts_and_a_fold_of_one_kind_tells_no_area():
    main = np.array([True, True, True, True, True, False])
    found = held_figures(Y, MARGIN, GROUP, FIT, main=main)
    assert found["held_auc"] == pytest.approx(2.5 / 4)
    assert found["held_base_log_loss"] == pytest.approx(4 * log(2) / 5)
    assert set(held_figures(Y, MARGIN, GROUP, FIT, main=np.zeros(6, np.bool_)).values()) == {None}


def test_pairs_lie_fold_by_fold_row_by_row():
    known = np.array([[True, True], [True, False], [False, False], [True, True]])
    folds = [(~test, test) for test in (np.array([True, True, False, False]), np.array([False, False, True, True]))]
    assert of_main(known, folds, 1).tolist() == [False, True, False, False, True]
    assert of_main(known, [], 1).tolist() == []


def test_a_fit_tells_them_and_keeps_them(tmp_path):
    made = flat(600, level=-2.0)
    blend = fit_blend(made.rows)
    told = blend.evidence
    assert 0 < told.held_log_loss < told.held_base_log_loss < log(2)
    assert 0.5 < told.held_auc < 1
    blend.to_files(tmp_path)
    assert Blend.from_files(tmp_path).evidence == told
