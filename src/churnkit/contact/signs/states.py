"""States: what an account can be in, and what is declared of each.

A trouble begins, is full and passes; one at a time, since who has one grievance blames it for the next. Beside the
four troubles an account is untroubled, or asleep: it pays, under a contract that goes on by itself, for a product
it hardly uses, so that a call may remind it of a contract it has forgotten (Ascarza, Iyengar and Schleicher 2016);
*falling* asleep while its use ends. All figures are judgements, round, the same for every company: what matters is
their order, not their value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.signs.kinds import ASLEEP as KIND_ASLEEP
from churnkit.contact.signs.kinds import KINDS
from churnkit.contact.signs.kinds import UNTROUBLED as KIND_UNTROUBLED
from churnkit.history.signals import THEMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TROUBLES = ("support", "billing", "relationship", "usage")
"""Themes that have signs."""
STAGES = ("begun", "full", "passing")
UNTROUBLED, ASLEEP, FALLING, FIRST = range(4)
"""Positions; from ``FIRST`` on the stages of each trouble in turn."""
STATES = FIRST + len(TROUBLES) * len(STAGES)

LEVEL = (0.4, 1.0, 0.4)
"""How much of a trouble is felt at each stage: in cases, scores and use."""
MOOD = (0.2, 0.8, 0.5)
"""How far the thought of leaving has come, which lags behind: in data taken out, seats given back."""
LEAVES = (3.0, 8.0, 4.0)
"""How many times as many leave as of the untroubled."""
INERT = 0.5
"""The same of those asleep."""
OWING = 20.0
"""How many times as many leave besides where a bill is owed: one in three or more. The trouble is then one of
billing."""


def state(trouble: str, stage: int) -> int:
    """Give the position of a stage of a trouble."""
    return FIRST + TROUBLES.index(trouble) * len(STAGES) + stage


def table(
    of: Callable[[str, int], float], *, untroubled: float = 1.0, asleep: float = 1.0, falling: float | None = None
) -> Floats:
    """Give a figure for each state, float64 [STATES]: ``of`` a trouble and its stage, and of the others."""
    out = np.empty(STATES)
    out[[UNTROUBLED, ASLEEP, FALLING]] = untroubled, asleep, asleep if falling is None else falling
    for trouble in TROUBLES:
        for stage in range(len(STAGES)):
            out[state(trouble, stage)] = of(trouble, stage)
    return out


def leaving() -> Floats:
    """Give how many times as many leave in each state as of the untroubled, float64 [STATES]."""
    return table(lambda _, stage: LEAVES[stage], asleep=INERT)


def to_kinds(found: Floats, owes: NDArray[np.bool_], *, leavers: bool = True) -> Floats:
    """Give how likely each kind is, float64 [n, kinds]: of those who would leave, or of all.

    Parameters
    ----------
    found
        P(state), float64 [n, STATES].
    owes
        bool [n], whether a bill is owed.
    """
    leave = found * (leaving() if leavers else 1.0)
    out = np.zeros((len(found), len(KINDS)))
    out[:, KIND_UNTROUBLED] = leave[:, UNTROUBLED]
    out[:, KIND_ASLEEP] = leave[:, ASLEEP] + leave[:, FALLING]
    for trouble in TROUBLES:
        first = state(trouble, 0)
        out[:, THEMES.index(trouble)] = leave[:, first : first + len(STAGES)].sum(axis=1)
    out[:, THEMES.index("billing")] += OWING * owes
    return np.asarray(out / out.sum(axis=1, keepdims=True))
