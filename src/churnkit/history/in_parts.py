"""The door for a table larger than memory: part after part of its rows, and what each showed told as one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from churnkit.display import tracked
from churnkit.history.door import Admitted, ColumnCount, Note, Told, admit, broken_rows, by_row
from churnkit.history.sources import Slice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from churnkit.history.door import Reading
    from churnkit.history.keys import Keys
    from churnkit.history.sources import Source
    from churnkit.history.spool import Spool
    from churnkit.tables import Table

_KEPT = {"occurred_at": "occurred", "recorded_at": "recorded", "value": "value"}
"""Columns of the activity table, and what they are called among the facts."""


@dataclass(eq=False)
class AdmittedInParts:
    """The activity table on its way through the door, and from there to disk.

    Attributes
    ----------
    spec, source
        The contract's declaration, and where the table lies.
    spool
        Where the rows that can be used are written: account, event, occurred, recorded, value, user.
    events
        Every event seen in a used row, by its code in the spool.
    told, counts
        What the parts showed, added up.
    """

    spec: Table
    source: Source
    spool: Spool
    events: dict[str, int] = field(default_factory=dict)
    told: dict[tuple[str, str, str], Told] = field(default_factory=dict)
    counts: list[ColumnCount] = field(default_factory=list)
    _aside: list[pd.DataFrame] = field(default_factory=list)
    _recorded: bool = False

    @property
    def rows(self) -> int:
        """Rows of the source, broken ones counted too."""
        return self.source.rows + len(self.source.broken)

    @property
    def count_used(self) -> int:
        """How many rows were not set aside."""
        return self.spool.rows

    @property
    def notes(self) -> list[Note]:
        """What was decided, in words."""
        kept = f"{self.count_used:,} facts are kept on disk, {self.spool.shards} shards of the accounts apart"
        told = (*self.told.values(), Told("", 0, "", kept))
        return [one.note(self.spec.name, self.rows) for one in told]

    def rejected(self) -> pd.DataFrame:
        """Give every row set aside, as ``Admitted`` does."""
        return by_row(self.spec.name, [*self._aside, *broken_rows(self.source)])

    def moments(self, columns: Sequence[str]) -> OnDisk:
        """Give the used moments of some columns of times, where they are there."""
        there = [_KEPT[c] for c in columns if c == "occurred_at" or self._recorded]
        return OnDisk(self.spool, tuple(there))

    def take(self, part: Admitted) -> None:
        """Write the used rows of a part, and remember the others."""
        for told in part.told:
            key = (told.column, told.what, told.why)
            before = self.told.get(key)
            self.told[key] = told if before is None else replace(before, count=before.count + told.count)
        self.counts = _added(self.counts, part.counts)
        if len(aside := part.rejected()):
            self._aside.append(aside)
        self.spool.write(pa.table(dict(self._facts(part))))

    def _facts(self, part: Admitted) -> Iterator[tuple[str, Any]]:
        yield "account", part.accounts
        events = part.codes("event")
        assert events is not None
        codes, words = events
        lookup = np.zeros(len(words) + 1, dtype=np.int32)
        for k in np.unique(codes):
            lookup[k] = self.events.setdefault(str(words[k]), len(self.events))
        yield "event", lookup[codes]
        for column, name in _KEPT.items():
            if (values := part.values(column)) is not None:
                self._recorded |= name == "recorded"
                yield name, values
        if (users := part.codes("user_id")) is not None:
            people, named = users
            yield "user", pa.array(named, type=pa.string()).take(pa.array(people, mask=people < 0))


def admit_in_parts(spec: Table, source: Source, reading: Reading, keys: Keys, spool: Spool) -> AdmittedInParts:
    """Bring a table through the door part after part, each as :func:`admit` would, onto disk.

    Cells whose meaning the whole column tells (numbers as times, a decimal comma in texts) are judged part by
    part.

    Raises
    ------
    DataError
        As :func:`admit`.
    """
    table = AdmittedInParts(spec, source, spool)
    # no rows: columns that are missing or not asked for, rows that cannot be cut, notes of the files
    nothing = Slice(source.names, 0, source.broken, source.notes, table=pa.table({}), whole=source)
    table.told |= {(t.column, t.what, t.why): t for t in admit(spec, nothing, reading, keys).told}
    names = [c.name for c in spec.columns if c.name in source.names]
    parts = source.batches(names, spool.part_rows)
    for part in tracked(parts, f"Reading {spec.name}", total=-(-source.rows // spool.part_rows)):
        table.take(admit(spec, part, reading, keys))
    return table


@dataclass(frozen=True)
class OnDisk:
    """Moments of facts in a spool; see ``observed.Moments``."""

    spool: Spool
    columns: tuple[str, ...]

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        return (block for column in self.columns for block in self.spool.blocks(column))

    def __len__(self) -> int:
        return self.spool.rows * len(self.columns)


def _added(one: Sequence[ColumnCount], other: Sequence[ColumnCount]) -> list[ColumnCount]:
    """Add up what the cells of every column were."""
    if not one:
        return list(other)
    return [
        ColumnCount(
            a.table,
            a.column,
            *(getattr(a, n) + getattr(b, n) for n in ("rows", "empty", "unreadable", "outside", "never")),
        )
        for a, b in zip(one, other, strict=True)
    ]
