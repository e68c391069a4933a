"""From expressions and rows to a matrix."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from churnkit.errors import RequestError
from churnkit.features.engine.grouping import grouped
from churnkit.features.engine.program import bind
from churnkit.features.engine.rows import arrange
from churnkit.features.engine.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.features.engine.desk import Program, Rows
    from churnkit.features.engine.grouping import Facts
    from churnkit.features.expressions import Expression
    from churnkit.history import History, Signals

CHUNK = 4096
"""Rows that one call of the sweep takes: small beside the whole, so that threads end together."""


def evaluate(
    features: Sequence[Expression],
    history: History,
    *,
    account: NDArray[np.int32],
    cutoff: NDArray[np.int64],
    threads: int | None = None,
) -> NDArray[np.float32]:
    """Measure features for accounts at cutoffs, with what was known then.

    Parameters
    ----------
    features
        Expressions, none of them a feature of the book.
    history
        Where the facts are. Facts are grouped by account the first time; the history keeps that.
    account
        Codes, shape (n,): rows of ``history.accounts``.
    cutoff
        Moments, shape (n,): microseconds since 1970 UTC.
    threads
        None: one per processor. The bytes of the result do not depend on it.

    Returns
    -------
    float32[n, p], C-ordered
        Worked out in float64 and rounded once. A row does not depend on the other rows.

    Raises
    ------
    RequestError
        If an account code is out of range, or lengths differ.
    UnknownSignal, UnknownAttribute, BadExpression
        If an expression does not fit the history.
    """
    accounts = len(history.accounts)
    account, cutoff = np.ascontiguousarray(account, dtype=np.int32), np.ascontiguousarray(cutoff, dtype=np.int64)
    _check(account, cutoff, accounts)
    threads = max(1, threads if threads is not None else os.cpu_count() or 1)
    program = bind(features, history).at(history, cutoff)
    out = np.empty((len(account), len(features)), dtype=np.float32)
    if not out.size:
        return out
    for mine, part in history.signals.shards(account):
        facts, rows = _in_order(part, account[mine], cutoff[mine], accounts, threads)
        if not isinstance(mine, slice):
            rows = rows._replace(order=mine[rows.order], account=account, cutoff=cutoff)
        _sweep_all(program, facts, rows, out, threads)
    return out


def _in_order(
    signals: Signals, account: NDArray[np.int32], cutoff: NDArray[np.int64], accounts: int, threads: int
) -> tuple[Facts, Rows]:
    """Group facts by account, and the rows asked for beside it: grouping does not keep all threads busy."""
    if threads == 1 or len(account) < CHUNK:
        return grouped(signals, accounts, threads), arrange(account, cutoff, accounts)
    with ThreadPoolExecutor(1) as pool:
        rows = pool.submit(arrange, account, cutoff, accounts)
        return grouped(signals, accounts, threads), rows.result()


def _sweep_all(program: Program, facts: Facts, rows: Rows, out: NDArray[np.float32], threads: int) -> None:
    """Fill the rows, chunk after chunk, in some threads."""
    edges = _chunks(rows)

    def work(k: int) -> None:
        sweep(program, facts, rows, out, edges[k], edges[k + 1])

    if threads == 1 or len(edges) == 2:
        for k in range(len(edges) - 1):
            work(k)
    else:
        # the threads end with the call: nothing of them is left for a fork to copy
        with ThreadPoolExecutor(min(threads, len(edges) - 1)) as pool:
            for _ in pool.map(work, range(len(edges) - 1)):
                pass


def _chunks(rows: Rows) -> NDArray[np.int64]:
    """Divide groups into chunks of about as many rows each."""
    n = len(rows.order)
    at = np.linspace(0, n, max(1, n // CHUNK) + 1).astype(np.int64)
    return np.unique(np.searchsorted(rows.group, at))


def _check(account: NDArray[np.int32], cutoff: NDArray[np.int64], accounts: int) -> None:
    if account.ndim != 1 or account.shape != cutoff.shape:
        raise RequestError(f"rows: {account.shape} accounts and {cutoff.shape} cutoffs; give one of each per row.")
    if len(account) and (account.min() < 0 or account.max() >= accounts):
        wrong = account[(account < 0) | (account >= accounts)]
        raise RequestError(
            f"rows: {len(wrong):,} account codes are out of range (first: {wrong[0]}); "
            f"codes are the rows of history.accounts, 0 to {accounts - 1}."
        )
