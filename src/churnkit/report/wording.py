"""Numbers, money, moments and lists as people read them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd

from churnkit.display import amount, is_currency
from churnkit.timeline import as_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from churnkit.timeline import Span

NONE = "–"
_DATE = re.compile(r"(?<![\w-])\d{4}-\d\d-\d\d(?: (\d\d:\d\d) UTC)?(?![\w-])")
_DAYS = re.compile(r"(?<![\w.-])(\d+)d\b")


def missing(value: object) -> bool:
    """Whether a cell is empty."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA or value is pd.NaT


def words(value: object) -> str:
    """Show a text or an id; a dash where there is none."""
    return NONE if missing(value) or value == "" else str(value)


def count(value: float, one: str = "", many: str = "") -> str:
    """Show a whole number, with its noun if one is given: ``1 call``, ``1,204 calls``."""
    noun = one if value == 1 else (many or f"{one}s")
    return f"{value:,.0f} {noun}" if one else f"{value:,.0f}"


def percent(share: float | None, *, signed: bool = False) -> str:
    """Show a counted share: whole percents, one decimal below ten, never a false 0 or 100."""
    if share is None or missing(share):
        return NONE
    points = 100 * share
    if not signed and 0 < points < 0.1:
        return "<0.1%"
    if not signed and 99.5 <= points < 100:
        return ">99%"
    digits = 1 if 0 < abs(points) < 9.95 else 0
    return f"{points:{'+' if signed else ''}.{digits}f}%"


def chance(probability: float | None) -> str:
    """Show a probability, none as certain: ``over 99%`` from 99.5 % on, ``under 0.1%`` below a tenth of a percent."""
    if probability is None or missing(probability):
        return NONE
    if probability >= 0.995:
        return "over 99%"
    return "under 0.1%" if probability < 0.001 else percent(probability)


def between(low: float | None, high: float | None, show: Callable[[float | None], str] = percent) -> str:
    """Show an interval of shares (with ``chance`` of probabilities): ``22 to 48%``."""
    if missing(low) or missing(high):
        return NONE
    return f"{show(low).rstrip('%')} to {show(high)}"


def number(value: float, digits: int = 2) -> str:
    """Show a number with so many decimals."""
    return NONE if missing(value) else f"{value:,.{digits}f}"


def money(value: float | None, unit: str) -> str:
    """Show an amount in its unit; whole from five on, so that no false precision is read into it."""
    if value is None or missing(value):
        return NONE
    return amount(value, unit, digits=0 if abs(value) >= 5 or abs(value) < 0.005 else 2)


def unit_note(unit: str) -> str:
    """Say what plain amounts are counted in, where it does not stand beside them."""
    plain = unit != "accounts" and not is_currency(unit)
    return f"Amounts are in {unit}." if plain else ""


def hours(value: float) -> str:
    """Show hours: ``1 hour``, ``27.5 hours``."""
    return NONE if missing(value) else f"{value:,.1f}".removesuffix(".0") + (" hour" if value == 1 else " hours")


def day(moment: object) -> str:
    """Show a moment (microseconds or a timestamp) as a day in UTC: ``1 June 2026``."""
    if missing(moment):
        return NONE
    at = as_datetime(moment) if isinstance(moment, int) else pd.Timestamp(moment)
    return f"{at.day} {at:%B %Y}"


def plainly(text: object) -> str:
    """Write the dates and spans of a sentence of ours as people do: ``4 May 2026``, ``90 days``."""
    dated = _DATE.sub(_as_said, str(text))
    return _DAYS.sub(lambda found: count(int(found[1]), "day"), dated)


def _as_said(found: re.Match[str]) -> str:
    try:
        at = datetime.fromisoformat(found[0][:10]).replace(tzinfo=UTC)
    except ValueError:
        return found[0]
    return day(at) + (f", {found[1]} UTC" if found[1] else "")


def span(length: Span) -> str:
    """Show a length of time: ``90 days``."""
    return count(length.days, "day") if length.days == int(length.days) else f"{length.days * 24:g} hours"


def listed(items: Iterable[str], *, most: int = 0) -> str:
    """Join texts: ``a, b and c``; beyond ``most`` (0: all) the rest is counted."""
    every = list(items)
    if most and len(every) > most:
        return f"{', '.join(every[:most])} and {count(len(every) - most)} more"
    return " and ".join(filter(None, [", ".join(every[:-1]), every[-1]])) if every else ""


def tally(values: Sequence[object] | pd.Series) -> list[tuple[str, int]]:
    """Count equal texts, the most frequent first, equals in order of their first place."""
    found: dict[str, int] = {}
    for value in values:
        key = words(value)
        found[key] = found.get(key, 0) + 1
    return sorted(found.items(), key=lambda pair: -pair[1])
