"""How things show themselves: progress on a terminal, and the one way to the drawing room.

Imports point down, and only ``report`` draws; a result that wants to be drawn asks for it here, by
name and at the moment of drawing.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")


_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}


class Drawable:
    """Something that ``report`` can draw: as HTML in a notebook, as text on a terminal."""

    def _repr_html_(self) -> str:
        """Draw for a notebook."""
        html: str = import_module("churnkit.report").html(self)
        return html

    def __repr__(self) -> str:
        """Draw as plain text."""
        text: str = import_module("churnkit.report").text(self)
        return text

    def __str__(self) -> str:
        """Print as it is drawn (pydantic models would print their fields)."""
        return repr(self)


def amount(value: float, unit: str, *, digits: int) -> str:
    """Write an amount in its unit: a currency's code, ``"accounts"``, or else a plain number."""
    if unit == "accounts":
        return f"{value:,.2f} accounts"
    sign, plain = "−" if value < 0 else "", f"{abs(value):,.{digits}f}"
    if unit in _SIGNS:
        return f"{sign}{_SIGNS[unit]}{plain}"
    return f"{unit} {sign}{plain}" if is_currency(unit) else f"{sign}{plain}"


def is_currency(unit: str) -> bool:
    """Whether amounts in this unit carry the sign or the code of a currency."""
    return len(unit) == 3 and unit.isupper()


def on_terminal() -> bool:
    """Whether progress has a reader: standard error is a terminal."""
    return sys.stderr.isatty()


def tracked(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Go through ``items`` under a progress bar (on a terminal; elsewhere quiet)."""
    if not on_terminal():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, description=what, total=total, console=Console(stderr=True), transient=True)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show one bar of ``total`` steps; the block calls what it is given with the steps done."""
    if not on_terminal():
        yield lambda _steps: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda steps: bar.advance(task, steps)
