"""Levels that hold until the next change: an account's mrr, its seats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.timeline import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Levels:
    """Changes of a level, sorted by account and moment.

    Attributes
    ----------
    account, moment, value
        int32, int64 and float64: from the moment on the account's level is the value.
    """

    account: NDArray[np.int32]
    moment: NDArray[np.int64]
    value: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        account: NDArray[np.int32],
        occurred: NDArray[np.int64],
        known: NDArray[np.int64],
        value: NDArray[np.float64],
    ) -> Levels:
        """Sort changes; of several at one moment the one known last holds."""
        order = np.lexsort((known, occurred, account))
        return cls(account[order], occurred[order], value[order])

    def at(self, n: int, cutoff: int) -> NDArray[np.float64]:
        """Give the level of each of ``n`` accounts just before a moment (NaN: none yet)."""
        found = np.full(n, np.nan)
        rows = self.moment < cutoff
        # Of several changes the last one assigned stays, and they are sorted.
        found[self.account[rows]] = self.value[rows]
        return found

    def next_fall(self, n: int, start: int, share: float, stay: int) -> NDArray[np.int64]:
        """Give the first moment from ``start`` on at which the level falls for a while.

        Parameters
        ----------
        n
            Number of accounts.
        start
            The level just before it counts; NEVER where there is none above zero.
        share
            What may be left of the level.
        stay
            Microseconds that it must not rise above that.
        """
        base = self.at(n, start)[self.account]
        low = (self.moment >= start) & (base > 0) & (self.value <= share * base)
        size = len(low)
        same = np.r_[False, self.account[1:] == self.account[:-1]][:size]
        begins = np.flatnonzero(low & ~(np.r_[False, low[:-1]][:size] & same))
        # The next row that breaks a run: the level is above again, or another account begins.
        breaks = np.where(~low | ~same, np.arange(size), size)
        ahead = np.r_[np.minimum.accumulate(breaks[::-1])[::-1], [size]]
        stop = ahead[begins + 1]
        moment, account = np.r_[self.moment, [NEVER]], np.r_[self.account, [-1]]
        end = np.where(account[stop] == self.account[begins], moment[stop], NEVER)
        stays = end - self.moment[begins] >= stay
        found = np.full(n, NEVER, dtype=np.int64)
        np.minimum.at(found, self.account[begins[stays]], self.moment[begins[stays]])
        return found
