"""Facts grouped by account and put in a total order, so that input order never shows."""

from __future__ import annotations

import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from churnkit.features.engine.ordering import count, destine, number_actors, scatter, scatter_values, settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from churnkit.history.signals import Signals

_FEW = 1 << 16
"""Below this many facts a second thread costs more than it gives."""


class Facts(NamedTuple):
    """Facts by account, each account's in the order (occurred, known, signal, value, label, actor).

    Attributes
    ----------
    start
        int64[accounts + 1]: the facts of account ``a`` are ``start[a]`` to ``start[a + 1]``.
    occurred, signal
        One item per fact.
    known, value, label, actor
        The same, or of length 0 where the source has none. Actors are numbered anew within each
        account, from 0; -1 is nobody.
    """

    start: NDArray[np.int64]
    occurred: NDArray[np.int64]
    signal: NDArray[np.int16]
    known: NDArray[np.int64]
    value: NDArray[np.float64]
    label: NDArray[np.int32]
    actor: NDArray[np.int32]


_grouped: weakref.WeakKeyDictionary[Signals, Facts] = weakref.WeakKeyDictionary()


def grouped(signals: Signals, accounts: int, threads: int) -> Facts:
    """Group facts once per ``Signals`` object; later calls find the grouping again.

    Two Python threads that ask at the same moment may both group; they get equal facts.
    """
    facts = _grouped.get(signals)
    if facts is None or len(facts.start) != accounts + 1:
        facts = group(signals, accounts, threads)
        _grouped[signals] = facts
    return facts


def group(signals: Signals, accounts: int, threads: int) -> Facts:
    """Group facts by account with a counting sort, then order each account's own.

    Facts keep no memory for a column that the source has not. The result does not depend on the
    number of threads.
    """
    account = _column(signals.account, np.int32)
    n = len(account)
    cuts = np.linspace(0, n, (threads if n > _FEW else 1) + 1).astype(np.int64)
    parts = list(range(len(cuts) - 1))
    start, place = _places(account, accounts, cuts, parts)

    def moved(values: NDArray[Any] | None, dtype: type[np.generic]) -> NDArray[Any]:
        source = _column(values, dtype)
        target = np.empty_like(source)
        if len(source):
            move = scatter_values if dtype is np.float64 else scatter
            together(lambda k: move(source, target, place, cuts[k], cuts[k + 1]), parts)
        return target

    occurred = moved(signals.occurred, np.int64)
    columns = (
        moved(signals.known, np.int64),
        moved(signals.signal, np.int16),
        moved(signals.value, np.float64),
        moved(signals.label, np.int32),
        moved(signals.actor, np.int32),
    )
    known, signal, value, label, actor = columns
    edges = np.searchsorted(start, cuts)
    edges[0], edges[-1] = 0, accounts
    together(lambda k: settle(start, occurred, columns, edges[k], edges[k + 1]), parts)
    if len(actor):
        together(lambda k: number_actors(start, actor, edges[k], edges[k + 1]), parts)
    return Facts(start, occurred, signal, known, value, label, actor)


def _places(
    account: NDArray[np.int32], accounts: int, cuts: NDArray[np.int64], parts: list[int]
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Give where each account's facts begin, and the place of every fact."""
    cursors = np.zeros((len(parts), accounts), dtype=np.int64)
    together(lambda k: count(account, cuts[k], cuts[k + 1], cursors[k]), parts)
    start = np.zeros(accounts + 1, dtype=np.int64)
    np.cumsum(cursors.sum(axis=0), out=start[1:])
    # each part of the input writes after the same account's facts of the parts before it
    cursors = np.cumsum(cursors, axis=0) - cursors + start[:-1]
    place = np.empty(len(account), dtype=np.int32 if len(account) < 2**31 else np.int64)
    together(lambda k: destine(account, cuts[k], cuts[k + 1], cursors[k], place), parts)
    return start, place


def together(work: Callable[[int], Any], parts: list[int]) -> None:
    """Do every part, each in a thread of its own; the threads end with the call, so a fork is safe."""
    if len(parts) == 1:
        work(parts[0])
        return
    with ThreadPoolExecutor(len(parts)) as pool:
        for _ in pool.map(work, parts):
            pass


def _column(values: NDArray[Any] | None, dtype: type[np.generic]) -> NDArray[Any]:
    """Give a column as the kernels want it, of length 0 for none, without a copy where it fits."""
    if values is None:
        return np.zeros(0, dtype=dtype)
    column = np.require(values, dtype, ["C", "A"])
    return column if column.flags.writeable else _opened(column)


def _opened(column: NDArray[Any]) -> NDArray[Any]:
    """View a read-only column as an open one: kernels only read it, and one type compiles once."""
    view = _View()
    view.__array_interface__ = {**column.__array_interface__, "data": (column.ctypes.data, False)}
    view.column = column
    return np.asarray(view)


class _View:
    """Keeps the column alive while a view of its memory lives."""

    __array_interface__: dict[str, object]
    column: NDArray[Any]
