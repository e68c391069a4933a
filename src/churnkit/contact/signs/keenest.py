"""The most active user: whose work it is that an account lives by, and in which weeks it was done.

The one who does the most *while there* counts, not over all weeks: whoever left half a year ago may have done less in
all than those who stayed. Somebody who comes as the other goes, and does as much, has taken over; then nobody is
missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.signs.kernel.holders import Facts, Found, Rule, find

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.history.signals import Signals

    Floats = NDArray[np.float64]

SHARE, LIKE = 0.35, 5.0
"""Share of the most active user where nothing is known, and how many events that counts like."""
SPELL = 15.0
"""Events added to those of the time in which a user was there: a few in one week make nobody the most active."""
TAKES_OVER, FEW = 0.5, 2
"""Whoever takes over does at least half as much, and more than one event."""
LEAST_SHARE, MOST_SHARE = 0.02, 0.98


@dataclass(frozen=True, eq=False)
class Keenest:
    """What the most active user of each account did.

    Attributes
    ----------
    his, named
        float64 [n, weeks], events of his, and of all who are named; the oldest week first.
    share
        float64 [n], his share of the events while he is there.
    known
        bool [n, weeks], weeks since he was first seen.
    """

    his: Floats
    named: Floats
    share: Floats
    known: NDArray[np.bool_]

    @classmethod
    def blank(cls, n: int, weeks: int) -> Keenest:
        """Make that of n accounts in which nobody did anything."""
        nothing = np.zeros((n, weeks), dtype=np.bool_)
        return cls(np.zeros((n, weeks)), np.zeros((n, weeks)), np.full(n, SHARE), nothing)

    def of(self, rows: NDArray[np.int64]) -> Keenest:
        """Give what was done in some of the accounts."""
        return Keenest(self.his[rows], self.named[rows], self.share[rows], self.known[rows])

    def put(self, rows: NDArray[np.int64], found: Keenest) -> None:
        """Write down what was done in some of the accounts."""
        self.his[rows], self.named[rows], self.share[rows] = found.his, found.named, found.share
        self.known[rows] = found.known


class Users:
    """Who did what in a history, laid out once for all accounts and moments that are asked about.

    Parameters
    ----------
    names
        Activity signals that are use.
    """

    def __init__(self, history: History, names: tuple[str, ...]) -> None:
        self._history, self._names = history, names
        self._kept: Facts | None = None

    def keenest(self, account: NDArray[np.int32], cutoff: NDArray[np.int64], weeks: int) -> Keenest | None:
        """Find the most active user of accounts, with what was known at each moment.

        Parameters
        ----------
        account, cutoff
            Codes and moments [n].
        weeks
            So many are looked at.

        Returns
        -------
        Keenest
            None where no event names its user.
        """
        signals = self._history.signals
        if not self._names or not signals.acted:
            return None
        found = Keenest.blank(len(account), weeks)
        rule = Rule(SHARE, LIKE, SPELL, TAKES_OVER, FEW, LEAST_SHARE, MOST_SHARE)
        for rows, part in signals.shards(account):
            if part.actor is None:
                continue
            mine = np.arange(len(account))[rows]
            of_part = Keenest.blank(len(mine), weeks)
            out = Found(of_part.his, of_part.named, of_part.share, of_part.known)
            find(self._facts(part, part.actor), account[mine].astype(np.int64), cutoff[mine], rule, out)
            found.put(mine, of_part)
        return found

    def _facts(self, part: Signals, actors: NDArray[np.int32]) -> Facts:
        """Lay out a part; what lies in memory whole is kept, shards on disk are laid out anew."""
        if part is not self._history.signals:
            return _by_account(part, actors, self._names, len(self._history.accounts))
        if self._kept is None:
            self._kept = _by_account(part, actors, self._names, len(self._history.accounts))
        return self._kept


def _by_account(part: Signals, actors: NDArray[np.int32], names: tuple[str, ...], accounts: int) -> Facts:
    """Lay use that names its user out account by account, users from 0 on."""
    use = np.flatnonzero(part.pick(names) & (actors >= 0))
    account, actor = part.account[use].astype(np.int64), actors[use].astype(np.int64)
    order = np.lexsort((actor, account))
    account, actor, use = account[order], actor[order], use[order]
    start = np.searchsorted(account, np.arange(accounts + 1))
    another = np.ones(len(use), dtype=np.bool_)
    another[1:] = (account[1:] != account[:-1]) | (actor[1:] != actor[:-1])
    user = np.cumsum(another) - 1
    some = np.flatnonzero(start[1:] > start[:-1])
    before, people = np.zeros(accounts, dtype=np.int64), np.zeros(accounts, dtype=np.int64)
    before[some] = user[start[some]]
    people[some] = user[start[some + 1] - 1] - before[some] + 1
    return Facts(start, part.occurred[use], part.known_or_occurred[use], user - before[account], people)
