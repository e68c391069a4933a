"""Labels of the six-account company, by hand (its story stands in tests/support/company.py)."""

from __future__ import annotations

import pandas as pd
import pytest

from churnkit.errors import HorizonError, MissingTable
from churnkit.history import History
from churnkit.labels import Cancelled, label, purge
from churnkit.timeline import DAY, moment, moments
from support import company


def labelled(history, definition, *cutoffs):
    found = label(history, definition, moments(cutoffs), definition.horizons())
    frame = pd.DataFrame(found.y, columns=[str(h) for h in found.horizons])
    frame.index = pd.MultiIndex.from_arrays(
        [history.account_ids[found.account], pd.to_datetime(found.cutoff, unit="us")]
    )
    return frame, found.counts


@pytest.mark.parametrize(
    ("cutoff", "inside", "outside"),
    [
        ("2025-02-01", {"ada", "bob", "cyd", "dot", "fay"}, {"eve": "not open yet"}),
        ("2025-04-10T12:00", {"ada", "bob", "dot", "fay"}, {"cyd": "contract ended", "eve": "not open yet"}),
        ("2025-04-10T12:01", {"ada", "dot", "fay"}, {"bob": "notice given", "cyd": "contract ended"}),
        ("2025-05-01T13:00", {"ada", "dot", "eve", "fay"}, {"bob": "contract ended"}),
        ("2025-05-06", {"ada", "dot", "eve"}, {"fay": "notice given"}),
        ("2025-05-21", {"ada", "cyd", "dot", "eve"}, {"bob": "contract ended"}),
        ("2025-06-02", {"ada", "cyd", "dot", "eve"}, {"fay": "contract ended"}),
    ],
)
def test_population_as_known_then(six, cutoff, inside, outside):
    standing = Cancelled().standing(six, moment(cutoff))
    assert set(six.account_ids[standing.inside]) == inside
    why = dict(zip(six.account_ids, standing.why, strict=True))
    assert {k: why[k] for k in outside} == outside


def test_labels_by_hand(six):
    y, _ = labelled(six, Cancelled(horizon="90d"), "2025-02-01", "2025-03-01")
    expected = {
        ("ada", "2025-02-01"): [0, 0, 0],
        ("bob", "2025-02-01"): [0, 0, 1],  # notice 2025-04-10 is day 68
        ("cyd", "2025-02-01"): [0, 1, 1],  # end 2025-03-15 is day 42
        ("dot", "2025-02-01"): [0, 0, 0],
        ("fay", "2025-02-01"): [0, 0, 1],  # notice 2025-04-25 is day 83
        ("bob", "2025-03-01"): [0, 1, 1],
        ("cyd", "2025-03-01"): [1, 1, 1],
        ("fay", "2025-03-01"): [0, 1, 1],
    }
    for (account, cutoff), row in expected.items():
        assert y.loc[(account, pd.Timestamp(cutoff))].tolist() == row


def test_the_last_moment_of_the_window_is_outside(six):
    start = moment("2025-04-10T12:00") - 30 * DAY
    y = label(six, Cancelled(horizon="30d"), [start], Cancelled(horizon="30d").horizons())
    assert dict(zip(six.account_ids[y.account], y.y[:, 0], strict=True))["bob"] == 0
    y = label(six, Cancelled(horizon="30d"), [start + 1], Cancelled(horizon="30d").horizons())
    assert dict(zip(six.account_ids[y.account], y.y[:, 0], strict=True))["bob"] == 1


def test_immature_pairs_are_dropped_whole_and_counted(six):
    # Delays of the three ends are 0, 0 and 10 days: the 99th percentile is 9.8 days. The record ends
    # 2025-07-01, so a label must be complete by 2025-06-21 05:00: 60 days from 2025-04-22 05:00 on are not.
    assert Cancelled().delay(six) == round(9.8 * DAY)
    y, counts = labelled(six, Cancelled(horizon="60d"), "2025-04-22T04:00", "2025-04-22T06:00")
    mature, immature = y.index.levels[1]
    assert y.xs(mature, level=1).loc["fay", "60d"] == 1
    assert (y.xs(immature, level=1)["60d"] == -1).all()
    assert (y.xs(immature, level=1)["30d"] >= 0).all()
    assert counts["immature 60d"] == 3
    assert counts["immature 30d"] == 0


def test_who_had_left_unnoticed_is_dropped(six):
    y, counts = labelled(six, Cancelled(horizon="30d"), "2025-05-01")
    assert y.loc["fay", "30d"].tolist() == [-1]
    assert counts["had left unnoticed"] == 1


def test_leavers_inside_the_lead_are_dropped_and_counted(six):
    y, counts = labelled(six, Cancelled(horizon="60d", lead="14d"), "2025-03-02")
    assert y.loc["cyd"].to_numpy().tolist() == [[-1, -1]]  # ends on day 13
    assert y.loc["bob"].to_numpy().tolist() == [[1, 1]]  # notice on day 39, [14, 44)
    assert counts["left inside the lead"] == 1


@pytest.mark.parametrize(("later", "expected", "lost"), [(0, [1], 0), (1, [-1], 1)])
def test_the_lead_ends_where_the_window_begins(six, later, expected, lost):
    # Bob's notice lies 14 days after the cutoff to the microsecond: the first moment of the window.
    definition = Cancelled(horizon="30d", lead="14d")
    start = moment("2025-04-10T12:00") - 14 * DAY + later
    found = label(six, definition, [start], definition.horizons())
    assert found.y[found.account == six.code("bob")].tolist() == [expected]
    assert found.counts["left inside the lead"] == lost


def test_maturity_waits_for_the_lead_too(six):
    # As below: complete by 2025-06-21 05:00; 46 days and 14 of lead are 60.
    definition = Cancelled(horizon="46d", lead="14d")
    for cutoff, immature in (("2025-04-22T04:00", 0), ("2025-04-22T06:00", 3)):
        found = label(six, definition, [moment(cutoff)], (definition.horizon,))
        assert found.counts["immature 46d"] == immature


def test_purge(six):
    assert purge(six, Cancelled(horizon="90d", lead="14d")) == round((90 + 14 + 9.8) * DAY)


def test_cancel_and_rebuy_is_no_leave():
    tables = company.tables()
    rows = tables["subscriptions"]
    back = rows[rows["subscription_id"] == "s4"].assign(
        subscription_id="s9",
        account_id="bob",
        started_at=company.at("2025-05-03"),
        recorded_at=company.at("2025-05-03"),
    )
    tables["subscriptions"] = pd.concat([rows.assign(cancelled_at=pd.NaT), back], ignore_index=True)
    tables["subscriptions"]["cancelled_at"] = pd.to_datetime(tables["subscriptions"]["cancelled_at"], utc=True)
    history = History(**tables, observed_until=company.OBSERVED)
    for gap, leaves in (("7d", 0), ("2d", 1)):
        y, _ = labelled(history, Cancelled(horizon="60d", rebuy_gap=gap), "2025-04-01")
        assert y.loc["bob", "60d"].tolist() == [leaves]


def test_needs_subscriptions():
    tables = company.tables()
    del tables["subscriptions"]
    with pytest.raises(MissingTable, match="WentQuiet"):
        Cancelled().check(History(**tables))


def test_a_horizon_above_the_main_one_is_refused():
    from churnkit.timeline import Span

    with pytest.raises(HorizonError, match="longer than the main one"):
        Cancelled(horizon="90d").horizons((Span.of("180d"),))


def test_an_upgrade_with_notice_weeks_before_the_end_is_no_leave():
    # Bob's notice is of 2025-04-10, his contract ends 2025-04-30, a new one starts on 2025-05-03: three days on.
    tables = company.tables()
    rows = tables["subscriptions"]
    back = rows[rows["subscription_id"] == "s4"].assign(
        subscription_id="s9",
        account_id="bob",
        started_at=company.at("2025-05-03"),
        recorded_at=company.at("2025-05-03"),
    )
    tables["subscriptions"] = pd.concat([rows, back], ignore_index=True)
    history = History(**tables, observed_until=company.OBSERVED)
    for gap, leaves in (("7d", 0), ("2d", 1)):
        y, _ = labelled(history, Cancelled(horizon="60d", rebuy_gap=gap), "2025-04-01")
        assert y.loc["bob", "60d"].tolist() == [leaves]


def test_a_history_cut_before_the_first_contract_has_nobody_to_ask(six):
    early = six.known_at("2025-01-15")
    standing = Cancelled().standing(early, moment("2025-01-15"))
    assert standing.inside.any()
    tables = company.tables()
    tables["subscriptions"]["started_at"] = company.at("2025-02-01")
    none_yet = History(**tables, observed_until=company.OBSERVED).known_at("2025-01-15")
    assert not Cancelled().standing(none_yet, moment("2025-01-15")).inside.any()
