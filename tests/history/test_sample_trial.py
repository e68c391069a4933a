"""The trial: contacts drawn by lot with the probabilities that are written down, and judgement beside it."""

import numpy as np
import pandas as pd
import pytest

from churnkit.history.sample import generate
from support.made_up import another, last_versions, with_mood

PROPENSITY = {
    "small": 0.08,
    "small, renewal near": 0.12,
    "middle": 0.12,
    "middle, renewal near": 0.16,
    "large": 0.16,
    "large, renewal near": 0.22,
}
ROLE_SHARE = {"sales": 0.22, "service": 0.38, "technical": 0.25, "financial": 0.15}


@pytest.fixture(scope="module")
def sample():
    return another()


@pytest.fixture(scope="module")
def decisions(sample):
    return sample.tables["decisions"]


@pytest.fixture(scope="module")
def lots(decisions):
    return decisions[decisions["assignment"] == "random"]


def test_the_trial_lasts_ten_months_every_two_weeks(lots):
    moments = pd.DatetimeIndex(sorted(lots["decided_at"].unique()))
    assert len(moments) == 22
    assert (moments[1:] - moments[:-1] == pd.Timedelta("14D")).all()
    assert moments[0] > pd.Timestamp("2025-01-01", tz="UTC")
    assert moments[-1] < pd.Timestamp("2025-12-01", tz="UTC")


@pytest.mark.parametrize("stratum", PROPENSITY)
def test_the_contacted_share_of_a_stratum_is_its_propensity(lots, stratum):
    rows = lots[lots["stratum"] == stratum]
    p = PROPENSITY[stratum]
    assert rows["propensity"].to_numpy() == pytest.approx(p)
    assert abs(rows["contact"].mean() - p) < 3.5 * np.sqrt(p * (1 - p) / len(rows))


def test_the_lot_knows_nothing_of_the_mood(sample, lots):
    rows = with_mood(sample, lots, "decided_at")
    surplus = rows["contact"].astype(float) - rows["propensity"]
    for truth in (rows["unhappy"], rows["dormant"].astype(float), rows["on_list"].astype(float)):
        product = surplus * (truth - truth.mean())
        assert abs(product.mean()) < 3.5 * product.std() / np.sqrt(len(product))


def test_judgement_calls_the_unhappy(sample, decisions):
    rows = with_mood(sample, decisions[decisions["assignment"] == "judgement"], "decided_at")
    called = rows["contact"].astype(bool)
    assert rows.loc[called, "unhappy"].mean() > rows.loc[~called, "unhappy"].mean() + 0.1
    assert rows["propensity"].isna().all()
    assert (rows["on_list"] == rows["contact"]).all()


def test_the_list_that_judgement_would_have_made_is_kept_beside_the_lot(sample, lots):
    rows = with_mood(sample, lots, "decided_at")
    listed = rows["on_list"].astype(bool)
    assert 0.01 < listed.mean() < 0.1
    assert rows.loc[listed, "unhappy"].mean() > rows.loc[~listed, "unhappy"].mean() + 0.1


def test_roles_are_drawn_by_their_shares(lots):
    drawn = lots[lots["contact"]]
    assert drawn["role_propensity"].to_numpy() == pytest.approx(drawn["role"].map(ROLE_SHARE).to_numpy(dtype=float))
    for role, p in ROLE_SHARE.items():
        assert abs((drawn["role"] == role).mean() - p) < 3.5 * np.sqrt(p * (1 - p) / len(drawn))
    spared = lots[~lots["contact"]]
    assert spared["role"].isna().all()
    assert spared["role_propensity"].isna().all()


def test_one_row_per_eligible_account_and_moment(sample, decisions):
    assert not decisions.duplicated(["account_id", "decided_at"]).any()
    accounts = sample.tables["accounts"].set_index("account_id")
    marked = accounts.index[accounts["do_not_contact"]]
    assert len(marked) > 20
    assert not decisions["account_id"].isin(marked).any()
    assert not sample.tables["contacts"]["account_id"].isin(marked).any()


def test_nobody_in_cool_down_under_notice_or_not_yet_open_is_eligible(sample, decisions):
    rows = decisions.sort_values("decided_at")
    calls = sample.tables["contacts"][["account_id", "contacted_at"]].sort_values("contacted_at")
    joined = pd.merge_asof(rows, calls, left_on="decided_at", right_on="contacted_at", by="account_id")
    assert ((joined["decided_at"] - joined["contacted_at"]).dropna() > pd.Timedelta("28D")).all()
    contracts = last_versions(sample).drop_duplicates("account_id", keep=False)
    joined = rows.merge(contracts[["account_id", "started_at", "left"]], on="account_id")
    assert (joined["decided_at"] >= joined["started_at"] + pd.Timedelta("30D")).all()
    assert not (joined["decided_at"] >= joined["left"]).any()


def test_almost_everybody_eligible_has_a_row(sample, lots):
    contracts = last_versions(sample)
    moment = lots["decided_at"].iloc[0]
    old = moment - pd.Timedelta("31D")
    running = contracts[(contracts["started_at"] < old) & ~(contracts["left"] < moment)]["account_id"]
    recent = sample.tables["contacts"].query("contacted_at > @old and contacted_at < @moment")["account_id"]
    marked = sample.tables["accounts"].query("do_not_contact")["account_id"]
    expected = set(running) - set(recent) - set(marked)
    assert expected <= set(lots.loc[lots["decided_at"] == moment, "account_id"])


def test_contacts_carry_out_what_was_decided(sample, lots):
    calls = sample.tables["contacts"]
    drawn = calls[calls["assignment"] == "random"].merge(
        lots, on=["account_id", "decided_at"], how="left", suffixes=("", "_decided")
    )
    assert (drawn["contact"] == True).all()  # noqa: E712
    assert (drawn["role"] == drawn["role_decided"]).all()
    assert drawn["propensity"].to_numpy() == pytest.approx(drawn["propensity_decided"].to_numpy())
    assert (drawn["contacted_at"] > drawn["decided_at"]).all()
    assert (drawn["contacted_at"] < drawn["until"]).all()
    made = len(drawn) / lots["contact"].sum()
    assert 0.85 < made < 0.97
    assert 0.78 < (calls["outcome"] == "reached").mean() < 0.92


def test_before_the_trial_only_the_calls_are_logged(sample, decisions):
    calls = sample.tables["contacts"]
    before = calls[calls["contacted_at"] < decisions["decided_at"].min()]
    assert len(before) > 500
    assert set(before["assignment"]) == {"judgement"}


def test_a_company_without_a_trial_draws_no_lots():
    tables = generate(60, months=12, seed=3, trial=False).tables
    assert set(tables["contacts"]["assignment"]) == {"judgement"}
    assert set(tables["decisions"]["assignment"]) == {"judgement"}
    months = tables["contacts"]["contacted_at"].dt.tz_localize(None).dt.to_period("M")
    assert months.nunique() == 12
