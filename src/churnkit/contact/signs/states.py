"""States: what an account can be in, and what is declared of each.

A trouble deepens week by week, and at some time begins to pass; one at a time, since who has one grievance blames it
for the next. The thought of leaving lags behind what is felt, and so does use. So a *point* on the course of a trouble
says how long it has been there, or has been passing, and what is felt, thought and done there follows. Beside the four
troubles an account is untroubled, or asleep: it pays, under a contract that goes on by itself, for a product it hardly
uses, so that a call may remind it of a contract it has forgotten (Ascarza, Iyengar and Schleicher 2016); *falling*
asleep while its use ends. Points are told in *states*, each trouble in three stages. All figures are judgements,
round, the same for every company: what matters is their order, not their value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from churnkit.contact.kinds import ASLEEP as KIND_ASLEEP
from churnkit.contact.kinds import KINDS
from churnkit.contact.kinds import UNTROUBLED as KIND_UNTROUBLED
from churnkit.history.signals import THEMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.int64]

TROUBLES = ("support", "billing", "relationship", "usage")
"""Themes that have signs."""
STAGES = ("begun", "full", "passing")
UNTROUBLED, ASLEEP, FALLING, FIRST = range(4)
"""Positions, the same among states and points; from ``FIRST`` on those of each trouble in turn."""
STATES = FIRST + len(TROUBLES) * len(STAGES)

DEPTHS = (0.75, 1.15)
"""How deep a trouble goes, each as likely; 1 is a plain one."""
DEEPENS, EASES = 0.4, 0.8
"""Share of the way to its depth that a trouble goes in a week; what is left of it after a week in which it passes."""
THOUGHT, HABIT = 0.12, 0.34
"""Shares of the way that the thought of leaving, and use, follow what is felt in a week: two months and three weeks
behind."""
USES = {"support": 0.5, "billing": 0.5, "relationship": 0.4, "usage": 0.3}
"""What is left of use in a plain trouble; ``LEAST_USE`` of it at least."""
USE_ASLEEP, USE_FALLING, LEAST_USE = 0.1, 0.45, 0.05
THERE, PASSING = 12, 6
"""Weeks that are told apart while a trouble is there, and while it passes; the last of them stays."""
ONWARD = (3, 7, 11)
"""What passes is told apart by when it began to: a trouble of up to 5 weeks goes on from its fourth, one of up to 11
from its eighth, an older one from its twelfth."""
_UNTIL = (5, 11, THERE)
FULL = 0.3
"""Where so much thought is given to leaving a trouble is full."""

PRESSURE, AHEAD = 3.0, 13
"""Of those who think of leaving as much as a plain full trouble makes them think, e to this power times as many leave
in a week; it is looked so many weeks ahead."""
INERT = 1.0
"""As many of those asleep leave as of the untroubled: the contract is forgotten, and so is the product."""
OWING = 20.0
"""How many times as many leave besides where a bill is owed: one in three or more. The trouble is then one of
billing."""

HEALS, OVER = 0.03, 0.2
"""From there to passing, and from the last of the weeks in which it passes to none, in a week."""
DOZES, DROPS, WAKES = 0.003, 0.35, 0.012
"""From untroubled to falling asleep, to asleep, and awake again, in a week."""

COURSE = THERE + len(ONWARD) * PASSING
"""Points on the course of a trouble of one depth: the weeks it is there, then those in which it passes, by when it
began to."""
POINTS = FIRST + len(TROUBLES) * len(DEPTHS) * COURSE


class Points(NamedTuple):
    """What is declared of each point, arrays [POINTS].

    Attributes
    ----------
    trouble
        Position in ``TROUBLES``; -1 where there is none.
    state
        Position among the states.
    level
        How much of a trouble is felt: in cases, scores.
    mood
        How far the thought of leaving has come: in data taken out, seats given back.
    use
        What is left of use.
    """

    trouble: Places
    state: Places
    level: Floats
    mood: Floats
    use: Floats


def state(trouble: str, stage: int) -> int:
    """Give the position of a stage of a trouble."""
    return FIRST + TROUBLES.index(trouble) * len(STAGES) + stage


def point(trouble: str, depth: int, week: int, began: int | None = None) -> int:
    """Give the position of a point: a week of a trouble, or of its passing, by when it ``began`` to."""
    first = FIRST + (TROUBLES.index(trouble) * len(DEPTHS) + depth) * COURSE
    return first + week if began is None else first + THERE + began * PASSING + week


def onward(week: int) -> int:
    """Give by its week where a trouble that begins to pass goes on."""
    return next(i for i, until in enumerate(_UNTIL) if week < until)


Felt: TypeAlias = "tuple[float, float, float]"
"""Level, mood and use at a point."""


def _course(trouble: str, depth: float) -> list[tuple[int, Felt]]:
    """Follow a trouble of one depth: stage, and what is felt, at each of its points."""
    lost = 1.0 - USES[trouble]

    def after(at: Felt, level: float) -> Felt:
        goal = max(1.0 - lost * level, LEAST_USE)
        return level, at[1] + THOUGHT * (level - at[1]), at[2] + HABIT * (goal - at[2])

    there: list[Felt] = []
    now = (0.0, 0.0, 1.0)
    for _ in range(THERE):
        now = after(now, now[0] + DEEPENS * (depth - now[0]))
        there.append(now)
    found = [(int(mood >= FULL), (level, mood, use)) for level, mood, use in there]
    for week in ONWARD:
        now = there[week]
        for _ in range(PASSING):
            now = after(now, now[0] * EASES)
            found.append((STAGES.index("passing"), now))
    return found


def _lay_out() -> Points:
    rows: list[tuple[int, int, float, float, float]]
    rows = [(-1, UNTROUBLED, 0.0, 0.0, 1.0), (-1, ASLEEP, 0.0, 0.0, USE_ASLEEP), (-1, FALLING, 0.0, 0.0, USE_FALLING)]
    for i, trouble in enumerate(TROUBLES):
        for depth in DEPTHS:
            rows += [(i, state(trouble, stage), *felt) for stage, felt in _course(trouble, depth)]
    trouble_, state_, level, mood, use = (np.array(column) for column in zip(*rows, strict=True))
    return Points(trouble_, state_, level, mood, use)


POINT = _lay_out()
LEVEL, MOOD, LOST = POINT.level, POINT.mood, 1.0 - POINT.use
"""What is felt, how far the thought of leaving has come, and what share of use is lost."""


def table(
    of: Callable[[str, Floats, Floats], Floats | float],
    *,
    untroubled: float = 1.0,
    asleep: float = 1.0,
    falling: float | None = None,
) -> Floats:
    """Give a figure for each point, float64 [POINTS]: ``of`` a trouble, its levels and moods, and of the others."""
    out = np.empty(POINTS)
    out[[UNTROUBLED, ASLEEP, FALLING]] = untroubled, asleep, asleep if falling is None else falling
    for i, trouble in enumerate(TROUBLES):
        mine = POINT.trouble == i
        out[mine] = of(trouble, LEVEL[mine], MOOD[mine])
    return out


def _passage() -> Floats:
    """Give P(point a week later) of every point [POINTS, POINTS], where nothing begins and nobody calls."""
    out = np.zeros((POINTS, POINTS))
    out[UNTROUBLED, UNTROUBLED] = 1.0
    out[ASLEEP, [ASLEEP, UNTROUBLED]] = 1 - WAKES, WAKES
    out[FALLING, [FALLING, ASLEEP]] = 1 - DROPS, DROPS
    for trouble in TROUBLES:
        for depth in range(len(DEPTHS)):
            for week in range(THERE):
                at, later = point(trouble, depth, week), point(trouble, depth, min(week + 1, THERE - 1))
                out[at, later] = 1 - HEALS
                out[at, point(trouble, depth, 0, onward(week))] = HEALS
            for began in range(len(ONWARD)):
                for week in range(PASSING - 1):
                    out[point(trouble, depth, week, began), point(trouble, depth, week + 1, began)] = 1.0
                last = point(trouble, depth, PASSING - 1, began)
                out[last, [last, UNTROUBLED]] = 1 - OVER, OVER
    return out


def _leaving() -> Floats:
    """Give how many times as many leave in the weeks ahead as of the untroubled, float64 [POINTS]."""
    week = np.where(POINT.trouble >= 0, np.exp(PRESSURE * MOOD), 1.0)
    week[[ASLEEP, FALLING]] = INERT
    passage, ahead = _passage(), np.zeros(POINTS)
    for _ in range(AHEAD):
        week = passage @ week
        ahead += week
    return np.asarray(ahead / AHEAD)


LEAVING = _leaving()
_OF_STATE = np.eye(STATES)[POINT.state]
_OF_KIND = np.zeros((POINTS, len(KINDS)))
_OF_KIND[UNTROUBLED, KIND_UNTROUBLED] = 1.0
_OF_KIND[[ASLEEP, FALLING], KIND_ASLEEP] = 1.0
for _i, _trouble in enumerate(TROUBLES):
    _OF_KIND[POINT.trouble == _i, THEMES.index(_trouble)] = 1.0


def to_states(found: Floats) -> Floats:
    """Give P(state) [n, STATES] of P(point) [n, POINTS]."""
    return _sums(found, _OF_STATE)


def to_leavers(found: Floats) -> Floats:
    """Give P(kind) x how many times as many of it leave as of the untroubled, [n, kinds], of P(point) [n, POINTS]."""
    return _sums(found * LEAVING, _OF_KIND)


def to_felt(found: Floats) -> Floats:
    """Give what is felt, how far the thought of leaving has come and what use is lost, [n, 3], of P(point)."""
    return _sums(found, np.column_stack([LEVEL, MOOD, LOST]))


def _sums(found: Floats, of: Floats) -> Floats:
    """Multiply row by row, so that no account's sums depend, in their last digit, on which others are asked about."""
    return np.asarray(np.einsum("np,pk->nk", found, of))


def to_kinds(found: Floats, *, passing: bool = True) -> Floats:
    """Give P(kind) [n, kinds] of P(state) [n, STATES]; what passes counts as a trouble, or else as none."""
    out = np.zeros((len(found), len(KINDS)))
    out[:, KIND_UNTROUBLED] = found[:, UNTROUBLED]
    out[:, KIND_ASLEEP] = found[:, ASLEEP] + found[:, FALLING]
    for trouble in TROUBLES:
        last = state(trouble, STAGES.index("passing"))
        out[:, THEMES.index(trouble)] = found[:, state(trouble, 0) : last].sum(axis=1)
        out[:, THEMES.index(trouble) if passing else KIND_UNTROUBLED] += found[:, last]
    return out
