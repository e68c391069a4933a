"""Times of any kind, read as microseconds since 1970 UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from churnkit.errors import DataError
from churnkit.history.columns import Cells, flat, is_text, plain, texts
from churnkit.timeline import DAY, NEVER, SECOND, zone_offsets

if TYPE_CHECKING:
    from numpy.typing import NDArray

EARLIEST = -2_208_988_800 * SECOND
"""1900-01-01: nothing that a company records is older."""
LATEST = 7_258_118_400 * SECOND
"""2200-01-01: what is later stands for "never" in some systems, not for a time."""

_EPOCH_SCALES = ((1e11, SECOND), (1e14, SECOND // 1_000), (1e17, 1))
_SERIAL = (15_000, 80_000)
"""Days since 1899-12-30 of the years 1941 to 2119: how spreadsheets count."""
_SERIAL_ZERO = -25_569 * DAY
_WRITTEN = (19_000_101, 22_000_101)
"""Dates written as one number, 20260131."""
_OFFSET = r"(?:[zZ]|[+-]\d{2}:?\d{2})$"
_NUMBER = r"^-?(?:\d{5}|\d{9,19})(?:\.\d+)?$"
_FAR = r"^(?:[3-9]\d{3}|2[2-9]\d{2})-\d{2}-\d{2}"
_ZERO = (
    r"^(?:0000-00-00|000[01]-01-01|1753-01-01|1899-12-3[01]|1900-01-01)"
    r"(?:[ T]00:00(?::00(?:\.0+)?)?)?(?:Z|[+-]00:?00)?$"
)
_ZEROS = tuple(
    int(np.datetime64(d, "us").astype(np.int64))
    for d in ("0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01")
)


def times(column: pa.ChunkedArray | pa.Array, *, timezone: str, dayfirst: bool | None, optional: bool = False) -> Cells:
    """Read times as microseconds since 1970 UTC; a naive one is read in ``timezone``.

    Takes timestamps of any unit, dates (midnight in ``timezone``), seconds, milliseconds, microseconds
    or nanoseconds since 1970, spreadsheet days, dates written as one number, and ISO 8601 text;
    ``dayfirst`` lets other texts in ("31/12/2026"). Where the column is ``optional``, a date that stands
    for "never" (from 2200 on, or a zero date such as 0001-01-01) is empty; elsewhere it is bad.
    """
    chunks = plain(column)
    kind = chunks.type.value_type if pa.types.is_dictionary(chunks.type) else chunks.type
    notes: tuple[tuple[int, str], ...] = ()
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        micros, empty = _stamps(chunks)
        if getattr(kind, "tz", None) is None:
            micros, notes = localised(micros, empty, timezone)
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        micros, empty, notes = _epochs(flat(chunks), timezone)
    elif pa.types.is_null(kind):
        micros, empty = np.zeros(len(chunks), dtype=np.int64), np.ones(len(chunks), dtype=np.bool_)
    elif is_text(kind):
        return _judged(*_time_texts(texts(chunks), timezone=timezone, dayfirst=dayfirst), optional=optional)
    else:
        raise DataError(f"holds {kind}, which cannot be read as a time")
    return _judged(micros, empty, np.zeros(0, np.bool_), notes, optional=optional)


def _judged(
    micros: NDArray[np.int64],
    empty: NDArray[np.bool_],
    unread: NDArray[np.bool_],
    notes: tuple[tuple[int, str], ...],
    *,
    optional: bool,
) -> Cells:
    """Set apart what lies outside the years 1900 to 2199."""
    if not len(micros):
        return Cells(micros, empty, empty.copy(), notes)
    inside = int(micros.min()) >= EARLIEST + DAY and int(micros.max()) < LATEST
    if inside and not len(unread) and not empty.any():
        return Cells(micros, empty, np.zeros(len(micros), np.bool_), notes)
    outside = ~empty & ((micros < EARLIEST) | (micros >= LATEST))
    zero = np.zeros(len(micros), np.bool_) if inside else ~empty & np.isin(micros, _ZEROS)
    never = (zero | (~empty & (micros >= LATEST))) if optional else zero & False
    if len(unread):
        never &= ~unread
        outside |= unread
    bad = (outside | zero) & ~never
    count = int(never.sum())
    if count:
        told = f'{count:,} cells hold a date that stands for "never" (2200 or later, or a zero date); read as empty'
        notes = (*notes, (count, told))
        empty = empty | never
    return Cells(np.where(empty | bad, NEVER, micros), empty, bad, notes, never=count)


def _stamps(chunks: pa.ChunkedArray) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    micros = np.empty(len(chunks), np.int64)
    empty = np.zeros(len(chunks), np.bool_)
    at = 0
    for chunk in chunks.chunks:
        end = at + len(chunk)
        if pa.types.is_dictionary(chunk.type):
            chunk = chunk.dictionary_decode()  # noqa: PLW2901 - the same, told otherwise
        if pa.types.is_date(chunk.type):
            chunk = pc.cast(chunk, pa.date32())  # noqa: PLW2901 - the same, told otherwise
        if chunk.null_count:
            empty[at:end] = pc.is_null(chunk).to_numpy(zero_copy_only=False)
        stamps = pc.cast(chunk, pa.timestamp("us", tz=getattr(chunk.type, "tz", None)), safe=False)
        ints = stamps.view(pa.int64())
        micros[at:end] = (pc.fill_null(ints, 0) if chunk.null_count else ints).to_numpy(zero_copy_only=False)
        at = end
    return micros, empty


def localised(
    naive: NDArray[np.int64], empty: NDArray[np.bool_], timezone: str
) -> tuple[NDArray[np.int64], tuple[tuple[int, str], ...]]:
    """Turn clock times of a zone into UTC: of an hour that comes twice the first, past a gap the next that exists."""
    inside = ~empty & (naive >= EARLIEST) & (naive < LATEST)
    if timezone == "UTC" or not inside.any():
        return naive, ()
    clock = naive[inside]
    starts, offsets = zone_offsets(timezone, int(clock.min()) - DAY, int(clock.max()) + DAY)
    before, after = starts[1:] + offsets[:-1], starts[1:] + offsets[1:]
    at = np.searchsorted(before, clock, side="right")
    moment = clock - offsets[at]
    none = moment < starts[at]
    moment[none] = starts[at][none]
    ahead = np.minimum(at, max(len(after) - 1, 0))
    twice = (at < len(after)) & (clock >= after[ahead]) if len(after) else none & False
    notes = []
    if n := int(twice.sum()):
        notes.append((n, f"{n:,} times fall in an hour that {timezone} has twice; the first was taken"))
    if n := int(none.sum()):
        notes.append((n, f"{n:,} times do not exist in {timezone} (clocks go forward); the next that does was taken"))
    utc = naive.copy()
    utc[inside] = moment
    return utc, tuple(notes)


def _epochs(array: pa.Array, timezone: str) -> tuple[NDArray[np.int64], NDArray[np.bool_], tuple[tuple[int, str], ...]]:
    """Read numbers as times: what they count is told by their median size."""
    values = pc.cast(array, pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64)
    empty = np.isnan(values)
    values = np.where(empty, 0.0, values)
    size = float(np.median(np.abs(values[~empty]))) if not empty.all() else 0.0
    count = int((~empty).sum())
    if _SERIAL[0] <= size <= _SERIAL[1]:
        clock = (np.clip(values, -1e6, 1e7) * DAY).round().astype(np.int64) + _SERIAL_ZERO
        micros, notes = localised(clock, empty, timezone)
        return (
            micros,
            empty,
            ((count, f"{count:,} numbers were read as days of a spreadsheet (45658 is 2025-01-01)"), *notes),
        )
    if _WRITTEN[0] <= size <= _WRITTEN[1]:
        written = pd.to_datetime(pd.Series(values.astype(np.int64).astype(str)), format="%Y%m%d", errors="coerce")
        clock = written.to_numpy().astype("datetime64[us]").astype(np.int64)
        clock = np.where(written.isna(), LATEST * 2, clock)
        micros, notes = localised(clock, empty, timezone)
        return micros, empty, ((count, f"{count:,} numbers were read as dates (20250131 is 2025-01-31)"), *notes)
    for limit, scale in _EPOCH_SCALES:
        if size < limit:
            if pa.types.is_integer(array.type):
                ints = np.where(
                    empty, 0, pc.fill_null(pc.cast(array, pa.int64(), safe=False), 0).to_numpy(zero_copy_only=False)
                )
                safe = np.abs(ints) < np.iinfo(np.int64).max // (4 * scale)
                return np.where(safe, ints, 2 * (LATEST // scale)) * scale, empty, ()
            return np.clip(values * scale, EARLIEST * 2.0, LATEST * 2.0).astype(np.int64), empty, ()
    return (np.clip(values, -9e18, 9e18) // 1_000).astype(np.int64), empty, ()


def _time_texts(
    text: Cells, *, timezone: str, dayfirst: bool | None
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_], tuple[tuple[int, str], ...]]:
    """Read the distinct texts as times, then give every row its own; what cannot be read comes third."""
    words = pd.Series(text.words, dtype=object)
    if not len(words):
        return np.zeros(len(text.values), np.int64), text.empty, np.zeros(len(text.values), np.bool_), ()

    def like(pattern: str) -> NDArray[np.bool_]:
        return np.array(words.str.contains(pattern, regex=True), dtype=np.bool_)

    far, zero, number = like(_FAR), like(_ZERO), like(_NUMBER)
    aware = like(_OFFSET) & (words.str.len() > len("2026-01-01")).to_numpy(dtype=bool)
    micros = np.where(far, LATEST, _ZEROS[0])
    read = far | zero
    number &= ~read
    naive = ~aware & ~read & ~number
    for rows, zoned in ((aware & ~read, True), (naive, False)):
        if rows.any():
            micros[rows], read[rows] = _parsed(words[rows], zoned=zoned, dayfirst=dayfirst)
    notes: tuple[tuple[int, str], ...] = ()
    if number.any():
        micros[number], _, notes = _epochs(pa.array(pd.to_numeric(words[number]).to_numpy()), timezone)
        read |= number
    clock = np.append(micros, 0)[text.values]
    clock, more = localised(clock, ~np.append(naive & read, False)[text.values], timezone)
    return clock, text.empty, ~text.empty & ~np.append(read, True)[text.values], (*notes, *more)


def _parsed(words: pd.Series, *, zoned: bool, dayfirst: bool | None) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    try:
        fast = pc.cast(pa.array(words, type=pa.string()), pa.timestamp("us", tz="UTC" if zoned else None))
    except pa.ArrowInvalid:
        stamps = _parse(words, zoned=zoned, dayfirst=dayfirst)
        return stamps.to_numpy().astype("datetime64[us]").astype(np.int64), stamps.notna().to_numpy()
    return np.asarray(fast.view(pa.int64()).to_numpy(), dtype=np.int64), np.ones(len(words), np.bool_)


def _parse(words: pd.Series, *, zoned: bool, dayfirst: bool | None) -> Any:
    stamps = pd.to_datetime(words, format="ISO8601", errors="coerce", utc=zoned)
    if dayfirst is not None and stamps.isna().any():
        missed = stamps.isna()
        again = pd.to_datetime(words[missed], format="mixed", dayfirst=dayfirst, errors="coerce", utc=zoned)
        stamps = stamps.astype(again.dtype) if again.notna().any() else stamps
        stamps[missed] = again
    return stamps.dt.tz_localize(None) if zoned else stamps


def days_of(micros: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give moments as (fractional) days since 1970."""
    return micros / DAY
