"""Facts by account, in a total order."""

from __future__ import annotations

import numpy as np
import pytest

from churnkit.features.engine import grouping
from churnkit.features.engine.grouping import group, grouped
from churnkit.history.signals import Signals

NAN = float("nan")


def signals(**columns) -> Signals:
    n = len(columns["account"])
    given = {"signal": [0] * n, "occurred": [0] * n} | columns
    dtypes = {"account": np.int32, "signal": np.int16, "occurred": np.int64, "known": np.int64, "value": np.float64}
    arrays = {k: np.array(v, dtype=dtypes.get(k, np.int32)) for k, v in given.items()}
    return Signals(names=("a", "b"), **arrays)


def test_facts_lie_by_account_and_accounts_without_facts_have_none():
    facts = group(signals(account=[2, 0, 2, 0], occurred=[5, 4, 3, 9]), 4, threads=1)
    assert facts.start.tolist() == [0, 2, 2, 4, 4]
    assert facts.occurred.tolist() == [4, 9, 3, 5]


@pytest.mark.parametrize(
    ("column", "given", "ordered"),
    [
        ("occurred", [3, 1, 2], [1, 2, 3]),
        ("known", [30, 10, 20], [10, 20, 30]),
        ("signal", [1, 0, 1], [0, 1, 1]),
        ("value", [NAN, 2.0, -1.0], [-1.0, 2.0, NAN]),
        ("label", [4, -1, 2], [-1, 2, 4]),
    ],
)
def test_ties_are_broken_column_by_column(column, given, ordered):
    facts = group(signals(account=[0, 0, 0], **{column: given}), 1, threads=1)
    np.testing.assert_array_equal(getattr(facts, column), ordered)


def test_a_long_unordered_account_is_ordered_as_lexsort_does():
    chance = np.random.default_rng(0)
    n = 5000
    columns = {
        "account": np.zeros(n),
        "occurred": chance.integers(0, 40, n),
        "known": chance.integers(0, 3, n),
        "signal": chance.integers(0, 2, n),
        "value": chance.choice([NAN, 1.0, 2.0], n),
        "label": chance.integers(-1, 3, n),
    }
    facts = group(signals(**columns), 1, threads=1)
    order = np.lexsort([columns[k] for k in ("label", "value", "signal", "known", "occurred")])
    for name in ("occurred", "known", "signal", "value", "label"):
        np.testing.assert_array_equal(getattr(facts, name), columns[name][order])


def test_actors_are_numbered_within_each_account():
    facts = group(signals(account=[0, 0, 0, 1], occurred=[1, 2, 3, 1], actor=[70, -1, 9, 70]), 2, threads=1)
    assert facts.actor.tolist() == [1, -1, 0, 0]


def test_there_is_one_zero_and_one_nan():
    facts = group(signals(account=[0, 0], value=[-0.0, -NAN]), 1, threads=1)
    assert facts.value.tobytes() == np.array([0.0, NAN]).tobytes()


def test_what_a_source_has_not_takes_no_memory():
    facts = group(signals(account=[0, 1]), 2, threads=1)
    assert [len(c) for c in (facts.known, facts.value, facts.label, facts.actor)] == [0, 0, 0, 0]


def test_threads_do_not_show():
    chance = np.random.default_rng(1)
    n = 70_000
    account, occurred, actor = chance.integers(0, 50, n), chance.integers(0, 1000, n), chance.integers(-1, 5, n)
    source = signals(account=account, occurred=occurred, actor=actor)
    one, three = group(source, 50, threads=1), group(source, 50, threads=3)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(one, three, strict=True))


def test_read_only_columns_are_taken_and_left_alone():
    source = signals(account=[1, 0], occurred=[2, 1], value=[-0.0, 1.0])
    for column in (source.account, source.occurred, source.value):
        column.flags.writeable = False
    assert group(source, 2, threads=1).occurred.tolist() == [1, 2]
    assert np.signbit(source.value[0])


def test_a_grouping_is_made_once_and_goes_with_its_signals():
    source = signals(account=[0])
    assert grouped(source, 1, 1) is grouped(source, 1, 1)
    before = len(grouping._grouped)
    del source
    assert len(grouping._grouped) == before - 1
