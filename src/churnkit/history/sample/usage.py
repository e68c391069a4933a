"""Usage: who logs in and works, how it thins out, and the bills that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.history.sample import figures as fig
from churnkit.history.sample.ledger import HOUR, minutes, office_moments
from churnkit.timeline import DAY, NEVER

if TYPE_CHECKING:
    from churnkit.history.sample.dice import Dice
    from churnkit.history.sample.scene import Scene
    from churnkit.history.sample.state import Flags, Floats, Ints

EVENTS = (*fig.EVENTS, "incident", "payment_failed", "invoice_overdue")
INCIDENT, PAYMENT_FAILED, INVOICE_OVERDUE = range(len(fig.EVENTS), len(EVENTS))
EXPORT = fig.EVENTS.index("export")
NO_USER = -1


class Usage:
    """What accounts do, week by week.

    Attributes
    ----------
    keen
        Number of each account's keenest user; a successor has a new number.
    recent, usual
        What a manager sees: the account's events a week, of late and over the months.
    """

    def __init__(self, scene: Scene, dice: Dice) -> None:
        n = len(scene.state)
        self._scene, self._dice = scene, dice
        self.keen = np.ones(n, dtype=np.int64)
        self.recent, self.usual = np.zeros(n), np.zeros(n)

    def week(self, now: int, changed: Flags) -> None:
        """Write a week of logins and work.

        Parameters
        ----------
        changed
            Accounts whose keenest user leaves this week.
        """
        self.keen[changed] = fig.SEATS_MOST + 1 + self.keen[changed] % fig.SEATS_MOST
        dice, state, contracts = self._dice, self._scene.state, self._scene.contracts
        company = self._scene.company
        alive = np.flatnonzero(state.alive)
        mean = (
            fig.EVENTS_PER_WEEK
            * contracts.seats[alive] ** fig.SEATS_POWER
            * company.rhythm[alive]
            * state.engagement[alive]
            * season(now)
            * np.exp(fig.WEEK_SPREAD * dice.normal(len(alive)))
        )
        account = np.repeat(alive, dice.poisson(mean))
        at = office_moments(now, fig.WEEKDAYS, fig.REGION_HOURS[company.region[account]], dice)
        seat = np.floor(contracts.seats[account] * dice.uniform(len(account)) ** fig.USER_SKEW).astype(np.int64) + 1
        event = self._events(account)
        late = dice.chance(fig.LATE_EVENTS, len(account))
        delay = minutes(dice.between(6.0 * HOUR, fig.LATE_DAYS * DAY, len(account)))
        happens = contracts.covers(account, at) & ~((seat == 1) & state.champion_gone[account])
        user = np.where(seat == 1, self.keen[account], seat)
        recorded = np.where(late, at + delay, NEVER)
        self._scene.ledger.add(
            "activity",
            account=account[happens].astype(np.int32),
            at=at[happens],
            event=event[happens].astype(np.int8),
            value=np.full(int(happens.sum()), np.nan),
            user=user[happens].astype(np.int16),
            recorded=recorded[happens],
        )
        self._see(np.bincount(account[happens], minlength=len(state)).astype(np.float64))

    def _events(self, account: Ints) -> Ints:
        """Draw what is done: the unhappier, the more of it is exports."""
        weights = np.tile(np.array(fig.EVENT_SHARES), (len(self._scene.state), 1))
        weights[:, EXPORT] *= 1.0 + fig.EXPORTS_MORE * self._scene.state.unhappy
        edges = (np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True))[account]
        return np.asarray((self._dice.uniform(len(account))[:, None] > edges[:, :-1]).sum(axis=1))

    def _see(self, seen: Floats) -> None:
        self.recent += 0.40 * (seen - self.recent)
        self.usual += np.where(self.usual == 0, 1.0, 0.06) * (seen - self.usual)

    def bills(self, who: Ints, event: int, now: int, owed: Floats) -> None:
        """Write failed payments or overdue invoices of the week; the machine that tries knows no Sunday."""
        at = now + minutes(self._dice.uniform(len(who)) * 7 * DAY)
        self._facts(who, at, event, owed)

    def incident(self, who: Ints, at: int, length: float) -> None:
        """Write an incident for the accounts that it hits; the value is its length in minutes."""
        self._facts(who, np.full(len(who), at, dtype=np.int64), INCIDENT, np.full(len(who), length))

    def _facts(self, who: Ints, at: Ints, event: int, value: Floats) -> None:
        keep = self._scene.contracts.covers(who, at)
        who, at, value = who[keep], at[keep], value[keep]
        self._scene.ledger.add(
            "activity",
            account=who.astype(np.int32),
            at=at,
            event=np.full(len(who), event, dtype=np.int8),
            value=value.astype(np.float64),
            user=np.full(len(who), NO_USER, dtype=np.int16),
            recorded=np.full(len(who), NEVER, dtype=np.int64),
        )


def season(now: int) -> float:
    """Give the season's multiple of usage: quiet in August, and around Christmas."""
    day = np.datetime64(now + 3 * DAY, "us").astype("datetime64[D]")
    month = int(day.astype("datetime64[M]").astype(np.int64)) % 12 + 1
    in_month = int((day - day.astype("datetime64[M]")).astype(np.int64)) + 1
    if (month == 12 and in_month >= 20) or (month == 1 and in_month <= 3):
        return fig.CHRISTMAS
    return fig.AUGUST if month == 8 else 1.0


__all__ = ["EVENTS", "INVOICE_OVERDUE", "NO_USER", "PAYMENT_FAILED", "Usage", "season"]
