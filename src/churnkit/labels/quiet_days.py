"""How many days of silence mean gone, read from how long accounts stay away before they return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.display import Drawable
from churnkit.errors import EmptyTable
from churnkit.timeline import DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.history import History, Signals

CANDIDATES = (7, 14, 21, 30, 45, 60, 90, 120, 150, 180, 270, 365)
"""Lengths of silence that are looked at, in days."""

FEWEST = 20
"""Silences that a candidate must have been seen to reach."""


@dataclass(frozen=True, eq=False, repr=False)
class QuietDays(Drawable):
    """A proposal for ``WentQuiet(days=...)``, with what it rests on.

    Attributes
    ----------
    days
        The proposal.
    frame
        One row per candidate: ``days``, ``silences`` (that lasted so long), ``returned`` (of those, seen to
        end in an event), ``still_silent`` (not ended when the record does), ``return_share`` (the share that
        ends in a return, silences cut off by the record's end allowed for) and ``proposed``.
    most_returns
        The share of returns that was allowed.
    why
        In words.
    """

    days: int
    frame: pd.DataFrame
    most_returns: float
    why: str


def suggest_quiet_days(
    history: History,
    *,
    events: Sequence[str] = (),
    most_returns: float = 0.2,
    candidates: Sequence[int] = CANDIDATES,
) -> QuietDays:
    """Propose the days of silence from which on an account seldom returns.

    Every stretch between two events of an account, and the one after its last, is a silence. The share of
    silences of N days that end in a return is ``1 - S(end) / S(N)``, where S is the product-limit curve of the
    silences' lengths (Kaplan and Meier, 1958), so that silences cut off by the end of the record count for as
    long as they were seen.

    Parameters
    ----------
    history
        What happened.
    events
        The activity events that count; empty: every event of the activity table.
    most_returns
        At most this share of the silences may end in a return.
    candidates
        Lengths to choose from, in days. Those reached by fewer than 20 silences, and those longer than half the
        record (after which there was too little time to return), are shown, not chosen.

    Returns
    -------
    QuietDays
        The shortest candidate within ``most_returns``; where none is, the longest that can be judged, and
        ``why`` says so.

    Raises
    ------
    EmptyTable
        If there is no such event, or the record is too short for any candidate.
    """
    length, ended = _silences(history, tuple(events))
    curve = _Curve.of(length, ended)
    rows = []
    for days in sorted({int(c) for c in candidates}):
        reached = length >= days * DAY
        share = curve.return_share(days * DAY) if reached.any() else np.nan
        rows.append((days, int(reached.sum()), int((reached & ended).sum()), int((reached & ~ended).sum()), share))
    frame = pd.DataFrame(rows, columns=["days", "silences", "returned", "still_silent", "return_share"])
    days, why = _choose(frame, most_returns, int(length.max()))
    return QuietDays(days, frame.assign(proposed=frame["days"] == days), most_returns, why)


def _choose(frame: pd.DataFrame, most: float, longest: int) -> tuple[int, str]:
    """Take the shortest candidate that is seldom followed by a return, given the longest silence seen."""
    # A return must have had as long again to come: just before the record ends nobody has returned yet.
    judged = frame[(frame["silences"] >= FEWEST) & (2 * frame["days"] * DAY <= longest)]
    if judged.empty:
        seen, shortest = int(frame["silences"].max()), int(frame["days"].min())
        raise EmptyTable(
            f"activity: {seen} silences of {shortest} days or more are seen, the longest of {longest / DAY:.0f} days; "
            f"{FEWEST} and twice {shortest} days are needed to propose days. Export more of the past, or name the days "
            "yourself: WentQuiet(days=...)."
        )
    seldom = judged[judged["return_share"] <= most]
    row = judged.iloc[-1] if seldom.empty else seldom.iloc[0]
    days, share, silences = int(row["days"]), float(row["return_share"]), int(row["silences"])
    told = f"{share:.0%} of {silences:,} silences of {days} days end in a return"
    if seldom.empty:
        return days, f"No length can be judged after which at most {most:.0%} return; after the longest, {told}."
    return days, f"{told}, the shortest length after which at most {most:.0%} do."


def _silences(history: History, events: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give the length of every silence in microseconds, and whether an event ended it."""
    signals = history.signals
    names = events or tuple(n for n in signals.names if signals.tables.get(n) == "activity")
    end = history.observed_until["activity"]
    found = [_in_part(part, part.pick(names) & (part.occurred < end), end) for part in signals.parts()]
    length, ended = (np.concatenate(columns) for columns in zip(*found, strict=True))
    if not len(length):
        raise EmptyTable("activity: no event counts here, so there is no silence between two. Name other events.")
    return length, ended


def _in_part(part: Signals, rows: NDArray[np.bool_], end: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    account, occurred = part.account[rows], part.occurred[rows]
    order = np.lexsort((occurred, account))
    account, occurred = account[order], occurred[order]
    ended = np.r_[account[1:] == account[:-1], False][: len(account)]
    return np.where(ended, np.r_[occurred[1:], [end]][: len(account)], end) - occurred, ended


@dataclass(frozen=True, eq=False)
class _Curve:
    """The product-limit curve: the share of silences that last longer than each length."""

    length: NDArray[np.int64]
    lasting: NDArray[np.float64]

    @classmethod
    def of(cls, length: NDArray[np.int64], ended: NDArray[np.bool_]) -> _Curve:
        """Estimate it from lengths, of which some are cut off."""
        lengths, returns = np.unique(length[ended], return_counts=True)
        at_risk = len(length) - np.searchsorted(np.sort(length), lengths, side="left")
        return cls(lengths, np.asarray(np.cumprod(1.0 - returns / at_risk), dtype=np.float64))

    def return_share(self, reached: int) -> float:
        """Give the share of silences of at least ``reached`` that end in a return within the record."""
        curve = np.r_[1.0, self.lasting]
        before = curve[np.searchsorted(self.length, reached, side="left")]
        return float(1.0 - curve[-1] / before) if before > 0 else 1.0
