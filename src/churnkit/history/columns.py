"""Cells of a source column, whatever their type, read as what the contract says they are."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from churnkit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORDS = {True: ("true", "t", "yes", "y", "1", "1.0"), False: ("false", "f", "no", "n", "0", "0.0")}
_COMMA = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+$"
_THOUSANDS = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"


@dataclass(frozen=True, eq=False)
class Cells:
    """A column that has been read.

    Attributes
    ----------
    values
        int64 microseconds UTC (times; NEVER where empty), float64 (numbers, flags; NaN where empty)
        or int32 positions in ``words`` (ids, texts; -1 where empty).
    empty, bad
        Which rows hold nothing, and which hold something that cannot be read.
    notes
        What was decided on the way (ambiguous hours, decimal commas), with the rows concerned.
    words
        The distinct texts of a column of ids or texts; None for every other.
    never
        How many rows hold a date that stands for "never" and were read as empty.
    """

    values: Any
    empty: NDArray[np.bool_]
    bad: NDArray[np.bool_]
    notes: tuple[tuple[int, str], ...] = ()
    words: NDArray[np.object_] | None = None
    never: int = 0

    def objects(self, rows: NDArray[np.bool_] | None = None) -> NDArray[np.object_]:
        """Give texts as Python objects, None where empty; all rows or those marked."""
        assert self.words is not None
        codes = self.values if rows is None else self.values[rows]
        shown = np.empty(len(self.words) + 1, dtype=object)
        shown[:-1] = self.words
        return np.asarray(shown[codes], dtype=np.object_)


def is_text(kind: pa.DataType) -> bool:
    """Whether an Arrow type holds texts."""
    view = getattr(pa.types, "is_string_view", lambda _kind: False)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or view(kind))


def plain(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray:
    """Give a column without an extension type, texts as plain strings where they are not encoded."""
    chunks = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    if isinstance(chunks.type, pa.BaseExtensionType):
        storage = [c.storage for c in chunks.chunks]
        chunks = pa.chunked_array(storage, type=chunks.type.storage_type)
    return chunks.cast(pa.string()) if is_text(chunks.type) and chunks.type != pa.string() else chunks


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Give one array of plain (not dictionary-encoded) values."""
    chunks = plain(column)
    if pa.types.is_dictionary(chunks.type):
        chunks = chunks.cast(chunks.type.value_type)
    array = chunks.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], type=array.type)
    return array


def texts(column: pa.ChunkedArray | pa.Array) -> Cells:
    """Read texts and ids; white space around them does not count, an empty text is empty.

    Every distinct value is looked at once. Whole floats (``12.0``, what pandas makes of an integer
    column with a gap) read as integers, 16 bytes as a UUID.
    """
    chunks = plain(column)
    if pa.types.is_floating(chunks.type):
        chunks = _without_nan(chunks)
    codes, raw = encoded(chunks)
    words = _as_text(raw)
    clean = pc.utf8_trim_whitespace(words)
    shared = clean.dictionary_encode()
    names = np.asarray(shared.dictionary.to_numpy(zero_copy_only=False), dtype=object)
    position = pc.fill_null(shared.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    if len(names) != len(position) or "" in names:
        kept = np.array([bool(n) for n in names], dtype=np.bool_)
        moved = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1).astype(np.int32)
        names, position = names[kept], moved[position]
        codes = np.append(position, np.int32(-1))[codes]
    empty = codes < 0
    return Cells(codes, empty, np.zeros(len(empty), dtype=np.bool_), words=names)


def encoded(chunks: pa.ChunkedArray) -> tuple[NDArray[np.int32], pa.Array]:
    """Give for every row the position of its value among the distinct ones (-1: null), and these."""
    if pa.types.is_null(chunks.type) or not len(chunks):
        return np.full(len(chunks), -1, np.int32), pa.array([], type=pa.string())
    if pa.types.is_nested(chunks.type):
        raise DataError(f"holds {chunks.type}, not one value per cell")
    one = (chunks if pa.types.is_dictionary(chunks.type) else chunks.dictionary_encode()).unify_dictionaries()
    codes = np.empty(len(chunks), np.int32)
    at = 0
    for chunk in one.chunks:
        indices = chunk.indices
        if indices.null_count:
            indices = pc.fill_null(pc.cast(indices, pa.int32()), -1)
        codes[at : at + len(chunk)] = indices.to_numpy(zero_copy_only=False)
        at += len(chunk)
    return codes, plain(one.chunk(0).dictionary).combine_chunks()


def _without_nan(chunks: pa.ChunkedArray) -> pa.ChunkedArray:
    kept = [pc.if_else(pc.is_nan(c), pa.scalar(None, c.type), c) for c in chunks.chunks]
    return pa.chunked_array(kept, type=chunks.type)


def _as_text(values: pa.Array) -> pa.Array:
    kind = values.type
    if is_text(kind):
        return values
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pa.array([_number_text(v) for v in values.to_pylist()], type=pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.array([_bytes_text(v) for v in values.to_pylist()], type=pa.string())
    return pc.cast(values, pa.string())


def _number_text(value: float | Decimal | None) -> str | None:
    if value is None:
        return None
    finite = value.is_finite() if isinstance(value, Decimal) else np.isfinite(value)
    return str(int(value)) if finite and value == int(value) else str(value)


def _bytes_text(value: bytes | None) -> str | None:
    if value is None:
        return None
    if len(value) == 16:
        return str(uuid.UUID(bytes=value))
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()


def numbers(column: pa.ChunkedArray | pa.Array) -> Cells:
    """Read numbers; an infinite one counts as unreadable, a decimal comma as a point where all cells agree."""
    chunks = plain(column)
    if is_text(chunks.type) or pa.types.is_dictionary(chunks.type):
        return _number_texts(texts(chunks))
    if pa.types.is_null(chunks.type):
        return Cells(np.full(len(chunks), np.nan), np.ones(len(chunks), np.bool_), np.zeros(len(chunks), np.bool_))
    values = np.empty(len(chunks), np.float64)
    at = 0
    for chunk in chunks.chunks:
        try:
            values[at : at + len(chunk)] = pc.cast(chunk, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as problem:
            raise DataError(f"holds {chunks.type}, which cannot be read as a number") from problem
        at += len(chunk)
    empty = np.isnan(values)
    bad = np.isinf(values)
    if bad.any():
        values[bad] = np.nan
    return Cells(values, empty, bad)


def _number_texts(text: Cells) -> Cells:
    """Read the distinct texts as numbers, then give every row its own."""
    words = pd.Series(text.words, dtype=object)
    read = np.array(pd.to_numeric(words, errors="coerce"), dtype=np.float64)
    missed = np.isnan(read)
    notes: tuple[tuple[int, str], ...] = ()
    if missed.any():
        comma, thousands = (words.str.fullmatch(p.strip("^$")).to_numpy(dtype=bool) for p in (_COMMA, _THOUSANDS))
        points = words[~missed].str.contains(".", regex=False).any()
        if (comma & ~thousands).any() and not points:
            told, chosen = "use a decimal comma; read as such", comma
            words = words.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        else:
            told, chosen = "use a comma between thousands; read as such", thousands & (points | _pointed(words))
            words = words.str.replace(",", "", regex=False)
        chosen = chosen & missed
        if chosen.any():
            read[chosen] = pd.to_numeric(words[chosen]).to_numpy(dtype=np.float64)
            count = int(np.append(chosen, False)[text.values].sum())
            notes = ((count, f"{count:,} cells {told}"),)
    values = np.append(read, np.nan)[text.values]
    bad = ~text.empty & ~np.isfinite(values)
    values[bad] = np.nan
    return Cells(values, text.empty, bad, notes)


def _pointed(words: pd.Series) -> Any:
    return words.str.contains(r",\d{3}(?:,\d{3})+$|,\d{3}\.\d", regex=True).to_numpy(dtype=bool)


def flags(column: pa.ChunkedArray | pa.Array) -> Cells:
    """Read yes and no, true and false, 1 and 0."""
    text = texts(column)
    lower = pd.Series(text.words, dtype=object).str.lower()
    known = np.where(lower.isin(_WORDS[True]), 1.0, np.where(lower.isin(_WORDS[False]), 0.0, np.nan))
    values = np.append(known, np.nan)[text.values]
    return Cells(values, text.empty, ~text.empty & np.isnan(values))
