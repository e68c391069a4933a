"""Shrunk: the six-account company by hand, and levels drawn by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churnkit.errors import BadRecipe, MissingTable, UnknownSignal
from churnkit.history import History
from churnkit.labels import Shrunk, audit, label
from churnkit.labels.levels import Levels
from churnkit.labels.sources import Moments
from churnkit.timeline import DAY, NEVER, moment
from support import company


def answers(history, definition, cutoff):
    found = label(history, definition, [moment(cutoff)], definition.horizons())
    return dict(zip(history.account_ids[found.account], found.y.tolist(), strict=True))


@pytest.mark.parametrize("of", ["mrr", "seats"])
def test_an_ended_contract_has_fallen_to_nothing(six, of):
    # Bob's end 2025-04-30 is day 88, cyd's 2025-03-15 day 42 (back after 66 days), fay's 2025-05-31 day 119.
    y = answers(six, Shrunk(of=of, horizon="90d"), "2025-02-01")
    assert y == {"ada": [0, 0, 0], "bob": [0, 0, 1], "cyd": [0, 1, 1], "dot": [0, 0, 0], "fay": [0, 0, 0]}


def test_a_fall_that_does_not_stay_is_none(six):
    for stay, leave in (("66d", moment("2025-03-15T12:00")), ("67d", NEVER)):
        assert Shrunk(stay=stay).next_leave(six, moment("2025-02-01"))[six.code("cyd")] == leave


def test_maturity_waits_for_the_stay(six):
    # An end is seen as one when the seven days of cancel-and-rebuy are over; three of ten changes are ends.
    assert Shrunk(stay="20d").delay(six) == 27 * DAY


def test_population_by_hand(six):
    standing = Shrunk().standing(six, moment("2025-04-11"))
    why = dict(zip(six.account_ids, standing.why, strict=True))
    assert why == {
        "ada": "", "bob": "notice given", "cyd": "contract ended", "dot": "", "eve": "not open yet", "fay": ""
    }  # fmt: skip
    standing = Shrunk(of="usage").standing(six, moment("2025-03-10"))
    assert standing.why[six.code("dot")] == "no usage in the last 30d"


def test_usage_by_hand(six):
    usage = Shrunk(of="usage", events=("login",), stay="28d", share=0.5, horizon="30d")
    start = moment("2025-03-10")
    # Bob logs in on the four Mondays before, and on 03-10, 03-17, 03-24 and 03-31 at noon, then never: from
    # just after 03-17 on, two logins follow within 28 days, which is half of four.
    assert usage.next_leave(six, start)[six.code("bob")] == moment("2025-03-17T12:00") + 1
    harder = usage.changed(share=0.6)
    assert harder.next_leave(six, start)[six.code("bob")] == moment("2025-03-24T12:00") + 1
    y = answers(six, usage, "2025-03-10")
    assert (y["bob"], y["ada"]) == ([1], [0])
    assert "dot" not in y


def levels(*rows):
    account, moment_, value = zip(*rows, strict=True)
    at = np.array(moment_, np.int64)
    return Levels.of(np.array(account, np.int32), at, at, np.array(value, float))


@pytest.mark.parametrize(
    ("start", "stay", "expected"),
    [
        (5, 10, 10),  # 100 falls to 60 on day 10 and is back on day 20
        (5, 11, 30),  # too short; the second fall stays
        (15, 5, NEVER),  # from 60 on: 50 is more than 0.7 x 60
        (25, 5, 30),
        (10, 5, 10),  # a fall at the very start counts, since the level before it was 100
        (0, 5, NEVER),  # no level yet
    ],
)
def test_falls_by_hand(start, stay, expected):
    found = levels((0, 1, 100), (0, 10, 60), (0, 12, 55), (0, 20, 100), (0, 30, 50), (1, 2, 7), (1, 11, 7))
    assert found.next_fall(3, start, 0.7, stay).tolist() == [expected, NEVER, NEVER]


def test_several_changes_at_one_moment():
    found = Levels.of(np.zeros(2, np.int32), np.array([5, 5]), np.array([9, 7]), np.array([1.0, 2.0]))
    assert found.at(2, 6)[0] == 1.0
    assert np.isnan(found.at(2, 5)[0])


def test_what_is_not_there_is_refused():
    tables = company.tables()
    tables["subscriptions"] = tables["subscriptions"].drop(columns="seats")
    with pytest.raises(UnknownSignal, match="seats"):
        Shrunk(of="seats").check(History(**tables))
    del tables["subscriptions"]
    with pytest.raises(MissingTable, match="Shrunk"):
        Shrunk().check(History(**tables))
    with pytest.raises(BadRecipe, match="usage"):
        Shrunk(of="mrr", events=("login",))


def first_fall(times, start, stay, share):
    """Look at the start and just after each event, one by one."""
    before = sum(start - stay <= t < start for t in times)
    for at in sorted([start, *(t + 1 for t in times if t >= start)]):
        if before and sum(at <= t < at + stay for t in times) <= (1 - share) * before + 1e-9:
            return at
    return NEVER


def test_usage_against_a_slow_count():
    rng = np.random.default_rng(3)
    days = [np.sort(rng.integers(0, 120, size)) for size in (0, 1, 5, 20, 60, 200)]
    stamps = [[DAY * int(d) + moment("2025-01-01") for d in some] for some in days]
    rows = [(f"a{k}", pd.Timestamp(t, unit="us", tz="UTC")) for k, some in enumerate(stamps) for t in some]
    opened = pd.Timestamp("2024-06-01", tz="UTC")
    history = History(
        accounts=pd.DataFrame({"account_id": [f"a{k}" for k in range(len(days))], "opened_at": opened}),
        activity=pd.DataFrame(rows, columns=["account_id", "occurred_at"]).assign(event="login"),
    )
    for stay, share in ((7, 0.3), (30, 0.5), (30, 1.0), (45, 0.1), (7, 0.3)):  # back and forth between lengths
        usage = Shrunk(of="usage", stay=f"{stay}d", share=share)
        for day in (0, 10, 45, 90, 119, 121):
            start = moment("2025-01-01") + day * DAY
            expected = [first_fall(times, start, stay * DAY, share) for times in stamps]
            assert usage.next_leave(history, start).tolist() == expected


def test_an_audit_sorts_the_events_once(monkeypatch):
    history, calls, of = History(**company.tables()), [], Moments.of.__func__
    monkeypatch.setattr(Moments, "of", classmethod(lambda cls, *given: calls.append(given) or of(cls, *given)))
    found = audit(history, Shrunk(of="usage", horizon="30d"), ["2025-02-01", "2025-03-01"])
    assert len(found.sensitivity) > 5
    assert len(calls) == 1
