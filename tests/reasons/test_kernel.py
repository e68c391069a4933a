"""The kernel gives the same bytes however it is asked."""

import multiprocessing
import os
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np
import pytest

from churnkit.errors import BundleError
from churnkit.features.engine import compiling
from churnkit.reasons.kernel import lowered, over_chunks, shapley_values, steps
from churnkit.reasons.trees import read_trees
from support.forests import awkward, grown


@pytest.fixture(scope="module")
def text():
    return grown(awkward(1200, 20), 25, num_leaves=31, categories=0).model_to_string()


@pytest.fixture(scope="module")
def program(text):
    return lowered(read_trees(text))


@pytest.fixture(scope="module")
def X():  # noqa: N802
    return awkward(2500, 20, seed=4)


@pytest.fixture(scope="module")
def whole(program, X):
    return shapley_values(program, X)


@pytest.mark.parametrize("rows", [1, 3, 8, 63, 64, 65, 1000])
def test_chunks_do_not_show(program, X, whole, rows):
    parts = [shapley_values(program, X[start : start + rows]) for start in range(0, 200, rows)]
    got = np.concatenate(parts)[:200]
    assert got.tobytes() == whole[:200].tobytes()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_do_not_show(program, X, whole, threads):
    got = np.concatenate(over_chunks(len(X), lambda rows: shapley_values(program, X[rows]), threads))
    assert got.tobytes() == whole.tobytes()


def test_many_callers_at_once(program, X, whole):
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: shapley_values(program, X[:300]), range(12)))
    assert all(one.tobytes() == whole[:300].tobytes() for one in found)


def in_child(pipe, program, X):
    pipe.send_bytes(np.concatenate(over_chunks(len(X), lambda rows: shapley_values(program, X[rows]), 2)).tobytes())


def test_after_a_fork(program, X, whole):
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of forks beside threads; that is the point
        child = context.Process(target=in_child, args=(there, program, X))
        child.start()
    assert here.poll(60)
    assert here.recv_bytes() == whole.tobytes()
    child.join(10)


def test_layout_of_the_rows_does_not_matter(program, X, whole):
    locked = X[:100].copy()
    locked.setflags(write=False)
    for same in (np.asfortranarray(X[:100]), np.repeat(X[:100], 2, axis=0)[::2], locked, np.hstack([X[:100], X[:100]])):
        assert shapley_values(program, same).tobytes() == whole[:100].tobytes()


def test_no_rows(program):
    assert shapley_values(program, np.empty((0, 20), np.float32)).shape == (0, 20)


def test_compiles_where_nothing_can_be_written(monkeypatch):
    njit = numba.njit

    def strict(*args, cache=False, **kwargs):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*args, **kwargs)

    monkeypatch.setattr(steps.numba, "njit", strict)
    assert steps.compiled(lambda x: x + 1)(1) == 2


COMPILED = """
import sys
import numpy as np
from churnkit.reasons.kernel import lowered, shapley_values, steps, sums
from churnkit.reasons.trees import read_trees
shapley_values(lowered(read_trees(sys.stdin.read())), np.zeros((9, 20), np.float32))
sums.by_group(np.zeros((9, 20)), np.zeros(20, np.int64), 1)
stats = [kernel.stats for kernel in (steps.walk, sums.by_group)]
print(*(sum(getattr(one, what).values()) for what in ("cache_hits", "cache_misses") for one in stats))
"""


def test_machine_code_is_kept_from_one_process_to_the_next(text, tmp_path):
    paths = os.pathsep.join(path for path in sys.path if path)
    env = {**os.environ, "PYTHONPATH": paths, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", COMPILED]
    told = [
        subprocess.run(command, input=text, capture_output=True, text=True, check=True, env=env).stdout.split()
        for _ in range(2)
    ]
    assert told == [["0", "0", "1", "1"], ["1", "1", "0", "0"]]  # hits and misses of each


def test_kept_code_lapses_when_any_source_of_the_kernel_changes(tmp_path):
    sources = tuple(str(tmp_path / name) for name in ("one.py", "two.py"))
    for source in sources:
        (tmp_path / source).write_text("1")
    stamps = []
    for changed in ("1", "2"):
        (tmp_path / "two.py").write_text(changed)
        compiling._digest.cache_clear()
        kernel = steps.compiled(lambda x: x)
        compiling.lapse(kernel, sources)
        stamps.append(kernel._cache._cache_file._source_stamp)
    assert stamps[0] != stamps[1]
    assert {"steps.py", "lanes.py", "program.py", "trees.py"} <= {Path(s).name for s in steps._SOURCES}
    assert steps.walk._cache._cache_file._source_stamp == compiling._digest(steps._SOURCES)


EXPLAINED = """
import sys
import pandas as pd
from churnkit.reasons import Groups, explain, importance
from churnkit.reasons import Explainer
from support.learnt import blend, matrix, rows
now = matrix(rows(seed=3)[0][:40])
model, groups = blend(), Groups.fit(now)
model.predict(now.values)
explain(model, now, None, horizon="90d", groups=groups, account_ids=pd.RangeIndex(40))
importance(Explainer.of(model, "90d"), now.values, groups)
print(sorted(m for m in ("shap", "matplotlib") if m in sys.modules))
"""


def test_scoring_and_reasons_load_neither_shap_nor_matplotlib():
    """Not on import, and not when they have done their work."""
    paths = os.pathsep.join(path for path in sys.path if path)
    told = {
        code: subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": paths},
        ).stdout.strip()
        for code in (
            EXPLAINED,
            "import sys, lightgbm; print(sorted(m for m in ('shap', 'matplotlib') if m in sys.modules))",
        )
    }
    ours, theirs = told.values()  # before 4.7 LightGBM loads matplotlib by itself, where that is installed
    assert ours in ("[]", theirs)
    assert "shap" not in ours


def test_a_text_that_is_no_booster():
    with pytest.raises(BundleError, match="not a LightGBM model"):
        read_trees("tree\nversion=v4\n")


def test_a_booster_with_several_outputs():
    with pytest.raises(BundleError, match="several outputs"):
        read_trees("tree\nnum_tree_per_iteration=3\nmax_feature_idx=2\n\nTree=0\n")
