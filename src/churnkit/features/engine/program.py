"""Expressions bound to a history and compiled to the flat tables that the kernels follow."""

from __future__ import annotations

import weakref
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnkit.errors import BadExpression, UnknownAttribute
from churnkit.features import expressions as ex
from churnkit.features.engine import arithmetic as does
from churnkit.features.engine.assembly import Assembly, Listed, Measured, Test
from churnkit.features.engine.desk import END, Program
from churnkit.features.engine.questions import as_test
from churnkit.timeline import NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.history import History

_KEPT = 8
"""Programs remembered for one history."""

_SIGNS = {"+": does.ADD, "-": does.SUBTRACT, "*": does.MULTIPLY, "/": does.DIVIDE}
_RELATIONS = {"<": does.LESS, "<=": does.AT_MOST, "==": does.EQUAL, "!=": does.UNEQUAL}
_MIRRORED = {">": "<", ">=": "<="}
_FUNCTIONS = {"log1p": does.LOG1P, "abs": does.ABSOLUTE}


class Bound:
    """A program and what it needs to know of the tables behind its lists."""

    def __init__(self, features: Sequence[ex.Expression], history: History) -> None:
        binder = _Binder(history)
        output = [_register(feature, binder) for feature in features]
        self.features = tuple(features)
        self.program, lists = binder.assembly.finish(output, timezone=history.timezone)
        signals = history.signals
        self._tables = [{signals.tables.get(signals.names[s], "") for s in one.signals} for one in lists]

    def at(self, history: History, cutoff: NDArray[np.int64]) -> Program:
        """Give the program for some cutoffs: it knows from when on the windows of each list are missing."""
        if not len(cutoff):
            return self.program
        reach = (int(cutoff.min()) - int(self.program.slot.max()), int(cutoff.max()))
        tables = sorted(set().union(*self._tables))
        ends = {table: _silent_from(history, table, reach) for table in tables}
        if all(end == NEVER for end in ends.values()):
            return self.program
        lists = self.program.lists.copy()
        lists[:, END] = [min((ends[t] for t in tables), default=NEVER) for tables in self._tables]
        return self.program._replace(lists=lists)


_bound: weakref.WeakKeyDictionary[History, dict[tuple[int, ...], Bound]] = weakref.WeakKeyDictionary()


def bind(features: Sequence[ex.Expression], history: History) -> Bound:
    """Compile expressions for a history; the same expressions (the very objects) are compiled once.

    Raises
    ------
    UnknownSignal, UnknownAttribute
        If the history has not what an expression reads.
    BadExpression
        If an attribute that is no number is read as one, or a feature of the book is passed.
    """
    kept = _bound.setdefault(history, {})
    key = tuple(map(id, features))
    found = kept.get(key)
    if found is None:
        found = Bound(features, history)
        for old in list(kept)[: max(0, len(kept) - _KEPT + 1)]:
            kept.pop(old, None)
        # ``found`` keeps the expressions alive, so their identities stay theirs
        kept[key] = found
    return found


def _silent_from(history: History, table: str, reach: tuple[int, int]) -> int:
    """Find the first moment within reach from which on a table has ended early; NEVER for none."""
    low, high = reach
    if not history.ended_early(table, high):
        return NEVER
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if history.ended_early(table, middle) else (middle + 1, high)
    return low


class _Binder:
    """Names of a history turned into codes, for one program."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.assembly = Assembly(history.signals)

    def listed(self, names: Sequence[str], test: Test) -> Listed:
        """Give the list of the facts of some signals; of none named, of all activity."""
        signals = self.history.signals
        if not names:
            names = [name for name in signals.names if signals.tables.get(name) == "activity"]
        return Listed(frozenset(signals.code(name) for name in names), test)

    def attribute(self, attribute: ex.Attribute) -> NDArray[np.float64]:
        """Give an attribute as numbers: its values, or the positions of its categories."""
        column, history = attribute.column, self.history
        if column not in history.attributes:
            raise UnknownAttribute.named(column, history.attributes)
        values = history.accounts[column]
        if attribute.categories is not None:
            place = {kind: float(k) for k, kind in enumerate(attribute.categories)}
            return np.array([place.get(_word(v), np.nan) for v in values], dtype=np.float64)
        if not pd.api.types.is_numeric_dtype(values):
            raise BadExpression(
                f"attribute {column!r} is not a number (first: {values.iloc[0]!r}); give its categories, "
                "or take it from features.catalogue(history)."
            )
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))

    def opened(self) -> NDArray[np.float64]:
        """Give when accounts were opened, in microseconds; NaN where that is not known."""
        opened = np.asarray(self.history.opened)
        return np.where(opened == NEVER, np.nan, opened.astype(np.float64))


def _word(value: object) -> str:
    """Write a category as expressions do: whole numbers without a decimal point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@singledispatch
def _register(expression: Any, _binder: _Binder) -> int:
    """Give the register that holds an expression, and add the steps that fill it."""
    raise BadExpression(f"{expression}: the engine has no steps for {type(expression).__name__}.")


@_register.register(ex.Aggregate)
def _(expression: ex.Aggregate, binder: _Binder) -> int:
    assembly, where = binder.assembly, expression.where
    ending = expression.ending.micros
    end = assembly.slot(ending)
    start = assembly.slot(None if expression.window is None else ending + expression.window.micros)
    test = () if where is None else as_test(where, assembly)
    listed = binder.listed(expression.signals, test)
    if expression.function != "share":
        return assembly.measure(Measured(expression.function, listed, start, end))
    part = assembly.measure(Measured("count", listed, start, end))
    whole = assembly.measure(Measured("count", binder.listed(expression.signals, ()), start, end))
    return assembly.step(does.DIVIDE, part, whole)


@_register.register(ex.Attribute)
def _(expression: ex.Attribute, binder: _Binder) -> int:
    values = binder.attribute(expression)
    column = binder.assembly.column((expression.column, expression.categories), values)
    return binder.assembly.step(does.COLUMN, column)


@_register.register(ex.Tenure)
def _(_: ex.Tenure, binder: _Binder) -> int:
    return binder.assembly.step(does.AGE, binder.assembly.column("opened", binder.opened()))


@_register.register(ex.Constant)
def _(expression: ex.Constant, binder: _Binder) -> int:
    return binder.assembly.number(expression.value)


@_register.register(ex.Arithmetic)
def _(expression: ex.Arithmetic, binder: _Binder) -> int:
    sides = _register(expression.left, binder), _register(expression.right, binder)
    return binder.assembly.step(_SIGNS[expression.sign], *sides)


@_register.register(ex.Comparison)
def _(expression: ex.Comparison, binder: _Binder) -> int:
    sides = _register(expression.left, binder), _register(expression.right, binder)
    if expression.sign in _MIRRORED:
        return binder.assembly.step(_RELATIONS[_MIRRORED[expression.sign]], *sides[::-1])
    return binder.assembly.step(_RELATIONS[expression.sign], *sides)


@_register.register(ex.Apply)
def _(expression: ex.Apply, binder: _Binder) -> int:
    assembly, held = binder.assembly, _register(expression.arg, binder)
    if expression.function != "clip":
        return assembly.step(_FUNCTIONS[expression.function], held)
    for operation, bound in ((does.LOW, expression.low), (does.HIGH, expression.high)):
        if bound is not None:
            held = assembly.step(operation, held, assembly.number(bound))
    return held


@_register.register(ex.Choose)
def _(expression: ex.Choose, binder: _Binder) -> int:
    parts = [_register(part, binder) for part in (expression.condition, expression.then, expression.otherwise)]
    return binder.assembly.step(does.CHOOSE, *parts)
