from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnkit.errors import HorizonError, UnknownSignal
from churnkit.history import History
from churnkit.labels import WentQuiet, label
from churnkit.timeline import DAY, as_timestamps, moment, moments
from support import company


def one_account(days, opened=0.0):
    """A history of one account with events on the given (fractional) days, and a second to keep the record going."""
    rows = [("a", int(d * DAY)) for d in days] + [("b", int(d * DAY)) for d in (0.5, 400)]
    frame = pd.DataFrame(rows, columns=["account_id", "occurred_at"])
    frame["occurred_at"] = as_timestamps(frame["occurred_at"].to_numpy())
    accounts = pd.DataFrame({"account_id": ["a", "b"], "opened_at": as_timestamps(np.array([int(opened * DAY), 0]))})
    return History(
        accounts=accounts, activity=frame.assign(event="order"), observed_until=as_timestamps(np.array([400 * DAY]))[0]
    )


def answer(history, definition, cutoff):
    """Give the label of account a per horizon, or None outside the population."""
    found = label(history, definition, [int(cutoff * DAY)], definition.horizons())
    rows = found.account == 0
    return found.y[rows][0].tolist() if rows.any() else None


def brute(days, silence, start, horizon):
    """Try every candidate beginning of a silence, straight from the definition."""
    events = sorted(int(d * DAY) for d in days)
    low, high = int(start * DAY), int((start + horizon) * DAY)
    for begin in [low] + [e + 1 for e in events if e >= low]:
        end = begin + silence * DAY
        if end <= high and not any(begin <= e < end for e in events):
            return 1
    return 0


@pytest.mark.parametrize(
    ("days", "cutoff", "expected"),
    [
        ([1, 50], 20, [1]),  # silent from day 20 to day 50: exactly no event in the next 30 days
        ([1, 49.99], 20, [0]),
        ([1], 32, None),  # last event 31 days ago: not asked
        ([1], 31, [1]),  # exactly 30 days ago still counts: [1, 31)
        ([1, 25, 60], 20, [0]),  # the silence begins on day 25 and is complete on day 55, after day 50
    ],
)
def test_horizon_of_n_days_by_hand(days, cutoff, expected):
    assert answer(one_account(days, opened=-100), WentQuiet(days=30), cutoff) == expected


def test_longer_horizons_see_later_silences():
    definition = WentQuiet(days=30, horizon="90d")
    assert [str(h) for h in definition.horizons()] == ["30d", "60d", "90d"]
    assert answer(one_account([1, 25], opened=-100), definition, 20) == [0, 1, 1]


def test_a_silence_that_begins_inside_the_lead_does_not_count_as_such():
    # Event on day 25; lead 10: a run may begin on day 30 at the earliest, complete on day 60 = 30 + 30.
    assert answer(one_account([1, 25], opened=-100), WentQuiet(days=30, lead="10d"), 20) == [1]
    assert answer(one_account([1, 25, 59], opened=-100), WentQuiet(days=30, lead="10d"), 20) == [0]


def test_a_new_account_without_events_is_asked():
    assert answer(one_account([], opened=10), WentQuiet(days=30), 20) == [1]
    assert answer(one_account([], opened=10), WentQuiet(days=30), 41) is None


def test_six_accounts_without_contracts():
    tables = company.tables()
    del tables["subscriptions"]
    six = History(**tables, observed_until=company.OBSERVED)
    standing = WentQuiet(days=30).standing(six, moment("2025-04-20"))
    assert set(six.account_ids[standing.inside]) == {"ada", "bob", "fay"}
    assert standing.why[six.code("dot")] == "silent for 30 days or more"
    # Bob's last login, 2025-03-31 noon, is 29.5 days before 2025-04-30 but 30.5 before 2025-05-01.
    assert WentQuiet(days=30).standing(six, moment("2025-04-30")).inside[six.code("bob")]
    assert not WentQuiet(days=30).standing(six, moment("2025-05-01")).inside[six.code("bob")]


def test_who_is_out_of_contract_is_not_asked(six):
    quiet = WentQuiet(days=60)
    # Bob logs in until 2025-03-31 and gives notice on 2025-04-10 at noon, the contract ends on the 30th.
    for at, why in (("04-10T12:00", ""), ("04-10T12:01", "notice given"), ("05-01", "contract ended")):
        assert quiet.standing(six, moment(f"2025-{at}")).why[six.code("bob")] == why
    # Fay's notice of 2025-04-25 is known from 2025-05-05 on; cyd is back on 2025-05-20.
    assert quiet.standing(six, moment("2025-05-04")).inside[six.code("fay")]
    assert quiet.standing(six, moment("2025-05-06")).why[six.code("fay")] == "notice given"
    assert quiet.standing(six, moment("2025-05-19")).why[six.code("cyd")] == "contract ended"
    assert quiet.standing(six, moment("2025-05-22")).inside[six.code("cyd")]


def test_who_never_had_a_contract_is_asked():
    tables = company.tables()
    rows = tables["subscriptions"]
    tables["subscriptions"] = rows[rows["account_id"] != "ada"]
    history = History(**tables, observed_until=company.OBSERVED)
    assert WentQuiet(days=30).standing(history, moment("2025-04-20")).inside[history.code("ada")]


def test_the_delay_is_that_of_the_named_events(six):
    # Bob's login of 2025-02-24 noon is recorded on 2025-03-03 noon; of n logins the others are known at once, so the
    # 99th percentile lies between them: position .99 (n - 1) of n sorted delays, the last of which is seven days.
    n = int((company.activity()["event"] == "login").sum())
    expected = 7 * 86_400 * max(0.99 * (n - 1) - (n - 2), 0)
    assert WentQuiet(days=7, events=("login",)).delay(six) == np.ceil(expected) * 1_000_000
    assert WentQuiet(days=7, events=("export",)).delay(six) == 0


def test_a_late_row_counts_for_the_population_only_once_known(six):
    # Bob's login of 2025-02-24 is recorded on 2025-03-03; the one before is a week older.
    quiet = WentQuiet(days=7)
    assert not quiet.standing(six, moment("2025-02-25")).inside[six.code("bob")]


def test_named_events_only(six):
    quiet = WentQuiet(days=30, events=("export",))
    standing = quiet.standing(six, moment("2025-03-02"))
    assert list(six.account_ids[standing.inside]) == ["ada"]
    with pytest.raises(UnknownSignal, match="did you mean 'export'"):
        WentQuiet(days=30, events=("exports",)).check(six)


def test_a_horizon_below_the_silence_is_refused_with_the_cure():
    with pytest.raises(HorizonError, match="at least 30 days"):
        WentQuiet(days=30, horizon="20d")


@given(
    st.lists(st.floats(0, 200, width=16), max_size=12),
    st.integers(5, 40),
    st.sampled_from([0, 3, 10]),
    st.integers(30, 60),
)
def test_labels_agree_with_the_definition_and_rise_with_the_horizon(days, silence, lead, cutoff):
    days = [*days, cutoff - 1]
    definition = WentQuiet(days=silence, horizon=f"{silence + 90}d", lead=f"{lead}d")
    horizons = (silence, silence + 7, silence + 90)
    found = label(
        one_account(days, opened=-100), definition, moments([cutoff * DAY]), definition.horizons(tuple(
            type(definition.horizon).of(h) for h in horizons))
    )  # fmt: skip
    y = found.y[found.account == 0][0].tolist()
    if -1 in y:  # left inside the lead: the run is complete before the lead is over
        assert brute(days, silence, cutoff, lead) == 1
        return
    assert y == [brute(days, silence, cutoff + lead, h) for h in horizons]
    assert y == sorted(y)
