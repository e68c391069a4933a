"""Times of every kind end in UTC; what stands for "never" is empty where it may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnkit.history.columns import numbers
from churnkit.history.frames import to_source
from churnkit.history.times import LATEST, localised, times
from churnkit.timeline import DAY, NEVER, moment


def read(values, kind=None, *, timezone="UTC", dayfirst=None, optional=False):
    array = values if isinstance(values, pa.ChunkedArray | pa.Array) else pa.array(values, kind)
    return times(array, timezone=timezone, dayfirst=dayfirst, optional=optional)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("2025-02-01", None, "2025-02-01"),
        ("20250201", None, "2025-02-01"),
        ("2025-02-01 10:00:00.5", None, "2025-02-01T10:00:00.5"),
        ("2025-02-01T10:00:00.123456789Z", None, "2025-02-01T10:00:00.123456"),
        ("2025-02-01T10:00+0530", None, "2025-02-01T04:30"),
        ("1738404000", None, "2025-02-01T10:00"),
        ("1738404000123", None, "2025-02-01T10:00:00.123"),
        (1738404000, pa.int64(), "2025-02-01T10:00"),
        (1738404000.25, pa.float64(), "2025-02-01T10:00:00.25"),
        (1738404000123456, pa.int64(), "2025-02-01T10:00:00.123456"),
        (45689, pa.int32(), "2025-02-01"),
        (20250201, pa.int32(), "2025-02-01"),
        (1738404000000, pa.timestamp("ms"), "2025-02-01T10:00"),
        (1738404000, pa.timestamp("s", tz="America/New_York"), "2025-02-01T10:00"),
        (20120, pa.date32(), "2025-02-01"),
    ],
)
def test_every_way_of_writing_a_time(value, kind, expected):
    assert read([value, None], kind).values.tolist() == [moment(expected + ("Z" if "T" in expected else "")), NEVER]


def test_python_times_of_several_zones_and_of_none_in_one_column():
    berlin = ZoneInfo("Europe/Berlin")
    west = timezone(timedelta(hours=-5))
    clock = datetime(2025, 2, 1, 10)
    column = pd.Series([clock, clock.replace(tzinfo=berlin), clock.replace(tzinfo=west), None], dtype=object)
    source = to_source("activity", pd.DataFrame({"t": column}))
    found = read(source.column("t"), timezone="Asia/Tokyo").values.tolist()
    assert found == [*(moment(f"2025-02-01T{h}:00Z") for h in ("01", "09", "15")), NEVER]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
@given(st.integers(0, 6 * 365 * 24 * 4))
def test_local_clocks_agree_with_the_standard_library(zone, quarter):
    clock = datetime(2020, 1, 1) + timedelta(minutes=15 * quarter)
    naive = np.array([(clock - datetime(1970, 1, 1)) // timedelta(microseconds=1)])
    utc, notes = localised(naive, np.array([False]), zone)
    first = clock.replace(tzinfo=ZoneInfo(zone), fold=0)
    back = first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if back == clock:
        assert utc[0] == (first - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        twice = first.utcoffset() != first.replace(fold=1).utcoffset()
        assert bool(notes) == twice
    else:  # the hour does not exist: the first instant after the gap
        assert "do not exist" in notes[0][1]
        shown = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(utc[0]))
        before = (shown - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert before < clock < shown.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("clock", "utc", "words"),
    [
        ("2025-03-30T01:59", "2025-03-30T00:59Z", None),
        ("2025-03-30T02:00", "2025-03-30T01:00Z", "do not exist"),
        ("2025-03-30T02:59", "2025-03-30T01:00Z", "do not exist"),
        ("2025-03-30T03:00", "2025-03-30T01:00Z", None),
        ("2025-10-26T01:59", "2025-10-25T23:59Z", None),
        ("2025-10-26T02:00", "2025-10-26T00:00Z", "twice"),
        ("2025-10-26T02:59", "2025-10-26T00:59Z", "twice"),
        ("2025-10-26T03:00", "2025-10-26T02:00Z", None),
    ],
)
def test_the_hours_when_clocks_change(clock, utc, words):
    cells = read([clock], timezone="Europe/Berlin")
    assert cells.values[0] == moment(utc)
    assert [words in text for _, text in cells.notes] == ([True] if words else [])


NEVERS = ["9999-12-31", "9999-12-31T23:59:59Z", "2999-01-01 00:00:00", "0001-01-01", "0001-01-01T00:00:00",
          "1753-01-01", "1899-12-30", "1900-01-01", "0000-00-00"]  # fmt: skip


@pytest.mark.parametrize("text", NEVERS)
def test_a_date_that_stands_for_never(text):
    cells = read([text, "2025-02-01"], optional=True)
    assert (cells.empty.tolist(), cells.bad.tolist(), cells.never) == ([True, False], [False, False], 1)
    assert "read as empty" in cells.notes[0][1]
    cells = read([text, "2025-02-01"])  # where a time is needed, it is none
    assert (cells.empty.tolist(), cells.bad.tolist(), cells.values[0]) == ([False, False], [True, False], NEVER)


def test_never_in_columns_of_times():
    far = pa.array([datetime(9999, 12, 31), datetime(2025, 2, 1), datetime(1, 1, 1), datetime(1600, 5, 5), None])
    cells = read(far, optional=True)
    assert cells.empty.tolist() == [True, False, True, False, True]
    assert cells.bad.tolist() == [False, False, False, True, False]
    assert cells.never == 2


@pytest.mark.parametrize(
    "text", ["soon", "31/02/2025", "2025-02-30", "10:00", "2025-13-01", "12345678901234567890123", "-"]
)
def test_what_is_no_time(text):
    cells = read([text, "2025-02-01"], optional=True)
    assert cells.bad.tolist() == [True, False]


@given(st.lists(st.one_of(st.none(), st.integers(-(10**17), 10**17), st.text(max_size=12)), max_size=8))
def test_anything_is_read_empty_or_bad(values):
    texts = pa.array([None if v is None else str(v) for v in values], pa.string())
    cells = read(texts, optional=True)
    there = ~cells.empty & ~cells.bad
    assert (cells.values[~there] == NEVER).all()
    assert (cells.values[there] < LATEST).all()
    assert not (cells.empty & cells.bad).any()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1,5", "2,25"], [1.5, 2.25]),
        (["1.234,5", "7"], [1234.5, 7]),
        (["1,234.5", "7"], [1234.5, 7]),
        (["1,234,567"], [1234567]),
        (["1,5", "2.5"], [np.nan, 2.5]),
        (["1,234", "2"], [np.nan, 2]),  # a thousand or a little more than one: nobody can tell
        (["-3", "+4", "1e3", " 5 "], [-3, 4, 1000, 5]),
    ],
)
def test_numbers_as_texts(values, expected):
    np.testing.assert_array_equal(numbers(pa.array(values)).values, expected)


def test_a_day_of_the_zone_is_a_day_of_the_zone():
    assert read([20120], pa.date32(), timezone="Asia/Tokyo").values[0] == moment("2025-02-01") - 9 * DAY // 24
