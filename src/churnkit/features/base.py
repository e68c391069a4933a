"""What every expression is and does: its name, theme, unit and words, and the operators that join it.

Each kind of expression registers under its ``op``; reading finds it there, and so do the operators.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, TypeAlias

from pydantic import Field, SerializeAsAny, ValidationError, field_validator, model_validator

from churnkit.errors import BadExpression, did_you_mean
from churnkit.features import naming
from churnkit.features.node import Node, unreadable
from churnkit.history.signals import THEMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic import ModelWrapValidatorHandler


class Silence(NamedTuple):
    """What an expression gives where nothing happened.

    Attributes
    ----------
    value
        The value; NaN is missing.
    text
        The same in words.
    """

    value: float
    text: str

    @classmethod
    def of(cls, value: float) -> Silence:
        """Put a value into words."""
        return cls(value, "missing" if math.isnan(value) else f"{value:g}")


class Expression(Node):
    """What a feature measures, for an account at a cutoff.

    Attributes
    ----------
    given_name, given_theme, given_phrase
        What :meth:`named` has set; None: derived.
    """

    kinds: ClassVar[dict[str, type[Expression]]] = {}
    op: str
    given_name: str | None = Field(default=None, alias="name")
    given_theme: str | None = Field(default=None, alias="theme")
    given_phrase: str | None = Field(default=None, alias="phrase")

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        default = cls.model_fields["op"].default
        if isinstance(default, str):
            Expression.kinds[default] = cls

    @model_validator(mode="wrap")
    @classmethod
    def _refuse(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Read plain data as the kind that they name; a model of an abstract kind is never made."""
        if isinstance(data, dict) and cls.model_fields["op"].default not in Expression.kinds:
            op = data.get("op")
            if op not in Expression.kinds:
                known = ", ".join(Expression.kinds)
                raise BadExpression(
                    f"op {op!r}{did_you_mean(str(op), Expression.kinds)}: an expression is one of {known}."
                )
            return Expression.kinds[op].model_validate(data)  # type: ignore[return-value]  # the kind asked for
        try:
            return handler(data)
        except ValidationError as problem:
            raise unreadable(problem, str(cls.model_fields["op"].default)) from problem

    @field_validator("given_name")
    @classmethod
    def _fit_name(cls, name: str | None) -> str | None:
        return name if name is None else naming.check_name(name)

    @field_validator("given_theme")
    @classmethod
    def _fit_theme(cls, theme: str | None) -> str | None:
        if theme is not None and theme not in THEMES:
            raise BadExpression(f"theme {theme!r}{did_you_mean(theme, THEMES)}: a theme is one of {', '.join(THEMES)}.")
        return theme

    @cached_property
    def name(self) -> str:
        """The given name, else one derived from the content: readable, unique, never parsed back."""
        return self.given_name or naming.capped(self.derived_name())

    @property
    def theme(self) -> str:
        """What it is about: the given theme, else that of the first signal in it."""
        return self.theme_under({}) or "profile"

    @property
    def phrase(self) -> str:
        """A short English noun phrase, such as "logins in the last 30 days"."""
        return self.given_phrase or self.derived_phrase()

    @property
    def categories(self) -> tuple[str, ...] | None:
        """What the values 0, 1, 2 … stand for; None where the value is a quantity."""
        return None

    @property
    @abstractmethod
    def unit(self) -> str:
        """What one of it is; empty where that is not known."""

    @property
    @abstractmethod
    def on_silence(self) -> Silence:
        """What it gives for an account of which its windows know nothing."""

    @abstractmethod
    def derived_name(self) -> str:
        """Derive the name from the content."""

    @abstractmethod
    def derived_phrase(self) -> str:
        """Derive the noun phrase from the content."""

    @abstractmethod
    def __str__(self) -> str: ...

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The expressions that it is directly made of."""
        return ()

    def with_parts(self, change: Callable[[Expression], Expression]) -> Expression:  # noqa: ARG002 - those with parts do
        """Put another expression in the place of each part; names, themes and phrases given stay."""
        return self

    @property
    def height(self) -> int:
        """Levels of compounds in its name."""
        if self.given_name is not None:
            return 0
        return 1 + max(p.height for p in self.parts) if self.parts else 0

    def walk(self) -> Iterator[Expression]:
        """Go through it and all its parts, from the outside in, left to right."""
        yield self
        for part in self.parts:
            yield from part.walk()

    @property
    def signals_used(self) -> tuple[str, ...]:
        """Names of the signals that it reads; none also where it reads every activity event."""
        return tuple(dict.fromkeys(s for part in self.parts for s in part.signals_used))

    @property
    def window_days(self) -> float | None:
        """Length of its longest window in days; None where one has no beginning, or there is none."""
        windows = [p.window_days for p in self.parts if any(e.op == "aggregate" for e in p.walk())]
        known = [w for w in windows if w is not None]
        return max(known) if known and len(known) == len(windows) else None

    def theme_under(self, themes: Mapping[str, str]) -> str | None:
        """The theme, given what each signal is about; None where nothing in it has one."""
        if self.given_theme is not None:
            return self.given_theme
        return next((t for p in self.parts if (t := p.theme_under(themes)) is not None), None)

    def named(self, name: str, *, theme: str | None = None, phrase: str | None = None) -> Self:
        """Give it a name, and perhaps a theme and a noun phrase of its own.

        Raises
        ------
        BadExpression
            If the name is not a letter, then letters, digits and underscores, or the theme is not known.
        """
        given = {"given_name": name, "given_theme": theme, "given_phrase": phrase}
        return self.changed(**{key: value for key, value in given.items() if value is not None})

    def changed(self, **fields: object) -> Self:
        """Copy with other fields; what is derived is derived anew."""
        own = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate(own | fields)

    def __repr__(self) -> str:
        return f"<{self.given_name}: {self}>" if self.given_name else f"<{self}>"

    def __add__(self, other: object) -> Expression:
        return _pair("arithmetic", "+", self, other)

    def __radd__(self, other: object) -> Expression:
        return _pair("arithmetic", "+", other, self)

    def __sub__(self, other: object) -> Expression:
        return _pair("arithmetic", "-", self, other)

    def __rsub__(self, other: object) -> Expression:
        return _pair("arithmetic", "-", other, self)

    def __mul__(self, other: object) -> Expression:
        return _pair("arithmetic", "*", self, other)

    def __rmul__(self, other: object) -> Expression:
        return _pair("arithmetic", "*", other, self)

    def __truediv__(self, other: object) -> Expression:
        return _pair("arithmetic", "/", self, other)

    def __rtruediv__(self, other: object) -> Expression:
        return _pair("arithmetic", "/", other, self)

    def __neg__(self) -> Expression:
        return 0 - self

    def __abs__(self) -> Expression:
        return make("apply", function="abs", arg=self)

    def __lt__(self, other: object) -> Expression:
        return _pair("comparison", "<", self, other)

    def __le__(self, other: object) -> Expression:
        return _pair("comparison", "<=", self, other)

    def __gt__(self, other: object) -> Expression:
        return _pair("comparison", ">", self, other)

    def __ge__(self, other: object) -> Expression:
        return _pair("comparison", ">=", self, other)

    def equals(self, other: object) -> Expression:
        """1 where the values are equal, 0 where not, missing where one is missing."""
        return _pair("comparison", "==", self, other)

    def differs(self, other: object) -> Expression:
        """1 where the values are not equal, 0 where they are, missing where one is missing."""
        return _pair("comparison", "!=", self, other)


Part: TypeAlias = SerializeAsAny[Expression]
"""A field that holds any expression."""


def make(op: str, **fields: object) -> Expression:
    """Make an expression of a kind."""
    return Expression.kinds[op].model_validate({"op": op, **fields})


def as_expression(value: object) -> Expression:
    """Take an expression as it is and a finite number as a constant; BadExpression for anything else."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, int | float) and math.isfinite(value):
        return make("constant", value=float(value))
    raise BadExpression(f"{value!r} is neither an expression nor a finite number.")


def read_expression(data: Mapping[str, object]) -> Expression:
    """Read what :meth:`Expression.to_dict` wrote; BadExpression says what does not fit."""
    return Expression.model_validate(dict(data))


def _pair(op: str, sign: str, left: object, right: object) -> Expression:
    return make(op, sign=sign, left=as_expression(left), right=as_expression(right))
