"""Contracts: how they start, grow, renew at a higher price, and end; every change a dated version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.history.contracts import add_months
from churnkit.history.sample import figures as fig
from churnkit.history.sample.dice import Dice
from churnkit.history.sample.ledger import HOUR, MINUTE, WEEK, Ledger, minutes
from churnkit.timeline import DAY, NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history.sample.company import Company
    from churnkit.history.sample.state import Flags, Ints, State

REASONS = ("", "voluntary", "involuntary", "other")
VOLUNTARY, INVOLUNTARY, OTHER = 1, 2, 3
_OTHER_SHARE = 0.04  # of notices: the client was closed or bought; nothing that a call could change


class Contracts:
    """The current contract of every account.

    Attributes
    ----------
    seats, rate, mrr, plan
        Seats, EUR per seat and month, EUR a month, position in ``PLANS``.
    began, ends
        When the current contract began, and when it ends or has ended (NEVER: not known to end).
    number
        How many contracts the account has had.
    """

    def __init__(self, company: Company, state: State, ledger: Ledger, seed: int) -> None:
        n = len(state)
        self._state, self._ledger = state, ledger
        self._dice = Dice(seed, "contracts")  # as many draws every week, whoever leaves
        self._paper = Dice(seed, "paperwork")  # as many as there is paperwork
        self.seats = company.seats.copy()
        self.plan = np.searchsorted(np.array(fig.PLAN_FROM_SEATS), self.seats, side="right") - 1
        discount = np.where(state.annual, 1.0 - fig.ANNUAL_DISCOUNT, 1.0)
        self.rate = np.round(fig.PRICE_PER_SEAT[self.plan] * discount * self._dice.between(0.9, 1.05, n), 2)
        self.mrr = np.zeros(n)
        self.began = np.full(n, NEVER, dtype=np.int64)
        self.ends = np.full(n, NEVER, dtype=np.int64)
        self.number = np.zeros(n, dtype=np.int64)
        self._cancelled = np.full(n, NEVER, dtype=np.int64)
        self._reason = np.zeros(n, dtype=np.int64)

    def covers(self, account: Ints, at: Ints) -> Flags:
        """Tell whether an account's current contract runs at a moment."""
        return np.asarray((self.began[account] <= at) & (at < self.ends[account]))

    def open(self, who: Ints, at: Ints) -> None:
        """Begin a contract: of a new account, or of one that returns."""
        self._state.begin(who)
        self.began[who] = at
        self.ends[who] = self._cancelled[who] = NEVER
        self._reason[who] = 0
        self.number[who] += 1
        self._write(who, at)

    def give_notice(self, who: Ints, at: Ints) -> None:
        """Give notice: a monthly contract ends with the month, a yearly one with its term."""
        state = self._state
        months = _months_between(self.began[who], at)
        month_end = add_months(self.began[who] // DAY * DAY, months + 1)
        missed = state.anniversary[who] - at < fig.NOTICE_DAYS * DAY
        year_end = np.where(missed, add_months(state.anniversary[who], np.full(len(who), 12)), state.anniversary[who])
        self._cancelled[who] = at
        self.ends[who] = np.where(state.annual[who], year_end, month_end)
        self._reason[who] = np.where(self._paper.chance(_OTHER_SHARE, len(who)), OTHER, VOLUNTARY)
        state.notice[who] = True
        delay = self._paper.exponential(1.5 * HOUR, len(who))
        late = self._paper.chance(fig.LATE_NOTICE_SHARE, len(who))
        delay = np.where(late, self._paper.between(2.0 * DAY, 6.0 * DAY, len(who)), np.minimum(delay, 9.0 * HOUR))
        self._write(who, at + minutes(delay) + MINUTE)

    def stop(self, who: Ints, at: Ints, reason: int) -> None:
        """End contracts without notice: not signed again, or not paid."""
        self.ends[who] = at
        self._reason[who] = reason
        self._state.notice[who] = True
        self._write(who, at + 2 * HOUR)

    def renew(self, now: int) -> None:
        """Let the year turn: the announced price holds from the renewal on."""
        state = self._state
        turned = np.flatnonzero(state.alive & (state.anniversary >= now) & (state.anniversary < now + WEEK))
        at = state.anniversary[turned]
        risen = (state.increase[turned] > 0) & ~state.notice[turned]
        self.rate[turned[risen]] = np.round(self.rate[turned[risen]] * (1.0 + state.increase[turned[risen]]), 2)
        turn_year(state, now)
        self._write(turned[risen], at[risen])

    def resize(self, now: int) -> None:
        """Let content accounts grow and troubled ones give seats back; a larger team needs a larger plan."""
        state, dice = self._state, self._dice
        n = len(state)
        step = np.maximum(1, np.round(self.seats * dice.between(0.05, 0.25, n))).astype(np.int64)
        u = dice.uniform(n)
        grows = u < fig.SEATS_GROW * np.clip(1.0 - state.unhappy, 0.1, 1.0) * state.engagement
        shrinks = u > 1.0 - (fig.SEATS_SHRINK + fig.SEATS_SHRINK_TROUBLED * np.minimum(state.level, 1.2))
        seats = np.clip(self.seats + np.where(grows, step, np.where(shrinks, -step, 0)), 1, fig.SEATS_MOST)
        at = now + minutes(dice.uniform(n) * WEEK)
        quiet = ~state.notice & (self.began < now) & (state.anniversary >= now + WEEK)  # one change at a time
        who = np.flatnonzero(state.alive & quiet & (seats != self.seats) & self.covers(np.arange(n), at))
        self.seats[who] = seats[who]
        plan = np.searchsorted(np.array(fig.PLAN_FROM_SEATS), seats[who], side="right") - 1
        up = plan > self.plan[who]
        ratio = np.where(up, fig.PRICE_PER_SEAT[plan] / fig.PRICE_PER_SEAT[self.plan[who]], 1.0)
        self.rate[who] = np.round(self.rate[who] * ratio, 2)
        self.plan[who] = np.where(up, plan, self.plan[who])
        self._write(who, at[who])

    def close(self, now: int) -> None:
        """Close the contracts that end within the week."""
        over = self._state.alive & (self.ends < now + WEEK)
        self._state.alive &= ~over
        self._state.dormant &= ~over

    def win_back(self, now: int) -> None:
        """Let a few accounts return that left long enough ago."""
        state = self._state
        long_ago = ~state.alive & (self.number > 0) & (self.ends < now - fig.WIN_BACK_AFTER_WEEKS * WEEK)
        who = np.flatnonzero(long_ago & self._dice.chance(fig.WIN_BACK, len(state)))
        at = now + minutes(self._paper.between(8.0 * HOUR, 17.0 * HOUR, len(who)))
        state.anniversary[who] = add_months(at // DAY * DAY, np.full(len(who), 12))
        self.open(who, at)

    def _write(self, who: Ints, recorded: Ints) -> None:
        """Write a version of each contract as it is known from ``recorded`` on."""
        self.mrr[who] = np.round(self.rate[who] * self.seats[who], 2)
        self._ledger.add(
            "subscriptions",
            account=who,
            number=self.number[who],
            started=self.began[who],
            ends=self.ends[who],
            cancelled=self._cancelled[who],
            reason=self._reason[who],
            renews=np.where(self.ends[who] == NEVER, _next_year(self.began[who], recorded), NEVER),
            mrr=self.mrr[who],
            plan=self.plan[who],
            seats=self.seats[who],
            recorded=recorded,
        )


def turn_year(state: State, now: int) -> NDArray[np.bool_]:
    """Set the next anniversary where one falls into the week, and forget the rise announced for this one."""
    turned = state.alive & (state.anniversary >= now) & (state.anniversary < now + WEEK)
    state.anniversary[turned] = add_months(state.anniversary[turned], np.full(int(turned.sum()), 12))
    state.announced[turned] = False
    state.increase[turned] = 0.0
    return np.asarray(turned)


def _next_year(began: Ints, at: Ints) -> Ints:
    """Give the first yearly renewal after a moment."""
    years = _months_between(began, at) // 12
    return add_months(began // DAY * DAY, 12 * (years + 1))


def _months_between(start: Ints, at: Ints) -> Ints:
    """Count the whole months from a start to a moment."""
    day = start // DAY * DAY
    count = _month(at) - _month(day)
    return np.asarray(np.where(add_months(day, count) > at, count - 1, count))


def _month(at: Ints) -> Ints:
    return at.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)


__all__ = ["INVOLUNTARY", "REASONS", "VOLUNTARY", "Contracts", "turn_year"]
