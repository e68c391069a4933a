"""The compiled steps of the program, eight rows to a register, as many registers as the block is wide.

All buffers are flat: row ``k`` of column ``j`` stands at ``j * width + k``. Nothing here allocates.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numba
import numpy as np

from churnkit.features.engine.compiling import lapse
from churnkit.reasons import trees
from churnkit.reasons.kernel.lanes import (
    LANES,
    fma,
    if_below,
    if_below_or_missing,
    load,
    multiply,
    pointer,
    put,
    raw,
    spread,
    spread_at,
    store,
    subtract,
)
from churnkit.reasons.kernel.program import (
    BEFORE,
    BOTH,
    COLUMN,
    DEPTH,
    DIFFERENCE,
    ENTER,
    FLIPPED,
    KEPT,
    KIND,
    LEAVE_LEAF,
    LINE,
    NUMBERS,
    PAD,
    SHARE,
    SLOT,
    STEP,
    TABLE,
    THRESHOLD,
    TURN,
    VALUE,
    WORD,
    WORDS,
)
from churnkit.reasons.trees import BELOW, BELOW_OR_MISSING, ZERO_MISSING

if TYPE_CHECKING:
    from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])

_TINY = np.float32(1e-35)
_SOURCES = (trees.__file__, *(str(file) for file in sorted(Path(__file__).parent.glob("*.py"))))


def compiled(function: F) -> F:
    """Compile for threads, keeping the machine code on disk where there is a place for it.

    What is compiled may call other compiled functions by their names in a module, but not close over them: numba
    keys its cache by what a function closes over, and a compiled function is another one in each process.
    """
    try:
        made = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return numba.njit(nogil=True)(function)  # type: ignore[no-any-return]  # numba has no types
    lapse(made, _SOURCES)
    return made  # type: ignore[no-any-return]  # numba has no types


inlined = numba.njit(nogil=True, forceinline=True)


class Room(NamedTuple):
    """What every step reads and writes: pointers to flat buffers, and the two sizes of the tree and the block."""

    lines: Any
    numbers: Any
    bits: Any
    tables: Any
    x: Any
    phi: Any
    buffer: Any
    d: Any
    u: Any
    points: int
    width: int


@inlined
def _slot(room: Room, i: int, further: int) -> int:
    """Where the working values of a line start, or those of the slot so many further."""
    at: int = (raw(room.lines, i + SLOT) + further) * room.points * room.width
    return at


@inlined
def _g(room: Room, i: int) -> int:
    """Where the line's numbers g start; its numbers e start at TABLE."""
    at: int = raw(room.lines, i + TABLE) + (room.points + PAD - 1) // PAD * PAD
    return at


@inlined
def _decide_one_by_one(room: Room, i: int, j: int, yes: float, no: float) -> None:
    """Decide where missing counts as zero, or by a set of categories."""
    at, column = raw(room.lines, i + DEPTH) * room.width, raw(room.lines, i + COLUMN) * room.width
    kind, threshold = raw(room.lines, i + KIND) & 3, raw(room.numbers, j + THRESHOLD)
    word, words = raw(room.lines, i + WORD), raw(room.lines, i + WORDS)
    for k in range(room.width):
        value = raw(room.x, column + k)
        left = False
        if kind == ZERO_MISSING:
            left = value <= threshold
            if np.isnan(value) or abs(value) <= _TINY:
                left = word == 1
        elif -1 < value < 32 * words:
            category = int(value)
            left = (raw(room.bits, word + (category >> 5)) >> np.uint32(category & 31)) & np.uint32(1) == 1
        put(room.d, at + k, yes if left else no)


@inlined
def _decide(room: Room, i: int, j: int) -> None:
    """Fill d = u (a - w) of this node, and u of its two children where a later split asks for them."""
    width, d, u = room.width, room.d, room.u
    at, column = raw(room.lines, i + DEPTH) * width, raw(room.lines, i + COLUMN) * width
    share, threshold, kind = raw(room.numbers, j + SHARE), raw(room.numbers, j + THRESHOLD), raw(room.lines, i + KIND)
    yes, no = 1.0 - share, -share
    if kind & FLIPPED:
        yes, no = no, yes
    if kind & 3 == BELOW:
        for k in range(0, width, LANES):
            store(d, at + k, if_below(room.x, column + k, threshold, yes, no))
    elif kind & 3 == BELOW_OR_MISSING:
        for k in range(0, width, LANES):
            store(d, at + k, if_below_or_missing(room.x, column + k, threshold, yes, no))
    else:
        _decide_one_by_one(room, i, j, yes, no)
    before, mine = raw(room.lines, i + BEFORE) * width, 2 * at
    if before >= 0:
        for k in range(0, width, LANES):
            store(d, at + k, multiply(load(d, at + k), load(u, before + k)))
    if raw(room.lines, i + KEPT):
        for k in range(0, width, LANES):
            both = load(u, before + k) if before >= 0 else spread(1.0)
            first = fma(both, spread(share), load(d, at + k))
            store(u, mine + k, first)
            store(u, mine + width + k, subtract(both, first))


@inlined
def _both(room: Room, i: int, j: int) -> None:
    """Two leaves: the feature receives d x difference x (integral of P g), and H takes the place of P."""
    at, e, g = _slot(room, i, 0), raw(room.lines, i + TABLE), _g(room, i)
    depth, column = raw(room.lines, i + DEPTH) * room.width, raw(room.lines, i + COLUMN) * room.width
    value, difference = spread_at(room.numbers, j + VALUE), spread_at(room.numbers, j + DIFFERENCE)
    for k in range(0, room.width, LANES):
        part = multiply(load(room.d, depth + k), difference)
        total = spread(0.0)
        for q in range(room.points):
            here = at + q * room.width + k
            total = fma(load(room.buffer, here), spread_at(room.tables, g + q), total)
            store(room.buffer, here, fma(spread_at(room.tables, e + q), part, value))
        store(room.phi, column + k, fma(part, total, load(room.phi, column + k)))


@inlined
def _down(room: Room, i: int, to: int, sign: float, share: float) -> None:
    """Carry P down to a child: P (w + e d), with -d and 1 - w for the second child."""
    at, e, depth = _slot(room, i, 0), raw(room.lines, i + TABLE), raw(room.lines, i + DEPTH) * room.width
    for k in range(0, room.width, LANES):
        part = multiply(load(room.d, depth + k), spread(sign))
        for q in range(room.points):
            here = q * room.width + k
            ratio = fma(spread_at(room.tables, e + q), part, spread(share))
            store(room.buffer, to + here, multiply(load(room.buffer, at + here), ratio))


@inlined
def _up_beside_leaf(room: Room, i: int, j: int) -> None:
    """Carry H up where the second child is a leaf."""
    at, one, e, g = _slot(room, i, 0), _slot(room, i, 1), raw(room.lines, i + TABLE), _g(room, i)
    depth, column = raw(room.lines, i + DEPTH) * room.width, raw(room.lines, i + COLUMN) * room.width
    share, value = spread_at(room.numbers, j + SHARE), spread_at(room.numbers, j + VALUE)
    for k in range(0, room.width, LANES):
        part = load(room.d, depth + k)
        total = spread(0.0)
        for q in range(room.points):
            here = q * room.width + k
            apart = subtract(load(room.buffer, one + here), value)
            total = fma(multiply(load(room.buffer, at + here), spread_at(room.tables, g + q)), apart, total)
            ratio = fma(spread_at(room.tables, e + q), part, share)
            store(room.buffer, at + here, fma(ratio, apart, value))
        store(room.phi, column + k, fma(part, total, load(room.phi, column + k)))


@inlined
def _up(room: Room, i: int, j: int) -> None:
    """Carry H up from two inner children."""
    at, one, two, e, g = (
        _slot(room, i, 0),
        _slot(room, i, 1),
        _slot(room, i, 2),
        raw(room.lines, i + TABLE),
        _g(room, i),
    )
    depth, column = raw(room.lines, i + DEPTH) * room.width, raw(room.lines, i + COLUMN) * room.width
    share = spread_at(room.numbers, j + SHARE)
    for k in range(0, room.width, LANES):
        part = load(room.d, depth + k)
        total = spread(0.0)
        for q in range(room.points):
            here = q * room.width + k
            second = load(room.buffer, two + here)
            apart = subtract(load(room.buffer, one + here), second)
            total = fma(multiply(load(room.buffer, at + here), spread_at(room.tables, g + q)), apart, total)
            ratio = fma(spread_at(room.tables, e + q), part, share)
            store(room.buffer, at + here, fma(ratio, apart, second))
        store(room.phi, column + k, fma(part, total, load(room.phi, column + k)))


@inlined
def _step(room: Room, i: int, j: int) -> None:
    """Do one line of the program."""
    step = raw(room.lines, i + STEP)
    if step == BOTH:
        _decide(room, i, j)
        _both(room, i, j)
    elif step == ENTER:
        _decide(room, i, j)
        _down(room, i, _slot(room, i, 1), 1.0, raw(room.numbers, j + SHARE))
    elif step == TURN:
        _down(room, i, _slot(room, i, 2), -1.0, 1.0 - raw(room.numbers, j + SHARE))
    elif step == LEAVE_LEAF:
        _up_beside_leaf(room, i, j)
    else:
        _up(room, i, j)


class Arrays(NamedTuple):
    """The program's arrays, as :class:`churnkit.reasons.kernel.Program` describes them."""

    lines: NDArray[np.int64]
    numbers: NDArray[np.float64]
    first: NDArray[np.int64]
    length: NDArray[np.int64]
    points: NDArray[np.int64]
    tables: NDArray[np.float64]
    weights: NDArray[np.float64]
    bits: NDArray[np.uint32]


class Buffers(NamedTuple):
    """One thread's room for one block of ``width`` rows.

    Parameters
    ----------
    x
        float32 ``[columns * width]``, the block turned over: the rows of each column side by side.
    phi
        float64 of the same shape: Shapley values are added to it.
    buffer, d, u
        float64 ``[slots * width]``, ``[depth * width]``, ``[2 * depth * width]``.
    """

    x: NDArray[np.float32]
    phi: NDArray[np.float64]
    buffer: NDArray[np.float64]
    d: NDArray[np.float64]
    u: NDArray[np.float64]


@compiled
def _turned(X: NDArray[np.float32], start: int, rows: int, x: NDArray[np.float32], width: int) -> None:
    """Lay a block of rows down column by column; the last row fills what is left of the block."""
    for k in range(width):
        row = start + min(k, rows - 1)
        for j in range(X.shape[1]):
            x[j * width + k] = X[row, j]


@compiled
def _turned_back(phi: NDArray[np.float64], out: NDArray[np.float64], start: int, rows: int, width: int) -> None:
    """Stand a block up again."""
    for k in range(rows):
        for j in range(out.shape[1]):
            out[start + k, j] = phi[j * width + k]


@compiled
def walk_block(program: Arrays, block: Buffers, width: int) -> None:
    """Add the Shapley values of one block of ``width`` rows (a multiple of eight) to ``block.phi``."""
    for tree in range(len(program.first)):
        room = Room(
            pointer(program.lines),
            pointer(program.numbers),
            pointer(program.bits),
            pointer(program.tables),
            pointer(block.x),
            pointer(block.phi),
            pointer(block.buffer),
            pointer(block.d),
            pointer(block.u),
            program.points[tree],
            width,
        )
        for q in range(room.points):
            for k in range(0, width, LANES):
                store(room.buffer, q * width + k, spread(program.weights[tree, q]))
        for o in range(program.first[tree], program.first[tree] + program.length[tree]):
            _step(room, o * LINE, o * NUMBERS)


@compiled
def walk(program: Arrays, block: Buffers, X: NDArray[np.float32], out: NDArray[np.float64], width: int) -> None:
    """Fill ``out`` with the Shapley values of all rows, block by block: one call, so that threads rarely meet."""
    for start in range(0, len(X), width):
        rows = min(width, len(X) - start)
        _turned(X, start, rows, block.x, width)
        block.phi[:] = 0.0
        walk_block(program, block, width)
        _turned_back(block.phi, out, start, rows, width)
