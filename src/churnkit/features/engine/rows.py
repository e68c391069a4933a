"""Rows asked for, brought into the order of the sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.features.engine.compiling import kernel
from churnkit.features.engine.desk import Rows
from churnkit.features.engine.ordering import most, sort_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW = 4096


def arrange(account: NDArray[np.int32], cutoff: NDArray[np.int64], accounts: int) -> Rows:
    """Order rows by account, then cutoff, whatever the order they come in.

    Many rows are put in order by a counting sort, few by comparison, so that one row in a book of
    many accounts costs nothing.
    """
    if len(account) < _FEW:
        order = np.lexsort((cutoff, account)).astype(np.int64)
        sorted_accounts = account[order]
        edges = np.flatnonzero(sorted_accounts[1:] != sorted_accounts[:-1]) + 1
        group = np.concatenate(([0], edges, [len(order)])).astype(np.int64)
        return Rows(order, group, account, cutoff)
    order = np.empty(len(account), dtype=np.int64)
    start = np.zeros(accounts + 1, dtype=np.int64)
    _order(account, cutoff, order, start)
    return Rows(order, np.unique(start), account, cutoff)


@kernel
def _order(account, cutoff, order, start):  # type: ignore[no-untyped-def]  # numba finds them
    """Order rows by account and cutoff; ``start`` tells where each account's begin."""
    n, accounts = len(account), len(start) - 1
    for i in range(n):
        start[account[i] + 1] += 1
    for a in range(accounts):
        start[a + 1] += start[a]
    cursor = start.copy()
    for i in range(n):
        order[cursor[account[i]]] = i
        cursor[account[i]] += 1
    room = most(start, 0, accounts)
    row, spare = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    key, spare_key = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    for a in range(accounts):
        low, m, ascending = start[a], start[a + 1] - start[a], True
        for k in range(m):
            row[k], key[k] = order[low + k], cutoff[order[low + k]]
            ascending = ascending and (k == 0 or key[k] >= key[k - 1])
        if not ascending:
            sort_pairs(key, row, spare_key, spare, m)
            for k in range(m):
                order[low + k] = row[k]
