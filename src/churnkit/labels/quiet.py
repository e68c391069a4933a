"""WentQuiet: no event for N days, for businesses without contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from pydantic import field_validator, model_validator

from churnkit.errors import HorizonError
from churnkit.labels.covers import left_contract
from churnkit.labels.definitions import ChurnDefinition, Source, Standing, percentile_99
from churnkit.labels.sources import Moments, lateness
from churnkit.timeline import NEVER, Span, as_text, known_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History


class WentQuiet(ChurnDefinition, kind="went-quiet"):
    """The account falls silent: a run of ``days`` days without a named event.

    Population: a named event in ``[cutoff - days, cutoff)``, or opened within those days; where there are
    contracts, nobody whose last one has ended or been given notice of, as known then. It leaves within h if a run of
    ``days`` days without such an event begins at or after ``cutoff + lead`` and is complete by ``cutoff + lead + h``;
    with h = days and lead 0 that is "no event in the next days".

    Parameters
    ----------
    days
        Length of the silence.
    events
        The activity events that count; empty: every event of the activity table.
    horizon
        At least ``days``; silence gives ``days``.
    lead
        As in :class:`ChurnDefinition`.
    """

    kind: Literal["went-quiet"] = "went-quiet"
    days: int
    events: tuple[str, ...] = ()

    source = "activity"

    @field_validator("days", mode="before")
    @classmethod
    def _whole(cls, value: object) -> object:
        if isinstance(value, str):
            value = Span.of(value).days
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and value < 1:
            raise ValueError("days must be at least 1")
        return value

    @model_validator(mode="before")
    @classmethod
    def _same_horizon(cls, data: object) -> object:
        if isinstance(data, dict) and "horizon" not in data and "days" in data:
            return {**data, "horizon": str(Span.of(data["days"]))}
        return data

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if self.horizon < self.shortest:
            raise HorizonError(
                f"WentQuiet(days={self.days}) needs a horizon of at least {self.days} days, since a silence of "
                f"{self.days} days takes that long to show; {self.horizon} was given. Raise the horizon or lower days."
            )
        return self

    @property
    def shortest(self) -> Span:
        """A silence of N days cannot be complete before N days."""
        return Span.of(self.days)

    @property
    def meaning(self) -> str:
        """When an account has left, in words."""
        what = f"no {listed} event" if (listed := " or ".join(self.events)) else "no event"
        return f"{what} for {self.days} days on end"

    @property
    def population(self) -> str:
        """Who can leave at a cutoff, in words."""
        what = f"a {listed} event" if (listed := " or ".join(self.events)) else "an event"
        return (
            f"accounts with {what} in the {self.days} days before the cutoff, or opened within them; not those whose "
            "last contract's end or notice is known then"
        )

    def check(self, history: History) -> None:
        """Refuse event names that the history has not."""
        for name in self.events:
            history.signals.code(name)

    def standing(self, history: History, cutoff: int) -> Standing:
        """Accounts with an event, or opened, in the last ``days`` days and not out of contract, as known then."""
        signals = history.signals
        n = len(history.accounts)
        rows = self._rows(history)
        occurred, known = signals.occurred[rows], signals.known_or_occurred[rows]
        seen = known_at(occurred, known, cutoff)
        recent = seen & (occurred >= cutoff - self.shortest.micros)
        ever = np.zeros(n, dtype=np.bool_)
        ever[signals.account[rows][seen]] = True
        inside = np.zeros(n, dtype=np.bool_)
        inside[signals.account[rows][recent]] = True
        is_open = history.opened < cutoff
        inside = (inside | (history.opened >= cutoff - self.shortest.micros)) & is_open
        why = np.full(n, f"silent for {self.days} days or more", dtype=object)
        why[~ever] = "no event yet"
        why[~is_open] = "not open yet"
        left = left_contract(history, cutoff)
        inside &= left == ""
        why = np.where(is_open & (left != ""), left, why)
        why[inside] = ""
        return Standing(inside, why)

    def next_leave(self, history: History, start: int) -> NDArray[np.int64]:
        """Give the last microsecond of the first run of silence that begins at or after ``start``."""
        signals = history.signals
        n, silence = len(history.accounts), self.shortest.micros
        rows = self._rows(history)
        rows = rows[signals.occurred[rows] >= start]
        account, occurred = signals.account[rows], signals.occurred[rows]
        order = np.lexsort((occurred, account))
        account, occurred = account[order], occurred[order]
        first = np.r_[True, account[1:] != account[:-1]][: len(account)]
        last = np.r_[account[1:] != account[:-1], True][: len(account)]
        begins = occurred + 1
        ahead = np.r_[occurred[1:], [NEVER]][: len(occurred)]
        ahead = np.where(last, NEVER, ahead)
        quiet = ahead - begins >= silence
        found = np.full(n, NEVER, dtype=np.int64)
        np.minimum.at(found, account[quiet], begins[quiet] + silence - 1)
        at_once = np.ones(n, dtype=np.bool_)
        at_once[account[first & (occurred - start < silence)]] = False
        found[at_once] = start + silence - 1
        return found

    def sources(self, history: History, account: NDArray[np.int32], at: NDArray[np.int64]) -> Source:
        """Name the last event before the silence."""
        silence = self.shortest.micros
        signals = history.signals
        rows = self._rows(history)
        days = Moments.of(signals.account[rows], signals.occurred[rows])
        told = np.full(len(at), "", dtype=object)
        for i in np.flatnonzero(at != NEVER):
            before = days.last_before(int(account[i]), int(at[i]) + 1 - silence)
            told[i] = "no event at all" if before is None else f"last event {as_text(before)}"
        return Source(np.full(len(at), -1, dtype=np.int64), told)

    def variants(self) -> tuple[tuple[str, ChurnDefinition], ...]:
        """Half and double the silence, where the horizon allows."""
        asked = (n for n in (max(1, self.days // 2), 2 * self.days) if Span.of(n) <= self.horizon)
        return tuple((f"days={n}", self.changed(days=n)) for n in asked if n != self.days)

    def delay(self, history: History) -> int:
        """Give the 99th percentile of ``recorded_at - occurred_at`` of the events."""
        return percentile_99(lateness(history.signals, self._names(history)))

    def _rows(self, history: History) -> NDArray[np.int64]:
        return np.flatnonzero(history.signals.pick(self._names(history)))

    def _names(self, history: History) -> tuple[str, ...]:
        signals = history.signals
        return self.events or tuple(n for n in signals.names if signals.tables.get(n) == "activity")
