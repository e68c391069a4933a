"""Hours that cannot cover the large accounts: who is short, by how much, what would help: by hand and brute force."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnkit.contact import ByRisk, capacity, plan_contacts
from churnkit.contact.problem import Must, keeps
from churnkit.contact.shortfall import _cover, cheapest_cover, down_the_list
from churnkit.errors import BadPlan
from support import plans as book
from support.programmes import least_more, problem

NAMES = ("mia", "max", "zoe")


def musts(*asked):
    return tuple(Must(np.array(rows), least, who) for rows, least, who in asked)


def refused(p):
    with pytest.raises(BadPlan) as problem_found:
        capacity.solve(p)
    with pytest.raises(BadPlan) as found_down_the_list:
        down_the_list(p)
    assert str(found_down_the_list.value) == str(problem_found.value)
    return str(problem_found.value)


def test_one_manager_is_short_by_half_an_hour():
    p = problem([(0, 0, 60, 10), (1, 0, 60, 10), (2, 0, 30, 90)], [90], musts=musts(([0, 1], 2, "mia")))
    assert refused(replace(p, names=("mia",))) == (
        "coverage: the hours cannot cover the large accounts; short are mia by 0.50 hours: 2 of 2 large accounts of "
        "mia must be called, which takes at least 2.00 hours, and there are 1.50. Give 0.50 hours more to mia, or "
        "lower rules.coverage to 0.5."
    )


def test_everybody_who_is_short_is_named():
    rows = [(0, 0, 60, 10), (1, 1, 60, 10), (2, 1, 60, 10), (3, 2, 30, 10)]
    asked = musts(([0], 1, "mia"), ([1, 2], 2, "max"), ([3], 1, "zoe"))
    said = refused(replace(problem(rows, [45, 75, 30], musts=asked), names=NAMES))
    assert "short are mia by 0.25 hours, max by 0.75 hours:" in said
    assert "1 of 1 large accounts of mia must be called, which takes at least 1.00 hours, and there are 0.75;" in said
    assert "of zoe" not in said
    assert "Give 0.25 hours more to mia, 0.75 hours more to max, or lower rules.coverage to 0." in said


def test_who_helps_two_is_not_counted_twice():
    """mia and max have no time, zoe one hour for either: one hour is lacking, though each alone could be covered."""
    rows = [(0, 0, 60, 10), (0, 2, 60, 10), (1, 1, 60, 10), (1, 2, 60, 10)]
    said = refused(replace(problem(rows, [0, 0, 60], musts=musts(([0], 1, "mia"), ([1], 1, "max"))), names=NAMES))
    assert said.count("by 1.00 hours") == 1
    assert "zoe by" not in said
    assert "and there are 1.00, which are shared" in said


def test_calls_are_not_divided():
    """Two calls of 40 minutes; 50 and 30 minutes are 80 in all, and ten are lacking."""
    rows = [(0, 0, 40, 10), (0, 1, 40, 10), (1, 0, 40, 10), (1, 1, 40, 10)]
    said = refused(replace(problem(rows, [50, 30], musts=musts(([0, 1], 2, "mia"))), names=("mia", "zoe")))
    assert "zoe by 0.17 hours" in said
    assert "into which no whole calls fit" in said


def test_who_works_down_a_list_meets_the_coverage_where_it_can_be_met():
    """An hour, two of three: the first on the list takes all of it, the other two fit."""
    p = problem([(0, 0, 60, 0.9), (1, 0, 30, 0.5), (2, 0, 30, 0.4)], [60], musts=musts(([0, 1, 2], 2, "mia")))
    assert down_the_list(p).tolist() == [1, 2]


def test_a_family_counts_only_with_its_large_accounts():
    p = problem([(0, 0, 30, 9), (1, 0, 30, 5), (2, 0, 30, 8)], [90], unit=[0, 1, 0], musts=musts(([0, 1], 2, "mia")))
    assert down_the_list(p).tolist() == [0, 1, 2]
    with pytest.raises(BadPlan, match=r"pool 0 by 0\.50 hours"):
        down_the_list(replace(p, limit=np.array([60.0])))


calls = st.tuples(st.integers(0, 4), st.integers(0, 1), st.sampled_from([20, 30, 45]), st.integers(1, 9).map(float))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(calls, min_size=2, max_size=8),
    st.lists(st.integers(0, 100).map(float), min_size=2, max_size=2),
    st.lists(st.integers(0, 3), min_size=5, max_size=5),
    st.integers(1, 3),
)
def test_what_is_lacking_is_the_least_that_any_subset_lacks(rows, limit, unit, least):
    p = problem(rows, limit)
    there = np.unique(p.row)
    p = replace(p, unit=np.array(unit)[: int(p.row.max()) + 1])
    p = replace(p, musts=musts((there[:3], min(least, len(there[:3])), "mia")))
    more = least_more(p)
    assert _cover(p).more.sum() == pytest.approx(more, abs=1e-6)
    chosen = cheapest_cover(p)
    assert (chosen is not None) == (more == 0)
    if chosen is not None:
        assert keeps(p, chosen)
        assert keeps(p, down_the_list(p))
        assert keeps(p, capacity.solve(p).chosen)
    else:
        assert "cannot cover" in refused(p)


def planned(hours, **more):
    rules = book.RULES.model_copy(update={"coverage": 1.0, "large_share": 1.0, "small_share": 0.0})
    return plan_contacts(
        book.scores(), None, book.history(team=book.managers(hours)), rules=rules, **{"policy": book.POLICY, **more}
    )


@pytest.mark.parametrize("policy", [book.POLICY, ByRisk()])
def test_a_plan_says_it(policy):
    with pytest.raises(BadPlan, match=r"short are max by 1\.25 hours, mia by 1\.00 hours: .*coverage to 0\."):
        planned((0.5, 0.25), policy=policy)


def test_what_is_asked_for_is_enough():
    """Seven minutes are lacking, .1167 hours: .12 are asked for, with which the call fits; contacts are whole."""
    p = problem([(0, 0, 37, 10)], [30], musts=musts(([0], 1, "mia")))
    assert "Give 0.12 hours more to pool 0" in refused(p)
    assert capacity.solve(replace(p, limit=np.array([30 + 0.12 * 60]))).chosen.tolist() == [0]
    counted = problem([(0, 0, 1, 10), (1, 0, 1, 10)], [1.5], musts=musts(([0, 1], 2, "mia")), counted="contacts")
    assert "takes at least 2 contacts, and there are 1.5. Give 1 contacts more" in refused(counted)


def test_over_two_weeks_the_lack_is_told_for_each():
    """Three calls of half an hour in two weeks need an hour in one of them, and there is a quarter."""
    with pytest.raises(BadPlan, match=r"short are max by 0\.75 hours a week"):
        planned((1.0, 0.25), weeks=2)


def test_what_is_kept_for_exploring_is_counted():
    """Half of 1.25 hours are kept for others: .625 of 1.5 are there, and .875 are half of what must be given."""
    with pytest.raises(BadPlan, match=r"max by 1\.75 hours: .*\(50% of the capacity are kept for explore=\)"):
        planned((3.0, 1.25), explore=0.5)


def test_where_the_search_finds_no_plan_the_cheapest_cover_begins_it(monkeypatch):
    rows = [(0, 0, 60, 90.0), (1, 0, 30, 50.0), (2, 0, 30, 40.0), (3, 0, 15, 10.0), (4, 0, 15, 12.0)]
    p = problem(rows, [75], musts=musts(([0, 1, 2], 2, "mia")))
    monkeypatch.setattr(capacity, "_rounded", lambda problem, x: np.zeros(0, dtype=np.int64))
    monkeypatch.setattr(capacity, "_branch", lambda problem, gap: (None, np.inf))
    found = capacity.solve(p)
    assert found.chosen.tolist() == [1, 2, 4]
    assert found.total == 102
    assert found.bound >= 102
