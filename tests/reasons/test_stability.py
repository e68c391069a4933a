"""Stability by hand: three refits, two accounts, three groups."""

from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from churnkit.reasons import Explainer, Groups, explain
from churnkit.reasons.kernel import NOTHING, Picked, by_group, outlast
from churnkit.reasons.stability import DRAWS, Stability, _draws
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
    sums = np.stack(refits) * [1.0, 1.0, 0.0]  # c is never shown
    share, first = np.empty((2, 3)), np.empty(2)
    outlast(sums.mean(axis=0), sums - sums.mean(axis=0), np.eye(4), Picked(effect, group, group), share, first)
    # account 1 has two raising places: b is in them in all four; a in three (not where it turns)
    # account 2 has one raising place: a keeps it in the first and last; b lowers in three
    assert share[:, :2] == pytest.approx(np.array([[1.0, 0.75], [0.5, 0.75]]))
    assert first.tolist() == [0.75, 0.5]


def test_the_share_of_drawn_refits_by_hand():
    """Two refits, a at 3 and 1, b still at 2 - x: a stays ahead where sd z > -x, sd being half of sqrt(2)."""
    refits = [np.array([[3.0, 0.0, 0.0]] * 3), np.array([[1.0, 0.0, 0.0]] * 3)]
    whole = np.array([[2.0, b, 0.0] for b in (-9.0, 2.0 - 2**0.5 / 2, 2.0 - 1e-9)])
    for parts in refits:
        parts[:, 1] = whole[:, 1]
    found = Stability.unknown(3, 1)
    picked = Picked(whole[:, :1], np.zeros((3, 1), int), np.zeros((3, 1), int))
    found.judge(slice(0, 3), picked, whole, refits, groups=groups(), spread=0.5)
    normal = [NormalDist().cdf(x) for x in (2 / (2**0.5 / 2), 1.0, 0.0)]  # the first turns where a falls below 0
    assert found.share[:, 0] == pytest.approx(normal, abs=0.08)
    assert found.share.tolist() == found.first[:, None].tolist()


def test_what_is_never_shown_does_not_push_ahead():
    """c is far stronger than a, in the blend and in what the refits do to it, and takes no place all the same."""
    whole = np.array([[1.0, 0.5, 9.0]])
    refits = [np.array([[1.0, 0.5, 2.0]]), np.array([[1.0, 0.5, 16.0]])]
    found = Stability.unknown(1, 1)
    picked = Picked(np.array([[1.0]]), np.array([[0]]), np.array([[0]]))
    found.judge(slice(0, 1), picked, whole, refits, groups=groups(), spread=1.0)
    assert found.share.tolist() == [[1.0]]


def test_notes_by_hand():
    share, first = np.array([[1.0, 0.4], [0.5, np.nan]]), np.array([0.75, 0.5])
    (note,) = Stability(share, first).notes()
    assert "stay the first in about 62% of cases; 33% of the reasons" in note


def test_drawn_refits_mirror_each_other_and_spread_as_the_bags_do():
    draws = _draws(5, 0.7)
    assert draws.shape == (DRAWS, 5)
    assert (draws[: DRAWS // 2] == -draws[DRAWS // 2 :]).all()
    bags = np.random.default_rng(1).normal(size=(5, 40))
    drawn = draws @ (bags - bags.mean(axis=0))
    assert drawn.std(axis=0) == pytest.approx(0.7 * bags.std(axis=0, ddof=1))
    assert _draws(50, 0.7).shape == (100, 50)


@pytest.mark.parametrize("refits", [0, 1])
def test_without_refits_nothing_is_known(refits):
    found = Stability.unknown(2, 2)
    nothing = Picked(np.ones((2, 2)), np.zeros((2, 2), int), np.zeros((2, 2), int))
    found.judge(slice(0, 2), nothing, np.ones((2, 3)), [np.ones((2, 3))] * refits, groups=groups(), spread=1.0)
    assert np.isnan(found.share).all()
    assert found.notes() == ()


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
