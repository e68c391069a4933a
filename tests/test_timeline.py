from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnkit.errors import BadExpression, RequestError
from churnkit.timeline import (
    DAY,
    HOUR,
    NEVER,
    Span,
    as_text,
    as_timestamps,
    known_at,
    local_days,
    moment,
    moments,
    monthly_cutoffs,
    weekly_cutoffs,
    within,
    zone_offsets,
)


@pytest.mark.parametrize(("text", "micros"), [("90d", 90 * DAY), ("12w", 84 * DAY), ("36h", 36 * HOUR), (7, 7 * DAY)])
def test_span_reads(text, micros):
    assert Span.of(text).micros == micros


@pytest.mark.parametrize("text", ["90", "3 months", "-3d", "d", "", "1.5d", -1, timedelta(days=-1)])
def test_span_refuses(text):
    with pytest.raises(BadExpression, match="span"):
        Span.of(text)


@given(st.integers(0, 10_000), st.sampled_from("hdw"))
def test_span_round_trip(number, unit):
    span = Span.of(f"{number}{unit}")
    assert Span.of(str(span)) == span


def test_a_fact_at_the_cutoff_belongs_to_the_future():
    assert not known_at(10, 10, 10)
    assert known_at(9, 9, 10)


def test_a_fact_counts_only_once_known():
    assert not known_at(5, 10, 10)
    assert known_at(5, 9, 10)


def test_a_window_is_half_open():
    assert within(np.array([4, 5, 9, 10]), 5, 10).tolist() == [False, True, True, False]


def test_naive_moments_are_read_in_the_named_zone():
    assert moment("2026-06-01", "Europe/Berlin") == moment("2026-05-31T22:00+00:00")
    assert moment(datetime(2026, 1, 1, 12, tzinfo=ZoneInfo("America/New_York"))) == moment("2026-01-01T17:00Z")


def test_unreadable_moment_says_what_to_write():
    with pytest.raises(RequestError, match="cannot be read as a time"):
        moment("yesterday")


def test_moments_are_sorted_and_distinct():
    assert moments(["2025-03", "2025-01-01", "2025-01"]).tolist() == [moment("2025-01-01"), moment("2025-03-01")]


def test_monthly_cutoffs_by_hand():
    found = monthly_cutoffs("2024-11", "2025-02")
    assert found == [datetime(2024, 11, 1, tzinfo=UTC), datetime(2024, 12, 1, tzinfo=UTC),
                     datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)]  # fmt: skip


def test_monthly_cutoffs_follow_the_zone_through_daylight_saving():
    found = monthly_cutoffs("2025-03", "2025-04", timezone="Europe/Berlin")
    assert found == [datetime(2025, 2, 28, 23, tzinfo=UTC), datetime(2025, 3, 31, 22, tzinfo=UTC)]


def test_monthly_cutoffs_in_the_wrong_order():
    with pytest.raises(RequestError, match="earlier month first"):
        monthly_cutoffs("2025-04", "2025-03")


def test_weekly_cutoffs_keep_the_clock_time():
    found = weekly_cutoffs("2025-03-24T08:00", "2025-04-01T08:00", timezone="Europe/Berlin")
    assert found == [datetime(2025, 3, 24, 7, tzinfo=UTC), datetime(2025, 3, 31, 6, tzinfo=UTC)]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
@given(st.lists(st.integers(0, 2_000_000_000), min_size=1, max_size=30))
def test_local_days_agree_with_zoneinfo(zone, seconds):
    occurred = np.array(seconds, dtype=np.int64) * 1_000_000
    where = ZoneInfo(zone)
    expected = [(datetime.fromtimestamp(s, where).date() - datetime(1970, 1, 1).date()).days for s in seconds]
    assert local_days(occurred, zone).tolist() == expected


def test_zone_offsets_find_the_second_of_the_change():
    starts, offsets = zone_offsets("Europe/Berlin", moment("2025-01-01"), moment("2025-12-31"))
    assert starts[1:].tolist() == [moment("2025-03-30T01:00Z"), moment("2025-10-26T01:00Z")]
    assert (offsets // HOUR).tolist() == [1, 2, 1]


def test_never_shows_as_nat():
    shown = as_timestamps(np.array([0, NEVER]))
    assert str(shown[0]) == "1970-01-01 00:00:00+00:00"
    assert shown.isna().tolist() == [False, True]


def test_as_text():
    assert as_text(moment("2026-06-01")) == "2026-06-01"
    assert as_text(moment("2026-06-01T08:30Z")) == "2026-06-01 08:30 UTC"
