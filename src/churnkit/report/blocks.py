"""What a section is made of: a few kinds of block, which become HTML in a notebook and text on a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class Heading:
    """The name of what is drawn, and one line beside it."""

    text: str
    beside: str = ""


@dataclass(frozen=True)
class Words:
    """One paragraph."""

    text: str


@dataclass(frozen=True)
class Facts:
    """Names and values, few and short."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Column:
    """One column of a table; numbers stand to the right and never wrap."""

    name: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """A small table of texts.

    Attributes
    ----------
    columns, rows
        The cells of each row, one per column, ready to be read.
    caption
        What the table shows.
    more
        Words on what is left out, empty where nothing is.
    strong
        Positions of rows that stand out.
    below
        For every row the sentences that stand under it; empty: none anywhere.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    more: str = ""
    strong: frozenset[int] = frozenset()
    below: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Notes:
    """Several sentences under one word."""

    items: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawing, and the same in words for whoever cannot see it."""

    svg: Markup
    caption: str
    told: str


Block: TypeAlias = Heading | Words | Facts | Table | Notes | Chart


def columns(*names: str) -> tuple[Column, ...]:
    """Name columns; a name that begins with ``#`` is one of numbers."""
    return tuple(Column(n.removeprefix("#"), n.startswith("#")) for n in names)
