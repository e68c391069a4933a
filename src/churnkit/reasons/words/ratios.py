"""How one quantity is told beside another: shares of an average, changes, so many for each."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import expm1, isnan
from typing import TYPE_CHECKING

from churnkit.features.expressions import Aggregate, Arithmetic
from churnkit.reasons.words.quantity import ASKED, Quantity, alike, any_activity, logarithmic, quantity, timed
from churnkit.reasons.words.tellers import Teller, beside, moved, noted, span_of
from churnkit.timeline import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from churnkit.features.expressions import Expression
    from churnkit.reasons.words.language import Language
    from churnkit.reasons.words.seen import Seen

_ADDITIVE = ("count", "total", "active_days")
_NESTED = ("actors",)
_TIMES = 1.995  # from here on "twice that" reads better than "100% above that"
_FAR = 3.0  # standard deviations of the gaps beyond which a silence is far longer than usual


def plain(expression: Expression, language: Language) -> Teller:
    """Tell a quantity that has a phrase of its own."""
    one = quantity(expression, language)
    change = (expression.given_phrase or "").startswith("change")
    size = _size(one, language, relative=False)
    if change and one.show(0.01) == language.share(0.01):  # a change of a share is told in points, not in percent
        size = partial(_in_points, language)
    show = signed(size, language)

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("unknown", what=one.what, time=one.time)
        if not change:
            return moved(one, seen, language, None)
        notes = _notes(seen, show, language)
        return language.sentence("now", what=one.what, time=one.time, now=show(seen.value), beside=notes)

    return tell


def _in_points(language: Language, value: float) -> str:
    return language.text("percentage points", now=language.number(abs(value) * 100))


def signed(size: Callable[[float], str], language: Language) -> Callable[[float], str]:
    """Write values with their sign, but for what reads as nothing; ``size`` writes them without."""
    zero = size(0.0)

    def text(value: float) -> str:
        plain = size(value)
        return plain if plain == zero else language.text("minus" if value < 0 else "plus", now=plain)

    return text


def _size(one: Quantity, language: Language, *, relative: bool) -> Callable[[float], str]:
    """Write the size of a difference; one of logarithms is a percentage."""
    if relative:
        return lambda value: language.whole_share(abs(expm1(value)))
    return lambda value: one.show(abs(value))


def _notes(seen: Seen, show: Callable[[float], str], language: Language) -> str:
    now, before = show(seen.value), noted(seen.earlier, show)
    return beside(language, before=None if before == now else before, peers=noted(seen.peers, show))


def ratio(expression: Arithmetic, language: Language) -> Teller:
    """Tell ``left / right``."""
    left, right = expression.left, expression.right
    if isinstance(right, Aggregate) and right.function == "gap_std" and _beyond(left):
        return _unusual_silence(right, language)
    if not (isinstance(left, Aggregate) and isinstance(right, Aggregate)):
        return plain(expression, language)
    tell = _for_each
    if alike(left, right):
        tell = _of_itself
    elif (left.function, right.function) == ("days_since", "gap_mean") and left.signals == right.signals:
        tell = _silence
    elif left.function == right.function == "count":
        tell = _of_counts
    elif left.signals == right.signals and left.kind.valued and right.kind.valued:
        tell = _of_other
    return tell(left, right, language)


def _told(key: str, parts: dict[str, str], show: Callable[[float], str], none: str, language: Language) -> Teller:
    """Tell a ratio by one text: now, before and among peers."""

    def tell(seen: Seen) -> str:
        if seen.missing:
            return none
        text = (seen.value == 0 and language.none(key)) or key
        return language.sentence(text, now=show(seen.value), beside=_notes(seen, show, language), **parts)

    return tell


def _related(key: str, parts: dict[str, str], factor: float, none: str, language: Language) -> Teller:
    """Tell a ratio as so much above or below one: "66% above that", "3.1 times that"."""
    alone, noted = (_relation(language, factor, suffix) for suffix in ("", " beside"))

    def tell(seen: Seen) -> str:
        if seen.missing:
            return none
        text = (seen.value == 0 and language.none(key)) or key
        return language.sentence(text, now=alone(seen.value), beside=_notes(seen, noted, language), **parts)

    return tell


def _relation(language: Language, factor: float, suffix: str) -> Callable[[float], str]:
    """Write ``factor`` times a value as its distance from one."""

    def show(value: float) -> str:
        times = value * factor
        points = language.whole_share(abs(times - 1.0))
        if times <= 0:
            return language.text("none of" + suffix)
        if times >= _TIMES:
            return language.text("times over" + suffix, now=language.number(round(times, 1)))
        if points == language.whole_share(0.0):
            return language.text("level with" + suffix)
        return language.text(("percent above" if times > 1 else "percent below") + suffix, now=points)

    return show


def _none(other: Quantity, language: Language) -> str:
    return language.sentence("none to compare", facts=other.facts, time=other.time)


def _of_itself(left: Aggregate, right: Aggregate, language: Language) -> Teller:
    """Tell one aggregate beside itself over another time."""
    one, other = quantity(left, language), quantity(right, language)
    parts = {"what": one.what, "time": one.time, "then": other.time}
    key, factor = "to that", 1.0
    if left.function in _NESTED and left.window is not None and left.ending == right.ending:
        key = "of that.other" if one.many else "of that.one"  # who was there lately was there in the longer time
        return _told(key, parts, language.whole_share, _none(other, language), language)
    if left.window is None and right.window is None and left.function == "latest":
        key, parts["span"] = "to ago", language.span(Span(right.ending.micros - left.ending.micros))
    elif left.window is not None and right.window is not None:
        if left.window == right.window and right.ending.micros == left.ending.micros + left.window.micros:
            key, parts["span"] = "to before", language.span(right.window)
        elif left.function in _ADDITIVE and left.window < right.window:
            factor = right.window.micros / left.window.micros
            parts["span"] = language.adjective(right.window)
            key = "to average" if left.ending == right.ending else "to average then"
    elif right.window is None and not right.ending.micros:
        parts["then"] = language.text("over all time")
    return _related(f"{key}.{'other' if one.many else 'one'}", parts, factor, _none(other, language), language)


def rate_of_ago(expression: Arithmetic, language: Language) -> Teller | None:
    """Tell so much for each (revenue per seat) beside what it was some time before; None for all else."""
    left, right = expression.left, expression.right
    if not (isinstance(left, Arithmetic) and isinstance(right, Arithmetic) and left.sign == right.sign == "/"):
        return None
    apart = {_since(now, then) for now, then in zip(left.parts, right.parts, strict=True)}
    if len(apart) != 1 or None in apart:
        return None
    one, span = quantity(left, language), language.span(Span(apart.pop() or 0))
    none = language.sentence("unknown", what=one.what, time="")
    return _related("to ago.one", {"what": one.what, "time": "", "span": span}, 1.0, none, language)


def _since(now: Expression, then: Expression) -> int | None:
    """Give how long before one last value another stood, in microseconds; None where they are not the same."""
    if not (isinstance(now, Aggregate) and isinstance(then, Aggregate) and alike(now, then)):
        return None
    if now.function != "latest" or now.window is not None or then.window is not None:
        return None
    return then.ending.micros - now.ending.micros


def _of_other(left: Aggregate, right: Aggregate, language: Language) -> Teller:
    """Tell one aggregate as a share of another of the same signals."""
    one, other = quantity(left, language), quantity(right, language)
    parts = {"what": one.what, "time": one.time, "other": timed(other)}
    none = language.sentence("none known", fact=other.fact, time=other.time)
    form = "other" if one.many else "one"
    if right.function == "maximum":  # a part of the most there has been
        return _told(f"of.{form}", parts, language.whole_share, none, language)
    return _related(f"to.{form}", parts, 1.0, none, language)


def _of_counts(left: Aggregate, right: Aggregate, language: Language) -> Teller:
    """Tell one count beside another: answers of surveys, a part of a whole, or so many for each."""
    one, other = quantity(left, language), quantity(right, language)
    parts = {"others": other.facts, "facts": one.facts, "time": one.time}
    if one.time == other.time and left.where is None and right.where is None:
        if right.signals == tuple(s + ASKED for s in left.signals):
            return _told("answered", parts, language.whole_share, _none(other, language), language)
        if set(left.signals) < set(right.signals) or not right.signals:
            key = "part of all" if any_activity(right) else "part"
            return _told(key, parts, language.whole_share, _none(other, language), language)
    return _for_each(left, right, language)


def _for_each(left: Aggregate, right: Aggregate, language: Language) -> Teller:
    one, other = quantity(left, language), quantity(right, language)
    if not other.each:
        return plain(Arithmetic(sign="/", left=left, right=right), language)
    each = other.each if one.time == other.time else other.each + other.time
    money = left.unit == "money"
    show = language.money if money else language.number
    rate = replace(one, what=language.text("per", what=one.what, each=each), show=show)
    none, span = _none(other, language), span_of(left)

    def tell(seen: Seen) -> str:
        return none if seen.missing else moved(rate, seen, language, span)

    return tell


def _silence(left: Aggregate, right: Aggregate, language: Language) -> Teller:
    one, other = quantity(left, language), quantity(right, language)
    parts = {"fact": one.fact, "facts": other.facts + other.time}
    none = language.sentence("too few", facts=other.facts, time=other.time, need=language.text("an average gap"))
    return _told("silence", parts, language.number, none, language)


def _beyond(left: Expression) -> bool:
    """Whether an expression is the days since the last fact less the usual gap."""
    parts = left.parts if isinstance(left, Arithmetic) and left.sign == "-" else ()
    functions = [part.function for part in parts if isinstance(part, Aggregate)]
    return functions == ["days_since", "gap_mean"]


def _unusual_silence(right: Aggregate, language: Language) -> Teller:
    """Tell how far a silence goes beyond the usual gap, counted in the gaps' own spread, without the count."""
    other = quantity(right, language)

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence(
                "too few", facts=other.facts, time=other.time, need=language.text("an average gap")
            )
        far = seen.value > _FAR
        key = "far longer silence" if far else "longer silence" if seen.value > 1 else "usual silence"
        key = "shorter silence" if seen.value < -1 else key
        if isnan(seen.age):
            return language.sentence(f"{key} unaged", fact=other.fact)
        return language.sentence(
            key, fact=other.fact, age=language.days(seen.age) if seen.age < 1 else language.whole_days(seen.age)
        )

    return tell


def difference(expression: Arithmetic, language: Language) -> Teller:
    """Tell ``left - right``."""
    left, right = expression.left, expression.right
    relative = logarithmic(left) and logarithmic(right)
    bare = (left.parts[0], right.parts[0]) if relative else (left, right)
    if alike(left, right):
        now, then = bare
        assert isinstance(now, Aggregate)
        assert isinstance(then, Aggregate)
        apart = then.ending.micros - now.ending.micros
        if now.window == then.window and apart > 0:
            return _change(now, Span(apart), language, relative=relative)
    one, other = quantity(left, language), quantity(right, language)
    size = _size(one, language, relative=relative)
    show, zero = signed(size, language), size(0.0)

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("unknown", what=language.text("-", what=timed(one), other=timed(other)), time="")
        now = size(seen.value)
        key = "level" if now == zero else "below" if seen.value < 0 else "above"
        parts = {"what": timed(one), "other": language.words.rival(timed(one), timed(other)), "now": now}
        key += ".other" if one.many else ".one"
        return language.sentence(key, beside=_notes(seen, show, language), **parts)

    return tell


def _change(left: Aggregate, apart: Span, language: Language, *, relative: bool) -> Teller:
    """Tell how a quantity differs from itself some time before."""
    one, span = quantity(left, language), language.span(apart)
    # a window against the one just before it, a standing value against what it was, or windows further apart
    within = "" if left.window == apart else " within" if left.window is None else " apart"
    one = one if not within else replace(one, what=timed(one))
    size = _size(one, language, relative=relative)
    show, zero = signed(size, language), size(0.0)

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("unknown", what=language.text("change", what=one.what, time=one.time), time="")
        now, peers = size(seen.value), beside(language, peers=noted(seen.peers, show))
        parts = {"what": one.what, "time": one.time, "span": span, "beside": peers, "now": now}
        key = "as before" if now == zero else "down" if seen.value < 0 else "up"
        return language.sentence(key + within, **parts)

    return tell
