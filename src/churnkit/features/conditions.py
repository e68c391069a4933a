"""Conditions: which facts of a signal an aggregate takes.

>>> from churnkit import features as f
>>> str(f.value >= 3)
'value >= 3'
>>> str((f.label == "billing") & ~(f.value < 2))
"label == 'billing' and not (value < 2)"

A fact without a value passes no comparison of values, and one without a label none of labels, ``!=``
included; ``~`` turns an answer round, so ``~(f.label == "billing")`` holds where there is no label.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn, TypeAlias

from pydantic import Field, field_validator

from churnkit.errors import BadExpression
from churnkit.features.naming import SIGNS, joined, number, shown, token
from churnkit.features.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterable

Sign: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]
"""A comparison as it is written."""

_AMOUNTS = {
    "<": "below {}", "<=": "{} or less", ">": "above {}", ">=": "{} or more", "==": "{}", "!=": "other than {}",
}  # fmt: skip


class Condition(Node):
    """A question to one fact, answered yes or no; joined by ``&`` and ``|``, turned round by ``~``."""

    def __and__(self, other: Condition) -> AllOf:
        return AllOf(tests=(self, _condition(other)))

    def __or__(self, other: Condition) -> AnyOf:
        return AnyOf(tests=(self, _condition(other)))

    def __invert__(self) -> Not:
        return Not(test=self)

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The tests that it is directly made of."""
        return ()

    @property
    def height(self) -> int:
        """Levels of compounds in its name."""
        return 1 + max(p.height for p in self.parts) if self.parts else 0

    @property
    @abstractmethod
    def name(self) -> str:
        """A part of a feature's name."""

    @abstractmethod
    def told(self, value: str = "value", mark: str = "marked") -> str:
        """Say what follows the noun, with words for the value and before a label: "of value 3 or more"."""

    def __bool__(self) -> NoReturn:
        raise BadExpression(
            f"condition {self} is neither true nor false: join conditions by &, | and ~, not and, or, not."
        )


class ValueTest(Condition):
    """The fact has a value, and it compares with ``limit`` as ``sign`` says."""

    op: Literal["value"] = "value"
    sign: Sign
    limit: float

    @field_validator("limit")
    @classmethod
    def _finite(cls, limit: float) -> float:
        if not math.isfinite(limit):
            raise BadExpression(f"condition on value: {limit} is not a number to compare with.")
        return limit

    @property
    def name(self) -> str:
        """Such as ``value_ge_3``."""
        return f"value_{SIGNS[self.sign]}_{number(self.limit)}"

    def told(self, value: str = "value", mark: str = "marked") -> str:  # noqa: ARG002 - others do
        """Such as "of value 3 or more"."""
        return f"of {value} {_AMOUNTS[self.sign].format(shown(self.limit))}"

    def __str__(self) -> str:
        return f"value {self.sign} {shown(self.limit)}"


class LabelTest(Condition):
    """The fact has a label, and it is one of ``labels`` (with ``sign`` ``!=``: none of them)."""

    op: Literal["label"] = "label"
    sign: Literal["==", "!="] = "=="
    labels: tuple[str, ...] = Field(min_length=1)

    @field_validator("labels")
    @classmethod
    def _once(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(labels)))

    @property
    def name(self) -> str:
        """Such as ``label_is_billing``."""
        return f"label_{'is' if self.sign == '==' else 'isnt'}_{'_or_'.join(token(t) for t in self.labels)}"

    def told(self, value: str = "value", mark: str = "marked") -> str:  # noqa: ARG002 - others do
        """Such as "marked billing"."""
        return f"{'' if self.sign == '==' else 'not '}{mark} {' or '.join(self.labels)}"

    def __str__(self) -> str:
        if len(self.labels) == 1:
            return f"label {self.sign} {self.labels[0]!r}"
        return f"label {'in' if self.sign == '==' else 'not in'} ({', '.join(map(repr, self.labels))})"


class AllOf(Condition):
    """Every test passes."""

    op: Literal["and"] = "and"
    tests: tuple[AnyCondition, ...] = Field(min_length=1)

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The tests."""
        return self.tests

    @property
    def name(self) -> str:
        """The tests' names, joined."""
        return joined(self.height, *_between("and", [t.name for t in self.tests]))

    def told(self, value: str = "value", mark: str = "marked") -> str:
        """The tests' phrases, joined."""
        return " and ".join(t.told(value, mark) for t in self.tests)

    def __str__(self) -> str:
        return " and ".join(_bracketed(t) for t in self.tests)


class AnyOf(Condition):
    """At least one test passes."""

    op: Literal["or"] = "or"
    tests: tuple[AnyCondition, ...] = Field(min_length=1)

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The tests."""
        return self.tests

    @property
    def name(self) -> str:
        """The tests' names, joined."""
        return joined(self.height, *_between("or", [t.name for t in self.tests]))

    def told(self, value: str = "value", mark: str = "marked") -> str:
        """The tests' phrases, joined."""
        return " or ".join(t.told(value, mark) for t in self.tests)

    def __str__(self) -> str:
        return " or ".join(_bracketed(t) for t in self.tests)


class Not(Condition):
    """The test does not pass."""

    op: Literal["not"] = "not"
    test: AnyCondition

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The test."""
        return (self.test,)

    @property
    def name(self) -> str:
        """The test's name, turned round."""
        return joined(self.height, "not", self.test.name)

    def told(self, value: str = "value", mark: str = "marked") -> str:
        """The test's phrase, turned round."""
        return f"other than {self.test.told(value, mark)}"

    def __str__(self) -> str:
        return f"not ({self.test})"


AnyCondition: TypeAlias = Annotated[ValueTest | LabelTest | AllOf | AnyOf | Not, Field(discriminator="op")]
for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()


def _condition(value: object) -> AnyCondition:
    if isinstance(value, ValueTest | LabelTest | AllOf | AnyOf | Not):
        return value
    raise BadExpression(f"condition: {value!r} is none; write f.value >= 3 or f.label == 'billing'.")


def _between(word: str, names: Iterable[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        found += [word, name] if found else [name]
    return found


def _bracketed(test: Condition) -> str:
    return f"({test})" if isinstance(test, AllOf | AnyOf) else str(test)


class _Value:
    """The value of a fact, to be compared: ``f.value >= 3``."""

    __hash__ = None  # type: ignore[assignment]  # == makes a test of it, so it is no key

    def __lt__(self, limit: float) -> ValueTest:
        return _value_test("<", limit)

    def __le__(self, limit: float) -> ValueTest:
        return _value_test("<=", limit)

    def __gt__(self, limit: float) -> ValueTest:
        return _value_test(">", limit)

    def __ge__(self, limit: float) -> ValueTest:
        return _value_test(">=", limit)

    def __eq__(self, limit: object) -> ValueTest:  # type: ignore[override]  # a test, no answer
        return _value_test("==", limit)

    def __ne__(self, limit: object) -> ValueTest:  # type: ignore[override]  # a test, no answer
        return _value_test("!=", limit)

    def isin(self, limits: Iterable[float]) -> AnyOf:
        """The value is one of several."""
        return AnyOf(tests=tuple(_value_test("==", limit) for limit in limits))


class _Label:
    """The label of a fact, to be compared: ``f.label == "billing"``."""

    __hash__ = None  # type: ignore[assignment]  # == makes a test of it, so it is no key

    def __eq__(self, label: object) -> LabelTest:  # type: ignore[override]  # a test, no answer
        return LabelTest(labels=(_label(label),))

    def __ne__(self, label: object) -> LabelTest:  # type: ignore[override]  # a test, no answer
        return LabelTest(sign="!=", labels=(_label(label),))

    def isin(self, labels: Iterable[str]) -> LabelTest:
        """The label is one of several."""
        return LabelTest(labels=tuple(_label(label) for label in labels))


def _value_test(sign: Sign, limit: object) -> ValueTest:
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        raise BadExpression(f"condition value {sign} {limit!r}: a value compares with a number; texts are labels.")
    return ValueTest(sign=sign, limit=limit)


def _label(label: object) -> str:
    if not isinstance(label, str):
        raise BadExpression(f"condition on label: {label!r} is not a text; numbers are values.")
    return label


value = _Value()
label = _Label()
