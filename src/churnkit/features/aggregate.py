"""Aggregates: the only expressions that touch facts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Self

from pydantic import field_validator, model_validator

from churnkit.errors import BadExpression
from churnkit.features.base import Expression, Silence
from churnkit.features.conditions import AnyCondition  # noqa: TC001 - pydantic reads it
from churnkit.features.functions import FUNCTIONS, Function, FunctionName
from churnkit.features.naming import signals_token
from churnkit.features.nouns import Noun, length, nouns, theme_of, time_phrase
from churnkit.timeline import Span

if TYPE_CHECKING:
    from collections.abc import Mapping


class Aggregate(Expression):
    """A function of the facts of some signals in ``[cutoff - ending - window, cutoff - ending)``.

    Only facts known before the *cutoff* count. Where the record of a signal's table stops before the
    end of the window, the value is missing.

    Attributes
    ----------
    function
        One of :data:`~churnkit.features.functions.FUNCTIONS`, which says what silence gives.
    signals
        Sorted; none: every event of the activity table.
    window
        None: from the beginning.
    ending
        How long before the cutoff the window ends.
    where
        Which facts count; ``share`` counts those among all.
    """

    op: Literal["aggregate"] = "aggregate"
    function: FunctionName
    signals: tuple[str, ...] = ()
    window: Span | None = None
    ending: Span = Span(0)
    where: AnyCondition | None = None

    @field_validator("signals")
    @classmethod
    def _once(cls, signals: tuple[str, ...]) -> tuple[str, ...]:
        if not all(signals):
            raise BadExpression("signal '': a signal has a name.")
        return tuple(sorted(set(signals)))

    @model_validator(mode="after")
    def _meaning(self) -> Self:
        if self.window is not None and self.window.micros <= 0:
            raise BadExpression(f"{self.function}: a window of {self.window} holds nothing; give one such as '30d'.")
        if self.function == "share" and self.where is None:
            raise BadExpression("share: of what? Give a condition, such as where=f.value >= 3.")
        return self

    @property
    def kind(self) -> Function:
        """What the function is."""
        return FUNCTIONS[self.function]

    @property
    def unit(self) -> str:
        """The function's unit, or that of the signal's values."""
        unit = nouns(self.signals).unit if self.kind.unit is None else self.kind.unit
        return f"{unit or 'value'} per day" if self.kind.per_day else unit

    @property
    def on_silence(self) -> Silence:
        """What the function gives without facts."""
        return Silence.of(self.kind.silence)

    @property
    def signals_used(self) -> tuple[str, ...]:
        """Its signals."""
        return self.signals

    @property
    def window_days(self) -> float | None:
        """Length of the window in days; None where it has no beginning."""
        return None if self.window is None else self.window.days

    def theme_under(self, themes: Mapping[str, str]) -> str | None:
        """The theme of its first signal."""
        if self.given_theme is not None or not self.signals:
            return self.given_theme or "usage"
        return themes.get(self.signals[0]) or theme_of(self.signals[0])

    def derived_name(self) -> str:
        """Such as ``count_login_30d_ending_30d``."""
        parts = [self.function, signals_token(self.signals)]
        if self.window is not None:
            parts.append(_span(self.window))
        if self.ending.micros:
            parts.append(f"ending_{_span(self.ending)}")
        if self.where is not None:
            parts.append(f"where_{self.where.name}")
        return "_".join(parts)

    def derived_phrase(self) -> str:
        """Such as "logins in the last 30 days"."""
        always = self.window is None and not self.ending.micros and self.kind.silence == 0
        if self.function == "latest" and self.noun.state and self.window is None and self.ending.micros:
            return self.told(f" {length(self.ending)} ago")
        return self.told(" so far" if always else time_phrase(self.window, self.ending))

    def told(self, time: str) -> str:
        """The noun phrase with other words for the time."""
        what = self.noun
        if self.function == "share" and self.where is not None:
            plain = nouns(self.signals)
            return f"share {self.where.told(plain.measure, plain.mark)} among {plain.many}{time}"
        if self.function == "latest" and what.state:
            return f"{what.value}{time}"
        return self.kind.phrase.format(
            facts=what.many, some=what.some or what.many, fact=what.one, value=what.value, time=time
        )

    @property
    def noun(self) -> Noun:
        """How to speak of the facts that it takes."""
        plain = nouns(self.signals)
        if self.where is None:
            return plain
        only = self.where.told(plain.measure, plain.mark)
        one, many, value = (f"{word} {only}" for word in (plain.one, plain.many, plain.value))
        return replace(plain, one=one, many=many, value=value, some=f"{plain.some} {only}" if plain.some else "")

    def __str__(self) -> str:
        named = [repr(s) for s in self.signals]
        said = [named[0] if len(named) == 1 else f"[{', '.join(named)}]"] if named else []
        if self.window is not None:
            said.append(f"{'' if said else 'window='}{str(self.window)!r}")
        if self.ending.micros:
            said.append(f"ending={str(self.ending)!r}")
        if self.where is not None:
            said.append(f"where={self.where}")
        return f"{self.function}({', '.join(said)})"


def _span(span: Span) -> str:
    return str(span).replace(".", "p")
