"""From source tables to all that a history holds: admitted, matched, dated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from churnkit.errors import DataError, EmptyTable, MissingTable, RequestError, did_you_mean
from churnkit.history import dating
from churnkit.history.columns import flat
from churnkit.history.contract_facts import add_contracts
from churnkit.history.contracts import read_contracts
from churnkit.history.door import Admitted, ColumnCount, Note, Reading, admit, raise_together
from churnkit.history.facts import Facts
from churnkit.history.files import ParquetFiles
from churnkit.history.frames import to_source
from churnkit.history.in_parts import AdmittedInParts, admit_in_parts
from churnkit.history.keys import Keys
from churnkit.history.memory import bound_for, needed
from churnkit.history.observed import Observed, last_of, observe
from churnkit.history.options import own_tables
from churnkit.history.spool import Spool
from churnkit.history.stored import StoredSignals
from churnkit.history.tickets import add_tickets
from churnkit.tables import CONTRACT
from churnkit.timeline import Span, as_text, moment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history.contracts import Contracts
    from churnkit.history.options import Signal
    from churnkit.history.signals import Signals
    from churnkit.history.tone import Tone
    from churnkit.timeline import Cutoff

Tables: TypeAlias = "dict[str, Admitted | AdmittedInParts]"
FRAMES = ("subscriptions", "tickets", "contacts", "decisions")
COMMENTS = "comments"
"""What was written beside a score, out of satisfaction."""
REJECTED = ("table", "row", "column", "reason", "value")


@dataclass(frozen=True, eq=False)
class Orders:
    """What the caller says about the tables, beside these themselves."""

    reading: Reading
    observed_until: Cutoff | Mapping[str, Cutoff] | None
    rebuy_gap: Span
    signals: Mapping[str, Signal]
    tone: Tone | None
    memory: int | None = None


@dataclass(frozen=True, eq=False)
class Contents:
    """All that a history holds; see the attributes of ``History``."""

    timezone: str
    rebuy_gap: Span
    keys: Keys
    accounts: pd.DataFrame
    opened: NDArray[np.int64]
    attributes: tuple[str, ...]
    frames: Mapping[str, pd.DataFrame]
    managers: pd.DataFrame | None
    contracts: Contracts | None
    signals: Signals
    observed: Mapping[str, Observed]
    notes: tuple[Note, ...]
    counts: tuple[ColumnCount, ...]
    rejected: pd.DataFrame
    rows: Mapping[str, tuple[int, int]]


def assemble(tables: Mapping[str, Any], orders: Orders) -> Contents:
    """Read, check and date all tables.

    Raises
    ------
    DataError
        All problems that no default can mend, in one message.
    """
    every, keys = _admit_all(tables, orders)
    _refuse_empty(every)
    observed = observe(every, _given(orders, every))
    admitted = {name: table for name, table in every.items() if isinstance(table, Admitted)}
    accounts, opened, attributes = _accounts(admitted["accounts"], keys)
    frames = {n: _coded(admitted[n], keys) for n in FRAMES if n in admitted}
    if "satisfaction" in admitted and (said := dating.comments(admitted["satisfaction"])) is not None:
        said.insert(1, "account_id", keys.column(said["account"].to_numpy()))
        frames[COMMENTS] = said
    managers = admitted["managers"].frame() if "managers" in admitted else None
    contracts = None
    if "subscriptions" in frames:
        contracts = read_contracts(frames["subscriptions"], admitted["subscriptions"].used_rows)
    for name in (*(n for n in FRAMES if n != "contacts"), "accounts", "managers"):
        if name in admitted:
            admitted[name].release()
    facts, activity = Facts(), every["activity"]
    if isinstance(activity, AdmittedInParts):
        dating.name_events(facts, activity.events)
    else:
        dating.add_activity(facts, activity)
    _date(facts, admitted, orders, frames.get("tickets"), opened)
    if contracts is not None:
        add_contracts(facts, contracts, end_of_terms(observed), orders.rebuy_gap.micros)
    for name, signal in orders.signals.items():
        if name in admitted:
            dating.add_own(facts, admitted[name], signal)
    return Contents(
        timezone=orders.reading.timezone,
        rebuy_gap=orders.rebuy_gap,
        keys=keys,
        accounts=accounts,
        opened=opened,
        attributes=attributes,
        frames=frames,
        managers=managers,
        contracts=contracts,
        signals=_signals(facts, activity),
        observed=observed,
        notes=tuple(n for t in every.values() for n in t.notes) + _stray_notes(observed),
        counts=tuple(c for t in every.values() for c in t.counts),
        rejected=_rejected(every),
        rows={n: (t.rows, t.count_used) for n, t in every.items()},
    )


def _signals(facts: Facts, activity: Admitted | AdmittedInParts) -> Signals:
    if isinstance(activity, AdmittedInParts):
        return StoredSignals(facts.signals(), facts.actors, activity.spool, tuple(activity.events))
    return facts.signals()


def _admit_all(tables: Mapping[str, Any], orders: Orders) -> tuple[Tables, Keys]:
    specs = CONTRACT | own_tables(dict(orders.signals))
    unknown = [n for n in tables if n not in specs]
    if unknown:
        raise RequestError(
            f"no table {unknown[0]!r} in the data contract{did_you_mean(unknown[0], specs)}; it has "
            f'{", ".join(CONTRACT)}. A table of your own needs signals={{"{unknown[0]}": Signal(time=...)}}.'
        )
    problems: list[DataError] = []
    admitted: Tables = {}
    keys = Keys([])
    for name, spec in specs.items():
        if tables.get(name) is None:
            if spec.needed or name in orders.signals:
                why = f"it is needed: {spec.what}." if spec.needed else "signals= asks for it; pass it by that name."
                problems.append(MissingTable.needed(name, why=why))
            continue
        try:
            if name == "activity" and "accounts" in admitted and (memory := _bound(tables[name], orders)):
                source = to_source(name, tables[name])
                spool = Spool(memory, source.rows)
                admitted[name] = admit_in_parts(spec, source, orders.reading, keys, spool)
                continue
            table = admit(spec, tables[name], orders.reading, keys if name not in ("accounts", "managers") else None)
            if name == "accounts":
                keys = Keys.of(table)
            admitted[name] = table
        except DataError as problem:
            problems.append(problem)
    raise_together(problems)
    return admitted, keys


def _bound(activity: Any, orders: Orders) -> int | None:
    """Within how much memory activity is to be read: as asked, or since a file would not fit; None: as it comes."""
    if orders.memory is not None or not isinstance(activity, ParquetFiles):
        return orders.memory
    return bound_for(needed((), activity.rows))


def _refuse_empty(admitted: Tables) -> None:
    problems: list[DataError] = []
    for name in ("accounts", "activity"):
        table = admitted[name]
        if table.count_used:
            continue
        why = "; ".join(str(n) for n in table.notes if n.count) or "it has no rows"
        problems.append(EmptyTable(f"{name}: none of {table.rows:,} rows can be used ({why}). Check the export."))
    raise_together(problems)


def _given(orders: Orders, admitted: Tables) -> dict[str, int]:
    until, timezone = orders.observed_until, orders.reading.timezone
    if until is None:
        return {}
    if not isinstance(until, Mapping):
        return {name: moment(until, timezone) for name in admitted if name not in ("accounts", "managers")}
    for name in until:
        if name not in admitted:
            raise RequestError(f"observed_until: no table {name!r} was given{did_you_mean(name, admitted)}.")
    return {name: moment(value, timezone) for name, value in until.items()}


def _accounts(table: Admitted, keys: Keys) -> tuple[pd.DataFrame, NDArray[np.int64], tuple[str, ...]]:
    frame = table.frame()
    frame["account_id"] = keys.column()
    if "do_not_contact" in frame:
        frame["do_not_contact"] = frame["do_not_contact"].to_numpy(dtype=np.float64) == 1
    for name in table.extra:
        array = flat(table.source.column(name))
        frame[name] = _attribute(array if table.whole else array.filter(pa.array(table.used)))
    return frame, table.values("opened_at"), table.extra


def _attribute(array: pa.Array) -> Any:
    """An attribute is numeric where every value is; else text."""
    series = pd.Series(array.to_numpy(zero_copy_only=False))
    if series.dtype == bool:
        return series.astype(np.float64)
    if series.dtype == object:
        series = series.map(lambda v: v.strip() or None if isinstance(v, str) else v)
    numeric = pd.to_numeric(series, errors="coerce")
    if series.notna().any() and (numeric.notna() == series.notna()).all():
        return numeric.astype(np.float64)
    return series.astype(object).where(series.notna(), None)


def _coded(table: Admitted, keys: Keys) -> pd.DataFrame:
    """Give a cleaned frame with the account's code and id in front."""
    frame = table.frame()
    frame.insert(0, "account", table.accounts)
    frame.insert(1, "account_id", keys.column(table.accounts))
    return frame


def _date(
    facts: Facts, admitted: Mapping[str, Admitted], orders: Orders, tickets: pd.DataFrame | None, opened: Any
) -> None:
    dating.add_accounts(facts, opened)
    if "satisfaction" in admitted:
        dating.add_satisfaction(facts, admitted["satisfaction"], orders.tone)
    if tickets is not None:
        add_tickets(facts, tickets, orders.tone)
    if "contacts" in admitted:
        dating.add_contacts(facts, admitted["contacts"])


def end_of_terms(observed: Mapping[str, Observed]) -> int:
    """Until when terms of contracts are counted on."""
    last = last_of(observed)
    end = observed.get("subscriptions")
    return last if end is None else max(end.until, last)


def _rejected(admitted: Tables) -> pd.DataFrame:
    blocks = [b for b in (t.rejected() for t in admitted.values()) if len(b)]
    if blocks:
        return pd.concat(blocks, ignore_index=True)
    return pd.DataFrame({c: np.empty(0, np.int64 if c == "row" else object) for c in REJECTED})


def _stray_notes(observed: Mapping[str, Observed]) -> tuple[Note, ...]:
    return tuple(
        Note(
            name,
            "",
            end.strays,
            f"{end.strays} row(s) dated far behind all others do not count for how far "
            f"the record goes ({as_text(end.until)}).",
        )
        for name, end in observed.items()
        if end.strays
    )
