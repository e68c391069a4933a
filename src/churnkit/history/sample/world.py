"""The world: a company that lives week by week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.history.sample import figures as fig
from churnkit.history.sample import trouble
from churnkit.history.sample.calls import DECIDED_AT, Calls, Desk, Signs
from churnkit.history.sample.company import WEEK, found
from churnkit.history.sample.contracts import INVOLUNTARY, VOLUNTARY, Contracts
from churnkit.history.sample.dice import Dice
from churnkit.history.sample.ledger import HOUR, MINUTE, Ledger, minutes
from churnkit.history.sample.scene import Scene
from churnkit.history.sample.state import Luck
from churnkit.history.sample.support import Support
from churnkit.history.sample.usage import INVOICE_OVERDUE, PAYMENT_FAILED, Usage
from churnkit.history.sample.voice import Voice
from churnkit.timeline import DAY, NEVER

if TYPE_CHECKING:
    from churnkit.history.sample.state import Flags, Ints, State

KEPT_EVERY_WEEKS = 4
"""How often the whole hidden state is kept, so that the truth can be asked later."""


@dataclass(frozen=True)
class Plan:
    """When the company lives.

    Attributes
    ----------
    begin
        The start of the first week, long before the record.
    weeks
        For how many weeks accounts open; a simulation may step as far.
    seed
        Of all luck.
    trial
        The weeks of the trial, from the first to before the second.
    lots
        Whether contacts are drawn by lot in these weeks.
    """

    begin: int
    weeks: int
    seed: int
    trial: tuple[int, int]
    lots: bool = True


class World:
    """A company, and its hidden state, at the start of a week.

    A loop over :meth:`step` is its whole life. Whoever wants to know what other calls would have done
    gives their own to :meth:`step`: the luck of every account stays the same.

    Attributes
    ----------
    scene
        The company, its hidden state, its contracts, and the ledger of facts.
    now, week
        Start of the coming week, and its number.
    kept
        Copies of the hidden state at the start of some weeks.
    """

    def __init__(self, accounts: int, plan: Plan) -> None:
        self.plan = plan
        company, state = found(accounts, begin=plan.begin, weeks=plan.weeks, dice=Dice(plan.seed, "company"))
        ledger = Ledger()
        contracts = Contracts(company, state, ledger, plan.seed)
        self.scene = Scene(company, state, contracts, ledger)
        self._luck, self._news = Dice(plan.seed, "luck"), Dice(plan.seed, "news")
        self.signs = Signs(
            Usage(self.scene, Dice(plan.seed, "usage")),
            Voice(self.scene, Dice(plan.seed, "voice")),
            Support(self.scene, Dice(plan.seed, "support")),
        )
        self.desk = Desk(self.scene, Dice(plan.seed, "calls"), trial=plan.trial, lots=plan.lots)
        self.week, self.now = 0, plan.begin
        self.kept: dict[int, State] = {}

    def step(self, calls: Calls | None = None) -> None:
        """Live one week.

        Parameters
        ----------
        calls
            Contacts planned for the week; None: the company decides as it always does.
        """
        state, now = self.scene.state, self.now
        self._open()
        if self.week % KEPT_EVERY_WEEKS == 0:
            self.keep()
        luck = Luck.draw(self._luck, len(state))
        hit = self._incident()
        told = trouble.announce(state, now, luck)
        trouble.strike(state, now, luck, hit=hit, told=told)
        trouble.live(state, luck)
        self._record()
        calls = self.desk.decide(now, self.week, self.signs) if calls is None else calls
        left = self._leave(luck)
        who, role = self._call(calls, left)
        self.signs.usage.week(now, luck.champion < fig.CHAMPION_LEAVES)
        self.signs.support.week(now, told, self.signs.voice)
        self.signs.voice.week(now, self.week, self.signs.usage.keen)
        self.scene.contracts.resize(now)
        self.scene.contracts.renew(now)
        trouble.touch(state, who, role, luck)  # a call works from the next week on
        self.scene.contracts.close(now)
        self.week, self.now = self.week + 1, now + WEEK

    def keep(self) -> None:
        """Keep a copy of the hidden state as it is now."""
        self.kept[self.now] = self.scene.state.copy()

    def _open(self) -> None:
        """Open new accounts, and those that come back; in the first week all that have opened before."""
        opened, contracts = self.scene.state.opened, self.scene.contracts
        new = np.flatnonzero((opened < self.now + WEEK) & (contracts.number == 0))
        contracts.open(new, opened[new])
        contracts.win_back(self.now)

    def _incident(self) -> Flags:
        """Let the product fail, perhaps; give the accounts that it hits."""
        state, news = self.scene.state, self._news
        happens, when, length = (float(u) for u in news.uniform(3))
        hit = state.alive & news.chance(fig.INCIDENT_REACH, len(state))
        if happens >= fig.INCIDENT_WEEKS:
            return np.zeros(len(state), dtype=np.bool_)
        low, high = fig.INCIDENT_MINUTES
        at = self.now + int(when * 5 * DAY) // MINUTE * MINUTE
        self.signs.usage.incident(np.flatnonzero(hit), at, float(int(low + (high - low) * length)))
        return hit

    def _leave(self, luck: Luck) -> Ints:
        """Let accounts give notice, lapse, or fail to pay; give when each does (NEVER: it stays)."""
        state, now, contracts = self.scene.state, self.now, self.scene.contracts
        early = DECIDED_AT + HOUR  # nobody leaves before the week's calls are decided on
        when = now + early + minutes(luck.when * (WEEK - early))
        everybody = np.arange(len(state))
        notice = luck.leaves < 1.0 - np.exp(-trouble.notice_intensity(state, now))
        notice &= contracts.covers(everybody, when)
        lapses = trouble.lapsing(state, now) & ~notice & (luck.leaves < trouble.lapse_probability(state))
        fails, ends = trouble.dun(state, luck)
        ends &= contracts.covers(everybody, when) & ~notice & ~lapses & ~state.notice
        contracts.give_notice(np.flatnonzero(notice), when[notice])
        contracts.stop(np.flatnonzero(lapses), state.anniversary[lapses], VOLUNTARY)
        contracts.stop(np.flatnonzero(ends), when[ends], INVOLUNTARY)
        owing = np.flatnonzero(fails)
        self.signs.usage.bills(owing, PAYMENT_FAILED, now, contracts.mrr[owing])
        overdue = np.flatnonzero(fails & (state.unpaid == OVERDUE_WEEK))
        self.signs.usage.bills(overdue, INVOICE_OVERDUE, now, contracts.mrr[overdue])
        left = np.where(notice | ends, when, NEVER)
        return np.where(lapses, state.anniversary, left)

    def _call(self, calls: Calls | None, left: Ints) -> tuple[Ints, Ints]:
        if calls is None or not len(calls.account):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        return self.desk.carry_out(self.now, calls, left)

    def _record(self) -> None:
        """Write the week's truth: it stays in the ledger and never becomes a table."""
        state, now = self.scene.state, self.now
        who = np.flatnonzero(state.alive & ~state.notice)
        self.scene.ledger.add(
            "truth",
            account=who,
            week=np.full(len(who), now),
            cause=state.cause[who].astype(np.int8),
            trouble=state.level[who],
            unhappy=state.unhappy[who],
            dormant=state.dormant[who],
            hazard=trouble.leaves_this_week(state, now)[who],
        )


OVERDUE_WEEK = 2
"""After so many weeks of dunning an invoice counts as overdue."""
