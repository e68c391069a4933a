"""A language: its texts, its nouns, and the number, date and plural forms of its locale (Babel)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent, get_decimal_symbol
from babel.units import format_unit

from churnkit.errors import RequestError
from churnkit.timeline import DAY, HOUR, as_datetime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from churnkit.timeline import Span

LANGUAGES = ("en",)
"""Languages that sentences can be written in; each is one file beside this one."""

_ACRONYM = 4  # metrics of up to so many letters are acronyms: NPS, CSAT, CES
_MONTH = 365.25 / 12


@dataclass(frozen=True, eq=False)
class Language:
    """The words of one language and the forms of one locale.

    Parameters
    ----------
    code
        The locale's name.
    words
        The module of texts and nouns.
    point
        The decimal point, where numbers below 1,000 are written as Python writes them but for it; else empty.
    currency
        ISO code of the currency that money is in; empty: amounts are bare numbers.
    """

    code: str
    words: ModuleType
    point: str
    currency: str = ""

    @classmethod
    def of(cls, locale: str, currency: str = "") -> Language:
        """Find a language by its locale (``"en"``, ``"en_GB"``), and a currency by its ISO code.

        Raises
        ------
        RequestError
            If there is no such locale, or no words in its language.
        """
        return _language(locale, currency)

    @property
    def signals(self) -> Mapping[str, str]:
        """What one fact of a signal is called."""
        return self.words.SIGNALS  # type: ignore[no-any-return]  # a module of words

    def text(self, key: str, **parts: str) -> str:
        """Fill in a text."""
        return str(self.words.TEXT[key]).format(**parts)

    def sentence(self, key: str, **parts: str) -> str:
        """Fill in a text and begin it with a capital letter."""
        text = self.text(key, **parts)
        return text[:1].upper() + text[1:]

    def none(self, key: str) -> str:
        """Find the text for a quantity of which there is none; empty where the usual one will do."""
        found = f"{key} none"
        return found if found in self.words.TEXT else ""

    def plural(self, noun: str) -> str:
        """Give the plural of a noun phrase."""
        return str(self.words.plural(noun))

    def plural_for(self, amount: float, one: str, several: str) -> str:
        """Choose the form of a noun that a number asks for."""
        return one if _form(round(amount, 2), self.code) == "one" else several

    def number(self, value: float) -> str:
        """Write a number with no more digits than matter."""
        size = abs(value)
        if self.point and 0.005 < size < 999.5:
            # Babel takes 35 microseconds, and a million accounts have millions of numbers
            if size >= 99.95:
                return f"{value:.0f}"
            text = (f"{value:.1f}" if size >= 9.995 else f"{value:.2f}").rstrip("0").rstrip(".")
            return text if self.point == "." else text.replace(".", self.point)
        rounded = round(value) if size >= 99.95 else round(value, 1 if size >= 9.995 else 2)
        if rounded == 0 and value:
            return _number(value, "#,##0.#####", self.code) if size >= 1e-5 else "0"
        return _number(rounded + 0.0, "#,##0.##", self.code)

    def money(self, value: float) -> str:
        """Write an amount with its currency, where that is known; with cents below 100, unless they are none."""
        if not self.currency:
            return self.number(value)
        cents = abs(value) < 99.995 and round(value, 2) != round(value)
        return _money(round(value, 2 if cents else 0) + 0.0, self.currency, self.code, whole=not cents)

    def share(self, value: float) -> str:
        """Write a share as whole percents; one decimal below ten, never a false 0 or 100."""
        points = abs(value) * 100
        plain = points == 0 or round(points, 1) in (round(points), 100.0)
        whole = plain or 9.95 <= points < 99.5 or points >= 100
        return _percent(round(value, 2 if whole else 3), "#,##0%" if whole else "#,##0.0%", self.code)

    def chance(self, value: float) -> str:
        """Write a probability, none as certain: over 99 % from 99.5 % on, under 0.1 % below a tenth of a percent."""
        if value >= 0.995:
            return self.text("chance over", now=_percent(0.99, "#,##0%", self.code))
        if value < 0.001:
            return self.text("chance under", now=_percent(0.001, "#,##0.0%", self.code))
        return self.share(value)

    def whole_share(self, value: float) -> str:
        """Write a share as whole percents."""
        return _percent(round(value, 2), "#,##0%", self.code)

    def days(self, value: float) -> str:
        """Write a length of time given in days, in whole days from ten on, in hours below one."""
        if 0 < value < 1:
            hours = max(1, round(value * 24))
            return self._unit(hours, "hour") if hours < 24 else self._unit(1, "day")
        return self._unit(round(value) if value >= 9.95 else round(value, 1), "day")

    def amount(self, value: float, unit: str) -> str:
        """Write a number of hours, minutes or months; hours in days from two days on."""
        if unit == "hour" and abs(value) >= 48:
            return self._unit(round(value / 24, 1), "day")
        return self._unit(round(value) if abs(value) >= 9.95 else round(value, 1), unit)

    def whole_days(self, value: float) -> str:
        """Write how many days have gone by."""
        return self._unit(int(value), "day")

    def age(self, days: float) -> str:
        """Write how long something has lasted: days, then months, then years."""
        if days < 3 * _MONTH:
            return self._unit(int(days), "day")
        months = days / _MONTH
        return self._unit(round(months), "month") if months < 24 else self._unit(round(months / 12, 1), "year")

    def span(self, span: Span) -> str:
        """Write a span: hours below two days, else days."""
        if span.micros < 2 * DAY or span.micros % DAY:
            return self._unit(span.micros // HOUR, "hour")
        return self._unit(span.micros // DAY, "day")

    def adjective(self, span: Span) -> str:
        """Write a span in front of a noun: "90-day"."""
        return str(
            self.words.adjective(*(span.micros // HOUR, "hour") if span.micros % DAY else (span.micros // DAY, "day"))
        )

    def day(self, micros: int) -> str:
        """Write the day of a moment: as the language does by itself, or in the order that a territory's locale asks."""
        return _day(micros - micros % DAY, self.code, "" if "_" in self.code else self.text("day"))

    def listed(self, items: Sequence[str], style: str = "standard") -> str:
        """Join a list with commas and "and" (style ``"or"``: with "or")."""
        return str(format_list(list(items), style, locale=self.code))

    def quoted(self, label: str) -> str:
        """Put a label into quotation marks."""
        return self.text("quoted", label=label)

    def _unit(self, value: float, unit: str) -> str:
        value = int(value) if float(value).is_integer() else value
        return _with_unit(value, unit, self.code)


def humanised(name: str) -> str:
    """Read a machine's name as words: ``report_viewed``, ``reportViewed`` and ``report-viewed`` alike."""
    spaced = "".join(f" {c}" if c.isupper() and i and name[i - 1].islower() else c for i, c in enumerate(name))
    return " ".join(spaced.replace("_", " ").replace("-", " ").replace(".", " ").split()) or name


def lowered(name: str) -> str:
    """Read a machine's name as words without capitals, but for acronyms."""
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in humanised(name).split(" "))


def metric(name: str) -> str:
    """Read the name of a survey's metric: an acronym where it is short."""
    return name.upper() if len(name) <= _ACRONYM and name.isalpha() else lowered(name)


@lru_cache(maxsize=64)
def _language(locale: str, currency: str) -> Language:
    try:
        found = Locale.parse(locale, sep="-" if "-" in locale else "_")
    except (UnknownLocaleError, ValueError) as problem:
        raise RequestError(
            f"reasons: {locale!r} is no locale ({problem}); use one such as 'en' or 'en_GB'."
        ) from problem
    if found.language not in LANGUAGES:
        raise RequestError(f"reasons: there are no words in {locale!r} yet, only in {', '.join(LANGUAGES)}.")
    # numbers are written fast where that is proved to be Babel's own way
    point = get_decimal_symbol(found)
    as_python = format_decimal(-123.45, "#,##0.##", locale=found) == f"-123{point}45"
    words = import_module(f"churnkit.reasons.words.{found.language}")
    return Language(str(found), words, point if as_python else "", currency)


@lru_cache(maxsize=64)
def _locale(code: str) -> Locale:
    return Locale.parse(code)


@lru_cache(maxsize=65_536)
def _form(amount: float, code: str) -> str:
    return str(_locale(code).plural_form(amount))


@lru_cache(maxsize=65_536)
def _number(value: float, pattern: str, code: str) -> str:
    return str(format_decimal(value, pattern, locale=code))


@lru_cache(maxsize=65_536)
def _money(value: float, currency: str, code: str, *, whole: bool) -> str:
    locale = _locale(code)
    pattern = locale.currency_formats["standard"].pattern
    pattern = pattern.replace("0.00", "0") if whole else pattern
    return str(format_currency(value, currency, pattern, locale=locale, currency_digits=False))


@lru_cache(maxsize=65_536)
def _percent(value: float, pattern: str, code: str) -> str:
    return str(format_percent(value, pattern, locale=code))


@lru_cache(maxsize=65_536)
def _with_unit(value: float, unit: str, code: str) -> str:
    return str(format_unit(value, f"duration-{unit}", length="long", locale=code))


@lru_cache(maxsize=4096)
def _day(micros: int, code: str, pattern: str) -> str:
    return str(format_date(as_datetime(micros).date(), pattern or "long", locale=code))
