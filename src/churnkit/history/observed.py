"""How far each table's record goes, found from the rows themselves or given by the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from churnkit.timeline import DAY, HOUR, NEVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from churnkit.history.door import Admitted
    from churnkit.history.in_parts import AdmittedInParts

_STRAY_GAP = 30 * DAY
_STRAY_SHARE = 1e-4
_LOOK_BACK = 180 * DAY
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Observed:
    """The end of one table's record.

    Attributes
    ----------
    until
        Microseconds UTC: the last moment at which anything was recorded, or what the caller gave.
    allowance
        How long this table is usually silent; a cutoff that far behind ``until`` is not yet a sign
        that the export stopped. Zero where the caller gave ``until``.
    strays
        Rows dated so far behind all others that they do not count.
    """

    until: int
    allowance: int = 0
    strays: int = 0


class Moments(Protocol):
    """Moments in blocks, of which there are so many in all, and which can be gone through again."""

    def __iter__(self) -> Iterator[NDArray[np.int64]]: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class InMemory:
    """Moments of columns in memory."""

    columns: Sequence[NDArray[np.int64]]

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        return (c[i : i + _BLOCK] for c in self.columns for i in range(0, len(c), _BLOCK))

    def __len__(self) -> int:
        return sum(map(len, self.columns))


def found(columns: Moments, before: int = NEVER) -> Observed | None:
    """Find the end of a record: its last moment, robust to one stray future row in ten thousand.

    Parameters
    ----------
    columns
        Moments, in any order; NEVER does not count.
    before
        Later moments do not count either.

    Returns
    -------
    Observed or None
        The allowance is twice the longest silence of the last 180 days (by the hour), and at least a
        day. None where there is no moment.
    """
    top, count = np.empty(0, np.int64), 0
    size = max(20, int(2 * len(columns) * _STRAY_SHARE) + 2)
    for block in columns:
        real = block[(block != NEVER) & (block <= before)]
        count += len(real)
        if len(top) == size:
            real = real[real > top[0]]
        top = np.sort(np.concatenate([top, real]))[-size:]
    if not count:
        return None
    strays = max(1, int(count * _STRAY_SHARE)) if count >= 20 else 0
    gaps = np.diff(top)
    usual = float(np.median(gaps)) if len(gaps) else 0.0
    cut = 0
    for back in range(1, min(strays, len(gaps)) + 1):
        if gaps[-back] > max(_STRAY_GAP, 10 * usual):
            cut = back
    last = int(top[-1 - cut])
    return Observed(last, max(DAY, 2 * _longest_silence(columns, last)), cut)


def _longest_silence(columns: Moments, last: int) -> int:
    seen = np.zeros(_LOOK_BACK // HOUR + 2, np.bool_)
    start = (last - _LOOK_BACK) // HOUR
    for block in columns:
        recent = block[(block > last - _LOOK_BACK) & (block <= last)]
        seen[recent // HOUR - start] = True
    hours = np.flatnonzero(seen)
    return int(np.diff(hours).max()) * HOUR if len(hours) > 1 else 0


def observe(tables: Mapping[str, Admitted | AdmittedInParts], given: Mapping[str, int]) -> dict[str, Observed]:
    """Find or take the end of every table's record.

    Planned moments (a booked end or start) count only up to where another record has been.
    """
    recorded = {name: found(t.moments(t.spec.recorded)) for name, t in tables.items()}
    anywhere = max((o.until for name, o in recorded.items() if o is not None and name != "accounts"), default=0)
    ends: dict[str, Observed] = {}
    for name, table in tables.items():
        if name in given:
            ends[name] = Observed(given[name])
            continue
        end = recorded[name]
        if table.spec.planned:
            end = found(table.moments((*table.spec.recorded, *table.spec.planned)), anywhere)
        if end is not None:
            ends[name] = end
    return ends


def last_of(observed: Mapping[str, Observed]) -> int:
    """The latest end of any table's record, accounts apart."""
    return max(end.until for name, end in observed.items() if name != "accounts")
