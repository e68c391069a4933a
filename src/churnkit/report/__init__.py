"""Words, charts and pages for people: the one room that draws.

:func:`html` and :func:`text` draw any result by its section; :func:`page` makes one self-contained page
of a contact plan, :func:`sheet` one of any other result. A section is one small class that registers
itself (:class:`Section`).
"""

from churnkit.report import about_accounts, about_data, about_labels, about_model, about_quality
from churnkit.report.as_html import render_notebook, render_sheet
from churnkit.report.as_text import render_text
from churnkit.report.blocks import Heading
from churnkit.report.page import page
from churnkit.report.sections import SECTIONS, Section, blocks_of

__all__ = ["SECTIONS", "Section", "html", "page", "sheet", "text"]

_ROOMS = (about_accounts, about_data, about_labels, about_model, about_quality)
"""Importing them registers their sections."""


def html(thing: object) -> str:
    """Draw a result for a notebook: scoped HTML, readable on light and dark ground."""
    return render_notebook(blocks_of(thing))


def sheet(thing: object) -> str:
    """Draw a result as one page of HTML that needs nothing beside itself."""
    blocks = blocks_of(thing)
    titles = [block.text for block in blocks if isinstance(block, Heading)]
    return render_sheet(blocks, titles[0] if titles else type(thing).__name__)


def text(thing: object, width: int | None = None) -> str:
    """Draw a result as plain text, as wide as the terminal or ``width`` characters."""
    return render_text(blocks_of(thing), width)
