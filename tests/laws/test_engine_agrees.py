"""Law: the engine gives what the naive oracle gives, for every registered aggregate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnkit.features.conditions import ValueTest
from churnkit.features.engine import evaluate
from churnkit.features.expressions import Aggregate, Apply, Attribute, Choose, Constant, Tenure
from churnkit.features.functions import FUNCTIONS
from churnkit.timeline import Span
from support import oracle, recorded
from support.measured import every, steps_apart

ANY_SIZE = st.floats(min_value=-1e300, max_value=1e300) | st.sampled_from((1e300, -1e300, 1e16, -1e16, 1.0, 1e-9))


@pytest.mark.parametrize("function", FUNCTIONS)
@given(history=recorded.histories(), rows=recorded.rows())
def test_every_aggregate_agrees_with_the_oracle(function, history, rows):
    features = every(function)
    ours = evaluate(features, history, **rows, threads=1)
    theirs = oracle.evaluate(features, history, **rows)
    assert steps_apart(ours, theirs).max() <= 1


@given(history=recorded.histories(values=ANY_SIZE), rows=recorded.rows())
def test_sums_agree_with_fsum_where_huge_and_tiny_values_meet(history, rows):
    features = [*every("total"), *every("mean")]
    with np.errstate(over="ignore"):
        theirs = oracle.evaluate(features, history, **rows)
    assert steps_apart(evaluate(features, history, **rows, threads=1), theirs).max() <= 1


@given(history=recorded.histories(), rows=recorded.rows())
def test_arithmetic_agrees_with_the_oracle(history, rows):
    count = Aggregate(function="count", signals=("login",), window=Span.of("7d"))
    mean = Aggregate(function="mean", signals=("nps",))
    high = Aggregate(function="share", signals=("nps",), where=ValueTest(sign=">", limit=1.0))
    features = [
        count / mean,
        count - 2 * mean,
        mean + high,
        *(compared(count, mean) for compared in RELATIONS),
        Apply(function="log1p", arg=mean),
        Apply(function="clip", arg=mean, low=-1.0, high=2.5),
        Apply(function="clip", arg=mean, high=0.5),
        abs(mean),
        Choose(condition=count > 1, then=mean, otherwise=high),
        Choose(condition=mean, then=Constant(value=1.0), otherwise=Constant(value=-1.0)),
        Tenure(),
        Attribute(column="size"),
        Attribute(column="region", categories=("north", "west")),
        Attribute(column="size", categories=("0", "10")),
    ]
    theirs = oracle.evaluate(features, history, **rows)
    assert steps_apart(evaluate(features, history, **rows, threads=1), theirs).max() <= 1


RELATIONS = (
    lambda x, y: x < y,
    lambda x, y: x <= y,
    lambda x, y: x > y,
    lambda x, y: x >= y,
    lambda x, y: x.equals(y),
    lambda x, y: x.differs(y),
)
