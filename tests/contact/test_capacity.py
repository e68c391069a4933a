"""The capacity plan against brute force, and its prices by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnkit.contact import capacity
from churnkit.contact.problem import Filling, Must, keeps, ranked
from churnkit.contact.shortfall import down_the_list
from churnkit.errors import BadPlan
from support.programmes import brute_force, problem

calls = st.tuples(
    st.integers(0, 5), st.integers(0, 2), st.sampled_from([15, 20, 30, 45, 60]), st.integers(-20, 100).map(float)
)
limits = st.lists(st.integers(0, 150).map(float), min_size=3, max_size=3)


@settings(max_examples=60, deadline=None)
@given(st.lists(calls, min_size=1, max_size=9), limits)
def test_no_subset_is_worth_more(rows, limit):
    p = problem(rows, limit)
    found = capacity.solve(p)
    assert keeps(p, found.chosen)
    assert found.total == pytest.approx(max(brute_force(p), 0.0), abs=1e-6)
    assert found.gap == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(calls, min_size=1, max_size=8), limits, st.lists(st.integers(0, 2), min_size=6, max_size=6))
def test_no_subset_that_parts_no_unit_is_worth_more(rows, limit, unit):
    p = problem(rows, limit, unit=unit)
    callable_now = [i for i in range(len(p)) if p.use[i] <= p.limit[p.pool[i]]]
    found = capacity.solve(p)
    # a unit loses whom nobody could ever call; what is left of it is another problem
    if len({int(p.row[i]) for i in callable_now}) == len(set(p.row.tolist())):
        assert keeps(p, found.chosen)
        assert found.total == pytest.approx(max(brute_force(p), 0.0), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(calls, min_size=2, max_size=8), limits, st.integers(1, 2))
def test_musts_are_met_or_refused(rows, limit, least):
    large = np.unique([r for r, *_ in rows])[:2]
    p = problem(rows, limit, musts=(Must(large, min(least, len(large)), "mia"),))
    best = brute_force(p)
    if best is None:
        with pytest.raises(BadPlan, match="coverage"):
            capacity.solve(p)
    else:
        found = capacity.solve(p)
        assert keeps(p, found.chosen)
        assert found.total == pytest.approx(best, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(calls, min_size=1, max_size=12), limits)
def test_a_list_is_worked_off_without_breaking_a_limit(rows, limit):
    p = problem(rows, limit)
    chosen = down_the_list(p)
    assert keeps(p, chosen)
    left = p.left(chosen)
    missed = [i for i in range(len(p)) if p.worth[i] > 0 and p.row[i] not in p.row[chosen]]
    assert all(p.use[i] > left[p.pool[i]] for i in missed)


def test_prices_are_the_duals():
    """60 minutes: 70 per 30 minutes, then 42 per 30: one more minute would save 42 / 30."""
    found = capacity.solve(problem([(0, 0, 30, 70), (1, 0, 30, 130), (2, 0, 30, 42)], [60]))
    assert found.price * 60 == pytest.approx([84])
    assert found.bound == pytest.approx(200)


def test_the_densest_call_can_be_the_wrong_one():
    """80 in 45 minutes is the densest, but 50 + 49 in twice 30 fill the hour."""
    found = capacity.solve(problem([(0, 0, 45, 80), (1, 0, 30, 50), (2, 0, 30, 49)], [60]))
    assert found.chosen.tolist() == [1, 2]
    assert found.bound == pytest.approx(99)


tight = st.tuples(st.sampled_from([20, 30, 45, 60]), st.integers(1, 100))


@settings(max_examples=60, deadline=None)
@given(st.lists(tight, min_size=2, max_size=9), st.sampled_from([60.0, 90.0, 120.0]))
def test_one_pool_is_filled_as_well_as_it_can_be(items, limit):
    p = problem([(i, 0, use, worth) for i, (use, worth) in enumerate(items)], [limit])
    assert capacity.solve(p).total == pytest.approx(brute_force(p))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 100), min_size=1, max_size=9, unique=True), st.integers(0, 10))
def test_at_a_kink_the_price_is_that_of_more(worths, whole):
    """Calls of half an hour and time for ``whole`` of them: one more minute begins the next best call."""
    found = capacity.solve(problem([(i, 0, 30, w) for i, w in enumerate(worths)], [30 * whole]))
    following = sorted(worths, reverse=True)[whole:][:1]
    assert found.price.tolist() == pytest.approx([following[0] / 30 if following else 0.0])


def test_two_who_can_stand_in_for_each_other_have_one_price():
    """Half an hour each, four calls of half an hour that either can take: more time of either begins the third."""
    rows = [(i, pool, 30, worth) for i, worth in enumerate([90, 60, 30, 10]) for pool in (0, 1)]
    found = capacity.solve(problem(rows, [30, 30]))
    assert found.total == 150
    assert found.price.tolist() == pytest.approx([1, 1])


def test_time_left_over_is_worth_nothing():
    found = capacity.solve(problem([(0, 0, 30, 70), (1, 1, 30, 130)], [31, 20]))
    assert found.price == pytest.approx([0, 130 / 30])  # the other pool's call is too long for it
    assert found.total == 70


def test_a_call_goes_to_who_has_time_for_it():
    """Only one of two fits with the own manager; the other goes to the assistant."""
    p = problem([(0, 0, 30, 50), (0, 1, 30, 50), (1, 0, 30, 60), (1, 1, 60, 60)], [30, 30])
    found = capacity.solve(p)
    assert found.chosen.tolist() == [1, 2]


def test_same_problem_same_plan_whatever_the_parts_order():
    random = np.random.default_rng(3)
    rows = [(i, i % 4, float(random.integers(20, 60)), float(random.integers(1, 50))) for i in range(80)]
    one = capacity.solve(problem(rows, [200] * 4))
    again = capacity.solve(problem(rows, [200] * 4))
    assert one.chosen.tolist() == again.chosen.tolist()


def test_a_large_book_is_proven_by_its_relaxation():
    random = np.random.default_rng(7)
    n = capacity.SMALL_BOOK + 1_000
    use, worth = random.choice([30, 45, 60], n), random.gamma(2, 50, n)
    p = problem(list(zip(range(n), np.zeros(n), use, worth, strict=True)), [60 * 400])
    found = capacity.solve(p)
    assert keeps(p, found.chosen)
    assert found.gap <= capacity.GAP_LARGE


def test_a_part_too_large_is_branched_over_at_its_edge(monkeypatch):
    """Many pools with time for two calls and a half each: rounding wastes, the edge finds what fits."""
    random = np.random.default_rng(11)
    n, pools = 400, 20
    rows = [(i, (i + k) % pools, random.choice([20, 30, 45]), random.gamma(2, 50)) for i in range(n) for k in (0, 1)]
    p = problem(rows, [75.0] * pools)
    whole = capacity.solve(p)
    monkeypatch.setattr(capacity, "SMALL_BOOK", 0)
    monkeypatch.setattr(capacity, "WHOLE", 0)
    monkeypatch.setattr(capacity, "CORE", 150)
    monkeypatch.setattr(capacity, "CORE_EACH", 0)
    x = capacity._relax(p)[0]
    rounded = p.worth[capacity._rounded(p, x)].sum()
    edge = capacity.solve(p)
    assert keeps(p, edge.chosen)
    assert rounded < edge.total <= whole.bound + 1e-6
    assert edge.total >= 0.999 * whole.total


def test_a_unit_is_not_parted_where_one_of_its_calls_is_longer_than_all_time_there_is():
    p = problem([(0, 0, 60, 100), (1, 0, 20, 50), (2, 0, 20, 5)], [30], unit=[0, 0, 1])
    assert capacity.solve(p).chosen.tolist() == [2]


def test_filling_goes_on_from_what_is_chosen():
    p = problem([(0, 0, 30, 1), (1, 0, 30, 9), (2, 0, 30, 5)], [60])
    filling = Filling(p, np.array([0]))
    filling.go_down(ranked(p, p.worth))
    assert filling.positions.tolist() == [0, 1]
