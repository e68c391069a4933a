"""Expressions: what a feature measures, as frozen data. They never read time; the engine does.

>>> from churnkit import features as f
>>> trend = f.count("login", "30d") / f.count("login", "90d")
>>> trend.name
'count_login_30d_over_count_login_90d'
>>> f.read_expression(trend.to_dict()) == trend
True

``==`` compares the content of two expressions; :meth:`Expression.equals` asks whether their values are equal.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NoReturn, Self

from pydantic import field_validator, model_validator

from churnkit.errors import BadExpression
from churnkit.features.aggregate import Aggregate
from churnkit.features.base import Expression, Part, Silence, as_expression, read_expression
from churnkit.features.conditions import Sign  # noqa: TC001 - pydantic reads it
from churnkit.features.leaves import Attribute, Constant, Tenure
from churnkit.features.naming import SIGNS, joined, number, shown, token
from churnkit.features.units import combined
from churnkit.features.wording import difference, ratio

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Aggregate", "Apply", "Arithmetic", "Attribute", "Choose", "Comparison", "Constant", "Expression", "FromBook",
    "RankAmong", "Tenure", "as_expression", "read_expression",
]  # fmt: skip


class _Pair(Expression):
    left: Part
    right: Part

    @property
    def parts(self) -> tuple[Expression, ...]:
        """Left and right."""
        return (self.left, self.right)

    def with_parts(self, change: Callable[[Expression], Expression]) -> Self:
        """Change both sides."""
        return self.changed(left=change(self.left), right=change(self.right))

    @property
    def _sign(self) -> str:
        return str(getattr(self, "sign"))  # noqa: B009 - a field of those below

    def derived_name(self) -> str:
        """Such as ``count_login_30d_over_count_login_90d``."""
        return joined(self.height, self.left.name, SIGNS[self._sign], self.right.name)

    def __str__(self) -> str:
        return f"{_bracketed(self.left)} {self._sign} {_bracketed(self.right)}"


class Arithmetic(_Pair):
    """``left`` plus, minus, times or over ``right``; missing where one is missing or the divisor is 0."""

    op: Literal["arithmetic"] = "arithmetic"
    sign: Literal["+", "-", "*", "/"]

    @property
    def unit(self) -> str:
        """The sides' units combined."""
        lone = isinstance(self.left, Constant), isinstance(self.right, Constant)
        return combined(self.sign, self.left.unit, self.right.unit, lone)

    @property
    def on_silence(self) -> Silence:
        """What comes of the sides' silence."""
        left, right = self.left.on_silence.value, self.right.on_silence.value
        if self.sign == "/":
            return Silence.of(left / right if right else math.nan)
        return Silence.of({"+": left + right, "-": left - right, "*": left * right}[self.sign])

    def derived_phrase(self) -> str:
        """Such as "change of logins between …", "logins per …"."""
        if self.sign == "-":
            return difference(self.left, self.right)
        if self.sign == "/":
            return ratio(self.left, self.right)
        return f"{self.left.phrase} {SIGNS[self.sign]} {self.right.phrase}"


_SAID = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "==": "equal to", "!=": "other than"}


class Comparison(_Pair):
    """1 where ``left`` compares with ``right`` as ``sign`` says, 0 where not, missing where one is missing."""

    op: Literal["comparison"] = "comparison"
    sign: Sign

    @property
    def unit(self) -> str:
        """An answer."""
        return "yes or no"

    @property
    def on_silence(self) -> Silence:
        """What comes of the sides' silence."""
        x, y = self.left.on_silence.value, self.right.on_silence.value
        if math.isnan(x) or math.isnan(y):
            return Silence.of(math.nan)
        held = {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y, "==": x == y, "!=": x != y}
        return Silence.of(float(held[self.sign]))

    def derived_phrase(self) -> str:
        """Such as "whether logins in the last 30 days are above 3"."""
        return f"whether {self.left.phrase} is {_SAID[self.sign]} {self.right.phrase}"

    def __bool__(self) -> NoReturn:
        raise BadExpression(f"{self}: an expression is neither true nor false; choose by f.where(condition, a, b).")


class _Wrapped(Expression):
    arg: Part

    @property
    def parts(self) -> tuple[Expression, ...]:
        """Its argument."""
        return (self.arg,)

    def with_parts(self, change: Callable[[Expression], Expression]) -> Self:
        """Change the argument."""
        return self.changed(arg=change(self.arg))


class Apply(_Wrapped):
    """A function of one value: ``log1p`` (missing at -1 and below), ``abs``, or ``clip`` into ``[low, high]``."""

    op: Literal["apply"] = "apply"
    function: Literal["log1p", "abs", "clip"]
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        bounds = [b for b in (self.low, self.high) if b is not None]
        if (self.function == "clip") != bool(bounds) or not all(math.isfinite(b) for b in bounds):
            raise BadExpression(f"{self.function}: clip takes low, high or both, as numbers; nothing else takes them.")
        if len(bounds) == 2 and bounds[0] > bounds[1]:
            raise BadExpression(f"clip: low {bounds[0]:g} is above high {bounds[1]:g}.")
        return self

    @property
    def unit(self) -> str:
        """The argument's, but for the logarithm."""
        return "" if self.function == "log1p" else self.arg.unit

    @property
    def on_silence(self) -> Silence:
        """What comes of the argument's silence."""
        value = self.arg.on_silence.value
        if math.isnan(value) or (self.function == "log1p" and value <= -1):
            return Silence.of(math.nan)
        if self.function == "clip":
            value = value if self.low is None else max(value, self.low)
            return Silence.of(value if self.high is None else min(value, self.high))
        return Silence.of(math.log1p(value) if self.function == "log1p" else abs(value))

    def derived_name(self) -> str:
        """Such as ``log1p_count_login_30d``, ``clip_0_to_5_count_login_30d``."""
        low, high = ("" if b is None else number(b) for b in (self.low, self.high))
        bounds = {"log1p": [], "abs": [], "clip": [f"{low or 'any'}_to_{high or 'any'}"]}[self.function]
        return joined(self.height, self.function, *bounds, self.arg.name)

    def derived_phrase(self) -> str:
        """The argument's, with a word for the function."""
        if self.function == "clip":
            return self.arg.phrase
        return f"{self.arg.phrase} (log scale)" if self.function == "log1p" else f"size of the {self.arg.phrase}"

    def __str__(self) -> str:
        bounds = "".join(f", {k}={shown(b)}" for k, b in (("low", self.low), ("high", self.high)) if b is not None)
        return f"{self.function}({self.arg}{bounds})"


class Choose(Expression):
    """``then`` where the condition is not 0, ``otherwise`` where it is 0, missing where it is missing."""

    op: Literal["choose"] = "choose"
    condition: Part
    then: Part
    otherwise: Part

    @property
    def parts(self) -> tuple[Expression, ...]:
        """What is chosen from, then the condition: the theme is that of what is chosen."""
        return (self.then, self.otherwise, self.condition)

    def with_parts(self, change: Callable[[Expression], Expression]) -> Self:
        """Change all three."""
        return self.changed(**{n: change(getattr(self, n)) for n in ("condition", "then", "otherwise")})

    @property
    def unit(self) -> str:
        """That of what is chosen, where both have the same."""
        return combined(
            "+",
            self.then.unit,
            self.otherwise.unit,
            (isinstance(self.then, Constant), isinstance(self.otherwise, Constant)),
        )

    @property
    def on_silence(self) -> Silence:
        """What comes of the silence of all three."""
        asked = self.condition.on_silence.value
        if math.isnan(asked):
            return Silence.of(asked)
        return self.then.on_silence if asked else self.otherwise.on_silence

    def derived_name(self) -> str:
        """Such as ``if__a_gt_3__then__b__else__c``."""
        return joined(
            self.height, "if", self.condition.name, "then", self.then.name, "else", self.otherwise.name
        )  # fmt: skip

    def derived_phrase(self) -> str:
        """What is chosen, and when."""
        when = self.condition.phrase.removeprefix("whether ")
        return f"{self.then.phrase} where {when}, else {self.otherwise.phrase}"

    def __str__(self) -> str:
        return f"where({self.condition}, {self.then}, {self.otherwise})"


class _OfTheBook(_Wrapped):
    @field_validator("arg")
    @classmethod
    def _once(cls, arg: Expression) -> Expression:
        if any(isinstance(e, _OfTheBook) for e in arg.walk()):
            raise BadExpression(f"{arg}: a feature of the book cannot stand inside another one.")
        return arg


class RankAmong(_OfTheBook):
    """Place among the peers in [0, 1]: the share of them with less, ties counted half; missing where the value is.

    Attributes
    ----------
    within
        An attribute whose equals are the peers; None: the whole population at that cutoff.
    """

    op: Literal["rank_among"] = "rank_among"
    within: str | None = None

    @property
    def unit(self) -> str:
        """A share of the peers."""
        return "share"

    @property
    def on_silence(self) -> Silence:
        """The place of the silent value."""
        value = self.arg.on_silence.value
        return Silence.of(value) if math.isnan(value) else Silence(math.nan, f"the place of {value:g} among the peers")

    def derived_name(self) -> str:
        """Such as ``rank_of_count_login_30d_within_region``."""
        among = ["within", token(self.within)] if self.within else []
        return joined(self.height, "rank_of", self.arg.name, *among)

    def derived_phrase(self) -> str:
        """The argument's, among peers."""
        peers = f"accounts of the same {self.within.replace('_', ' ')}" if self.within else "all accounts"
        return f"place among {peers} by {self.arg.phrase}"

    def __str__(self) -> str:
        return f"rank_among({self.arg}{f', within={self.within!r}' if self.within else ''})"


class FromBook(_OfTheBook):
    """Value less the mean of the population at that cutoff; missing where the value is."""

    op: Literal["from_book"] = "from_book"

    @property
    def unit(self) -> str:
        """The argument's."""
        return self.arg.unit

    @property
    def on_silence(self) -> Silence:
        """The distance of the silent value."""
        value = self.arg.on_silence.value
        return Silence.of(value) if math.isnan(value) else Silence(math.nan, f"{value:g} less the mean of all accounts")

    def derived_name(self) -> str:
        """Such as ``from_book_latest_nps``."""
        return joined(self.height, "from_book", self.arg.name)

    def derived_phrase(self) -> str:
        """The argument's, against the mean."""
        return f"{self.arg.phrase} against the mean of all accounts"

    def __str__(self) -> str:
        return f"from_book({self.arg})"


def _bracketed(expression: Expression) -> str:
    return f"({expression})" if isinstance(expression, _Pair) else str(expression)
