"""The scene: all that a plan is made of, gathered; and the verdict, the calls that were chosen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.choices import Choices
    from churnkit.contact.crew import Crew
    from churnkit.contact.policies import Policy
    from churnkit.contact.roster import Roster
    from churnkit.contact.standing import Holdout, Standing
    from churnkit.contact.value import Stake
    from churnkit.history import History
    from churnkit.reasons import Reasons
    from churnkit.scoring import Scores


@dataclass(frozen=True, eq=False)
class Scene:
    """Who could be called, by whom, and what is expected of it; arrays have one position per account of the roster.

    Attributes
    ----------
    size
        "small", "middle" or "large".
    weeks, explore
        How many weeks are planned; share of the capacity for calls by lot.
    """

    scores: Scores
    reasons: Reasons | None
    history: History
    roster: Roster
    stake: Stake
    crew: Crew
    standing: Standing
    holdout: Holdout
    choices: Choices
    size: NDArray[np.object_]
    weeks: int = 1
    explore: float = 0.0

    def lacking(self, policy: Policy) -> NDArray[np.bool_]:
        """Accounts about which too little is known to plan: no value, no probability, nobody who may call."""
        probability = self.roster.probability
        lacking = np.isnan(probability) | self.unowned
        return lacking | np.isnan(self.stake.amount) if policy.needs_value else lacking

    @cached_property
    def unowned(self) -> NDArray[np.bool_]:
        """Accounts for which nobody has hours: no manager is named, or one who is not in the managers table."""
        owner = self.crew.owner
        if self.crew.unit != "hours":
            return np.zeros(len(owner), dtype=np.bool_)
        return np.asarray((owner < 0) | ~np.append(self.crew.hired, False)[owner])

    @cached_property
    def best(self) -> NDArray[np.int64]:
        """The position in ``choices`` of the best way to call each account (of equals the own manager's)."""
        order = np.lexsort((np.arange(len(self.choices)), -self.choices.worth, self.choices.row))
        first = np.r_[True, np.diff(self.choices.row[order]) > 0][: len(order)]
        return np.asarray(order[first])


@dataclass(frozen=True, eq=False)
class Drawn:
    """Accounts off the list that were called by lot, or could have been.

    Attributes
    ----------
    candidate
        bool per account of the roster.
    propensity
        P(called), NaN for those that are no candidates or were certain to be called.
    calls
        Positions in ``choices`` of the calls drawn.
    """

    candidate: NDArray[np.bool_]
    propensity: NDArray[np.float64]
    calls: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Verdict:
    """What was decided.

    Attributes
    ----------
    calls
        Positions in ``choices`` of the calls to make, ascending.
    listed
        Positions in ``choices`` of the calls that the plan would make had nobody been held out.
    on_list
        Per account: whether it is among them.
    price
        Per pool: worth of one more hour (or contact); NaN where the policy prices nothing.
    gap
        How much better the plan could be at most, as a share.
    drawn
        Calls by lot to accounts off the list; None: none were asked for.
    """

    calls: NDArray[np.int64]
    listed: NDArray[np.int64]
    on_list: NDArray[np.bool_]
    price: NDArray[np.float64]
    gap: float
    drawn: Drawn | None = None
