"""Reasons in one file: a row per reason, with the totals of its account beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np
import pandas as pd

from churnkit.errors import BundleError, RequestError
from churnkit.timeline import Span, as_timestamps, moment

if TYPE_CHECKING:
    from pathlib import Path

    from churnkit.reasons.reasons import Reasons

_TIMES = ("from", "to")
_MARKS = ("as_of", "model_id", "horizon")
_TOTAL = "total_"
_TEXTS = ("account_id", "theme", "feature", "sentence", "direction", "action", *_TIMES, *_MARKS)


class Content(TypedDict):
    """What a file of reasons holds."""

    frame: pd.DataFrame
    totals: pd.DataFrame
    horizon: Span
    as_of: int
    model_id: str


def write_reasons(reasons: Reasons, path: Path) -> Path:
    """Write reasons as Parquet or CSV."""
    if path.suffix not in (".csv", ".parquet"):
        raise RequestError(f"{path}: the ending says how to write; choose .csv or .parquet.")
    if reasons.as_of is None:
        raise RequestError("these reasons do not know which scores they explain; make them by model.explain(scores).")
    totals = reasons.totals.rename(columns=lambda name: name if name == "account_id" else _TOTAL + name)
    table = totals.merge(reasons.frame, on="account_id", how="left", sort=False)
    table["place"] = table["place"].astype("Int64")
    as_of = as_timestamps(np.array([reasons.as_of], dtype=np.int64))[0]
    table = table.assign(as_of=as_of, model_id=reasons.model_id, horizon=str(reasons.horizon))
    table = table[[*reasons.frame.columns, *_MARKS, *totals.columns.drop("account_id")]]
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False, lineterminator="\n")
    return path


def read_reasons(path: Path) -> Content:
    """Read what :func:`write_reasons` wrote; a CSV gives account ids as texts."""
    try:
        table = _table(path)
        marks = table[list(_MARKS)].drop_duplicates()
        if len(marks) != 1:
            raise ValueError(f"{len(marks)} different scores are explained")
        as_of, model_id, horizon = marks.iloc[0]
        totals = table[["account_id", *(c for c in table if c.startswith(_TOTAL))]].drop_duplicates("account_id")
        totals = totals.rename(columns=lambda name: name.removeprefix(_TOTAL)).reset_index(drop=True)
        frame = table[[c for c in table if c not in _MARKS and not c.startswith(_TOTAL)]]
        frame = frame[frame["place"].notna()].reset_index(drop=True)
        frame["place"] = frame["place"].astype(np.int64)
        return Content(
            frame=frame,
            totals=totals,
            horizon=Span.of(str(horizon)),
            as_of=moment(pd.Timestamp(as_of).to_pydatetime()),
            model_id=str(model_id),
        )
    except (OSError, ValueError, KeyError, RequestError) as problem:
        raise BundleError(f"{path}: not a file of reasons ({problem}). `churnkit explain` writes one.") from problem


def _table(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    table = pd.read_csv(path, dtype=str)
    for column in table.columns.difference(_TEXTS):
        table[column] = table[column].astype(np.float64)  # from the text, so that no digit is lost
    for column in (*(c for c in _TIMES if c in table), "as_of"):
        table[column] = pd.to_datetime(table[column], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
    return table
