"""Signals larger than memory: the facts of activity lie on disk, and come a shard of the accounts at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pandas as pd

from churnkit.errors import TooLarge
from churnkit.history.columns import encoded
from churnkit.history.signals import Signals
from churnkit.timeline import NEVER, known_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from churnkit.history.spool import Spool

COLUMNS = ("account", "signal", "occurred", "known", "value", "label", "actor")


@dataclass(frozen=True, eq=False)
class Cut:
    """What was known at a moment: facts before it, of the accounts open then, under new codes (-1: not open)."""

    at: int
    code: NDArray[np.int32]


def _refuse(self: object) -> NoReturn:  # noqa: ARG001 - called as a method
    raise TooLarge.at_once()


class StoredSignals(Signals):
    """Signals of which only names, labels and the facts of the small tables are in memory.

    No column can be had whole; :meth:`parts` and :meth:`shards` give the facts.

    Parameters
    ----------
    rest
        The facts of all other tables, with the names of all.
    actors
        The people of the other tables, by the codes that ``rest`` has for them.
    spool
        Where the facts of activity lie: account, event (a position in ``events``), occurred, and where there
        are such recorded, value and user.
    events
        Names of activity events, by the codes that the spool has for them.
    cuts
        What has been cut off since.
    """

    def __init__(
        self, rest: Signals, actors: pd.Index, spool: Spool, events: tuple[str, ...], cuts: tuple[Cut, ...] = ()
    ) -> None:
        for name in ("names", "labels", "themes", "tables"):
            object.__setattr__(self, name, getattr(rest, name))
        self.__dict__.update(rest=rest, actors=actors, spool=spool, events=events, cuts=cuts, _kept={})

    rest: Signals
    actors: pd.Index
    spool: Spool
    events: tuple[str, ...]
    cuts: tuple[Cut, ...]
    _kept: dict[int, Signals]

    account = property(_refuse)
    signal = property(_refuse)
    occurred = property(_refuse)
    known = property(_refuse)
    value = property(_refuse)
    label = property(_refuse)
    actor = property(_refuse)

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts()) if self.cuts else self.spool.rows + len(self.rest.occurred)

    @cached_property
    def valued(self) -> bool:
        """Whether any fact carries a value."""
        return any(part.value is not None for part in self.parts())

    @cached_property
    def acted(self) -> bool:
        """Whether any fact names who acted."""
        return any(part.actor is not None for part in self.parts())

    @cached_property
    def first(self) -> Mapping[str, int]:
        """When every signal that has facts was first seen, in microseconds UTC."""
        found: dict[str, int] = {}
        for part in self.parts():
            for name, at in part.first.items():
                found[name] = min(at, found.get(name, NEVER))
        return found

    @cached_property
    def reach(self) -> tuple[int, int]:
        """The first and the last moment of any fact, in microseconds UTC; (0, 0) without facts."""
        ends = [part.reach for part in self.parts() if len(part)]
        return (min(e[0] for e in ends), max(e[1] for e in ends)) if ends else (0, 0)

    def cut(self, at: int, code: NDArray[np.int32]) -> StoredSignals:
        """Keep what was known at a moment, under new account codes (-1: not open then)."""
        return StoredSignals(self.rest, self.actors, self.spool, self.events, (*self.cuts, Cut(at, code)))

    def parts(self) -> Iterator[Signals]:
        """Give all facts a shard at a time; the next one is read when it is asked for."""
        self._kept.clear()
        for shard in range(self.spool.shards):
            yield self._read(shard)

    def shards(self, account: NDArray[np.int32]) -> Iterator[tuple[slice | NDArray[np.int64], Signals]]:
        """Give for rows of accounts (codes) the shards that hold their facts, each with its rows."""
        shard = self._shard_of(account)
        asked = np.unique(shard)
        if len(asked) == 1:  # a service asks for one account after the other: the last shard stays at hand
            yield slice(None), self._at_hand(int(asked[0]))
            return
        self._kept.clear()
        for one in asked:
            yield np.flatnonzero(shard == one), self._read(int(one))

    def _at_hand(self, shard: int) -> Signals:
        if shard not in self._kept:
            self._kept.clear()
            self._kept[shard] = self._read(shard)
        return self._kept[shard]

    def _shard_of(self, account: NDArray[np.int32]) -> NDArray[np.int64]:
        """Give the shard of accounts: that of their code before anything was cut off."""
        code = account.astype(np.int64)
        for one in reversed(self.cuts):
            code = np.flatnonzero(one.code >= 0)[code]
        return np.asarray(code % self.spool.shards, dtype=np.int64)

    def _read(self, shard: int) -> Signals:
        """Put a shard of activity and the other tables' facts of the same accounts together."""
        rest = taken(self.rest, self.rest.account % self.spool.shards == shard)
        part = self._activity(self.spool.read(shard)) if self.spool.has(shard) else None
        whole = rest if part is None else _joined(part, rest)
        for one in self.cuts:
            whole = cut_signals(whole, one.at, one.code)
        return whole

    def _activity(self, table: pa.Table) -> Signals:
        # a column that some parts of the table lack is null there
        plain = {"recorded": NEVER, "value": np.nan}
        filled = {n: table.column(n).fill_null(plain[n]) for n in table.column_names if n in plain}
        columns = {n: (filled.get(n) or table.column(n)).to_numpy() for n in table.column_names if n != "user"}
        lookup = np.array([self.names.index(name) for name in self.events] or [0], dtype=np.int16)
        occurred, known, value = columns["occurred"], columns.get("recorded"), columns.get("value")
        if known is not None:
            known = np.where(known == NEVER, occurred, known)
        return replace(
            self.rest,
            account=columns["account"].astype(np.int32, copy=False),
            signal=lookup[columns["event"]],
            occurred=occurred,
            known=known,
            value=value,
            label=None,
            actor=self._people(table.column("user")) if "user" in table.column_names else None,
        )

    def _people(self, users: pa.ChunkedArray) -> NDArray[np.int32]:
        """Give people codes that tell them apart within the shard, those of the other tables their own."""
        codes, words = encoded(users)
        named = pd.Index(np.asarray(words.to_numpy(zero_copy_only=False), dtype=object), dtype=object)
        every = self.actors.append(named[~named.isin(self.actors)])
        return np.asarray(np.append(every.get_indexer(named), -1).astype(np.int32)[codes], dtype=np.int32)


def taken(signals: Signals, rows: NDArray[np.bool_]) -> Signals:
    """Keep some facts."""
    columns = {name: getattr(signals, name) for name in COLUMNS}
    kept: dict[str, Any] = {name: None if c is None else c[rows] for name, c in columns.items()}
    return replace(signals, **kept)


def cut_signals(signals: Signals, at: int, code: NDArray[np.int32]) -> Signals:
    """Keep the facts that were known at a moment, of accounts that have a code (not -1) from then on."""
    if isinstance(signals, StoredSignals):
        return signals.cut(at, code)
    rows = known_at(signals.occurred, signals.known_or_occurred, at) & (code[signals.account] >= 0)
    kept = taken(signals, rows)
    return replace(kept, account=code[kept.account])


_NOTHING = {"value": np.nan, "label": -1, "actor": -1}


def _joined(one: Signals, other: Signals) -> Signals:
    """Put facts one behind the other; where one has a column and the other has not, that is empty there."""
    columns: dict[str, Any] = {}
    for name in COLUMNS:
        a, b = getattr(one, name), getattr(other, name)
        if a is None and b is None:
            columns[name] = None
            continue
        dtype = (b if a is None else a).dtype
        a, b = (_filled(x, name, of, dtype) for x, of in ((a, one), (b, other)))
        columns[name] = np.concatenate([a, b])
    return replace(one, **columns)


def _filled(column: NDArray[Any] | None, name: str, of: Signals, dtype: np.dtype[Any]) -> NDArray[Any]:
    if column is not None:
        return column
    return of.occurred if name == "known" else np.full(len(of.occurred), _NOTHING[name], dtype)
