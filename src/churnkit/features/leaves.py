"""Expressions that touch no fact: attributes, the age of the account, numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from churnkit.features.base import Expression, Silence
from churnkit.features.naming import number, shown, token

if TYPE_CHECKING:
    from collections.abc import Mapping


class Attribute(Expression):
    """An attribute of the account: its number, or the position of its category.

    Attributes
    ----------
    column
        Of the accounts table.
    given_categories
        The categories, in an order fixed when the feature is bound to a history; None: a number. A
        category that is not among them is missing.
    """

    op: Literal["attribute"] = "attribute"
    column: str = Field(min_length=1)
    given_categories: tuple[str, ...] | None = Field(default=None, alias="categories")

    @property
    def categories(self) -> tuple[str, ...] | None:
        """What the values 0, 1, 2 … stand for."""
        return self.given_categories

    @property
    def unit(self) -> str:
        """Known for categories only."""
        return "category" if self.categories is not None else ""

    @property
    def on_silence(self) -> Silence:
        """Missing where the account has none."""
        return Silence(math.nan, "missing where the account has none")

    def theme_under(self, themes: Mapping[str, str]) -> str | None:  # noqa: ARG002 - others do
        """An attribute tells of the account itself."""
        return self.given_theme or "profile"

    def derived_name(self) -> str:
        """Such as ``attribute_region``."""
        return f"attribute_{token(self.column)}"

    def derived_phrase(self) -> str:
        """The column's name in words."""
        return self.column.replace("_", " ")

    def __str__(self) -> str:
        return f"attribute({self.column!r})"


class Tenure(Expression):
    """Days from the opening of the account to the cutoff."""

    op: Literal["tenure"] = "tenure"

    @property
    def unit(self) -> str:
        """Days."""
        return "days"

    @property
    def on_silence(self) -> Silence:
        """Every account has opened."""
        return Silence(math.nan, "there for every account")

    def theme_under(self, themes: Mapping[str, str]) -> str | None:  # noqa: ARG002 - others do
        """Tenure tells of the account itself."""
        return self.given_theme or "profile"

    def derived_name(self) -> str:
        """Always the same."""
        return "tenure"

    def derived_phrase(self) -> str:
        """Always the same."""
        return "days since the account opened"

    def __str__(self) -> str:
        return "tenure()"


class Constant(Expression):
    """A number."""

    op: Literal["constant"] = "constant"
    value: float

    @property
    def unit(self) -> str:
        """None of its own."""
        return ""

    @property
    def on_silence(self) -> Silence:
        """The number."""
        return Silence.of(self.value)

    def derived_name(self) -> str:
        """The number."""
        return number(self.value)

    def derived_phrase(self) -> str:
        """The number."""
        return shown(self.value)

    def __str__(self) -> str:
        return shown(self.value)
