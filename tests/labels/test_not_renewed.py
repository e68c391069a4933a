"""Not renewed: the six-account company by hand (its story stands in tests/support/company.py)."""

from __future__ import annotations

import pandas as pd
import pytest

from churnkit.errors import MissingTable
from churnkit.history import History
from churnkit.labels import Cancelled, NotRenewed, label
from churnkit.timeline import DAY, moment
from support import company


def answers(history, definition, cutoff):
    found = label(history, definition, [moment(cutoff)], definition.horizons())
    return dict(zip(history.account_ids[found.account], found.y.tolist(), strict=True)), found.counts


def test_labels_by_hand(six):
    y, _ = answers(six, NotRenewed(horizon="90d"), "2025-02-01")
    # Ends, not notices: bob 2025-04-30 noon is day 88.5, cyd 2025-03-15 day 42.5, fay 2025-05-31 day 119.5.
    assert y == {"ada": [0, 0, 0], "bob": [0, 0, 1], "cyd": [0, 1, 1], "dot": [0, 0, 0], "fay": [0, 0, 0]}
    assert answers(six, NotRenewed(horizon="90d"), "2025-03-01")[0]["bob"] == [0, 0, 1]


def test_a_term_that_follows_within_the_grace_is_a_renewal(six):
    # Cyd is without a contract for 66 days, from 2025-03-15 to 2025-05-20.
    for grace, leaves in (("65d", 1), ("66d", 0)):
        assert answers(six, NotRenewed(horizon="42d", grace=grace), "2025-02-28")[0]["cyd"] == [leaves, leaves]


def test_maturity_waits_for_the_grace(six):
    # All three ends were recorded by the day they came, so the delay is the grace alone; the record ends
    # 2025-07-01, so 60 days and 30 of grace must begin by 2025-04-02.
    assert NotRenewed().delay(six) == 30 * DAY
    for cutoff, immature in (("2025-04-02", 0), ("2025-04-02T00:01", 4)):
        assert answers(six, NotRenewed(horizon="60d"), cutoff)[1]["immature 60d"] == immature


def test_the_delay_is_that_of_ends_beside_the_grace():
    tables = company.tables()
    rows = tables["subscriptions"]
    late = rows["subscription_id"] == "s7"
    tables["subscriptions"] = rows.assign(recorded_at=rows["recorded_at"].mask(late, company.at("2025-06-10")))
    # Fay's end of 2025-05-31 is recorded ten days on, bob's and cyd's at once: of 0, 0, 10 the 99th percentile is 9.8.
    assert NotRenewed(grace="14d").delay(History(**tables)) == round((14 + 9.8) * DAY)


def test_population_is_that_of_contracts_without_notice(six):
    for cutoff in ("2025-02-01", "2025-04-11", "2025-05-21", "2025-06-02"):
        ours, theirs = (d.standing(six, moment(cutoff)) for d in (NotRenewed(), Cancelled()))
        assert ours.why.tolist() == theirs.why.tolist()


def test_overlapping_contracts_cover_each_other():
    tables = company.tables()
    rows = tables["subscriptions"]
    long = rows[rows["subscription_id"] == "s2"].assign(
        subscription_id="s8",
        ended_at=company.at("2025-06-10"),
        cancelled_at=pd.Series(pd.NaT, index=[1], dtype=rows["cancelled_at"].dtype),
    )
    tables["subscriptions"] = pd.concat([rows, long], ignore_index=True)
    history = History(**tables, observed_until="2025-09-01")
    assert answers(history, NotRenewed(horizon="60d"), "2025-03-20")[0]["bob"] == [0, 0]
    assert answers(history, NotRenewed(horizon="60d"), "2025-04-09")[0]["bob"] == [0, 0]
    leave = NotRenewed().next_leave(history, moment("2025-04-09"))[history.code("bob")]
    assert leave == moment("2025-06-10T12:00")


def test_needs_subscriptions():
    tables = company.tables()
    del tables["subscriptions"]
    with pytest.raises(MissingTable, match="NotRenewed"):
        NotRenewed().check(History(**tables))
