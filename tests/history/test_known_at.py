"""The history as it was: what a cut history says at its moment equals what the whole one says of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnkit.errors import CutoffOutOfReach
from churnkit.history import History
from churnkit.history.assembly import end_of_terms
from churnkit.history.contract_facts import add_contracts
from churnkit.history.facts import Facts
from churnkit.history.tickets import add_tickets
from churnkit.labels import Cancelled, WentQuiet
from churnkit.timeline import DAY, moment
from support import company

MOMENTS = ("2025-02-10", "2025-03-16", "2025-04-11", "2025-04-26", "2025-05-06", "2025-06-02")


def told(history, signals, cutoff):
    """Every fact that counts at a cutoff, under names that no coding changes."""
    rows = (signals.occurred < cutoff) & (signals.known_or_occurred < cutoff)
    ids = history.account_ids.to_numpy()[signals.account[rows]]
    names = np.array(signals.names, dtype=object)[signals.signal[rows]]
    labels = np.array([*signals.labels, ""], dtype=object)
    label = labels[signals.label[rows]] if signals.label is not None else np.full(rows.sum(), "")
    value = signals.value[rows] if signals.value is not None else np.full(rows.sum(), np.nan)
    found = zip(ids, names, signals.occurred[rows], np.nan_to_num(value, nan=-1), label, strict=True)
    return sorted(tuple(map(str, f)) for f in found if history.opened[history.code(f[0])] < cutoff)


def dated_anew(history):
    """Date the interval tables of a history again, from nothing but its own frames."""
    facts = Facts()
    if history.tickets is not None:
        add_tickets(facts, history.tickets, None)
    if history.contracts is not None:
        add_contracts(facts, history.contracts, end_of_terms(history._contents.observed), 7 * DAY)
    return facts.signals()


def assert_cut_is_true(history, cutoff):
    then = history.known_at(cutoff)
    assert told(then, then.signals, cutoff) == told(history, history.signals, cutoff)
    assert len(then.signals) == len(told(then, then.signals, cutoff))
    interval = {n for n, t in history.signals.tables.items() if t in ("subscriptions", "tickets")}
    whole = [f for f in told(history, history.signals, cutoff) if f[1] in interval]
    assert told(then, dated_anew(then), cutoff) == whole


@pytest.mark.parametrize("when", MOMENTS)
def test_the_six_as_they_were(six, when):
    cutoff = moment(when)
    assert_cut_is_true(six, cutoff)
    then = six.known_at(when)
    for definition in (Cancelled(), WentQuiet(days=30)):
        now = definition.standing(six, cutoff)
        was = definition.standing(then, cutoff)
        assert list(then.account_ids[was.inside]) == list(six.account_ids[now.inside])
    for table in six.observed_until:
        assert then.ended_early(table, cutoff) == six.ended_early(table, cutoff)


def test_what_was_not_known_does_not_exist(six):
    then = six.known_at("2025-04-26")
    assert then.account_ids.tolist() == ["ada", "bob", "cyd", "dot", "fay"]  # eve opens in May
    rows = then.subscriptions.set_index("subscription_id")
    assert rows.loc["s2", "cancelled_at"] == company.at("2025-04-10")
    assert pd.isna(rows.loc["s2", "ended_at"])  # four days ahead
    assert rows.loc["s2", "end_reason"] == "voluntary"
    assert pd.isna(rows.loc["s7", "cancelled_at"])  # given on 04-25, recorded in May
    assert rows.loc["s7", "end_reason"] is None
    assert pd.isna(rows.loc["s7", "recorded_at"])
    assert "s4" not in rows.index
    assert then.last_moment <= moment("2025-04-26")


@pytest.mark.parametrize("at", ["2025-06-15", "2025-09-01T13:30"])
def test_scoring_then_equals_scoring_the_whole_at_that_moment(model, saas, at):
    whole, then = model.score(saas, at).frame, model.score(saas.known_at(at), at).frame
    pd.testing.assert_frame_equal(whole, then, check_exact=True)


def test_before_anybody_opened_there_is_nothing(six):
    with pytest.raises(CutoffOutOfReach, match="no account was open"):
        six.known_at("2020-01-01")


day = st.integers(0, 60).map(lambda d: pd.Timestamp("2025-01-01", tz="UTC") + pd.Timedelta(days=d))
maybe = st.none() | day
contract = st.tuples(
    st.sampled_from(["a", "b"]), st.sampled_from(["s1", "s2", "s3", None]), day, maybe, maybe, maybe,
    st.sampled_from([None, 1, 3]), maybe, st.sampled_from([10.0, 20.0]), st.sampled_from(["basic", "pro"]),
)  # fmt: skip
ticket = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["t1", "t2", None]), day, maybe, maybe,
                   st.sampled_from([1, 2]), st.booleans())  # fmt: skip
CONTRACT = ("account_id", "subscription_id", "started_at", "ended_at", "cancelled_at", "recorded_at", "term_months",
            "renews_at", "mrr", "plan")  # fmt: skip
TICKET = ("account_id", "ticket_id", "opened_at", "resolved_at", "recorded_at", "severity", "reopened")


def as_frame(rows, columns):
    frame = pd.DataFrame(rows, columns=list(columns))
    for column in columns:
        if column.endswith("_at"):
            frame[column] = pd.to_datetime(frame[column], utc=True)
    return frame


@given(st.lists(contract, min_size=1, max_size=6), st.lists(ticket, max_size=4), st.integers(1, 70))
def test_any_interval_rows_cut_anywhere(contracts, tickets, cut):
    one_account = {}  # an id names one subscription of one account
    contracts = [(one_account.setdefault(r[1], r[0]) if r[1] else r[0], *r[1:]) for r in contracts]
    owner = {}
    tickets = [(owner.setdefault(r[1], r[0]) if r[1] else r[0], *r[1:]) for r in tickets]
    history = History(
        accounts=pd.DataFrame({"account_id": ["a", "b"], "opened_at": ["2024-12-01"] * 2}),
        activity=pd.DataFrame({"account_id": ["a"], "occurred_at": ["2025-01-01"], "event": ["login"]}),
        subscriptions=as_frame(contracts, CONTRACT),
        tickets=as_frame(tickets, TICKET),
        observed_until="2025-04-01",
    )
    cutoff = moment("2025-01-01") + cut * DAY + DAY // 2
    assert_cut_is_true(history, cutoff)
    then = history.known_at(cutoff)
    inside = Cancelled().standing(history, cutoff).inside
    if len(then.contracts.account):  # where no contract had begun, Cancelled refuses the history as it was
        np.testing.assert_array_equal(Cancelled().standing(then, cutoff).inside, inside)
    else:
        assert not inside.any()
