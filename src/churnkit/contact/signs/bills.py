"""Bills that are not paid: how many weeks running one has been asked for, and how soon contracts ended of it before.

A contract that ends because nobody pays ends on a day, not some time within the quarter, and whoever calls too late
keeps nobody. How late is too late is counted in the company's own past: of the accounts that had been asked for money
so many weeks running, how many had no contract a week, two weeks, ... later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.signs.dated import WEEK
from churnkit.contact.signs.words import UNPAID, of_theme
from churnkit.timeline import known_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.history.signals import Signals

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

AHEAD = 8
"""Weeks ahead in which the contract may end of it; a bill in its eighth week or later is an old one."""
LEAST_BILLS = 20
"""With fewer bills in the past nothing is told."""
SETTLED = 13
"""Weeks: an end within ``AHEAD`` of an older one is known by now (an end is known once ``rebuy_gap`` is over)."""
LIKE = 2.0
"""What is known of all bills counts like so many of the same age."""

_APART = 2**20
"""Weeks of one account are numbered so far apart from those of the next."""


def owed_weeks(asked: NDArray[np.bool_]) -> Codes:
    """Count the weeks running up to now in which a bill was asked for, of weeks [n, weeks], the oldest first."""
    return np.asarray(np.cumprod(asked[:, ::-1], axis=1).sum(axis=1), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Bills:
    """What became of bills of each age.

    Attributes
    ----------
    ended
        float64 [AHEAD, AHEAD]: of the bills asked for 1, 2, ... weeks running (the last: that long or longer), the
        share whose account had no contract 1, 2, ... weeks later.
    seen
        int64 [AHEAD], how many there were of each age.
    """

    ended: Floats
    seen: Codes

    def ends(self, owed: Codes) -> Floats:
        """Give P(the contract ends of it) within 1, 2, ... weeks, float64 [n, AHEAD]; 0 where nothing is owed."""
        age = np.minimum(owed, AHEAD)
        return np.where((owed > 0)[:, None], self.ended[np.maximum(age, 1) - 1], 0.0)


def bills(history: History, now: int) -> Bills | None:
    """Count what became of past bills, with what was known at a moment.

    A bill is asked for again each week, or it has been paid. Weeks are counted back from the moment; the last
    ``SETTLED`` tell nothing yet.

    Returns
    -------
    Bills
        None where the history knows of no unpaid bills or of no ended contracts, or of fewer than ``LEAST_BILLS``
        weeks in which one was owed.
    """
    names = tuple(n for n in of_theme(history, "billing") if n in UNPAID)
    if not names or not {"subscription_started", "subscription_ended"} <= set(history.signals.names):
        return None
    seen, ended = np.zeros(AHEAD, dtype=np.int64), np.zeros((AHEAD, AHEAD))
    for part in history.signals.parts():
        age, gone = _fates(part, names, now)
        np.add.at(seen, np.minimum(age, AHEAD) - 1, 1)
        np.add.at(ended, np.minimum(age, AHEAD) - 1, gone[:, None] <= np.arange(1, AHEAD + 1))
    if seen.sum() < LEAST_BILLS:
        return None
    return Bills((ended + LIKE * ended.sum(axis=0) / seen.sum()) / (seen[:, None] + LIKE), seen)


def _fates(part: Signals, names: tuple[str, ...], now: int) -> tuple[Codes, Codes]:
    """Give of every settled week in which an account under contract owed a bill its age, and weeks until the end."""
    owed = np.unique(_weeks(part, names, now))
    run = np.arange(len(owed))
    age = run - np.maximum.accumulate(np.where(np.diff(owed, prepend=-2) != 1, run, 0)) + 1
    started, ended = (_weeks(part, (name,), now) for name in ("subscription_started", "subscription_ended"))
    over = np.searchsorted(ended, owed, side="right")
    first = owed - owed % _APART  # the account's own weeks begin here
    began = np.searchsorted(started, owed, side="right") - np.searchsorted(started, first)
    under_contract = began > over - np.searchsorted(ended, first)
    gone = np.append(ended, np.iinfo(np.int64).max)[over] - owed  # an end of the next account is far off
    told = under_contract & (_APART - 1 - owed % _APART >= SETTLED)
    return age[told], gone[told]


def _weeks(part: Signals, names: tuple[str, ...], now: int) -> Codes:
    """Number the weeks, counted back from a moment, in which an account had one of some signals, ascending."""
    mine = part.pick(names) & known_at(part.occurred, part.known_or_occurred, now)
    ago = (now - 1 - part.occurred[mine]) // WEEK
    return np.sort(part.account[mine].astype(np.int64) * _APART + _APART - 1 - ago)
