"""Shortfall: whether the musts of a plan can be met at all, and by how much time they cannot.

The least time that must be added, over all managers together, is an integer programme with one more variable for each
of them; where it is none, the same programme gives calls that meet the musts. So it is exact: calls are not divided,
helpers are not counted twice, families are not parted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from churnkit.contact.conditions import conditions, parts
from churnkit.contact.problem import Filling, ranked
from churnkit.errors import BadPlan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.problem import Must, Problem

    Floats = NDArray[np.float64]
    Positions = NDArray[np.int64]

NODES = 2_000
"""Nodes of branch and bound after which the best found so far is told."""
_NONE = 1e-6
"""A smaller shortfall (minutes or contacts) is rounding."""
_OTHERS = 1e-3
"""So much dearer is an hour of somebody whose own large accounts ask for none."""
_DECIMALS = 4


@dataclass(frozen=True, eq=False)
class Cover:
    """The cheapest way to meet the musts.

    Attributes
    ----------
    chosen
        Positions in the problem.
    more
        Of every pool of one week: how much must be added (minutes or contacts).
    """

    chosen: Positions
    more: Floats


def cheapest_cover(problem: Problem) -> Positions | None:
    """Give the calls that meet the musts, as few and of as great a worth as can be; None where the limits forbid it."""
    found = _cover(problem)
    return None if found.more.max(initial=0.0) > _NONE else found.chosen


def down_the_list(problem: Problem) -> Positions:
    """Work off the list sorted by worth, skipping whom there is no time for; the musts first, wherever they can be met.

    Raises
    ------
    BadPlan
        If the limits cannot cover the musts: who is short, by how much, and what would help.
    """
    order = ranked(problem, problem.worth)
    filling = Filling(problem)
    if not filling.meet(order):
        chosen = cheapest_cover(problem)
        if chosen is None:
            refuse_short(problem)
        filling = Filling(problem, chosen)
    filling.go_down(order[problem.worth[order] > 0])
    return filling.positions


def refuse_short(problem: Problem) -> NoReturn:
    """Raise: who is short, of what, by how much, and what would help."""
    more = _cover(problem).more
    short = np.flatnonzero(more > _NONE)
    weeks = len(problem.limit) // len(more)
    scale = problem.scale * (1.0 - problem.spared)
    names = [_name(problem, int(p)) for p in short]
    lacks = [_enough(problem, float(more[p]) / scale) for p in short]
    wants = "; ".join(_demand(problem, must) for must in _behind(problem, short))
    week = " a week" if weeks > 1 else ""
    spared = f" ({problem.spared:.0%} of the capacity are kept for explore=)" if problem.spared else ""
    raise BadPlan(
        f"coverage: the {problem.counted} cannot cover the large accounts; short are "
        f"{', '.join(f'{n} by {x} {problem.counted}{week}' for n, x in zip(names, lacks, strict=True))}: "
        f"{wants}{spared}. "
        f"Give {', '.join(f'{x} {problem.counted}{week} more to {n}' for n, x in zip(names, lacks, strict=True))}, "
        f"or lower rules.coverage to {_coverage(problem):g}."
    )


def _name(problem: Problem, pool: int) -> str:
    return (problem.names[pool] if problem.names else f"pool {pool}") or "the list"


def _enough(problem: Problem, lack: float) -> str:
    """Show what is lacking, rounded up: who gives so much has enough."""
    return f"{np.ceil(lack * 100 - _NONE) / 100:.2f}" if problem.counted == "hours" else f"{np.ceil(lack - _NONE):.0f}"


def _behind(problem: Problem, short: Positions) -> list[Must]:
    """Give the musts whose calls are taken from any of the pools that are short."""
    base = _base(problem)
    calls = np.isin(problem.pool % base, short)
    return [m for m in problem.musts if m.least and np.isin(m.rows, problem.row[calls]).any()]


def _demand(problem: Problem, must: Must) -> str:
    """Say what one must takes for itself, and what there is for it."""
    mine = np.isin(problem.row, must.rows) & (problem.pool >= 0)
    rows, at = np.unique(problem.row[mine], return_inverse=True)
    cheapest = np.full(len(rows), np.inf)
    np.minimum.at(cheapest, at, problem.use[mine])
    takes = np.sort(cheapest)[: must.least].sum() / problem.scale
    there = problem.limit[np.unique(problem.pool[mine])].sum() / problem.scale
    whole = "" if takes > there + _NONE else ", which are shared or into which no whole calls fit"
    shown = ".2f" if problem.counted == "hours" else "g"
    return (
        f"{must.least} of {len(must.rows)} large accounts of {must.who} must be called, which takes at least "
        f"{takes:{shown}} {problem.counted}, and there are {there:{shown}}{whole}"
    )


def _coverage(problem: Problem) -> float:
    """Give the greatest share that every must can be lowered to so that the limits hold, rounded down."""
    levels = np.unique([k / len(m.rows) for m in problem.musts for k in range(m.least + 1)])
    low, high = 0, len(levels) - 1  # at 0 nothing is asked for
    while low < high:
        middle = (low + high + 1) // 2
        fits = _cover(replace(problem, musts=_at(problem, float(levels[middle])))).more.max(initial=0.0) <= _NONE
        low, high = (middle, high) if fits else (low, middle - 1)
    return float(np.floor(levels[low] * 10**_DECIMALS) / 10**_DECIMALS)


def _at(problem: Problem, level: float) -> tuple[Must, ...]:
    return tuple(replace(m, least=min(m.least, int(np.ceil(level * len(m.rows) - 1e-9)))) for m in problem.musts)


def _base(problem: Problem) -> int:
    return len(problem.names) or len(problem.limit)


def _cover(problem: Problem) -> Cover:
    """Cover part by part."""
    more, chosen = np.zeros(_base(problem)), [np.zeros(0, dtype=np.int64)]
    wanted = np.isin(problem.row, np.concatenate([np.zeros(0, np.int64), *(m.rows for m in problem.musts if m.least)]))
    wanted = np.isin(problem.unit[problem.row], problem.unit[problem.row[wanted]]) & (problem.pool >= 0)
    weekly = replace(problem, pool=problem.pool % _base(problem), limit=np.zeros(_base(problem)))
    for part in parts(weekly, np.flatnonzero(wanted)):
        mask = np.zeros(len(problem), dtype=np.bool_)
        mask[part] = True
        musts = tuple(m for m in problem.musts if m.least and np.isin(m.rows, problem.row[part]).any())
        if not musts:
            continue
        found = _cover_part(problem.only(mask, musts=musts))
        chosen.append(part[found.chosen])
        more = np.maximum(more, found.more)
    return Cover(np.sort(np.concatenate(chosen)), more)


def _cover_part(problem: Problem) -> Cover:
    base, m = _base(problem), len(problem)
    a, low, high = conditions(problem)
    pools = np.arange(len(problem.limit))
    extra = sparse.csr_array((-np.ones(len(pools)), (pools, pools % base)), shape=(a.shape[0], base))
    whole = sparse.hstack([a, extra], format="csr")
    whole = sparse.csr_array(
        (whole.data, whole.indices.astype(np.int32), whole.indptr.astype(np.int32)), shape=whole.shape
    )
    asking = {must.who for must in problem.musts}
    dear = np.array([1.0 if _name(problem, p) in asking else 1.0 + _OTHERS for p in range(base)])
    zero, one = np.zeros(m), np.ones(m)
    found = milp(
        np.r_[zero, dear],
        integrality=np.r_[one, np.zeros(base)],
        bounds=Bounds(0, np.r_[one, np.full(base, np.inf)]),
        constraints=LinearConstraint(whole, low, high),
        options={"mip_rel_gap": 0.0, "node_limit": NODES},
    )
    more = np.full(base, np.inf) if found.x is None else np.maximum(found.x[m:], 0.0)
    if more.max(initial=0.0) > _NONE:
        return Cover(np.zeros(0, dtype=np.int64), more)
    few = 1.0 - problem.worth / (1.0 + np.abs(problem.worth).sum())  # the fewest; of those, of the greatest worth
    best = milp(
        few,
        integrality=one,
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(a, low, high),
        options={"mip_rel_gap": 0.0, "node_limit": NODES},
    )
    x = found.x[:m] if best.x is None else best.x
    return Cover(np.flatnonzero(x > 0.5), more)
