"""The story that the sample tells: who leaves, what shows before, and what does not give it away."""

import itertools

import numpy as np
import pandas as pd
import pytest

from support.made_up import another, last_versions, with_mood

USAGE = ["login", "report_run", "record_created", "export", "integration_sync", "user_invited"]
DAY = pd.Timedelta("1D")


@pytest.fixture(scope="module")
def sample():
    return another()


@pytest.fixture(scope="module")
def contracts(sample):
    return last_versions(sample)


@pytest.fixture(scope="module")
def leavers(contracts):
    """Voluntary leaves with half a year of record before them."""
    return contracts[(contracts["left"] >= "2024-12-01") & (contracts["end_reason"] == "voluntary")]


def monthly(contracts):
    months = pd.date_range("2024-06-01", "2026-06-01", freq="MS", tz="UTC")
    for start, end in itertools.pairwise(months):
        running = (contracts["started_at"] < start) & ~(contracts["left"] < start)
        yield running, (contracts["left"] >= start) & (contracts["left"] < end) & running


def test_two_to_four_percent_leave_a_month(contracts):
    rates = [leave.sum() / running.sum() for running, leave in monthly(contracts)]
    assert 0.025 < np.mean(rates) < 0.033
    assert min(rates) > 0.015
    assert max(rates) < 0.045


def test_the_book_stays(contracts):
    books = [running.sum() for running, _ in monthly(contracts)]
    assert min(books) > 0.9 * 2_000
    assert max(books) < 1.1 * 2_000


def test_most_leave_by_notice_some_lapse_some_do_not_pay(contracts):
    left = contracts[contracts["left"].notna() & (contracts["left"] >= "2024-06-01")]
    share = left["end_reason"].value_counts(normalize=True)
    assert 0.04 < share["involuntary"] < 0.15
    assert share["voluntary"] > 0.8
    assert left.loc[left["end_reason"] == "involuntary", "cancelled_at"].isna().all()
    noticed = left[left["cancelled_at"].notna()]
    assert (noticed["cancelled_at"] < noticed["ended_at"]).all()


def test_yearly_contracts_end_with_their_term(contracts):
    yearly = contracts[(contracts["term_months"] == 12) & contracts["cancelled_at"].notna()]
    months = (yearly["ended_at"].dt.year - yearly["started_at"].dt.year) * 12 + (
        yearly["ended_at"].dt.month - yearly["started_at"].dt.month
    )
    assert (months % 12 == 0).all()
    ahead = (yearly["ended_at"] - yearly["cancelled_at"]) / DAY
    assert ahead.min() >= 30
    assert 0.4 < (ahead < 105).mean() < 0.9


def test_versions_move_price_and_seats(sample):
    table = sample.tables["subscriptions"]
    versions = table.groupby("subscription_id")
    assert versions.size().max() >= 4
    assert (versions["recorded_at"].diff().dropna() >= pd.Timedelta(0)).all()
    rise = table["mrr"] / versions["mrr"].shift() - 1
    same_seats = table["seats"] == versions["seats"].shift()
    at_renewal = rise[same_seats & table["cancelled_at"].isna() & table["ended_at"].isna() & (rise > 0)]
    assert len(at_renewal) > 500
    assert at_renewal.between(0.05, 0.19).all()


def test_unhappy_accounts_answer_fewer_surveys(sample):
    asked = with_mood(sample, sample.tables["satisfaction"].query("metric == 'nps'"), "sent_at")
    answered = asked["score"].notna()
    content, unhappy = answered[asked["unhappy"] < 0.2].mean(), answered[asked["unhappy"] > 0.6].mean()
    assert 0.2 < content < 0.4
    assert unhappy < 0.6 * content


def test_what_is_asked_and_not_answered_has_an_empty_score_dated_when_sent(sample):
    silent = sample.tables["satisfaction"].query("score.isna()")
    assert len(silent) > 1_000
    assert (silent["occurred_at"] == silent["sent_at"]).all()
    assert silent["comment"].isna().all()


def test_nps_is_lower_in_the_sixty_days_before_leaving(sample, contracts):
    scores = sample.tables["satisfaction"].query("metric == 'nps' and score.notna()")
    leaves = contracts.loc[contracts["left"].notna(), ["account_id", "left"]]
    joined = scores.merge(leaves, on="account_id")
    ahead = (joined["left"] - joined["occurred_at"]) / DAY
    before = joined[(ahead > 0) & (ahead <= 60)]
    rest = scores[~scores["account_id"].isin(leaves["account_id"])]
    assert len(before) > 50
    assert before["score"].mean() < rest["score"].mean() - 1.0


def events_around(sample, leaves, events, first, last):
    """Events per day of each leave, from ``first`` to before ``last`` days before it."""
    activity = sample.tables["activity"]
    rows = activity[activity["event"].isin(events)][["account_id", "occurred_at"]]
    rows = rows.assign(account_id=rows["account_id"].astype(object)).merge(leaves, on="account_id")
    ahead = (rows["left"] - rows["occurred_at"]) / DAY
    count = rows[(ahead > last) & (ahead <= first)].groupby("account_id").size()
    return count.reindex(leaves["account_id"], fill_value=0).to_numpy() / (first - last)


def test_usage_falls_before_notice(sample, contracts, leavers):
    old = leavers[leavers["left"] - leavers["started_at"] > 200 * DAY]
    pairs = old[["account_id", "left"]].drop_duplicates("account_id")
    late, early = (events_around(sample, pairs, USAGE, *span) for span in ((30, 0), (180, 120)))
    assert np.median(late[early > 0] / early[early > 0]) < 0.75
    stayers = contracts[contracts["left"].isna() & (contracts["started_at"] < "2024-06-01")]
    pairs = stayers[["account_id"]].assign(left=pd.Timestamp("2025-11-01", tz="UTC"))
    late, early = (events_around(sample, pairs, USAGE, *span) for span in ((30, 0), (180, 120)))
    assert 0.9 < np.median(late[early > 0] / early[early > 0]) < 1.15


def test_accounts_are_not_silent_before_notice(sample, leavers):
    activity = sample.tables["activity"]
    rows = activity[activity["event"].isin(USAGE)].assign(account_id=lambda t: t["account_id"].astype(object))
    rows = rows[["account_id", "occurred_at"]].sort_values("occurred_at")
    asked = (
        leavers[["account_id", "left"]].assign(account_id=lambda t: t["account_id"].astype(object)).sort_values("left")
    )
    last = pd.merge_asof(asked, rows, left_on="left", right_on="occurred_at", by="account_id")
    silence = (last["left"] - last["occurred_at"]) / DAY
    assert silence.median() < 10


def test_cases_rise_before_notice(sample, leavers):
    tickets = sample.tables["tickets"].merge(leavers[["account_id", "left"]], on="account_id")
    ahead = (tickets["left"] - tickets["opened_at"]) / DAY
    assert ahead.between(0, 60).sum() > 1.4 * ahead.between(120, 180).sum()


def test_each_cause_leaves_its_own_mark(sample):
    tickets = with_mood(sample, sample.tables["tickets"], "opened_at")
    deep = tickets[tickets["trouble"] > 0.5]
    share = pd.crosstab(deep["cause"], deep["category"], normalize="index")
    usual = tickets.loc[tickets["cause"] == "none", "category"].value_counts(normalize=True)
    for cause, category in (
        ("incidents", "bug"),
        ("champion", "access"),
        ("price", "billing"),
        ("support", "bug"),
        ("adoption", "how-to"),
    ):
        assert share.loc[cause, category] > 1.2 * usual[category], (cause, category)
    hours = (deep["resolved_at"] - deep["opened_at"]) / pd.Timedelta("1h")
    assert hours[deep["cause"] == "support"].median() > 2 * hours[deep["cause"] != "support"].median()


def test_the_champion_is_missing(sample):
    weekly = sample.truth.weekly
    gone = weekly[(weekly["cause"] == "champion") & (weekly["trouble"] > 0.5)]
    activity = sample.tables["activity"]
    ids = set(gone["account_id"])
    rows = activity[activity["account_id"].isin(ids) & activity["user_id"].notna()]
    rows = with_mood(sample, rows[["account_id", "occurred_at", "user_id"]], "occurred_at")
    first = rows["user_id"].astype(str).str.endswith("-01")
    without = rows["cause"].eq("champion") & (rows["trouble"] > 0.5)
    assert first[without].mean() < 0.05
    assert first[rows["cause"] == "none"].mean() > 0.15


def test_failed_payments_come_before_an_involuntary_end(sample, contracts):
    ends = contracts[(contracts["end_reason"] == "involuntary") & (contracts["left"] >= "2024-08-01")]
    failed = events_around(sample, ends[["account_id", "left"]], ["payment_failed"], 42, 0) * 42
    assert len(ends) > 30
    assert (failed >= 2).mean() > 0.95


def test_nothing_happens_after_the_end(sample, contracts):
    once = contracts.drop_duplicates("account_id", keep=False)
    ends = once[once["ended_at"].notna()].set_index("account_id")["ended_at"]
    for table, moment in (
        ("activity", "occurred_at"),
        ("satisfaction", "sent_at"),
        ("tickets", "opened_at"),
        ("contacts", "contacted_at"),
        ("decisions", "decided_at"),
    ):
        rows = sample.tables[table]
        ended = rows["account_id"].astype(object).map(ends)
        assert not (rows[moment] >= ended).any(), table


def test_work_goes_on_during_notice(sample, contracts):
    noticed = contracts[contracts["cancelled_at"].notna() & (contracts["ended_at"] < "2026-06-01")]
    noticed = noticed[(noticed["ended_at"] - noticed["cancelled_at"]) > 30 * DAY]
    pairs = noticed[["account_id"]].assign(left=noticed["cancelled_at"] + 21 * DAY).drop_duplicates("account_id")
    assert (events_around(sample, pairs, USAGE, 21, 0) > 0).mean() > 0.7


def test_dormant_accounts_hardly_work_and_hardly_leave(sample):
    weekly = sample.truth.weekly
    assert 0.01 < weekly["dormant"].mean() < 0.08
    awake = weekly[~weekly["dormant"]]
    assert weekly.loc[weekly["dormant"], "hazard"].mean() < awake["hazard"].mean()
    activity = with_mood(sample, sample.tables["activity"][["account_id", "occurred_at"]], "occurred_at")
    assert activity["dormant"].astype(bool).mean() < 0.4 * weekly["dormant"].mean()


def test_some_come_back(contracts):
    numbers = contracts["subscription_id"].str.rsplit("-", n=1).str[1].astype(int)
    returned = contracts[numbers > 1]
    assert len(returned) > 10
    before = contracts.merge(returned[["account_id", "started_at"]], on="account_id", suffixes=("", "_again"))
    gap = (before["started_at_again"] - before["ended_at"]).dropna()
    assert gap[gap > pd.Timedelta(0)].min() > 60 * DAY
