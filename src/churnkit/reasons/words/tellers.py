"""How each aggregate is told: what was seen, beside the account's own past and its peers."""

from __future__ import annotations

from functools import lru_cache
from math import isnan
from typing import TYPE_CHECKING, TypeAlias

from churnkit.reasons.words.quantity import Quantity, nameless, quantity
from churnkit.timeline import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from churnkit.features.expressions import Aggregate
    from churnkit.reasons.words.language import Language
    from churnkit.reasons.words.seen import Seen

Teller: TypeAlias = "Callable[[Seen], str]"
"""Tells one feature of one account."""

_MONTH = 365.25 / 12
_LONG_SILENCE = 1.5  # times the usual gap (or the peers' silence) from which "no login for" is fairer than "last login"


def aggregate(expression: Aggregate, language: Language) -> Teller:
    """Tell an aggregate."""
    one = quantity(expression, language)
    makers: dict[str, Callable[[Aggregate, Quantity, Language], Teller]] = {
        "count": _count,
        "total": _total,
        "latest": _latest,
        "earliest": _earliest,
        "days_since": _silence,
        "days_since_main_user": _main_user,
        "days_until": _ahead,
        "std": _varied,
        "gap_std": _varied,
        "slope": _trend,
        "share": _share,
    }
    return makers.get(expression.function, _moving)(expression, one, language)


def beside(language: Language, **notes: str | None) -> str:
    """Put comparisons into brackets: ``usual_gap="3 days", peers="4 days"``; what is None is left out."""
    said = [language.text(key.replace("_", " "), now=note) for key, note in notes.items() if note is not None]
    return f" ({'; '.join(said)})" if said else ""


def among_peers(one: Quantity, seen: Seen, language: Language) -> str:
    """Put the peers' value into brackets; it is the same for all accounts, so it is written once."""
    return "" if isnan(seen.peers) else _among_peers(one.show, language, seen.peers)


@lru_cache(maxsize=65_536)
def _among_peers(show: Callable[[float], str], language: Language, value: float) -> str:
    return beside(language, peers=show(value))


def noted(value: float, show: Callable[[float], str]) -> str | None:
    """Write a value for a bracket, if there is one."""
    return None if isnan(value) else show(value)


def moved(one: Quantity, seen: Seen, language: Language, span: int | None) -> str:
    """Tell how a quantity moved; ``span`` is its window if that ends now, and so may be the time of the move."""
    peers = among_peers(one, seen, language)
    now = one.show(seen.value)
    if not seen.compared:
        return language.sentence("now", what=one.what, time=one.time, now=now, beside=peers)
    earlier = one.show(seen.earlier)
    if now == earlier:
        key = "same so far" if one.time == language.text("so far") else "same"
        return language.sentence(key, what=one.what, time=one.time, now=now, beside=peers)
    assert seen.before is not None
    key = "fell" if seen.value < seen.earlier else "rose"
    parts = {"what": one.what, "time": one.time, "now": now, "earlier": earlier, "beside": peers}
    if span is not None and seen.now - seen.before == span:
        return language.sentence(key, **parts)
    # a window that reaches back beyond the earlier moment: what stands now comes first
    return language.sentence(key + (" to" if one.time else " since"), since=language.day(seen.before), **parts)


def span_of(expression: Aggregate) -> int | None:
    """Give the window that ends now, in microseconds."""
    return None if expression.window is None or expression.ending.micros else expression.window.micros


def _nothing(one: Quantity, language: Language) -> str:
    """Tell that there is no value: no fact known, which is also true where the record ends early."""
    return language.sentence("none known", fact=one.fact, time=one.time)


def _moving(expression: Aggregate, one: Quantity, language: Language) -> Teller:
    span = span_of(expression)

    def tell(seen: Seen) -> str:
        if not seen.missing:
            return moved(one, seen, language, span)
        if expression.function == "gap_mean":
            return language.sentence("too few", facts=one.facts, time=one.time, need=language.text("an average gap"))
        if expression.function in ("mean", "minimum", "maximum"):
            return _nothing(one, language)
        return language.sentence("unknown", what=one.what, time=one.time)

    return tell


def _count(expression: Aggregate, one: Quantity, language: Language) -> Teller:
    span = span_of(expression)

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("unknown", what=one.what, time=one.time)
        exactly = span is not None and seen.before is not None and seen.now - seen.before == span
        if seen.value == 0:
            return _no_facts(one, seen, language, exactly=exactly)
        if seen.compared and exactly:
            return moved(one, seen, language, span)
        now, peers = one.show(seen.value), among_peers(one, seen, language)
        parts = {"now": now, "facts": language.plural_for(seen.value, one.fact, one.facts), "time": one.time}
        if not seen.compared or one.show(seen.earlier) == now:
            return language.sentence("some", beside=peers, **parts)
        assert seen.before is not None
        parts |= {"earlier": one.show(seen.earlier), "since": language.day(seen.before), "beside": peers}
        return language.sentence("fewer" if seen.value < seen.earlier else "more", **parts)

    return tell


def _total(expression: Aggregate, one: Quantity, language: Language) -> Teller:
    """Tell a sum; that of bare values has no noun, so the facts add up to it."""
    if not nameless(expression, language):
        return _moving(expression, one, language)

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("unknown", what=one.what, time=one.time)
        parts = {"facts": one.facts, "time": one.time, "now": one.show(seen.value)}
        parts["beside"] = among_peers(one, seen, language)
        if not seen.compared:
            return language.sentence("adds up", **parts)
        assert seen.before is not None
        parts |= {"earlier": one.show(seen.earlier), "since": language.day(seen.before)}
        same, fell = parts["now"] == parts["earlier"], seen.value < seen.earlier
        return language.sentence("adds up as" if same else "adds up less" if fell else "adds up more", **parts)

    return tell


def _no_facts(one: Quantity, seen: Seen, language: Language, *, exactly: bool) -> str:
    """Tell a count of none; ``exactly``: the window reaches back just to the earlier moment."""
    parts = {"facts": one.facts, "time": one.time, "beside": among_peers(one, seen, language)}
    if not seen.compared or seen.earlier <= 0:
        return language.sentence("none", **parts)
    assert seen.before is not None
    parts["earlier"] = one.show(seen.earlier)
    if exactly:
        return language.sentence("none any more", **parts)
    return language.sentence("none any more since", since=language.day(seen.before), **parts)


def _share(expression: Aggregate, one: Quantity, language: Language) -> Teller:
    """Tell how many of the facts meet a condition: "25% of tickets opened had severity 3 or more"."""
    assert expression.where is not None
    key = "share of label" if expression.where.op == "label" else "share of"

    def tell(seen: Seen) -> str:
        if seen.missing:
            return _nothing(one, language)
        now, before = one.show(seen.value), noted(seen.earlier, one.show)
        notes = beside(language, before=None if before == now else before, peers=noted(seen.peers, one.show))
        parts = {"facts": one.facts, "where": one.where, "time": one.time}
        return language.sentence((seen.value == 0 and language.none(key)) or key, now=now, beside=notes, **parts)

    return tell


def _latest(expression: Aggregate, one: Quantity, language: Language) -> Teller:
    if expression.signals and all(s in language.words.STANDING for s in expression.signals):
        return _standing(expression, one, language)

    def tell(seen: Seen) -> str:
        if seen.missing:
            return _nothing(one, language)
        now, before = one.show(seen.value), noted(seen.earlier, one.show)
        notes = beside(language, before=None if before == now else before, peers=noted(seen.peers, one.show))
        if isnan(seen.age):
            return language.sentence("last value", what=one.what, now=now, beside=notes)
        age = language.whole_days(seen.age)
        return language.sentence("last value aged", what=one.what, now=now, age=age, beside=notes)

    return tell


def _standing(expression: Aggregate, one: Quantity, language: Language) -> Teller:
    """Tell a value that holds until it changes: revenue, seats, whether a contract renews by itself."""
    switch = all(s in language.words.SWITCHES for s in expression.signals)

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("unknown", what=one.what, time="")
        now, peers = one.show(seen.value), among_peers(one, seen, language)
        if not seen.compared or one.show(seen.earlier) == now:
            return language.sentence("is", what=one.what, now=now, beside=peers)
        if not switch:
            return moved(one, seen, language, None)
        assert seen.before is not None
        parts = {"earlier": one.show(seen.earlier), "since": language.day(seen.before), "beside": peers}
        return language.sentence("switched", what=one.what, now=now, **parts)

    return tell


def _earliest(_expression: Aggregate, one: Quantity, language: Language) -> Teller:
    def tell(seen: Seen) -> str:
        if seen.missing:
            return _nothing(one, language)
        peers = among_peers(one, seen, language)
        return language.sentence("last value", what=one.what, now=one.show(seen.value), beside=peers)

    return tell


def _silence(expression: Aggregate, one: Quantity, language: Language) -> Teller:
    """Tell how long ago the last fact was."""
    ending = expression.ending.micros / DAY
    rare = bool(expression.signals) and all(s in language.words.RARE for s in expression.signals)

    def tell(seen: Seen) -> str:
        if seen.missing:
            return _nothing(one, language)
        days = seen.value + ending
        peers = None if isnan(seen.peers) else seen.peers + ending
        notes = {
            "usual_gap": noted(seen.gap, language.days),
            "peers": None if peers is None else language.whole_days(peers) if peers >= 1 else language.days(peers),
        }
        said = beside(language, **notes)
        if days < 1:
            return language.sentence("last fact today", fact=one.fact, beside=said)
        usual = seen.gap if not isnan(seen.gap) else peers
        soon = rare or usual is None or days < _LONG_SILENCE * usual
        key = "last fact" if soon else "no fact for"
        return language.sentence(key, fact=one.fact, now=language.whole_days(days), beside=said)

    return tell


def _main_user(expression: Aggregate, one: Quantity, language: Language) -> Teller:
    """Tell how long ago the most active user was last seen."""
    ending = expression.ending.micros / DAY

    def ago(days: float) -> str:
        return language.whole_days(days) if days >= 1 else language.days(days)

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("unknown", what=one.what, time=one.time)
        days, before, peers = (value + ending for value in (seen.value, seen.earlier, seen.peers))
        past = noted(before, ago)
        notes = beside(language, before=None if past == ago(days) else past, peers=noted(peers, ago))
        key = "main user today" if days < 1 else "main user"
        return language.sentence(key, fact=one.fact, now=language.whole_days(days), time=one.time, beside=notes)

    return tell


def _ahead(expression: Aggregate, one: Quantity, language: Language) -> Teller:
    """Tell a date ahead, or past."""
    texts = language.words.AHEAD.get(expression.signals[0]) if len(expression.signals) == 1 else None
    value = one.value

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("unknown", what=value, time="")
        now = language.whole_days(abs(seen.value))
        if texts is None:
            return language.sentence("days until" if seen.value >= 0 else "days past", value=value, now=now)
        if 0 <= seen.value < 1:
            return language.sentence("in less than a day", ahead=texts[0])
        return language.sentence("in" if seen.value > 0 else "over", ahead=texts[0], past=texts[1], now=now)

    return tell


def _varied(_expression: Aggregate, one: Quantity, language: Language) -> Teller:
    """Tell how much values (or the time between facts) varied."""

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("too few", facts=one.facts, time=one.time, need=language.text("a spread"))
        now, before = one.show(seen.value), noted(seen.earlier, one.show)
        notes = beside(language, before=None if before == now else before, peers=noted(seen.peers, one.show))
        return language.sentence("varied", what=one.what, time=one.time, now=now, beside=notes)

    return tell


def _trend(_expression: Aggregate, one: Quantity, language: Language) -> Teller:
    """Tell a trend as the change a month."""
    value = one.value

    def signed(daily: float) -> str:
        text = one.show(abs(daily) * _MONTH)
        return text if text == one.show(0.0) else language.text("minus" if daily < 0 else "plus", now=text)

    def tell(seen: Seen) -> str:
        if seen.missing:
            return language.sentence("too few", facts=one.facts, time=one.time, need=language.text("a trend"))
        now, peers = one.show(abs(seen.value) * _MONTH), beside(language, peers=noted(seen.peers, signed))
        if now == one.show(0.0):
            return language.sentence("held", what=value, time=one.time, beside=peers)
        key = "fell a month" if seen.value < 0 else "rose a month"
        return language.sentence(key, what=value, now=now, time=one.time, beside=peers)

    return tell
