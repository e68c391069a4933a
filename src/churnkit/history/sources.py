"""What the door reads from: one table, column by column, wherever it lies.

A source hands out one column at a time and keeps none, so that a large file is never in memory whole.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from churnkit.errors import DataError, MissingColumn, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray


class Broken(NamedTuple):
    """A row that could not even be cut into cells: its number (from 1), what is wrong, how it reads."""

    row: int
    why: str
    text: str


@dataclass(frozen=True, eq=False)
class Source(ABC):
    """One table to be read.

    Attributes
    ----------
    names
        Its columns, under the names of the data contract where they were renamed.
    rows
        How many rows can be cut into cells.
    broken
        The rows that cannot.
    notes
        What was decided on the way (an encoding, a delimiter).
    renamed
        For a name of ``names`` the column's own name, where it was renamed.
    """

    names: tuple[str, ...]
    rows: int
    broken: tuple[Broken, ...] = ()
    notes: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    @abstractmethod
    def fetch(self, name: str) -> pa.ChunkedArray:
        """Read one column by its own name."""

    def column(self, name: str) -> pa.ChunkedArray:
        """Read one column by its name in ``names``."""
        return self.fetch(dict(self.renamed).get(name, name))

    @abstractmethod
    def tables(self, names: Sequence[str], rows: int) -> Iterator[pa.Table]:
        """Read some columns by their own names, at most so many rows at a time; one that is not there is left out."""

    def batches(self, names: Sequence[str], rows: int) -> Iterator[Slice]:
        """Read some columns by their names in ``names``, part after part of at most so many rows."""
        own = dict(self.renamed)
        back = {own.get(n, n): n for n in names}
        before = 0
        for table in self.tables(tuple(back), rows):
            named = table.rename_columns([back[c] for c in table.column_names])
            yield Slice(self.names, table.num_rows, table=named, whole=self, before=before)
            before += table.num_rows

    def row_numbers(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the numbers (from 1) that rows have in the source, broken ones counted too."""
        if not self.broken:
            return at + 1
        gone = np.sort(np.array([b.row for b in self.broken], dtype=np.int64))
        return at + 1 + np.searchsorted(gone - np.arange(len(gone)), at + 1, side="right")


@dataclass(frozen=True, eq=False)
class Loaded(Source):
    """A table that is in memory already."""

    table: pa.Table | None = None

    @classmethod
    def of(cls, table: pa.Table, *, broken: tuple[Broken, ...] = (), notes: tuple[str, ...] = ()) -> Loaded:
        """Take an Arrow table."""
        return cls(tuple(map(str, table.column_names)), table.num_rows, broken, notes, table=table)

    def fetch(self, name: str) -> pa.ChunkedArray:
        """Give one column."""
        assert self.table is not None
        return self.table.column(self.table.column_names.index(name))

    def tables(self, names: Sequence[str], rows: int) -> Iterator[pa.Table]:
        """Cut the table into parts."""
        assert self.table is not None
        there = self.table.select([n for n in names if n in self.table.column_names])
        for first in range(0, self.rows, rows):
            yield there.slice(first, rows)


@dataclass(frozen=True, eq=False)
class Slice(Loaded):
    """Consecutive rows of another source; a column that is not there is empty.

    Attributes
    ----------
    whole, before
        The source, and how many of its rows lie before these.
    """

    whole: Source | None = None
    before: int = 0

    def fetch(self, name: str) -> pa.ChunkedArray:
        """Give one column."""
        assert self.table is not None
        if name in self.table.column_names:
            return super().fetch(name)
        return pa.chunked_array([pa.nulls(self.rows)])

    def row_numbers(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the numbers (from 1) that rows have in the whole."""
        assert self.whole is not None
        return self.whole.row_numbers(at + self.before)


def rename_columns(table: str, source: Source, mapping: Mapping[str, str]) -> Source:
    """Give columns the names of the data contract.

    Raises
    ------
    MissingColumn
        If a column to be renamed is not there.
    DataError
        If a new name is taken by another column.
    """
    from dataclasses import replace

    absent = [n for n in mapping if n not in source.names]
    if absent:
        raise MissingColumn(
            f"{table}: rename names column {absent[0]!r}, which the table has not"
            f"{did_you_mean(absent[0], source.names)}; it has {', '.join(source.names)}."
        )
    names = tuple(mapping.get(n, n) for n in source.names)
    old = {new: name for name, new in zip(source.names, names, strict=True) if new != name}
    taken = [n for n in old if names.count(n) > 1]
    if taken:
        raise DataError(f"{table}: rename gives two columns the name {taken[0]!r}; rename or drop the other one.")
    return replace(source, names=names, renamed=tuple(old.items()))


def twice(names: Iterable[str]) -> list[str]:
    """Names that come more than once."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    return [n for n, count in seen.items() if count > 1]


def shown(value: Any) -> str:
    """Show one source cell."""
    return "" if value is None else str(value)
