"""Expressions of every kind, as hypothesis writes them."""

from __future__ import annotations

from hypothesis import strategies as st

from churnkit.features.conditions import AllOf, AnyOf, LabelTest, Not, ValueTest
from churnkit.features.expressions import (
    Aggregate,
    Apply,
    Arithmetic,
    Attribute,
    Choose,
    Comparison,
    Constant,
    FromBook,
    RankAmong,
    Tenure,
)
from churnkit.features.functions import FUNCTIONS

# words that would blur the grammar of names, were they not marked
WORDS = (
    "login", "ticket_opened", "Login", "log in", "log-in", "a", "b", "a_or_b", "meeting_over_zoom", "login_30d",
    "any", "x_where_value_ge_3", "30d", "é", "count", "tenure", "not", "a__b", "and_more", "_a",
)  # fmt: skip
SIGNS = ("<", "<=", ">", ">=", "==", "!=")

words = st.sampled_from(WORDS)
numbers = st.sampled_from((0.0, 1.0, -1.0, 0.5, 12.0, 1e6, 1e22, 1e-7, 1234567.1, 1234567.2))
spans = st.sampled_from(("1d", "7d", "30d", "36h", "1h"))
values = st.builds(ValueTest, sign=st.sampled_from(SIGNS), limit=numbers)
labels = st.builds(
    LabelTest, sign=st.sampled_from(("==", "!=")), labels=st.lists(words, min_size=1, max_size=3).map(tuple)
)
conditions = st.recursive(
    values | labels,
    lambda inner: (
        st.builds(AllOf, tests=st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(AnyOf, tests=st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Not, test=inner)
    ),
    max_leaves=4,
)


@st.composite
def aggregates(draw):
    function = draw(st.sampled_from(tuple(FUNCTIONS)))
    return Aggregate(
        function=function,
        signals=draw(st.lists(words, max_size=5).map(tuple)),
        window=draw(st.none() | spans),
        ending=draw(st.just("0d") | spans),
        where=draw(conditions if function == "share" else st.none() | conditions),
    )


leaves = aggregates() | st.builds(Attribute, column=words) | st.just(Tenure()) | st.builds(Constant, value=numbers)


@st.composite
def clips(draw, inner):
    low, high = sorted((draw(numbers), draw(numbers)))
    ends = draw(st.sampled_from(({"low": low}, {"high": high}, {"low": low, "high": high})))
    return Apply(function="clip", arg=draw(inner), **ends)


def compounds(inner):
    return (
        st.builds(Arithmetic, sign=st.sampled_from(("+", "-", "*", "/")), left=inner, right=inner)
        | st.builds(Comparison, sign=st.sampled_from(SIGNS), left=inner, right=inner)
        | st.builds(Apply, function=st.sampled_from(("log1p", "abs")), arg=inner)
        | clips(inner)
        | st.builds(Choose, condition=inner, then=inner, otherwise=inner)
    )


plain = st.recursive(leaves, compounds, max_leaves=4)
of_the_book = st.builds(RankAmong, arg=plain, within=st.none() | words) | st.builds(FromBook, arg=plain)


def expressions():
    """Plain expressions, features of the book, and compounds of both."""
    return st.recursive(plain | of_the_book, compounds, max_leaves=3)
