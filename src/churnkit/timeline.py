"""The rule of time, spelled once.

A window is half-open, ``[cutoff - w, cutoff)``: a fact dated exactly at the cutoff belongs to the
future. A fact counts at a cutoff only if it *occurred* before it and was *known* before it. Engine
and labels take :func:`known_at` and :func:`within` from here; the engine compiles these same
functions. Inside the house a moment is a whole number of microseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from churnkit.errors import BadExpression, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
NEVER = np.iinfo(np.int64).max
"""A moment that does not come."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"h": HOUR, "d": DAY, "w": 7 * DAY}
_SPAN = re.compile(r"\s*(\d+)\s*([hdw])\s*", re.ASCII)

Cutoff: TypeAlias = "str | date | datetime | pd.Timestamp | np.datetime64"
"""A moment at which is asked what was known: anything that reads as a time."""


def known_at(occurred: Any, known: Any, cutoff: Any) -> Any:
    """Whether a fact counts at a cutoff: it occurred before it and was known before it."""
    return (occurred < cutoff) & (known < cutoff)


def within(occurred: Any, start: Any, end: Any) -> Any:
    """Whether a moment lies in the half-open window ``[start, end)``."""
    return (start <= occurred) & (occurred < end)


@dataclass(frozen=True, order=True)
class Span:
    """A length of time: ``Span.of("90d")``, ``"12w"``, ``"36h"``; whole hours, days or weeks.

    Months are left out on purpose: they have no fixed length.
    """

    micros: int

    @classmethod
    def of(cls, value: Span | str | int | timedelta) -> Span:
        """Read a span; a bare whole number counts days.

        Raises
        ------
        BadExpression
            If the text is not a whole number followed by h, d or w, or the span is negative.
        """
        if isinstance(value, Span):
            return value
        if isinstance(value, timedelta):
            micros = value // timedelta(microseconds=1)
        elif isinstance(value, int) and not isinstance(value, bool):
            micros = value * DAY
        else:
            found = _SPAN.fullmatch(str(value))
            if found is None:
                raise BadExpression(f'span {value!r} cannot be read: write "36h", "90d" or "12w" (hours, days, weeks).')
            micros = int(found[1]) * _UNITS[found[2]]
        if micros < 0:
            raise BadExpression(f"span {value!r} is negative: a span has a length of zero or more.")
        return cls(micros)

    @property
    def days(self) -> float:
        """Length in days of 24 hours."""
        return self.micros / DAY

    def __repr__(self) -> str:
        return f"Span({str(self)!r})"

    def __str__(self) -> str:
        """Write the span so that :meth:`of` reads it again."""
        if self.micros % DAY == 0:
            return f"{self.micros // DAY}d"
        return f"{self.micros // HOUR}h" if self.micros % HOUR == 0 else f"{self.days:g}d"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        """Let pydantic models read and write spans as text."""
        from pydantic_core import core_schema

        def read(value: Any) -> Span:
            try:
                return cls.of(value)
            except BadExpression as problem:
                raise ValueError(str(problem)) from problem

        return core_schema.no_info_plain_validator_function(read, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: Any) -> dict[str, str]:
        """Describe a span in a JSON schema: it travels as text."""
        return {"type": "string"}


def zone(name: str) -> ZoneInfo:
    """Find a time zone by its IANA name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise RequestError(f'timezone {name!r} is not known: give an IANA name such as "Europe/Berlin".') from problem


def moment(value: Cutoff | int, timezone: str = "UTC") -> int:
    """Read one moment as microseconds since 1970 UTC; a naive value is read in ``timezone``.

    Text is ISO 8601 (``"2026-06"`` is the first instant of that month). A whole number is a moment
    already.
    """
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    stamp = _datetime(value)
    if stamp.tzinfo is None:
        stamp = stamp.replace(tzinfo=zone(timezone))
    return (stamp - _EPOCH) // timedelta(microseconds=1)


def _datetime(value: Any) -> datetime:
    if isinstance(value, np.datetime64):
        value = str(value.astype("datetime64[us]"))
    if isinstance(value, datetime):
        return value if not hasattr(value, "to_pydatetime") else value.to_pydatetime(warn=False)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    text = str(value).strip()
    if re.fullmatch(r"\d{4}-\d{2}", text):
        text += "-01"
    try:
        return datetime.fromisoformat(text)
    except ValueError as problem:
        raise RequestError(
            f'{value!r} cannot be read as a time: write "2026-06-01" or "2026-06-01T08:00+02:00".'
        ) from problem


def moments(values: Iterable[Cutoff | int] | Cutoff | int, timezone: str = "UTC") -> NDArray[np.int64]:
    """Read cutoffs as a sorted array of distinct moments.

    Raises
    ------
    RequestError
        If there is none, or one cannot be read.
    """
    if isinstance(values, str | date | np.datetime64 | int | np.integer):
        values = [values]
    read = sorted({moment(v, timezone) for v in values})
    if not read:
        raise RequestError("no cutoff was given: pass at least one moment, for example monthly_cutoffs(...).")
    return np.array(read, dtype=np.int64)


def as_datetime(micros: int) -> datetime:
    """Show a moment as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=int(micros))


def as_text(micros: int) -> str:
    """Show a moment in a message: the date, and the time of day unless it is midnight UTC."""
    shown = as_datetime(micros)
    return f"{shown:%Y-%m-%d}" if micros % DAY == 0 else f"{shown:%Y-%m-%d %H:%M} UTC"


def as_timestamps(micros: NDArray[np.int64]) -> pd.DatetimeIndex:
    """Show moments as a pandas index of UTC times (microseconds); :data:`NEVER` becomes NaT."""
    import pandas as pd

    stamps = np.where(micros == NEVER, np.iinfo(np.int64).min, micros).astype("datetime64[us]")
    return pd.DatetimeIndex(stamps).tz_localize("UTC")


def monthly_cutoffs(first: Cutoff, last: Cutoff, *, timezone: str = "UTC") -> list[datetime]:
    """Give the first instant of every month from ``first`` to ``last``, both included.

    Parameters
    ----------
    first, last
        A month (``"2025-09"``) or any moment; the months that begin in ``[first, last]`` count.
    timezone
        The zone whose midnight begins a month.

    Returns
    -------
    list of datetime
        Aware, in UTC, ascending.
    """
    low, high = moment(first, timezone), moment(last, timezone)
    where = zone(timezone)
    at = as_datetime(low).astimezone(where)
    year, month = at.year, at.month
    found: list[datetime] = []
    while (start := datetime(year, month, 1, tzinfo=where).astimezone(UTC)) <= as_datetime(high):
        if start >= as_datetime(low):
            found.append(start)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    if not found:
        raise RequestError(f"no month begins between {first!r} and {last!r}: give the earlier month first.")
    return found


def months_within(first: int, last: int, timezone: str) -> NDArray[np.int64]:
    """Give the first instant of every month in ``[first, last]`` (microseconds); none is no fault."""
    try:
        return moments(monthly_cutoffs(as_datetime(first), as_datetime(last), timezone=timezone))
    except RequestError:
        return np.empty(0, np.int64)


def weekly_cutoffs(first: Cutoff, last: Cutoff, *, weeks: int = 1, timezone: str = "UTC") -> list[datetime]:
    """Give a moment every ``weeks`` weeks from ``first`` to ``last``, both included, at the same clock time."""
    where = zone(timezone)
    at = as_datetime(moment(first, timezone)).astimezone(where)
    high = as_datetime(moment(last, timezone))
    found: list[datetime] = []
    while at.astimezone(UTC) <= high:
        found.append(at.astimezone(UTC))
        at = at + timedelta(weeks=weeks)
    if not found:
        raise RequestError(f"{first!r} is after {last!r}: give the earlier moment first.")
    return found


def zone_offsets(timezone: str, low: int, high: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the steps of a zone's offset from UTC over ``[low, high]``.

    Returns
    -------
    starts, offsets
        ``offsets[i]`` (microseconds to add to UTC) holds from ``starts[i]`` on; ``starts[0]`` is
        before ``low``.
    """
    where = zone(timezone)

    def offset(micros: int) -> int:
        shift = as_datetime(micros).astimezone(where).utcoffset()
        return 0 if shift is None else shift // timedelta(microseconds=1)

    low, high = (min(max(v, -60_000_000_000_000_000), 200_000_000_000_000_000) for v in (low - DAY, high + DAY))
    starts, offsets = [low], [offset(low)]
    for probe in range(low + 7 * DAY, high + 7 * DAY, 7 * DAY):
        if (there := offset(probe)) == offsets[-1]:
            continue
        before, after = probe - 7 * DAY, probe
        while after - before > SECOND:
            middle = (before + after) // 2
            before, after = (before, middle) if offset(middle) == there else (middle, after)
        starts.append(-(-before // SECOND) * SECOND)
        offsets.append(there)
    return np.array(starts, dtype=np.int64), np.array(offsets, dtype=np.int64)


def local_days(occurred: NDArray[np.int64], timezone: str = "UTC") -> NDArray[np.int32]:
    """Give the calendar day (days since 1970-01-01 in ``timezone``) of each moment."""
    if timezone == "UTC" or not len(occurred):
        return (occurred // DAY).astype(np.int32)
    starts, offsets = zone_offsets(timezone, int(occurred.min()), int(occurred.max()))
    at = np.searchsorted(starts, occurred, side="right") - 1
    return ((occurred + offsets[at]) // DAY).astype(np.int32)


def spans(values: Sequence[Span | str | int | timedelta]) -> tuple[Span, ...]:
    """Read several spans, sorted, each once."""
    return tuple(sorted({Span.of(v) for v in values}))
