"""Contracts that never show the future: subscription rows, versions and all, as they were known.

Several rows of one subscription_id are versions: at a cutoff the last one known by then counts. The
first version holds from its start. ``ended_at`` and ``cancelled_at`` come into being at their own
moment, or at ``recorded_at`` where that is later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.history.versions import Versions, micros
from churnkit.timeline import DAY, NEVER, known_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TERMS = {
    "monthly": 1,
    "month": 1,
    "quarterly": 3,
    "quarter": 3,
    "semiannual": 6,
    "annual": 12,
    "yearly": 12,
    "year": 12,
    "biennial": 24,
}


@dataclass(frozen=True, eq=False)
class Contracts:
    """Versions of subscriptions, sorted by subscription and the moment from which each version counts.

    Attributes
    ----------
    versions
        Which rows belong together, and from when each counts.
    row
        int64, the number (from 1) of the row in the source table, rows set aside counted too.
    account
        int32 codes.
    ended, left
        The term's end, and the moment of leaving: ``cancelled_at``, or ``ended_at`` if that is earlier.
    ended_known, left_known
        When the end and the leaving could be known: at their moment, or when recorded if later.
    voluntary
        Whether the leaving counts as the client's own wish (unknown reasons do).
    term
        Months of one term (NaN: unknown). ``mrr``, ``seats``, ``auto_renew``: NaN where unknown.
    renews
        The booked renewal of this version (NEVER: none).
    plan
        Text or None.
    delay
        ``recorded_at - moment of leaving`` where both are there.
    """

    versions: Versions
    row: NDArray[np.int64]
    account: NDArray[np.int32]
    ended: NDArray[np.int64]
    ended_known: NDArray[np.int64]
    left: NDArray[np.int64]
    left_known: NDArray[np.int64]
    voluntary: NDArray[np.bool_]
    reason: NDArray[np.object_]
    term: NDArray[np.float64]
    renews: NDArray[np.int64]
    mrr: NDArray[np.float64]
    seats: NDArray[np.float64]
    auto_renew: NDArray[np.float64]
    plan: NDArray[np.object_]
    delay: NDArray[np.int64]

    @property
    def source_rows(self) -> NDArray[np.int64]:
        """Give :attr:`row` in the order of the cleaned table."""
        found = np.empty_like(self.row)
        found[self.versions.order] = self.row
        return found

    @property
    def subscription(self) -> NDArray[np.int64]:
        """Which subscription a version belongs to."""
        return self.versions.item

    @property
    def since(self) -> NDArray[np.int64]:
        """From when the version counts."""
        return self.versions.since

    @property
    def until(self) -> NDArray[np.int64]:
        """When the next version takes over (NEVER: none does)."""
        return self.versions.until

    @property
    def started(self) -> NDArray[np.int64]:
        """The term's start."""
        return self.versions.began

    @property
    def final(self) -> NDArray[np.bool_]:
        """The last version of every subscription: what is known in hindsight."""
        return np.asarray(self.until == NEVER)

    @property
    def first(self) -> NDArray[np.bool_]:
        """The first version of every subscription."""
        return self.versions.first

    def current(self, cutoff: int) -> NDArray[np.bool_]:
        """The versions that count at a cutoff: started, and not yet replaced by one known by then."""
        return np.asarray(known_at(self.started, self.since, cutoff) & ~known_at(self.until, self.until, cutoff))

    def running(self, cutoff: int) -> NDArray[np.bool_]:
        """Of :attr:`current`, those whose leaving (notice or end) is not known at the cutoff."""
        return np.asarray(self.current(cutoff) & ~known_at(self.left, self.left_known, cutoff))

    def unended(self, cutoff: int) -> NDArray[np.bool_]:
        """Of :attr:`current`, those whose end is not known at the cutoff: they are paid, under notice or not."""
        return np.asarray(self.current(cutoff) & ~known_at(self.ended, self.ended_known, cutoff))


def read_contracts(frame: pd.DataFrame, rows: NDArray[np.int64]) -> Contracts:
    """Read cleaned subscription rows (with an ``account`` column), and their numbers in the source, as versions."""
    versions = Versions.of(frame, "subscription_id", "started_at")
    frame = frame.iloc[versions.order]
    ended, cancelled = micros(frame, "ended_at"), micros(frame, "cancelled_at")
    # Notice booked after the end (a clerk's late entry) does not make the client stay until then.
    left = np.minimum(cancelled, ended)
    reason = _objects(frame, "end_reason")
    there = (left != NEVER) & (versions.recorded != NEVER)
    return Contracts(
        versions=versions,
        row=rows[versions.order],
        account=frame["account"].to_numpy(dtype=np.int32),
        ended=ended,
        ended_known=versions.known(ended),
        left=left,
        left_known=versions.known(left),
        voluntary=np.array([r in (None, "voluntary") for r in reason], dtype=np.bool_),
        reason=reason,
        term=_terms(frame),
        renews=micros(frame, "renews_at"),
        mrr=_floats(frame, "mrr"),
        seats=_floats(frame, "seats"),
        auto_renew=_floats(frame, "auto_renew"),
        plan=_objects(frame, "plan"),
        delay=np.maximum(versions.carried(left)[there] - left[there], 0),
    )


def _floats(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    return frame[column].to_numpy(dtype=np.float64) if column in frame else np.full(len(frame), np.nan)


def _objects(frame: pd.DataFrame, column: str) -> NDArray[np.object_]:
    if column not in frame:
        return np.full(len(frame), None, dtype=object)
    values = frame[column].astype(object)
    return np.asarray(values.where(values.notna(), None).to_numpy(dtype=object))


def _terms(frame: pd.DataFrame) -> NDArray[np.float64]:
    months = _floats(frame, "term_months")
    if "term" in frame:
        words = pd.Series(_objects(frame, "term"), dtype=object).str.lower().str.strip()
        months = np.where(np.isnan(months), words.map(_TERMS).to_numpy(dtype=np.float64), months)
    return np.where(months > 0, months, np.nan)


def add_months(moments: NDArray[np.int64], months: NDArray[np.int64]) -> NDArray[np.int64]:
    """Add whole calendar months; the 31st becomes the last day of a shorter month."""
    stamps = moments.astype("datetime64[us]")
    month = stamps.astype("datetime64[M]")
    inside = stamps - month.astype("datetime64[us]")
    day = inside // np.timedelta64(DAY, "us")
    target = month + months.astype("timedelta64[M]")
    length = ((target + np.timedelta64(1, "M")).astype("datetime64[D]") - target.astype("datetime64[D]")).astype(
        np.int64
    )
    clipped = np.minimum(day.astype(np.int64), length - 1)
    rest = inside - day.astype(np.int64).astype("timedelta64[D]").astype("timedelta64[us]")
    found = target.astype("datetime64[D]").astype("datetime64[us]") + clipped.astype("timedelta64[D]") + rest
    return np.asarray(found.astype(np.int64))
