"""Calls: whom managers call of their own judgement, whom the trial draws by lot, and what is carried out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.history.sample import figures as fig
from churnkit.history.sample.company import WEEK
from churnkit.history.sample.ledger import HOUR, minutes
from churnkit.tables import ROLES
from churnkit.timeline import DAY, NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history.sample.dice import Dice
    from churnkit.history.sample.scene import Scene
    from churnkit.history.sample.state import Flags, Floats, Ints
    from churnkit.history.sample.support import Support
    from churnkit.history.sample.usage import Usage
    from churnkit.history.sample.voice import Voice

ASSIGNMENTS = ("judgement", "random")
JUDGEMENT, RANDOM = range(2)
NO_ROLE = -1
DECIDED_AT = 7 * HOUR
"""Of the first day of a week: before office hours."""
SALES, SERVICE, TECHNICAL, FINANCIAL = range(len(ROLES))


@dataclass(frozen=True, eq=False)
class Calls:
    """Contacts decided on at the beginning of a week.

    Attributes
    ----------
    account, role
        Whom to call, and in which role (position in ``ROLES``).
    assignment
        JUDGEMENT or RANDOM.
    propensity
        P(contacted), where drawn by lot; else NaN.
    """

    account: Ints
    role: Ints
    assignment: int
    propensity: Floats


class Desk:
    """The managers at work.

    Attributes
    ----------
    last
        When each account was last called.
    """

    def __init__(self, scene: Scene, dice: Dice, *, trial: tuple[int, int], lots: bool) -> None:
        n = len(scene.state)
        self._scene, self._dice, self._trial, self._lots = scene, dice, trial, lots
        self.last = np.full(n, -NEVER, dtype=np.int64)
        nobody, unknown = np.empty(0, dtype=np.int64), np.empty(0)
        self._log(0, 1, Calls(nobody, nobody, JUDGEMENT, unknown), who=nobody, propensity=unknown, on_list=nobody)

    def eligible(self, now: int) -> Flags:
        """Tell who may be called: under contract (not just up for signing), no notice, cool-down or mark."""
        state, contracts = self._scene.state, self._scene.contracts
        at = now + DECIDED_AT
        signing = state.annual & ~state.auto_renew & (state.anniversary >= now) & (state.anniversary < at)
        rested = self.last < now - fig.COOL_DOWN_DAYS * DAY
        settled = contracts.began < now - fig.ONBOARDING_DAYS * DAY
        return np.asarray(
            state.alive & ~state.notice & ~self._scene.company.do_not_contact & rested & settled & ~signing
        )

    def decide(self, now: int, week: int, signs: Signs) -> Calls | None:
        """Decide on the week's calls, and log who could have been called where that is logged.

        Before the trial nothing is logged but the calls; during it contacts are drawn every two weeks (where
        there are no lots, all goes on as before); after it judgement decides again, and is logged.
        """
        eligible = self.eligible(now)
        worry = self._worry(signs)
        chosen = self._most_worrying(worry, eligible)
        if week >= self._trial[1]:
            return self._judged(now, chosen, signs, eligible=eligible)
        if week < self._trial[0] or not self._lots:
            return self._judged(now, chosen, signs, eligible=None)
        if (week - self._trial[0]) % fig.TRIAL_WEEKS:
            return None
        return self._drawn(now, eligible, chosen)

    def _worry(self, signs: Signs) -> Floats:
        """Say how much an account worries its manager: what is visible, what is heard, and mere feeling."""
        state = self._scene.state
        fallen = np.clip(1.0 - signs.usage.recent / np.maximum(signs.usage.usual, 0.5), 0.0, 1.0)
        low = np.clip(7.0 - np.nan_to_num(signs.voice.last_nps, nan=7.0), 0.0, 7.0) / 7.0
        seen = 1.2 * fallen + 0.9 * low + 0.3 * np.minimum(signs.support.load, 4.0) + 0.5 * (state.unpaid > 0)
        large = 0.15 * np.log1p(self._scene.contracts.mrr / 100.0)
        felt = fig.GRAPEVINE * state.unhappy + fig.WORRY_NOISE * self._dice.normal(len(state))
        return np.asarray(seen + large + felt)

    def _most_worrying(self, worry: Floats, eligible: Flags) -> Ints:
        """Give the accounts that worry each manager most, as many as are called in a week."""
        who = np.flatnonzero(eligible)
        manager = self._scene.company.managers[who]
        order = np.lexsort((-worry[who], manager))
        manager = manager[order]
        rank = np.arange(len(who)) - np.searchsorted(manager, manager)
        return np.sort(who[order[rank < fig.CALLS_PER_MANAGER]])

    def _judged(self, now: int, chosen: Ints, signs: Signs, *, eligible: Flags | None) -> Calls:
        calls = Calls(chosen, self._guess(chosen, signs), JUDGEMENT, np.full(len(chosen), np.nan))
        if eligible is not None:
            self._log(now, 1, calls, who=np.flatnonzero(eligible), propensity=None, on_list=chosen)
        return calls

    def _guess(self, who: Ints, signs: Signs) -> Ints:
        """Guess the role from what is visible; three in ten call in the role that they like best."""
        state, company = self._scene.state, self._scene.company
        soon = state.announced[who] & (state.increase[who] > 0)
        role = np.full(len(who), SERVICE)
        role = np.where(signs.usage.recent[who] < 0.3 * signs.usage.usual[who], SALES, role)
        role = np.where(signs.support.load[who] >= 1.5, TECHNICAL, role)
        role = np.where(soon, np.where(self._dice.chance(0.5, len(who)), SALES, FINANCIAL), role)
        role = np.where(state.unpaid[who] > 0, FINANCIAL, role)
        liked = company.staff.skill.argmax(axis=1)[company.managers[who]]
        return np.where(self._dice.chance(0.3, len(who)), liked, role)

    def _drawn(self, now: int, eligible: Flags, chosen: Ints) -> Calls:
        """Draw contacts by lot: the probability depends on size and renewal alone, and is written down."""
        who = np.flatnonzero(eligible)
        stratum, renewing = self._stratum(who, now)
        propensity = fig.TRIAL_PROPENSITY[stratum, renewing]
        drawn = self._dice.uniform(len(self.last))[who] < propensity
        role = self._dice.pick(fig.TRIAL_ROLES, len(self.last))[who]
        calls = Calls(who[drawn], role[drawn], RANDOM, propensity[drawn])
        self._log(now, fig.TRIAL_WEEKS, calls, who=who, propensity=propensity, on_list=chosen)
        return calls

    def _stratum(self, who: Ints, now: int) -> tuple[Ints, Ints]:
        stratum = np.searchsorted(np.array(fig.STRATUM_MRR), self._scene.contracts.mrr[who])
        renewing = (self._scene.state.anniversary[who] - now < fig.TRIAL_RENEWAL_DAYS * DAY).astype(np.int64)
        return stratum, renewing

    def _log(
        self, now: int, weeks: int, calls: Calls, *, who: Ints, propensity: NDArray[np.float64] | None, on_list: Ints
    ) -> None:
        n = len(who)
        stratum, renewing = self._stratum(who, now)
        role = np.full(len(self.last), NO_ROLE)
        role[calls.account] = calls.role
        random = propensity is not None
        shares = np.append(np.array(fig.TRIAL_ROLES) / sum(fig.TRIAL_ROLES), np.nan)
        self._scene.ledger.add(
            "decisions",
            account=who,
            at=np.full(n, now + DECIDED_AT),
            contact=np.isin(who, calls.account),
            assignment=np.full(n, calls.assignment),
            propensity=np.full(n, np.nan) if propensity is None else propensity,
            role=role[who],
            role_propensity=shares[role[who]] if random else np.full(n, np.nan),
            until=np.full(n, now + DECIDED_AT + weeks * WEEK),
            stratum=2 * stratum + renewing,
            on_list=np.isin(who, on_list),
        )

    def carry_out(self, now: int, calls: Calls, left: Ints) -> tuple[Ints, Ints]:
        """Make the calls within the working week; give whom they reached, in which role.

        Parameters
        ----------
        left
            When each account leaves, or gives notice, in this week (NEVER: it does not): whoever has is not
            called any more.
        """
        dice = self._dice
        n = len(calls.account)
        made = ~dice.chance(fig.NOT_MADE, n)
        reached = ~dice.chance(fig.NOT_REACHED, n)
        day = dice.whole(0, fig.CALL_DAYS, n) * DAY
        at = now + day + minutes(dice.between(8.0 * HOUR, 17.0 * HOUR, n))
        made &= at < left[calls.account]
        length = np.where(reached, fig.CALL_MINUTES[calls.role] * dice.between(0.5, 1.5, n), 5.0)
        late = dice.chance(0.05, n)
        account = calls.account
        self._scene.ledger.add(
            "contacts",
            account=account[made],
            at=at[made],
            role=calls.role[made],
            length=np.floor(length[made]),
            channel=dice.whole(0, len(CHANNELS), n)[made],
            assignment=np.full(n, calls.assignment)[made],
            propensity=calls.propensity[made],
            reached=reached[made],
            decided=np.full(n, now + DECIDED_AT)[made],
            recorded=np.where(late, at + minutes(dice.between(DAY, 4.0 * DAY, n)), at + HOUR // 2)[made],
        )
        self.last[account[made]] = at[made]
        return account[made & reached], calls.role[made & reached]


CHANNELS = ("phone", "phone", "video", "visit")


@dataclass(frozen=True, eq=False)
class Signs:
    """What a manager can see: usage, scores, cases."""

    usage: Usage
    voice: Voice
    support: Support


__all__ = ["ASSIGNMENTS", "CHANNELS", "NO_ROLE", "Calls", "Desk", "Signs"]
