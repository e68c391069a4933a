"""Facts on disk, divided by account through DuckDB: written part by part, read back one shard at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from churnkit.errors import DataError
from churnkit.history.memory import FACT, Passing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_SHARE = 4
"""A shard takes at most this part of the memory, so that the matrix and the rest of the process have room."""

_ROW = 256
"""Bytes per row while a part of a table goes through the door: texts, what is read from them, and what is written."""

_BLOCK = 1 << 20


class Spool:
    """A folder of facts that lives as long as somebody holds it.

    Parameters
    ----------
    memory
        Bytes to stay within.
    rows
        About how many facts there will be; more are only slower.

    Attributes
    ----------
    shards
        Into how many the accounts are divided: account ``a`` is in shard ``a % shards``.
    rows
        Facts written so far.
    """

    def __init__(self, memory: int, rows: int) -> None:
        self.memory = memory
        self.shards = max(1, -(-rows * FACT * _SHARE // memory))
        self.rows = 0
        self._writes = 0
        self._folder = Passing()

    @property
    def part_rows(self) -> int:
        """Rows of a table that go through the door at a time."""
        return max(_BLOCK // 16, self.memory // (_SHARE * _ROW))

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self._folder.path

    def write(self, facts: pa.Table) -> None:
        """Add facts; ``account`` holds their codes."""
        if not facts.num_rows:
            return
        with self._duckdb() as base:
            base.register("facts", facts)
            base.execute(
                f"COPY (SELECT *, account % {self.shards} AS shard FROM facts) TO {_quoted(self.folder / 'facts')} "  # noqa: S608 - own names
                "(FORMAT parquet, PARTITION_BY (shard), OVERWRITE_OR_IGNORE, "
                f"FILENAME_PATTERN 'part-{self._writes:06d}-{{i}}')"
            )
        self._writes += 1
        self.rows += facts.num_rows

    def read(self, shard: int) -> pa.Table:
        """Give the facts of one shard."""
        with self._duckdb() as base:
            return base.sql(f"SELECT * EXCLUDE (shard) FROM {self._files(shard)}").to_arrow_table()  # noqa: S608 - own

    def has(self, shard: int) -> bool:
        """Whether a shard has facts."""
        return any((self.folder / "facts" / f"shard={shard}").glob("*.parquet"))

    def blocks(self, column: str) -> Iterator[NDArray[np.int64]]:
        """Give one column of all facts, a block at a time; nothing where no part has such a column."""
        for path in sorted((self.folder / "facts").rglob("*.parquet")):
            with pq.ParquetFile(path) as file:
                if column in file.schema_arrow.names:
                    for batch in file.iter_batches(_BLOCK, columns=[column]):
                        yield batch.column(0).to_numpy(zero_copy_only=False)

    def _files(self, shard: int) -> str:
        # parts may lack a column that others have
        files = self.folder / "facts" / f"shard={shard}" / "*.parquet"
        return f"read_parquet({_quoted(files)}, union_by_name=true, hive_partitioning=true)"

    @contextmanager
    def _duckdb(self) -> Iterator[Any]:
        import duckdb

        with duckdb.connect() as base:
            base.execute(f"SET memory_limit = '{self.memory // 2}B'")
            base.execute(f"SET temp_directory = {_quoted(self.folder / 'spill')}")
            base.execute("SET preserve_insertion_order = false")
            base.execute("SET threads = 2")
            try:
                yield base
            except duckdb.Error as problem:
                why = str(problem).splitlines()[0]
                raise DataError(
                    f"activity: its facts could not be kept in {self.folder.parent} ({why}). Free some disk there, "
                    "name another folder in TMPDIR, or raise memory=."
                ) from problem


def _quoted(path: Path) -> str:
    """Write a path as SQL does."""
    return "'" + str(path).replace("'", "''") + "'"
