"""How likely each kind is: the weeks of accounts, followed beside those of their book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.signs.complaints import Complaints
from churnkit.contact.signs.course import Book, book_of, follow, season_of
from churnkit.contact.signs.kinds import KINDS, UNKNOWN, UNTROUBLED
from churnkit.contact.signs.states import STATES, to_kinds
from churnkit.contact.signs.weeks import Weeks, names_troubles, read
from churnkit.display import tracked
from churnkit.timeline import DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History

    Codes = NDArray[np.int8]
    Floats = NDArray[np.float64]

PEERS, LEAST_PEERS = 500, 20
"""So many accounts of the book, spread evenly, tell what is usual; with fewer than ``LEAST_PEERS`` nothing is."""
EVERY = 28 * DAY
"""What is usual is counted anew every four weeks."""
ROWS = 1_000
"""Accounts followed at once."""


@dataclass(frozen=True, eq=False)
class Signs:
    """What the signs tell of accounts at a moment.

    Attributes
    ----------
    states
        float64 [n, STATES], P(state); NaN where the book has too few accounts yet.
    owes
        bool [n], whether a bill is owed.
    """

    states: Floats
    owes: NDArray[np.bool_]

    @property
    def told(self) -> NDArray[np.bool_]:
        """Of which accounts anything is told."""
        return np.asarray(np.isfinite(self.states).all(axis=1))

    @property
    def kinds(self) -> Floats:
        """How likely each kind would be the one, did the account leave, float64 [n, kinds] (:func:`likely`)."""
        return self._kinds(leavers=True)

    @property
    def present(self) -> Floats:
        """How likely each kind is now, whether the account will leave or not, float64 [n, kinds]."""
        return self._kinds(leavers=False)

    def _kinds(self, *, leavers: bool) -> Floats:
        out = np.zeros((len(self.states), len(KINDS)))
        out[~self.told, UNKNOWN] = 1.0
        out[self.told] = to_kinds(self.states[self.told], self.owes[self.told], leavers=leavers)
        return out

    def of(self, rows: NDArray[np.int64]) -> Signs:
        """Give the signs of some of the accounts."""
        return Signs(self.states[rows], self.owes[rows])


def read_signs(history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64]) -> Signs | None:
    """Follow accounts up to a moment, with what was known then.

    What an account is told to be depends on what was known of it and its book at the moment, not on which other
    accounts or moments are asked about.

    Parameters
    ----------
    account, cutoff
        Codes and moments [n].

    Returns
    -------
    Signs
        None where the history has no signs.
    """
    if not len(account) or not names_troubles(history):
        return None
    said = Complaints.of(history)
    states, owes = np.full((len(account), STATES), np.nan), np.zeros(len(account), dtype=np.bool_)
    books = dict[int, Book | None]()
    moments = np.unique(cutoff).tolist()
    for now in tracked(moments, "following troubles", len(moments)) if len(moments) > 1 else moments:
        rows = np.flatnonzero(cutoff == now)
        peers = _peers(history, now, said)
        counted = now - now % EVERY
        if counted not in books:
            before = _peers(history, counted, said)
            books[counted] = None if before is None else book_of(before)
        book = books[counted]
        if peers is None or book is None:
            continue
        book = Book(book.usual, *season_of(peers))
        for start in range(0, len(rows), ROWS):
            mine = rows[start : start + ROWS]
            weeks = read(history, account[mine], cutoff[mine], said)
            states[mine], owes[mine] = follow(weeks, book)[0], weeks.owes
    return Signs(states, owes)


def likely(history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64]) -> Floats | None:
    """Tell how likely each kind would be the one, did an account leave, with what was known at a moment.

    Parameters
    ----------
    account, cutoff
        Codes and moments [n].

    Returns
    -------
    float64 [n, kinds]
        Rows add up to 1. "No sign" where the book has too few accounts yet. None where the history has no signs.
    """
    signs = read_signs(history, account, cutoff)
    return None if signs is None else signs.kinds


def trouble(history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64]) -> Codes:
    """Name the likeliest kind of each account: a position in ``THEMES``, ``ASLEEP``, or -1 without signs; int8 [n]."""
    kinds = likely(history, account, cutoff)
    return np.full(len(account), UNKNOWN, dtype=np.int8) if kinds is None else likeliest(kinds)


def likeliest(kinds: Floats) -> Codes:
    """Give the code of the greatest share of every row, "untroubled" left out: what the trouble is, if there is one."""
    found = np.where(np.arange(len(KINDS)) == UNTROUBLED, -1.0, kinds).argmax(axis=1)
    return np.where(found == len(KINDS) - 1, UNKNOWN, found).astype(np.int8)


def _peers(history: History, now: int, said: Complaints) -> Weeks | None:
    """Read the weeks of accounts that had been opened by a moment; None where they are too few."""
    opened = np.flatnonzero(history.opened < now)
    if len(opened) < LEAST_PEERS:
        return None
    chosen = opened[np.unique(np.linspace(0, len(opened) - 1, PEERS).astype(np.int64))].astype(np.int32)
    return read(history, chosen, np.full(len(chosen), now), said)
