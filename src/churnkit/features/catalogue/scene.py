"""What a history has to offer a catalogue: its signals, what they carry, and how far back they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.features.aggregate import Aggregate
from churnkit.features.binding import activity_signals
from churnkit.tables import CONTRACT
from churnkit.timeline import DAY, Span, as_text, known_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from churnkit.features.functions import FunctionName
    from churnkit.history import History, Signals

WINDOWS = ("7d", "28d", "84d", "182d")
"""Whole weeks, so that no window holds more weekends than another."""

FEW = 5
"""Accounts that must show a signal or a label before it has features of its own."""

_MOST_LABELS = 5


@dataclass(frozen=True, eq=False)
class Scene:
    """The signals that a catalogue is made from, as known at its last cutoff.

    Attributes
    ----------
    history
        What happened.
    cutoffs
        Where features are tried out, ascending.
    facts
        For every signal with facts how many there are.
    accounts
        For every signal how many accounts show it.
    themes
        What every signal is about.
    valued, acted
        Signals whose facts carry values, or name users.
    labels
        For every signal its labels, the most frequent first.
    days
        How long the record of activity is.
    """

    history: History
    cutoffs: NDArray[np.int64]
    facts: Mapping[str, int]
    accounts: Mapping[str, int]
    themes: Mapping[str, str]
    valued: frozenset[str]
    acted: frozenset[str]
    labels: Mapping[str, tuple[str, ...]]
    days: float

    def has(self, *signals: str) -> bool:
        """Whether enough accounts show every one of some signals."""
        return all(self.accounts.get(s, 0) >= min(FEW, len(self.history.accounts)) for s in signals)

    def of(self, theme: str) -> tuple[str, ...]:
        """Give the signals of a theme that enough accounts show, the most frequent first."""
        found = [s for s in self.facts if self.themes[s] == theme and self.has(s)]
        return tuple(sorted(found, key=lambda s: (-self.facts[s], s)))

    def events_of(self, theme: str) -> tuple[str, ...]:
        """Of these, activity events and signals of the caller's own tables."""
        tables = self.history.signals.tables
        return tuple(s for s in self.of(theme) if tables[s] == "activity" or tables[s] not in CONTRACT)

    def fits(self, *windows: str) -> bool:
        """Whether windows of these lengths, one before the other, fit into the record."""
        return sum(Span.of(w).days for w in windows) <= self.days

    @property
    def windows(self) -> tuple[str, ...]:
        """The usual windows that fit into the record."""
        return tuple(w for w in WINDOWS if self.fits(w))

    @property
    def spans(self) -> Iterator[tuple[str, str]]:
        """A window and the next longer one."""
        return zip(self.windows, self.windows[1:], strict=False)

    def usage(self, function: FunctionName, window: str | None = None, *, ending: str = "0d") -> Aggregate:
        """Aggregate everything that the account itself does."""
        every = len(self.events) == len(self.usage_events)
        signals = () if every else self.usage_events
        one = Aggregate(
            function=function,
            signals=signals,
            window=None if window is None else Span.of(window),
            ending=Span.of(ending),
        )
        if every or len(signals) == 1:
            return one
        tail = f"{'' if window is None else f'_{window}'}{'' if ending == '0d' else f'_ending_{ending}'}"
        return one.named(f"{function}_usage{tail}")

    @property
    def usage_events(self) -> tuple[str, ...]:
        """Every activity event about usage, also the rare ones."""
        return tuple(s for s in self.events if self.themes[s] == "usage")

    @property
    def events(self) -> tuple[str, ...]:
        """Every activity event seen by the last cutoff."""
        return tuple(s for s in activity_signals(self.history) if s in self.facts)


def survey(history: History, cutoffs: Sequence[int] | NDArray[np.int64] | None) -> Scene:
    """Look at what was known at the last cutoff; later facts choose no feature."""
    at = _moments(history, cutoffs)
    signals, last = history.signals, int(at[-1])
    seen = _Seen.of(signals, last)
    names = [n for n, k in zip(signals.names, seen.facts, strict=True) if k]
    return Scene(
        history=history,
        cutoffs=at,
        facts={s: int(seen.facts[signals.code(s)]) for s in names},
        accounts={s: int(seen.accounts[signals.code(s)]) for s in names},
        themes={s: signals.themes[s] for s in signals.names},
        valued=frozenset(s for s in names if seen.valued[signals.code(s)]),
        acted=frozenset(s for s in names if seen.acted[signals.code(s)]),
        labels={s: _labels(history, seen.labels[signals.code(s)]) for s in names} if signals.labels else {},
        days=(last - _first(history, last)) / DAY,
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """By signal code: facts, accounts that show it, whether with a value or a user, and facts by label."""

    facts: NDArray[np.int64]
    accounts: NDArray[np.int64]
    valued: NDArray[np.bool_]
    acted: NDArray[np.bool_]
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, signals: Signals, last: int) -> _Seen:
        """Add up what was known at a moment, part by part."""
        n = len(signals.names)
        counts = (np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.bool_), np.zeros(n, np.bool_))
        seen = cls(*counts, np.zeros((n, len(signals.labels)), np.int64))
        for part in signals.parts():
            seen._add(part, known_at(part.occurred, part.known_or_occurred, last))
        return seen

    def _add(self, part: Signals, rows: NDArray[np.bool_]) -> None:
        signal, account = part.signal[rows], part.account[rows]
        self.facts[:] += np.bincount(signal, minlength=len(self.facts))
        for s in np.unique(signal):
            self.accounts[s] += len(np.unique(account[signal == s]))
        if part.value is not None:
            self.valued[signal[~np.isnan(part.value[rows])]] = True
        if part.actor is not None:
            self.acted[signal[part.actor[rows] >= 0]] = True
        if part.label is not None:
            label = part.label[rows]
            np.add.at(self.labels, (signal[label >= 0], label[label >= 0]), 1)


def _moments(history: History, cutoffs: Sequence[int] | NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Choose a few cutoffs among those given, or over the later part of the record."""
    if cutoffs is not None and len(cutoffs):
        given = np.unique(np.asarray(cutoffs, dtype=np.int64))
        return given[np.unique(np.linspace(0, len(given) - 1, 4).round().astype(np.int64))]
    last = history.last_moment
    first = _first(history, last)
    return np.unique(np.linspace(first + 0.4 * (last - first), last, 4).astype(np.int64))


def _first(history: History, last: int) -> int:
    """Find when the record of activity begins: contracts may go back much further."""
    first = history.signals.first
    return min([last, *(first.get(name, last) for name in activity_signals(history))])


def _labels(history: History, counts: NDArray[np.int64]) -> tuple[str, ...]:
    order = sorted(np.flatnonzero(counts >= FEW), key=lambda k: (-counts[k], history.signals.labels[k]))
    return tuple(history.signals.labels[k] for k in order[:_MOST_LABELS])


def moments_text(scene: Scene) -> str:
    """Say where features were tried out."""
    return ", ".join(as_text(int(c)) for c in scene.cutoffs)
