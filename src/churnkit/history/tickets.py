"""Tickets, versions and all, as dated facts that never show the future."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.history.dating import add_tone
from churnkit.history.versions import Versions, came, changed, micros
from churnkit.timeline import HOUR, NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history.facts import Facts
    from churnkit.history.tone import Tone

_SEVERITIES = {
    "low": 1,
    "minor": 1,
    "normal": 2,
    "medium": 2,
    "moderate": 2,
    "high": 3,
    "major": 3,
    "urgent": 4,
    "critical": 4,
    "blocker": 4,
}


def add_tickets(facts: Facts, frame: pd.DataFrame, tone: Tone | None) -> None:
    """A ticket is opened, may change its severity or category, be resolved, and opened again.

    Severity and category of the first version hold from the start; each later version that changes one
    is a fact of its own, ``ticket_changed``. A resolution comes into being when it is known, unless a
    later version has taken it back by then.
    """
    versions = Versions.of(frame, "ticket_id", "opened_at")
    frame = frame.iloc[versions.order]
    account = frame["account"].to_numpy(dtype=np.int32)
    n = len(frame)
    words = frame["category"].to_numpy(dtype=object) if "category" in frame else np.full(n, None, dtype=object)
    labels = facts.label_codes(words)
    severity = severities(frame["severity"]) if "severity" in frame else np.full(n, np.nan)
    opened, resolved = versions.began, micros(frame, "resolved_at")

    def named(name: str) -> int:
        return facts.name(name, "tickets", "support")

    first = versions.first
    facts.add(named("ticket_opened"), account[first], opened[first], value=severity[first], label=labels[first])
    again = changed(versions, np.nan_to_num(severity, nan=-1.0)) | changed(versions, labels)
    again &= versions.since < versions.until
    if again.any():
        rows = {"value": severity[again], "label": labels[again]}
        facts.add(named("ticket_changed"), account[again], versions.since[again], **rows)
    known = versions.known(resolved)
    done = came(versions, resolved, known)
    hours = (resolved[done] - opened[done]) / HOUR
    more = {"known": known[done], "label": labels[done]}
    facts.add(named("ticket_resolved"), account[done], resolved[done], value=hours, **more)
    if "reopened" in frame:
        flag = frame["reopened"].to_numpy(dtype=np.float64) == 1
        moment = np.where(flag & (resolved != NEVER), resolved, NEVER)
        known = versions.known(moment)
        back = came(versions, moment, known)
        facts.add(named("ticket_reopened"), account[back], moment[back], known=known[back], label=labels[back])
    if tone is not None and "comment" in frame:
        codes, texts = pd.factorize(frame["comment"][first])
        scores = tone.score(codes.astype(np.int32), np.asarray(texts, dtype=object))
        add_tone(facts, "ticket_tone", ("tickets", "support"), scores, account[first], {"occurred": opened[first]})


def severities(column: pd.Series) -> NDArray[np.float64]:
    """Read severities: numbers as they are, common words as 1 (low) to 4 (critical), others as missing."""
    values = pd.to_numeric(column, errors="coerce")
    words = column.astype("object").str.lower().str.strip().map(_SEVERITIES)
    return np.asarray(values.where(values.notna(), words).to_numpy(dtype=np.float64))
