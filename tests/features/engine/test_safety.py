"""Many Python threads, a fork, a spawn, and nowhere to write: all give the same matrix."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from churnkit.features.engine import evaluate
from churnkit.features.expressions import Aggregate
from churnkit.timeline import DAY
from support.recorded import BASE, recorded

TESTS = Path(__file__).parents[2]


def measured() -> bytes:
    """A matrix from a history of its own, on two threads."""
    history = recorded([(k % 3, 0, BASE + k * DAY // 3, BASE + k * DAY // 3, 1.0 * k, -1, k % 5) for k in range(300)])
    features = [Aggregate(function=name, signals=("login",)) for name in ("count", "total", "std", "actors")]
    rows = {"account": np.arange(9000, dtype=np.int32) % 3, "cutoff": BASE + np.arange(9000) * DAY // 100}
    return evaluate(features, history, **rows, threads=2).tobytes()


def run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_many_python_threads_at_once():
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: measured(), range(24)))
    assert len(found) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_after_a_fork():
    script = """
import os
from features.engine.test_safety import measured
before = measured()
child = os.fork()
if child == 0:
    os._exit(0 if measured() == before else 1)
assert os.waitpid(child, 0)[1] == 0
assert measured() == before
"""
    run(script)


def test_under_a_spawn():
    script = """
import multiprocessing
from features.engine.test_safety import measured
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert {f.get(100) for f in [pool.apply_async(measured) for _ in range(2)]} == {measured()}
"""
    run(script)


def test_an_installation_where_nothing_can_be_written():
    # as root any directory can be written to, so numba is told that there is none
    script = """
from numba.core import caching
getattr(caching, "CacheImpl", getattr(caching, "_CacheImpl", None))._locator_classes = []
from churnkit.features.engine.ordering import count
import numpy as np
counts = np.zeros(2, dtype=np.int64)
count(np.array([1, 1], dtype=np.int32), 0, 2, counts)
print(counts.tolist(), type(count._cache).__name__)
"""
    assert run(script) == "[0, 2] NullCache\n"
