"""Tables of plain rows become dated facts: activity, satisfaction, contacts and tables of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnkit.errors import RequestError
from churnkit.history.options import Signal
from churnkit.history.signals import EVENT_THEMES
from churnkit.timeline import NEVER, as_timestamps

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from churnkit.history.door import Admitted
    from churnkit.history.facts import Facts
    from churnkit.history.tone import Tone

_ACTIVITY = Signal(time="occurred_at", value="value", actor="user_id", recorded="recorded_at")
_SATISFACTION = Signal(time="occurred_at", actor="user_id", recorded="recorded_at")
_CONTACTS = Signal(time="contacted_at", value="minutes", label="role", actor="manager_id", recorded="recorded_at")


def add_accounts(facts: Facts, opened: NDArray[np.int64]) -> None:
    """Every account opens once."""
    facts.add(facts.name("opened", "accounts", "profile"), np.arange(len(opened), dtype=np.int32), opened)


def add_activity(facts: Facts, table: Admitted) -> None:
    """Every event keeps its own name."""
    found = table.codes("event")
    assert found is not None
    codes, words = found
    seen = np.zeros(len(words) + 1, np.bool_)
    seen[codes] = True
    named = name_events(facts, (str(w) for w in words[seen[:-1]]))
    lookup = np.array([named.get(str(w), 0) for w in words] or [0], dtype=np.int16)
    signal = lookup[codes]
    del found, codes
    table.release("event")
    rows = columns_of(facts, table, _ACTIVITY)
    facts.add(signal, table.accounts, **rows)


def name_events(facts: Facts, words: Iterable[str]) -> dict[str, int]:
    """Make each event a signal, in the order of their names."""
    return {n: facts.name(n, "activity", EVENT_THEMES.get(n.lower(), "usage")) for n in sorted(words)}


def columns_of(facts: Facts, table: Admitted, signal: Signal) -> dict[str, Any]:
    """Take the columns of a table of plain rows, letting go of each; a column that holds nothing is left out."""
    rows: dict[str, Any] = {"occurred": table.values(signal.time)}
    known = table.values(signal.recorded) if signal.recorded else None
    if known is not None:
        nowhere = known == NEVER
        if nowhere.any():
            known = np.where(nowhere, rows["occurred"], known)
        if not nowhere.all():
            rows["known"] = known
    amount = table.values(signal.value) if signal.value else None
    if amount is not None and not bool(np.isnan(amount).all()):
        rows["value"] = amount
    for name, column, shared in (
        ("label", signal.label, facts.shared_labels),
        ("actor", signal.actor, facts.shared_actors),
    ):
        found = table.codes(column) if column else None
        if found is not None and bool((found[0] >= 0).any()):
            rows[name] = shared(*found)
    table.release(*(c for c in (signal.time, signal.recorded, signal.value, signal.label, signal.actor) if c))
    return rows


def add_satisfaction(facts: Facts, table: Admitted, tone: Tone | None) -> None:
    """A survey is asked, and perhaps answered; what was written may be scored."""
    account, sent, score = table.accounts, table.values("sent_at"), table.values("score")
    metric, comment = table.codes("metric"), table.codes("comment")
    rows = columns_of(facts, table, _SATISFACTION)
    assert metric is not None
    occurred = rows["occurred"]
    score = np.full(len(occurred), np.nan) if score is None else score
    sent = np.full(len(occurred), NEVER) if sent is None else sent
    asked = {"occurred": np.where(sent == NEVER, occurred, sent)}
    if "known" in rows:
        asked["known"] = np.where(sent == NEVER, rows["known"], sent)
    lower = np.array([str(w).lower() for w in metric[1]], dtype=object)
    for name in sorted({str(w) for w in lower[np.unique(metric[0])]}):
        mine = (lower == name)[metric[0]]
        answered = mine & ~np.isnan(score)
        facts.add(
            facts.name(f"{name}_asked", "satisfaction", "satisfaction"),
            account[mine],
            **{k: v[mine] for k, v in asked.items()},
        )
        facts.add(
            facts.name(name, "satisfaction", "satisfaction"),
            account[answered],
            value=score[answered],
            **{k: v[answered] for k, v in rows.items()},
        )
    if tone is not None and comment is not None:
        add_tone(facts, "comment_tone", ("satisfaction", "satisfaction"), tone.score(*comment), account, rows)


def comments(table: Admitted) -> pd.DataFrame | None:
    """Give the rows of satisfaction with words in them, None where there are none: account, occurred_at, metric, ..."""
    found, metric = table.codes("comment"), table.codes("metric")
    if found is None or metric is None or not (found[0] >= 0).any():
        return None
    rows = np.flatnonzero(found[0] >= 0)
    out: dict[str, Any] = {"account": table.accounts[rows]}
    for name in ("occurred_at", "recorded_at"):
        if (at := table.values(name)) is not None:
            out[name] = as_timestamps(at[rows])
    out["metric"] = metric[1][metric[0][rows]]
    if (score := table.values("score")) is not None:
        out["score"] = score[rows]
    out["comment"] = found[1][found[0][rows]]
    return pd.DataFrame(out)


def add_tone(
    facts: Facts,
    name: str,
    place: tuple[str, str],
    scores: NDArray[np.float64],
    account: NDArray[np.int32],
    rows: dict[str, Any],
) -> None:
    """Texts that could be scored become a signal; ``place`` is its table and theme."""
    told = ~np.isnan(scores)
    facts.add(facts.name(name, *place), account[told], value=scores[told], **{k: v[told] for k, v in rows.items()})


def add_contacts(facts: Facts, table: Admitted) -> None:
    """A contact that was carried out."""
    rows = columns_of(facts, table, _CONTACTS)
    facts.add(facts.name("contacted", "contacts", "relationship"), table.accounts, **rows)


def add_own(facts: Facts, table: Admitted, signal: Signal) -> None:
    """Rows of a table of your own.

    Raises
    ------
    RequestError
        If another table makes a signal of that name.
    """
    name = table.spec.name
    if name in facts.names:
        raise RequestError(
            f"signals: {name!r} is already the name of a signal made from {facts.tables[name]}; "
            "give your own signal another name."
        )
    facts.add(facts.name(name, name, signal.theme), table.accounts, **columns_of(facts, table, signal))
