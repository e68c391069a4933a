"""Labels: population, lead, delay and maturity, applied once and the same for every definition."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from churnkit.labels.definitions import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.labels.definitions import ChurnDefinition
    from churnkit.timeline import Span

UNKNOWN = -1
"""A label that cannot be told: immature, or dropped."""

WHY = ("stayed", "left", "immature", "left otherwise", "left inside the lead", "had left unnoticed")
"""Why a label is what it is; the first two are known ones, and of several reasons the last one is given."""

_IMMATURE, _OTHERWISE, _LEAD, _GONE = range(2, 6)


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
    lost_at
        int64, the first leave from then on that is neither churn nor staying (NEVER: none seen).
    why
        int8, one column per horizon: positions in :data:`WHY`.
    mature
        bool, one column per horizon: whether the record goes far enough.
    counts
        What was left out, in words and numbers: immature pairs per horizon, leavers inside the lead,
        accounts that had already left unnoticed, and those that left otherwise, where there are any.
    """

    account: NDArray[np.int32]
    cutoff: NDArray[np.int64]
    y: NDArray[np.int8]
    horizons: tuple[Span, ...]
    left_at: NDArray[np.int64]
    lost_at: NDArray[np.int64]
    why: NDArray[np.int8]
    mature: NDArray[np.bool_]
    counts: dict[str, int] = field(default_factory=dict)

    def of(self, accounts: NDArray[np.bool_]) -> Labels:
        """Keep the labels of some accounts, marked by code."""
        return self if accounts.all() else self.taken(np.flatnonzero(accounts[self.account]))

    def taken(self, rows: NDArray[np.int64]) -> Labels:
        """Take some rows, in that order."""
        columns = ("account", "cutoff", "y", "left_at", "lost_at", "why", "mature")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

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
    pieces = [
        _stacked([_at_cutoff(piece, definition, int(c), horizons, end).of(mine) for c in cutoffs])
        for piece, mine in history.pieces()
    ]
    found = pieces[0] if len(pieces) == 1 else _merged(pieces, cutoffs)
    found.counts.update(_counted(found))
    return found


def standing(history: History, definition: ChurnDefinition, cutoff: int) -> Standing:
    """Say of every account whether it is in the population of a cutoff, and why not, as known then."""
    inside = np.zeros(len(history.accounts), dtype=np.bool_)
    why = np.full(len(inside), "", dtype=object)
    for piece, mine in history.pieces():
        found = definition.standing(piece, cutoff)
        inside[mine], why[mine] = found.inside[mine], found.why[mine]
    return Standing(inside, why)


def _merged(pieces: Sequence[Labels], cutoffs: Sequence[int] | NDArray[np.int64]) -> Labels:
    """Put labels of different accounts together, by cutoff as asked for, then by account."""
    whole = _stacked(pieces)
    asked = {int(c): k for k, c in reversed(list(enumerate(cutoffs)))}
    return whole.taken(np.lexsort((whole.account, [asked[int(c)] for c in whole.cutoff])))


def _stacked(parts: Sequence[Labels]) -> Labels:
    """Put the labels of several cutoffs below each other."""
    return Labels(
        account=np.concatenate([p.account for p in parts]),
        cutoff=np.concatenate([p.cutoff for p in parts]),
        y=np.concatenate([p.y for p in parts]),
        horizons=parts[0].horizons,
        left_at=np.concatenate([p.left_at for p in parts]),
        lost_at=np.concatenate([p.lost_at for p in parts]),
        why=np.concatenate([p.why for p in parts]),
        mature=np.concatenate([p.mature for p in parts]),
    )


def _at_cutoff(
    history: History, definition: ChurnDefinition, cutoff: int, horizons: tuple[Span, ...], end: int
) -> Labels:
    """Label the population of one cutoff; nothing is counted yet."""
    start = cutoff + definition.lead.micros
    rows = np.flatnonzero(definition.standing(history, cutoff).inside)
    gone = definition.gone_unknown(history, cutoff)[rows]
    leave, lost = definition.next_leave(history, start)[rows], definition.next_lost(history, start)[rows]
    early = np.zeros(len(rows), dtype=np.bool_)
    if definition.lead.micros:
        early = definition.next_leave(history, cutoff)[rows] < start
        early |= definition.next_lost(history, cutoff)[rows] < start
    why = np.zeros((len(rows), len(horizons)), dtype=np.int8)
    mature = np.zeros((len(rows), len(horizons)), dtype=np.bool_)
    for j, horizon in enumerate(horizons):
        until = start + horizon.micros
        mature[:, j] = until <= end
        why[:, j] = leave < until
        why[(lost < until) & (lost < leave), j] = _OTHERWISE
        why[~mature[:, j], j] = _IMMATURE
    why[early], why[gone] = _LEAD, _GONE
    y = np.where(why < _IMMATURE, why, UNKNOWN).astype(np.int8)
    return Labels(
        account=rows.astype(np.int32),
        cutoff=np.full(len(rows), cutoff, np.int64),
        y=y,
        horizons=horizons,
        left_at=leave,
        lost_at=lost,
        why=why,
        mature=mature,
    )


def _counted(found: Labels) -> dict[str, int]:
    """Count what was left out; an immature pair counts as such whatever else is wrong with it."""
    counts = {f"immature {h}": int((~found.mature[:, j]).sum()) for j, h in enumerate(found.horizons)}
    first = found.why[:, 0]
    counts["left inside the lead"] = int((first == _LEAD).sum())
    counts["had left unnoticed"] = int((first == _GONE).sum())
    for j, horizon in enumerate(found.horizons):
        if otherwise := int((found.why[:, j] == _OTHERWISE).sum()):
            counts[f"left otherwise {horizon}"] = otherwise
    return counts
