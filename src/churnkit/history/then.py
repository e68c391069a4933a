"""The history as it was at a moment: what had occurred and was known, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from pandas.api.types import is_object_dtype

from churnkit.errors import CutoffOutOfReach
from churnkit.history.contracts import read_contracts
from churnkit.history.keys import Keys
from churnkit.history.stored import cut_signals
from churnkit.history.versions import Versions, micros
from churnkit.timeline import NEVER, as_text, known_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from churnkit.history.assembly import Contents

_PLAIN = {"contacts": "contacted_at", "decisions": "decided_at", "comments": "occurred_at"}
_INTERVALS: dict[str, tuple[str, str, dict[str, tuple[str, ...]]]] = {
    "subscriptions": (
        "subscription_id",
        "started_at",
        {"ended_at": ("ended_at",), "cancelled_at": ("cancelled_at",)},
    ),
    "tickets": ("ticket_id", "opened_at", {"resolved_at": ("resolved_at", "reopened")}),
}


def cut(contents: Contents, at: int) -> Contents:
    """Cut everything that a history holds at a moment.

    Raises
    ------
    CutoffOutOfReach
        If no account was open yet.
    """
    open_then = contents.opened < at
    if not open_then.any():
        first = as_text(int(contents.opened.min()))
        raise CutoffOutOfReach(f"known_at: no account was open at {as_text(at)}; the first opens {first}.")
    code = np.where(open_then, np.cumsum(open_then) - 1, -1).astype(np.int32)
    kept = {n: _cut_frame(n, f, at, code) for n, f in contents.frames.items()}
    frames = {n: f.reset_index(drop=True) for n, f in kept.items()}
    contracts = contents.contracts
    if contracts is not None:
        rows = contracts.source_rows[kept["subscriptions"].index.to_numpy()]
        contracts = read_contracts(frames["subscriptions"], rows)
    texts = contents.keys.index[open_then]
    return replace(
        contents,
        keys=Keys(list(texts), whole=contents.keys.whole),
        accounts=contents.accounts[open_then].reset_index(drop=True),
        opened=contents.opened[open_then],
        frames=frames,
        contracts=contracts,
        signals=cut_signals(contents.signals, at, code),
        observed={n: replace(end, until=min(end.until, at)) for n, end in contents.observed.items()},
    )


def _cut_frame(name: str, frame: pd.DataFrame, at: int, code: NDArray[np.int32]) -> pd.DataFrame:
    """Cut one table; the index tells which of its rows are left."""
    there = code[frame["account"].to_numpy()] >= 0
    if name in _PLAIN:
        occurred, recorded = micros(frame, _PLAIN[name]), micros(frame, "recorded_at")
        rows = there & known_at(occurred, np.where(recorded == NEVER, occurred, recorded), at)
        kept = frame[rows]
    else:
        kept = _cut_intervals(name, frame, at)
        kept = kept[code[kept["account"].to_numpy()] >= 0]
    return kept.assign(account=code[kept["account"].to_numpy()])


def _cut_intervals(name: str, frame: pd.DataFrame, at: int) -> pd.DataFrame:
    """Keep the versions known by then; what they say of later moments, or said later, is empty."""
    key, start, ends = _INTERVALS[name]
    versions = Versions.of(frame, key, start)
    kept = frame.iloc[versions.order].copy()
    for column, hidden in ends.items():
        if column not in kept:
            continue
        moment = micros(kept, column)
        unknown = ~known_at(moment, versions.known(moment), at)
        _blank(kept, hidden, unknown)
    if name == "subscriptions" and "end_reason" in kept:
        gone = [kept[c].isna().to_numpy() for c in ("ended_at", "cancelled_at") if c in kept]
        _blank(kept, ("end_reason",), np.logical_and.reduce(gone) if gone else np.ones(len(kept), np.bool_))
    if "recorded_at" in kept:
        _blank(kept, ("recorded_at",), ~(versions.recorded < at))
    kept = kept[versions.since < at]
    return kept.sort_index()


def _blank(frame: pd.DataFrame, columns: Sequence[str], rows: NDArray[np.bool_]) -> None:
    for column in columns:
        if column in frame:
            values = frame[column]
            frame[column] = values.where(~rows, None) if is_object_dtype(values) else values.mask(rows)
