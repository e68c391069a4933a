"""Versions of interval rows: several rows of one id, each counting from the moment it was known.

The first version holds from its start, however late it was recorded; every other from ``recorded_at``
(or its start, if later). What a version says comes into being at its own moment, or when it was
recorded if later, unless the next version has taken over by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnkit.timeline import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Versions:
    """Rows in the order of their ids and versions.

    Attributes
    ----------
    order
        Positions of the rows in the source frame; every other array is in this order.
    item
        int64, which item (subscription, ticket) a row belongs to.
    began, recorded
        Its start, and when it was recorded (NEVER: not told).
    since, until
        From when the version counts (never before the one it replaces), and when the next one takes over
        (NEVER: none does).
    first
        Whether it is the first version.
    """

    order: NDArray[np.int64]
    item: NDArray[np.int64]
    began: NDArray[np.int64]
    recorded: NDArray[np.int64]
    since: NDArray[np.int64]
    until: NDArray[np.int64]
    first: NDArray[np.bool_]

    @classmethod
    def of(cls, frame: pd.DataFrame, key: str, start: str) -> Versions:
        """Order the rows of a cleaned frame; rows without a key are items of their own."""
        n = len(frame)
        item = _identify(frame, key)
        began, recorded = micros(frame, start), micros(frame, "recorded_at")
        order = np.lexsort((np.arange(n), np.where(recorded == NEVER, began, recorded), item))
        item, began, recorded = item[order], began[order], recorded[order]
        first = np.r_[True, item[1:] != item[:-1]][:n]
        since = np.where(first | (recorded == NEVER), began, np.maximum(recorded, began))
        since = pd.Series(since).groupby(item).cummax().to_numpy(dtype=np.int64)
        until = np.r_[np.where(first[1:], NEVER, since[1:]), [NEVER]][:n] if n else since
        return cls(order, item, began, recorded, since, until, first)

    def carried(self, moment: NDArray[np.int64]) -> NDArray[np.int64]:
        """When the same moment was first recorded in an unbroken row of versions."""
        return self._carry(self.recorded, moment)

    def _carry(self, values: NDArray[np.int64], moment: NDArray[np.int64]) -> NDArray[np.int64]:
        carried = values.copy()
        same = np.r_[False, (self.item[1:] == self.item[:-1]) & (moment[1:] == moment[:-1])][: len(moment)]
        for i in np.flatnonzero(same):
            carried[i] = carried[i - 1]
        return carried

    def known(self, moment: NDArray[np.int64]) -> NDArray[np.int64]:
        """When a moment could be known: as it came, or when recorded if later, and not before the start."""
        told = np.where(self.first & (self.recorded != NEVER), np.maximum(self.recorded, self.since), self.since)
        return np.where(moment == NEVER, NEVER, self._carry(np.maximum(moment, told), moment))


def changed(versions: Versions, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Later versions that say something else than the one before."""
    other = np.r_[False, values[1:] != values[:-1]][: len(values)]
    return np.asarray(other & ~versions.first, dtype=np.bool_)


def came(versions: Versions, moment: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Moments that came into being: known before the next version took over, and not told before."""
    lasted = (moment != NEVER) & (known < versions.until)
    rows = np.flatnonzero(lasted)
    told = pd.DataFrame({"item": versions.item[rows], "moment": moment[rows]}).duplicated().to_numpy()
    lasted[rows[told]] = False
    return np.asarray(lasted, dtype=np.bool_)


def micros(frame: pd.DataFrame, column: str) -> NDArray[np.int64]:
    """Give a time column of a cleaned frame as moments; NEVER where it is empty or there is none."""
    if column not in frame:
        return np.full(len(frame), NEVER, dtype=np.int64)
    stamps = frame[column].dt.tz_convert("UTC").dt.tz_localize(None)
    ints = stamps.to_numpy().astype("datetime64[us]").astype(np.int64)
    return np.where(stamps.isna().to_numpy(), NEVER, ints)


def _identify(frame: pd.DataFrame, key: str) -> NDArray[np.int64]:
    own = np.arange(len(frame), dtype=np.int64)
    if key not in frame:
        return own
    codes, _ = pd.factorize(frame[key])
    return np.where(codes < 0, own + len(frame), codes).astype(np.int64)
