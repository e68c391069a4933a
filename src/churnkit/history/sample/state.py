"""The state of every account at the start of a week: what moves, and the traits that move it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history.sample.dice import Dice

    Flags = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(eq=False)
class State:
    """One position of every array is one account; nothing here is ever written to a table.

    Attributes
    ----------
    opened
        When the account opens (microseconds UTC), perhaps in weeks to come.
    annual, auto_renew
        The terms of its contract.
    offset
        Its own log hazard: size, channel, frailty.
    openness, touchy, prone, stays_if_called
        How far it is moved by a talk, by a price, how many cases it opens, and whether a call leaves
        it be where it is dormant.
    alive, notice
        Whether its contract runs, and whether notice has been given.
    anniversary, increase, announced
        The next yearly renewal, the price rise for it (0 or a share), and whether it has been announced.
    cause, depth, level, healing
        What troubles it (position in ``CAUSES``), how deep that goes, how deep it is now, whether it passes.
    unhappy, engagement, dormant, champion_gone
        The mood, usage as a share of its own normal, whether the users have drifted away, and whether
        the keenest of them has left.
    warmth
        Log hazard that past contacts have added (below zero: taken away).
    unpaid
        Weeks of dunning; 0: nothing is owed.
    helped
        Whether a financial contact is at work on what is owed.
    """

    opened: Ints
    annual: Flags
    auto_renew: Flags
    offset: Floats
    openness: Floats
    touchy: Floats
    prone: Floats
    stays_if_called: Flags
    alive: Flags
    notice: Flags
    anniversary: Ints
    increase: Floats
    announced: Flags
    cause: Ints
    depth: Floats
    level: Floats
    healing: Flags
    unhappy: Floats
    engagement: Floats
    dormant: Flags
    champion_gone: Flags
    warmth: Floats
    unpaid: Ints
    helped: Flags

    def __len__(self) -> int:
        return len(self.opened)

    def rows(self, index: NDArray[np.int64]) -> State:
        """Copy some accounts, also several times each."""
        return replace(self, **{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def copy(self) -> State:
        """Copy all accounts."""
        return self.rows(np.arange(len(self)))

    def begin(self, who: Ints) -> None:
        """Start a contract untroubled: new accounts, and those that return."""
        self.alive[who] = True
        for name in ("notice", "announced", "healing", "dormant", "champion_gone", "helped"):
            getattr(self, name)[who] = False
        for name in ("increase", "depth", "level", "unhappy", "warmth", "cause", "unpaid"):
            getattr(self, name)[who] = 0
        self.engagement[who] = 1.0


@dataclass(frozen=True, eq=False)
class Luck:
    """What befalls each account in one week: a number in (0, 1) for every matter, needed or not.

    One number per account and matter, whatever happens, so that two courses of the same company (one
    with a contact, one without) have the same luck.
    """

    incident: Floats
    grudge: Floats
    champion: Floats
    rise: Floats
    touchy: Floats
    support: Floats
    adoption: Floats
    depth: Floats
    heal: Floats
    mood: Floats
    doze: Floats
    wake: Floats
    fails: Floats
    recovers: Floats
    leaves: Floats
    when: Floats
    cure: Floats
    woken: Floats

    @classmethod
    def draw(cls, dice: Dice, n: int) -> Luck:
        """Draw a week's luck for n accounts."""
        names = [f.name for f in fields(cls)]
        numbers = dice.uniform(n * len(names)).reshape(len(names), n)
        return cls(**dict(zip(names, numbers, strict=True)))

    def rows(self, index: NDArray[np.int64]) -> Luck:
        """Give some accounts the luck of others, also several times."""
        return replace(self, **{f.name: getattr(self, f.name)[index] for f in fields(self)})
