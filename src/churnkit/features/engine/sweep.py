"""The sweep: each account's facts are walked once for all of its cutoffs, a block of accounts at a time."""

from __future__ import annotations

import numpy as np

from churnkit.features.engine.aggregates import aggregate
from churnkit.features.engine.arithmetic import calculate
from churnkit.features.engine.boundaries import comes_before, line_up, place
from churnkit.features.engine.compiling import inner, kernel, known_at
from churnkit.features.engine.desk import (
    ACCOUNT,
    BASE,
    BOUNDS,
    BY_SIGNAL,
    FACTS,
    FIRST_ROW,
    IN_ORDER,
    LAST_ROW,
    LATE,
    lay_out,
)
from churnkit.features.engine.lists import pick, prepare

_ROWS = 384
_REGISTERED = 1 << 16
_PLACES = 8192
"""Rows, values in registers and facts that are worked on together: they stay in the processor's cache."""

_LINE = 8
"""Values of a register in one cache line."""

_TURNED = 16
"""Rows that are turned before any is written: stores that wait for memory hold up those behind them."""


@inner
def _mark_late(facts, account, cutoff, order, late):  # type: ignore[no-untyped-def]  # numba finds them
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


@inner
def _split(order, late, spare):  # type: ignore[no-untyped-def]  # numba finds them
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


@inner
def _plan(facts, rows, first, last):  # type: ignore[no-untyped-def]  # numba finds them
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


@inner
def _gather(facts, desk, v, limit):  # type: ignore[no-untyped-def]  # numba finds them
    """Take in hand what visit ``v`` knows: facts that occurred (and, for late visits, were known) before ``limit``."""
    visit, fact, segment, signal, codes = desk.visit, desk.fact, desk.segment, desk.signal, facts.signal
    occurred, known, late, boundary = facts.occurred, facts.known, desk.visit[v, LATE] != 0, desk.boundary
    bounds, n, ahead, rank = visit[v, BOUNDS], visit[v, BASE], np.int64(0), desk.chosen
    for s in range(signal.shape[1]):
        signal[v, s] = 0
    upcoming = boundary[0, 0] if bounds > 0 else limit
    for at in range(facts.start[visit[v, ACCOUNT]], facts.start[visit[v, ACCOUNT] + 1]):
        t = occurred[at]
        if not known_at(t, t, limit):
            break
        if late and not known_at(t, known[at], limit):
            continue
        while ahead < bounds and not comes_before(t, upcoming):
            ahead += 1
            upcoming = boundary[0, ahead]
        fact[IN_ORDER, n], segment[IN_ORDER, n], rank[n] = at, ahead + 1, signal[v, codes[at]]
        signal[v, codes[at]] += 1
        n += 1
    visit[v, FACTS] = n - visit[v, BASE]


@inner
def _lay_by_signal(facts, desk, visits):  # type: ignore[no-untyped-def]  # numba finds them
    """Lay the facts of every visit out by signal, each signal's in their order."""
    visit, signal, codes, occurred = desk.visit, desk.signal, facts.signal, facts.occurred
    value, actor, source, acted = desk.value, desk.actor, facts.value, facts.actor
    fact, segment, time, rank = desk.fact, desk.segment, desk.time, desk.chosen
    for v in range(visits):
        begin = base = visit[v, BASE]
        for s in range(signal.shape[1]):
            signal[v, s], begin = begin, begin + signal[v, s]
        for k in range(base, base + visit[v, FACTS]):
            at = fact[IN_ORDER, k]
            place = signal[v, codes[at]] + rank[k]
            fact[BY_SIGNAL, place], segment[BY_SIGNAL, place] = at, segment[IN_ORDER, k]
            time[BY_SIGNAL, place] = occurred[at]
            if value.shape[1] > 0:
                value[BY_SIGNAL, place] = source[at] if len(source) else np.nan
            if actor.shape[1] > 0:
                actor[BY_SIGNAL, place] = acted[at] if len(acted) else -1


@inner
def _open(program, facts, rows, desk, visits, first):  # type: ignore[no-untyped-def]  # numba finds them
    """Take the visits from ``first`` on in hand, as many as there is room for; return how many, and their rows."""
    visit, cut, row, owner = desk.visit, desk.cut, desk.row, desk.owner
    order, cutoff = rows.order, rows.cutoff
    count = held = base = np.int64(0)
    while first + count < len(visits):
        new = visits[first + count, LAST_ROW] - visits[first + count, FIRST_ROW]
        if held + new > len(cut) or base + visits[first + count, FACTS] >= len(desk.chosen) or count >= len(visit):
            break
        for k in range(visits.shape[1]):
            visit[count, k] = visits[first + count, k]
        visit[count, BASE] = base
        for k in range(new):
            at = order[visit[count, FIRST_ROW] + k]
            cut[held + k], row[held + k], owner[held + k] = cutoff[at], at, count
        line_up(program, desk, count, held)
        held += new
        _gather(facts, desk, count, cut[held - 1])
        base += visit[count, FACTS] + 1
        count += 1
    _lay_by_signal(facts, desk, count)
    return count, held


@inner
def _write(program, desk, rows, out):  # type: ignore[no-untyped-def]  # numba finds them
    """Write the rows in hand: turned around a few at a time, then each row in one go, since rows lie far apart."""
    output, register, row, width = program.output, desk.register, desk.row, len(program.output)
    turned = np.empty((_TURNED, width), dtype=np.float32)
    for low in range(0, rows, _TURNED):
        few = min(_TURNED, rows - low)
        for part in range(0, few, _LINE):
            line = min(_LINE, few - part)
            for p in range(width):
                values = register[output[p]]
                for k in range(line):
                    turned[part + k, p] = np.float32(values[low + part + k])
        for k in range(few):
            whole, ready = out[row[low + k]], turned[k]
            for p in range(width):
                whole[p] = ready[p]


@inner
def _room(visits, least, column, more):  # type: ignore[no-untyped-def]  # numba finds them
    """Room for the largest visit, or for several up to ``least``."""
    largest = total = np.int64(0)
    for v in range(len(visits)):
        size = visits[v, column] + 1 if more == 0 else visits[v, LAST_ROW] - visits[v, FIRST_ROW]
        largest, total = max(largest, size), total + size
    return max(largest, min(total, least))


@kernel
def sweep(program, facts, rows, out, first, last):  # type: ignore[no-untyped-def]  # numba finds them
    """Fill the rows of the groups (accounts) from ``first`` to ``last``, excluded."""
    visits = _plan(facts, rows, first, last)
    least = max(_LINE, min(_ROWS, _REGISTERED // max(1, len(program.output))))
    room = _room(visits, least, FIRST_ROW, 1)
    desk = lay_out(program, min(len(visits), room), room, _room(visits, _PLACES, FACTS, 0))
    done = np.int64(0)
    while done < len(visits):
        count, held = _open(program, facts, rows, desk, visits, done)
        for which in range(len(program.lists)):
            pick(program, facts, desk, which, count)
            prepare(program, desk, which, count)
            place(program, desk, which, count, held)
            aggregate(program, desk, which, count, held)
        calculate(program, desk, held)
        _write(program, desk, held, out)
        done += count
