"""Blocks as HTML, through templates that escape every text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from churnkit.report.blocks import Block


@cache
def templates() -> Environment:
    """Give the room's templates; every value is escaped unless it is markup of our own."""
    return Environment(
        loader=PackageLoader("churnkit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def style(name: str) -> Markup:
    """Give one of our own style sheets or scripts, to stand inline."""
    source, _, _ = templates().loader.get_source(templates(), name)  # type: ignore[union-attr]  # they are always loaded
    return Markup(source)  # noqa: S704 - a file of this package


def render_notebook(blocks: Iterable[Block]) -> str:
    """Draw blocks for a notebook: scoped, readable on light and dark ground."""
    return templates().get_template("notebook.html.j2").render(blocks=list(blocks), css=style("blocks.css"))


def render_blocks(blocks: Iterable[Block]) -> Markup:
    """Draw blocks to stand inside a page that has its own style."""
    return Markup(templates().get_template("blocks.html.j2").render(blocks=list(blocks)))  # noqa: S704 - escaped by the template


def render_sheet(blocks: Iterable[Block], title: str) -> str:
    """Draw blocks as one page that needs nothing beside itself."""
    return (
        templates()
        .get_template("sheet.html.j2")
        .render(blocks=list(blocks), title=title, css=style("blocks.css") + style("sheet.css"))
    )
