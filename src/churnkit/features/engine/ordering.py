"""Kernels that group facts by account and order them within."""

from __future__ import annotations

import numpy as np

from churnkit.features.engine.compiling import inner, kernel

_RUN = 24
"""Facts that are ordered by insertion before runs are merged."""


@kernel
def count(account, first, last, counts):  # type: ignore[no-untyped-def]  # numba finds them
    """Count the facts of each account."""
    for i in range(first, last):
        counts[account[i]] += 1


@kernel
def destine(account, first, last, cursor, place):  # type: ignore[no-untyped-def]  # numba finds them
    """Give every fact its place: behind the earlier facts of its account, in the order of the input."""
    for i in range(first, last):
        a = account[i]
        place[i] = cursor[a]
        cursor[a] += 1


@kernel
def scatter(source, target, place, first, last):  # type: ignore[no-untyped-def]  # numba finds them
    """Move one column to its places."""
    for i in range(first, last):
        target[place[i]] = source[i]


@kernel
def scatter_values(source, target, place, first, last):  # type: ignore[no-untyped-def]  # numba finds them
    """Move values to their places, with one zero and one NaN: equal values must give equal bytes."""
    for i in range(first, last):
        target[place[i]] = np.nan if np.isnan(source[i]) else source[i] + 0.0


@inner
def _tie(columns, i, j):  # type: ignore[no-untyped-def]  # numba finds them
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


@inner
def _in_order(occurred, columns, low, high):  # type: ignore[no-untyped-def]  # numba finds them
    for i in range(low + 1, high):
        if occurred[i] < occurred[i - 1] or (occurred[i] == occurred[i - 1] and _tie(columns, i - 1, i)):
            return False
    return True


@inner
def sort_pairs(key, item, spare_key, spare, n):  # type: ignore[no-untyped-def]  # numba finds them
    """Order ``key[:n]`` and ``item[:n]`` with it, equal keys as they came: insertion in runs, then merges."""
    for low in range(0, n, _RUN):
        for i in range(low + 1, min(low + _RUN, n)):
            moved, with_it, j = key[i], item[i], i
            while j > low and key[j - 1] > moved:
                key[j], item[j] = key[j - 1], item[j - 1]
                j -= 1
            key[j], item[j] = moved, with_it
    width = _RUN
    while width < n:
        for low in range(0, n, 2 * width):
            middle, high = min(low + width, n), min(low + 2 * width, n)
            i, j = low, middle
            for at in range(low, high):
                if j >= high or (i < middle and key[i] <= key[j]):
                    spare_key[at], spare[at] = key[i], item[i]
                    i += 1
                else:
                    spare_key[at], spare[at] = key[j], item[j]
                    j += 1
        for at in range(n):
            key[at], item[at] = spare_key[at], spare[at]
        width *= 2


@inner
def _break_ties(key, index, columns, n):  # type: ignore[no-untyped-def]  # numba finds them
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


@inner
def _permute(column, index, low, n):  # type: ignore[no-untyped-def]  # numba finds them
    """Bring ``column[low:low + n]`` into the order of ``index``."""
    if len(column):
        moved = np.empty(n, dtype=column.dtype)
        for i in range(n):
            moved[i] = column[index[i]]
        for i in range(n):
            column[low + i] = moved[i]


@inner
def most(start, first, last):  # type: ignore[no-untyped-def]  # numba finds them
    """Give the largest number of rows that an account from ``first`` to ``last`` (excluded) has."""
    found = np.int64(0)
    for a in range(first, last):
        found = max(found, start[a + 1] - start[a])
    return found


@kernel
def settle(start, occurred, columns, first, last):  # type: ignore[no-untyped-def]  # numba finds them
    """Order the facts of each account from ``first`` to ``last`` (excluded)."""
    known, signal, value, label, actor = columns
    room = most(start, first, last)
    fact, spare = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    key, spare_key = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    for a in range(first, last):
        low, n = start[a], start[a + 1] - start[a]
        if _in_order(occurred, columns, low, low + n):
            continue
        for k in range(n):
            key[k], fact[k] = occurred[low + k], low + k
        sort_pairs(key, fact, spare_key, spare, n)
        _break_ties(key, fact, columns, n)
        for k in range(n):
            occurred[low + k] = key[k]
        _permute(signal, fact, low, n)
        _permute(known, fact, low, n)
        _permute(value, fact, low, n)
        _permute(label, fact, low, n)
        _permute(actor, fact, low, n)


@kernel
def number_actors(start, actor, first, last):  # type: ignore[no-untyped-def]  # numba finds them
    """Number each account's actors from 0, so that kernels can count them in a small table."""
    room = most(start, first, last)
    fact, spare = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    key, spare_key = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    for a in range(first, last):
        low, n = start[a], start[a + 1] - start[a]
        for k in range(n):
            key[k], fact[k] = actor[low + k], low + k
        sort_pairs(key, fact, spare_key, spare, n)
        number = -1
        for k in range(n):
            if key[k] >= 0 and (k == 0 or key[k] != key[k - 1]):
                number += 1
            actor[fact[k]] = number if key[k] >= 0 else -1
