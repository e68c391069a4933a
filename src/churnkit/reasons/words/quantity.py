"""What a feature measures, as a noun phrase: "logins", "average NPS", "tickets opened marked “billing”"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from churnkit.features.expressions import Aggregate, Apply, Arithmetic, Attribute, Choose, Comparison, Constant, Tenure
from churnkit.reasons.words.language import humanised, lowered, metric
from churnkit.timeline import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from churnkit.features.conditions import AnyCondition
    from churnkit.features.expressions import Expression
    from churnkit.reasons.words.language import Language

_NAMED = 3  # so many signals are named one by one
_OF_ANY = ("active_days", "actors")
_MANY = ("count", "active_days", "actors")
_GATHERED = ("count", "total", "mean", "minimum", "maximum", "active_days", "actors", "share")
_SURVEYS = ("nps", "csat", "ces")
ASKED = "_asked"


@dataclass(frozen=True)
class Quantity:
    """A noun phrase and how its values are written.

    Parameters
    ----------
    what
        The phrase, without its time.
    time
        When, with its leading space: " in the last 30 days"; or empty.
    show
        Writes a value.
    fact, facts
        One and several of the facts that it is about.
    value
        What the value of one fact is called.
    each
        What one unit of it is called, for "for each"; or empty.
    where
        What facts must meet to count, in words; or empty.
    many
        Whether the phrase is plural.
    """

    what: str
    time: str
    show: Callable[[float], str]
    fact: str = ""
    facts: str = ""
    value: str = ""
    each: str = ""
    where: str = ""
    many: bool = False


def quantity(expression: Expression, language: Language) -> Quantity:
    """Put what an expression measures into words."""
    if isinstance(expression, Aggregate) and not expression.given_phrase:
        return _of_aggregate(expression, language)
    if isinstance(expression, Apply) and not expression.given_phrase:
        inner = quantity(expression.arg, language)
        return inner if expression.function != "abs" else replace(inner, what=language.text("bigger", what=inner.what))
    many = bool(expression.given_phrase) and language.words.several(expression.given_phrase)
    return Quantity(_phrase(expression, language), "", shower(expression, language), many=many)


def timed(one: Quantity) -> str:
    """Give the phrase with its time."""
    return one.what + one.time


def alike(left: Expression, right: Expression) -> bool:
    """Whether two expressions are one aggregate (or its logarithm) over different times."""
    if logarithmic(left) and logarithmic(right):
        return alike(left.parts[0], right.parts[0])
    if not (isinstance(left, Aggregate) and isinstance(right, Aggregate)):
        return False
    return (left.function, left.signals, left.where) == (right.function, right.signals, right.where)


def logarithmic(expression: Expression) -> bool:
    """Whether an expression is the logarithm of one plus another."""
    return isinstance(expression, Apply) and expression.function == "log1p"


def shower(expression: Expression, language: Language) -> Callable[[float], str]:
    """Find how values of an expression are written."""
    unit, phrase = expression.unit, expression.given_phrase or ""
    if unit in ("share", "ratio") or "share of" in phrase:
        return language.share
    if unit in language.words.UNITS and not _many(expression):
        name = language.words.UNITS[unit]
        return lambda value: language.amount(value, name)
    if unit == "yes or no":
        on, off = language.text("on"), language.text("off")
        return lambda value: on if value >= 0.5 else off
    if unit == "money" or unit.startswith("money per "):
        return language.money
    return language.days if unit == "days" and not _many(expression) else language.number


def _many(expression: Expression) -> bool:
    return isinstance(expression, Aggregate) and expression.function in _MANY


def _phrase(expression: Expression, language: Language) -> str:
    if expression.given_phrase:
        return expression.given_phrase
    if isinstance(expression, Attribute):
        return lowered(expression.column)
    if isinstance(expression, Tenure):
        return language.text("tenure")
    if isinstance(expression, Constant):
        return language.number(expression.value)
    return _joined(expression, language)


def _joined(expression: Expression, language: Language) -> str:
    """Put two parts into one phrase."""
    if not isinstance(expression, Arithmetic | Comparison | Choose):
        return humanised(expression.name)
    one, two = (quantity(part, language) for part in expression.parts[:2])
    if isinstance(expression, Choose):
        return language.text("choice", what=timed(one), other=timed(two))
    if alike(*expression.parts) and expression.sign in ("-", "/"):
        key = "change" if expression.sign == "-" else "compared"
        return language.text(key, what=one.what, time=one.time, then=two.time)
    if expression.sign == "/" and two.each:
        each = two.each if one.time == two.time else two.each + two.time
        return language.text("per", what=one.what, each=each) + one.time
    return language.text(expression.sign, what=timed(one), other=timed(two))


def _of_aggregate(expression: Aggregate, language: Language) -> Quantity:
    fact, facts = _facts(expression, language)
    value, values, last, first = _values(expression, fact, facts, language)
    parts = {"fact": fact, "facts": facts, "value": value, "values": values, "last": last, "first": first}
    key, suffix = str(expression.function), ""
    if expression.where is not None:
        suffix = " label" if expression.where.op == "label" else ""
        parts["where"] = condition(expression.where, _tested(expression, language), language)
        if key == "share":
            key += suffix
        else:
            parts |= _limited(parts, expression.where, language)
    any_ = " of any" if any_activity(expression) and key in _OF_ANY else ""
    each = (
        language.words.EACH.get(expression.signals[0], "") if len(expression.signals) == 1 and key == "latest" else ""
    )
    if key in _MANY:
        each = language.text(f"each {key}{any_}", **parts)
    if key in ("minimum", "maximum") and expression.unit in language.words.UNITS:
        key += " long"
    return Quantity(
        what=language.text(key + any_, **parts),
        time=when(expression, language),
        show=shower(expression, language),
        fact=parts["fact"],
        facts=parts["facts"],
        value=parts["value"],
        each=each,
        where=parts.get("where", ""),
        many=key in _MANY,
    )


def _limited(parts: dict[str, str], where: AnyCondition, language: Language) -> dict[str, str]:
    """Say of facts and their values that only some count: "“billing” tickets opened"."""
    suffix = " label" if where.op == "label" else ""
    told = {
        name: language.text(f"facts where{suffix}", facts=text, where=parts["where"])
        for name, text in parts.items()
        if name != "where"
    }
    if where.op == "label" and where.sign == "==":
        labels = language.listed([language.quoted(x) for x in where.labels])
        told |= {name: language.text("labelled", labels=labels, facts=parts[name]) for name in ("fact", "facts")}
    return told


def any_activity(expression: Aggregate) -> bool:
    """Whether it is about activity at large: every event, or more kinds of use than one can name."""
    return not expression.signals or (len(expression.signals) > _NAMED and expression.theme == "usage")


def nameless(expression: Aggregate, language: Language) -> bool:
    """Whether the values of its facts have no noun of their own, as a severity or an NPS has."""
    signals = expression.signals
    return len(signals) != 1 or (signals[0] not in language.words.VALUES and not _survey(signals[0], expression))


def _facts(expression: Aggregate, language: Language) -> tuple[str, str]:
    """Give what one fact and several facts are called."""
    signals = expression.signals
    if any_activity(expression) or len(signals) > _NAMED:
        one = language.text("any") if any_activity(expression) else language.text("any of", count=str(len(signals)))
        return one, language.plural(one)
    each = [_fact(signal, language, survey=_survey(signal, expression)) for signal in signals]
    return language.listed(each, "or"), language.listed([language.plural(one) for one in each])


def _survey(signal: str, expression: Aggregate) -> bool:
    """Whether a signal is a survey's metric."""
    return signal in _SURVEYS or (expression.theme == "satisfaction" and not signal.endswith(ASKED))


def _fact(signal: str, language: Language, *, survey: bool) -> str:
    """Give what one fact of a signal is called."""
    if signal in language.signals:
        return language.signals[signal]
    if signal.endswith(ASKED):
        return language.text("survey", metric=metric(signal.removesuffix(ASKED)))
    return language.text("answer", metric=metric(signal)) if survey else lowered(signal)


def _values(expression: Aggregate, fact: str, facts: str, language: Language) -> tuple[str, str, str, str]:
    """Give what the value of one fact, of several, of the last and of the first is called."""
    signals = expression.signals
    known = language.words.VALUES.get(signals[0]) if len(signals) == 1 else None
    if known is not None:
        one, several, last, first = known
        return one, several, last, first
    if len(signals) == 1 and _survey(signals[0], expression):
        name = metric(signals[0])
        return name, name, language.text("last answer", value=name), language.text("first answer", value=name)
    one, several, last, first = (
        language.text(key, fact=fact, facts=facts) for key in ("value", "values", "last", "first")
    )
    return one, several, last, first


def _tested(expression: Aggregate, language: Language) -> str:
    """Give what a value is called in a condition on it."""
    signals = expression.signals
    if len(signals) != 1:
        return language.text("bare value")
    known = language.words.SEVERITY.get(signals[0])
    return known or (metric(signals[0]) if _survey(signals[0], expression) else language.text("bare value"))


def when(expression: Aggregate, language: Language) -> str:
    """Put a window into words."""
    window, ending = expression.window, expression.ending
    if window is None:
        if ending.micros:
            return language.text("until", span=language.span(ending))
        return language.text("so far") if expression.function in _GATHERED else ""
    if not ending.micros:
        return language.text("in the last", span=language.span(window))
    start, end = (language.number(span / DAY) for span in (ending.micros + window.micros, ending.micros))
    return language.text("between", start=start, end=end)


def condition(test: AnyCondition, value: str, language: Language) -> str:
    """Put a condition on facts into words."""
    if test.op == "value":
        return language.text(f"value {test.sign}", value=value, limit=language.number(test.limit))
    if test.op == "label":
        return language.text(f"label {test.sign}", labels=language.listed([language.quoted(x) for x in test.labels]))
    if test.op == "not":
        return language.text("not", one=condition(test.test, value, language))
    said = [condition(one, value, language) for one in test.tests]
    text = said[0]
    for more in said[1:]:
        text = language.text(test.op, one=text, two=more)
    return text
