"""Kernels that pick the facts of one list and prepare what its aggregates need."""

from __future__ import annotations

import numpy as np

from churnkit.features.engine.boundaries import BEGINNING
from churnkit.features.engine.compiling import inner
from churnkit.features.engine.desk import (
    ACTOR,
    BASE,
    BY_SIGNAL,
    DAYS,
    FACTS,
    FIRST,
    GAP,
    IN_ORDER,
    LISTED,
    MOMENT,
    NEEDS,
    PICKED,
    RANGE,
    SIGNAL,
    SUM,
    TEST,
    TIMES,
    VALUE,
    VALUED,
    VALUES,
    WITHOUT,
)
from churnkit.features.engine.moments import build_moments, build_ranges
from churnkit.features.engine.sums import run_sums
from churnkit.timeline import DAY

TICK = 2.0**-36
"""Times since the first fact of a list, by which slopes are measured, in units of 2**36 microseconds (19 hours):
exact as float64, and small enough that squares do not overflow."""

BELOW, AT_MOST, ABOVE, AT_LEAST, EQUAL, UNEQUAL, LABELLED, BOTH, EITHER, NOT = range(10)
"""Operations of tests; the first six compare the value with a constant (no value: false)."""


@inner
def _compares(operation, value, limit):  # type: ignore[no-untyped-def]  # numba finds them
    if operation == BELOW:
        return value < limit
    if operation == AT_MOST:
        return value <= limit
    if operation == ABOVE:
        return value > limit
    if operation == AT_LEAST:
        return value >= limit
    if operation == EQUAL:
        return value == limit
    return value != limit and not np.isnan(value)


@inner
def _passes(code, constant, label_set, value, label):  # type: ignore[no-untyped-def]  # numba finds them
    """Whether a fact passes a test; the stack of the postfix code is the bits of a number."""
    stack = 0
    for step in range(len(code)):
        operation, argument = code[step, 0], code[step, 1]
        if operation == NOT:
            stack ^= 1
            continue
        if operation in (BOTH, EITHER):
            top = stack & 1
            stack >>= 1
            stack = stack & (top | ~1) if operation == BOTH else stack | top
            continue
        if operation == LABELLED:
            answer = label_set[argument, label + 1]
        else:
            answer = _compares(operation, value, constant[argument])
        stack = (stack << 1) | (1 if answer else 0)
    return (stack & 1) == 1


@inner
def _members(codes, fact, member, span, chosen):  # type: ignore[no-untyped-def]  # numba finds them
    """Choose the places of the facts of several signals."""
    n = 0
    for k in range(span[0], span[1]):
        if member[codes[fact[k]]]:
            chosen[n] = k
            n += 1
    return n


@inner
def _sift(program, facts, fact, test, chosen, n):  # type: ignore[no-untyped-def]  # numba finds them
    """Keep those of the chosen places whose facts pass a test."""
    code = program.test_code[program.test[test] : program.test[test + 1]]
    constant, label_set, value, label = program.constant, program.label_set, facts.value, facts.label
    kept = 0
    for k in range(n):
        at = fact[chosen[k]]
        v = value[at] if len(value) else np.nan
        if _passes(code, constant, label_set, v, np.int64(label[at]) if len(label) else np.int64(-1)):
            chosen[kept] = chosen[k]
            kept += 1
    return kept


@inner
def _choose(program, facts, desk, which, v):  # type: ignore[no-untyped-def]  # numba finds them
    """Choose the places of the facts of list ``which`` that visit ``v`` has; return how many, and in which order."""
    one, test, chosen = program.lists[which, SIGNAL], program.lists[which, TEST], desk.chosen
    if one >= 0:
        order, first, n = BY_SIGNAL, desk.signal[v, one], desk.signal[v, one + 1] - desk.signal[v, one]
        for k in range(n):
            chosen[k] = first + k
    else:
        order, base = IN_ORDER, desk.visit[v, BASE]
        span = (base, base + desk.visit[v, FACTS])
        n = _members(facts.signal, desk.fact[IN_ORDER], program.member[which], span, chosen)
    if test >= 0:
        n = _sift(program, facts, desk.fact[order], test, chosen, n)
    return n, order


@inner
def _copy(program, facts, desk, which, visits):  # type: ignore[no-untyped-def]  # numba finds them
    """Copy the facts of a list that do not lie side by side."""
    visit, chosen, segment, time, needs = desk.visit, desk.chosen, desk.segment, desk.time, program.lists[which, NEEDS]
    occurred, source, acted, value, actor = facts.occurred, facts.value, facts.actor, desk.value, desk.actor
    for v in range(visits):
        base = visit[v, BASE]
        n, order = _choose(program, facts, desk, which, v)
        fact = desk.fact[order]
        for k in range(n):
            time[PICKED, base + k] = occurred[fact[chosen[k]]]
            segment[PICKED, base + k] = segment[order, chosen[k]]
        if needs & ACTOR:
            for k in range(n):
                actor[PICKED, base + k] = acted[fact[chosen[k]]] if len(acted) else -1
        if needs & VALUE:
            for k in range(n):
                value[PICKED, base + k] = source[fact[chosen[k]]] if len(source) else np.nan
        visit[v, FIRST], visit[v, LISTED] = base, n


@inner
def pick(program, facts, desk, which, visits):  # type: ignore[no-untyped-def]  # numba finds them
    """Take the facts of list ``which`` in hand for every visit: as they lie, or copied."""
    visit, signal, one = desk.visit, desk.signal, program.lists[which, SIGNAL]
    if one >= 0 and program.lists[which, TEST] < 0:
        desk.list[TIMES] = desk.list[VALUES] = BY_SIGNAL
        for v in range(visits):
            visit[v, FIRST], visit[v, LISTED] = signal[v, one], signal[v, one + 1] - signal[v, one]
    else:
        desk.list[TIMES] = desk.list[VALUES] = PICKED
        _copy(program, facts, desk, which, visits)
    if program.lists[which, NEEDS] & VALUE:
        _close_up(desk, visits)


@inner
def _close_up(desk, visits):  # type: ignore[no-untyped-def]  # numba finds them
    """Bring the values there are side by side where some facts have none."""
    visit, source, valued = desk.visit, desk.value[desk.list[VALUES]], desk.valued
    missing = np.int64(0)
    for v in range(visits):
        for k in range(visit[v, FIRST], visit[v, FIRST] + visit[v, LISTED]):
            missing += np.int64(np.isnan(source[k]))
        visit[v, VALUED] = visit[v, LISTED]
    desk.list[WITHOUT] = missing
    if missing == 0:
        return
    target = desk.value[PICKED]
    desk.list[VALUES] = PICKED
    for v in range(visits):
        at, last = visit[v, FIRST], visit[v, FIRST] + visit[v, LISTED]
        for k in range(visit[v, FIRST], last):
            valued[k] = at
            if not np.isnan(source[k]):
                target[at] = source[k]
                at += 1
        valued[last] = at
        visit[v, VALUED] = at - visit[v, FIRST]


@inner
def _time_values(desk, v):  # type: ignore[no-untyped-def]  # numba finds them
    """Give when each value was, counted from the first fact of the list."""
    first, time, whole = desk.visit[v, FIRST], desk.time[desk.list[TIMES]], desk.list[WITHOUT] == 0
    for k in range(first, first + desk.visit[v, LISTED]):
        if whole or desk.valued[k + 1] > desk.valued[k]:
            desk.value_time[k if whole else desk.valued[k]] = (time[k] - time[first]) * TICK


@inner
def _number_days(zone, time, day, base, n):  # type: ignore[no-untyped-def]  # numba finds them
    """Number the calendar days that have a fact."""
    at, number, previous = 0, 0, BEGINNING
    for i in range(base, base + n):
        while at + 1 < zone.shape[1] and zone[0, at + 1] <= time[i]:
            at += 1
        today = (time[i] + zone[1, at]) // DAY
        if today != previous:
            number += 1
            previous = today
        day[i] = number


@inner
def _measure_gaps(time, length, base, n):  # type: ignore[no-untyped-def]  # numba finds them
    """Give the days between neighbouring facts."""
    for i in range(base, base + n - 1):
        length[i] = (time[i + 1] - time[i]) / DAY


@inner
def prepare(program, desk, which, visits):  # type: ignore[no-untyped-def]  # numba finds them
    """Prepare what the aggregates of a list need."""
    needs, zone, visit = program.lists[which, NEEDS], program.zone, desk.visit
    time, value, value_time = desk.time[desk.list[TIMES]], desk.value[desk.list[VALUES]], desk.value_time
    for v in range(visits):
        first, n, filled = visit[v, FIRST], visit[v, LISTED], visit[v, VALUED]
        if needs & SUM:
            run_sums(value, first, filled, desk.sums)
        if needs & RANGE:
            build_ranges(value, first, filled, desk.ranges)
        if needs & MOMENT:
            _time_values(desk, v)
            build_moments(value, value_time, first, filled, desk.moments)
        if needs & DAYS:
            _number_days(zone, time, desk.day, first, n)
        if needs & GAP:
            _measure_gaps(time, desk.gap, first, n)
            build_moments(desk.gap, desk.gap, first, max(n - 1, 0), desk.gaps)
