"""Exploring: a share of the hours for eligible accounts off the list, drawn by lot with recorded propensities.

What calls do to accounts that no list names cannot be learnt from lists. The candidates stand in a random order, those
of one parent in one place, and are called until the next one no longer fits into the time of whoever would call it;
P(called) of each is found by drawing that order many times with other seeds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from churnkit.contact.scene import Drawn
from churnkit.contact.standing import unit_hash

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.policies import Policy
    from churnkit.contact.rules import ContactRules
    from churnkit.contact.scene import Scene, Verdict

    Flags = NDArray[np.bool_]
    Floats = NDArray[np.float64]

DRAWS = 400
"""Orders drawn to find the propensities."""
_CELLS = 2_000_000
"""Numbers drawn at a time, which bounds the memory."""
_SLACK = 1e-9


def draw_explored(scene: Scene, verdict: Verdict, policy: Policy, rules: ContactRules) -> Verdict:
    """Add calls by lot to a verdict, where ``scene.explore`` asks for them; no family is parted by them."""
    if not scene.explore:
        return verdict
    candidate = scene.standing.eligible & ~verdict.on_list & ~scene.holdout.held & ~scene.lacking(policy)
    candidate[scene.choices.row[verdict.calls]] = False
    best = scene.best
    candidate &= scene.choices.pool[best] >= 0
    scale = 60.0 if scene.crew.unit == "hours" else 1.0
    limit = scene.crew.limit * scale * scene.explore
    rows = np.flatnonzero(candidate)
    family = scene.roster.parent[rows] if rules.parents_together else rows
    _, unit = np.unique(family, return_inverse=True)
    lots = _Lots(unit, scene.choices.pool[best[rows]], scene.choices.use[best[rows]], limit)
    candidate[rows[~lots.possible]] = False
    first = np.full(lots.units, -1, dtype=np.int64)
    first[unit[::-1]] = rows[::-1]
    number = np.array([unit_hash(rules.seed, "explore", scene.roster.as_of, i) for i in scene.roster.ids[first]])
    share, drawn = np.full(lots.units, np.nan), np.zeros(lots.units, dtype=np.bool_)
    for part in lots.parts:
        drawn[part.units] = part.called(number[None, part.units])[0]
        if not part.certain:
            share[part.units] = _share(part, [rules.seed, int(scene.roster.as_of) % 2**32, part.first])
    propensity, called = np.full(len(scene.roster), np.nan), drawn[unit]
    propensity[rows] = share[unit]
    calls = np.sort(best[rows[called]])
    return replace(verdict, calls=np.sort(np.r_[verdict.calls, calls]), drawn=Drawn(candidate, propensity, calls))


def _share(part: _Part, seed: list[int]) -> Floats:
    """Give P(called) of the units of a part."""
    random, n = np.random.default_rng(seed), len(part.units)
    count, step = np.zeros(n), max(1, min(DRAWS, _CELLS // n))
    for start in range(0, DRAWS, step):
        count += part.called(random.random((min(step, DRAWS - start), n))).sum(axis=0)
    # never 0 or 1: one draw is added that called half of everybody
    return np.asarray((count + 0.5) / (DRAWS + 1))


@dataclass(frozen=True, eq=False)
class _Part:
    """Units that share no pool with others.

    Attributes
    ----------
    units
        Their numbers.
    first
        The first of their pools.
    asks
        Of each pool: which of the units (positions in ``units``) ask for how much of it, and how much there is.
    """

    units: NDArray[np.int64]
    first: int
    asks: tuple[tuple[NDArray[np.int64], Floats, float], ...]

    @property
    def certain(self) -> bool:
        """Whether there is time for all, whatever the order: nothing is drawn then."""
        return all(use.sum() <= limit + _SLACK for _, use, limit in self.asks)

    def called(self, number: Floats) -> Flags:
        """Tell for every order (numbers [draws, units], the smallest first) which units are called."""
        out = np.ones(number.shape, dtype=np.bool_)
        for at, use, limit in self.asks:
            out[:, at] &= _first_that_fit(number[:, at], use, limit)
        return out


class _Lots:
    """Units that are called together, and the time of the pools that their calls are taken from.

    Attributes
    ----------
    units
        How many there are.
    possible
        bool per call: whether there is time for its unit at all.
    parts
        Those for which there is, divided into groups that share no pool.
    """

    def __init__(self, unit: NDArray[np.int64], pool: NDArray[np.int64], use: Floats, limit: Floats) -> None:
        self.units = int(unit.max(initial=-1)) + 1
        pair, at = np.unique(np.column_stack([unit, pool]), axis=0, return_inverse=True)
        total = np.bincount(at.ravel(), use, minlength=len(pair))
        short = np.zeros(self.units, dtype=np.bool_)
        short[pair[total > limit[pair[:, 1]] + _SLACK, 0]] = True
        self.possible = ~short[unit]
        kept = ~short[pair[:, 0]]
        who, whose, asked = pair[kept, 0], pair[kept, 1], np.asarray(total[kept], dtype=np.float64)
        n = self.units + len(limit)
        graph = sparse.coo_array((np.ones(len(who), dtype=np.int8), (who, self.units + whose)), shape=(n, n))
        label = connected_components(graph, directed=False)[1][who]
        order = np.lexsort((who, whose, label))
        starts = np.flatnonzero(np.diff(label[order], prepend=-1))
        self.parts = [_part(who[i], whose[i], asked[i], limit) for i in np.split(order, starts[1:]) if len(i)]


def _part(who: NDArray[np.int64], whose: NDArray[np.int64], use: Floats, limit: Floats) -> _Part:
    """Gather a part from (unit, pool, use), sorted by pool."""
    units, at = np.unique(who, return_inverse=True)
    pools, starts = np.unique(whose, return_index=True)
    pieces = np.split(np.arange(len(who)), starts[1:])
    asks = tuple((at[i], use[i], float(limit[p])) for p, i in zip(pools.tolist(), pieces, strict=True))
    return _Part(units, int(pools[0]), asks)


def _first_that_fit(number: Floats, use: Floats, limit: float) -> Flags:
    """Tell for every order [draws, n] who is called: the first ones, until the next does not fit."""
    order = np.argsort(number, axis=1, kind="stable")
    fits = np.cumsum(use[order], axis=1) <= limit + _SLACK
    called = np.zeros(number.shape, dtype=np.bool_)
    np.put_along_axis(called, order, fits, axis=1)
    return called
