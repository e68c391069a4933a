"""The data report: each thing that is wrong is found, graded, and told with a cure."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from churnkit.history import History
from churnkit.history.check import SEVERITIES
from churnkit.history.check.support import BOOSTED_FROM, LOGISTIC_FROM
from churnkit.labels import Cancelled, WentQuiet
from churnkit.timeline import moment
from support import company
from support.small import small

pytestmark = pytest.mark.filterwarnings("ignore::churnkit.errors.RowsSetAside")


def activity(*parts):
    rows = [(a, t, e) for a, times, e in parts for t in times]
    return pd.DataFrame(rows, columns=["account_id", "occurred_at", "event"])


def hourly(first, hours):
    return list(pd.date_range(first, periods=hours, freq="61min", tz="UTC"))


def found(history, topic):
    return history.check().of(topic)


def test_a_sound_history_has_nothing_but_notes(six):
    report = six.check()
    assert {f.severity for f in report.findings if f.topic != "few-events"} <= {"note"}
    assert report.exit_code() == 0
    assert report.exit_code(strict=True) == 1  # three leavers are few
    ranks = [SEVERITIES.index(f.severity) for f in report.findings]
    assert ranks == sorted(ranks)
    assert all(f.cure and f.text for f in report.findings)


def test_tables_say_what_was_read_used_and_set_aside():
    frame = activity(("a", ["2025-02-01", "soon"], "login"), ("zz", ["2025-02-02"], "login"))
    report = History(**small(activity=frame)).check()
    assert dict(zip(report.sheet("tables").columns, report.sheet("tables").rows[1], strict=True)) == {
        "table": "activity", "read": 3, "used": 1, "set aside": 2, "record ends": moment("2025-02-01"),
    }  # fmt: skip
    assert report.sheet("set aside").rows == (
        ("activity", "occurred_at", "cannot be read as a time", 1, 2, "soon"),
        ("activity", "account_id", "name an account that is not in accounts", 1, 3, "zz"),
    )
    assert [f.severity for f in report.of("set-aside")] == ["error", "error"]  # a third of the rows each
    assert report.exit_code() == 1
    cures = {f.column: "dayfirst=True" in f.cure for f in report.of("set-aside")}
    assert cures == {"occurred_at": True, "account_id": False}


def test_columns_say_what_is_missing_unreadable_and_out_of_range():
    contacts = pd.DataFrame(
        {"account_id": ["a"] * 4, "contacted_at": ["2025-02-01"] * 4, "minutes": ["5", "", "x", "-1"],
         "decided_at": ["9999-12-31", "2025-01-31", None, None]}
    )  # fmt: skip
    rows = {
        (r["table"], r["column"]): r for r in History(**small(contacts=contacts)).check().sheet("columns").records()
    }
    minutes, decided = rows["contacts", "minutes"], rows["contacts", "decided_at"]
    assert (minutes["missing"], minutes["unreadable"], minutes["out of range"]) == (0.25, 1, 1)
    assert (decided["missing"], decided["never"]) == (0.75, 1)


def test_a_week_without_any_event_is_an_outage():
    times = hourly("2025-01-01", 500) + hourly("2025-02-10", 500)
    (one, two) = found(History(**small(activity=activity(("a", times, "login")))), "outage")
    assert one.severity == "warning"
    assert "no login for 18 days from 2025-01-23 on" in one.text
    assert "no event of any account for 18 days" in two.text


def test_bursts_are_no_outage():
    incidents = [f"2025-0{m}-03T{h:02d}:00Z" for m in (1, 4, 7) for h in range(24)] * 4
    daily = list(pd.date_range("2025-01-01", "2025-07-10", tz="UTC"))
    frame = activity(("a", incidents, "incident"), ("b", daily, "login"))
    assert found(History(**small(activity=frame)), "outage") == ()


def test_signals_say_first_last_rate_and_who_is_silent():
    times = [f"2025-02-{d:02d}T12:00Z" for d in range(1, 29)]
    frame = activity(("a", [*times, "2025-06-01T12:00Z"], "login"))
    report = History(**small(activity=frame)).check()
    row = {r["signal"]: r for r in report.sheet("signals").records()}["login"]
    assert row["first"] == "2025-02-01T12:00:00+00:00"
    assert row["facts"] == 29
    assert row["per week"] == pytest.approx(29 / (120 / 7))
    assert row["longest gap"] == 92
    assert row["accounts without"] == 0.5
    assert row["accounts silent 30 days"] == 1


def test_late_arrivals():
    frame = activity(("a", [f"2025-02-{d:02d}" for d in range(1, 21)], "login")).assign(
        recorded_at=[f"2025-02-{d:02d}" for d in range(1, 20)] + ["2025-03-02"]
    )
    (one,) = found(History(**small(activity=frame)), "late-arrival")
    assert "5.0% of login are recorded more than 2 days after" in one.text


def test_exact_and_near_duplicates():
    times = ["2025-02-01T10:00:00Z"] * 3 + ["2025-02-02T10:00:00Z", "2025-02-02T10:00:30Z", "2025-02-03T10:00Z"]
    history = History(**small(activity=activity(("a", times, "login"))))
    (exact,), (near,) = found(history, "duplicates"), found(history, "near-duplicates")
    assert (exact.count, exact.of, exact.severity) == (2, 6, "warning")
    assert (near.count, near.of) == (1, 6)
    whole = History(**small(activity=activity(("a", times[:1] * 9, "login"))))
    assert found(whole, "duplicates")[0].severity == "error"
    other = activity(("a", times[:2], "login")).assign(user_id=["u1", "u2"])
    assert found(History(**small(activity=other)), "duplicates") == ()


def test_duplicates_of_contracts_and_ids_in_two_cases():
    contracts = pd.DataFrame({"account_id": ["a", "a"], "started_at": ["2025-01-01"] * 2, "mrr": [5, 5]})
    (one,) = found(History(**small(subscriptions=contracts)), "duplicates")
    assert (one.table, one.count) == ("subscriptions", 1)
    accounts = pd.DataFrame({"account_id": ["a", "A", "b"], "opened_at": ["2025-01-01"] * 3})
    (one,) = found(History(**small(accounts=accounts)), "near-duplicates")
    assert (one.table, one.count) == ("accounts", 2)


def test_accounts_and_activity_that_do_not_fit():
    contracts = pd.DataFrame(
        {"account_id": ["a"], "started_at": ["2025-01-01"], "ended_at": ["2025-02-01"], "mrr": [5]}
    )
    frame = activity(("a", ["2024-11-01", "2025-01-15", "2025-02-20", "2025-05-01"], "login"))
    history = History(**small(activity=frame, subscriptions=contracts))
    assert found(history, "no-activity")[0].text == "1 of 2 accounts have no activity (first: 'b')."
    assert found(history, "before-opening")[0].count == 1
    assert found(history, "after-end")[0].count == 1


def test_surveys():
    surveys = pd.DataFrame({"account_id": ["a"] * 30, "occurred_at": ["2025-02-01"] * 30,
                            "metric": ["nps"] * 20 + ["csat"] * 10,
                            "score": [9] + [None] * 19 + [5] * 10})  # fmt: skip
    history = History(**small(satisfaction=surveys))
    told = {f.text.split(" ")[0]: f.severity for f in found(history, "response-rate")}
    assert told == {"5.0%": "warning", "every": "note"}
    assert history.check().sheet("surveys").rows == (("csat", 10, 10, 1.0), ("nps", 20, 1, 0.05))


def test_clocks():
    half_past = pd.date_range("2025-01-01T00:30Z", periods=500, freq="h")
    times = [*half_past, *pd.date_range("2025-01-05", periods=40, tz="UTC")]
    assert "40 of 540 events are dated exactly midnight in UTC" in found(
        History(**small(activity=activity(("a", times, "login")))), "midnight"
    )[0].text  # fmt: skip
    dates = activity(("a", [f"2025-02-{d:02d}" for d in range(1, 29)], "login"))
    assert found(History(**small(activity=dates), timezone="Asia/Tokyo"), "midnight")[0].severity == "note"
    stray = activity(("a", [f"2025-02-{d:02d}" for d in range(1, 29)] + ["2035-01-01"], "login"))
    assert found(History(**small(activity=stray)), "future")[0].count == 1
    early = small()["activity"].assign(recorded_at=["2025-01-31", None])
    assert found(History(**small(activity=early)), "known-before")[0].count == 1


def test_a_record_that_stops_before_the_others():
    frame = activity(("a", list(pd.date_range("2025-01-01", periods=200, tz="UTC")), "login"))
    tickets = pd.DataFrame({"account_id": ["a"] * 20, "opened_at": pd.date_range("2025-01-01", periods=20, tz="UTC")})
    (one,) = found(History(**small(activity=frame, tickets=tickets)), "ends-early")
    assert (one.table, one.severity) == ("tickets", "warning")


def test_what_the_data_can_support(six):
    able = six.check(Cancelled()).support
    assert (able.events, able.rung, able.effect) == (3, "base rate", "a declared prior")
    # Activity from 2025-01-06 on, so cutoffs from 02-05 on; leaves are known until 07-01 less 9.8 days, 06-21.
    # 30 days fit until 05-22 (March, April, May), 60 until 04-22, 90 until 03-23, 180 never.
    assert [(h.days, h.mature_cutoffs) for h in able.horizons] == [(30, 3), (60, 2), (90, 1), (180, 0)]
    assert six.check(WentQuiet(days=30)).support.churn == "WentQuiet, from activity"


@pytest.mark.parametrize(("leavers", "rung"), [(19, "base rate"), (20, "logistic"), (75, "boosted")])
def test_the_rung_is_that_of_learning(leavers, rung):
    from churnkit.learning import ladder

    assert (LOGISTIC_FROM, BOOSTED_FROM) == (ladder.LOGISTIC_FROM, ladder.BOOSTED_FROM)
    n = 80
    ids = [f"a{i}" for i in range(n)]
    ended = ["2025-03-01"] * leavers + [None] * (n - leavers)
    contracts = pd.DataFrame({"account_id": ids, "started_at": "2024-01-01", "ended_at": ended})
    history = History(
        accounts=pd.DataFrame({"account_id": ids, "opened_at": "2024-01-01"}),
        activity=activity(("a0", list(pd.date_range("2024-01-01", "2025-06-01", tz="UTC")), "login")),
        subscriptions=contracts,
        observed_until="2025-06-01",
    )  # fmt: skip
    assert history.check().support.rung == rung == ladder.highest_rung(leavers)


@pytest.mark.parametrize(
    ("decisions", "contacts", "effect"),
    [
        (
            {"contact": [True, False], "assignment": ["random"] * 2, "propensity": [0.5] * 2},
            None,
            "randomised decisions",
        ),
        ({"contact": [True, False], "assignment": ["random"] * 2, "propensity": [1.0, 0.0]}, None, "a declared prior"),
        (None, {"assignment": ["random"] * 2, "propensity": [0.5] * 2}, "randomised, controls reconstructed"),
        (None, {"assignment": ["random"] * 2}, "judgement contacts"),
        (None, None, "a declared prior"),
    ],
)
def test_what_the_effect_of_a_contact_can_be_learnt_from(decisions, contacts, effect):
    tables = small()
    if decisions:
        tables["decisions"] = pd.DataFrame({"account_id": ["a", "b"], "decided_at": ["2025-02-01"] * 2, **decisions})
    if contacts:
        tables["contacts"] = pd.DataFrame({"account_id": ["a", "b"], "contacted_at": ["2025-02-01"] * 2, **contacts})
    assert History(**tables).check().support.effect == effect


def test_json_for_a_pipeline(six):
    data = json.loads(six.check().to_json())
    assert data["schema"] == 1
    assert data["exit_code"] == 0
    assert {"findings", "sheets", "support"} <= set(data)
    assert data["support"]["horizons"][0]["last_mature"].startswith("2025-")
    assert set(data["findings"][0]) == {"severity", "topic", "table", "column", "count", "of", "text", "cure"}


def test_every_cell_of_a_sheet_can_be_shown(six):
    for sheet in six.check().sheets:
        for row in sheet.shown():
            assert len(row) == len(sheet.columns)
            assert all(isinstance(cell, str) for cell in row)


def test_checking_changes_nothing():
    history = History(**company.tables())
    before = history.signals.occurred.copy()
    assert history.check().to_json() == history.check().to_json()
    np.testing.assert_array_equal(before, history.signals.occurred)
