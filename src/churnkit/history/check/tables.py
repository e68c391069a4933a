"""Rows and columns: read, used, set aside by reason; missing, unreadable and out of range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.history.check.data_report import Finding, Severity, Sheet
from churnkit.timeline import DAY, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from churnkit.history.assembly import Contents

_FEW, _MANY = 0.01, 0.2
"""Shares of rows set aside from which on one should look, and should not go on."""


def graded(share: float, few: float = _FEW, many: float = _MANY) -> Severity:
    """Grade a share: a note below ``few``, an error from ``many`` on."""
    return "note" if share < few else "warning" if share < many else "error"


def table_sheet(contents: Contents) -> Sheet:
    """Show for every table what was read and how far its record goes."""
    rows = []
    for name, (read, used) in contents.rows.items():
        end = contents.observed.get(name)
        rows.append((name, read, used, read - used, end.until if end is not None else None))
    columns = ("table", "read", "used", "set aside", "record ends")
    return Sheet("tables", columns, ("text", "count", "count", "count", "moment"), tuple(rows))


def column_sheet(contents: Contents) -> Sheet:
    """Show for every column how many cells are missing, unreadable, out of range or stand for "never"."""
    columns = ("table", "column", "rows", "missing", "unreadable", "out of range", "never")
    kinds = ("text", "text", "count", "share", "count", "count", "count")
    rows = tuple(
        (c.table, c.column, c.rows, c.empty / c.rows if c.rows else None, c.unreadable, c.outside, c.never)
        for c in contents.counts
    )
    return Sheet("columns", columns, kinds, rows)  # type: ignore[arg-type]  # kinds are those of a sheet


def aside_sheet(contents: Contents) -> Sheet:
    """Show rows set aside by reason, each with its first example."""
    rows = []
    if len(contents.rejected):
        for (table, column, why), part in contents.rejected.groupby(["table", "column", "reason"], sort=False):
            first = part.iloc[0]
            rows.append((str(table), str(column), str(why), len(part), int(first["row"]), str(first["value"])[:80]))
    columns = ("table", "column", "reason", "rows", "first row", "value")
    return Sheet("set aside", columns, ("text", "text", "text", "count", "count", "text"), tuple(rows))


def find_in_tables(contents: Contents) -> Iterator[Finding]:
    """Find rows set aside, what the door decided, and records that stop before the others."""
    aside = {name: read - used for name, (read, used) in contents.rows.items()}
    for note in contents.notes:
        read = contents.rows[note.table][0] if note.table in contents.rows else 0
        text, _, cure = note.text.partition(". ")
        is_aside = "Set aside" in note.text
        severity = graded(note.count / read) if is_aside and read else "note"
        yield Finding(
            severity, "set-aside" if is_aside else "decided", note.table, f"{text.rstrip('.')}.", cure,
            column=note.column, count=note.count, of=read,
        )  # fmt: skip
    for count in contents.counts:
        if count.rows and count.empty == count.rows and not aside.get(count.table):
            text = f"all {count.rows:,} cells are empty."
            yield Finding(
                "note", "empty-column", count.table, text, "Leave the column out, or fill it at the source.",
                column=count.column, count=count.rows, of=count.rows,
            )  # fmt: skip
    yield from _stops_early(contents)


def _stops_early(contents: Contents) -> Iterator[Finding]:
    ends = {n: e for n, e in contents.observed.items() if n != "accounts"}
    last = max(e.until for e in ends.values())
    for name, end in ends.items():
        if last > end.until + max(end.allowance, DAY):
            behind = (last - end.until) / DAY
            yield Finding(
                "warning",
                "ends-early",
                name,
                f"its record ends {as_text(end.until)}, {behind:,.0f} days before the last one of all tables.",
                "Its windows there are missing, not zero: export the table again, or pass observed_until= if "
                "nothing happened since.",
            )
