"""Conditions turned into the postfix code of tests."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

from churnkit.errors import BadExpression
from churnkit.features import conditions as cond
from churnkit.features.engine import lists

if TYPE_CHECKING:
    from churnkit.features.engine.assembly import Assembly, Test

_SIGNS = {
    "<": lists.BELOW,
    "<=": lists.AT_MOST,
    ">": lists.ABOVE,
    ">=": lists.AT_LEAST,
    "==": lists.EQUAL,
    "!=": lists.UNEQUAL,
}


@singledispatch
def as_test(condition: Any, _assembly: Assembly) -> Test:
    """Give the postfix code of a condition."""
    raise BadExpression(f"condition {condition}: the engine has no test for {type(condition).__name__}.")


@as_test.register(cond.ValueTest)
def _(condition: cond.ValueTest, assembly: Assembly) -> Test:
    return ((_SIGNS[condition.sign], assembly.constant(condition.limit)),)


@as_test.register(cond.LabelTest)
def _(condition: cond.LabelTest, assembly: Assembly) -> Test:
    wanted = condition.sign == "=="
    # a fact without a label passes neither
    meant = [False, *((label in condition.labels) == wanted for label in assembly.signals.labels)]
    return ((lists.LABELLED, assembly.label_set(meant)),)


@as_test.register(cond.Not)
def _(condition: cond.Not, assembly: Assembly) -> Test:
    return (*as_test(condition.test, assembly), (lists.NOT, 0))


@as_test.register(cond.AllOf)
def _(condition: cond.AllOf, assembly: Assembly) -> Test:
    return _joined(condition.tests, lists.BOTH, assembly)


@as_test.register(cond.AnyOf)
def _(condition: cond.AnyOf, assembly: Assembly) -> Test:
    return _joined(condition.tests, lists.EITHER, assembly)


def _joined(tests: tuple[cond.AnyCondition, ...], operation: int, assembly: Assembly) -> Test:
    code = as_test(tests[0], assembly)
    for test in tests[1:]:
        code = (*code, *as_test(test, assembly), (operation, 0))
    return code
