"""Kernels that group facts by account and order them within."""

from __future__ import annotations

import numpy as np

from churnkit.features.engine.compiling import kernel

_RUN = 24
"""Facts that are ordered by insertion before runs are merged."""


@kernel
def count(account, first, last, counts):  # type: ignore[no-untyped-def]
    """Count the facts of each account."""
    for i in range(first, last):
        counts[account[i]] += 1


@kernel
def destine(account, first, last, cursor, place):  # type: ignore[no-untyped-def]
    """Give every fact its place: behind the earlier facts of its account, in the order of the input."""
    for i in range(first, last):
        a = account[i]
        place[i] = cursor[a]
        cursor[a] += 1


@kernel
def scatter(source, target, place, first, last):  # type: ignore[no-untyped-def]
    """Move one column to its places."""
    for i in range(first, last):
        target[place[i]] = source[i]


@kernel
def tidy(value):  # type: ignore[no-untyped-def]
    """Keep one zero and one NaN: equal values must give equal bytes."""
    for i in range(len(value)):
        value[i] = np.nan if np.isnan(value[i]) else value[i] + 0.0


@kernel
def _tie(columns, i, j):  # type: ignore[no-untyped-def]
    """Whether fact ``i`` comes after fact ``j`` of the same moment."""
    known, signal, value, label, actor = columns
    if len(known) and known[i] != known[j]:
        return known[i] > known[j]
    if signal[i] != signal[j]:
        return signal[i] > signal[j]
    if len(value):
        if np.isnan(value[i]) != np.isnan(value[j]):
            return np.isnan(value[i])
        if value[i] != value[j] and not np.isnan(value[i]):
            return value[i] > value[j]
    if len(label) and label[i] != label[j]:
        return label[i] > label[j]
    return len(actor) > 0 and actor[i] > actor[j]


@kernel
def _in_order(occurred, columns, low, high):  # type: ignore[no-untyped-def]
    for i in range(low + 1, high):
        if occurred[i] < occurred[i - 1] or (occurred[i] == occurred[i - 1] and _tie(columns, i - 1, i)):
            return False
    return True


@kernel
def _by_time(key, index, other_key, other, n):  # type: ignore[no-untyped-def]
    """Order ``key[:n]`` and ``index[:n]`` with it: insertion in runs, then merges."""
    for low in range(0, n, _RUN):
        for i in range(low + 1, min(low + _RUN, n)):
            moved, fact, j = key[i], index[i], i
            while j > low and key[j - 1] > moved:
                key[j], index[j] = key[j - 1], index[j - 1]
                j -= 1
            key[j], index[j] = moved, fact
    width = _RUN
    while width < n:
        for low in range(0, n, 2 * width):
            middle, high = min(low + width, n), min(low + 2 * width, n)
            i, j = low, middle
            for at in range(low, high):
                if j >= high or (i < middle and key[i] <= key[j]):
                    other_key[at], other[at] = key[i], index[i]
                    i += 1
                else:
                    other_key[at], other[at] = key[j], index[j]
                    j += 1
        key[:n], index[:n] = other_key[:n], other[:n]
        width *= 2


@kernel
def _break_ties(key, index, columns, n):  # type: ignore[no-untyped-def]
    """Order facts of the same moment by all else."""
    low = 0
    while low < n:
        high = low + 1
        while high < n and key[high] == key[low]:
            high += 1
        # ties of one account are few: insertion, from a gap of a third down to one where they are not
        gap = 1
        while gap < (high - low) // 9:
            gap = 3 * gap + 1
        while gap > 0:
            for i in range(low + gap, high):
                moved, j = index[i], i
                while j >= low + gap and _tie(columns, index[j - gap], moved):
                    index[j] = index[j - gap]
                    j -= gap
                index[j] = moved
            gap //= 3
        low = high


@kernel
def _permute(column, index, low, n):  # type: ignore[no-untyped-def]
    """Bring ``column[low:low + n]`` into the order of ``index``."""
    if len(column):
        moved = np.empty(n, dtype=column.dtype)
        for i in range(n):
            moved[i] = column[index[i]]
        for i in range(n):
            column[low + i] = moved[i]


@kernel
def settle(start, occurred, columns, first, last):  # type: ignore[no-untyped-def]
    """Order the facts of each account from ``first`` to ``last`` (excluded)."""
    known, signal, value, label, actor = columns
    room = 0
    for a in range(first, last):
        room = max(room, start[a + 1] - start[a])
    index, other = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    key, other_key = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    for a in range(first, last):
        low, n = start[a], start[a + 1] - start[a]
        if _in_order(occurred, columns, low, low + n):
            continue
        for k in range(n):
            key[k], index[k] = occurred[low + k], low + k
        _by_time(key, index, other_key, other, n)
        _break_ties(key, index, columns, n)
        for k in range(n):
            occurred[low + k] = key[k]
        _permute(signal, index, low, n)
        _permute(known, index, low, n)
        _permute(value, index, low, n)
        _permute(label, index, low, n)
        _permute(actor, index, low, n)


@kernel
def number_actors(start, actor, first, last):  # type: ignore[no-untyped-def]
    """Number each account's actors from 0, so that kernels can count them in a small table."""
    for a in range(first, last):
        low, high = start[a], start[a + 1]
        here = np.sort(actor[low:high])
        known = 0
        for k in range(len(here)):
            if here[k] >= 0 and (known == 0 or here[k] != here[known - 1]):
                here[known] = here[k]
                known += 1
        for i in range(low, high):
            if actor[i] >= 0:
                actor[i] = np.searchsorted(here[:known], actor[i])
