"""Writing: tables as files that read the same everywhere, and byte for byte the same again."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from churnkit.tables import CONTRACT

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSIONS = "made_with.json"
"""Beside the tables: the versions whose bytes these are."""

_READ_BY_EYE = ("accounts", "managers", "contacts", "subscriptions")
_TYPES = {"time": pa.timestamp("us", tz="UTC"), "number": pa.float64(), "flag": pa.bool_()}


def write_tables(tables: Mapping[str, pd.DataFrame], folder: str | Path) -> list[Path]:
    """Write one file per table: CSV for those that are read by eye, else Parquet.

    Parameters
    ----------
    tables
        By name, in the columns of the data contract; columns that it has not are text.
    folder
        Made if it is not there.

    Returns
    -------
    list of Path
        The files, and the one that names the versions of numpy, pandas and pyarrow at work.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = [
        write_csv(frame, folder / f"{name}.csv")
        if name in _READ_BY_EYE
        else write_parquet(to_arrow(name, frame), folder / f"{name}.parquet")
        for name, frame in tables.items()
    ]
    made = folder / VERSIONS
    made.write_text(json.dumps(versions(), indent=2) + "\n", encoding="utf-8", newline="\n")
    return [*written, made]


def versions() -> dict[str, str]:
    """Name the versions on which the bytes of the files depend."""
    return {"numpy": np.__version__, "pandas": pd.__version__, "pyarrow": pa.__version__}


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Write a frame as UTF-8 text: times in UTC to the second, numbers as short as they go."""
    columns = [_cells(frame[name]) for name in frame.columns]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(frame.columns)
        writer.writerows(zip(*columns, strict=True))
    return path


def _cells(column: pd.Series) -> list[str]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        stamps = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[s]")
        return ["" if s == "NaT" else f"{s}Z" for s in np.datetime_as_string(stamps)]
    if pd.api.types.is_bool_dtype(column):
        return ["true" if v else "false" for v in column]
    if pd.api.types.is_float_dtype(column):
        return ["" if np.isnan(v) else f"{v:.10g}" for v in column]
    return ["" if empty else str(v) for v, empty in zip(column.astype(object), column.isna(), strict=True)]


def to_arrow(name: str, frame: pd.DataFrame) -> pa.Table:
    """Give a frame the types of the data contract."""
    spec = CONTRACT[name]
    arrays = []
    for label in frame.columns:
        column = spec.column(label)
        kind = pa.string() if column is None else _TYPES.get(column.kind, pa.string())
        array = pa.Array.from_pandas(frame[label])
        arrays.append((array.dictionary_decode() if pa.types.is_dictionary(array.type) else array).cast(kind))
    return pa.table(arrays, names=list(frame.columns))


def write_parquet(table: pa.Table, path: Path) -> Path:
    """Write a table so that the same rows give the same bytes: no pandas metadata, no clock."""
    times = [f.name for f in table.schema if pa.types.is_timestamp(f.type)]
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=12,
        store_schema=False,
        use_dictionary=[f.name for f in table.schema if f.name not in times],
        column_encoding=dict.fromkeys(times, "DELTA_BINARY_PACKED"),  # rows come in order of time
        row_group_size=1 << 20,
    )
    return path
