"""A flat table as the learner's matrix: numbers as they are, categories as positions, the rest refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api import types

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.learning.rows import Floats, Floats32, Ints

LEVELS = 60
"""Most levels of one category that are told apart; the rarer ones, and those never seen, become one more."""

_LARGEST = float(np.finfo(np.float32).max) / 4


@dataclass(frozen=True)
class FlatColumns:
    """How the columns of a flat table are read; fixed by the table that is learnt from.

    Attributes
    ----------
    names
        Column names.
    levels
        For every column its categories as text, the most frequent first; None for a number.
    """

    names: tuple[str, ...]
    levels: tuple[tuple[str, ...] | None, ...]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> FlatColumns:
        """Read what the columns are.

        Booleans, numbers, and texts that all read as numbers are numbers; other texts and categories are
        categories.

        Raises
        ------
        TypeError
            If a column holds moments or lengths of time.
        """
        levels = tuple(_levels(frame.iloc[:, j], str(name)) for j, name in enumerate(frame.columns))
        return cls(tuple(str(name) for name in frame.columns), levels)

    @property
    def categorical(self) -> tuple[int, ...]:
        """Positions of the categories."""
        return tuple(j for j, levels in enumerate(self.levels) if levels is not None)

    def matrix(self, frame: pd.DataFrame) -> Floats32:
        """Give the table as float32 [n, p].

        Missing cells are NaN, and so is a category never seen, unless rare ones were pooled. What a number
        cannot be read from is missing.

        Raises
        ------
        ValueError
            If a number is infinite.
        """
        X = np.empty((len(frame), len(self.names)), dtype=np.float64)
        for j, levels in enumerate(self.levels):
            column = frame.iloc[:, j]
            X[:, j] = _numbers(column) if levels is None else _positions(column, levels)
        if (infinite := np.isinf(X).any(axis=0)).any():
            name = self.names[int(np.argmax(infinite))]
            raise ValueError(f"Input X contains infinity (column {name!r}): make such cells empty, or a large number.")
        return np.clip(X, -_LARGEST, _LARGEST).astype(np.float32)


def plain_labels(y: Any) -> Any:
    """Give labels in plain type: of pandas' nullable types (and of objects) the one beneath, all else as it is.

    Raises
    ------
    ValueError
        If labels are missing, with their count and the first of them.
    """
    series = y.iloc[:, 0] if isinstance(y, pd.DataFrame) and y.shape[1] == 1 else y
    there = series if isinstance(series, pd.Series) else _as_series(series)
    if there is None:
        return y
    missing = there.isna().to_numpy()
    if missing.any():
        raise ValueError(
            f"y: {int(missing.sum()):,} of {len(missing):,} labels are missing (first: row {int(np.argmax(missing))}, "
            "counted from 0). Leave out rows whose answer is not known."
        )
    kind = getattr(series, "dtype", None)
    beneath = getattr(kind, "numpy_dtype", kind)
    if isinstance(beneath, np.dtype) and beneath.kind == "O":
        return there.infer_objects().to_numpy()
    return there.to_numpy(dtype=beneath) if beneath is not kind and isinstance(beneath, np.dtype) else y


def _as_series(y: Any) -> pd.Series | None:
    """Read labels that are no Series; None for what has not one dimension."""
    if not isinstance(y, pd.api.extensions.ExtensionArray | pd.Index):
        y = np.asarray(y)
        if y.ndim != 1:
            return None
    return pd.Series(y, dtype=y.dtype)


def same_rows(X: Floats32) -> Ints:
    """Number the distinct rows of a matrix, int64 [n]: equal rows get equal numbers; NaN equals NaN."""
    plain = np.ascontiguousarray(np.where(np.isnan(X), np.float32(np.nan), X + np.float32(0)))
    if not X.shape[1]:
        return np.zeros(len(X), dtype=np.int64)
    whole = plain.view(np.dtype((np.void, plain.dtype.itemsize * plain.shape[1]))).reshape(-1)
    return np.unique(whole, return_inverse=True)[1].astype(np.int64).reshape(-1)


def _levels(column: pd.Series, name: str) -> tuple[str, ...] | None:
    kind = column.dtype
    if types.is_datetime64_any_dtype(kind) or types.is_timedelta64_dtype(kind):
        raise TypeError(f"column {name!r} holds times: give the days between them and one moment instead.")
    if types.is_complex_dtype(kind):
        raise ValueError(f"Complex data not supported (column {name!r}).")
    if not isinstance(kind, pd.CategoricalDtype):
        if types.is_numeric_dtype(kind):
            return None
        there = column.dropna()
        there = there[there.astype(str).str.strip() != ""]
        if pd.to_numeric(there, errors="coerce").notna().all():
            return None
    counts = _texts(column).value_counts(dropna=True)
    ordered = sorted(zip(-counts.to_numpy(), counts.index, strict=True))
    return tuple(text for _, text in ordered[:LEVELS]) + (("",) if len(ordered) > LEVELS else ())


def _numbers(column: pd.Series) -> Floats:
    numbers = column if types.is_numeric_dtype(column.dtype) else pd.to_numeric(column.astype(object), errors="coerce")
    return np.asarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))


def _positions(column: pd.Series, levels: tuple[str, ...]) -> Floats:
    """Positions among the levels; the last one, empty text, stands for all others where there is one."""
    found = pd.Index(levels, dtype=object).get_indexer(pd.Index(_texts(column), dtype=object))
    other = float(len(levels) - 1) if levels and not levels[-1] else np.nan
    missing: NDArray[np.bool_] = column.isna().to_numpy()
    return np.where(missing, np.nan, np.where(found < 0, other, found))


def _texts(column: pd.Series) -> pd.Series:
    """Categories as text; an empty cell stays empty, and an empty text is a level like any other."""
    texts = column.astype(object)
    return texts.where(texts.isna(), texts.map(lambda v: f"{v}" or " "))
