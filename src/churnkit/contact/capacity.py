"""The capacity plan: the greatest total worth within the limits, to a proven gap.

Pools that share no account are solved apart. Each part is first relaxed to a linear programme, whose duals
price one more unit of every pool and whose value bounds every plan; its solution is rounded down, filled up,
and, where that is not near enough to the bound, solved as a mixed-integer programme by HiGHS (through SciPy;
Huangfu and Hall 2018, Math. Prog. Comp. 10). Stopped by gap or node count, never by the clock, so the same
problem always has the same plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse.csgraph import connected_components

from churnkit.contact.problem import Filling, Must, Problem, keeps, ranked
from churnkit.errors import BadPlan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Positions = NDArray[np.int64]

SMALL_BOOK = 5_000
"""Up to so many accounts a plan is proven to ``GAP_SMALL``, above to ``GAP_LARGE``."""
GAP_SMALL = 1e-4
GAP_LARGE = 3e-3
EXACT = 120
"""A part of so few possible calls is solved to a gap of zero."""
WHOLE = 60_000
"""A part of more possible calls (in a book that is not small) is never branched over as a whole."""
CORE, CORE_EACH = 1_500, 20
"""Of a large part so many accounts near the edge, or so many per pool, are branched over first."""
NODES, NODES_LARGE = 1_000, 100
"""Nodes of branch and bound after which the best plan so far stands, with its gap."""
_PROVEN = 1e-9
"""A smaller gap is rounding."""
_TICKS = 1_000
"""Uses are looked at in thousandths when limits are tightened."""
_NUDGE = 1e-4
"""By so much of its unit a limit is raised when it is priced, so that at a kink the price of *more* is found."""


@dataclass(frozen=True, eq=False)
class Solution:
    """A plan's calls and what is proven of them.

    Attributes
    ----------
    chosen
        Positions in the problem, ascending.
    price
        Of every pool: what one more unit (minute or contact) would add; 0 where time is left over.
    total, bound
        Worth of the plan, and what no plan can exceed.
    """

    chosen: Positions
    price: Floats
    total: float
    bound: float

    @property
    def gap(self) -> float:
        """How much better a plan could be at most, as a share of the bound."""
        missed = self.bound - self.total
        return missed / max(abs(self.bound), _PROVEN) if missed > _PROVEN * max(1.0, abs(self.bound)) else 0.0


def solve(problem: Problem) -> Solution:
    """Find the plan of greatest total worth.

    Calls worth nothing are left out, unless a must or a unit wants them.

    Raises
    ------
    BadPlan
        If the limits cannot cover the musts: which, by how much, and what would help.
    """
    wanted = np.isin(problem.row, np.concatenate([np.zeros(0, np.int64), *(m.rows for m in problem.musts)]))
    bound_units = np.array(sorted(problem.bound_units), dtype=np.int64)
    useful = (problem.worth > 0) | wanted | np.isin(problem.unit[problem.row], bound_units)
    kept = np.flatnonzero(useful & (problem.pool >= 0) & np.isfinite(problem.worth))
    small = len(np.unique(problem.row)) <= SMALL_BOOK
    chosen, price = [np.zeros(0, dtype=np.int64)], np.zeros(len(problem.limit))
    total = bound = 0.0
    for part in _parts(problem, kept):
        musts = tuple(m for m in problem.musts if np.isin(m.rows, problem.row[part]).any())
        mask = np.zeros(len(problem), dtype=np.bool_)
        mask[part] = True
        found = _solve_part(problem.only(mask, musts=musts), GAP_SMALL if small else GAP_LARGE)
        chosen.append(part[found.chosen])
        price = np.maximum(price, found.price)
        total, bound = total + found.total, bound + found.bound
    refuse_unmet(problem, np.concatenate(chosen))
    return Solution(np.sort(np.concatenate(chosen)), price, total, bound)


def _parts(problem: Problem, kept: Positions) -> list[Positions]:
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


def _solve_part(problem: Problem, gap: float) -> Solution:
    """Solve one part; calls longer than their whole limit cannot be made, but count in the price of more time."""
    fits = problem.use <= problem.limit[problem.pool]
    if fits.all():
        return _solve_fitting(problem, gap)
    price = _relax(problem.only(np.ones(len(problem), dtype=np.bool_), musts=()))[1]
    if not fits.any():
        return Solution(np.zeros(0, dtype=np.int64), price, 0.0, 0.0)
    found = _solve_fitting(problem.only(fits), gap)
    return Solution(np.flatnonzero(fits)[found.chosen], price, found.total, found.bound)


def _solve_fitting(problem: Problem, gap: float) -> Solution:
    """Relax, round, and branch as far as the gap needs it."""
    gap = 0.0 if len(problem) <= EXACT else gap
    x, price, bound = _relax(problem)
    if x is None:
        return Solution(np.zeros(0, dtype=np.int64), price, -np.inf, 0.0)
    found = _better(problem, None, _rounded(problem, x), price, bound)
    if found.gap > gap:
        problem = _tightened(problem)
        tight, _, bound = _relax(problem)
        x = x if tight is None else tight
        found = replace(found, bound=min(found.bound, bound) if tight is not None else found.bound)
    accounts = len(np.unique(problem.row))
    if found.gap > gap and accounts > SMALL_BOOK:
        found = _better(problem, found, _branch_core(problem, x, price, found.chosen), price, found.bound)
    if found.gap > gap and (accounts <= SMALL_BOOK or len(problem) <= WHOLE):
        chosen, bound = _branch(problem, gap)
        found = _better(problem, found, chosen, price, min(found.bound, bound))
    return found


def _better(
    problem: Problem, found: Solution | None, chosen: Positions | None, price: Floats, bound: float
) -> Solution:
    """Keep the better of two plans; one that breaks a condition is worth minus infinity."""
    total = -np.inf if chosen is None or not keeps(problem, chosen) else float(problem.worth[chosen].sum())
    if found is not None and found.total >= total:
        chosen, total = found.chosen, found.total
    return Solution(np.zeros(0, dtype=np.int64) if chosen is None else chosen, price, total, bound)


def _tightened(problem: Problem) -> Problem:
    """Lower every limit to what its calls can fill: whole multiples of what divides them all (no plan is lost)."""
    limit = problem.limit.copy()
    ticks = np.round(problem.use * _TICKS).astype(np.int64)
    for pool in np.unique(problem.pool):
        mine = problem.pool == pool
        if np.allclose(ticks[mine] / _TICKS, problem.use[mine], rtol=0, atol=1e-12):
            step = int(np.gcd.reduce(ticks[mine]))
            limit[pool] = np.floor(limit[pool] * _TICKS / step + 1e-9) * step / _TICKS
    return replace(problem, limit=limit)


def _rows(problem: Problem) -> tuple[sparse.csr_array, Floats, Floats]:
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


def _relax(problem: Problem) -> tuple[Floats | None, Floats, float]:
    """Solve the linear relaxation; give its solution (None: it has none), the price of each pool and the bound."""
    a, low, high = _rows(problem)
    pools = len(problem.limit)
    high = high.copy()
    high[:pools] += _NUDGE
    equal, least = low == high, np.isfinite(low) & (low != high)
    most = np.isfinite(high) & ~equal
    found = linprog(
        -problem.worth,
        A_ub=sparse.vstack([a[most], -a[least]], format="csr"),
        b_ub=np.r_[high[most], -low[least]],
        A_eq=a[equal] if equal.any() else None,
        b_eq=low[equal] if equal.any() else None,
        bounds=(0, 1),
        method="highs",
    )
    if found.x is None:
        return None, np.zeros(pools), 0.0
    price = np.maximum(-found.ineqlin.marginals[:pools], 0.0)
    return found.x, price, float(-found.fun - _NUDGE * price.sum())


def _rounded(problem: Problem, x: Floats) -> Positions:
    """Keep what the relaxation takes whole, then fill up by worth per unit of time."""
    density = problem.worth / problem.use
    whole = x > 1 - 1e-6
    filling = Filling(problem)
    order = ranked(problem, density + np.where(whole, np.abs(density).max(initial=0.0) * 2 + 1, 0.0))
    filling.meet(order)
    filling.go_down(order[problem.worth[order] > 0])
    return filling.positions


def _branch(problem: Problem, gap: float) -> tuple[Positions | None, float]:
    """Solve as a mixed-integer programme; give the calls (None: none were found) and the bound proven."""
    a, low, high = _rows(problem)
    found = milp(
        -problem.worth,
        integrality=np.ones(len(problem)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(a, low, high),
        options={"mip_rel_gap": gap, "node_limit": NODES if len(problem) <= SMALL_BOOK else NODES_LARGE},
    )
    bound = np.inf if found.mip_dual_bound is None else float(-found.mip_dual_bound)
    if found.x is None:
        return None, bound
    chosen = np.flatnonzero(found.x > 0.5)
    if not keeps(problem, chosen):
        return None, bound
    filling = Filling(problem, chosen)
    order = ranked(problem, problem.worth / problem.use)
    filling.go_down(order[problem.worth[order] > 0])
    return filling.positions, bound


def _branch_core(problem: Problem, x: Floats, price: Floats, chosen: Positions) -> Positions | None:
    """Branch over the accounts near the edge only; far from it a plan keeps what it has.

    The edge is where a call is worth about its price in time: those that the relaxation divides, then those
    whose worth per unit of time is nearest to the price of their pool.
    """
    split = (x > 1e-6) & (x < 1 - 1e-6)
    far = np.where(split, -1.0, np.abs(problem.worth / problem.use - price[problem.pool]))
    nearest = np.full(int(problem.unit.max()) + 1, np.inf)
    np.minimum.at(nearest, problem.unit[problem.row], far)
    rows = np.unique(problem.row)
    order = rows[np.lexsort((rows, problem.unit[rows], nearest[problem.unit[rows]]))]
    most = max(CORE, CORE_EACH * len(np.unique(problem.pool)))
    edge = nearest[problem.unit[order[min(most, len(order)) - 1]]]
    core = nearest[problem.unit[problem.row]] < edge
    stays = chosen[~core[chosen]]
    called = problem.row[stays]
    musts = tuple(
        Must(m.rows[~np.isin(m.rows, called)], max(m.least - int(np.isin(m.rows, called).sum()), 0), m.who)
        for m in problem.musts
    )
    part = problem.only(core, problem.left(stays), musts)
    better, _ = _branch(part, GAP_SMALL)
    return None if better is None else np.sort(np.r_[stays, np.flatnonzero(core)[better]])


def refuse_unmet(problem: Problem, chosen: Positions) -> None:
    """Raise where a must is not met: what it takes, and what there is."""
    rows = problem.row[chosen]
    for must in problem.musts:
        met = int(np.isin(must.rows, rows).sum())
        if met >= must.least:
            continue
        mine = np.isin(problem.row, must.rows) & (problem.pool >= 0)
        cheapest = np.sort([problem.use[mine & (problem.row == r)].min() for r in np.unique(problem.row[mine])])
        takes = cheapest[: must.least].sum() / problem.scale
        there = problem.limit[np.unique(problem.pool[mine])].sum() / problem.scale
        raise BadPlan(
            f"coverage: {must.least} of {len(must.rows)} large accounts of {must.who} must be called, "
            f"and {met} can be: it takes at least {takes:.2f} {problem.counted}, and there are {there:.2f}. "
            f"Give {max(takes - there, 0.0):.2f} {problem.counted} more or lower rules.coverage."
        )
