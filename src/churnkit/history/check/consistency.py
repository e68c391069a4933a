"""Tables against each other and against the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.history.check.data_report import Finding, Sheet
from churnkit.history.check.tables import graded
from churnkit.timeline import DAY, NEVER, as_text, zone_offsets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from churnkit.history.assembly import Contents
    from churnkit.history.contracts import Contracts
    from churnkit.history.signals import Signals

_AFTER = 30 * DAY
_LOW_RESPONSE = 0.1
_SPIKE = 0.05


def find_in_accounts(contents: Contents) -> Iterator[Finding]:
    """Find accounts without activity, facts before the opening and long after the end."""
    signals, n = contents.signals, len(contents.accounts)
    mine = np.array([signals.tables[name] == "activity" for name in signals.names], dtype=np.bool_)[signals.signal]
    account, occurred = signals.account[mine], signals.occurred[mine]
    seen = np.zeros(n, np.bool_)
    seen[account] = True
    quiet = int(n - seen.sum())
    if quiet:
        first = contents.keys.ids[int(np.argmin(seen))]
        yield Finding(
            graded(quiet / n, 0.1, 0.5), "no-activity", "accounts",
            f"{quiet:,} of {n:,} accounts have no activity (first: {first!r}).",
            "Silent accounts stay in the population; check that the export of activity is whole.",
            count=quiet, of=n,
        )  # fmt: skip
    early = occurred < contents.opened[account] - DAY
    yield from _facts_outside(contents, account, early, "before-opening", "more than a day before their account opens",
                              "Check opened_at: it may be the day of an import.")  # fmt: skip
    if contents.contracts is not None:
        end = _last_end(contents.contracts, n)[account]
        late = (end != NEVER) & (occurred > np.where(end == NEVER, 0, end) + _AFTER)
        yield from _facts_outside(contents, account, late, "after-end", "more than 30 days after the last contract",
                                  "Check whether a contract is missing, or use is not ended with it.")  # fmt: skip


def _facts_outside(
    contents: Contents, account: NDArray[np.int32], rows: NDArray[np.bool_], topic: str, where: str, cure: str
) -> Iterator[Finding]:
    count = int(rows.sum())
    if count:
        who = contents.keys.ids[account[int(np.argmax(rows))]]
        accounts = len(np.unique(account[rows]))
        text = f"{count:,} of {len(rows):,} events of {accounts:,} accounts lie {where} (first: {who!r})."
        yield Finding(
            graded(count / len(rows), 0.01, 2.0), topic, "activity", text, cure,
            column="occurred_at", count=count, of=len(rows),
        )  # fmt: skip


def _last_end(contracts: Contracts, n: int) -> NDArray[np.int64]:
    """Give the end of each account's last contract (NEVER: it runs, or there is none)."""
    end = np.full(n, np.iinfo(np.int64).min, dtype=np.int64)
    rows = contracts.final
    np.maximum.at(end, contracts.account[rows], contracts.ended[rows])
    return np.where(end == np.iinfo(np.int64).min, NEVER, end)


def survey_sheet(signals: Signals) -> Sheet:
    """Show how many surveys were answered."""
    rows = []
    for name in signals.names:
        if name.endswith("_asked") and signals.tables[name] == "satisfaction":
            metric = name.removesuffix("_asked")
            asked, answered = int(signals.pick([name]).sum()), int(signals.pick([metric]).sum())
            rows.append((metric, asked, answered, answered / asked if asked else None))
    columns = ("metric", "asked", "answered", "response")
    return Sheet("surveys", columns, ("text", "count", "count", "share"), tuple(rows))


def find_in_surveys(sheet: Sheet) -> Iterator[Finding]:
    """Find surveys that few answer, or of which only answers are kept."""
    for metric, asked, answered, response in sheet.rows:
        place = {"count": int(answered or 0), "of": int(asked or 0)}
        if response is not None and float(response) < _LOW_RESPONSE:
            yield Finding(
                "warning", "response-rate", "satisfaction",
                f"{float(response):.1%} of {asked:,} asked for {metric} answered.",
                "Who answers differs from who does not; read the score beside the silence.", column="score", **place,
            )  # fmt: skip
        elif response == 1:
            yield Finding(
                "note", "response-rate", "satisfaction",
                f"every one of {asked:,} rows of {metric} has a score: who was asked and did not answer is missing.",
                "Export them too, with an empty score: not answering is a signal.", column="score", **place,
            )  # fmt: skip


def find_in_clocks(contents: Contents) -> Iterator[Finding]:
    """Find rows from the future, rows known before they occurred, and spikes at midnight."""
    signals = contents.signals
    for table, end in contents.observed.items():
        names = [n for n in signals.names if signals.tables[n] == table and n != "renewal_due"]
        if not names or table in ("accounts", "subscriptions"):
            continue
        occurred = signals.occurred[signals.pick(names)]
        future = int((occurred > end.until).sum())
        if future:
            yield Finding(
                graded(future / len(occurred), 0.001, 0.2), "future", table,
                f"{future:,} of {len(occurred):,} facts are dated after the end of the record, {as_text(end.until)} "
                f"(last: {as_text(int(occurred.max()))}).",
                "They count at no cutoff before their own date; mend the clock of the source.",
                count=future, of=len(occurred),
            )  # fmt: skip
    if signals.known is not None:
        before = int((signals.known < signals.occurred).sum())
        if before:
            yield Finding(
                "warning", "known-before", "", f"{before:,} facts were recorded before they occurred.",
                "Check the clocks and zones of occurred_at and recorded_at.", count=before, of=len(signals),
            )  # fmt: skip
    yield from _midnight(contents, signals)


def _midnight(contents: Contents, signals: Signals) -> Iterator[Finding]:
    mine = np.array([signals.tables[n] == "activity" for n in signals.names], dtype=np.bool_)[signals.signal]
    occurred = signals.occurred[mine]
    if contents.timezone != "UTC" and len(occurred):
        starts, offsets = zone_offsets(contents.timezone, int(occurred.min()), int(occurred.max()))
        occurred = occurred + offsets[np.searchsorted(starts, occurred, side="right") - 1]
    count, total = int((occurred % DAY == 0).sum()), len(occurred)
    if total and count == total:
        yield Finding(
            "note", "midnight", "activity", "all events are dated midnight: days without a time of day.",
            "A day's events then count as known from its first instant; export the time of day if there is one.",
            column="occurred_at", count=count, of=total,
        )  # fmt: skip
    elif total >= 100 and count / total > _SPIKE:
        yield Finding(
            "warning", "midnight", "activity",
            f"{count:,} of {total:,} events are dated exactly midnight in {contents.timezone}.",
            "Some rows have lost their time of day, or come from a nightly job; check their source.",
            column="occurred_at", count=count, of=total,
        )  # fmt: skip
