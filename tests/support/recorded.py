"""Histories without a door: signals as they come, for tests of what reads them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from churnkit.history.signals import Signals
from churnkit.timeline import DAY, HOUR, NEVER, moment

BASE = moment("2025-03-20")
"""Ten days before summer time begins in Berlin."""

SIGNALS = ("login", "nps", "ticket_opened")
TABLES = {"login": "activity", "nps": "satisfaction", "ticket_opened": "tickets"}
LABELS = ("billing", "bug")
ACCOUNTS = 3


@dataclass(eq=False)
class Recorded:
    """As much of a history as the engine and the oracle read."""

    signals: Signals
    accounts: pd.DataFrame
    opened: np.ndarray
    timezone: str = "UTC"
    ends: dict[str, int] = field(default_factory=dict)
    attributes: tuple[str, ...] = ("size", "region")

    def ended_early(self, table: str, cutoff: int) -> bool:
        """Whether a table stops before a moment."""
        return cutoff > self.ends.get(table, NEVER)

    def but(self, rows: np.ndarray | None = None, **columns: object) -> Recorded:
        """The same history with some of its facts, in that order, or with other columns."""
        kept = {
            n: getattr(self.signals, n) for n in ("account", "signal", "occurred", "known", "value", "label", "actor")
        }
        if rows is not None:
            kept = {n: None if c is None else c[rows] for n, c in kept.items()}
        return replace(self, signals=replace(self.signals, **(kept | columns)))


def recorded(facts, *, timezone="UTC", ends=None, accounts=ACCOUNTS, without=()) -> Recorded:
    """Make a history of (account, signal, occurred, known, value, label, actor) tuples."""
    columns = list(zip(*facts, strict=True)) if facts else [()] * 7
    dtypes = (np.int32, np.int16, np.int64, np.int64, np.float64, np.int32, np.int32)
    names = ("account", "signal", "occurred", "known", "value", "label", "actor")
    arrays = {n: None if n in without else np.array(c, dtype=d) for n, c, d in zip(names, columns, dtypes, strict=True)}
    signals = Signals(names=SIGNALS, labels=() if "label" in without else LABELS, tables=TABLES, **arrays)
    frame = pd.DataFrame(
        {
            "size": [float("nan") if a % 3 == 2 else 10.0 * a for a in range(accounts)],
            "region": [("north", None, "south")[a % 3] for a in range(accounts)],
        }
    )
    return Recorded(signals, frame, np.full(accounts, BASE - 100 * DAY), timezone, dict(ends or {}))


_STEP = 6 * HOUR
VALUES = (float("nan"), 0.0, -0.0, 1.0, 1.5, 2.0, 3.0, -4.25, 7.5, 1e6)

moments = st.integers(-40, 160).map(lambda k: BASE + k * _STEP) | st.integers(-2, 2).map(lambda k: BASE + 10 * DAY + k)
"""A coarse grid, so that facts meet each other, midnights and window boundaries; some a microsecond off."""

delays = st.sampled_from((0, 0, 0, 1, HOUR, DAY, 5 * DAY, 60 * DAY))


some_values = st.sampled_from(VALUES)


@st.composite
def facts(draw, values=some_values):
    """One fact: the last account stays silent."""
    occurred = draw(moments)
    return (
        draw(st.integers(0, ACCOUNTS - 2)),
        draw(st.integers(0, len(SIGNALS) - 1)),
        occurred,
        occurred + draw(delays),
        draw(values),
        draw(st.integers(-1, len(LABELS) - 1)),
        draw(st.integers(-1, 3)),
    )


@st.composite
def histories(draw, values=some_values, size=40):
    """Histories with ties, late rows, missing columns, silent accounts and a table that may end early."""
    return recorded(
        draw(st.lists(facts(values), max_size=size)),
        timezone=draw(st.sampled_from(("UTC", "Europe/Berlin", "America/St_Johns"))),
        ends=draw(st.sampled_from(({}, {}, {"tickets": BASE + 12 * DAY}))),
        without=draw(st.sampled_from(((), (), ("known",), ("label", "actor"), ("value",)))),
    )


@st.composite
def rows(draw, most=8):
    """Accounts and cutoffs, in any order, perhaps twice the same."""
    pairs = draw(st.lists(st.tuples(st.integers(0, ACCOUNTS - 1), moments), min_size=1, max_size=most))
    return {
        "account": np.array([a for a, _ in pairs], dtype=np.int32),
        "cutoff": np.array([c for _, c in pairs], dtype=np.int64),
    }
