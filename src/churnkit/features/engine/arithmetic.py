"""Arithmetic on registers: every step works on all rows of an account at once, in float64."""

from __future__ import annotations

import numpy as np

from churnkit.features.engine.compiling import inner
from churnkit.features.engine.desk import ACCOUNT
from churnkit.timeline import DAY

(
    CONSTANT,
    COLUMN,
    AGE,
    ADD,
    SUBTRACT,
    MULTIPLY,
    DIVIDE,
    LESS,
    AT_MOST,
    EQUAL,
    UNEQUAL,
    LOG1P,
    ABSOLUTE,
    LOW,
    HIGH,
    CHOOSE,
) = range(16)
"""Operations. Greater-than is less-than with its sides exchanged."""


@inner
def _compare(operation, x, y):  # type: ignore[no-untyped-def]  # numba finds them
    """Answer 1 or 0, and NaN where a side is missing."""
    if np.isnan(x) or np.isnan(y):
        return np.nan
    if operation == LESS:
        return 1.0 if x < y else 0.0
    if operation == AT_MOST:
        return 1.0 if x <= y else 0.0
    if operation == EQUAL:
        return 1.0 if x == y else 0.0
    return 1.0 if x != y else 0.0


@inner
def _calculate(operation, x, y):  # type: ignore[no-untyped-def]  # numba finds them
    if operation == ADD:
        return x + y
    if operation == SUBTRACT:
        return x - y
    if operation == MULTIPLY:
        return x * y
    return x / y if y != 0.0 else np.nan


@inner
def _apply(operation, x, y):  # type: ignore[no-untyped-def]  # numba finds them
    if operation == LOG1P:
        return np.log1p(x) if x > -1.0 else np.nan
    if operation == ABSOLUTE:
        return abs(x)
    # a missing value stays missing, which min and max do not promise
    if operation == LOW:
        return y if x < y else x  # noqa: FURB136 - as said above
    return y if x > y else x  # noqa: FURB136 - as said above


@inner
def _combine(operation, x, y, out, rows):  # type: ignore[no-untyped-def]  # numba finds them
    """Work out one operation of two registers (of one, where the second is ignored)."""
    if operation <= DIVIDE:
        for r in range(rows):
            out[r] = _calculate(operation, x[r], y[r])
    elif operation <= UNEQUAL:
        for r in range(rows):
            out[r] = _compare(operation, x[r], y[r])
    else:
        for r in range(rows):
            out[r] = _apply(operation, x[r], y[r])


@inner
def _load(program, desk, step, rows):  # type: ignore[no-untyped-def]  # numba finds them
    """Fill a register from a constant, a column of the accounts, or the age of one in days."""
    operation, what, out = step[0], step[2], desk.register[step[1]]
    constant, column, visit, owner, cut = program.constant, program.column, desk.visit, desk.owner, desk.cut
    for r in range(rows):
        if operation == CONSTANT:
            out[r] = constant[what]
        else:
            held = column[what, visit[owner[r], ACCOUNT]]
            out[r] = held if operation == COLUMN else (cut[r] - held) / DAY


@inner
def _choose(x, y, z, out, rows):  # type: ignore[no-untyped-def]  # numba finds them
    for r in range(rows):
        chosen = y[r] if x[r] != 0.0 else z[r]
        out[r] = np.nan if np.isnan(x[r]) else chosen


@inner
def calculate(program, desk, rows):  # type: ignore[no-untyped-def]  # numba finds them
    """Carry out all steps for the rows in hand."""
    code, register = program.code, desk.register
    for k in range(len(code)):
        step = code[k]
        if step[0] <= AGE:
            _load(program, desk, step, rows)
            continue
        out, x, y = register[step[1]], register[step[2]], register[step[3]]
        if step[0] == CHOOSE:
            _choose(x, y, register[step[4]], out, rows)
        else:
            _combine(step[0], x, y, out, rows)
