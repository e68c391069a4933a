"""Segments: the parts of a book by an attribute of the accounts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.errors import UnknownAttribute

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History

MOST = 12
"""Segments told apart; the accounts of rarer values are one more."""

NONE, OTHER = "(none)", "(other)"


def segments(history: History, attribute: str, account: NDArray[np.integer]) -> dict[object, NDArray[np.bool_]]:
    """Divide rows by an attribute of their accounts.

    Parameters
    ----------
    history
        Where the attribute stands.
    attribute
        Name of a column of the accounts table.
    account : int [n]
        Codes of the rows.

    Returns
    -------
    dict
        Marks of the rows, by value: the most frequent first, rarer ones than the first twelve as ``"(other)"``,
        accounts without a value as ``"(none)"``. A number of more than twelve values is cut at its quartiles.

    Raises
    ------
    UnknownAttribute
        If accounts have no such attribute.
    """
    if attribute not in history.attributes:
        raise UnknownAttribute.named(attribute, history.attributes)
    names = _names(history.accounts[attribute])[account]
    texts, which, counts = np.unique(names, return_inverse=True, return_counts=True)
    frequent = [i for i in np.argsort(-counts, kind="stable") if texts[i] != NONE]
    found: dict[object, NDArray[np.bool_]] = {str(texts[i]): which == i for i in frequent[:MOST]}
    rare = np.isin(which, frequent[MOST:])
    if rare.any():
        found[OTHER] = rare
    if (empty := names == NONE).any():
        found[NONE] = empty
    return found


def _names(column: pd.Series) -> NDArray[np.str_]:
    """Give every account's segment as text."""
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > MOST:
        edges = [float(e) for e in np.unique(column.quantile([0.25, 0.5, 0.75]))]
        told = [f"up to {edges[0]:g}"]
        told += [f"above {a:g} up to {b:g}" for a, b in pairwise(edges)]
        told += [f"above {edges[-1]:g}"]
        at = np.searchsorted(edges, column.to_numpy(dtype=np.float64), side="left")
        texts = np.array(told, dtype=object)[np.minimum(at, len(edges))]
    elif pd.api.types.is_numeric_dtype(column):
        texts = np.array([f"{v:g}" for v in column], dtype=object)
    else:
        texts = column.astype(str).to_numpy(dtype=object)
    return np.where(column.isna(), NONE, texts).astype(str)
