"""Labels: population, lead, delay and maturity, applied once and the same for every definition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.labels.definitions import ChurnDefinition
    from churnkit.timeline import Span

UNKNOWN = -1
"""A label that cannot be told: immature, or dropped."""


@dataclass(frozen=True, eq=False)
class Labels:
    """One row per account in the population and cutoff.

    Attributes
    ----------
    account
        int32 codes.
    cutoff
        int64 moments.
    y
        int8, one column per horizon: 1 left within it, 0 stayed, -1 unknown.
    horizons
        Ascending.
    left_at
        int64, the first leave at or after ``cutoff + lead`` in hindsight (NEVER: none seen).
    counts
        What was left out, in words and numbers: immature pairs per horizon, leavers inside the lead,
        accounts that had already left unnoticed.
    """

    account: NDArray[np.int32]
    cutoff: NDArray[np.int64]
    y: NDArray[np.int8]
    horizons: tuple[Span, ...]
    left_at: NDArray[np.int64]
    counts: dict[str, int] = field(default_factory=dict)

    def events(self, horizon: Span) -> int:
        """How many distinct accounts are seen leaving within a horizon."""
        rows = self.y[:, self.horizons.index(horizon)] == 1
        return len(np.unique(self.account[rows]))


def reporting_end(history: History, definition: ChurnDefinition) -> int:
    """Until when leaves are known for sure: the end of the label's own table less its reporting delay."""
    return history.observed_until[definition.table] - definition.delay(history)


def purge(history: History, definition: ChurnDefinition) -> int:
    """Give the time that training cutoffs must stay before evaluation ones: longest horizon, lead and delay."""
    return definition.horizon.micros + definition.lead.micros + definition.delay(history)


def label(
    history: History,
    definition: ChurnDefinition,
    cutoffs: Sequence[int] | NDArray[np.int64],
    horizons: tuple[Span, ...],
) -> Labels:
    """Label the population of every cutoff.

    A pair of snapshot and horizon is mature only if ``cutoff + lead + horizon + delay`` is not after
    the end of the label's table; immature pairs are unknown whole, also where the leave was seen.
    """
    definition.check(history)
    end = reporting_end(history, definition)
    counts = {f"immature {h}": 0 for h in horizons} | {"left inside the lead": 0, "had left unnoticed": 0}
    parts = []
    for cutoff in (int(c) for c in cutoffs):
        inside = definition.standing(history, cutoff).inside
        gone = inside & definition.gone_unknown(history, cutoff)
        start = cutoff + definition.lead.micros
        early = inside & ~gone & (definition.next_leave(history, cutoff) < start)
        leave = definition.next_leave(history, start)
        rows = np.flatnonzero(inside)
        y = np.full((len(rows), len(horizons)), UNKNOWN, dtype=np.int8)
        for j, horizon in enumerate(horizons):
            if start + horizon.micros > end:
                counts[f"immature {horizon}"] += len(rows)
            else:
                y[:, j] = leave[rows] < start + horizon.micros
        y[(gone | early)[rows]] = UNKNOWN
        counts["had left unnoticed"] += int(gone.sum())
        counts["left inside the lead"] += int(early.sum())
        parts.append((rows.astype(np.int32), np.full(len(rows), cutoff, np.int64), y, leave[rows]))
    return Labels(
        account=np.concatenate([p[0] for p in parts]),
        cutoff=np.concatenate([p[1] for p in parts]),
        y=np.concatenate([p[2] for p in parts]),
        horizons=horizons,
        left_at=np.concatenate([p[3] for p in parts]),
        counts=counts,
    )
