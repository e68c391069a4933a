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

from churnkit.contact.conditions import conditions, parts
from churnkit.contact.problem import Filling, Must, Problem, keeps, ranked
from churnkit.contact.shortfall import cheapest_cover, refuse_short

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
    for part in parts(problem, kept):
        musts = tuple(m for m in problem.musts if np.isin(m.rows, problem.row[part]).any())
        mask = np.zeros(len(problem), dtype=np.bool_)
        mask[part] = True
        mine = problem.only(mask, musts=musts)
        found = _solve_part(mine, GAP_SMALL if small else GAP_LARGE)
        if not mine.meets(found.chosen):
            found = _covered(mine, found)
        chosen.append(part[found.chosen])
        price = np.maximum(price, found.price)
        total, bound = total + found.total, bound + found.bound
    if not problem.meets(np.concatenate(chosen)):
        refuse_short(problem)
    return Solution(np.sort(np.concatenate(chosen)), price, total, bound)


def _covered(problem: Problem, found: Solution) -> Solution:
    """Begin with the cheapest calls that meet the musts, where the search found none; without such calls stay."""
    chosen = cheapest_cover(problem)
    if chosen is None:
        return found
    filling = Filling(problem, chosen)
    order = ranked(problem, problem.worth / problem.use)
    filling.go_down(order[problem.worth[order] > 0])
    return replace(found, chosen=filling.positions, total=float(problem.worth[filling.positions].sum()))


def _solve_part(problem: Problem, gap: float) -> Solution:
    """Solve one part; calls longer than their whole limit cannot be made, but count in the price of more time."""
    fits = problem.use <= problem.limit[problem.pool]
    if fits.all():
        return _solve_fitting(problem, gap)
    lost = np.setdiff1d(problem.row, problem.row[fits])
    fits &= ~np.isin(problem.unit[problem.row], problem.unit[lost])  # without one of them none of a unit is called
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


def _relax(problem: Problem) -> tuple[Floats | None, Floats, float]:
    """Solve the linear relaxation; give its solution (None: it has none), the price of each pool and the bound."""
    a, low, high = conditions(problem)
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
    a, low, high = conditions(problem)
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
