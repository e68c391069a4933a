"""The public verbs: how features are written.

Every window is ``[cutoff - ending - window, cutoff - ending)``; without a window it begins with the
history. ``signal`` is a name, several names (their facts count together), or nothing for every event of
the activity table. ``where`` picks facts by ``f.value`` and ``f.label``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from churnkit.errors import BadExpression
from churnkit.features.base import as_expression
from churnkit.features.conditions import Condition
from churnkit.features.expressions import (
    Aggregate,
    Apply,
    Attribute,
    Choose,
    Expression,
    FromBook,
    RankAmong,
    Tenure,
)
from churnkit.timeline import Span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from churnkit.features.functions import FunctionName

Named: TypeAlias = "str | Iterable[str] | None"
"""A signal, several, or every activity event."""
Length: TypeAlias = "Span | str | int | timedelta | None"
"""A span: ``"30d"``, ``"12w"``, ``"36h"``, a number of days."""


def count(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Number of facts; 0 on silence."""
    return _aggregate("count", signal, window, ending, where)


def total(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Sum of the values; 0 on silence."""
    return _aggregate("total", signal, window, ending, where)


def mean(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Mean of the values; missing on silence."""
    return _aggregate("mean", signal, window, ending, where)


def minimum(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Least value; missing on silence."""
    return _aggregate("minimum", signal, window, ending, where)


def maximum(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Greatest value; missing on silence."""
    return _aggregate("maximum", signal, window, ending, where)


def std(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Sample standard deviation (n - 1) of the values; missing below two."""
    return _aggregate("std", signal, window, ending, where)


def latest(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Value of the last fact that has one; missing on silence."""
    return _aggregate("latest", signal, window, ending, where)


def earliest(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Value of the first fact that has one; missing on silence."""
    return _aggregate("earliest", signal, window, ending, where)


def days_since(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Days from the last fact to the end of the window; missing on silence."""
    return _aggregate("days_since", signal, window, ending, where)


def days_until(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Days from the cutoff to the last value, which is itself a date in days since 1970; missing on silence.

    Below 0 where that date has passed.
    """
    return _aggregate("days_until", signal, window, ending, where)


def active_days(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Calendar days with a fact, in the history's time zone; 0 on silence."""
    return _aggregate("active_days", signal, window, ending, where)


def actors(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Distinct users with a fact; 0 on silence, and where no fact names its user."""
    return _aggregate("actors", signal, window, ending, where)


def days_since_main_user(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Days from the last fact of the window's most active user to the window's end; missing where nobody is named.

    The most active user has the most facts in the window; of several, the one seen last.
    """
    return _aggregate("days_since_main_user", signal, window, ending, where)


def gap_mean(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Mean of the days between successive facts of the window; missing below two facts."""
    return _aggregate("gap_mean", signal, window, ending, where)


def gap_std(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Sample standard deviation of the days between successive facts; missing below three facts."""
    return _aggregate("gap_std", signal, window, ending, where)


def slope(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Least-squares slope of the values per day; missing below two distinct moments."""
    return _aggregate("slope", signal, window, ending, where)


def share(
    signal: Named = None, window: Length = None, *, ending: Length = None, where: Condition | None = None
) -> Aggregate:
    """Part of the facts that pass ``where``; missing without a fact."""
    return _aggregate("share", signal, window, ending, where)


def attribute(column: str, *, categories: Iterable[str] | None = None) -> Attribute:
    """An attribute of the account; missing where it has none.

    Parameters
    ----------
    column
        Of the accounts table.
    categories
        What 0, 1, 2 … stand for; None: found when the feature is first bound to a history.
    """
    return Attribute(column=column, given_categories=None if categories is None else tuple(map(str, categories)))


def tenure() -> Tenure:
    """Days since the account opened."""
    return Tenure()


def where(condition: Expression, then: Expression | float, otherwise: Expression | float) -> Choose:
    """``then`` where the condition is not 0, else ``otherwise``; missing where the condition is missing."""
    return Choose(
        condition=as_expression(condition), then=as_expression(then), otherwise=as_expression(otherwise)
    )  # fmt: skip


def log1p(arg: Expression) -> Apply:
    """Logarithm of 1 + the value; missing at -1 and below."""
    return Apply(function="log1p", arg=as_expression(arg))


def clip(arg: Expression, low: float | None = None, high: float | None = None) -> Apply:
    """The value, moved into ``[low, high]``; an end that is None is open."""
    return Apply(function="clip", arg=as_expression(arg), low=low, high=high)


def rank_among(arg: Expression, within: str | None = None) -> RankAmong:
    """Share of the peers at that cutoff with a smaller value, ties counted half: in [0, 1].

    Parameters
    ----------
    arg
        What is ranked; where it is missing, so is the rank.
    within
        An attribute whose equals are the peers; None: everybody.
    """
    return RankAmong(arg=as_expression(arg), within=within)


def from_book(arg: Expression) -> FromBook:
    """Value less the mean over all accounts in the population at that cutoff."""
    return FromBook(arg=as_expression(arg))


def _aggregate(
    function: FunctionName, signal: Named, window: Length, ending: Length, where: Condition | None
) -> Aggregate:
    if where is not None and not isinstance(where, Condition):
        raise BadExpression(f"{function}: where={where!r} is no condition; write f.value >= 3 or f.label == 'billing'.")
    signals = () if signal is None else (signal,) if isinstance(signal, str) else tuple(signal)
    if signal is not None and not (signals and all(isinstance(s, str) and s for s in signals)):
        raise BadExpression(f"{function}: {signal!r} names no signal; leave it out for every activity event.")
    return Aggregate.model_validate(
        {
            "function": function,
            "signals": signals,
            "window": None if window is None else Span.of(window),
            "ending": Span.of(ending or 0),
            "where": where,
        }
    )
