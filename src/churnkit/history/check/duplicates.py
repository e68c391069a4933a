"""Duplicates: rows that say exactly the same, and rows that say the same a moment apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.history.check.data_report import Finding
from churnkit.history.check.tables import graded
from churnkit.timeline import SECOND, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from churnkit.history.assembly import Contents
    from churnkit.history.signals import Signals

NEAR = 60 * SECOND
_MIX = np.uint64(0x9E3779B97F4A7C15)


def find_duplicates(contents: Contents) -> Iterator[Finding]:
    """Find duplicates in every table, and account ids that differ only in case."""
    signals = contents.signals
    plain = {"activity", "satisfaction", "contacts", *(n for n in signals.tables.values() if n not in contents.frames)}
    for table in sorted(plain - {"accounts", "subscriptions", "tickets"}):
        # A survey row makes two facts; the one that every row makes is counted.
        names = [n for n in signals.names if signals.tables[n] == table]
        names = [n for n in names if n.endswith("_asked")] if table == "satisfaction" else names
        if names:
            yield from _in_facts(contents, signals, table, signals.pick(names))
    for table, frame in contents.frames.items():
        if table != "contacts":
            yield from _in_frame(table, frame)
    yield from _in_ids(contents)


def _in_facts(contents: Contents, signals: Signals, table: str, mine: NDArray[np.bool_]) -> Iterator[Finding]:
    rows = np.flatnonzero(mine)
    if not len(rows):
        return
    key = _key(signals, rows)
    occurred = signals.occurred[rows]
    order = np.lexsort((occurred, key))
    same = np.diff(key[order].view(np.int64)) == 0
    apart = np.diff(occurred[order])
    exact, near = same & (apart == 0), same & (apart > 0) & (apart <= NEAR)
    total = len(rows)
    if exact.any():
        first = rows[order[int(np.argmax(exact))]]
        who = contents.keys.ids[signals.account[first]]
        yield Finding(
            graded(int(exact.sum()) / total, 0.01, 0.4),
            "duplicates",
            table,
            f"{int(exact.sum()):,} of {total:,} rows repeat another exactly (first: account {who!r}, "
            f"{signals.names[signals.signal[first]]}, {as_text(int(signals.occurred[first]))}).",
            "They are kept; drop them at the source if one thing was written twice.",
            count=int(exact.sum()),
            of=total,
        )
    if near.any():
        yield Finding(
            graded(int(near.sum()) / total, 0.05, 2.0),
            "near-duplicates",
            table,
            f"{int(near.sum()):,} of {total:,} rows repeat another within a minute.",
            "They are kept; if a retry wrote them, drop them at the source.",
            count=int(near.sum()),
            of=total,
        )


def _key(signals: Signals, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Mix everything but the time into one number (collisions: one in 10^6 for 10 million rows)."""
    key = signals.account[rows].astype(np.uint64) << np.uint64(16)
    key |= signals.signal[rows].astype(np.uint64)
    for column in (signals.value, signals.label, signals.actor):
        if column is not None:
            part = column[rows]
            bits = part.view(np.uint64) if part.dtype == np.float64 else part.astype(np.int64).view(np.uint64)
            key = _mixed(key) ^ bits
    return _mixed(key)


def _mixed(key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        key = (key ^ (key >> np.uint64(31))) * _MIX
        return np.asarray(key ^ (key >> np.uint64(29)), dtype=np.uint64)


def _in_frame(table: str, frame: pd.DataFrame) -> Iterator[Finding]:
    again = frame.duplicated().to_numpy()
    count = int(again.sum())
    if count:
        yield Finding(
            graded(count / len(frame), 0.01, 0.4),
            "duplicates",
            table,
            f"{count:,} of {len(frame):,} rows repeat another exactly (first: account "
            f"{frame['account_id'].iloc[int(np.argmax(again))]!r}).",
            "They are kept; drop them at the source.",
            count=count,
            of=len(frame),
        )


def _in_ids(contents: Contents) -> Iterator[Finding]:
    lower = pd.Series([str(t).lower() for t in contents.keys.index], dtype=object)
    alike = lower.duplicated(keep=False).to_numpy()
    if alike.any():
        first = contents.keys.index[int(np.argmax(alike))]
        yield Finding(
            "warning",
            "near-duplicates",
            "accounts",
            f'{int(alike.sum()):,} ids differ from another only in case (first: "{first}").',
            "Write ids alike in all systems, else one client counts as two.",
            column="account_id",
            count=int(alike.sum()),
            of=len(lower),
        )
