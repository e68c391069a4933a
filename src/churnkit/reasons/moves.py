"""Words for a move of the score: "Up 14 points since last Monday, from 22% to 36%: 9 from 2 failed payments"."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

import numpy as np
from babel.dates import format_datetime

from churnkit.features import compute
from churnkit.features.expressions import Aggregate, Tenure
from churnkit.reasons.words.quantity import quantity
from churnkit.timeline import DAY, Span, as_datetime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.features import Expression
    from churnkit.history import History
    from churnkit.reasons.words import Language
    from churnkit.reasons.words.quantity import Quantity

_STANDING = ("mrr", "seats", "term_months")  # what matters is the value that holds, not that it was stated anew
_WEEK = 7 * DAY
_FINE = 0.02  # moves below two points are told to a tenth of a point


@dataclass(frozen=True, eq=False)
class Lately:
    """How many facts each feature's first signals had between two moments, and in as long a time before.

    Parameters
    ----------
    counted
        Per feature the count over the time between, or None where it reads no facts.
    column
        Per feature the column of its counts, or -1.
    new, before
        float32 ``[n, columns]``: counts; of a standing value (revenue, seats) the value now and before.
    """

    counted: tuple[Aggregate | None, ...]
    column: tuple[int, ...]
    new: NDArray[np.float32]
    before: NDArray[np.float32]

    @classmethod
    def of(
        cls, features: Sequence[Expression], history: History, account: NDArray[np.int32], between: tuple[int, int]
    ) -> Lately:
        """Count the facts of accounts (codes) between two moments."""
        then, now = between
        counted = tuple(_counted(feature, Span(now - then)) for feature in features)
        distinct: list[Aggregate] = list(dict.fromkeys(x for x in counted if x is not None))
        column = tuple(-1 if x is None else distinct.index(x) for x in counted)
        new, before = (
            compute(distinct, history, account=account, cutoff=np.full(len(account), at)).values
            if distinct
            else np.zeros((len(account), 0), np.float32)
            for at in (now, then)
        )
        return cls(counted, column, new, before)

    def told(self, row: int, feature: Expression, place: int, *, late: bool, language: Language) -> str:
        """Say what there was to see of a feature (at its place) between the moments."""
        counted = self.counted[place]
        if counted is None:
            return language.text("time as a customer") if isinstance(feature, Tenure) else feature.phrase
        one = quantity(counted, language)
        new, before = (float(v[row, self.column[place]]) for v in (self.new, self.before))
        if counted.function == "latest":
            return _standing(one, new, before, language)
        new, before = (0.0 if isnan(x) else x for x in (new, before))
        if new:
            return _facts(one, new, before, language)
        leaf = _leaf(feature)
        if leaf is not None and leaf.function == "days_until":
            return language.text("nearing", value=quantity(leaf, language).value)
        if late:
            return language.text("late facts", facts=one.facts)
        key = "no new facts" if before else "time since"
        return language.text(key, facts=one.facts, earlier=language.number(before))


def _standing(one: Quantity, new: float, before: float, language: Language) -> str:
    """Name a value that holds until it changes."""
    if isnan(new + before):
        return language.text("value unknown", what=one.what)
    key = "value as before" if new == before else "value up" if new > before else "value down"
    return language.text(key, what=one.what, earlier=one.show(before), now=one.show(new))


def _facts(one: Quantity, new: float, before: float, language: Language) -> str:
    """Name new facts, beside their number in as long a time before."""
    key = "new facts"
    if before:
        key += " as before" if new == before else " up" if new > before else " down"
    facts = language.plural_for(new, one.fact, one.facts)
    return language.text(key, now=language.number(new), facts=facts, earlier=language.number(before))


def _leaf(feature: Expression) -> Aggregate | None:
    return next((part for part in feature.walk() if isinstance(part, Aggregate)), None)


def _counted(feature: Expression, span: Span) -> Aggregate | None:
    leaf = _leaf(feature)
    if leaf is None:
        return None
    if leaf.where is None and len(leaf.signals) == 1 and leaf.signals[0] in _STANDING:
        return Aggregate(function="latest", signals=leaf.signals)
    return Aggregate(function="count", signals=leaf.signals, window=span, where=leaf.where)


def headline(
    probability: tuple[float, float], parts: Sequence[tuple[float, str]], between: tuple[int, int], language: Language
) -> str:
    """Tell a move in one sentence.

    Parameters
    ----------
    probability
        Before and after.
    parts
        Points and words of the parts to be told, the greatest first; what they leave is told as all else.
    between
        The two moments, microseconds UTC.
    language
        Words and forms.
    """
    before, after = probability
    move = after - before
    digits = 0 if abs(move) >= _FINE else 1
    whole = round(100 * move, digits)
    shown = [(value, what) for value, what in ((round(100 * points, digits), what) for points, what in parts) if value]
    rest = round(whole - sum(value for value, _ in shown), digits)
    if rest:
        shown.append((rest, language.text("all else")))
    told = [language.text("change part", points=_signed(value, language), what=what) for value, what in shown]
    said = {
        "since": _since(*between, language),
        "before": language.chance(before),
        "now": language.chance(after),
        "parts": language.text("change parts", parts=", ".join(told)) if told else "",
    }
    if not whole:
        return language.sentence("change none", **said)
    key = language.plural_for(abs(whole), "points.one", "points.other")
    points = language.text(key, now=language.number(abs(whole)))
    return language.sentence("change up" if whole > 0 else "change down", points=points, **said)


def _signed(points: float, language: Language) -> str:
    text = language.number(abs(points))
    return text if points > 0 else language.text("minus", now=text)


def _since(then: int, now: int, language: Language) -> str:
    if DAY <= now - then <= _WEEK:
        weekday = str(format_datetime(as_datetime(then), "EEEE", locale=language.code))
        return language.text("last weekday", weekday=weekday)
    return language.day(then)
