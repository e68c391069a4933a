"""Stability by hand: three refits, two accounts, three groups."""

import numpy as np
import pandas as pd
import pytest

from churnkit.reasons import Explainer, Groups, explain
from churnkit.reasons.kernel import NOTHING, Picked
from churnkit.reasons.stability import Stability, by_group
from support.learnt import blend, matrix, rows


def groups():
    """Three groups of one feature each, the last never shown."""
    return Groups(
        names=("a", "b", "c"),
        group_of=np.array([0, 1, 2]),
        themes=("usage", "support", "profile"),
        subjects=(("a",), ("b",), ("c",)),
        actions=("act", "act", "never show"),
        typical=np.zeros(3),
    )


def test_shares_by_hand():
    """First account: b first, then a; second: a raises, b lowers."""
    effect = np.array([[2.0, 1.0, 0.0], [1.0, -1.0, 0.0]])
    group = np.array([[1, 0, NOTHING], [0, 1, NOTHING]])
    refits = [
        np.array([[1.0, 2.0, 9.0], [1.0, -1.0, 0.0]]),  # as it was; what is never shown does not push ahead
        np.array([[3.0, 2.0, 0.0], [-1.0, -2.0, 0.0]]),  # a overtakes b; a turns
        np.array([[-1.0, 2.0, 0.0], [1.0, 2.0, 0.0]]),  # a turns; b overtakes a, and turns
        np.array([[1.0, 2.0, 0.0], [1.0, -1.0, 0.0]]),
    ]
    found = Stability.unknown(2, 3)
    found.judge(slice(0, 2), Picked(effect, group, group), refits, groups())
    # account 1 has two raising places: b is in them in all four; a in three (not where it turns)
    # account 2 has one raising place: a keeps it in the first and last; b lowers in three
    assert found.share[:, :2].tolist() == [[1.0, 0.75], [0.5, 0.75]]
    assert np.isnan(found.share[:, 2]).all()
    assert found.first.tolist() == [0.75, 0.5]
    (note,) = found.notes(4)
    assert "stays the first in 62% of cases; 0% of the reasons" in note


def test_without_refits_nothing_is_known():
    found = Stability.unknown(2, 2)
    found.judge(slice(0, 2), Picked(np.ones((2, 2)), np.zeros((2, 2), int), np.zeros((2, 2), int)), [], groups())
    assert np.isnan(found.share).all()
    assert found.notes(0) == ()


def test_the_whole_is_the_mean_of_its_refits():
    model, X = blend(), rows(seed=3)[0]
    explainer = Explainer.of(model, "90d")
    whole, refits = explainer.refitted(X[:300])
    assert explainer.refits == len(refits) == len(model.boosters)
    np.testing.assert_allclose(whole, explainer.contributions(X[:300]), atol=1e-12, rtol=0)
    assert all(np.isfinite(parts).all() for parts in refits)
    assert max(np.abs(parts - whole).max() for parts in refits) > 1e-3


def test_a_reason_that_every_bag_gives_is_stable():
    now = matrix(rows(seed=3)[0])
    told = explain(
        blend(), now, None, horizon="90d", groups=Groups.fit(now), account_ids=pd.RangeIndex(len(now)), top=3
    )
    strong = told.frame["effect"].abs() > told.frame["effect"].abs().quantile(0.9)
    weak = told.frame["effect"].abs() < told.frame["effect"].abs().quantile(0.1)
    assert told.frame.loc[strong, "stable"].mean() > told.frame.loc[weak, "stable"].mean()


def test_sums_by_group():
    parts = np.array([[1.0, 2.0, 4.0]])
    assert by_group(parts, np.array([1, 0, 1]), 2).tolist() == [[2.0, 5.0]]
    assert by_group(parts, np.array([1, 0, 1]), 2).sum() == pytest.approx(7.0)
