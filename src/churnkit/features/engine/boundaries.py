"""Where windows begin and end: the distinct boundaries of a visit, and their places in a list of facts.

Windows of neighbouring cutoffs share boundaries, lists share all of them, and accounts mostly share their
cutoffs. So boundaries are put in order once for visits with the same cutoffs, every fact is told once which
boundary comes next, and the places of a list follow by counting.
"""

from __future__ import annotations

import numpy as np

from churnkit.features.engine.compiling import inner, within
from churnkit.features.engine.desk import (
    BOUNDARIES,
    BOUNDS,
    FIRST,
    FIRST_ROW,
    FIRST_SLOT,
    LAST_ROW,
    LAST_SLOT,
    LISTED,
    TIMES,
)
from churnkit.features.engine.ordering import sort_pairs

BEGINNING = int(np.iinfo(np.int64).min)
"""The beginning of time."""


@inner
def comes_before(moment, boundary):  # type: ignore[no-untyped-def]  # numba finds them
    """Whether a window that ends at a boundary, and begins with time, holds a moment."""
    return within(moment, BEGINNING, boundary)


@inner
def _like_the_last(visit, cut, v, low, m):  # type: ignore[no-untyped-def]  # numba finds them
    """Whether visit ``v`` has the cutoffs of the one before."""
    if v == 0 or visit[v - 1, LAST_ROW] - visit[v - 1, FIRST_ROW] != m:
        return False
    differ = np.int64(0)
    for r in range(m):
        differ += np.int64(cut[low + r] != cut[low - m + r])
    return differ == 0


@inner
def line_up(program, desk, v, low):  # type: ignore[no-untyped-def]  # numba finds them
    """Order the distinct boundaries of visit ``v``, whose rows begin at ``low``."""
    visit, cut, which, slot = desk.visit, desk.cut, desk.which, program.slot
    boundary, origin = desk.boundary, desk.origin
    m, slots, begin = visit[v, LAST_ROW] - visit[v, FIRST_ROW], len(program.slot), np.int64(0)
    if v > 0:
        begin = visit[v - 1, BOUNDARIES] + visit[v - 1, BOUNDS] + 2
    visit[v, BOUNDARIES] = begin
    if _like_the_last(visit, cut, v, low, m):
        visit[v, BOUNDS] = visit[v - 1, BOUNDS]
        on = begin - visit[v - 1, BOUNDARIES]
        for k in range(slots):
            for r in range(m):
                which[k, low + r] = which[k, low - m + r] + on
        return
    n = np.int64(0)
    for k in range(1, slots):
        for r in range(m):
            boundary[0, n], origin[0, n] = cut[low + r] - slot[k], k * m + r
            n += 1
    sort_pairs(boundary[0], origin[0], boundary[1], origin[1], n)
    distinct = np.int64(0)
    for i in range(n):
        if distinct == 0 or boundary[0, i] != boundary[0, distinct - 1]:
            boundary[0, distinct] = boundary[0, i]
            distinct += 1
        which[origin[0, i] // m, low + origin[0, i] % m] = begin + distinct
    for r in range(m):
        which[0, low + r] = begin
    visit[v, BOUNDS] = distinct


@inner
def place(program, desk, listed, visits, rows):  # type: ignore[no-untyped-def]  # numba finds them
    """Find every window boundary of a list in its facts."""
    visit, before, segment = desk.visit, desk.before, desk.segment[desk.list[TIMES]]
    for v in range(visits):
        first, begin, bounds = visit[v, FIRST], visit[v, BOUNDARIES], visit[v, BOUNDS]
        for j in range(begin, begin + bounds + 2):
            before[j] = 0
        for k in range(first, first + visit[v, LISTED]):
            before[begin + segment[k]] += 1
        at = first
        for j in range(begin, begin + bounds + 1):
            at += before[j]
            before[j] = at
    for k in range(program.lists[listed, FIRST_SLOT], program.lists[listed, LAST_SLOT]):
        places, which = desk.place[program.slot_of[k]], desk.which[program.slot_of[k]]
        for r in range(rows):
            places[r] = before[which[r]]
