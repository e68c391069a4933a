"""Accounts rolled up to logos: the ``parent_id`` at the top of their line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.errors import MissingColumn
from churnkit.history.assembly import end_of_terms
from churnkit.history.contract_facts import add_contracts
from churnkit.history.contracts import read_contracts
from churnkit.history.door import Note
from churnkit.history.facts import Facts
from churnkit.history.keys import Keys
from churnkit.timeline import as_timestamps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history.assembly import Contents
    from churnkit.history.contracts import Contracts
    from churnkit.history.signals import Signals


def rolled_up(contents: Contents) -> Contents:
    """Give all that the history of the logos holds.

    Raises
    ------
    MissingColumn
        If accounts have no ``parent_id``.
    """
    if "parent_id" not in contents.accounts:
        raise MissingColumn.needed("accounts", ["parent_id"], contents.accounts.columns)
    top, circles = _tops(contents)
    logo, found = pd.factorize(top)
    names, code = [str(n) for n in found], logo.astype(np.int32)
    keys = Keys(names, whole=contents.keys.whole and all(n.isdigit() for n in names))
    accounts, opened = _accounts(contents, code, keys)
    frames = {n: _mapped(f, code, keys) for n, f in contents.frames.items()}
    contracts = contents.contracts
    if contracts is not None:
        contracts = read_contracts(frames["subscriptions"], contracts.source_rows)
    notes = contents.notes
    if circles:
        text = f"{circles:,} accounts are their own parent by a circle of parent_id; each stays a logo of its own."
        notes = (*notes, Note("accounts", "parent_id", circles, text))
    return replace(
        contents,
        keys=keys,
        accounts=accounts,
        opened=opened,
        frames=frames,
        contracts=contracts,
        signals=_mapped_signals(contents, code, opened, contracts),
        notes=notes,
    )


def _tops(contents: Contents) -> tuple[NDArray[np.object_], int]:
    """Give for every account the id at the top of its line, and how many stand in a circle."""
    ids = contents.keys.index
    parents = contents.accounts["parent_id"].to_numpy(dtype=object)
    above = dict(zip(ids, parents, strict=True))
    tops = np.empty(len(ids), dtype=object)
    circles = 0
    for i, start in enumerate(ids):
        seen, at = {start}, start
        while isinstance(up := above.get(at), str) and up != at:
            if up in seen:
                at = start
                circles += 1
                break
            seen.add(up)
            at = up
        tops[i] = at
    return tops, circles


def _accounts(contents: Contents, logo: NDArray[np.int32], keys: Keys) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    source = contents.accounts
    opened = np.full(len(keys.index), np.iinfo(np.int64).max, dtype=np.int64)
    np.minimum.at(opened, logo, contents.opened)
    own = contents.keys.codes(keys.index)
    data: dict[str, object] = {"account_id": keys.column(), "opened_at": as_timestamps(opened)}
    for column in source.columns.difference(["account_id", "opened_at", "parent_id"], sort=False):
        values = source[column]
        if column == "do_not_contact":
            data[column] = values.groupby(logo).any().to_numpy()
            continue
        groups = values.groupby(logo)
        first = groups.first()
        agreed = first.where(groups.nunique() <= 1, None if values.dtype == object else np.nan)
        if column in ("name", "manager_id"):
            agreed = first
        mine = values.iloc[np.maximum(own, 0)].reset_index(drop=True)
        data[column] = mine.where(own >= 0, agreed.reset_index(drop=True))
    return pd.DataFrame(data), opened


def _mapped(frame: pd.DataFrame, code: NDArray[np.int32], keys: Keys) -> pd.DataFrame:
    mapped = frame.copy()
    mapped["account"] = code[frame["account"].to_numpy()]
    mapped["account_id"] = keys.column(mapped["account"].to_numpy()).to_numpy()
    return mapped


def _mapped_signals(
    contents: Contents, code: NDArray[np.int32], opened: NDArray[np.int64], contracts: Contracts | None
) -> Signals:
    """Move facts to their logo; what sums over contracts is made anew."""
    signals = contents.signals
    facts = Facts()
    facts.labels = {w: i for i, w in enumerate(signals.labels)}
    for name in signals.names:
        facts.name(name, signals.tables[name], signals.themes[name])
    anew = np.array([signals.tables[n] in ("subscriptions", "accounts") for n in signals.names], dtype=np.bool_)
    rows = ~anew[signals.signal]
    more = {c: getattr(signals, c) for c in ("known", "value", "label", "actor")}
    facts.add(
        signals.signal[rows],
        code[signals.account[rows]],
        occurred=signals.occurred[rows],
        **{c: v[rows] for c, v in more.items() if v is not None},
    )
    facts.add(facts.names["opened"], np.arange(len(opened), dtype=np.int32), occurred=opened)
    if contracts is not None:
        add_contracts(facts, contracts, end_of_terms(contents.observed), contents.rebuy_gap.micros)
    return facts.signals()
