"""Binding: features meet a history, and everything that does not fit is told at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from churnkit.errors import BadExpression, RequestError, UnknownAttribute, UnknownSignal
from churnkit.features.conditions import AllOf, ValueTest
from churnkit.features.expressions import Aggregate, Attribute, Constant, Expression, RankAmong
from churnkit.features.feature_set import FeatureSet, Origin, origins
from churnkit.timeline import NEVER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from churnkit.history import History

_NOTHING = AllOf(tests=(ValueTest(sign="<", limit=0), ValueTest(sign=">", limit=0)))
"""A condition that no fact passes."""


def bind(features: Sequence[Expression], history: History, *, before: int | None = None) -> FeatureSet:
    """Fix what a set of features takes from a history: themes, and the categories of attributes.

    Parameters
    ----------
    features
        Expressions; what is fixed already stays.
    history
        What happened.
    before
        Microseconds UTC: categories are those of accounts opened before; None: of all.

    Raises
    ------
    UnknownSignal, UnknownAttribute, BadExpression, NameClash
        All that does not fit, in one message; the class is that of the first.
    """
    given = FeatureSet(features)
    check = _Check(history, given.signals, NEVER if before is None else before)
    bound = [check.fixed(x) for x in given]
    check.refuse()
    known = origins(history.signals)
    return FeatureSet(bound, signals={**(given.signals or {}), **known}, notes=given.notes)


def settled(expression: Expression, history: History, known: Mapping[str, Origin]) -> Expression:
    """Rewrite a bound expression for a history that may lack some of its signals.

    Every activity event is spelled out. A signal that is known but absent is silent; if its whole table
    is absent, nothing is known of it and the aggregate is missing.
    """
    if isinstance(expression, Aggregate):
        return _settled_aggregate(expression, history, known)
    if isinstance(expression, Attribute) and _empty(history, expression.column):
        return Constant(value=float("nan"))
    return expression.with_parts(lambda part: settled(part, history, known)) if expression.parts else expression


def _settled_aggregate(expression: Aggregate, history: History, known: Mapping[str, Origin]) -> Expression:
    tables = history.signals.tables
    wanted = expression.signals or activity_signals(history)
    there = tuple(s for s in wanted if s in tables)
    absent = [known[s].table for s in wanted if s not in tables]
    if any(table not in history.rows for table in absent):
        return Constant(value=float("nan"))
    if there:
        return expression.changed(signals=there) if there != expression.signals else expression
    # another signal of the same table, none of whose facts counts, knows when the table's record ends
    beside = next((s for s, table in tables.items() if table in absent), None)
    if beside is None:
        return Constant(value=expression.on_silence.value)
    function = "count" if expression.on_silence.value == 0 else "latest"
    return expression.changed(function=function, signals=(beside,), where=_NOTHING)


def activity_signals(history: History) -> tuple[str, ...]:
    """Names of every activity event."""
    return tuple(s for s in history.signals.names if history.signals.tables[s] == "activity")


def _empty(history: History, column: str) -> bool:
    values = history.accounts[column]
    return not pd.api.types.is_numeric_dtype(values) and bool(values.isna().all())


@dataclass
class _Check:
    history: History
    known: Mapping[str, Origin] | None
    before: int
    problems: list[RequestError] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def fixed(self, expression: Expression) -> Expression:
        """Check an expression and all in it; fix its theme and its attributes."""
        for each in expression.walk():
            for signal in each.signals if isinstance(each, Aggregate) else ():
                self._signal(signal)
            if isinstance(each, RankAmong) and each.within is not None:
                self._column(each.within)
        themes = {**{s: o.theme for s, o in (self.known or {}).items()}, **self.history.signals.themes}
        theme = expression.theme_under(themes) or "profile"
        fixed = self._attributes(expression)
        return fixed if theme == fixed.theme else fixed.changed(given_theme=theme)

    def _attributes(self, expression: Expression) -> Expression:
        if isinstance(expression, Attribute) and self._column(expression.column):
            return self._categories(expression)
        if not any(isinstance(each, Attribute) for each in expression.walk()):
            return expression
        return expression.with_parts(self._attributes)

    def _categories(self, expression: Attribute) -> Attribute:
        values = self.history.accounts[expression.column]
        if expression.categories is not None or pd.api.types.is_numeric_dtype(values):
            return expression
        found = sorted({str(v) for v in values[self.history.opened < self.before].dropna()})
        if self.known is not None and found:
            self._tell(
                BadExpression(
                    f"accounts.{expression.column}: was a number when the feature was made, and now holds texts "
                    f"(first: {found[0]!r}). Mend the column, or leave the feature out."
                )
            )
        return expression.changed(given_categories=tuple(found)) if found else expression

    def _signal(self, signal: str) -> None:
        if signal not in self.history.signals.tables and signal not in (self.known or {}):
            self._tell(UnknownSignal.named(signal, self.history.signals.names))

    def _column(self, column: str) -> bool:
        if column not in self.history.attributes:
            self._tell(UnknownAttribute.named(column, self.history.attributes))
            return False
        return True

    def _tell(self, problem: RequestError) -> None:
        if str(problem) not in self.told:
            self.told.add(str(problem))
            self.problems.append(problem)

    def refuse(self) -> None:
        """Raise what was found."""
        if len(self.problems) == 1:
            raise self.problems[0]
        if self.problems:
            listed = "\n".join(f"- {p}" for p in self.problems)
            raise type(self.problems[0])(f"{len(self.problems)} features or parts of them do not fit:\n{listed}")
