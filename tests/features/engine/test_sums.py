"""Sums of windows against ``math.fsum``."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnkit.features.engine.sums import exact_sum, run_sums, window_sums


def sums(values) -> dict[tuple[int, int], float]:
    """Sum every window of some values."""
    value = np.array(values, dtype=np.float64)
    running = np.empty((len(value) + 1, 4))
    run_sums(value, 0, len(value), running)
    windows = [(a, b) for a in range(len(value) + 1) for b in range(a, len(value) + 1)]
    low, high = (np.array(side, dtype=np.int64) for side in zip(*windows, strict=True))
    out = np.empty(len(windows))
    window_sums(value, running, low, high, out)
    return dict(zip(windows, out, strict=True))


@given(st.lists(st.floats(-1e300, 1e300) | st.sampled_from((1e300, -1e300, 1e16, 1.0, -1.0, 1e-300)), max_size=14))
def test_every_window_is_within_a_step_of_fsum(values):
    for (a, b), ours in sums(values).items():
        exact = math.fsum(values[a:b])
        assert abs(ours - exact) <= math.ulp(exact)


def test_a_tiny_value_survives_a_huge_one_that_has_left():
    assert sums([1e300, 1.0, -1e300, 3e-5])[3, 4] == 3e-5
    assert sums([1e300, 1.0, -1e300, 3e-5])[0, 3] == 1.0


def test_a_large_value_that_has_left_costs_a_small_one_no_digit():
    found = sums([1e5 + 0.1, 0.7, 0.1, 0.3])
    assert found[1, 2] == 0.7
    assert found[1, 4] == math.fsum([0.7, 0.1, 0.3])


def test_a_silent_window_is_zero():
    assert sums([5.0])[1, 1] == 0.0


@pytest.mark.parametrize(("values", "total"), [([math.inf, 1.0], math.inf), ([-math.inf], -math.inf)])
def test_an_infinite_value_gives_an_infinite_sum(values, total):
    assert exact_sum(np.array(values), 0, len(values)) == total
    assert sums([*values, 2.0])[len(values), len(values) + 1] == 2.0
