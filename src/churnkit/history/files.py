"""Parquet and CSV files as sources: found, cut into cells, with every row that cannot be cut told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from churnkit.errors import DataError, UnreadableFile
from churnkit.history.csv_files import read_csv, stream_csv
from churnkit.history.memory import Passing
from churnkit.history.sources import Broken, Loaded, Source, twice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ENDINGS = (".parquet", ".pq", ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt")
_PARQUET = (".parquet", ".pq")


def find_files(folder: Path, table: str) -> list[Path]:
    """Find a table's file, or the part files in a folder of its name (also below it)."""
    single = [folder / f"{table}{ending}" for ending in ENDINGS if (folder / f"{table}{ending}").is_file()]
    parts = part_files(folder / table) if (folder / table).is_dir() else []
    if len(single) + bool(parts) > 1:
        shown = ", ".join(p.name for p in single) + (f", {table}/" if parts else "")
        raise UnreadableFile(f"{table}: found more than one source in {folder} ({shown}); keep one.")
    return single or parts


def part_files(folder: Path) -> list[Path]:
    """Give all part files in a folder, in the order of their names; hidden ones do not count."""
    found = (p for p in folder.rglob("*") if p.name.endswith(ENDINGS) and not p.name.startswith((".", "_")))
    return sorted(p for p in found if p.is_file())


def open_files(files: Sequence[Path], table: str) -> Source:
    """Open one table from its files: Parquet column by column, CSV as text (the door gives it its type).

    Raises
    ------
    UnreadableFile
        Naming the file, what is wrong and the cure.
    """
    parquet = [p for p in files if p.name.endswith(_PARQUET)]
    if parquet and len(parquet) == len(files):
        return _open_parquet(parquet, table)
    parts = [read_csv(p, table) if p not in parquet else _whole(_open_parquet([p], table)) for p in files]
    return parts[0] if len(parts) == 1 else _joined(parts, files, table)


def _whole(source: Source) -> Loaded:
    return Loaded.of(pa.table({n: source.column(n) for n in source.names}), notes=source.notes)


def _joined(parts: Sequence[Loaded], files: Sequence[Path], table: str) -> Loaded:
    """Put part files together; their rows are numbered on from file to file."""
    tables = [p.table for p in parts if p.table is not None and p.table.num_columns]
    try:
        whole = pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({})
    except pa.ArrowException as problem:
        raise UnreadableFile(
            f"{table}: its part files do not fit together ({problem}). Export them alike."
        ) from problem
    broken: list[Broken] = []
    before = 0
    for part in parts:
        broken.extend(b._replace(row=b.row + before) for b in part.broken)
        before += part.rows + len(part.broken)
    notes = tuple(dict.fromkeys(n for p in parts for n in p.notes))
    return Loaded.of(whole, broken=tuple(broken), notes=notes + _gaps(files, [p.names for p in parts]))


def _gaps(files: Sequence[Path], names: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Say which columns some part files lack."""
    every = dict.fromkeys(n for part in names for n in part)
    lacking = {n: [f.name for f, part in zip(files, names, strict=True) if n not in part] for n in every}
    return tuple(
        f"column {n} is missing in {len(where)} of {len(files)} part files (first: {where[0]}); it is empty there"
        for n, where in lacking.items()
        if where
    )


@dataclass(frozen=True, eq=False)
class ParquetFiles(Source):
    """Parquet files of one table, read column by column."""

    files: tuple[Path, ...] = ()
    table: str = ""
    held: object = None
    """The folder of files that are only passing, kept as long as they are read."""

    def fetch(self, name: str) -> pa.ChunkedArray:
        """Read one column from all files, two files at a time."""

        def read(path: Path) -> pa.ChunkedArray | int:
            with pq.ParquetFile(path) as file:
                if name not in file.schema_arrow.names:
                    return int(file.metadata.num_rows)
                low = [name] if _few_values(file, name) else None
            with pq.ParquetFile(path, read_dictionary=low) as file:
                return file.read([name]).column(0)

        try:
            with ThreadPoolExecutor(2) as pool:
                parts = list(pool.map(read, self.files))
        except (pa.ArrowException, OSError) as problem:
            raise _unreadable(self.table, self.files[0] if len(self.files) == 1 else None, name, problem) from problem
        return _one_type(parts, self.table, name)

    def tables(self, names: Sequence[str], rows: int) -> Iterator[pa.Table]:
        """Read some columns of one file after the other."""
        for path in self.files:
            try:
                with pq.ParquetFile(path) as file:
                    there = [n for n in names if n in file.schema_arrow.names]
                    low = [n for n in there if _few_values(file, n)]
                with pq.ParquetFile(path, read_dictionary=low) as file:
                    for batch in file.iter_batches(rows, columns=there):
                        yield pa.Table.from_batches([batch])
            except (pa.ArrowException, OSError) as problem:
                raise _unreadable(self.table, path if len(self.files) > 1 else None, "", problem) from problem


def open_in_parts(files: Sequence[Path], table: str) -> ParquetFiles:
    """Open one table that is too large for memory: Parquet as it is, CSV made Parquet of texts on its way.

    Raises
    ------
    UnreadableFile
        As :func:`open_files`.
    """
    folder = Passing()
    made: list[Path] = []
    broken: list[Broken] = []
    notes: list[str] = []
    before = 0
    for path in files:
        if path.name.endswith(_PARQUET):
            made.append(path)
            before += _open_parquet([path], table).rows
            continue
        made.append(folder.path / f"{len(made):06d}.parquet")
        part = stream_csv(path, table, made[-1])
        broken.extend(b._replace(row=b.row + before) for b in part.broken)
        notes.extend(part.notes)
        before += part.rows + len(part.broken)
    opened = _open_parquet(made, table)
    return replace(opened, broken=tuple(broken), notes=(*dict.fromkeys(notes), *opened.notes), held=folder)


def parquet_rows(files: Sequence[Path], table: str) -> int:
    """How many rows the Parquet files among some files have."""
    parquet = [p for p in files if p.name.endswith(_PARQUET)]
    return _open_parquet(parquet, table).rows if parquet else 0


def _few_values(file: pq.ParquetFile, name: str) -> bool:
    """Whether a text column has few distinct values for its rows: then its dictionary is read as it is."""
    meta = file.metadata
    if not meta.num_row_groups or not pa.types.is_string(file.schema_arrow.field(name).type):
        return False
    group = meta.row_group(0)
    at = next((i for i in range(group.num_columns) if group.column(i).path_in_schema == name), None)
    if at is None:
        return False
    column = group.column(at)
    return bool(column.has_dictionary_page and column.total_uncompressed_size < 1.2 * max(group.num_rows, 1))


def _one_type(parts: Sequence[pa.ChunkedArray | int], table: str, name: str) -> pa.ChunkedArray:
    """Join the parts of a column; a number stands for that many empty cells."""
    there = [p for p in parts if not isinstance(p, int)]
    kinds = {p.type for p in there}
    if len(kinds) > 1:
        plain = [p.cast(p.type.value_type) if pa.types.is_dictionary(p.type) else p for p in there]
        schema = [pa.schema([pa.field(name, p.type)]) for p in plain]
        try:
            kind = pa.unify_schemas(schema, promote_options="permissive").field(0).type
        except pa.ArrowException:
            kind = pa.string()
        try:
            there = [p.cast(kind) for p in plain]
        except pa.ArrowException as problem:
            raise UnreadableFile(f"{table}.{name}: its part files hold different types ({problem}).") from problem
    else:
        kind = there[0].type if there else pa.null()
    chunks: list[pa.Array] = []
    kept = iter(there)
    for part in parts:
        chunks.extend([pa.nulls(part, kind)] if isinstance(part, int) else next(kept).chunks)
    return pa.chunked_array(chunks, type=kind)


def _open_parquet(files: Sequence[Path], table: str) -> ParquetFiles:
    names: list[tuple[str, ...]] = []
    rows = 0
    for path in files:
        try:
            with pq.ParquetFile(path) as file:
                names.append(tuple(file.schema_arrow.names))
                rows += int(file.metadata.num_rows)
        except (pa.ArrowException, OSError, NotImplementedError) as problem:  # pyarrow's own, for codecs it lacks
            raise _unreadable(table, path, "", problem) from problem
        doubled = twice(names[-1])
        if doubled:
            raise DataError(f"{table}: column {doubled[0]!r} stands twice in {path.name}; keep one of them.")
    every = tuple(dict.fromkeys(n for part in names for n in part))
    return ParquetFiles(every, rows, notes=_gaps(files, names), files=tuple(files), table=table)


def _unreadable(table: str, path: Path | None, column: str, problem: BaseException) -> UnreadableFile:
    why = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
    place = " ".join([path.name if path else "a part file", *([f"(column {column})"] if column else [])])
    return UnreadableFile(f"{table}: {place} cannot be read ({why}). Export it again, as Parquet or UTF-8 CSV.")
