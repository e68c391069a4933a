"""Dated signals: what every source table becomes, and all that features may read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from churnkit.errors import UnknownSignal
from churnkit.timeline import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

THEMES = ("usage", "satisfaction", "support", "billing", "contract", "relationship", "profile")
"""What a signal, a feature and a reason can be about."""

EVENT_THEMES: Mapping[str, str] = {
    "payment_failed": "billing",
    "payment": "billing",
    "invoice": "billing",
    "invoice_overdue": "billing",
    "invoice_paid": "billing",
    "refund": "billing",
    "chargeback": "billing",
    "contacted": "relationship",
    "meeting": "relationship",
    "champion_left": "relationship",
    "complaint": "support",
    "incident": "support",
}
"""Themes of activity events that mean the same everywhere; every other event is usage."""


@dataclass(frozen=True, eq=False)
class Signals:
    """Dated facts of all accounts, tall: one position of every array is one fact.

    Attributes
    ----------
    names
        The signals that there are; ``signal`` holds positions in it.
    account, signal
        int32 and int16 codes: the row of ``history.accounts``, the position in ``names``.
    occurred
        int64, microseconds since 1970 UTC.
    known
        int64, when the fact became known; None where every fact is known as it occurs.
    value
        float64, NaN where a fact has none; None where no fact has one.
    label, actor
        int32 codes (-1: none), or None where no fact has one. ``labels`` names the label codes;
        actors are only told apart, never named.
    themes, tables
        For every signal name, what it is about and which source table it comes from.
    """

    names: tuple[str, ...]
    account: NDArray[np.int32]
    signal: NDArray[np.int16]
    occurred: NDArray[np.int64]
    known: NDArray[np.int64] | None = None
    value: NDArray[np.float64] | None = None
    label: NDArray[np.int32] | None = None
    actor: NDArray[np.int32] | None = None
    labels: tuple[str, ...] = ()
    themes: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.occurred)

    def code(self, name: str) -> int:
        """Give the position of a signal in ``names``; UnknownSignal where there is none."""
        try:
            return self.names.index(name)
        except ValueError:
            raise UnknownSignal.named(name, self.names) from None

    def pick(self, names: Iterable[str]) -> NDArray[np.bool_]:
        """Mark the facts of some signals."""
        wanted = np.zeros(len(self.names), dtype=np.bool_)
        wanted[[self.code(n) for n in names]] = True
        return wanted[self.signal]

    @property
    def valued(self) -> bool:
        """Whether any fact carries a value."""
        return self.value is not None

    @property
    def acted(self) -> bool:
        """Whether any fact names who acted."""
        return self.actor is not None

    @cached_property
    def first(self) -> Mapping[str, int]:
        """When every signal that has facts was first seen, in microseconds UTC."""
        low = np.full(len(self.names), NEVER, dtype=np.int64)
        np.minimum.at(low, self.signal, self.occurred)
        return {name: int(at) for name, at in zip(self.names, low, strict=True) if at != NEVER}

    @cached_property
    def reach(self) -> tuple[int, int]:
        """The first and the last moment of any fact, in microseconds UTC; (0, 0) without facts."""
        return (int(self.occurred.min()), int(self.occurred.max())) if len(self.occurred) else (0, 0)

    def parts(self) -> Iterator[Signals]:
        """Give all facts in parts that fit into memory, all facts of an account in one of them: here one part."""
        yield self

    def shards(self, account: NDArray[np.int32]) -> Iterator[tuple[slice | NDArray[np.int64], Signals]]:
        """Give for rows of accounts (codes) the parts that hold their facts, each with its rows."""
        if len(account):
            yield slice(None), self

    @property
    def known_or_occurred(self) -> NDArray[np.int64]:
        """When each fact was known."""
        return self.occurred if self.known is None else self.known
