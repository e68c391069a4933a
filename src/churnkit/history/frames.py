"""Frames of any library become a source, without needless copies."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from churnkit.errors import DataError
from churnkit.history.sources import Loaded, Source, twice


def to_source(table: str, native: Any) -> Source:
    """Take a frame of any library that narwhals knows; a source or an Arrow table passes as it is.

    Raises
    ------
    DataError
        If it is no table, or holds a column twice.
    """
    if isinstance(native, Source):
        return native
    arrow = native if isinstance(native, pa.Table) else _to_arrow(table, native)
    doubled = twice(arrow.column_names)
    if doubled:
        raise DataError(f"{table}: column {doubled[0]!r} stands twice; keep one of them.")
    return Loaded.of(arrow)


def _to_arrow(table: str, native: Any) -> pa.Table:
    if isinstance(native, pd.DataFrame):
        return _from_pandas(table, native)
    if isinstance(native, pa.RecordBatch):
        return pa.Table.from_batches([native])
    try:
        frame = nw.from_native(native)
    except TypeError as problem:
        raise DataError(
            f"{table}: a {type(native).__name__} is not a table; pass a pandas, polars, pyarrow or DuckDB frame."
        ) from problem
    arrow: pa.Table = frame.collect("pyarrow").to_native() if isinstance(frame, nw.LazyFrame) else frame.to_arrow()
    return arrow


def _from_pandas(table: str, frame: pd.DataFrame) -> pa.Table:
    doubled = twice(map(str, frame.columns))
    if doubled:
        raise DataError(f"{table}: column {doubled[0]!r} stands twice; keep one of them.")
    arrays = {str(name): pa.chunked_array([_series(frame[name])]) for name in frame.columns}
    return pa.table(arrays) if arrays else pa.table({})


def _series(column: pd.Series) -> pa.Array:
    """Convert a column; a mixed one, and one of Python times (some of which may be naive), becomes text."""
    if column.dtype == object:
        first = next((v for v in column if v is not None and v == v), None)  # noqa: PLR0124 - NaN is unlike itself
        if isinstance(first, dt.datetime | uuid.UUID):
            return _shown(column)
    try:
        array = pa.Array.from_pandas(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return _shown(column)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _shown(column: pd.Series) -> pa.Array:
    def text(value: Any) -> str | None:
        if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
            return None
        return value.isoformat() if isinstance(value, dt.date) else str(value)

    return pa.array([text(v) for v in column.tolist()], type=pa.string())
