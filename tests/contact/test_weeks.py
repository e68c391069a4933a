"""Weeks: what was seen stands in the week in which it happened, if it was known, while a contract ran."""

import numpy as np
import pandas as pd
import pytest

from churnkit.contact.signs.weeks import WEEKS, names_troubles, read
from churnkit.history import History
from churnkit.timeline import moment

AT = pd.Timestamp("2025-06-01", tz="UTC")
LAST = WEEKS - 1


def days(count):
    return AT - pd.Timedelta(days=count)


@pytest.fixture(scope="module")
def history():
    """Account a is 500 days old, b was away from the 200th to the 100th day before the moment, c is 10 days old."""
    events = [("a", 1, "login", "u", None), ("a", 7, "login", "u", None), ("a", 8, "export_csv", "v", None)]
    events += [("a", 3, "login", "u", -1), ("a", 60, "login", "v", 2), ("b", 0, "login", "w", None)]
    events += [("b", 390, "login", "w", None), ("a", 30, "incident", None, None), ("c", 2, "login", "x", None)]
    activity = pd.DataFrame(
        [
            {
                "account_id": a,
                "occurred_at": days(d),
                "event": e,
                "user_id": u,
                "recorded_at": pd.NaT if r is None else days(r),
            }
            for a, d, e, u, r in events
        ]
    )
    contracts = [("a", 500, None, 100.0, 2, 500), ("a", 500, None, 150.0, 3, 20), ("b", 400, 200, 50.0, 1, 400)]
    contracts += [("b", 100, None, 50.0, 1, 100), ("c", 10, None, 50.0, 1, 10)]
    subscriptions = pd.DataFrame(
        [
            {
                "account_id": a,
                "subscription_id": f"{a}{s}",
                "started_at": days(s),
                "ended_at": pd.NaT if e is None else days(e),
                "mrr": m,
                "seats": n,
                "recorded_at": days(r),
                "auto_renew": True,
                "term_months": 12 if a == "a" else 1,
            }
            for a, s, e, m, n, r in contracts
        ]
    )
    tickets = [("a", 50, "Invoice", 48), ("a", 49, "bug", 45)]
    tickets += [("b", d, "who knows", None) for d in (5, 80)]
    return History(
        accounts=pd.DataFrame({"account_id": ["a", "b", "c"], "opened_at": [days(500), days(400), days(10)]}),
        activity=activity,
        subscriptions=subscriptions,
        tickets=pd.DataFrame(
            [
                {
                    "account_id": a,
                    "opened_at": days(d),
                    "category": c,
                    "resolved_at": pd.NaT if r is None else days(r),
                }
                for a, d, c, r in tickets
            ]
        ),
        satisfaction=pd.DataFrame(
            [
                {"account_id": "a", "occurred_at": days(90), "sent_at": days(95), "metric": "nps", "score": 3.0},
                {"account_id": "b", "occurred_at": days(300), "sent_at": days(300), "metric": "nps", "score": 9.0},
                {"account_id": "a", "occurred_at": days(20), "sent_at": days(20), "metric": "nps", "score": np.nan},
            ]
        ),
        observed_until=AT,
    )


@pytest.fixture(scope="module")
def weeks(history):
    return read(history, np.arange(3, dtype=np.int32), np.full(3, moment(AT)))


def test_counts_stand_in_their_weeks_and_only_what_was_known(weeks):
    use = weeks.counts("use")
    assert {w: use[0, w] for w in np.flatnonzero(use[0])} == {LAST: 2, LAST - 1: 1, LAST - 60 // 7: 1}
    assert use[1].sum() == 0  # the very moment belongs to the future; a year ago there is none
    assert np.flatnonzero(weeks.counts("out")[0]).tolist() == [LAST - 1]
    assert np.flatnonzero(weeks.counts("failures")[0]).tolist() == [LAST - 30 // 7]
    assert np.flatnonzero(weeks.counts("case billing")[0]).tolist() == [LAST - 49 // 7]
    assert np.flatnonzero(weeks.counts("case support")[0]).tolist() == [LAST - 48 // 7]
    assert "case usage" not in weeks.seen
    assert np.flatnonzero(weeks.counts("asked nps")[0]).tolist() == [LAST - 94 // 7, LAST - 19 // 7]
    assert np.flatnonzero(weeks.counts("answers nps")[0]).tolist() == [LAST - 89 // 7]
    assert weeks.seen["score nps"][0, LAST - 89 // 7] == 3.0


def test_weeks_without_a_contract_are_left_out_and_a_new_one_begins_anew(weeks):
    assert weeks.there[0].all()
    away = np.arange(WEEKS)[~weeks.there[1]]
    assert (away[0], away[-1]) == (LAST - 200 // 7, LAST - 100 // 7 - 1)
    assert np.flatnonzero(weeks.opened[1]).tolist() == [away[-1] + 1]
    assert np.flatnonzero(weeks.there[2]).tolist() == [LAST - 1, LAST]
    assert np.flatnonzero(weeks.opened[2]).tolist() == [LAST - 1]
    assert weeks.old.tolist() == [True, True, False]
    assert weeks.forgets.tolist() == [True, False, False]  # who pays monthly is reminded
    assert weeks.seen["age"][:, LAST] == pytest.approx([500, 100, 10])


def test_prices_and_seats_change_when_it_is_known(weeks):
    """150 for three seats after 100 for two is the same price each."""
    assert np.flatnonzero(weeks.change("seats")[0] != 1).tolist() == [LAST - 19 // 7]
    assert weeks.change("seats")[0, LAST - 19 // 7] == pytest.approx(1.5)
    assert (weeks.dearer == 1).all()


def test_before_a_record_begins_nothing_is_seen(history, weeks):
    """The first case came in 80 days ago: up to that week cases are unknown, not none."""
    first = LAST - 80 // 7
    assert np.isnan(weeks.seen["case billing"][0, : first + 1]).all()
    assert np.isfinite(weeks.seen["case billing"][0, first + 1 :]).all()
    assert names_troubles(history)


def test_weeks_before_anything_was_watched_are_left_out():
    """An account of 500 days, watched for 73: the tenth week back is the first that was watched from its beginning."""
    young = History(
        accounts=pd.DataFrame({"account_id": ["a"], "opened_at": [days(500)]}),
        activity=pd.DataFrame({"account_id": ["a"] * 2, "occurred_at": [days(73), days(3)], "event": "login"}),
        tickets=pd.DataFrame({"account_id": ["a"], "opened_at": [days(2)], "category": ["bug"]}),
        observed_until=AT,
    )
    weeks = read(young, np.zeros(1, dtype=np.int32), np.array([moment(AT)]))
    assert np.flatnonzero(weeks.there[0]).tolist() == list(range(WEEKS - 10, WEEKS))
    assert not weeks.opened.any()
    assert weeks.old.all()


def test_what_was_not_known_changes_nothing(history, weeks):
    then = history.known_at(AT)
    again = read(then, np.arange(3, dtype=np.int32), np.full(3, moment(AT)))
    assert again.there.tolist() == weeks.there.tolist()
    for name, seen in weeks.seen.items():
        np.testing.assert_array_equal(again.seen[name], seen, err_msg=name)
