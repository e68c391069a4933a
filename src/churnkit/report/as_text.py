"""Blocks as text for a terminal, as wide as it is."""

from __future__ import annotations

import shutil
from textwrap import wrap
from typing import TYPE_CHECKING

from churnkit.report.blocks import Block, Chart, Facts, Heading, Notes, Table, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WIDEST = 140
NARROWEST = 40
GAP = 2
EDGE = 2
SHORTEST = 4
"""No column is made narrower than this."""


def render_text(blocks: Iterable[Block], width: int | None = None) -> str:
    """Write blocks as plain text.

    Parameters
    ----------
    width
        In characters; None: the terminal's, 100 where there is none, at most 140.
    """
    across = max(width or min(shutil.get_terminal_size((100, 24)).columns, WIDEST), NARROWEST)
    lines: list[str] = []
    for number, block in enumerate(blocks):
        if number and not isinstance(block, Facts):
            lines.append("")
        lines += _lines(block, across)
    return "\n".join(line.rstrip() for line in lines)


def _lines(block: Block, across: int) -> Iterator[str]:
    if isinstance(block, Heading):
        yield from wrap(block.text + (f" · {block.beside}" if block.beside else ""), across)
    elif isinstance(block, Words):
        yield from wrap(block.text, across)
    elif isinstance(block, Facts):
        left = max((len(name) for name, _ in block.pairs), default=0) + EDGE + GAP
        for name, value in block.pairs:
            yield from _hung(value, across, f"{'':{EDGE}}{name:<{left - EDGE}}")
    elif isinstance(block, Notes):
        if block.title:
            yield f"{block.title}:"
        for item in block.items:
            yield from _hung(item, across, "  - ")
    elif isinstance(block, Chart):
        colon = "" if block.caption.endswith("?") else ":"
        yield from wrap(f"{block.caption}{colon} {block.told}", across)
    else:
        yield from _table(block, across)


def _hung(text: str, across: int, lead: str) -> list[str]:
    """Wrap a text behind a lead, further lines below its beginning."""
    return wrap(text, across, initial_indent=lead, subsequent_indent=" " * len(lead)) or [lead]


def _table(block: Table, across: int) -> Iterator[str]:
    yield from wrap(block.caption, across)
    widths = _widths(block, across - EDGE)
    yield from _row([c.name for c in block.columns], block, widths)
    for place, row in enumerate(block.rows):
        yield from _row(row, block, widths)
        for item in block.below[place] if block.below else ():
            yield from _hung(item, across, " " * (EDGE + widths[0] + GAP) + "- ")
    if block.more:
        yield f"  … {block.more}"


def _widths(block: Table, across: int) -> list[int]:
    """Give each column what it needs; where that is too much, long heads wrap first, then texts, then anything."""
    cells = [
        max((len(p) for row in block.rows for p in row[i].split("\n")), default=0) for i in range(len(block.columns))
    ]
    words = [max(map(len, c.name.split())) for c in block.columns]
    widths = [max(len(c.name), cell) for c, cell in zip(block.columns, cells, strict=True)]
    least = [max(pair) for pair in zip(words, cells, strict=True)]
    texts = [i for i, c in enumerate(block.columns) if not c.numeric]
    for soft, floor in ((range(len(widths)), least), (texts, words), (range(len(widths)), [SHORTEST] * len(widths))):
        while sum(widths) + GAP * (len(widths) - 1) > across:
            wide = [i for i in soft if widths[i] > floor[i]]
            if not wide:
                break
            widths[max(wide, key=lambda i: widths[i])] -= 1
    return widths


def _row(cells: Sequence[str], block: Table, widths: Sequence[int]) -> Iterator[str]:
    wrapped = [
        [line for part in cell.split("\n") for line in wrap(part, width) or [""]]
        for cell, width in zip(cells, widths, strict=True)
    ]
    for level in range(max(map(len, wrapped), default=0)):
        shown = [
            f"{parts[level] if level < len(parts) else '':{'>' if column.numeric else '<'}{width}}"
            for parts, column, width in zip(wrapped, block.columns, widths, strict=True)
        ]
        yield " " * EDGE + (" " * GAP).join(shown)
