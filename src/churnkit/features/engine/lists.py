"""Kernels that pick the facts of one list and prepare what its aggregates need."""

from __future__ import annotations

import numpy as np

from churnkit.features.engine.compiling import kernel, within
from churnkit.features.engine.desk import (
    ACTOR,
    BASE,
    DAYS,
    FACTS,
    FIRST_ROW,
    FIRST_SLOT,
    GAP,
    LAST_ROW,
    LAST_SLOT,
    LISTED,
    MOMENT,
    NEEDS,
    RANGE,
    SIGNAL,
    SUM,
    TEST,
    VALUE,
    VALUED,
)
from churnkit.features.engine.moments import build_moments, build_ranges
from churnkit.features.engine.sums import run_sums
from churnkit.timeline import DAY

FIRST = int(np.iinfo(np.int64).min)
"""The beginning of time."""

TICK = 2.0**-36
"""Times since the first fact of a list, by which slopes are measured, in units of 2**36 microseconds (19 hours):
exact as float64, and small enough that squares do not overflow."""

_SHORT = 32
"""Lists up to this length are counted through instead of searched."""

BELOW, AT_MOST, ABOVE, AT_LEAST, EQUAL, UNEQUAL, LABELLED, BOTH, EITHER, NOT = range(10)
"""Operations of tests; the first six compare the value with a constant (no value: false)."""


@kernel
def _compares(operation, value, limit):  # type: ignore[no-untyped-def]
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


@kernel
def _passes(code, constant, label_set, value, label):  # type: ignore[no-untyped-def]
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


@kernel
def _sift(program, facts, test, chosen, n):  # type: ignore[no-untyped-def]
    """Keep those of the chosen facts that pass a test."""
    code = program.test_code[program.test[test] : program.test[test + 1]]
    constant, label_set, value, label = program.constant, program.label_set, facts.value, facts.label
    kept = 0
    for k in range(n):
        fact = chosen[k]
        v = value[fact] if len(value) else np.nan
        if _passes(code, constant, label_set, v, np.int64(label[fact]) if len(label) else np.int64(-1)):
            chosen[kept] = fact
            kept += 1
    return kept


@kernel
def _members(ordered, codes, member, chosen):  # type: ignore[no-untyped-def]
    """Choose the facts of several signals."""
    n = 0
    for k in range(len(ordered)):
        if member[codes[ordered[k]]]:
            chosen[n] = ordered[k]
            n += 1
    return n


@kernel
def pick(program, facts, desk, which, visits):  # type: ignore[no-untyped-def]
    """Copy the facts of list ``which`` for every visit in hand."""
    one, test, needs = program.lists[which, SIGNAL], program.lists[which, TEST], program.lists[which, NEEDS]
    visit, index, signal, member, codes = desk.visit, desk.fact, desk.signal, program.member[which], facts.signal
    time, actor, chosen, occurred, acted = desk.time, desk.actor, desk.chosen, facts.occurred, facts.actor
    values, source, gaps = (desk.value, desk.value_time, desk.valued), facts.value, 0
    for v in range(visits):
        base = visit[v, BASE]
        if one >= 0:
            first, n = signal[v, one], signal[v, one + 1] - signal[v, one]
            for k in range(n):
                chosen[k] = index[0, first + k]
        else:
            n = _members(index[1, base : base + visit[v, FACTS]], codes, member, chosen)
        if test >= 0:
            n = _sift(program, facts, test, chosen, n)
        for k in range(n):
            time[base + k] = occurred[chosen[k]]
        visit[v, LISTED] = n
        if needs & ACTOR:
            for k in range(n):
                actor[base + k] = acted[chosen[k]] if len(acted) else -1
        if needs & VALUE:
            visit[v, VALUED] = _close_up(values, time, source, chosen, (base, n))
            gaps += n - visit[v, VALUED]
    desk.without[0] = gaps


@kernel
def _close_up(values, time, source, chosen, span):  # type: ignore[no-untyped-def]
    """Copy the values there are, side by side; return how many."""
    value, value_time, valued = values
    base, n = span
    at = base
    for k in range(n):
        valued[base + k] = at
        v = source[chosen[k]] if len(source) else np.nan
        if not np.isnan(v):
            value[at] = v
            if len(value_time):
                value_time[at] = (time[base + k] - time[base]) * TICK
            at += 1
    valued[base + n] = at
    return at - base


@kernel
def _number_days(zone, time, day, base, n):  # type: ignore[no-untyped-def]
    """Number the calendar days that have a fact."""
    at, number, previous = 0, 0, FIRST
    for i in range(base, base + n):
        while at + 1 < zone.shape[1] and zone[0, at + 1] <= time[i]:
            at += 1
        today = (time[i] + zone[1, at]) // DAY
        if today != previous:
            number += 1
            previous = today
        day[i] = number


@kernel
def _measure_gaps(time, length, base, n):  # type: ignore[no-untyped-def]
    """Give the days between neighbouring facts."""
    for i in range(base, base + n - 1):
        length[i] = (time[i + 1] - time[i]) / DAY


@kernel
def prepare(program, desk, which, visits):  # type: ignore[no-untyped-def]
    """Prepare what the aggregates of a list need."""
    needs, zone, visit = program.lists[which, NEEDS], program.zone, desk.visit
    time, value, value_time = desk.time, desk.value, desk.value_time
    for v in range(visits):
        base, n, filled = visit[v, BASE], visit[v, LISTED], visit[v, VALUED]
        if needs & SUM:
            run_sums(value, base, filled, desk.sums)
        if needs & RANGE:
            build_ranges(value, base, filled, desk.ranges)
        if needs & MOMENT:
            build_moments(value, value_time, base, filled, desk.moments)
        if needs & DAYS:
            _number_days(zone, time, desk.day, base, n)
        if needs & GAP:
            _measure_gaps(time, desk.gap, base, n)
            build_moments(desk.gap, desk.gap, base, max(n - 1, 0), desk.gaps)


@kernel
def _seek(time, low, end, boundary):  # type: ignore[no-untyped-def]
    """Find the first place from ``low`` on that is not before a boundary: steps double, then halve."""
    step = 1
    while low < end and within(time[low], FIRST, boundary):
        # invariant: all places up to ``low`` are before the boundary
        if low + step < end and within(time[low + step], FIRST, boundary):
            low += step
            step *= 2
        elif step > 1:
            step = 1
        else:
            return low + 1
    return low


@kernel
def _count_before(time, span, boundary, found, n):  # type: ignore[no-untyped-def]
    """Count the facts of a short list before each of ``n`` boundaries, four facts at a time: no step waits."""
    first, last = span
    for j in range(n):
        found[j] = first
    while first + 4 <= last:
        a, b, c, d = time[first], time[first + 1], time[first + 2], time[first + 3]
        for j in range(n):
            end = boundary[j]
            found[j] += np.int64(within(a, FIRST, end)) + np.int64(within(b, FIRST, end))
            found[j] += np.int64(within(c, FIRST, end)) + np.int64(within(d, FIRST, end))
        first += 4
    while first < last:
        a = time[first]
        for j in range(n):
            found[j] += np.int64(within(a, FIRST, boundary[j]))
        first += 1


@kernel
def _search(time, span, boundary, found, n):  # type: ignore[no-untyped-def]
    """Find the places of ``n`` boundaries in a long list, each from the one before where they ascend."""
    first, last = span
    at = first
    for j in range(n):
        if j > 0 and boundary[j] < boundary[j - 1]:
            at = first
        at = _seek(time, at, last, boundary[j])
        found[j] = at


@kernel
def place(program, desk, which, visits):  # type: ignore[no-untyped-def]
    """Find every window boundary of a list in its facts."""
    visit, time, cut, places, slot_of = desk.visit, desk.time, desk.cut, desk.place, program.slot_of
    boundary, found, rows, slots = desk.boundary, desk.found, desk.visit[0, FIRST_ROW], program.slot
    first_slot, last_slot = program.lists[which, FIRST_SLOT], program.lists[which, LAST_SLOT]
    if first_slot < last_slot and slot_of[first_slot] == 0:
        first_slot += 1  # the beginning of time: set when the block was opened
    for v in range(visits):
        span = (visit[v, BASE], visit[v, BASE] + visit[v, LISTED])
        low, m = visit[v, FIRST_ROW] - rows, visit[v, LAST_ROW] - visit[v, FIRST_ROW]
        at = 0
        for k in range(first_slot, last_slot):
            before = slots[slot_of[k]]
            for r in range(m):
                boundary[at + r] = cut[low + r] - before
            at += m
        if visit[v, LISTED] <= _SHORT:
            _count_before(time, span, boundary, found, at)
        else:
            _search(time, span, boundary, found, at)
        at = 0
        for k in range(first_slot, last_slot):
            slot = slot_of[k]
            for r in range(m):
                places[slot, low + r] = found[at + r]
            at += m
