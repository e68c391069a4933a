"""The conditions of a plan as rows of a linear programme, and the parts into which it falls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.problem import Problem

    Floats = NDArray[np.float64]
    Positions = NDArray[np.int64]


def parts(problem: Problem, kept: Positions) -> list[Positions]:
    """Divide calls into parts that share neither pool, nor account, nor unit, nor must."""
    pools, units = len(problem.limit), int(problem.unit.max(initial=0)) + 1
    edges = [(problem.pool[kept], pools + problem.unit[problem.row[kept]])]
    for i, must in enumerate(problem.musts):
        edges.append((np.full(len(must.rows), pools + units + i), pools + problem.unit[must.rows]))
    one, two = (np.concatenate(e) for e in zip(*edges, strict=True))
    n = pools + units + len(problem.musts)
    graph = sparse.coo_array((np.ones(len(one), dtype=np.int8), (one, two)), shape=(n, n))
    label = connected_components(graph, directed=False)[1][problem.pool[kept]]
    order = np.argsort(label, kind="stable")
    starts = np.flatnonzero(np.diff(label[order], prepend=-1))
    return [np.sort(p) for p in np.split(kept[order], starts[1:])] if len(order) else []


def conditions(problem: Problem) -> tuple[sparse.csr_array, Floats, Floats]:
    """Give the constraints: low <= A x <= high. The pools come first, by number."""
    m, pools = len(problem), len(problem.limit)
    every, account = np.unique(problem.row, return_inverse=True)
    column = np.arange(m)
    blocks = [
        sparse.csr_array((problem.use, (problem.pool, column)), shape=(pools, m)),
        sparse.csr_array((np.ones(m), (account, column)), shape=(len(every), m)),
    ]
    low = [np.full(pools + len(every), -np.inf)]
    high = [problem.limit, np.ones(len(every))]
    for must in problem.musts:
        blocks.append(sparse.csr_array(np.isin(problem.row, must.rows).astype(float)[None, :]))
        low.append(np.array([float(must.least)]))
        high.append(np.array([np.inf]))
    together = _together(problem, account)
    blocks.append(together)
    low.append(np.zeros(together.shape[0]))
    high.append(np.zeros(together.shape[0]))
    rows = sparse.vstack(blocks, format="csr")
    # HiGHS in SciPy before 1.15 takes 32-bit indices only
    a = sparse.csr_array((rows.data, rows.indices.astype(np.int32), rows.indptr.astype(np.int32)), shape=rows.shape)
    return a, np.concatenate(low), np.concatenate(high)


def _together(problem: Problem, account: Positions) -> sparse.csr_array:
    """Give rows A with A x = 0: within a unit every account is called as often as the next one."""
    m = len(problem)
    rows = np.unique(problem.row)
    order = np.lexsort((rows, problem.unit[rows]))  # accounts by unit
    pair = np.flatnonzero(np.diff(problem.unit[rows[order]]) == 0)
    step = np.full((2, len(rows)), -1, dtype=np.int64)
    step[0, order[pair]] = np.arange(len(pair))
    step[1, order[pair + 1]] = np.arange(len(pair))
    plus, minus = step[0, account], step[1, account]
    at = np.concatenate([np.flatnonzero(plus >= 0), np.flatnonzero(minus >= 0)])
    row = np.concatenate([plus[plus >= 0], minus[minus >= 0]])
    sign = np.r_[np.ones(int((plus >= 0).sum())), -np.ones(int((minus >= 0).sum()))]
    return sparse.csr_array((sign, (row, at)), shape=(len(pair), m))
