"""What a check of the data says: findings with severity and cure, and sheets of figures behind them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

from churnkit.display import Drawable
from churnkit.timeline import as_text

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""From worst to mildest: do not build on it; look before you build; good to know."""

Kind = Literal["text", "count", "share", "number", "moment", "days"]
Cell: TypeAlias = "str | int | float | None"
SCHEMA = 1


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or good to know.

    Attributes
    ----------
    severity
        ``error``, ``warning`` or ``note``.
    topic
        A fixed word for programs: ``set-aside``, ``duplicates``, ``outage``, ...
    table, column
        Where; the column is empty where the whole table is meant.
    count, of
        How many rows (or accounts) of how many.
    text, cure
        What, with an example; and what to do.
    """

    severity: Severity
    topic: str
    table: str
    text: str
    cure: str
    column: str = ""
    count: int = 0
    of: int = 0

    def __str__(self) -> str:
        place = f"{self.table}.{self.column}" if self.column else self.table
        return f"{place}: {self.text} {self.cure}"


@dataclass(frozen=True)
class Sheet:
    """A small table of figures.

    Attributes
    ----------
    title, columns, kinds
        What it shows; the names of its columns and how their cells are meant: ``moment`` is microseconds
        since 1970 UTC, ``share`` lies in [0, 1], None is "not known".
    rows
        One tuple per row.
    """

    title: str
    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def shown(self) -> tuple[tuple[str, ...], ...]:
        """Give every cell as it reads."""
        return tuple(tuple(_shown(c, k) for c, k in zip(row, self.kinds, strict=True)) for row in self.rows)

    def records(self) -> list[dict[str, Cell]]:
        """Give one mapping per row; moments as ISO 8601 text."""
        return [{n: _plain(c, k) for n, c, k in zip(self.columns, row, self.kinds, strict=True)} for row in self.rows]


@dataclass(frozen=True)
class HorizonSupport:
    """Whether a horizon can be learnt: monthly cutoffs whose answer is known, and leavers inside it."""

    days: int
    mature_cutoffs: int
    last_mature: int | None


@dataclass(frozen=True)
class Support:
    """What the data can support.

    Attributes
    ----------
    churn
        Which leaves were counted, in words.
    events
        Accounts that are seen to leave.
    monthly_rate
        Leaves per account and month under observation; None where that cannot be told.
    horizons
        The usual horizons, shortest first.
    rung, why_rung
        The highest rung of the evidence ladder that so many events allow, and what the next one needs.
    effect, why_effect
        What the effect of a contact can be learnt from.
    """

    churn: str
    events: int
    monthly_rate: float | None
    horizons: tuple[HorizonSupport, ...]
    rung: str
    why_rung: str
    effect: str
    why_effect: str


@dataclass(frozen=True, repr=False)
class DataReport(Drawable):
    """Everything that a check of a history found.

    Attributes
    ----------
    findings
        The worst first.
    sheets
        Tables, columns, rows set aside, signals, surveys.
    support
        What the data can support.
    """

    findings: tuple[Finding, ...]
    sheets: tuple[Sheet, ...]
    support: Support

    def exit_code(self, *, strict: bool = False) -> int:
        """Give 1 where a finding is an error (``strict``: or a warning), else 0."""
        stops = SEVERITIES[: 2 if strict else 1]
        return int(any(f.severity in stops for f in self.findings))

    def of(self, topic: str) -> tuple[Finding, ...]:
        """Give the findings of one topic."""
        return tuple(f for f in self.findings if f.topic == topic)

    def sheet(self, title: str) -> Sheet:
        """Give a sheet by its title."""
        return next(s for s in self.sheets if s.title == title)

    def to_json(self, *, indent: int | None = 2) -> str:
        """Write the report for a pipeline: findings, sheets and support, moments as ISO 8601 text."""
        support = asdict(self.support)
        for horizon in support["horizons"]:
            horizon["last_mature"] = _plain(horizon["last_mature"], "moment")
        data = {
            "schema": SCHEMA,
            "exit_code": self.exit_code(),
            "findings": [asdict(f) for f in self.findings],
            "sheets": {s.title: s.records() for s in self.sheets},
            "support": support,
        }
        return json.dumps(data, indent=indent, ensure_ascii=False, allow_nan=False)


def _plain(cell: Cell, kind: Kind) -> Cell:
    if cell is None or kind != "moment":
        return cell
    from churnkit.timeline import as_datetime

    return as_datetime(int(cell)).isoformat()


def _shown(cell: Cell, kind: Kind) -> str:
    if cell is None:
        return "–"
    if kind == "moment":
        return as_text(int(cell) // 60_000_000 * 60_000_000)
    if kind == "share":
        return f"{float(cell):.1%}"
    if kind == "count":
        return f"{int(cell):,}"
    if kind == "days":
        return f"{float(cell):,.1f} d"
    return f"{float(cell):,.4g}" if kind == "number" else str(cell)
