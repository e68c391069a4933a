"""The problem that a plan solves, and the two plain ways through it: down a list, and filling up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Positions = NDArray[np.int64]

SLACK = 1e-9
"""Rounding that a limit may bear: far below a second of a manager's time."""


@dataclass(frozen=True, eq=False)
class Must:
    """At least ``least`` of some accounts must be called; ``who`` names the demand in messages."""

    rows: Positions
    least: int
    who: str


@dataclass(frozen=True, eq=False)
class Problem:
    """Which of many possible calls to make, at most one per account, within the limits.

    Attributes
    ----------
    row, pool, use, worth
        Per possible call: the account, the pool it is taken from, how much of it (above 0), its worth.
    limit
        Of every pool.
    unit
        Per account (indexed by ``row``): accounts of one unit are called together or not at all.
    musts
        Demands on how many are called.
    counted
        What limits are told in: "hours" (``use`` and ``limit`` are minutes) or "contacts".
    names
        Of the pools of one week, of which further weeks have as many each; empty: the pools have none.
    spared
        Share of the capacity that is kept for other calls and not in ``limit``.
    """

    row: Positions
    pool: Positions
    use: Floats
    worth: Floats
    limit: Floats
    unit: Positions
    musts: tuple[Must, ...] = ()
    counted: str = "hours"
    names: tuple[str, ...] = ()
    spared: float = 0.0

    @property
    def scale(self) -> float:
        """How many units of a limit make one of what it is told in."""
        return 60.0 if self.counted == "hours" else 1.0

    def __len__(self) -> int:
        return len(self.row)

    def only(
        self, kept: NDArray[np.bool_], limit: Floats | None = None, musts: tuple[Must, ...] | None = None
    ) -> Problem:
        """Give the same problem over some of its calls."""
        return replace(
            self,
            row=self.row[kept],
            pool=self.pool[kept],
            use=self.use[kept],
            worth=self.worth[kept],
            limit=self.limit if limit is None else limit,
            musts=self.musts if musts is None else musts,
        )

    def left(self, chosen: Positions) -> Floats:
        """Give what is left of every pool."""
        return self.limit - np.bincount(self.pool[chosen], self.use[chosen], minlength=len(self.limit))

    def meets(self, chosen: Positions) -> bool:
        """Tell whether a choice meets every must."""
        rows = self.row[chosen]
        return all(int(np.isin(must.rows, rows).sum()) >= must.least for must in self.musts)

    @property
    def bound_units(self) -> frozenset[int]:
        """Units of more than one account among the possible calls."""
        rows = np.unique(self.row)
        unit, count = np.unique(self.unit[rows], return_counts=True)
        return frozenset(unit[count > 1].tolist())


class Filling:
    """A growing set of calls that never breaks a limit."""

    def __init__(self, problem: Problem, chosen: Positions | None = None) -> None:
        self.problem = problem
        start = np.zeros(0, dtype=np.int64) if chosen is None else chosen
        self.left: list[float] = problem.left(start).tolist()
        self.chosen: list[int] = start.tolist()
        self.done: set[int] = set(problem.row[start].tolist())
        self._bound = problem.bound_units
        self._calls: dict[int, list[int]] = {}
        if self._bound:
            for at in np.lexsort((-problem.worth, problem.row)).tolist():
                unit = int(problem.unit[problem.row[at]])
                if unit in self._bound:
                    self._calls.setdefault(unit, []).append(at)

    def go_down(self, order: Positions) -> None:
        """Take calls in an order while they fit."""
        problem = self.problem
        rows, pools, uses = problem.row.tolist(), problem.pool.tolist(), problem.use.tolist()
        units = problem.unit.tolist() if self._bound else None
        for at in order.tolist():
            if rows[at] in self.done:
                continue
            if units is not None and units[rows[at]] in self._bound:
                self._take_unit(units[rows[at]])
            elif uses[at] <= self.left[pools[at]] + SLACK:
                self._take(at)

    def _take_fitting(self, at: int) -> None:
        """Take one call, with its whole unit, if it fits and its account is not taken yet."""
        row = int(self.problem.row[at])
        if row in self.done:
            return
        if int(self.problem.unit[row]) in self._bound:
            self._take_unit(int(self.problem.unit[row]))
        elif self.problem.use[at] <= self.left[int(self.problem.pool[at])] + SLACK:
            self._take(at)

    def _take(self, at: int) -> None:
        self.chosen.append(at)
        self.done.add(int(self.problem.row[at]))
        self.left[int(self.problem.pool[at])] -= float(self.problem.use[at])

    def _take_unit(self, unit: int) -> None:
        """Take the whole unit, each account by its best call that fits, or nothing of it."""
        left, taken, done = self.left.copy(), [], set()
        for at in self._calls[unit]:
            row, pool, use = int(self.problem.row[at]), int(self.problem.pool[at]), float(self.problem.use[at])
            if row not in done and use <= left[pool] + SLACK:
                left[pool] -= use
                taken.append(at)
                done.add(row)
        everybody = {int(self.problem.row[at]) for at in self._calls[unit]}
        if done == everybody and sum(float(self.problem.worth[at]) for at in taken) > 0:
            self.left = left
            self.chosen += taken
            self.done |= done

    def meet(self, order: Positions) -> bool:
        """Meet the musts first, in an order; tell whether that worked."""
        for must in self.problem.musts:
            rows = set(must.rows.tolist())
            for at in order[np.isin(self.problem.row[order], must.rows)].tolist():
                if len(self.done & rows) >= must.least:
                    break
                self._take_fitting(at)
        return self.problem.meets(self.positions)

    @property
    def positions(self) -> Positions:
        """The calls taken, ascending."""
        return np.sort(np.array(self.chosen, dtype=np.int64))


def ranked(problem: Problem, key: Floats) -> Positions:
    """Order calls by a key, the greatest first, of equals the first account."""
    return np.lexsort((problem.row, -key))


def keeps(problem: Problem, chosen: Positions) -> bool:
    """Whether a choice keeps every limit, calls no account twice, meets the musts and parts no unit."""
    rows = problem.row[chosen]
    if len(np.unique(rows)) != len(rows) or (problem.left(chosen) < -SLACK).any():
        return False
    if not problem.meets(chosen):
        return False
    every = np.unique(problem.row)
    units = int(problem.unit.max()) + 1
    there = np.bincount(problem.unit[every], minlength=units)
    called = np.bincount(problem.unit[rows], minlength=units)
    return bool(((called == 0) | (called == there)).all())
