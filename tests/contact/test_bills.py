"""Bills that are owed: their ages and what became of them, by hand and beside a plain count over made-up companies."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from churnkit.contact import ByNetSaving, DeclaredEffect, plan_contacts
from churnkit.contact import roster as roster_module
from churnkit.contact.choices import Ways, expected
from churnkit.contact.roster import read_roster
from churnkit.contact.signs import bills as module
from churnkit.contact.signs.bills import AHEAD, Bills, bills, owed_weeks
from churnkit.contact.value import Stake
from churnkit.history import History
from churnkit.history.sample import generate
from churnkit.timeline import DAY, moment
from support import plans as book

NOW = pd.Timestamp("2025-12-29", tz="UTC")
WEEK = pd.Timedelta(days=7)


def company(asked, ended=None, *, event="payment_failed", again=None):
    """Accounts with weeks before now in which they were asked for money, and how many weeks ago they ended."""
    ids, ended = list(asked), ended or {}
    begun = [*ids, *(again or {})]
    started = [NOW - 100 * WEEK] * len(ids) + [NOW - w * WEEK for w in (again or {}).values()]
    over = [NOW - ended[a] * WEEK if a in ended else None for a in ids] + [None] * len(again or {})
    notices = [(a, NOW - (w - 0.5) * WEEK, event) for a, weeks in asked.items() for w in weeks]
    return History(
        accounts=pd.DataFrame({"account_id": ids, "opened_at": NOW - 100 * WEEK}),
        activity=pd.DataFrame(
            [*notices, (ids[0], NOW - 90 * WEEK, "login"), (ids[0], NOW, "login")],
            columns=["account_id", "occurred_at", "event"],
        ),
        subscriptions=pd.DataFrame(
            {"account_id": begun, "started_at": started, "ended_at": pd.to_datetime(pd.Series(over), utc=True)}
        ),
        observed_until=NOW,
    )


def found(*asked, **more):
    return bills(company(*asked, **more), moment(NOW))


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Two bills tell something, and all together count like next to none."""
    monkeypatch.setattr(module, "LEAST_BILLS", 2)
    monkeypatch.setattr(module, "LIKE", 1e-12)


def test_a_bill_is_as_old_as_the_weeks_running_in_which_it_was_asked_for():
    asked = np.array([[1, 0, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 1]], dtype=bool)
    assert owed_weeks(asked).tolist() == [2, 0, 4, 1]


def test_what_became_of_bills_of_each_age():
    """Of four asked once, b and c are asked again and c a third time; c ends two weeks after that, d at once.

    Weeks ago 30, 29, 28; c ends 26.5 weeks ago (within two of its third), d 29.5 weeks ago (within one of its first).
    """
    past = found({"a": [31], "b": [31, 30], "c": [31, 30, 29], "d": [31]}, {"c": 26.5, "d": 29.5})
    assert past.seen.tolist() == [4, 2, 1, 0, 0, 0, 0, 0]
    # after 1, 2, ... weeks; c ends in the fourth week after its first notice, the third after its second
    assert past.ended[0] == pytest.approx(np.array([0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5]))
    assert past.ended[1] == pytest.approx(np.array([0, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]))
    assert past.ended[2] == pytest.approx(np.array([0, 1, 1, 1, 1, 1, 1, 1]))


def test_a_bill_that_was_paid_and_another_are_two():
    """Asked for in two weeks, then after a week without in a third."""
    assert found({"a": [40, 39, 37]}).seen.tolist() == [2, 1, 0, 0, 0, 0, 0, 0]


def test_two_notices_in_one_week_are_one():
    assert found({"a": [40, 40, 39.8, 39]}).seen.tolist()[:2] == [1, 1]


def test_the_last_quarter_tells_nothing_yet():
    """Notices in the weeks that end 13 and 12 weeks before now: only of the former is an end within eight known."""
    assert found({"a": [14, 13], "b": [30]}).seen.tolist() == [2, 0, 0, 0, 0, 0, 0, 0]


def test_who_is_under_no_contract_owes_nothing_that_could_end():
    """a ended before its bill, b in the week of it; c ended before and came back."""
    past = found({"a": [30], "b": [30], "c": [30], "d": [30]}, {"a": 40, "b": 29.2, "c": 50}, again={"c": 35})
    assert past.seen[0] == 2
    assert past.ended[0].tolist() == [0.0] * AHEAD


def test_an_end_of_the_next_account_is_none_of_this_one():
    past = found({"a": [30, 29], "b": [50]}, {"b": 28})
    assert past.ended[:2].tolist() == [[0.0] * AHEAD] * 2


def test_bills_of_eight_weeks_and_more_are_of_one_age():
    past = found({"a": list(range(40, 29, -1))}, {"a": 28})
    assert past.seen.tolist() == [1, 1, 1, 1, 1, 1, 1, 4]
    assert past.ended[7] == pytest.approx(np.array([0, 0.25, 0.5, 0.75, 1, 1, 1, 1]))


def test_ages_of_which_little_is_known_lean_on_all_bills(monkeypatch):
    """Like two of all: one bill of three ends within a week, so (0 + 2/3) / 4 of the two first, (1 + 2/3) / 3."""
    monkeypatch.setattr(module, "LIKE", 2.0)
    past = found({"a": [30], "b": [30, 29]}, {"b": 27.5})
    assert past.ended[:3, 0] == pytest.approx([2 / 3 / 4, (1 + 2 / 3) / 3, 1 / 3])


def test_without_bills_ends_or_enough_of_them_nothing_is_told(monkeypatch):
    assert found({"a": [30, 29]}, event="login") is None
    assert found({"a": [30]}) is None  # one bill
    assert found({"a": [30, 29]}).ended.max() == 0.0
    without = company({"a": [30, 29]})
    alone = History(
        accounts=pd.DataFrame({"account_id": ["a"], "opened_at": NOW - 100 * WEEK}),
        activity=pd.DataFrame({"account_id": "a", "occurred_at": [NOW - 30 * WEEK] * 2, "event": "payment_failed"}),
        observed_until=NOW,
    )
    assert bills(alone, moment(NOW)) is None
    monkeypatch.setattr(module, "LEAST_BILLS", 3)
    assert bills(without, moment(NOW)) is None


def test_only_what_was_known_counts():
    """Half a year earlier the bills of 30 weeks ago were four weeks old."""
    history = company({"a": [60, 59], "b": [30, 29]})
    assert bills(history, moment(NOW - 26 * WEEK)).seen.tolist() == [1, 1, 0, 0, 0, 0, 0, 0]


def test_who_owes_nothing_ends_of_no_bill():
    ended = np.arange(AHEAD * AHEAD).reshape(AHEAD, AHEAD) / 100
    asked = Bills(ended, np.ones(AHEAD, dtype=np.int64)).ends(np.array([0, 1, 8, 20]))
    assert asked.tolist() == [[0.0] * AHEAD, ended[0].tolist(), ended[7].tolist(), ended[7].tolist()]


def expected_of(bills, week=0):
    """What is expected of a call of each of the book's six."""
    roster = replace(read_roster(book.scores(), None, book.history()), bills=bills)
    n = len(roster)
    stake = Stake(np.full(n, 1000.0), "EUR", is_money=True, notes=())
    ways = Ways(np.arange(n), np.zeros(n, dtype=np.int8), np.full(n, 10.0), np.full(n, week))
    return expected(roster, ByNetSaving(effect=DeclaredEffect(prior=0.2)), stake, ways)


def worth(bills, week=0):
    """What it is expected to save of P(leave), and what waiting a week costs in money."""
    calls = expected_of(bills, week)
    return calls.saved, calls.waiting


def test_a_call_keeps_nobody_whose_contract_ends_before_it_works():
    """Of a's .5 four fifths end within the week: .2 x .1. Of b's .2 all, if few: nothing is left."""
    bills = np.zeros((6, AHEAD))
    bills[0], bills[1] = 0.6, 0.01
    bills[0, 0] = 0.48
    saved, _ = worth(bills)
    assert saved == pytest.approx(0.2 * np.array([0.1, 0.0, 0.9, 0.4, 0.1, 0.3]))
    assert worth(None)[0] == pytest.approx(0.2 * np.array([0.5, 0.2, 0.9, 0.4, 0.1, 0.3]))


def test_a_call_that_cannot_wait_comes_first():
    """Nobody ends within a week, four fifths within two: today .2 x .5 x 1,000 - 10 = 90, in a week only .1 is left.

    By the other risk a twentieth, 1 - .5 ** (7/90), are gone by then.
    """
    bills = np.zeros((6, AHEAD))
    bills[0, 1:], bills[0, -1] = 0.4, 0.5
    gone = 1 - 0.5 ** (7 / 90)
    saved, waiting = worth(bills)
    assert saved[0] == pytest.approx(0.1)
    assert waiting[0] == pytest.approx(90 - (1 - gone) * (0.2 * 0.1 / (1 - gone) * 1000 - 10))
    assert waiting[0] > 5 * worth(None)[1][0]
    assert worth(bills, week=1)[0][0] == pytest.approx(0.2 * 0.1)


def test_who_has_left_of_a_bill_is_not_called():
    """In two weeks four fifths of a's .5 will have left, and all of b's .2."""
    bills = np.zeros((6, AHEAD))
    bills[0, 1:], bills[0, -1], bills[1] = 0.4, 0.5, 0.7
    assert expected_of(bills, week=2).cost[:2] == pytest.approx([0.6 * 10, 0.8 * 10])


def planned(monkeypatch, bills, **more):
    """A plan of the book whose bills are given."""
    monkeypatch.setattr(roster_module, "_unpaid", lambda *_: bills)
    policy = ByNetSaving(value="worth", effect=DeclaredEffect(prior=0.2))
    plan = plan_contacts(book.scores(**more), None, book.history(), policy=policy, rules=book.RULES)
    return plan.frame.set_index("account_id")


def test_of_two_like_accounts_the_one_that_a_call_can_keep_comes_first(monkeypatch):
    """a and b alike, but nine tenths of what a leaves by ends within the week."""
    alike = {"probability": {"a": 0.3, "b": 0.3}, "low": [0.2, 0.2], "high": [0.42, 0.42]}
    shared = {"value": {"a": 1000.0, "b": 1000.0}, "manager": {"a": "mia", "b": "mia"}}
    for ending, wanted in ((None, 0.5), (np.array([[0.27] * 7 + [0.3], [0.0] * AHEAD]), 0.0)):
        monkeypatch.setattr(roster_module, "_unpaid", lambda *_, ending=ending: ending)
        history = book.history(book.accounts(**shared), book.managers(hours=(0.5, 0.5)))
        policy = ByNetSaving(value="worth", effect=DeclaredEffect(prior=0.9))
        frame = plan_contacts(book.scores(**alike), None, history, policy=policy, rules=book.RULES).frame
        first = frame.set_index("account_id")["top_k_probability"]["a"]
        assert first == pytest.approx(wanted, abs=0.05)


def test_whom_a_call_reaches_too_late_is_told_so(monkeypatch):
    """Of c, .9 and worth 400, 17 of 18 end within the week: .2 x .05 x 400 - 30 = -26. Of e a tenth: it is not said."""
    bills = np.zeros((6, AHEAD))
    bills[2], bills[4] = 0.85, 0.1
    bills[2, -1] = 0.9
    frame = planned(monkeypatch, bills)
    assert frame.loc["c", "status"] == frame.loc["e", "status"] == "no expected gain"
    assert frame.loc["c", "status_why"] == (
        "a call is expected to save 4.00 and costs 30.00; with a bill owed that long 85% of contracts have ended within"
        " the week, before a call works"
    )
    assert frame.loc["e", "status_why"] == "a call is expected to save 0.00 and costs 30.00"
    assert planned(monkeypatch, None).loc["c", "status"] != "no expected gain"


def test_beyond_the_weeks_that_are_told_the_last_one_stands():
    """.48 of a's .5 end in the last week that is told; the week before a call of the seventh week comes too late."""
    bills = np.zeros((6, AHEAD))
    bills[0, -2:] = 0.48, 0.5
    for week, left in ((AHEAD - 2, 0.02), (AHEAD - 1, 0.0), (AHEAD + 3, 0.0)):
        assert worth(bills, week=week)[0][0] == pytest.approx(0.2 * left)


def plain(history, until):
    """What became of bills, account by account and week by week."""
    signals, week = history.signals, 7 * DAY
    seen, ended = np.zeros(AHEAD), np.zeros((AHEAD, AHEAD))
    known = (signals.occurred < until) & (signals.known_or_occurred < until)
    for account in range(len(history.accounts)):

        def when(*names, account=account):
            of = np.isin(signals.signal, [signals.code(n) for n in names])
            return np.sort(signals.occurred[known & of & (signals.account == account)])

        asked = when("payment_failed", "invoice_overdue")
        began, over = when("subscription_started"), when("subscription_ended")
        for then in (until - ago * week for ago in range(13, 120)):
            age = 0
            while ((asked >= then - (age + 1) * week) & (asked < then - age * week)).any():
                age += 1
            if not age or (began < then).sum() <= (over < then).sum():
                continue
            seen[min(age, AHEAD) - 1] += 1
            later = over[over >= then][:1]
            ended[min(age, AHEAD) - 1] += (later < then + np.arange(1, AHEAD + 1) * week) if len(later) else 0
    return seen, ended


def test_a_company_s_bills_are_those_of_a_plain_count():
    """Payments of made-up companies fail for three weeks, and in the fourth the contract ends unless it is paid."""
    made = generate(300, 18, seed=5)
    history, now = History(**made.tables), moment(made.truth.moments[-1])
    past, (seen, ended) = bills(history, now), plain(history, now)
    rows = seen > 0
    assert past.seen.tolist() == seen.tolist()
    np.testing.assert_allclose(past.ended[rows], ended[rows] / seen[rows, None])
    assert seen[:3].min() > 10
    assert past.ended[2, 0] > 0.4
    assert past.ended[0, 0] < 0.05
