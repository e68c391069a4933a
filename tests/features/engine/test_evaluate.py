"""The engine on facts small enough to count by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from churnkit.errors import BadExpression, RequestError, UnknownAttribute, UnknownSignal
from churnkit.features.engine import evaluate
from churnkit.features.expressions import Aggregate, Attribute, Constant, FromBook
from churnkit.timeline import DAY, HOUR, Span, moment
from support.recorded import BASE, recorded

NAN = float("nan")


def fact(occurred, *, account=0, signal=0, known=None, value=NAN, label=-1, actor=-1):
    return (account, signal, occurred, occurred if known is None else known, value, label, actor)


def login(function, window=None, ending="0d", signals=("login",)):
    span = None if window is None else Span.of(window)
    return Aggregate(function=function, signals=signals, window=span, ending=Span.of(ending))


def one(history, feature, cutoff, account=0) -> float:
    """One value as a Python float."""
    row = evaluate([feature], history, account=np.array([account]), cutoff=np.array([cutoff]), threads=1)
    return float(row[0, 0])


def test_a_window_has_its_start_and_not_its_end():
    history = recorded([fact(BASE), fact(BASE + 7 * DAY)])
    week = login("count", "7d")
    assert [one(history, week, BASE + 7 * DAY + d) for d in (-1, 0, 1)] == [1, 1, 1]
    assert [one(history, week, BASE + d) for d in (0, 1)] == [0, 1]
    assert one(history, week, BASE + 14 * DAY) == 1
    assert one(history, week, BASE + 14 * DAY + 1) == 0


def test_a_late_fact_counts_from_the_moment_after_it_was_known():
    history = recorded([fact(BASE, known=BASE + 3 * DAY), fact(BASE + DAY)])
    counts = [one(history, login("count"), BASE + d) for d in (2 * DAY, 3 * DAY, 3 * DAY + 1)]
    assert counts == [1, 1, 2]


def test_a_late_fact_of_an_ended_window_counts_if_it_was_known_by_the_cutoff():
    history = recorded([fact(BASE, known=BASE + 3 * DAY)])
    assert one(history, login("count", "7d", ending="1d"), BASE + 4 * DAY) == 1


def test_days_are_those_of_the_calendar_at_home():
    # 22:30 and 23:30 UTC on 29 March 2025 are both sides of midnight in Berlin; summer time begins that night
    evening = moment("2025-03-29T22:30+00:00")
    facts = [fact(evening), fact(evening + HOUR), fact(evening + 23 * HOUR)]
    cutoff = evening + 30 * DAY
    at_home = {zone: recorded(facts, timezone=zone) for zone in ("UTC", "Europe/Berlin")}
    days = {zone: one(history, login("active_days"), cutoff) for zone, history in at_home.items()}
    # 21:30 UTC on the 30th is 23:30 summer time, the same day as 00:30 that morning
    assert days == {"UTC": 2, "Europe/Berlin": 2}
    later = [*facts, fact(evening + 24 * HOUR)]
    assert one(recorded(later, timezone="Europe/Berlin"), login("active_days"), cutoff) == 3


def test_users_are_counted_once_per_window():
    facts = [fact(BASE + k * DAY, actor=who) for k, who in enumerate((5, 6, 5, -1, 7))]
    history = recorded(facts)
    assert [one(history, login("actors", f"{w}d"), BASE + 5 * DAY) for w in range(1, 6)] == [1, 1, 2, 3, 3]


def test_the_most_active_user_is_that_of_the_window():
    # 5 comes on days 0, 1 and 2, 6 on days 4 and 6, nobody named on days 7 and 8
    facts = [fact(BASE + d * DAY, actor=who) for d, who in ((0, 5), (1, 5), (2, 5), (4, 6), (6, 6), (7, -1), (8, -1))]
    history, cutoff = recorded(facts), BASE + 9 * DAY
    # all: 5 with three, last on day 2; from day 1 on: two each, 6 seen last; the last two days: nobody named
    found = [one(history, login("days_since_main_user", f"{w}d"), cutoff) for w in (9, 8, 5)]
    assert found == [7, 3, 3]
    assert np.isnan(one(history, login("days_since_main_user", "2d"), cutoff))


def test_a_table_that_stopped_has_missing_windows_not_empty_ones():
    history = recorded([fact(BASE, signal=2)], ends={"tickets": BASE + 5 * DAY})
    tickets = login("count", "3d", signals=("ticket_opened",))
    assert one(history, tickets, BASE + 5 * DAY) == 0
    assert math.isnan(one(history, tickets, BASE + 5 * DAY + 1))
    earlier = login("count", "3d", ending="2d", signals=("ticket_opened",))
    assert one(history, earlier, BASE + 7 * DAY) == 0
    assert math.isnan(one(history, earlier, BASE + 7 * DAY + 1))
    both = login("count", signals=("login", "ticket_opened"))
    assert math.isnan(one(history, both, BASE + 6 * DAY))


def test_no_signal_named_means_all_activity():
    history = recorded([fact(BASE), fact(BASE, signal=1), fact(BASE + 1)])
    assert one(history, login("count", signals=()), BASE + DAY) == 2


def test_a_silent_account_has_its_row():
    history = recorded([fact(BASE)])
    assert one(history, login("count"), BASE + DAY, account=2) == 0
    assert math.isnan(one(history, login("days_since"), BASE + DAY, account=2))


def test_a_history_without_facts():
    assert one(recorded([], without=("known", "value", "label", "actor")), login("total"), BASE) == 0


def test_rows_come_back_in_the_order_given_as_one_c_ordered_matrix():
    history = recorded([fact(BASE), fact(BASE + DAY, account=1)])
    account, cutoff = np.array([1, 0, 1, 0]), BASE + np.array([2, 2, 1, 1]) * DAY
    out = evaluate([login("count"), Constant(value=0.1)], history, account=account, cutoff=cutoff)
    assert out.dtype == np.float32
    assert out.flags.c_contiguous
    assert out[:, 0].tolist() == [1, 1, 0, 1]
    assert out[0, 1] == np.float32(0.1)


@pytest.mark.parametrize(("n", "p"), [(0, 1), (1, 0), (0, 0)])
def test_no_rows_or_no_features_give_an_empty_matrix(n, p):
    history = recorded([fact(BASE)])
    rows = {"account": np.zeros(n, np.int32), "cutoff": np.zeros(n, np.int64)}
    assert evaluate([login("count")] * p, history, **rows).shape == (n, p)


def test_many_rows_are_ordered_as_few_are():
    history = recorded([fact(BASE + k * HOUR, account=k % 3) for k in range(200)])
    chance = np.random.default_rng(0)
    account, cutoff = chance.integers(0, 3, 6000), BASE + chance.integers(0, 200, 6000) * HOUR
    out = evaluate([login("count")], history, account=account, cutoff=cutoff)[:, 0]
    hours = (cutoff - BASE) // HOUR
    expected = [len([k for k in range(a, 200, 3) if k < h]) for a, h in zip(account, hours, strict=True)]
    assert out.tolist() == expected


def test_a_signal_or_attribute_that_is_not_there_is_named():
    history = recorded([fact(BASE)])
    with pytest.raises(UnknownSignal, match="did you mean 'login'"):
        one(history, login("count", signals=("logon",)), BASE)
    with pytest.raises(UnknownAttribute, match="did you mean 'region'"):
        one(history, Attribute(column="regions"), BASE)


def test_a_text_attribute_is_not_read_as_a_number():
    with pytest.raises(BadExpression, match="attribute 'region' is not a number"):
        one(recorded([]), Attribute(column="region"), BASE)


def test_a_feature_of_the_book_is_not_for_the_engine():
    with pytest.raises(BadExpression, match="no steps for FromBook"):
        one(recorded([]), FromBook(arg=login("count")), BASE)


def test_rows_that_do_not_exist_are_refused():
    history = recorded([fact(BASE)])
    with pytest.raises(RequestError, match=r"2 account codes are out of range \(first: 3\)"):
        evaluate([login("count")], history, account=np.array([0, 3, -1]), cutoff=np.zeros(3))
    with pytest.raises(RequestError, match="one of each per row"):
        evaluate([login("count")], history, account=np.array([0]), cutoff=np.zeros(3))
