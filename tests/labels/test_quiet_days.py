"""How many days of silence mean gone: return times laid out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churnkit.errors import EmptyTable
from churnkit.history import History
from churnkit.labels import suggest_quiet_days
from churnkit.labels.quiet_days import _Curve
from churnkit.timeline import DAY


def book(returns, until="2026-02-05"):
    """Forty accounts with an event on 2025-01-01; ``returns`` says how many come back after how many days."""
    back = [days for days, count in returns for _ in range(count)]
    first = pd.Timestamp("2025-01-01", tz="UTC")
    ids = [f"a{i}" for i in range(40)]
    rows = [(i, first) for i in ids] + [(i, first + pd.Timedelta(d, "D")) for i, d in zip(ids, back, strict=False)]
    return History(
        accounts=pd.DataFrame({"account_id": ids, "opened_at": first}),
        activity=pd.DataFrame(rows, columns=["account_id", "occurred_at"]).assign(event="order"),
        observed_until=until,
    )


def test_by_hand():
    # Twenty return after 10 days and ten after 40; with the silences after the last event there are 70.
    found = suggest_quiet_days(book([(10, 20), (40, 10)]), candidates=(7, 14, 45), most_returns=0.25)
    assert found.frame[["days", "silences", "returned", "still_silent"]].to_numpy().tolist() == [
        [7, 70, 30, 40],
        [14, 50, 10, 40],
        [45, 40, 0, 40],
    ]
    assert found.frame["return_share"].tolist() == pytest.approx([3 / 7, 1 / 5, 0])
    assert found.days == 14
    assert found.frame["proposed"].tolist() == [False, True, False]
    assert found.why == "20% of 50 silences of 14 days end in a return, the shortest length after which at most 25% do."


def test_silences_cut_off_by_the_record_count_for_as_long_as_they_were_seen():
    # Lengths 1 and 3 end in an event, 2 and 4 are cut off: S = 3/4 after 1, 3/4 x 1/2 after 3 (Kaplan, Meier).
    curve = _Curve.of(np.array([1, 2, 3, 4]) * DAY, np.array([True, False, True, False]))
    assert curve.return_share(0) == pytest.approx(5 / 8)
    assert curve.return_share(2 * DAY) == pytest.approx(1 / 2)
    assert curve.return_share(3 * DAY) == pytest.approx(1 / 2)  # a return after exactly three days is one
    assert curve.return_share(4 * DAY) == 0


def test_where_everybody_returns_the_longest_is_proposed_and_said_to_be_so():
    found = suggest_quiet_days(book([(62, 40)], until="2025-03-10"), candidates=(7, 30, 90))
    assert found.days == 30
    assert "No length can be judged" in found.why


def test_a_length_after_which_there_was_no_time_to_return_is_not_proposed():
    # All forty come back after 50 days, and the record ends 56 days after the last event: of forty silences of 40 days
    # or more that go on at its end nobody knows more than 16 further days.
    returns, until = [(50, 40)], "2025-04-17"
    found = suggest_quiet_days(book(returns, until=until), candidates=(28, 52))
    assert found.frame["return_share"].tolist() == pytest.approx([1 / 2, 0])
    assert found.days == 28
    assert "after the longest, 50% of 80 silences of 28 days end in a return" in found.why
    assert suggest_quiet_days(book(returns, until="2025-06-05"), candidates=(28, 52)).days == 52


def test_too_little_is_refused():
    with pytest.raises(
        EmptyTable, match=r"0 silences of 7 days or more are seen, the longest of 4 days.*days yourself"
    ):
        suggest_quiet_days(book([], until="2025-01-05"), candidates=(7,))
