"""Shrunk: what the account pays, its seats or its usage fall by a share and stay there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from churnkit.errors import BadRecipe
from churnkit.labels.covers import check_contracts, contract_standing, marked
from churnkit.labels.definitions import ChurnDefinition, Standing, percentile_99
from churnkit.labels.levels import Levels
from churnkit.labels.sources import lateness, moments_of
from churnkit.timeline import NEVER, Span, known_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History

_EPSILON = 1e-9
"""Sums of prices carry rounding; a fall by exactly the share counts."""


class Shrunk(ChurnDefinition, kind="shrunk"):
    """The account shrinks: mrr, seats or usage fall by a share, and stay there.

    The level that counts is the one at ``cutoff + lead``: the account's total of mrr or seats, or the number
    of its events in the ``stay`` before. It leaves at the first moment from which on, for ``stay``, the level
    is at most ``1 - share`` of that (usage: the number of events in the ``stay`` after). An ended contract
    has fallen to nothing. Whether a fall stays is known only ``stay`` later, so maturity waits that long.

    Population: accounts whose level is known and above zero; where there are contracts, one whose end or
    notice is not known yet.

    Parameters
    ----------
    horizon, lead
        As in :class:`ChurnDefinition`.
    of
        What falls: ``"mrr"``, ``"seats"`` or ``"usage"``.
    share
        By how much at least, as a share of the level, in (0, 1].
    stay
        For how long.
    events
        For usage: the activity events that count; empty: every event of the activity table.

    Examples
    --------
    >>> Shrunk(of="seats", share=0.5).table
    'subscriptions'
    """

    kind: Literal["shrunk"] = "shrunk"
    of: Literal["mrr", "seats", "usage"] = "mrr"
    share: float = Field(default=0.3, gt=0, le=1)
    stay: Span = Span.of("30d")
    events: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.events and self.of != "usage":
            raise BadRecipe(f'Shrunk: events count usage only, and of={self.of!r} was given. Set of="usage".')
        if self.stay.micros <= 0:
            raise ValueError('stay must be longer than zero, for example "30d"')
        return self

    @property
    def table(self) -> str:
        """Contracts tell mrr and seats, activity tells usage."""
        return "activity" if self.of == "usage" else "subscriptions"

    @property
    def meaning(self) -> str:
        """When an account has left, in words."""
        what = f"usage ({', '.join(self.events)})" if self.events else self.of
        verbs = ("fall", "stay") if self.of == "seats" else ("falls", "stays")
        return f"{what} {verbs[0]} by at least {100 * self.share:g} % and {verbs[1]} there for {self.stay}"

    @property
    def population(self) -> str:
        """Who can leave at a cutoff, in words."""
        level = f"usage in the {self.stay} before the cutoff" if self.of == "usage" else f"{self.of} above zero"
        return f"accounts with {level} and, where there are contracts, one whose end or notice is not known then"

    def check(self, history: History) -> None:
        """Refuse a history that has not what is to fall."""
        if self.of == "usage":
            for name in self.events:
                history.signals.code(name)
        else:
            check_contracts(history, f"Shrunk(of={self.of!r})")
            history.signals.code(self.of)

    def standing(self, history: History, cutoff: int) -> Standing:
        """Accounts that have something to lose, as known at the cutoff."""
        rows = self._rows(history)
        signals, n = history.signals, len(history.accounts)
        occurred = signals.occurred[rows]
        rows = rows[known_at(occurred, signals.known_or_occurred[rows], cutoff)]
        if self.of == "usage":
            rows = rows[signals.occurred[rows] >= cutoff - self.stay.micros]
            high, lacking = marked(signals.account[rows], n), f"no usage in the last {self.stay}"
        else:
            high, lacking = self._levels(history, rows).at(n, cutoff) > 0, f"no {self.of}"
        inside, why = high & (history.opened < cutoff), np.full(n, lacking, dtype=object)
        why[history.opened >= cutoff] = "not open yet"
        if history.contracts is not None and len(history.contracts.account):
            under = contract_standing(history, cutoff, "Shrunk")
            inside &= under.inside
            why = np.where(under.inside, why, under.why)
        why[inside] = ""
        return Standing(inside, why)

    def next_leave(self, history: History, start: int) -> NDArray[np.int64]:
        """Give the first moment from ``start`` on at which the level falls for as long as ``stay``."""
        n, stay = len(history.accounts), self.stay.micros
        if self.of != "usage":
            return self._levels(history, self._rows(history)).next_fall(n, start, 1.0 - self.share + _EPSILON, stay)
        events = moments_of(history.signals, self._names(history))
        people, now = np.arange(n, dtype=np.int32), np.full(n, start, dtype=np.int64)
        before = events.count(people, now - stay, now)
        most = np.where(before > 0, (1.0 - self.share) * before + _EPSILON, -1.0)
        # The level falls only where an event drops out of it, so it is asked at the start and just after each event.
        later = np.flatnonzero(events.occurred >= start)
        account = events.account[later]
        fallen = events.following(stay)[later] <= most[account]
        found = np.full(n, NEVER, dtype=np.int64)
        # Events are sorted, and of several assigned the last one stays: the first fall of each account.
        found[account[fallen][::-1]] = events.occurred[later[fallen]][::-1] + 1
        found[events.count(people, now, now + stay) <= most] = start
        return found

    def gone_unknown(self, history: History, cutoff: int) -> NDArray[np.bool_]:
        """Accounts whose mrr or seats had gone to nothing, in hindsight."""
        n = len(history.accounts)
        if self.of == "usage":
            return np.zeros(n, dtype=np.bool_)
        return np.asarray(~(self._levels(history, self._rows(history)).at(n, cutoff) > 0))

    def delay(self, history: History) -> int:
        """Give ``stay``, and the 99th percentile of when facts are known less when they occur."""
        return self.stay.micros + percentile_99(lateness(history.signals, self._names(history)))

    def variants(self) -> tuple[tuple[str, ChurnDefinition], ...]:
        """Other shares, and half and double the stay."""
        shares = (s for s in (0.1, 0.3, 0.5, 1.0) if s != self.share)
        days = (max(1, round(self.stay.days / 2)), max(1, round(self.stay.days * 2)))
        return (
            *((f"share={s:g}", self.changed(share=s)) for s in shares),
            *((f"stay={d}d", self.changed(stay=f"{d}d")) for d in days),
        )

    def _rows(self, history: History) -> NDArray[np.int64]:
        return np.flatnonzero(history.signals.pick(self._names(history)))

    def _names(self, history: History) -> tuple[str, ...]:
        signals = history.signals
        usage = self.events or tuple(n for n in signals.names if signals.tables.get(n) == "activity")
        return usage if self.of == "usage" else (self.of,)

    def _levels(self, history: History, rows: NDArray[np.int64]) -> Levels:
        signals = history.signals
        assert signals.value is not None
        return Levels.of(
            signals.account[rows], signals.occurred[rows], signals.known_or_occurred[rows], signals.value[rows]
        )
