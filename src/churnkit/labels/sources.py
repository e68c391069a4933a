"""What a leave was read from: the contract, or the moments of an account's events."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from churnkit.labels.definitions import Source
from churnkit.timeline import NEVER, as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.history import History, Signals
    from churnkit.history.contracts import Contracts


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of events, to be counted by account and window.

    Attributes
    ----------
    account, occurred
        int32 and int64, sorted by account and moment.
    times
        Distinct moments, ascending; ``key`` orders account and moment as one number.
    """

    account: NDArray[np.int32]
    occurred: NDArray[np.int64]
    times: NDArray[np.int64]
    key: NDArray[np.int64]
    _following: dict[int, NDArray[np.int32]] = field(default_factory=dict)

    @classmethod
    def of(cls, account: NDArray[np.int32], occurred: NDArray[np.int64]) -> Moments:
        """Sort moments."""
        order = np.lexsort((occurred, account))
        account, occurred = account[order], occurred[order]
        times, rank = np.unique(occurred, return_inverse=True)
        return cls(account, occurred, times, account.astype(np.int64) * (len(times) + 1) + rank.reshape(-1))

    def before(self, account: NDArray[np.int32], moment: NDArray[np.int64]) -> NDArray[np.int64]:
        """Count the events sorted before each account's first one at or after a moment."""
        rank = np.searchsorted(self.times, moment, side="left")
        return np.searchsorted(self.key, account.astype(np.int64) * (len(self.times) + 1) + rank, side="left")

    def count(self, account: NDArray[np.int32], low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
        """Count each account's events in ``[low, high)``."""
        return self.before(account, high) - self.before(account, low)

    def following(self, length: int) -> NDArray[np.int32]:
        """Count for every event those of its account in the ``length`` just after it; the last answer is kept."""
        if length not in self._following:
            after = self.occurred + 1
            counts = self.count(self.account, after, after + length)
            self._following.clear()
            self._following[length] = counts.astype(np.int32)
        return self._following[length]

    def last_before(self, account: int, moment: int) -> int | None:
        """Give an account's last event before a moment, if there is one."""
        place = int(self.before(np.array([account], np.int32), np.array([moment], np.int64))[0]) - 1
        return int(self.occurred[place]) if place >= 0 and self.account[place] == account else None


_sorted: weakref.WeakKeyDictionary[Signals, dict[tuple[str, ...], Moments]] = weakref.WeakKeyDictionary()
"""Moments sorted so far: an audit asks for the same ones at every cutoff and under every setting."""


def moments_of(signals: Signals, names: Sequence[str]) -> Moments:
    """Sort the moments of some signals, once for as long as the facts live."""
    kept = _sorted.setdefault(signals, {})
    if tuple(names) not in kept:
        rows = np.flatnonzero(signals.pick(names))
        kept[tuple(names)] = Moments.of(signals.account[rows], signals.occurred[rows])
    return kept[tuple(names)]


def lateness(signals: Signals, names: Sequence[str]) -> NDArray[np.int64]:
    """How long after they occurred facts of some signals were known, in microseconds (0: at once)."""
    parts = [
        np.maximum(part.known_or_occurred[rows] - part.occurred[rows], 0)
        for part in signals.parts()
        for rows in (part.pick(names),)
    ]
    return np.concatenate(parts)


def contract_source(
    history: History,
    contracts: Contracts,
    left: NDArray[np.int64],
    account: NDArray[np.int32],
    at: NDArray[np.int64],
) -> Source:
    """Name for each leave the contract that was left at that moment.

    Parameters
    ----------
    left
        int64, for every version the moment that counts as the leave.
    account, at
        Codes and moments of the leaves (NEVER: none).
    """
    rows = np.flatnonzero(contracts.final & (left != NEVER))
    place = {(int(contracts.account[i]), int(left[i])): int(i) for i in rows}
    row = np.full(len(at), -1, dtype=np.int64)
    told = np.full(len(at), "", dtype=object)
    frame = history.subscriptions
    names = None if frame is None or "subscription_id" not in frame else frame["subscription_id"]
    for k, (code, moment) in enumerate(zip(account.tolist(), at.tolist(), strict=True)):
        i = place.get((code, moment))
        if i is None:
            continue
        row[k] = contracts.row[i]
        what = "ended" if moment == contracts.ended[i] else "notice"
        name = "" if names is None else f" {names.iloc[contracts.versions.order[i]]}"
        why = "" if contracts.reason[i] is None else f" ({contracts.reason[i]})"
        told[k] = f"subscription{name} {what} {as_text(moment)}{why}"
    return Source(row, told)
