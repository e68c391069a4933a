"""Support: the cases that accounts open, and how well they are solved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.history.sample import figures as fig
from churnkit.history.sample.ledger import HOUR, MINUTE, minutes, office_moments
from churnkit.timeline import DAY, NEVER

if TYPE_CHECKING:
    from churnkit.history.sample.dice import Dice
    from churnkit.history.sample.scene import Scene
    from churnkit.history.sample.state import Flags, Ints
    from churnkit.history.sample.voice import Voice

NO_SUBJECT = -1
_BILLING = fig.CATEGORIES.index("billing")
_ASK_ABOUT_PRICE = 0.30  # of accounts told of a rise, who write in about it


class Support:
    """The help desk.

    Attributes
    ----------
    load
        What a manager sees of each account: cases of the last weeks, the older the less.
    """

    def __init__(self, scene: Scene, dice: Dice) -> None:
        self._scene, self._dice = scene, dice
        self.load = np.zeros(len(scene.state))

    def week(self, now: int, told: Flags, voice: Voice) -> None:
        """Open and solve the cases of a week; ``told`` are the accounts that hear of a price rise."""
        dice, state, contracts = self._dice, self._scene.state, self._scene.contracts
        more = 1.0 + fig.TICKETS_MORE[state.cause] * state.level
        mean = fig.TICKETS * np.sqrt(contracts.seats) * state.prone * more * (0.35 + 0.65 * state.engagement)
        counts = dice.poisson(np.where(state.alive, mean, 0.0))
        asking = told & dice.chance(_ASK_ABOUT_PRICE, len(state))
        account = np.concatenate([np.repeat(np.arange(len(state)), counts), np.flatnonzero(asking)])
        about_price = np.arange(len(account)) >= counts.sum()
        category = np.where(about_price, _BILLING, self._categories(account))
        opened = office_moments(now, fig.WEEKDAYS, fig.REGION_HOURS[self._scene.company.region[account]], dice)
        self._solve(account, category, opened, voice)
        self.load = 0.6 * self.load + np.bincount(account, minlength=len(state))

    def _categories(self, account: Ints) -> Ints:
        """Draw what each case is about: what troubles the account shows, the more the deeper it goes."""
        state, n = self._scene.state, len(account)
        blamed = self._dice.chance(np.minimum(state.level[account], 1.0), n)
        cause = np.where(blamed, state.cause[account], fig.NONE)
        edges = np.cumsum(fig.CATEGORY_SHARES, axis=1)[cause]
        return np.asarray((self._dice.uniform(n)[:, None] > edges[:, :-1]).sum(axis=1))

    def _solve(self, account: Ints, category: Ints, opened: Ints, voice: Voice) -> None:
        dice, state, n = self._dice, self._scene.state, len(account)
        poor = np.where(state.cause[account] == fig.SUPPORT, state.level[account], 0.0)
        hours = fig.RESOLVE_HOURS * np.exp(fig.RESOLVE_SPREAD * dice.normal(n)) * (1.0 + fig.RESOLVE_POOR * poor)
        again = dice.chance(fig.REOPENED + fig.REOPENED_POOR * np.minimum(poor, 1.2), n)
        hours = np.where(again, 2.2 * hours, hours)
        severity = dice.pick(fig.SEVERITY_SHARES, n)
        worse = dice.chance(0.45 * np.minimum(state.level[account], 1.0), n)
        severity = np.minimum(severity + worse, len(fig.SEVERITIES) - 1)
        user = dice.whole(0, 60, n) % self._scene.contracts.seats[account] + 1
        resolved = opened + minutes(hours * HOUR) + MINUTE
        subject = np.where(dice.chance(fig.SUBJECT_SHARE, n), dice.whole(0, 60, n), NO_SUBJECT)
        late = (subject == NO_SUBJECT) & dice.chance(fig.LATE_CASES / (1.0 - fig.SUBJECT_SHARE), n)
        typed = opened + minutes(dice.between(4.0 * HOUR, 2.0 * DAY, n))
        keep = self._scene.contracts.covers(account, opened)
        self._scene.ledger.add(
            "tickets",
            account=account[keep],
            opened=opened[keep],
            resolved=resolved[keep],
            severity=severity[keep],
            category=category[keep],
            reopened=again[keep],
            subject=subject[keep],
            recorded=np.where(late, typed, NEVER)[keep],
        )
        voice.after_ticket(account[keep], user[keep], resolved[keep], hours[keep])
