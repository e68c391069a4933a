"""Leaving: who would leave, learnt from the company's own leavers, by what troubles them and by their contract.

A score weighs hundreds of facts one by one; what moves people to leave is what troubles them, and how near the day is
on which their contract lets them go. A logistic regression of these few on who left in the past months stands beside
the score in P(leave without a call), each weighing as much as it tells of held-out accounts (stacking, Wolpert 1992,
Neural Networks 5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from threadpoolctl import threadpool_limits

from churnkit import features as f
from churnkit.contact.held_out import boosted, chance, fitted, log_odds, logistic, mixed, weights
from churnkit.contact.later import later_calls
from churnkit.contact.segments import LONG_TERM
from churnkit.contact.signs import read_signs
from churnkit.contact.signs.states import ASLEEP, FALLING, FIRST, STAGES, TROUBLES
from churnkit.contact.signs.weeks import names_troubles
from churnkit.contact.uncalled import uncalled
from churnkit.labels import label, reporting_end
from churnkit.timeline import DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.signs import Signs
    from churnkit.features import Expression
    from churnkit.history import History
    from churnkit.labels import ChurnDefinition
    from churnkit.scoring import ChurnModel

    Floats = NDArray[np.float64]

EVERY, MOST_MOMENTS = 28 * DAY, 26
"""Accounts are looked at every four weeks, over two years at most."""
RECORD = 28 * DAY
"""So long must the record be before the first moment: signs of a few weeks tell something."""
MOST_ROWS = 20_000
"""With more accounts and moments, some of the accounts are learnt from, spread evenly."""
LEAST_LEAVERS = 50
"""With fewer nothing is learnt, and the score stands alone."""
DUE = (0.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0, 240.0, 365.0)
"""Days until a term ends; in between, the log-odds go straight from one to the next; beyond, they stay."""
YOUNG = 120.0
"""Days after which a new account's own risk has fallen to a third."""
LONG_OWED = 4
"""Weeks beyond the first after which a bill that is still owed tells no more."""
MOST_LEVEL, HALVINGS = 5.0, 50
"""Within so many log-odds the level lies; it is found by halving so often."""
AT_RISK, LEAST_OFF = 10, 0.1
"""One in so many are those most at risk. No expectation of what is to come is surer than ``LEAST_OFF``: past contacts
kept some, and the months ahead differ from those behind; twelve made-up companies were off by a tenth."""
FACTS = (
    "risk of its trouble",
    *STAGES,
    "felt",
    "thought of leaving",
    "use lost",
    "asleep",
    "owes",
    "owes for longer",
    "seats",
    "young",
    "long term",
    "ends by itself",
    *(f"renews in {d:g} days" for d in DUE[:-1]),
    *(f"ends in {d:g} days" for d in DUE[:-1]),
)
"""What is known of an account, in the order of the coefficients."""


class Leaving(BaseModel):
    """Who would leave, by signs and contract.

    Attributes
    ----------
    intercept, coefficients
        Of the log-odds of leaving within the main horizon, one coefficient for each of ``FACTS``.
    signs, score, level
        Log-odds without a call are ``level + signs x`` those of this regression ``+ score x`` those of the score. The
        level is such that the book as a whole leaves as the regression has it, and as many more as past calls kept.
    called
        How many calls, each by the share of the horizon left to it, there were for each who would leave: the past was
        lived with them.
    off
        Standard deviation, as a share, by which those most at risk at one moment leave more or less than expected,
        beyond chance.
    accounts, snapshots, leavers
        Learnt from so many.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    intercept: float
    coefficients: tuple[float, ...] = Field(min_length=len(FACTS), max_length=len(FACTS))
    signs: float = Field(gt=0)
    score: float = Field(ge=0)
    level: float = 0.0
    called: float = Field(default=0.0, ge=0)
    off: float = Field(gt=0)
    accounts: int
    snapshots: int
    leavers: int

    @classmethod
    def learn(cls, model: ChurnModel, history: History, *, kept: float = 0.0) -> Leaving | None:
        """Learn from who left in the past.

        Parameters
        ----------
        model
            Its churn definition is the outcome; what its features tell of accounts held out says how much its score
            weighs.
        kept
            Share of leavers whom a past call is taken to have kept.

        Returns
        -------
        Leaving
            None where the history has no signs, too few have left, or signs tell nothing beside the features.
        """
        if not names_troubles(history):
            return None
        account, cutoff, left = snapshots(history, model.recipe.churn)
        if min(left.sum(), (1 - left).sum()) < LEAST_LEAVERS:
            return None
        signs = read_signs(history, account, cutoff)
        if signs is None:
            return None
        told = np.flatnonzero(signs.told)
        account, cutoff, left, signs = account[told], cutoff[told], left[told], signs.of(told)
        if min(left.sum(), (1 - left).sum()) < LEAST_LEAVERS:
            return None
        known = facts(history, account, cutoff, signs)
        beside = f.compute(tuple(model.features), history, account=account, cutoff=cutoff).values.astype(np.float64)
        with threadpool_limits(1):
            unseen = logistic(known, left, account), boosted(beside, left, account)
            _, by_signs, by_score = weighed = weights(*unseen, left)
            intercept, coefficients = fitted(known, left)
        if by_signs <= 0:
            return None
        together = mixed(weighed, *unseen)
        # decided at the snapshot or later
        calls = later_calls(history, account, cutoff - 1, model.recipe.churn.horizon.micros)
        found = cls(
            intercept=intercept,
            coefficients=tuple(coefficients.tolist()),
            signs=by_signs,
            score=by_score,
            called=float(np.average(calls, weights=together)),
            off=_off(together, left, cutoff),
            accounts=len(np.unique(account)),
            snapshots=len(account),
            leavers=int(left.sum()),
        )
        return found._levelled(model, history, kept=kept)

    def _levelled(self, model: ChurnModel, history: History, *, kept: float) -> Leaving:
        """Take the level at which, of the accounts there at the end of the record, as many leave as by the signs.

        And those besides whom calls have kept (:func:`churnkit.contact.uncalled.uncalled`).
        """
        scores = model.score(history, reporting_end(history, model.recipe.churn))
        account = np.array([history.code(a) for a in scores.frame["account_id"]], dtype=np.int32)
        cutoff = np.full(len(account), int(scores.as_of), dtype=np.int64)
        signs = read_signs(history, account, cutoff)
        if signs is None:
            return self
        probability = scores.frame["probability"].to_numpy(dtype=np.float64)
        told = np.flatnonzero(np.isfinite(probability) & signs.told)
        if not len(told):
            return self
        known, probability = facts(history, account[told], cutoff[told], signs.of(told)), probability[told]
        wanted = uncalled(chance(self._by_signs(known)), np.full(len(known), self.called), kept).mean()
        low, high = -MOST_LEVEL, MOST_LEVEL
        for _ in range(HALVINGS):
            level = (low + high) / 2
            few = self.model_copy(update={"level": level}).beside(probability, known).mean() < wanted
            low, high = (level, high) if few else (low, level)
        return self.model_copy(update={"level": (low + high) / 2})

    def _by_signs(self, known: Floats) -> Floats:
        return np.asarray(self.intercept + known @ np.array(self.coefficients))

    def beside(self, probability: Floats, known: Floats) -> Floats:
        """Give P(leave without a call), float64 [n], of scores' probabilities [n] and facts [n, FACTS]."""
        return chance(self.level + self.signs * self._by_signs(known) + self.score * log_odds(probability))

    def told(self) -> str:
        """Say what was learnt, in a sentence."""
        weight = self.signs / (self.signs + self.score)
        return (
            f"P(leave without a call) leans by {weight:.0%} on what troubles an account and when its contract ends, "
            f"learnt from {self.leavers:,} leavers among {self.snapshots:,} snapshots of {self.accounts:,} accounts, "
            "and for the rest on the score; the weights are those that told held-out accounts best."
            + (f" Past calls, {self.called:.2f} for each who would leave, are reckoned with." if self.called else "")
        )


def snapshots(history: History, churn: ChurnDefinition) -> tuple[NDArray[np.int32], NDArray[np.int64], Floats]:
    """Give accounts, moments and whether they left, at moments whose outcome is known, the last one first."""
    churn.check(history)
    last = reporting_end(history, churn) - churn.horizon.micros - churn.lead.micros
    first = history.first_moment + RECORD
    moments = np.arange(last, first, -EVERY)[:MOST_MOMENTS]
    if not len(moments):
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64), np.zeros(0)
    found = label(history, churn, moments, (churn.horizon,))
    known = np.flatnonzero(found.y[:, 0] >= 0)
    account, cutoff, left = found.account[known], found.cutoff[known], found.y[known, 0].astype(np.float64)
    if len(known) > MOST_ROWS:
        some = np.unique(account)
        some = some[np.unique(np.linspace(0, len(some) - 1, MOST_ROWS * len(some) // len(known)).astype(np.int64))]
        kept = np.isin(account, some)
        account, cutoff, left = account[kept], cutoff[kept], left[kept]
    return account, cutoff, left


def facts(history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64], signs: Signs) -> Floats:
    """Give what is known of accounts at their moments, float64 [n, FACTS]; 0 where it is not."""
    stages = signs.states[:, FIRST:].reshape(len(account), len(TROUBLES), len(STAGES)).sum(axis=1)
    named = {name for name in ("seats", "renewal_due", "term_months", "auto_renew") if name in history.signals.names}
    asked: dict[str, Expression] = {name: f.latest(name) for name in sorted(named - {"renewal_due"})}
    if "renewal_due" in named:
        asked["renewal_due"] = f.days_until("renewal_due")
    asked["tenure"] = f.tenure()
    values = f.compute(list(asked.values()), history, account=account, cutoff=cutoff).values.astype(np.float64)
    seen = dict(zip(asked, values.T, strict=True))
    nothing = np.full(len(account), np.nan)
    due = seen.get("renewal_due", nothing)
    ends = seen.get("auto_renew", nothing) == 0
    # a short term can be ended at any time; of one whose length is not known its end is looked at where that is known
    long = ~(seen.get("term_months", nothing) < LONG_TERM) & np.isfinite(due)
    near = np.column_stack([np.interp(due, DUE, row) for row in np.eye(len(DUE))[:-1]])
    near = np.where(long[:, None], near, 0.0)
    return np.column_stack(
        [
            np.log(np.maximum(signs.risk, 1e-3)),
            stages,
            signs.felt,
            signs.states[:, [ASLEEP, FALLING]].sum(axis=1),
            signs.owes,
            np.minimum(np.maximum(signs.owed - 1, 0), LONG_OWED),
            np.log(np.maximum(np.nan_to_num(seen.get("seats", nothing), nan=1.0), 1.0)),
            np.exp(-np.nan_to_num(seen["tenure"], nan=np.inf) / YOUNG),
            long,
            long & ends,
            near * ~ends[:, None],
            near * ends[:, None],
        ]
    )


def _off(expected: Floats, left: Floats, cutoff: NDArray[np.int64]) -> float:
    """Give the standard deviation, beyond chance, of leavers over those expected among the tenth most at risk."""
    beyond = []
    for moment in np.unique(cutoff):
        rows = np.flatnonzero(cutoff == moment)
        top = rows[np.argsort(-expected[rows], kind="stable")[: max(len(rows) // AT_RISK, 1)]]
        mean, luck = expected[top].sum(), (expected[top] * (1 - expected[top])).sum()
        beyond.append(((left[top].sum() - mean) ** 2 - luck) / mean**2)
    return float(np.sqrt(max(np.mean(beyond), LEAST_OFF**2)))
