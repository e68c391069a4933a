"""Sections: how each kind of result is told, in blocks. Each is one small class that registers itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

from churnkit.report.blocks import Block, Heading, Words

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

SECTIONS: dict[str, type[Section]] = {}  # type: ignore[type-arg]  # each draws another thing
"""Every section by the class name of what it tells."""


class Section(ABC, Generic[T]):
    """How one kind of result is told.

    A subclass ``class ScoresSection(Section["Scores"], of="Scores")`` registers itself; results are found
    by the names of their classes, so that no room is loaded for the sake of drawing.
    """

    def __init_subclass__(cls, of: str = "", **more: object) -> None:
        super().__init_subclass__(**more)
        if of:
            SECTIONS[of] = cls

    @abstractmethod
    def blocks(self, thing: T) -> Iterable[Block]:
        """Tell a result, the most important first."""


def blocks_of(thing: object) -> list[Block]:
    """Tell anything: by its own section, by that of a class that it inherits from, or by its name alone."""
    for kind in type(thing).__mro__:
        if kind.__name__ in SECTIONS:
            return list(SECTIONS[kind.__name__]().blocks(thing))
    return [Heading(type(thing).__name__), Words(f"{type(thing).__module__}.{type(thing).__name__}")]
