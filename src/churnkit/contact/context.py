"""What a manager wants to see beside a name before calling: contract, last contact, cases, scores, and how sure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit import features as f
from churnkit.contact.standing import stamps
from churnkit.timeline import DAY, NEVER, as_timestamps, known_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.scene import Scene
    from churnkit.features import Expression
    from churnkit.history import History

    Floats = NDArray[np.float64]

PROTECTIVE = 2
"""How many factors that lower the risk are shown."""


def context(scene: Scene) -> dict[str, object]:
    """Give the columns, one value per account of the roster; what a history does not have stays empty."""
    roster = scene.roster
    seen = _measured(scene)
    days = seen.get("renewal", np.full(len(roster), np.nan))
    ahead = roster.as_of + np.round(np.nan_to_num(days) * DAY).astype(np.int64)
    renewal = np.where(np.isfinite(days), ahead // DAY * DAY, NEVER)
    return {
        "percentile": _percentile(roster.probability),
        "base_rate": _base_rate(scene),
        **_protective(scene),
        "renewal": as_timestamps(renewal),
        "ends_by_itself": pd.Series(np.isfinite(roster.ends), dtype="boolean"),
        "last_contact": as_timestamps(scene.standing.last_contact),
        "last_outcome": _last_outcome(scene.history, roster.account, roster.as_of),
        "open_tickets": _open_tickets(scene),
        "last_nps": seen.get("nps", np.full(len(roster), np.nan)),
        "nps_age_days": seen.get("nps_age", np.full(len(roster), np.nan)),
        "completeness": _completeness(scene),
        "observed_until": as_timestamps(np.full(len(roster), scene.history.last_moment)),
    }


def _measured(scene: Scene) -> dict[str, Floats]:
    names, roster = scene.history.signals.names, scene.roster
    asked: dict[str, Expression] = {}
    if "renewal_due" in names:
        asked["renewal"] = f.days_until("renewal_due")
    if "nps" in names:
        asked |= {"nps": f.latest("nps"), "nps_age": f.days_since("nps")}
    if not asked or not len(roster):
        return {}
    cutoff = np.full(len(roster), roster.as_of, dtype=np.int64)
    values = f.compute(list(asked.values()), scene.history, account=roster.account, cutoff=cutoff).values
    return {name: values[:, i].astype(np.float64) for i, name in enumerate(asked)}


def _percentile(probability: Floats) -> Floats:
    """Share of the book, in per cent, with a lower probability of leaving (of equals half)."""
    known = ~np.isnan(probability)
    inside = np.sort(probability[known])
    below = np.searchsorted(inside, probability, side="left") + np.searchsorted(inside, probability, side="right")
    return np.where(known, 50.0 * below / max(len(inside), 1), np.nan)


def _base_rate(scene: Scene) -> Floats:
    """Mean probability of leaving of the account's segment (attribute ``segment``), or of the book."""
    accounts, roster = scene.history.accounts, scene.roster
    if "segment" not in accounts:
        known = roster.probability[~np.isnan(roster.probability)]
        return np.full(len(roster), known.mean() if len(known) else np.nan)
    segment = accounts["segment"].astype(str).to_numpy(dtype=object)[roster.account]
    return np.asarray(pd.Series(roster.probability).groupby(segment).transform("mean"), dtype=np.float64)


def _protective(scene: Scene) -> dict[str, pd.Series]:
    """Give the sentences of the strongest reasons that lower the risk."""
    table = np.full((len(scene.roster), PROTECTIVE), None, dtype=object)
    told = None if scene.reasons is None else scene.reasons.frame
    if told is not None and len(told):
        lowers = told[told["effect"].to_numpy(dtype=np.float64) < 0].sort_values("effect", kind="stable")
        place = lowers.groupby("account_id", sort=False).cumcount().to_numpy()
        row = pd.Index(scene.roster.frame["account_id"]).get_indexer(lowers["account_id"])
        use = (row >= 0) & (place < PROTECTIVE)
        table[row[use], place[use]] = lowers["sentence"].to_numpy(dtype=object)[use]
    return {f"protective_{i + 1}": pd.Series(table[:, i], dtype=object) for i in range(PROTECTIVE)}


def _last_outcome(history: History, account: NDArray[np.int32], as_of: int) -> pd.Series:
    """Give the outcome of the last contact that was known by then."""
    found = np.full(len(history.accounts), None, dtype=object)
    frame = history.contacts
    if frame is not None and "outcome" in frame:
        at, recorded = stamps(frame, "contacted_at"), stamps(frame, "recorded_at")
        known = known_at(at, np.where(recorded == NEVER, at, np.maximum(at, recorded)), as_of)
        rows = np.flatnonzero(known & frame["outcome"].notna().to_numpy())
        rows = rows[np.argsort(at[rows], kind="stable")]
        found[frame["account"].to_numpy()[rows]] = frame["outcome"].to_numpy(dtype=object)[rows]
    return pd.Series(found[account], dtype=object)


def _open_tickets(scene: Scene) -> pd.Series:
    """Count tickets known to be open; empty where the history has no tickets."""
    frame, as_of = scene.history.tickets, scene.roster.as_of
    if frame is None:
        return pd.Series([pd.NA] * len(scene.roster), dtype="Int64")
    opened, resolved, recorded = (stamps(frame, c) for c in ("opened_at", "resolved_at", "recorded_at"))
    there = known_at(opened, np.where(recorded == NEVER, opened, np.maximum(opened, recorded)), as_of)
    closed = known_at(resolved, np.where(recorded == NEVER, resolved, np.maximum(resolved, recorded)), as_of)
    if "ticket_id" in frame:  # several rows are versions of one ticket
        rows = pd.DataFrame({"id": frame["ticket_id"], "account": frame["account"], "there": there, "closed": closed})
        named = rows["id"].notna()
        each = rows[named].groupby(["account", "id"], sort=False)[["there", "closed"]].any().reset_index()
        rows = pd.concat([each, rows[~named]], ignore_index=True)
    else:
        rows = pd.DataFrame({"account": frame["account"], "there": there, "closed": closed})
    still = rows["account"].to_numpy(dtype=np.int64)[(rows["there"] & ~rows["closed"]).to_numpy(dtype=np.bool_)]
    count = np.bincount(still, minlength=len(scene.history.accounts))
    return pd.Series(count[scene.roster.account]).astype("Int64")


def _completeness(scene: Scene) -> Floats:
    """Share of the model's features that have a value; empty where the scores were read from disk."""
    matrix, roster = getattr(scene.scores, "matrix", None), scene.roster
    if matrix is None:
        return np.full(len(roster), np.nan)
    share = pd.Series(1.0 - np.isnan(matrix.values).mean(axis=1), index=matrix.account)
    return np.asarray(share.reindex(roster.account), dtype=np.float64)
