"""The door: every row of every source table is admitted or set aside with its reason.

A row is set aside where a needed cell or any time of it cannot be read; an optional cell that cannot
be read becomes empty and is noted. Problems that no default can mend are gathered over all tables and
raised together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnkit.errors import BadRows, DataError, MissingColumn
from churnkit.history.columns import Cells, flags, numbers, texts
from churnkit.history.frames import to_source
from churnkit.history.observed import InMemory
from churnkit.history.sources import shown
from churnkit.history.times import times
from churnkit.timeline import as_timestamps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from churnkit.history.keys import Keys
    from churnkit.history.observed import Moments
    from churnkit.history.sources import Source
    from churnkit.tables import Column, Table


@dataclass(frozen=True)
class Note:
    """Something that the door decided, in words; ``count`` rows of ``table`` are concerned."""

    table: str
    column: str
    count: int
    text: str

    def __str__(self) -> str:
        place = f"{self.table}.{self.column}" if self.column else self.table
        return f"{place}: {self.text}"


@dataclass(frozen=True)
class ColumnCount:
    """What the cells of one column were: of ``rows`` so many empty, unreadable, out of range, "never"."""

    table: str
    column: str
    rows: int
    empty: int
    unreadable: int
    outside: int = 0
    never: int = 0


@dataclass(frozen=True)
class Reading:
    """How cells are read: the zone of naive times, and how "03/04/2026" is meant."""

    timezone: str = "UTC"
    dayfirst: bool | None = None


@dataclass(frozen=True)
class Told:
    """What was seen in a column, before it is put into words: parts of a table are told as one.

    Attributes
    ----------
    count, what
        How many "rows" or "cells"; with ``what`` empty, ``why`` follows the count as it is.
    first
        The number of the first such row and how its cell reads; None where that says nothing.
    cure
        What was done, and what to do.
    """

    column: str
    count: int
    what: str
    why: str
    first: tuple[int, str] | None = None
    cure: str = ""

    def note(self, table: str, rows: int) -> Note:
        """Put it into words for a table of so many rows."""
        if not self.what:
            counted = f"{self.count:,} " if self.count else ""
            return Note(table, self.column, self.count, f"{counted}{self.why}.")
        shown = ""
        if self.first is not None:
            row, value = self.first
            shown = f' (first: row {row:,}, "{value}")' if value else f" (first: row {row:,})"
        text = f"{self.count:,} of {rows:,} {self.what} {self.why}{shown}. {self.cure}"
        return Note(table, self.column, self.count, text)


@dataclass(frozen=True, eq=False)
class _Aside:
    """Rows set aside for one reason."""

    rows: NDArray[np.int64]
    column: str
    why: str
    values: list[str]


@dataclass(eq=False)
class Admitted:
    """One table on its way through the door.

    Attributes
    ----------
    spec, source
        The contract's declaration, and where the table lies.
    cells
        Every column of the contract that is there, as read (all rows, also those set aside).
    account
        int32 account codes of all rows, -1 where there is none; None where the table has no account.
    extra
        Columns that the contract does not list.
    told, counts
        What was decided, and what the cells of every column were.
    """

    spec: Table
    source: Source
    cells: dict[str, Cells] = field(default_factory=dict)
    account: NDArray[np.int32] | None = None
    extra: tuple[str, ...] = ()
    told: list[Told] = field(default_factory=list)
    counts: list[ColumnCount] = field(default_factory=list)
    _out: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    _aside: list[_Aside] = field(default_factory=list)

    @property
    def notes(self) -> list[Note]:
        """What was decided, in words."""
        return [told.note(self.spec.name, self.rows) for told in self.told]

    @property
    def rows(self) -> int:
        """Rows of the source, broken ones counted too."""
        return self.source.rows + len(self.source.broken)

    @property
    def count_used(self) -> int:
        """How many rows were not set aside."""
        return self.source.rows - sum(len(a.rows) for a in self._aside)

    @property
    def whole(self) -> bool:
        """Whether every row that could be cut into cells is used."""
        return not self._aside

    @property
    def used(self) -> NDArray[np.bool_]:
        """Rows that were not set aside."""
        return ~self._out

    @property
    def used_rows(self) -> NDArray[np.int64]:
        """The numbers (from 1) that the used rows have in the source, counted as in :meth:`rejected`."""
        return self.source.row_numbers(np.flatnonzero(self.used))

    def set_aside(self, rows: NDArray[np.bool_], column: str, why: str, *, cure: str, cells: Any = None) -> None:
        """Set rows aside (those that are still in), counting them and showing the first.

        ``cells`` is the source column, read again for the examples where it is not given.
        """
        at = np.flatnonzero(rows & ~self._out)
        if not len(at):
            return
        cells = self.source.column(column) if cells is None else cells
        values = [shown(v) for v in cells.take(at).to_pylist()]
        self._out[at] = True
        self._aside.append(_Aside(at, column, why, values))
        first = (int(self.source.row_numbers(at[:1])[0]), values[0])
        self.told.append(Told(column, len(at), "rows", why, first, f"Set aside in history.rejected; {cure}"))

    def blank(self, column: str, rows: NDArray[np.bool_], why: str, cells: Any) -> None:
        """Make optional cells empty, counting them and showing the first."""
        at = np.flatnonzero(rows)
        read = self.cells[column]
        read.values[at] = -1 if read.words is not None else np.nan
        read.empty[at] = True
        first = (int(self.source.row_numbers(at[:1])[0]), shown(cells.take(at[:1])[0].as_py()))
        self.told.append(Told(column, len(at), "cells", why, first, "Read as empty."))

    def rejected(self) -> pd.DataFrame:
        """Give every row set aside: table, row (counted from 1), column, reason, value."""
        blocks = [
            pd.DataFrame(
                {"row": self.source.row_numbers(a.rows), "column": a.column, "reason": a.why, "value": a.values}
            )
            for a in self._aside
        ]
        return by_row(self.spec.name, [*blocks, *broken_rows(self.source)])

    def values(self, column: str) -> Any:
        """Give the used cells of a column (texts and ids as objects), or None where there is no such column."""
        cells = self.cells.get(column)
        if cells is None:
            return None
        if cells.words is not None:
            return cells.objects(None if self.whole else self.used)
        return cells.values if self.whole else cells.values[self.used]

    def codes(self, column: str) -> tuple[NDArray[np.int32], NDArray[np.object_]] | None:
        """Give the used cells of a text column as positions among its distinct texts, and these."""
        cells = self.cells.get(column)
        if cells is None:
            return None
        assert cells.words is not None
        return (cells.values if self.whole else cells.values[self.used]), cells.words

    @property
    def accounts(self) -> NDArray[np.int32]:
        """Account codes of the used rows."""
        assert self.account is not None
        return self.account if self.whole else self.account[self.used]

    def moments(self, columns: Sequence[str]) -> Moments:
        """Give the used moments of some columns of times, where they are there."""
        return InMemory([self.values(n) for n in columns if n in self.cells])

    def release(self, *columns: str) -> None:
        """Forget columns that are no longer needed; none named: all."""
        for name in columns or tuple(self.cells):
            self.cells.pop(name, None)

    def frame(self) -> pd.DataFrame:
        """Give the used rows as a DataFrame: times in UTC, numbers, flags and texts."""
        data: dict[str, Any] = {}
        for column in self.spec.columns:
            values = self.values(column.name)
            if values is None:
                continue
            # Texts stay objects with None on every pandas; left to infer, pandas 3 makes them str with NaN.
            plain = pd.Series(values, dtype=object) if values.dtype == object else values
            data[column.name] = as_timestamps(values) if column.kind == "time" else plain
        return pd.DataFrame(data, index=pd.RangeIndex(self.count_used))


def broken_rows(source: Source) -> Iterator[pd.DataFrame]:
    """Give the rows of a source that could not be cut into cells, if there are any."""
    if source.broken:
        told = {"row": [b.row for b in source.broken], "column": "", "reason": [b.why for b in source.broken]}
        yield pd.DataFrame({**told, "value": [b.text for b in source.broken]})


def by_row(table: str, blocks: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put blocks of rows set aside together, in the order of the table's rows."""
    if not blocks:
        return pd.DataFrame()
    found = pd.concat(blocks, ignore_index=True).sort_values("row", ignore_index=True)
    found["table"] = table
    found = found[["table", "row", "column", "reason", "value"]]
    return found.astype(dict.fromkeys(("table", "column", "reason", "value"), object))


def admit(spec: Table, native: Any, reading: Reading, keys: Keys | None = None) -> Admitted:
    """Read every column of a table and set aside the rows that cannot be used.

    Parameters
    ----------
    keys
        The accounts that there are; None while these themselves are read.

    Raises
    ------
    MissingColumn
        If a needed column is not there.
    DataError
        If a column holds what no cell can be read from (lists, times of day).
    """
    source = to_source(spec.name, native)
    missing = [c for c in spec.needed_columns if c not in source.names]
    if missing:
        raise MissingColumn.needed(spec.name, missing, source.names)
    table = Admitted(spec, source, _out=np.zeros(source.rows, np.bool_))
    table.extra = tuple(n for n in source.names if spec.column(n) is None)
    table.told.extend(Told("", 0, "", text) for text in source.notes)
    if source.broken:
        first = source.broken[0]
        cure = "Set aside in history.rejected; quote cells that hold the delimiter."
        table.told.append(Told("", len(source.broken), "rows", first.why, (first.row, first.text), cure))
    for column in spec.columns:
        if column.name in source.names:
            _admit_column(table, column, reading, keys)
    if table.extra and spec.name != "accounts":
        ignored = f"columns not in the data contract are ignored: {', '.join(table.extra)}"
        table.told.append(Told("", 0, "", ignored))
    return table


def _admit_column(table: Admitted, column: Column, reading: Reading, keys: Keys | None) -> None:
    source = table.source.column(column.name)
    try:
        cells = _read(column, source, reading)
    except DataError as problem:
        raise DataError(
            f"{table.spec.name}.{column.name}: {problem}. Export the column with another type."
        ) from problem
    table.cells[column.name] = cells
    table.told.extend(Told(column.name, n, "", text.removeprefix(f"{n:,} ")) for n, text in cells.notes)
    unreadable = int(cells.bad.sum())
    empty = int(cells.empty.sum())
    if column.needed:
        table.set_aside(cells.empty, column.name, "are empty", cure="fill the cell in at the source.", cells=source)
    if column.kind == "time":
        cure = "fix the source or pass dayfirst=True." if reading.dayfirst is None else "fix the source."
        table.set_aside(cells.bad, column.name, "cannot be read as a time", cure=cure, cells=source)
    elif column.needed:
        table.set_aside(
            cells.bad, column.name, f"cannot be read as a {column.kind}", cure="fix the source.", cells=source
        )
    elif unreadable:
        table.blank(column.name, cells.bad, f"cannot be read as a {column.kind}", source)
    outside = _check_range(table, column, source)
    table.counts.append(
        ColumnCount(table.spec.name, column.name, table.source.rows, empty, unreadable, outside, cells.never)
    )
    if keys is not None and column.kind == "account":
        keys.match(table, column.name, source)


def _read(column: Column, source: Any, reading: Reading) -> Cells:
    if column.kind == "time":
        return times(source, timezone=reading.timezone, dayfirst=reading.dayfirst, optional=not column.needed)
    if column.kind == "number":
        return numbers(source)
    return flags(source) if column.kind == "flag" else texts(source)


def _check_range(table: Admitted, column: Column, source: Any) -> int:
    """Set aside, or make empty, what lies outside the contract's interval or words; count it."""
    cells = table.cells[column.name]
    if column.kind == "number" and (np.isfinite(column.low) or np.isfinite(column.high)):
        with np.errstate(invalid="ignore"):
            outside = (cells.values < column.low) | (cells.values > column.high)
        why = f"lie outside {column.low:g} to {column.high:g}"
    elif column.words:
        assert cells.words is not None
        lower = np.array([str(w).lower() for w in cells.words], dtype=object)
        known = np.array([w in column.words for w in lower] + [True], dtype=np.bool_)
        table.cells[column.name] = Cells(cells.values, cells.empty, cells.bad, cells.notes, words=lower)
        outside, why = ~known[cells.values], f"are none of {', '.join(column.words)}"
    else:
        return 0
    count = int(outside.sum())
    if count and column.needed:
        table.set_aside(outside, column.name, why, cure="use one of these words.", cells=source)
    elif count:
        table.blank(column.name, outside, why, source)
    return count


def raise_together(problems: Sequence[DataError]) -> None:
    """Raise all problems at once: one keeps its class, several become one message."""
    if not problems:
        return
    if len(problems) == 1:
        raise problems[0]
    kinds = {type(p) for p in problems}
    kind = kinds.pop() if len(kinds) == 1 else BadRows
    raise kind(f"{len(problems)} problems:\n" + "\n".join(f"- {p}" for p in problems))
