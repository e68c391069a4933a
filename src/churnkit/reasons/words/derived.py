"""How features made of others are told: shares of an average, changes, places among peers, attributes."""

from __future__ import annotations

from dataclasses import replace
from math import expm1, isnan
from typing import TYPE_CHECKING

from churnkit.features.expressions import (
    Aggregate,
    Apply,
    Arithmetic,
    Attribute,
    Choose,
    Comparison,
    Constant,
    FromBook,
    RankAmong,
    Tenure,
)
from churnkit.reasons.words.language import Language, lowered
from churnkit.reasons.words.quantity import logarithmic, quantity, timed
from churnkit.reasons.words.ratios import difference, plain, rate_of_ago, ratio
from churnkit.reasons.words.tellers import Teller, aggregate, beside, noted

if TYPE_CHECKING:
    from collections.abc import Callable

    from churnkit.features.expressions import Expression
    from churnkit.reasons.words.seen import Seen


def teller_of(expression: Expression, language: Language) -> Teller:
    """Find the teller of any expression."""
    if _answers(expression):
        return _comparison(expression, language)
    if isinstance(expression, Arithmetic) and expression.sign == "/":
        return _divided(expression, language)
    if expression.given_phrase:
        return plain(expression, language)
    if isinstance(expression, Aggregate):
        return aggregate(expression, language)
    if isinstance(expression, Arithmetic) and expression.sign == "-":
        return difference(expression, language)
    makers: dict[type, Callable[[Expression, Language], Teller]] = {
        Apply: _applied,
        Attribute: _attribute,
        Comparison: _comparison,
        FromBook: _from_book,
        RankAmong: _rank,
        Tenure: _tenure,
    }
    return makers.get(type(expression), plain)(expression, language)


def _applied(expression: Expression, language: Language) -> Teller:
    """Tell the argument, its value taken back through the function where that can be done."""
    assert isinstance(expression, Apply)
    if expression.function == "abs":
        return plain(expression, language)
    inner = teller_of(expression.arg, language)
    if expression.function == "clip":
        return inner

    def tell(seen: Seen) -> str:
        value, earlier, peers = (_whole(expm1(v)) for v in (seen.value, seen.earlier, seen.peers))
        return inner(replace(seen, value=value, earlier=earlier, peers=peers))

    return tell


def _divided(expression: Arithmetic, language: Language) -> Teller:
    """Tell a ratio; a phrase of its own gives way only where a rate is held against itself some time before."""
    return rate_of_ago(expression, language) or (plain if expression.given_phrase else ratio)(expression, language)


def _whole(value: float) -> float:
    """Undo float32's rounding of the logarithm of a whole number."""
    return round(value) if not isnan(value) and abs(value - round(value)) <= 1e-5 * max(1.0, abs(value)) else value


def _comparison(expression: Expression, language: Language) -> Teller:
    one = quantity(expression, language)

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("unknown", what=one.what, time="")
        before = None
        if seen.compared and bool(seen.value) != bool(seen.earlier):
            before = language.text("was" if seen.earlier else "was not")
        notes = beside(language, before=before)
        return language.sentence("yes" if seen.value else "no", what=timed(one), beside=notes)

    return tell


def _rank(expression: Expression, language: Language) -> Teller:
    assert isinstance(expression, RankAmong)
    one, arg = quantity(expression.arg, language), expression.arg
    silent = isinstance(arg, Aggregate) and arg.function == "days_since" and not arg.ending.micros
    whom = language.text("at large")
    if expression.within:
        whom = language.text("within", attribute=lowered(expression.within))

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("unknown", what=one.what, time=one.time)
        now, before = language.whole_share(seen.value), noted(seen.earlier, language.whole_share)
        notes = beside(language, before=None if before == now else before)
        if silent:
            return language.sentence("rank of silence", fact=one.fact, now=now, whom=whom, beside=notes)
        return language.sentence("rank", what=one.what, time=one.time, now=now, whom=whom, beside=notes)

    return tell


def _from_book(expression: Expression, language: Language) -> Teller:
    assert isinstance(expression, FromBook)
    one, relative = quantity(expression.arg, language), _logarithms(expression.arg)
    shares = expression.arg.unit in ("share", "ratio")

    def far(value: float) -> str:
        if relative:  # a distance of logarithms is a ratio
            return language.whole_share(abs(expm1(value)))
        return (
            language.text("percentage points", now=language.number(abs(value) * 100))
            if shares
            else one.show(abs(value))
        )

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("unknown", what=one.what, time=one.time)
        now = far(seen.value)
        if now == far(0.0):
            return language.sentence("at average", what=one.what, time=one.time, beside="")
        key = ("below" if seen.value < 0 else "above") + (" usual" if relative else " average")
        return language.sentence(key, what=one.what, time=one.time, now=now, beside="")

    return tell


def _logarithms(expression: Expression) -> bool:
    """Whether an expression is a logarithm, or a difference of two."""
    if isinstance(expression, Arithmetic) and expression.sign == "-":
        return all(logarithmic(part) for part in expression.parts)
    return logarithmic(expression)


def _answers(expression: Expression) -> bool:
    """Whether an expression is yes or no."""
    if isinstance(expression, Choose):
        chosen = [part for part in (expression.then, expression.otherwise) if not isinstance(part, Constant)]
        return bool(chosen) and all(_answers(part) for part in chosen)
    return isinstance(expression, Comparison)


def _attribute(expression: Expression, language: Language) -> Teller:
    what, kinds = lowered(getattr(expression, "column", expression.name)), expression.categories

    def tell(seen: Seen) -> str:
        if seen.missing:
            # a kind that too few accounts are of is no category: the model knows as little of it as of none
            return language.sentence("no attribute" if kinds is None else "rare attribute", what=what)
        now = language.number(seen.value) if kinds is None else kinds[int(seen.value)]
        return language.sentence("attribute", what=what, now=now)

    return tell


def _tenure(expression: Expression, language: Language) -> Teller:
    del expression

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("unknown", what=language.text("tenure"), time="")
        peers = beside(language, peers=noted(seen.peers, language.age))
        key = "customer since today" if seen.value < 1 else "customer for"
        return language.sentence(key, now=language.age(seen.value), beside=peers)

    return tell
