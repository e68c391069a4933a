"""Extremes, spread and slope of windows, merged out of aligned blocks and never subtracted.

Facts ``i * 2**k`` to ``(i + 1) * 2**k`` of a list form block ``i`` of level ``k``. A window is merged
from at most two blocks of each level. Blocks are aligned to the first fact of the account, so that
a value does not depend on the other cutoffs that are asked for with it.

Source: merging of means and squared deviations after Chan, Golub and LeVeque (1979).
"""

from __future__ import annotations

import numpy as np

from churnkit.features.engine.compiling import inner, kernel


@kernel
def build_ranges(value, first, n, tree):  # type: ignore[no-untyped-def]  # numba finds them
    """Fill blocks of minimum and maximum of ``n`` values, level after level, from ``2 * first`` on."""
    base, size = 2 * first, n
    for i in range(n):
        tree[base + i, 0] = tree[base + i, 1] = value[first + i]
    while size > 1:
        above = base + size
        size >>= 1
        for i in range(size):
            left = base + 2 * i
            tree[above + i, 0] = min(tree[left, 0], tree[left + 1, 0])
            tree[above + i, 1] = max(tree[left, 1], tree[left + 1, 1])
        base = above


@kernel
def window_range(tree, bounds, low, high):  # type: ignore[no-untyped-def]  # numba finds them
    """Minimum and maximum of places ``low`` to ``high`` (excluded), at least one; bounds: first place, count."""
    first, size = bounds
    least, most = np.inf, -np.inf
    base, low, high = 2 * first, low - first, high - first
    while low < high:
        if low & 1:
            least, most = min(least, tree[base + low, 0]), max(most, tree[base + low, 1])
            low += 1
        if high & 1:
            high -= 1
            least, most = min(least, tree[base + high, 0]), max(most, tree[base + high, 1])
        low, high = low >> 1, high >> 1
        base, size = base + size, size >> 1
    return least, most


@inner
def _moved(mean, rest, step):  # type: ignore[no-untyped-def]  # numba finds them
    """Move a mean that is kept in two parts: its rounding must not show in squares of small deviations."""
    total = mean + step
    part = total - mean
    rest += (mean - (total - part)) + (step - part)
    high = total + rest
    return high, rest - (high - total)


@inner
def _chan(a, b):  # type: ignore[no-untyped-def]  # numba finds them
    """Merge (count, mean value in two parts, squares, mean time in two parts, squares, products)."""
    if a[0] == 0.0:
        return b
    if b[0] == 0.0:
        return a
    n = a[0] + b[0]
    share = b[0] / n
    weight = a[0] * share
    dv, dt = (b[1] - a[1]) + (b[2] - a[2]), (b[4] - a[4]) + (b[5] - a[5])
    value, value_rest = _moved(a[1], a[2], dv * share)
    time, time_rest = _moved(a[4], a[5], dt * share)
    return (
        n,
        value,
        value_rest,
        a[3] + b[3] + dv * dv * weight,
        time,
        time_rest,
        a[6] + b[6] + dt * dt * weight,
        a[7] + b[7] + dv * dt * weight,
    )


@inner
def _block(tree, at, count):  # type: ignore[no-untyped-def]  # numba finds them
    return (count, tree[at, 0], tree[at, 1], tree[at, 2], tree[at, 3], tree[at, 4], tree[at, 5], tree[at, 6])


@kernel
def build_moments(value, time, first, n, tree):  # type: ignore[no-untyped-def]  # numba finds them
    """Fill blocks of means and squared deviations of values and times (any unit), from ``2 * first`` on."""
    base, size, count = 2 * first, n, 1.0
    for i in range(n):
        for k in range(7):
            tree[base + i, k] = 0.0
        tree[base + i, 0], tree[base + i, 3] = value[first + i], time[first + i]
    while size > 1:
        above = base + size
        size >>= 1
        for i in range(size):
            left = base + 2 * i
            merged = _chan(_block(tree, left, count), _block(tree, left + 1, count))
            for k in range(7):
                tree[above + i, k] = merged[k + 1]
        base, count = above, 2.0 * count


@kernel
def window_moments(tree, bounds, low, high):  # type: ignore[no-untyped-def]  # numba finds them
    """Merge places ``low`` to ``high`` (excluded): the eight numbers of ``_chan``; bounds: first place, count."""
    first, size = bounds
    left = right = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    base, low, high, count = 2 * first, low - first, high - first, 1.0
    while low < high:
        if low & 1:
            left = _chan(left, _block(tree, base + low, count))
            low += 1
        if high & 1:
            high -= 1
            right = _chan(_block(tree, base + high, count), right)
        low, high = low >> 1, high >> 1
        base, size, count = base + size, size >> 1, 2.0 * count
    return _chan(left, right)
