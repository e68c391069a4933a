"""Dated facts of a few sorts, counted by the week in which they happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.standing import stamps
from churnkit.timeline import DAY, NEVER, known_at

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WEEK = 7 * DAY


@dataclass(frozen=True, eq=False)
class Dated:
    """Facts as they came.

    Attributes
    ----------
    account, sort
        Codes, and of which sort each fact is.
    occurred, known
        When each happened, and when that was known.
    sorts
        How many there are.
    """

    account: NDArray[np.int64]
    sort: NDArray[np.int64]
    occurred: NDArray[np.int64]
    known: NDArray[np.int64]
    sorts: int

    @classmethod
    def of(cls, frame: pd.DataFrame | None, time: str, sort: NDArray[np.int64], sorts: int) -> Dated:
        """Read the rows of a table whose sort is not below 0 and that have a time; none of a table that is absent."""
        if frame is None:
            nothing = np.empty(0, dtype=np.int64)
            return cls(nothing, nothing, nothing, nothing, sorts)
        occurred, recorded = stamps(frame, time), stamps(frame, "recorded_at")
        keep = (sort >= 0) & (occurred != NEVER)
        known = np.where(recorded == NEVER, occurred, recorded)
        account = frame["account"].to_numpy(dtype=np.int64)
        return cls(account[keep], sort[keep], occurred[keep], known[keep], sorts)

    def weekly(self, account: NDArray[np.int32], cutoff: NDArray[np.int64], weeks: int) -> Floats:
        """Count the facts of each account in each week before a moment, with what was known then.

        Returns
        -------
        float64 [n, weeks, sorts]
            The oldest week first.
        """
        out = np.zeros((len(account), weeks, self.sorts))
        for now in np.unique(cutoff) if len(self.account) else ():
            rows = np.flatnonzero(cutoff == now)
            ago = (now - 1 - self.occurred) // WEEK
            there = known_at(self.occurred, self.known, now) & (ago < weeks)
            count = np.zeros((int(max(account.max(), self.account.max())) + 1, weeks, self.sorts))
            np.add.at(count, (self.account[there], weeks - 1 - ago[there], self.sort[there]), 1.0)
            out[rows] = count[account[rows]]
        return out
