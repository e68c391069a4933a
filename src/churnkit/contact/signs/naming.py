"""How likely each kind is: the weeks of accounts, followed beside those of their book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.kinds import KINDS, UNKNOWN, UNTROUBLED
from churnkit.contact.signs.course import Book, book_of, follow, season_of
from churnkit.contact.signs.states import OWING, STATES, to_felt, to_kinds, to_leavers, to_states
from churnkit.contact.signs.weeks import Notes, Weeks, names_troubles, read
from churnkit.display import tracked
from churnkit.history.signals import THEMES
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
    leavers
        float64 [n, kinds], P(kind) x how many times as many of it leave in the weeks ahead as of the untroubled.
    felt
        float64 [n, 3], what is felt, and how far the thought of leaving has come, 1 in a plain full trouble; and what
        share of its use is lost.
    owed
        int64 [n], for how many weeks running a bill has been asked for; 0: none is owed.
    """

    states: Floats
    leavers: Floats
    felt: Floats
    owed: NDArray[np.int64]

    @classmethod
    def blank(cls, n: int) -> Signs:
        """Make signs of n accounts of which nothing is told."""
        states, leavers, felt = (np.full((n, width), np.nan) for width in (STATES, len(KINDS), 3))
        return cls(states, leavers, felt, np.zeros(n, dtype=np.int64))

    def put(self, rows: NDArray[np.int64], found: Floats, owed: NDArray[np.int64]) -> None:
        """Write down what was found of some of the accounts, P(point) [m, POINTS]."""
        self.states[rows], self.leavers[rows], self.felt[rows] = to_states(found), to_leavers(found), to_felt(found)
        self.owed[rows] = owed

    @property
    def told(self) -> NDArray[np.bool_]:
        """Of which accounts anything is told."""
        return np.asarray(np.isfinite(self.states).all(axis=1))

    @property
    def owes(self) -> NDArray[np.bool_]:
        """Which accounts owe a bill."""
        return self.owed > 0

    @property
    def risk(self) -> Floats:
        """How many times as many leave as of the untroubled, float64 [n], a bill that is owed left out."""
        return np.asarray(self.leavers.sum(axis=1))

    @property
    def kinds(self) -> Floats:
        """How likely each kind would be the one, did the account leave, float64 [n, kinds] (:func:`likely`)."""
        return self._kinds(self.leavers)

    @property
    def present(self) -> Floats:
        """How likely each kind is now, whether the account will leave or not, float64 [n, kinds]."""
        return self._kinds(to_kinds(self.states))

    @property
    def lasting(self) -> Floats:
        """The same, a trouble that is passing counted as none: it mends without a call, or has been mended."""
        return self._kinds(to_kinds(self.states, passing=False))

    def _kinds(self, found: Floats) -> Floats:
        out, told = np.zeros((len(found), len(KINDS))), self.told
        out[~told, UNKNOWN] = 1.0
        out[told] = found[told]
        out[told, THEMES.index("billing")] += OWING * self.owes[told]
        return np.asarray(out / out.sum(axis=1, keepdims=True))

    def of(self, rows: NDArray[np.int64]) -> Signs:
        """Give the signs of some of the accounts."""
        return Signs(self.states[rows], self.leavers[rows], self.felt[rows], self.owed[rows])


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
    notes, signs = Notes.of(history), Signs.blank(len(account))
    books = dict[int, Book | None]()
    moments = np.unique(cutoff).tolist()
    for now in tracked(moments, "following troubles", len(moments)) if len(moments) > 1 else moments:
        rows = np.flatnonzero(cutoff == now)
        peers = _peers(history, now, notes)
        counted = now - now % EVERY
        if counted not in books:
            before = _peers(history, counted, notes)
            books[counted] = None if before is None else book_of(before)
        book = books[counted]
        if peers is None or book is None:
            continue
        book = Book(book.usual, *season_of(peers))
        for start in range(0, len(rows), ROWS):
            mine = rows[start : start + ROWS]
            weeks = read(history, account[mine], cutoff[mine], notes)
            signs.put(mine, follow(weeks, book)[0], weeks.owed)
    return signs


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


def _peers(history: History, now: int, notes: Notes) -> Weeks | None:
    """Read the weeks of accounts that had been opened by a moment; None where they are too few."""
    opened = np.flatnonzero(history.opened < now)
    if len(opened) < LEAST_PEERS:
        return None
    chosen = opened[np.unique(np.linspace(0, len(opened) - 1, PEERS).astype(np.int64))].astype(np.int32)
    return read(history, chosen, np.full(len(chosen), now), notes)
