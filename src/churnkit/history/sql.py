"""Queries as sources: any database that SQLAlchemy speaks to, or DuckDB."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from churnkit.errors import DataError, RequestError, UnreadableFile
from churnkit.history.frames import to_source
from churnkit.history.sources import Loaded, Source, twice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NAME = re.compile(r'[\w"$]+(?:\.[\w"$]+){0,2}')
_BLOCK = 50_000


def run_query(table: str, query: str, connection: Any) -> Source:
    """Run a query (or read a table by its name) and give its rows.

    Parameters
    ----------
    connection
        A SQLAlchemy URL, engine or connection, or a DuckDB connection.

    Raises
    ------
    UnreadableFile
        If the query fails; the message holds what the database says, never the URL.
    RequestError
        If SQLAlchemy is not installed, or the URL cannot be read.
    """
    if _NAME.fullmatch(query.strip()):
        query = f"select * from {query.strip()}"  # noqa: S608 (a bare name, given by the caller like any query)
    if type(connection).__name__ == "DuckDBPyConnection":
        return _duckdb(table, query, connection)
    return _sqlalchemy(table, query, connection)


def _duckdb(table: str, query: str, connection: Any) -> Source:
    import duckdb

    try:
        return to_source(table, connection.sql(query))
    except duckdb.Error as problem:
        raise _failed(table, problem) from problem


def _sqlalchemy(table: str, query: str, connection: Any) -> Source:
    try:
        import sqlalchemy
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
    except ImportError as problem:
        raise RequestError('connection= needs the extra `sql`: pip install "churnkit-retention[sql]".') from problem
    try:
        if isinstance(connection, sqlalchemy.Connection):
            return _rows(table, query, connection)
        own = not isinstance(connection, sqlalchemy.Engine)
        engine = sqlalchemy.create_engine(connection) if own else connection
        try:
            with engine.connect() as opened:
                return _rows(table, query, opened)
        finally:
            if own:
                engine.dispose()
    except (ArgumentError, NoSuchModuleError) as problem:
        raise RequestError(
            "connection= is no SQLAlchemy URL, engine or connection, and no DuckDB connection; a URL reads "
            '"postgresql+psycopg://user@host/database".'
        ) from problem
    except ImportError as problem:
        raise RequestError(f"connection= needs a driver that is not installed ({problem}).") from problem
    except SQLAlchemyError as problem:
        raise _failed(table, getattr(problem, "orig", None) or problem) from problem


def _failed(table: str, problem: BaseException) -> UnreadableFile:
    why = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
    return UnreadableFile(f"{table}: its query cannot be run ({why}). Mend the query, or ask for the right to read.")


def _rows(table: str, query: str, connection: Any) -> Source:
    """Fetch in blocks, so that the rows are never all Python objects at once."""
    import sqlalchemy

    with connection.execution_options(stream_results=True).execute(sqlalchemy.text(query)) as result:
        names = [str(n) for n in result.keys()]  # noqa: SIM118 - a result is no mapping
        doubled = twice(names)
        if doubled:
            raise DataError(f"{table}: the query gives column {doubled[0]!r} twice; name each column once.")
        blocks: list[list[pa.Array]] = [[] for _ in names]
        while rows := result.fetchmany(_BLOCK):
            for block, cells in zip(blocks, zip(*rows, strict=True), strict=True):
                block.append(_array(cells))
    return Loaded.of(pa.table({n: _joined(b) for n, b in zip(names, blocks, strict=True)}))


def _array(cells: Sequence[Any]) -> pa.Array:
    """Give one column of a block; what Arrow has no type for is shown as text."""
    first = next((c for c in cells if c is not None), None)
    if hasattr(first, "isoformat"):
        return pa.array([None if c is None else c.isoformat() for c in cells], type=pa.string())
    if not isinstance(first, dict | list | tuple):
        try:
            return pa.array(cells)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            pass
    return pa.array([None if c is None else str(c) for c in cells], type=pa.string())


def _joined(blocks: list[pa.Array]) -> pa.ChunkedArray:
    kinds = {b.type for b in blocks if not pa.types.is_null(b.type)}
    if len(kinds) > 1:
        numeric = all(pa.types.is_integer(k) or pa.types.is_floating(k) or pa.types.is_decimal(k) for k in kinds)
        kind = pa.float64() if numeric else pa.string()
    else:
        kind = kinds.pop() if kinds else pa.null()
    cast: Iterable[pa.Array] = (b if b.type == kind else b.cast(kind) for b in blocks)
    return pa.chunked_array(list(chain(cast)), type=kind)
