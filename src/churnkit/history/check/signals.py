"""Signals: how long, how often, with what gaps, from how many accounts, and how late they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from churnkit.history.check.data_report import Cell, Finding, Sheet
from churnkit.timeline import DAY, as_text, local_days

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from churnkit.history.signals import Signals

MOST_SIGNALS = 100
SILENT_DAYS = 30
OUTAGE_DAYS = 7
"""A week without any event is an outage until shown otherwise."""
_EXPECTED = 7.0
"""So many facts in the usual (median) week make an empty one incredible (e^-7, one week in a thousand)."""
_LATE = 2 * DAY


class Told(NamedTuple):
    """What one signal is like."""

    name: str
    table: str
    theme: str
    facts: int
    first: int
    last: int
    per_week: float
    usual: float
    longest: int
    gap_from: int
    without: float
    silent: float
    delay: float | None
    late: float | None


def tell_signals(signals: Signals, accounts: int, timezone: str) -> list[Told]:
    """Look at every signal, those with most facts first."""
    order = np.argsort(signals.signal, kind="stable")
    ends = np.searchsorted(signals.signal[order], np.arange(len(signals.names) + 1))
    found = []
    for code, name in enumerate(signals.names):
        rows = order[ends[code] : ends[code + 1]]
        if len(rows):
            found.append(_tell(signals, name, rows, accounts, timezone))
    return sorted(found, key=lambda t: -t.facts)


def _tell(signals: Signals, name: str, rows: NDArray[np.int64], accounts: int, timezone: str) -> Told:
    occurred = signals.occurred[rows]
    days = local_days(occurred, timezone)
    first, last = int(occurred.min()), int(occurred.max())
    seen = np.zeros(int(days.max()) - int(days.min()) + 1, np.bool_)
    seen[days - days.min()] = True
    there = np.flatnonzero(seen)
    gaps = np.diff(there) - 1
    at = int(np.argmax(gaps)) if len(gaps) else 0
    with_it, silent = _silences(signals.account[rows], days)
    delay = late = None
    if signals.known is not None:
        lags = signals.known[rows] - occurred
        delay, late = float(np.quantile(lags, 0.99)) / DAY, float((lags > _LATE).mean())
    return Told(
        name=name,
        table=signals.tables.get(name, ""),
        theme=signals.themes.get(name, ""),
        facts=len(rows),
        first=first,
        last=last,
        per_week=len(rows) / max((last - first) / (7 * DAY), 1.0),
        usual=float(np.median(np.bincount((days - days.min()) // 7))),
        longest=int(gaps.max()) if len(gaps) else 0,
        gap_from=int((there[at] + int(days.min()) + 1) * DAY) if len(gaps) else first,
        without=1 - with_it / accounts,
        silent=silent / with_it,
        delay=delay,
        late=late,
    )


def _silences(account: NDArray[np.int32], days: NDArray[np.int32]) -> tuple[int, int]:
    """Count accounts with the signal, and those of them once silent for 30 days between two facts."""
    width = int(days.max()) - int(days.min()) + 1
    pairs = np.unique(account.astype(np.int64) * width + (days - days.min()))
    who, day = pairs // width, pairs % width
    quiet = (np.diff(who) == 0) & (np.diff(day) > SILENT_DAYS)
    return len(np.unique(who)), len(np.unique(who[1:][quiet]))


def signal_sheet(told: list[Told]) -> Sheet:
    """Show the signals."""
    columns = (
        "signal", "table", "theme", "facts", "first", "last", "per week", "longest gap", "accounts without",
        f"accounts silent {SILENT_DAYS} days", "delay (99 %)",
    )  # fmt: skip
    kinds = ("text", "text", "text", "count", "moment", "moment", "number", "days", "share", "share", "days")
    rows: list[tuple[Cell, ...]] = [
        (t.name, t.table, t.theme, t.facts, t.first, t.last, t.per_week, t.longest, t.without, t.silent, t.delay)
        for t in told[:MOST_SIGNALS]
    ]
    return Sheet("signals", columns, kinds, tuple(rows))  # type: ignore[arg-type]  # kinds are those of a sheet


def find_in_signals(told: list[Told], signals: Signals, timezone: str) -> Iterator[Finding]:
    """Find outages, late arrivals and names without end."""
    for signal in told:
        # Contracts make facts when terms begin and end, not day by day.
        if signal.longest >= OUTAGE_DAYS and signal.usual >= _EXPECTED and signal.table != "subscriptions":
            yield Finding(
                "warning",
                "outage",
                signal.table,
                f"no {signal.name} for {signal.longest} days from {as_text(signal.gap_from)} on, "
                f"where {signal.usual:,.0f} a week are usual.",
                "An outage of the export until shown otherwise: fetch those days again.",
                column=signal.name,
                count=signal.longest,
            )
        # Facts of contracts are known late on purpose (an end counts when the gap for a rebuy has passed).
        if signal.late is not None and signal.late > 0.01 and signal.table != "subscriptions":
            yield Finding(
                "note",
                "late-arrival",
                signal.table,
                f"{signal.late:.1%} of {signal.name} are recorded more than 2 days after they occurred "
                f"(99 % within {signal.delay:,.1f} days).",
                "They count from when they were recorded; a shorter delay makes the newest facts usable.",
                column=signal.name,
            )
    yield from _outage_of_table(signals, timezone)
    names = sum(t.table == "activity" for t in told)
    if names > 200:
        yield Finding(
            "warning",
            "many-names",
            "activity",
            f"{names:,} different events.",
            "An event is a kind of thing (login, export); put what differs into value or user_id.",
            column="event",
            count=names,
        )


def _outage_of_table(signals: Signals, timezone: str) -> Iterator[Finding]:
    """Find weeks in which nobody did anything at all."""
    mine = np.array([signals.tables.get(n) == "activity" for n in signals.names], dtype=np.bool_)
    days = np.unique(local_days(signals.occurred[mine[signals.signal]], timezone)).astype(np.int64)
    gaps = np.diff(days) - 1
    for i in np.flatnonzero(gaps >= OUTAGE_DAYS):
        yield Finding(
            "warning",
            "outage",
            "activity",
            f"no event of any account for {gaps[i]} days from {as_text(int(days[i] + 1) * DAY)} on.",
            "A week without any event is an outage of the export until shown otherwise: fetch those days again.",
            count=int(gaps[i]),
        )
