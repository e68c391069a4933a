"""CSV files: encoding, delimiter, open quotes and ragged rows, each told or refused by name."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from churnkit.errors import DataError, UnreadableFile
from churnkit.history.sources import Broken, Loaded, twice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_EMPTY = ["", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "NaN", "nan", "NaT", "\\N"]
_BLOCK = 1 << 24
_PART = 1 << 23
_GROUP = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip


@dataclass(frozen=True)
class _Scan:
    """What one pass over the bytes of a file shows."""

    head: bytes
    encoding: str
    quotes: int
    wrong_line: int = 0


def read_csv(path: Path, table: str) -> Loaded:
    """Read one CSV file with every cell as text; rows of another width are set apart with their number.

    Takes commas, semicolons, tabs and bars between cells, UTF-8, UTF-16 and UTF-32 with their marks, and
    Windows-1252 (noted) where a file is not UTF-8; gzip where the name ends in .gz.

    Raises
    ------
    UnreadableFile
        If the file is damaged, has no header or opens a quote that it never closes.
    """
    return _told(path, table, _read)


def stream_csv(path: Path, table: str, target: Path) -> Streamed:
    """Write a CSV file of any size as Parquet, every cell a text, as :func:`read_csv` would read it.

    A file that is not UTF-8 is decoded in memory.

    Raises
    ------
    UnreadableFile
        As :func:`read_csv`.
    """

    def stream(path: Path, data: bytes | None, shape: _Shape, notes: list[str]) -> Streamed:
        return _stream(path, data, shape, notes, target=target)

    found = _told(path, table, stream)
    if not isinstance(found, Streamed):  # an empty file
        pq.write_table(pa.table({}), target)
        return Streamed(0)
    return found


@dataclass(frozen=True)
class Streamed:
    """What came of a file: rows written, and as in ``Source`` the rows that could not be cut and the notes."""

    rows: int
    broken: tuple[Broken, ...] = ()
    notes: tuple[str, ...] = ()


T = TypeVar("T")


def _told(path: Path, table: str, read: Callable[[Path, bytes | None, _Shape, list[str]], T]) -> T | Loaded:
    """Look at a file, cut it by ``read``, and name it in whatever goes wrong."""
    try:
        scan = _scan(path)
        if not scan.head.strip():
            return Loaded.of(pa.table({}))
        return _cut(path, table, scan, read)
    except (pa.ArrowException, OSError, UnicodeError, csv.Error, EOFError) as problem:
        why = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise UnreadableFile(
            f"{table}: {path.name} cannot be read ({why}). Export it again, as UTF-8 CSV or Parquet."
        ) from problem


def _scan(path: Path) -> _Scan:
    """Look at every byte once: quotes, and whether all is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    head, encoding, quotes, lines, wrong = b"", "", 0, 0, 0
    with pa.input_stream(str(path)) as stream:
        while block := stream.read(_BLOCK):
            if not head:
                head = block[: 1 << 16]
                encoding = next((name for mark, name in _BOMS if block.startswith(mark)), "utf-8")
            quotes += block.count(b'"')
            if encoding.startswith("utf-8") and not wrong:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError as problem:
                    wrong = lines + block.count(b"\n", 0, problem.start) + 1
            lines += block.count(b"\n")
    if wrong:
        encoding = "cp1252"
    return _Scan(head, encoding, quotes, wrong)


def _cut(path: Path, table: str, scan: _Scan, read: Callable[[Path, bytes | None, _Shape, list[str]], T]) -> T:
    utf8 = scan.encoding in ("utf-8", "utf-8-sig")
    notes: list[str] = []
    data = None if utf8 else _decoded(path, scan, notes)
    head = (scan.head if data is None else data[: 1 << 16]).decode("utf-8-sig", errors="ignore")
    if "\x00" in head:
        raise UnreadableFile(
            f"{table}: {path.name} holds zero bytes and is no text file. Export it again, as UTF-8 CSV."
        )
    quotes = scan.quotes if data is None else data.count(b'"')
    if quotes % 2:
        line = _open_quote(path, data)
        raise UnreadableFile(
            f"{table}: {path.name} opens a quote in line {line:,} that is never closed, so rows run together. "
            'Close it, or write "" for a quote inside a cell.'
        )
    first = next(line for line in head.splitlines() if line.strip())
    delimiter = max(",;\t|", key=first.count)
    names = [n.strip() for n in next(csv.reader([first], delimiter=delimiter))]
    doubled = twice(n for n in names if n)
    if doubled:
        raise DataError(f"{table}: column {doubled[0]!r} stands twice in {path.name}; keep one of them.")
    names = [n or f"column {i + 1}" for i, n in enumerate(names)]
    return read(path, data, _Shape(tuple(names), delimiter, spread=quotes > 0), notes)


@dataclass(frozen=True)
class _Shape:
    """How a file is cut: names, delimiter, and whether a quoted cell may hold line breaks."""

    names: tuple[str, ...]
    delimiter: str
    spread: bool

    def options(self, ragged: Callable[[Any], str], *, threads: bool) -> dict[str, Any]:
        """How pyarrow is to cut the file: every cell a text, the header as its first row."""
        return {
            "read_options": pcsv.ReadOptions(
                column_names=list(self.names), skip_rows=0, use_threads=threads, block_size=_PART
            ),
            "parse_options": pcsv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=self.spread, invalid_row_handler=ragged
            ),
            "convert_options": pcsv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=_EMPTY,
            ),
        }

    def broken(self, rows: Sequence[Any]) -> tuple[Broken, ...]:
        """Name the rows that have another number of cells."""
        width = len(self.names)
        return tuple(
            Broken(int(row.number) - 1, f"have {row.actual_columns} cells, not {width}", str(row.text)[:200])
            for row in rows
        )


def _read(path: Path, data: bytes | None, shape: _Shape, notes: list[str]) -> Loaded:
    found: list[Any] = []

    def attempt(*, threads: bool) -> pa.Table:
        def ragged(row: Any) -> str:
            found.append(row)
            return "error" if threads else "skip"

        with pa.input_stream(str(path)) if data is None else pa.BufferReader(data) as stream:
            return pcsv.read_csv(stream, **shape.options(ragged, threads=threads))

    try:
        table = attempt(threads=True)
    except pa.ArrowInvalid:
        if not found:
            raise
        found.clear()
        table = attempt(threads=False)
    return Loaded.of(table.slice(1), broken=shape.broken(found), notes=tuple(notes))


def _stream(path: Path, data: bytes | None, shape: _Shape, notes: list[str], *, target: Path) -> Streamed:
    found: list[Any] = []

    def ragged(row: Any) -> str:
        found.append(row)
        return "skip"

    rows, kind = 0, pa.schema([(name, pa.string()) for name in shape.names])
    with (
        pa.input_stream(str(path)) if data is None else pa.BufferReader(data) as stream,
        pcsv.open_csv(stream, **shape.options(ragged, threads=False)) as parts,
        pq.ParquetWriter(target, kind) as file,
    ):
        for k, batch in enumerate(parts):
            part = batch.slice(0 if k else 1)
            file.write_batch(part, row_group_size=_GROUP)
            rows += part.num_rows
    return Streamed(rows, shape.broken(found), tuple(notes))


def _decoded(path: Path, scan: _Scan, notes: list[str]) -> bytes:
    """Give a file of another encoding as UTF-8."""
    with pa.input_stream(str(path)) as stream:
        raw = stream.read()
    if scan.encoding != "cp1252":
        return bytes(raw.decode(scan.encoding).encode("utf-8"))
    try:
        text = raw.decode("cp1252")
        name = "Windows-1252"
    except UnicodeDecodeError:
        text, name = raw.decode("latin-1"), "Latin-1"
    notes.append(
        f"{path.name} is not UTF-8 (first in line {scan.wrong_line:,}); it was read as {name}. "
        "Export it as UTF-8 to be sure"
    )
    return bytes(text.encode("utf-8"))


def _open_quote(path: Path, data: bytes | None) -> int:
    """Find the line of the quote that is never closed."""
    is_open, line, opened = False, 1, 1
    with pa.input_stream(str(path)) if data is None else io.BytesIO(data) as stream:
        while block := stream.read(_BLOCK):
            for text in block.split(b"\n"):
                if text.count(b'"') % 2:
                    is_open = not is_open
                    opened = line if is_open else opened
                line += 1
            line -= 1
    return opened
