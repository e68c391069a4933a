"""Running the program over rows: blocks for the registers, chunks for the threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from churnkit.reasons.kernel.lanes import LANES
from churnkit.reasons.kernel.steps import Arrays, Buffers, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from churnkit.reasons.kernel.program import Program

T = TypeVar("T")

BLOCK = 64
"""Rows that go through the trees side by side."""

CHUNK = 16 * BLOCK
"""Rows that a thread takes at a time: large enough to be worth handing over, small enough to share out."""


def shapley_values(program: Program, X: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give the Shapley values of rows, in this thread.

    Parameters
    ----------
    program
        Trees that :func:`churnkit.reasons.kernel.lowered` has laid out.
    X
        float32 ``[n, >= columns]``; the trees read the first ``columns`` columns.

    Returns
    -------
    ndarray
        float64 ``[n, columns]``; each row and the program's base add up to the trees' output. A row has the
        same bytes whichever rows stand beside it.
    """
    out = np.zeros((len(X), program.columns))
    width = min(BLOCK, -(-max(len(X), 1) // LANES) * LANES)
    columns, slots, depth = program.columns * width, program.slots * width, program.depth * width
    floats = (np.empty(columns), np.empty(slots), np.empty(depth), np.empty(2 * depth))
    block = Buffers(np.empty(columns, np.float32), *floats)
    arrays = Arrays(*(getattr(program, name) for name in Arrays._fields))
    # one layout, so that it is compiled once
    walk(arrays, block, np.require(X[:, : program.columns], np.float32, ["C", "W"]), out, width)
    return out


def over_chunks(rows: int, work: Callable[[slice], T], threads: int | None = None) -> list[T]:
    """Do ``work`` for every chunk of rows, on a pool of threads where that is worth it.

    The pool lives for the one call, so a process that has been forked has nothing to inherit.
    """
    chunks = [slice(start, min(start + CHUNK, rows)) for start in range(0, rows, CHUNK)]
    threads = min(len(chunks), available() if threads is None else max(1, threads))
    if threads <= 1:
        return [work(chunk) for chunk in chunks]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, chunks))


def available() -> int:
    """Give the processors that this process may use."""
    import os

    asked = getattr(os, "sched_getaffinity", None)
    return len(asked(0)) if asked else os.cpu_count() or 1
