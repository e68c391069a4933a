"""Interval rows as dated facts: versions, upgrades booked as cancel-and-rebuy, tickets; by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churnkit.history import History
from churnkit.timeline import DAY, moment
from support.small import small

NOON = DAY // 2


def history(rows, columns, **more):
    frame = pd.DataFrame(rows, columns=columns)
    for column in ("started_at", "ended_at", "cancelled_at", "recorded_at", "renews_at"):
        if column in frame:
            frame[column] = pd.to_datetime(frame[column], utc=True)
    return History(**small(subscriptions=frame), observed_until="2026-01-01", **more)


def facts(of, name, account="a"):
    """Give a signal of an account: (occurred, known, value) as dates, in the order known."""
    signals = of.signals
    if name not in signals.names:
        return []
    rows = signals.pick([name]) & (signals.account == of.code(account))

    def day(t):
        return str(pd.Timestamp(int(t), unit="us").date())

    found = zip(signals.occurred[rows], signals.known_or_occurred[rows], signals.value[rows], strict=True)
    return [(day(o), day(k), None if np.isnan(v) else v) for o, k, v in sorted(found, key=lambda f: (f[1], f[0]))]


PLAIN = ("account_id", "subscription_id", "started_at", "ended_at", "mrr")


def test_an_upgrade_booked_as_cancel_and_rebuy_is_one_continuous_subscription():
    of = history([("a", "s1", "2025-01-01", "2025-05-01", 100), ("a", "s2", "2025-05-04", None, 150)], PLAIN)
    assert facts(of, "subscription_ended") == []
    assert [f[0] for f in facts(of, "subscription_started")] == ["2025-01-01"]
    assert [(f[0], f[2]) for f in facts(of, "mrr")] == [("2025-01-01", 100), ("2025-05-04", 150)]


def test_an_end_is_known_when_the_gap_has_passed_and_dated_when_it_came():
    of = history([("a", "s1", "2025-01-01", "2025-05-01", 100), ("a", "s2", "2025-05-20", None, 150)], PLAIN)
    assert facts(of, "subscription_ended") == [("2025-05-01", "2025-05-08", None)]
    assert facts(of, "mrr") == [
        ("2025-01-01", "2025-01-01", 100), ("2025-05-01", "2025-05-08", 0), ("2025-05-20", "2025-05-20", 150),
    ]  # fmt: skip


def test_the_gap_is_the_callers():
    rows = [("a", "s1", "2025-01-01", "2025-05-01", 100), ("a", "s2", "2025-05-20", None, 150)]
    of = history(rows, PLAIN, rebuy_gap="30d")
    assert facts(of, "subscription_ended") == []
    assert [(f[0], f[2]) for f in facts(of, "mrr")] == [("2025-01-01", 100), ("2025-05-20", 150)]


def test_a_change_seen_inside_the_gap_keeps_the_order_of_knowing():
    # s2 grows on 05-03, before anybody can know that the end of s1 was no upgrade: total 100 + 60, then 60.
    rows = [
        ("a", "s1", "2025-01-01", "2025-05-01", 100, None),
        ("a", "s2", "2025-02-01", None, 50, "2025-02-01"),
        ("a", "s2", "2025-02-01", None, 60, "2025-05-03"),
    ]
    of = history(rows, (*PLAIN, "recorded_at"))
    assert facts(of, "mrr") == [
        ("2025-01-01", "2025-01-01", 100), ("2025-02-01", "2025-02-01", 150), ("2025-05-03", "2025-05-03", 160),
        ("2025-05-08", "2025-05-08", 60),
    ]  # fmt: skip


def test_several_contracts_of_one_account_roll_up():
    of = history([("a", "s1", "2025-01-01", None, 100), ("a", "s2", "2025-02-01", "2025-04-01", 40)], PLAIN)
    assert [(f[0], f[2]) for f in facts(of, "mrr")] == [("2025-01-01", 100), ("2025-02-01", 140), ("2025-04-01", 100)]


VERSIONS = ("account_id", "subscription_id", "started_at", "cancelled_at", "recorded_at", "plan")


def test_a_notice_taken_back_stays_a_fact_of_its_day():
    rows = [
        ("a", "s1", "2025-01-01", None, "2025-01-01", "basic"),
        ("a", "s1", "2025-01-01", "2025-05-10", "2025-05-10", "basic"),
        ("a", "s1", "2025-01-01", None, "2025-06-01", "pro"),
    ]
    of = history(rows, VERSIONS)
    assert facts(of, "notice_given") == [("2025-05-10", "2025-05-10", None)]
    running = of.contracts.running
    assert [bool(running(moment(d)).any()) for d in ("2025-05-10", "2025-05-11", "2025-06-02")] == [True, False, True]


def test_what_is_said_and_taken_back_in_one_instant_never_was():
    rows = [
        ("a", "s1", "2025-01-01", None, "2025-01-01", "basic"),
        ("a", "s1", "2025-01-01", "2025-05-10", "2025-05-10", "basic"),
        ("a", "s1", "2025-01-01", None, "2025-05-10", "basic"),
    ]
    assert facts(history(rows, VERSIONS), "notice_given") == []


def test_a_booked_end_moved_before_it_came_never_was():
    rows = [
        ("a", "s1", "2025-01-01", "2025-12-31", "2025-01-01", "basic"),
        ("a", "s1", "2025-01-01", "2026-12-31", "2025-11-01", "basic"),
    ]
    assert facts(history(rows, VERSIONS), "notice_given") == [("2026-12-31", "2026-12-31", None)]


def test_a_plan_counts_where_it_changes():
    rows = [
        ("a", "s1", "2025-01-01", None, "2025-01-01", "basic"),
        ("a", "s1", "2025-01-01", None, "2025-03-01", "basic"),
        ("a", "s1", "2025-01-01", None, "2025-04-01", "pro"),
    ]
    assert [f[0] for f in facts(history(rows, VERSIONS), "plan")] == ["2025-01-01", "2025-04-01"]


TERMS = ("account_id", "subscription_id", "started_at", "term_months", "renews_at", "recorded_at")


@pytest.mark.parametrize(
    ("term", "renews", "recorded", "expected"),
    [
        (12, None, None, [("2024-03-01", "2025-03-01"), ("2025-03-01", "2026-03-01")]),
        # Overwritten after the first renewal: at earlier cutoffs it would say that the account survived.
        (12, "2026-03-01", None, [("2024-03-01", "2025-03-01"), ("2025-03-01", "2026-03-01")]),
        (12, "2025-02-20", None, [("2024-03-01", "2025-02-20"), ("2025-02-20", "2026-03-01")]),
        (None, "2025-03-01", None, []),
        (None, "2025-03-01", "2024-03-01", [("2024-03-01", "2025-03-01")]),
    ],
)
def test_the_next_renewal(term, renews, recorded, expected):
    of = history([("a", "s1", "2024-03-01", term, renews, recorded)], TERMS)
    found = [(o, str(pd.Timestamp("1970-01-01") + pd.Timedelta(days=v))[:10]) for o, _, v in facts(of, "renewal_due")]
    assert found == expected


def test_a_later_version_moves_the_next_renewal_from_when_it_was_known():
    rows = [("a", "s1", "2025-01-01", 1, None, "2025-01-01"), ("a", "s1", "2025-01-01", 12, None, "2025-02-15")]
    found = facts(history(rows, TERMS), "renewal_due")
    assert [f[0] for f in found[:3]] == ["2025-01-01", "2025-02-01", "2025-02-15"]
    assert found[2][2] == moment("2026-01-01") / DAY


TICKETS = ("account_id", "ticket_id", "opened_at", "severity", "resolved_at", "reopened", "recorded_at")


def ticket_history(rows):
    frame = pd.DataFrame(rows, columns=TICKETS)
    for column in ("opened_at", "resolved_at", "recorded_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return History(**small(tickets=frame), observed_until="2026-01-01")


def test_a_severity_raised_later_does_not_show_at_the_opening():
    rows = [
        ("a", "t1", "2025-03-01", 1, None, False, "2025-03-01"),
        ("a", "t1", "2025-03-01", 4, None, False, "2025-03-05"),
        ("a", "t1", "2025-03-01", 4, "2025-03-06", True, "2025-03-09"),
    ]
    of = ticket_history(rows)
    assert facts(of, "ticket_opened") == [("2025-03-01", "2025-03-01", 1)]
    assert facts(of, "ticket_changed") == [("2025-03-05", "2025-03-05", 4)]
    assert facts(of, "ticket_resolved") == [("2025-03-06", "2025-03-09", 120)]
    assert [f[:2] for f in facts(of, "ticket_reopened")] == [("2025-03-06", "2025-03-09")]


def test_versions_without_a_date_of_recording_are_one_the_last():
    rows = [("a", "t1", "2025-03-01", 1, None, False, None), ("a", "t1", "2025-03-01", 3, "2025-03-02", False, None)]
    of = ticket_history(rows)
    assert len(facts(of, "ticket_opened")) == 1
    assert facts(of, "ticket_resolved") == [("2025-03-02", "2025-03-02", 24)]


def test_accounts_roll_up_to_the_logo_at_the_top_of_their_line():
    accounts = pd.DataFrame(
        {
            "account_id": ["top", "mid", "low", "own", "c1", "c2"],
            "parent_id": [None, "top", "mid", None, "c2", "c1"],
            "opened_at": ["2025-01-05", "2025-01-02", "2025-01-03", "2025-01-01", "2025-01-01", "2025-01-01"],
            "region": ["north", "south", "south", "west", "east", "east"],
            "do_not_contact": [False, False, True, False, False, False],
        }
    )
    activity = pd.DataFrame(
        {"account_id": ["top", "mid", "low", "own"], "occurred_at": ["2025-02-01"] * 4, "event": ["login"] * 4}
    )
    contracts = pd.DataFrame(
        {
            "account_id": ["mid", "low"],
            "started_at": ["2025-01-10", "2025-02-10"],
            "ended_at": [None, "2025-06-01"],
            "mrr": [100, 50],
        }
    )
    logos = History(accounts=accounts, activity=activity, subscriptions=contracts).by_parent()
    assert logos.account_ids.tolist() == ["top", "own", "c1", "c2"]
    assert logos.accounts["region"].tolist()[:2] == ["north", "west"]
    assert logos.accounts["do_not_contact"].tolist() == [True, False, False, False]
    assert logos.opened[0] == moment("2025-01-02")
    assert (logos.signals.account[logos.signals.pick(["login"])] == 0).sum() == 3
    assert [(f[0], f[2]) for f in facts(logos, "mrr", "top")] == [
        ("2025-01-10", 100), ("2025-02-10", 150), ("2025-06-01", 100),
    ]  # fmt: skip
    assert any("circle" in str(n) for n in logos.notes)
