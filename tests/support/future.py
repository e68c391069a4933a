"""What was not known at a cutoff, removed or spoilt: nothing before it may change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from churnkit.tables import CONTRACT

WHEN = {
    "activity": "occurred_at",
    "satisfaction": "occurred_at",
    "tickets": "opened_at",
    "subscriptions": "started_at",
    "decisions": "decided_at",
    "contacts": "contacted_at",
    "accounts": "opened_at",
}
LATER = {"tickets": ("resolved_at",), "subscriptions": ("cancelled_at", "ended_at")}
FOLLOWS = {"resolved_at": ("reopened",), "cancelled_at": ("end_reason",), "ended_at": ("end_reason",)}


def known(table: str, frame: pd.DataFrame, cutoff: pd.Timestamp) -> pd.Series:
    """Rows that occurred before the cutoff and whose record was there before it.

    A row of an interval table exists from its start on; what a later version says is not known before
    that version was recorded.
    """
    at = frame[WHEN[table]] < cutoff
    if "recorded_at" not in frame:
        return at
    late = frame["recorded_at"].notna() & (frame["recorded_at"] >= cutoff)
    if table in ("tickets", "subscriptions"):
        late &= frame.duplicated(CONTRACT[table].name[:-1] + "_id", keep="first")
    return at & ~late


def _unanswered(frame: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """Surveys that had been sent: asked, and not answered yet."""
    sent = frame[frame["sent_at"] < cutoff].copy()
    sent["occurred_at"] = sent["sent_at"]
    sent["score"] = np.nan
    return sent.assign(recorded_at=pd.Series(pd.NaT, index=sent.index, dtype=frame["occurred_at"].dtype))


def removed(tables: dict[str, pd.DataFrame], cutoff: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Leave out every row, and empty every cell of an interval row, that was not known at the cutoff."""
    out = {}
    for name, frame in tables.items():
        if name not in WHEN or name == "accounts":
            out[name] = frame
            continue
        kept = frame[known(name, frame, cutoff)].copy()
        if name == "satisfaction" and "sent_at" in frame:
            kept = pd.concat([kept, _unanswered(frame[~known(name, frame, cutoff)], cutoff)], ignore_index=True)
        for column in LATER.get(name, ()):
            late = kept["recorded_at"] >= cutoff if "recorded_at" in kept else False
            unknown = kept[column].notna() & ((kept[column] >= cutoff) | late)
            kept.loc[unknown, column] = pd.NaT
            for other in FOLLOWS[column]:
                if other in kept:
                    kept[other] = kept[other].astype(object).where(~unknown, None)
        out[name] = kept
    return out


def spoilt(tables: dict[str, pd.DataFrame], cutoff: pd.Timestamp, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Keep the rows that were not known, but shuffle their accounts and their values."""
    rng = np.random.default_rng(seed)
    out = removed(tables, cutoff)
    for name in ("activity", "satisfaction", "contacts", "decisions"):
        frame = tables[name]
        future = frame[~known(name, frame, cutoff)].copy()
        if "sent_at" in future:
            # What had been sent stands among the rows that were known.
            future["sent_at"] = pd.Series(pd.NaT, index=future.index, dtype=frame["sent_at"].dtype)
        future["account_id"] = rng.permutation(future["account_id"].to_numpy())
        for column in ("value", "score", "minutes"):
            if column in future:
                future[column] = rng.permutation(future[column].to_numpy())
        out[name] = pd.concat([out[name], future], ignore_index=True)
    for name in ("tickets", "subscriptions"):
        out[name] = out[name].copy()
        for column in LATER[name]:
            empty = out[name][column].isna()
            drawn = cutoff + pd.to_timedelta(rng.integers(0, 60, len(empty)), unit="D")
            out[name].loc[empty, column] = drawn[empty.to_numpy()]
    return out
