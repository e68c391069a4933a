"""The aggregates: one kernel each, over the windows of one list of facts.

Each fills a register for the cutoffs in hand: fact ``a`` (included) to fact ``b`` (excluded) of the list
are those in the window. Adding one is a kernel, a line in ``_ALL`` and a line in :func:`aggregate`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from churnkit.features.engine.compiling import inner
from churnkit.features.engine.desk import (
    ACTOR,
    DAYS,
    END,
    FIRST,
    FIRST_AGGREGATE,
    FIRST_ROW,
    FUNCTION,
    GAP,
    LAST_AGGREGATE,
    LAST_ROW,
    LISTED,
    MOMENT,
    NEEDS,
    RANGE,
    START,
    STOP,
    SUM,
    TARGET,
    TIMES,
    VALUE,
    VALUED,
    VALUES,
    WITHOUT,
)
from churnkit.features.engine.lists import TICK
from churnkit.features.engine.moments import window_moments, window_range
from churnkit.features.engine.sums import window_sums
from churnkit.timeline import DAY, NEVER


class Kind(NamedTuple):
    """An aggregate as the kernels know it: its number, and what it needs of a list, as bits."""

    number: int
    needs: int


_ALL = {
    "count": 0,
    "days_since": 0,
    "active_days": DAYS,
    "actors": ACTOR,
    "days_since_main_user": ACTOR,
    "gap_mean": 0,
    "gap_std": GAP,
    "total": VALUE | SUM,
    "mean": VALUE | SUM,
    "minimum": VALUE | RANGE,
    "maximum": VALUE | RANGE,
    "latest": VALUE,
    "earliest": VALUE,
    "days_until": VALUE,
    "std": VALUE | MOMENT,
    "slope": VALUE | MOMENT,
}
KINDS = {name: Kind(number, needs) for number, (name, needs) in enumerate(_ALL.items())}
"""Aggregates by name. ``share`` is a ratio of two counts."""

(
    _COUNT,
    _DAYS_SINCE,
    _ACTIVE_DAYS,
    _ACTORS,
    _MAIN_USER,
    _GAP_MEAN,
    _GAP_STD,
    _TOTAL,
    _MEAN,
    _MINIMUM,
    _MAXIMUM,
    _LATEST,
    _EARLIEST,
    _DAYS_UNTIL,
    _STD,
    _SLOPE,
) = (KINDS[name].number for name in _ALL)

_VALUES_FROM = _TOTAL


@inner
def _count(low, high, out):  # type: ignore[no-untyped-def]  # numba finds them
    for r in range(len(out)):
        out[r] = np.float64(high[r]) - np.float64(low[r])


@inner
def _days_since(low, high, out, ends, time):  # type: ignore[no-untyped-def]  # numba finds them
    cut, ending = ends
    for r in range(len(out)):
        out[r] = (cut[r] - ending - time[high[r] - 1]) / DAY if high[r] > low[r] else np.nan


@inner
def _active_days(low, high, out, day):  # type: ignore[no-untyped-def]  # numba finds them
    for r in range(len(out)):
        out[r] = day[high[r] - 1] - day[low[r]] + 1 if high[r] > low[r] else 0


@inner
def _shift(mark, place, base, n, by):  # type: ignore[no-untyped-def]  # numba finds them
    """Add to one count of a Fenwick tree of ``n`` that begins at ``base``."""
    k = place - base + 1
    while k <= n:
        mark[base + k] += by
        k += k & -k


@inner
def _before(mark, place, base):  # type: ignore[no-untyped-def]  # numba finds them
    """Sum the counts of a Fenwick tree before a place."""
    found, k = 0, place - base
    while k > 0:
        found += mark[base + k]
        k -= k & -k
    return found


@inner
def _actors(low, high, out, acting, visits):  # type: ignore[no-untyped-def]  # numba finds them
    """Distinct actors: those whose last fact before the window's end is not before its start."""
    visit, actor, last, mark = acting
    for v in range(visits):
        base, n = visit[v, FIRST], visit[v, LISTED]
        for k in range(n + 1):
            mark[base + k] = 0
        seen, live = base, 0
        for r in range(visit[v, FIRST_ROW] - visit[0, FIRST_ROW], visit[v, LAST_ROW] - visit[0, FIRST_ROW]):
            while seen < high[r]:
                who = actor[seen]
                if who >= 0:
                    live += 1
                    if last[who] >= 0:
                        live -= 1
                        _shift(mark, last[who], base, n, -1)
                    last[who] = seen
                    _shift(mark, seen, base, n, 1)
                seen += 1
            out[r] = live - _before(mark, low[r], base)
        for i in range(base, seen):
            if actor[i] >= 0:
                last[actor[i]] = -1


@inner
def _main_user(low, high, out, ends, acting, visits):  # type: ignore[no-untyped-def]  # numba finds them
    """Days since the last fact of whoever has the most facts in the window; of several, of the one seen last."""
    cut, ending, time = ends
    visit, actor, last, mark = acting
    for v in range(visits):
        base, people = visit[v, FIRST], 0
        for k in range(base, base + visit[v, LISTED]):
            people = max(people, actor[k] + 1)
        for who in range(people):
            mark[who] = 0
        come = gone = base
        for r in range(visit[v, FIRST_ROW] - visit[0, FIRST_ROW], visit[v, LAST_ROW] - visit[0, FIRST_ROW]):
            # both ends of the window move forward with the cutoff
            while come < high[r]:
                if actor[come] >= 0:
                    mark[actor[come]] += 1
                    last[actor[come]] = come
                come += 1
            while gone < low[r]:
                if actor[gone] >= 0:
                    mark[actor[gone]] -= 1
                gone += 1
            most, place = 0, -1
            for who in range(people):
                if mark[who] > most or (mark[who] == most and most > 0 and last[who] > place):
                    most, place = mark[who], last[who]
            out[r] = (cut[r] - ending - time[place]) / DAY if most > 0 else np.nan
        for who in range(people):
            last[who] = -1


@inner
def _mean(low, high, out):  # type: ignore[no-untyped-def]  # numba finds them
    for r in range(len(out)):
        out[r] = out[r] / (np.float64(high[r]) - np.float64(low[r])) if high[r] > low[r] else np.nan


@inner
def _edge(low, high, out, value, latest):  # type: ignore[no-untyped-def]  # numba finds them
    """Give the last or the first value."""
    for r in range(len(out)):
        out[r] = value[high[r] - 1 if latest else low[r]] if high[r] > low[r] else np.nan


@inner
def _until(cut, out):  # type: ignore[no-untyped-def]  # numba finds them
    """Turn a date (days since 1970) into days from the cutoff."""
    for r in range(len(out)):
        out[r] -= cut[r] / DAY


@inner
def _extreme(low, high, out, blocks, maximum):  # type: ignore[no-untyped-def]  # numba finds them
    visit, owner, ranges = blocks
    for r in range(len(out)):
        least, most = np.nan, np.nan
        if high[r] > low[r]:
            bounds = (visit[owner[r], FIRST], visit[owner[r], VALUED])
            least, most = window_range(ranges, bounds, low[r], high[r])
        out[r] = most if maximum else least


@inner
def _spread(low, high, out, blocks, slope):  # type: ignore[no-untyped-def]  # numba finds them
    """Sample standard deviation of the values, or their least-squares slope per day."""
    visit, owner, moments = blocks
    for r in range(len(out)):
        n, result = np.int64(high[r]) - np.int64(low[r]), np.nan
        if n > 1:
            bounds = (visit[owner[r], FIRST], visit[owner[r], VALUED])
            found = window_moments(moments, bounds, low[r], high[r])
            if not slope:
                result = np.sqrt(found[3] / (n - 1))
            elif found[6] > 0.0:
                result = found[7] / found[6] * (DAY * TICK)
        out[r] = result


@inner
def _gap_mean(low, high, out, time):  # type: ignore[no-untyped-def]  # numba finds them
    """Mean of the days between neighbouring facts of the window."""
    for r in range(len(out)):
        n = np.int64(high[r]) - np.int64(low[r]) - 1
        out[r] = (time[high[r] - 1] - time[low[r]]) / DAY / n if n > 0 else np.nan


@inner
def _gap_std(low, high, out, blocks):  # type: ignore[no-untyped-def]  # numba finds them
    """Sample standard deviation of the days between neighbouring facts of the window."""
    visit, owner, gaps = blocks
    for r in range(len(out)):
        n, result = np.int64(high[r]) - np.int64(low[r]) - 1, np.nan
        if n > 1:
            bounds = (visit[owner[r], FIRST], visit[owner[r], LISTED] - 1)
            result = np.sqrt(window_moments(gaps, bounds, low[r], high[r] - 1)[3] / (n - 1))
        out[r] = result


@inner
def _among_values(valued, place, out):  # type: ignore[no-untyped-def]  # numba finds them
    """Turn places among facts into places among values."""
    for r in range(len(place)):
        out[r] = valued[place[r]]
    return out[: len(place)]


@inner
def _of_facts(program, desk, which, visits, rows):  # type: ignore[no-untyped-def]  # numba finds them
    """Fill the registers of a list's aggregates that ask when facts were, and whose."""
    aggregates, slot, place, register, cut = program.aggregates, program.slot, desk.place, desk.register, desk.cut
    time, day, blocks = desk.time[desk.list[TIMES]], desk.day, (desk.visit, desk.owner, desk.gaps)
    acting = (desk.visit, desk.actor[desk.list[TIMES]], desk.last, desk.mark)
    for k in range(program.lists[which, FIRST_AGGREGATE], program.lists[which, LAST_AGGREGATE]):
        number, stop = aggregates[k, FUNCTION], aggregates[k, STOP]
        low, high, out = place[aggregates[k, START], :rows], place[stop, :rows], register[aggregates[k, TARGET], :rows]
        if number == _COUNT:
            _count(low, high, out)
        elif number == _DAYS_SINCE:
            _days_since(low, high, out, (cut, slot[stop]), time)
        elif number == _ACTIVE_DAYS:
            _active_days(low, high, out, day)
        elif number == _ACTORS:
            _actors(low, high, out, acting, visits)
        elif number == _MAIN_USER:
            _main_user(low, high, out, (cut, slot[stop], time), acting, visits)
        elif number == _GAP_MEAN:
            _gap_mean(low, high, out, time)
        elif number == _GAP_STD:
            _gap_std(low, high, out, blocks)


@inner
def _of_values(program, desk, which, rows):  # type: ignore[no-untyped-def]  # numba finds them
    """Fill the registers of a list's aggregates of values."""
    aggregates, place, register, cut, valued = program.aggregates, desk.place, desk.register, desk.cut, desk.valued
    value, sums, whole = desk.value[desk.list[VALUES]], desk.sums, desk.list[WITHOUT] == 0
    ranges, moments = (desk.visit, desk.owner, desk.ranges), (desk.visit, desk.owner, desk.moments)
    for k in range(program.lists[which, FIRST_AGGREGATE], program.lists[which, LAST_AGGREGATE]):
        number = aggregates[k, FUNCTION]
        if number < _VALUES_FROM:
            continue
        low, high = place[aggregates[k, START], :rows], place[aggregates[k, STOP], :rows]
        if not whole:
            low, high = _among_values(valued, low, desk.low), _among_values(valued, high, desk.high)
        out = register[aggregates[k, TARGET], :rows]
        if number in (_TOTAL, _MEAN):
            window_sums(value, sums, low, high, out)
            if number == _MEAN:
                _mean(low, high, out)
        elif number in (_MINIMUM, _MAXIMUM):
            _extreme(low, high, out, ranges, number == _MAXIMUM)
        elif number in (_STD, _SLOPE):
            _spread(low, high, out, moments, number == _SLOPE)
        else:
            _edge(low, high, out, value, number != _EARLIEST)
            if number == _DAYS_UNTIL:
                _until(cut, out)


@inner
def _blank_out(program, desk, which, rows):  # type: ignore[no-untyped-def]  # numba finds them
    """Make windows missing that end where a table of the list has no word of that time any more."""
    aggregates, register, slot, cut = program.aggregates, desk.register, program.slot, desk.cut
    for k in range(program.lists[which, FIRST_AGGREGATE], program.lists[which, LAST_AGGREGATE]):
        ending, target = slot[aggregates[k, STOP]], aggregates[k, TARGET]
        for r in range(rows):
            if cut[r] - ending >= program.lists[which, END]:
                register[target, r] = np.nan


@inner
def aggregate(program, desk, which, visits, rows):  # type: ignore[no-untyped-def]  # numba finds them
    """Fill the registers of all aggregates of list ``which`` for the rows in hand."""
    _of_facts(program, desk, which, visits, rows)
    if program.lists[which, NEEDS] & VALUE:
        _of_values(program, desk, which, rows)
    if program.lists[which, END] != NEVER:
        _blank_out(program, desk, which, rows)
