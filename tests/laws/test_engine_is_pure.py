"""Laws: a value depends on what was known at its cutoff, and on nothing else, to the byte."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnkit.features.engine import evaluate, evaluation
from churnkit.features.functions import FUNCTIONS
from churnkit.timeline import DAY
from support import recorded
from support.measured import every

pytestmark = pytest.mark.parametrize("function", FUNCTIONS)


def measured(features, history, rows, threads=1) -> bytes:
    return evaluate(features, history, **rows, threads=threads).tobytes()


def unknown(history, cutoff) -> np.ndarray:
    """Which facts were not known at a cutoff: written out here, not taken from the house."""
    s = history.signals
    return (s.occurred >= cutoff) | (s.known_or_occurred >= cutoff)


@given(history=recorded.histories(), cutoff=recorded.moments)
def test_removing_what_was_not_known_changes_nothing(function, history, cutoff):
    rows = {"account": np.arange(3, dtype=np.int32), "cutoff": np.full(3, cutoff)}
    cleaned = history.but(rows=np.flatnonzero(~unknown(history, cutoff)))
    assert measured(every(function), history, rows) == measured(every(function), cleaned, rows)


@given(history=recorded.histories(), cutoff=recorded.moments, seed=st.integers(0, 9))
def test_corrupting_what_was_not_known_changes_nothing(function, history, cutoff, seed):
    rows = {"account": np.arange(3, dtype=np.int32), "cutoff": np.full(3, cutoff)}
    hidden, s = unknown(history, cutoff), history.signals
    chance = np.random.default_rng(seed)
    occurred = np.where(hidden, s.occurred + chance.integers(0, 9, len(s)) * DAY, s.occurred)
    late = np.maximum(occurred, cutoff + chance.integers(0, 9, len(s)) * DAY)
    if s.known is None:
        occurred = np.where(hidden, late, occurred)
    columns = {
        "occurred": occurred,
        "known": None if s.known is None else np.where(hidden, late, s.known),
        "account": np.where(hidden, chance.integers(0, 3, len(s)), s.account).astype(np.int32),
        "signal": np.where(hidden, chance.integers(0, 3, len(s)), s.signal).astype(np.int16),
        "value": None if s.value is None else np.where(hidden, chance.choice([np.nan, 1e300, -7.0], len(s)), s.value),
        "label": None if s.label is None else np.where(hidden, 0, s.label).astype(np.int32),
        "actor": None if s.actor is None else np.where(hidden, 0, s.actor).astype(np.int32),
    }
    assert measured(every(function), history, rows) == measured(every(function), history.but(**columns), rows)


@given(history=recorded.histories(), rows=recorded.rows(), seed=st.integers(0, 9))
def test_the_order_of_the_input_never_shows(function, history, rows, seed):
    chance = np.random.default_rng(seed)
    shuffled = history.but(rows=chance.permutation(len(history.signals)))
    assert measured(every(function), history, rows) == measured(every(function), shuffled, rows)


@given(history=recorded.histories(), rows=recorded.rows())
def test_a_row_does_not_depend_on_the_other_rows_or_features(function, history, rows):
    features = every(function)
    whole = evaluate(features, history, **rows, threads=1)
    for k in range(len(whole)):
        row = {name: column[k : k + 1] for name, column in rows.items()}
        assert measured(features, history, row) == whole[k].tobytes()
    for k in range(0, len(features), 5):
        assert measured(features[k : k + 1], history, rows) == whole[:, k].tobytes()


def test_one_thread_or_two_give_the_same_bytes(function, monkeypatch):
    monkeypatch.setattr(evaluation, "CHUNK", 100)
    chance = np.random.default_rng(0)
    facts, accounts = 70_000, 700
    occurred = recorded.BASE + chance.integers(-60, 60, facts) * DAY // 2
    history = recorded.recorded(
        list(
            zip(
                chance.integers(0, accounts, facts),
                chance.integers(0, 3, facts),
                occurred,
                occurred + chance.choice([0, DAY, 9 * DAY], facts, p=[0.98, 0.01, 0.01]),
                chance.choice(recorded.VALUES, facts),
                chance.integers(-1, 2, facts),
                chance.integers(-1, 9, facts),
                strict=True,
            )
        ),
        accounts=accounts,
    )
    rows = {
        "account": np.tile(np.arange(accounts, dtype=np.int32), 3),
        "cutoff": np.repeat(recorded.BASE + np.array([-9, 0, 9]) * DAY, accounts),
    }
    features = every(function)[:10]
    assert measured(features, history, rows) == measured(features, history.but(), rows, threads=2)
