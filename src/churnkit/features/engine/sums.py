"""Sums of windows out of running sums that keep twice the digits of a float64.

The difference of two running sums is taken where its error, bounded by the sum of magnitudes so far,
cannot reach the last digit of the result. Elsewhere (huge values that have left the window, values
that cancel) the window is added up exactly.

Sources: sums with their rounding errors after Neumaier (1974) and Ogita, Rump and Oishi (2005); exact
addition after Shewchuk (1997), as in ``math.fsum``.
"""

from __future__ import annotations

import numpy as np

from churnkit.features.engine.compiling import kernel

HIGH, LOW, SIZE = range(3)
"""Columns of running sums: both parts of the sum, and the sum of magnitudes."""

_PARTIALS = 48
"""Non-overlapping float64 parts that cover the whole range of exponents (2098 bits / 53, and some)."""

_TRUST = 2.0**-20
"""Running sums of n facts err by less than n**2 * 2**-106 of the magnitudes: results above this share of
them are right to the last digit for a thousand facts, and far within a float32 step for ten million."""


@kernel
def run_sums(value, base, n, sums):  # type: ignore[no-untyped-def]  # numba finds them
    """Fill running sums (high part, low part, magnitudes) from ``base``: before each of ``n`` values, after all."""
    high = low = size = 0.0
    for i in range(base, base + n):
        sums[i, HIGH], sums[i, LOW], sums[i, SIZE] = high, low, size
        v = value[i]
        s = high + v
        part = s - high
        # what the addition has rounded away, exactly; three short chains keep the processor busy
        low += (high - (s - part)) + (v - part)
        high = s
        size += abs(v)
    sums[base + n, HIGH], sums[base + n, LOW], sums[base + n, SIZE] = high, low, size


@kernel
def window_sums(value, sums, low, high, out):  # type: ignore[no-untyped-def]  # numba finds them
    """Sum ``value[low[r]:high[r]]`` for each row: by difference, or exactly where that may err."""
    doubtful = 0
    for r in range(len(out)):
        start, stop = low[r], high[r]
        a, b = sums[start, HIGH], sums[stop, HIGH]
        s = b - a
        part = s - b
        total = s + ((b - (s - part)) - (a + part) + (sums[stop, LOW] - sums[start, LOW]))
        # NaN (from infinite sums) is never above its bound: it is doubtful too
        sure = (abs(total) >= sums[stop, SIZE] * _TRUST) | (start == stop)
        out[r] = total if sure else np.nan
        doubtful += 0 if sure else 1
    if doubtful > 0:
        for r in range(len(out)):
            if np.isnan(out[r]):
                out[r] = exact_sum(value, low[r], high[r])


@kernel
def exact_sum(value, low, high):  # type: ignore[no-untyped-def]  # numba finds them
    """Sum of ``value[low:high]`` with one rounding; infinite or NaN where the values are."""
    partial = np.empty(_PARTIALS)
    used, plain = 0, 0.0
    for i in range(low, high):
        x = value[i]
        plain += x
        kept = 0
        for k in range(used):
            y = partial[k]
            if abs(x) < abs(y):
                x, y = y, x
            s = x + y
            error = y - (s - x)
            if error != 0.0:
                partial[kept] = error
                kept += 1
            x = s
        if not np.isfinite(x):
            return plain
        partial[kept] = x
        used = kept + 1
    total = 0.0
    for k in range(used - 1, -1, -1):
        total += partial[k]
    return total
