"""A feature set: expressions that stand together, and what they knew of the signals when they were bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, overload

import pandas as pd

from churnkit.display import Drawable
from churnkit.errors import BadExpression, NameClash, did_you_mean
from churnkit.features.base import Expression, as_expression, read_expression

if TYPE_CHECKING:
    from churnkit.history import Signals


class Origin(NamedTuple):
    """Where a signal comes from: what it is about, and its source table."""

    theme: str
    table: str


@dataclass(frozen=True, eq=False, init=False, repr=False)
class FeatureSet(Drawable, Sequence[Expression]):
    """Features of different names, in a fixed order.

    Parameters
    ----------
    features
        Expressions.
    signals
        Every signal of the history that they were bound to; None: not bound yet. A signal that is
        known here and absent from another history is silent there; one that neither knows is refused.
    notes
        What was decided when the set was made, in words.

    Raises
    ------
    NameClash
        If two features have one name.
    BadExpression
        If something is not an expression.
    """

    features: tuple[Expression, ...]
    signals: Mapping[str, Origin] | None
    notes: tuple[str, ...]

    def __init__(
        self,
        features: Iterable[Expression],
        *,
        signals: Mapping[str, Origin] | None = None,
        notes: Iterable[str] = (),
    ) -> None:
        given = features if isinstance(features, FeatureSet) else None
        if isinstance(features, Expression | str):
            raise BadExpression(f"features: {features!r} stands alone; give a list of features.")
        found = given.features if given is not None else tuple(as_expression(x) for x in features)
        if signals is None and given is not None:
            signals = given.signals
        object.__setattr__(self, "features", found)
        object.__setattr__(self, "signals", signals)
        object.__setattr__(self, "notes", (*(given.notes if given is not None else ()), *notes))
        object.__setattr__(self, "_place", {x.name: j for j, x in enumerate(found)})
        if len(self._place) < len(found):
            raise _clash(found)

    _place: Mapping[str, int]

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names."""
        return tuple(self._place)

    @property
    def frame(self) -> pd.DataFrame:
        """One row per feature: name, theme, unit, what silence gives, the expression and a noun phrase."""
        rows = [(x.name, x.theme, x.unit, x.on_silence.text, str(x), x.phrase) for x in self.features]
        return pd.DataFrame(rows, columns=["name", "theme", "unit", "on_silence", "expression", "phrase"])

    def __len__(self) -> int:
        return len(self.features)

    def __iter__(self) -> Iterator[Expression]:
        return iter(self.features)

    @overload
    def __getitem__(self, key: int | str) -> Expression: ...
    @overload
    def __getitem__(self, key: slice) -> FeatureSet: ...
    def __getitem__(self, key: int | str | slice) -> Expression | FeatureSet:
        """Give a feature by place or name, or a smaller set."""
        if isinstance(key, slice):
            return FeatureSet(self.features[key], signals=self.signals, notes=self.notes)
        return self.features[self.place(key) if isinstance(key, str) else key]

    def place(self, name: str) -> int:
        """Give the place of a feature; BadExpression where there is none of that name."""
        if name not in self._place:
            raise BadExpression(f"no feature is named {name!r}{did_you_mean(name, self._place)}.")
        return self._place[name]

    def __add__(self, more: Iterable[Expression]) -> FeatureSet:
        """Put further features behind these."""
        return FeatureSet((*self.features, *more), signals=self.signals, notes=self.notes)

    def without(self, *names: str) -> FeatureSet:
        """Leave features out."""
        gone = {self.place(name) for name in names}
        left = (x for j, x in enumerate(self.features) if j not in gone)
        return FeatureSet(left, signals=self.signals, notes=self.notes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FeatureSet):
            return NotImplemented
        return (self.features, self.signals, self.notes) == (other.features, other.signals, other.notes)

    def __hash__(self) -> int:
        return hash(self.features)

    def __repr__(self) -> str:
        themes = pd.Series([x.theme for x in self.features], dtype=object).value_counts(sort=False)
        return f"FeatureSet({len(self)} features: {', '.join(f'{n} {t}' for t, n in themes.items())})"

    def to_dict(self) -> dict[str, object]:
        """Give plain data for TOML or JSON."""
        data: dict[str, object] = {"features": [x.to_dict() for x in self.features]}
        if self.signals is not None:
            data["signals"] = {name: origin._asdict() for name, origin in self.signals.items()}
        return data | ({"notes": list(self.notes)} if self.notes else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> FeatureSet:
        """Read what :meth:`to_dict` wrote; BadExpression says what does not fit."""
        features, signals, notes = data.get("features"), data.get("signals"), data.get("notes", ())
        if not isinstance(features, Sequence) or isinstance(features, str):
            raise BadExpression('features: no list "features" of expressions is there.')
        origins: dict[str, Origin] | None = None
        if isinstance(signals, Mapping):
            try:
                origins = {str(name): Origin(**origin) for name, origin in signals.items()}
            except TypeError as problem:
                raise BadExpression(f"features.signals: every signal has a theme and a table ({problem}).") from problem
        told = [str(n) for n in notes] if isinstance(notes, Sequence) else ()
        return cls([read_expression(x) for x in features], signals=origins, notes=told)


def origins(signals: Signals) -> dict[str, Origin]:
    """Tell of every signal of a history where it comes from."""
    return {name: Origin(signals.themes.get(name, "usage"), signals.tables.get(name, "")) for name in signals.names}


def _clash(features: Sequence[Expression]) -> NameClash:
    names = [x.name for x in features]
    first = next(n for n in names if names.count(n) > 1)
    one, two = [x for x in features if x.name == first][:2]
    twice = len(names) - len(set(names))
    return NameClash(
        f"features: {twice} of {len(names)} names are there twice (first: {first!r}, for {one} and {two}). "
        "Leave one out, or give it another name by .named(...)."
    )
