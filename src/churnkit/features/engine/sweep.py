"""The sweep: each account's facts are walked once for all of its cutoffs, a block of accounts at a time."""

from __future__ import annotations

import numpy as np

from churnkit.features.engine.aggregates import aggregate
from churnkit.features.engine.arithmetic import calculate
from churnkit.features.engine.compiling import kernel, known_at
from churnkit.features.engine.desk import (
    ACCOUNT,
    BASE,
    FACTS,
    FIRST_ROW,
    LAST_ROW,
    LATE,
    lay_out,
)
from churnkit.features.engine.lists import pick, place, prepare

_ROWS = 256
_PLACES = 8192
"""Rows and facts that are worked on together: what they need stays in the processor's cache."""

_TURNED = 8
"""Rows that are written together: one cache line of a register."""


@kernel
def _mark_late(facts, account, cutoff, order, late):  # type: ignore[no-untyped-def]
    """Mark the cutoffs that some fact missed: it occurred before them and was known at or after them."""
    m, c, found = len(order), 0, 0
    occurred, known = facts.occurred, facts.known
    for r in range(m):
        late[r] = False
    for fact in range(facts.start[account], facts.start[account + 1]):
        t, k = occurred[fact], known[fact]
        while c < m and not known_at(t, t, cutoff[order[c]]):
            c += 1
        r = c
        while r < m and not known_at(t, k, cutoff[order[r]]):
            if not late[r]:
                found += 1
            late[r] = True
            r += 1
    return found


@kernel
def _split(order, late, spare):  # type: ignore[no-untyped-def]
    """Bring the rows that late facts touch behind the others; return how many others."""
    clean = behind = 0
    for r in range(len(order)):
        if late[r]:
            spare[behind] = order[r]
            behind += 1
        else:
            order[clean] = order[r]
            clean += 1
    for k in range(behind):
        order[clean + k] = spare[k]
    return clean


@kernel
def _plan(facts, rows, first, last):  # type: ignore[no-untyped-def]
    """List the visits that the groups from ``first`` to ``last`` (excluded) need."""
    group, order, cutoff = rows.group, rows.order, rows.cutoff
    n = group[last] - group[first]
    visits = np.zeros((n, 8), dtype=np.int64)
    late, spare = np.zeros(n, dtype=np.bool_), np.empty(n, dtype=np.int64)
    count = 0
    for g in range(first, last):
        low, high = group[g], group[g + 1]
        account = np.int64(rows.account[order[low]])
        clean = high
        if len(facts.known) and _mark_late(facts, account, cutoff, order[low:high], late) > 0:
            clean = low + _split(order[low:high], late, spare)
        if clean > low:
            visits[count, ACCOUNT], visits[count, FIRST_ROW], visits[count, LAST_ROW] = account, low, clean
            count += 1
        for r in range(clean, high):
            visits[count, ACCOUNT], visits[count, FIRST_ROW], visits[count, LAST_ROW] = account, r, r + 1
            visits[count, LATE] = 1
            count += 1
    for v in range(count):
        account = visits[v, ACCOUNT]
        visits[v, FACTS] = facts.start[account + 1] - facts.start[account]
    return visits[:count]


@kernel
def _gather(facts, desk, v, limit):  # type: ignore[no-untyped-def]
    """Take in hand what visit ``v`` knows: facts that occurred (and, for late visits, were known) before ``limit``."""
    visit, index, signal, codes = desk.visit, desk.fact, desk.signal, facts.signal
    occurred, known, late = facts.occurred, facts.known, desk.visit[v, LATE] != 0
    signals, base, n = signal.shape[1] - 1, visit[v, BASE], 0
    for s in range(signals + 1):
        signal[v, s] = 0
    for fact in range(facts.start[visit[v, ACCOUNT]], facts.start[visit[v, ACCOUNT] + 1]):
        t = occurred[fact]
        if not known_at(t, t, limit):
            break
        if late and not known_at(t, known[fact], limit):
            continue
        index[1, base + n] = fact
        signal[v, codes[fact]] += 1
        n += 1
    at = base
    for s in range(signals + 1):
        at += signal[v, s]
        signal[v, s] = at
    for k in range(base + n - 1, base - 1, -1):
        s = codes[index[1, k]]
        signal[v, s] -= 1
        index[0, signal[v, s]] = index[1, k]
    visit[v, FACTS] = n


@kernel
def _open(facts, rows, desk, visits, first):  # type: ignore[no-untyped-def]
    """Take the visits from ``first`` on in hand, as many as there is room for; return how many, and their rows."""
    visit, cut, row, owner, start = desk.visit, desk.cut, desk.row, desk.owner, desk.place[0]
    order, cutoff = rows.order, rows.cutoff
    count = held = base = np.int64(0)
    while first + count < len(visits):
        new = visits[first + count, LAST_ROW] - visits[first + count, FIRST_ROW]
        if held + new > len(cut) or base + visits[first + count, FACTS] >= len(desk.time) or count >= len(visit):
            break
        for k in range(visit.shape[1]):
            visit[count, k] = visits[first + count, k]
        visit[count, BASE] = base
        for k in range(new):
            at = order[visit[count, FIRST_ROW] + k]
            cut[held + k], row[held + k], owner[held + k], start[held + k] = cutoff[at], at, count, base
        held += new
        _gather(facts, desk, count, cut[held - 1])
        base += visit[count, FACTS] + 1
        count += 1
    return count, held


@kernel
def _write(program, desk, rows, out):  # type: ignore[no-untyped-def]
    """Write the rows in hand: turned around a few at a time, then each row in one go, since rows lie far apart."""
    output, register, row, width = program.output, desk.register, desk.row, len(program.output)
    turned = np.empty((_TURNED, width), dtype=np.float32)
    for low in range(0, rows, _TURNED):
        few = min(_TURNED, rows - low)
        for p in range(width):
            values = register[output[p]]
            for k in range(few):
                turned[k, p] = np.float32(values[low + k])
        for k in range(few):
            whole, ready = out[row[low + k]], turned[k]
            for p in range(width):
                whole[p] = ready[p]


@kernel
def _room(visits, least, column, more):  # type: ignore[no-untyped-def]
    """Room for the largest visit, or for several up to ``least``."""
    largest = total = np.int64(0)
    for v in range(len(visits)):
        size = visits[v, column] + 1 if more == 0 else visits[v, LAST_ROW] - visits[v, FIRST_ROW]
        largest, total = max(largest, size), total + size
    return max(largest, min(total, least))


@kernel
def sweep(program, facts, rows, out, first, last):  # type: ignore[no-untyped-def]
    """Fill the rows of the groups (accounts) from ``first`` to ``last``, excluded."""
    visits = _plan(facts, rows, first, last)
    room = _room(visits, _ROWS, FIRST_ROW, 1)
    desk = lay_out(program, min(len(visits), room), room, _room(visits, _PLACES, FACTS, 0))
    done = np.int64(0)
    while done < len(visits):
        count, held = _open(facts, rows, desk, visits, done)
        for which in range(len(program.lists)):
            pick(program, facts, desk, which, count)
            prepare(program, desk, which, count)
            place(program, desk, which, count)
            aggregate(program, desk, which, count, held)
        calculate(program, desk, held)
        _write(program, desk, held, out)
        done += count
