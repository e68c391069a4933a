"""What the kernels pass around: the compiled program, the rows asked for, and room to work on a few accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from churnkit.features.engine.compiling import inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

VALUE, SUM, RANGE, MOMENT, GAP, DAYS, ACTOR = 1, 2, 4, 8, 16, 32, 64
"""What an aggregate needs of a list of facts, as bits."""

SIGNAL, TEST, NEEDS, END, FIRST_SLOT, LAST_SLOT, FIRST_AGGREGATE, LAST_AGGREGATE = range(8)
"""Columns of ``Program.lists``."""

FUNCTION, START, STOP, TARGET = range(4)
"""Columns of ``Program.aggregates``."""

ACCOUNT, FIRST_ROW, LAST_ROW, LATE, FACTS, BASE, BOUNDS, BOUNDARIES, FIRST, LISTED, VALUED = range(11)
"""Columns of a table of visits."""

WITHOUT, TIMES, VALUES = range(3)
"""Items of ``Desk.list``."""

BY_SIGNAL, PICKED, IN_ORDER = range(3)
"""Rows of the arrays of places: facts by signal, those of a picked list, and those in their own order."""


class Program(NamedTuple):
    """Expressions as flat tables, bound to one history.

    A *list* is the facts of a set of signals that pass a test, of one account, in their order. A
    *slot* is a distinct distance between cutoff and window boundary; slot 0 is the beginning of time.
    A *register* holds one value per row.

    Attributes
    ----------
    lists
        int64[lists, 8]: the signal (-1 for several), the test (-1 for none), what its aggregates need
        (bits), the moment from which on its windows are missing as its table ended before, its slots
        (a range of ``slot_of``) and its aggregates (a range of ``aggregates``).
    member
        bool[lists, signals]: the signals of each list.
    slot_of
        int64: slots that lists use.
    aggregates
        int64[aggregates, 4]: function, slot of start, slot of end, register.
    slot
        int64[slots]: microseconds from the boundary to the cutoff.
    test, test_code, constant
        Where each test begins and ends; tests as postfix code (operation, argument); the numbers in it.
    label_set
        bool[sets, labels + 1]: which labels are meant; column 0 is no label.
    code
        int64[steps, 5]: operation, target register, and up to three arguments.
    column
        float64[columns, accounts]: facts of the accounts themselves.
    output
        int64[p]: the register of each feature.
    zone
        int64[2, steps]: from when on the calendar has which offset from UTC.
    """

    lists: NDArray[np.int64]
    member: NDArray[np.bool_]
    slot_of: NDArray[np.int64]
    aggregates: NDArray[np.int64]
    slot: NDArray[np.int64]
    test: NDArray[np.int64]
    test_code: NDArray[np.int64]
    constant: NDArray[np.float64]
    label_set: NDArray[np.bool_]
    code: NDArray[np.int64]
    column: NDArray[np.float64]
    output: NDArray[np.int64]
    zone: NDArray[np.int64]


class Rows(NamedTuple):
    """Rows asked for, by account and cutoff.

    Attributes
    ----------
    order
        int64[n]: positions of the rows as given, by account, then cutoff. (The sweep brings rows that
        a late fact touches behind the others of their account.)
    group
        int64[groups + 1]: where each account's rows begin in ``order``.
    account, cutoff
        int32[n] and int64[n]: as given.
    """

    order: NDArray[np.int64]
    group: NDArray[np.int64]
    account: NDArray[np.int32]
    cutoff: NDArray[np.int64]


class Desk(NamedTuple):
    """Room for a block of visits.

    A *visit* is one account as some of its cutoffs know it: one for all cutoffs that no late fact
    touches, one for each other. Visit ``v`` has the places from ``visit[v, BASE]`` on in every array
    of places, one more than it has facts. Facts lie there by signal, so that the facts of one signal
    are a list as they lie; a list of several signals, or of facts that pass a test, is picked.

    Attributes
    ----------
    visit
        int64[visits, 11]: account, range of rows in ``Rows.order``, whether facts known late are to be
        left out, number of facts, first place, number of distinct boundaries, and where they begin in
        ``before``; and of the list in hand its first place, its length, how many of it have a value.
    cut, row, owner
        For each row in hand its cutoff, its place in the result and its visit.
    fact, segment
        int64[3, places]: positions of facts (none of a picked list), and which boundary is the first
        one after the fact, counted from 1.
    signal
        int64[visits, signals + 1]: where each signal begins.
    chosen
        int64[places]: while facts are taken in hand, how many of the same signal came before each; then
        the places of the facts of one visit that are picked.
    list
        int64[3]: of the list in hand how many facts have no value, and in which row its times (and
        segments, actors) and its values are: by signal, or picked.
    time, actor
        int64[2, places]: when facts occurred, and who acted: by signal, and those picked.
    value
        float64[2, places]: values by signal (NaN for none), and those picked, side by side.
    value_time, valued
        Of the list in hand: when values were, and for each place the place of the next value.
    day
        A running number of the calendar days that have a fact.
    last, mark
        Where each actor last acted; counts for :func:`.aggregates.aggregate`.
    gap
        Days from each fact to the next.
    sums, ranges, moments, gaps
        See :mod:`.sums` and :mod:`.moments`.
    place
        int64[slots, rows]: the place of the first fact of the list that is not before each boundary.
    which
        uint32[slots, rows]: where each boundary is in ``before``.
    boundary, origin
        int64[2, slots * rows]: the distinct boundaries of a visit, ascending, and whose they were; and
        room to order them.
    before
        uint32[slots * rows + 2 * visits]: for each visit the first place of the list in hand, the place
        of each distinct boundary in it, and room for one more.
    low, high
        int64[rows]: the windows of one aggregate, as places among values.
    register
        float64[registers, rows].
    """

    visit: NDArray[np.int64]
    cut: NDArray[np.int64]
    row: NDArray[np.int64]
    owner: NDArray[np.int64]
    fact: NDArray[np.int64]
    segment: NDArray[np.uint32]
    signal: NDArray[np.int64]
    chosen: NDArray[np.int64]
    list: NDArray[np.int64]
    time: NDArray[np.int64]
    actor: NDArray[np.int64]
    value: NDArray[np.float64]
    value_time: NDArray[np.float64]
    valued: NDArray[np.uint32]
    day: NDArray[np.int32]
    last: NDArray[np.int64]
    mark: NDArray[np.int64]
    gap: NDArray[np.float64]
    sums: NDArray[np.float64]
    ranges: NDArray[np.float64]
    moments: NDArray[np.float64]
    gaps: NDArray[np.float64]
    place: NDArray[np.uint32]
    which: NDArray[np.uint32]
    boundary: NDArray[np.int64]
    origin: NDArray[np.int64]
    before: NDArray[np.uint32]
    low: NDArray[np.uint32]
    high: NDArray[np.uint32]
    register: NDArray[np.float64]


@inner
def lay_out(program, visits, rows, places):  # type: ignore[no-untyped-def]  # numba finds them
    """Make a desk for so many visits, rows and places; arrays that no aggregate needs have no length."""
    needs, registers = np.int64(0), np.int64(0)
    for k in range(len(program.lists)):
        needs |= program.lists[k, NEEDS]
    for k in range(len(program.aggregates)):
        registers = max(registers, program.aggregates[k, TARGET] + 1)
    for k in range(len(program.code)):
        registers = max(registers, program.code[k, 1] + 1)
    valued = places if needs & VALUE else 0
    acted = places if needs & ACTOR else 0
    bounds = len(program.slot) * rows
    return Desk(
        np.empty((visits, 11), dtype=np.int64),
        np.empty(rows, dtype=np.int64),
        np.empty(rows, dtype=np.int64),
        np.empty(rows, dtype=np.int64),
        np.empty((3, places), dtype=np.int64),
        np.empty((3, places), dtype=np.uint32),
        np.empty((visits, program.member.shape[1] + 1), dtype=np.int64),
        np.empty(places, dtype=np.int64),
        np.empty(3, dtype=np.int64),
        np.empty((2, places), dtype=np.int64),
        np.empty((2, acted), dtype=np.int64),
        np.empty((2, valued), dtype=np.float64),
        np.empty(places if needs & MOMENT else 0, dtype=np.float64),
        np.empty(valued, dtype=np.uint32),
        np.empty(places if needs & DAYS else 0, dtype=np.int32),
        np.full(acted, -1, dtype=np.int64),
        np.empty(acted, dtype=np.int64),
        np.empty(places if needs & GAP else 0, dtype=np.float64),
        np.empty((places if needs & SUM else 0, 4), dtype=np.float64),
        np.empty((2 * places if needs & RANGE else 0, 2), dtype=np.float64),
        np.empty((2 * places if needs & MOMENT else 0, 7), dtype=np.float64),
        np.empty((2 * places if needs & GAP else 0, 7), dtype=np.float64),
        np.empty((len(program.slot), rows), dtype=np.uint32),
        np.empty((len(program.slot), rows), dtype=np.uint32),
        np.empty((2, bounds), dtype=np.int64),
        np.empty((2, bounds), dtype=np.int64),
        np.empty(bounds + 2 * visits, dtype=np.uint32),
        np.empty(rows, dtype=np.uint32),
        np.empty(rows, dtype=np.uint32),
        np.empty((registers, rows), dtype=np.float64),
    )
