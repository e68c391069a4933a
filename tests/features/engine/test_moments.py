"""Merged blocks against exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnkit.features.engine.moments import build_moments, build_ranges, window_moments, window_range


def exact(values, times) -> tuple[Fraction, Fraction, Fraction]:
    """Sums of squares of values and times, and of products, about their means."""
    v, t = [Fraction(x) for x in values], [Fraction(x) for x in times]
    dv, dt = [x - sum(v) / len(v) for x in v], [x - sum(t) / len(t) for x in t]
    return sum(x * x for x in dv), sum(x * x for x in dt), sum(x * y for x, y in zip(dv, dt, strict=True))


@pytest.mark.parametrize("n", [1, 2, 7, 8, 37])
def test_every_window_of_a_far_off_series(n):
    chance = np.random.default_rng(n)
    first = 3
    values = np.concatenate([np.zeros(first), 1e8 + 1e-6 * chance.normal(size=n)])
    times = np.concatenate([np.zeros(first), 1e6 + np.cumsum(chance.integers(1, 4, n)) * 1e-5])
    blocks = np.empty((2 * (n + first), 7))
    build_moments(values, times, first, n, blocks)
    for a in range(first, first + n):
        for b in range(a + 1, first + n + 1):
            found = window_moments(blocks, (first, n), a, b)
            wanted = [float(x) for x in exact(values[a:b], times[a:b])]
            assert found[0] == b - a
            scale = max(1e-300, (wanted[0] * wanted[1]) ** 0.5)
            assert found[3] == pytest.approx(wanted[0], rel=1e-12)
            assert found[6] == pytest.approx(wanted[1], rel=1e-12)
            assert found[7] == pytest.approx(wanted[2], rel=1e-12, abs=1e-12 * scale)


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
def test_extremes_of_every_window(values):
    n = len(values)
    blocks = np.empty((2 * n, 2))
    build_ranges(np.array(values), 0, n, blocks)
    for a in range(n):
        for b in range(a + 1, n + 1):
            assert window_range(blocks, (0, n), a, b) == (min(values[a:b]), max(values[a:b]))


def test_values_that_do_not_differ_have_no_spread():
    blocks = np.empty((14, 7))
    build_moments(np.full(7, 0.1), np.arange(7.0), 0, 7, blocks)
    assert all(window_moments(blocks, (0, 7), a, b)[3] == 0.0 for a in range(7) for b in range(a + 1, 8))
