"""The leak guard over histories: planted leaks are warned of by name, and exclude= takes them out."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import churnkit as ck
from churnkit import features as f
from churnkit.errors import BadRecipe, PossibleLeak
from churnkit.history import History
from churnkit.learning import LearnerSettings
from churnkit.learning.flat import FlatColumns
from churnkit.learning.leaks import AFTERWARDS, EDITED, Asked, suspects
from churnkit.scoring import guard
from churnkit.scoring.estimator import ChurnClassifier
from churnkit.snapshots import make_folds, training_set
from support import open_data

CUTOFFS = ck.monthly_cutoffs("2024-09", "2025-05")
PLAIN = [f.count("login", "30d"), f.days_since("login"), f.latest("nps"), f.tenure()]
QUICK = LearnerSettings(bags=1, trees=20, threads=1)


def recipe(*more, **changed):
    return ck.Recipe(churn=ck.Cancelled(horizon="60d"), features=[*PLAIN, *more], learner=QUICK, **changed)


def looked(asked, history, cutoffs=CUTOFFS):
    training = training_set(asked, history, cutoffs)
    labels = training.labels
    main = labels.horizons.index(asked.churn.horizon)
    folds = make_folds(labels.account, labels.cutoff, labels.y[:, main], training.purge)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = guard.look(asked, training, folds, history)
    assert [w.category for w in caught] == ([PossibleLeak] if found else [])
    return found


def left_at(tables):
    rows = tables["subscriptions"].groupby("account_id")["cancelled_at"].max()
    return pd.to_datetime(rows, utc=True, format="mixed").dropna()


@pytest.fixture(scope="module")
def closed(saas_tables):
    """The export of today: accounts that have left bear a closing reason, and the CRM's status of now."""
    left, accounts = left_at(saas_tables), saas_tables["accounts"].copy()
    gone = accounts["account_id"].isin(left.index)
    accounts["closing_reason"] = np.where(gone & (np.arange(len(gone)) % 3 > 0), "moved on", None)
    accounts["stage"] = np.where(gone, "closed", np.where(np.arange(len(gone)) % 2, "live", "growing"))
    return History(**{**saas_tables, "accounts": accounts})


def test_a_clean_history_is_left_alone(saas):
    assert looked(ck.Recipe(churn=ck.Cancelled(horizon="60d")), saas) == ()


def test_attributes_filled_in_with_the_event_are_named(closed):
    asked = recipe(f.attribute("closing_reason"), f.attribute("stage"), f.attribute("industry"))
    found = {s.column: s for s in looked(asked, closed)}
    assert set(found) == {"closing_reason", "stage"}
    assert {s.kind for s in found.values()} == {AFTERWARDS}
    assert "where it is filled, " in found["closing_reason"].evidence
    assert "where it is 'closed', " in found["stage"].evidence
    assert "accounts are gone by now, of accounts as old" in found["stage"].evidence


def test_fit_warns_once_by_name_and_the_card_keeps_it(closed):
    asked = recipe(f.attribute("closing_reason"))
    with pytest.warns(PossibleLeak, match=r"1 column may know too much.*exclude=\('closing_reason',\)") as caught:
        model = ck.ChurnModel.fit(asked, closed, CUTOFFS)
    assert len(caught) == 1
    assert model.card.suspects[0].startswith("closing_reason: fills in after the event; ")


@pytest.mark.parametrize("name", ["closing_reason", f.attribute("closing_reason").name])
def test_exclude_takes_it_out(closed, name):
    asked = recipe(f.attribute("closing_reason"), exclude=(name,))
    model = ck.ChurnModel.fit(asked, closed, CUTOFFS)
    assert model.features.names == tuple(x.name for x in PLAIN)
    assert model.card.suspects == ()
    again = ck.ChurnModel.fit(model.recipe, closed, CUTOFFS)  # the resolved recipe excludes what it has no more
    assert again.model_id == model.model_id


def test_exclude_takes_out_whatever_reads_a_signal(saas):
    asked = ck.Recipe(churn=ck.Cancelled(horizon="60d"), exclude=("nps", "login"))
    features = training_set(asked, saas, CUTOFFS[:1]).matrix.features
    assert len(features) > 20
    assert not {"nps", "login"} & {s for x in features for s in x.signals_used}


def test_a_misspelt_exclusion_is_refused(saas):
    with pytest.raises(BadRecipe, match=r"exclude names 'logins', which is no feature.*did you mean 'login'"):
        training_set(recipe(exclude=("logins",)), saas, CUTOFFS[:1])


def test_rows_rewritten_when_an_account_leaves_are_named(saas_tables):
    """Somebody touches every survey row of an account that leaves: recorded_at is then that of the last edit."""
    left, rows = left_at(saas_tables), saas_tables["satisfaction"].copy()
    occurred = pd.to_datetime(rows["occurred_at"], utc=True, format="mixed")
    edited = rows["account_id"].map(left)
    rows["recorded_at"] = occurred.where(~(edited > occurred), edited)
    found = looked(recipe(), History(**{**saas_tables, "satisfaction": rows}))
    suspect = next(s for s in found if s.column == "nps")
    assert suspect.kind == EDITED
    assert "rows dated before it were recorded after it for" in suspect.evidence
    assert "read by latest_nps" in suspect.evidence


def test_late_rows_of_everybody_are_no_leak(saas_tables):
    rows = saas_tables["satisfaction"].copy()
    rows["recorded_at"] = pd.to_datetime(rows["occurred_at"], utc=True, format="mixed") + pd.Timedelta(days=20)
    assert looked(recipe(), History(**{**saas_tables, "satisfaction": rows})) == ()


@pytest.mark.parametrize(("usual", "named"), [(0.3, True), (0.9, False)])
def test_a_mark_of_old_accounts_says_nothing_where_nearly_all_so_old_are_gone(usual, named):
    gone = np.arange(100) < 40
    column = pd.Series(np.where(gone, "old tariff", "new"), dtype=object)
    found = guard._mark("tariff", column, gone, np.where(gone, usual, 0.1))
    assert (found is not None) == named


@pytest.mark.parametrize(("leavers", "stayers", "named"), [(0.9, 0.2, True), (0.9, 0.45, False), (0.08, 0.01, False)])
def test_edits_are_thrice_as_frequent_by_ten_points_or_none(saas, leavers, stayers, named):
    """A slow desk may be slower with those who leave: twice as often late is no rewriting, nor are a few rows."""
    training = training_set(recipe(), saas, CUTOFFS)
    y = training.labels.y[:, -1]
    hidden = np.random.default_rng(0).random(len(y)) < np.where(y == 1, leavers, stayers)
    assert (guard._edited("nps", hidden, y, training) is not None) == named


def test_an_event_written_down_afterwards_and_dated_back_is_named(saas_tables):
    left, rows = left_at(saas_tables), saas_tables["activity"]
    back = pd.DataFrame({"account_id": left.index, "occurred_at": left.to_numpy() - pd.Timedelta(days=50)})
    back["event"] = "exit_talk"
    rows = rows.assign(occurred_at=pd.to_datetime(rows["occurred_at"], utc=True, format="mixed"))
    back["occurred_at"] = pd.to_datetime(back["occurred_at"], utc=True)
    history = History(**{**saas_tables, "activity": pd.concat([rows, back], ignore_index=True)})
    found = looked(recipe(f.days_since("exit_talk")), history)
    assert [s.column for s in found] == [f.days_since("exit_talk").name]


@pytest.mark.parametrize("name", open_data.FLAT)
def test_no_column_of_the_open_tables_is_named(name):
    made = open_data.flat(name)
    columns = FlatColumns.of(made.X)
    X, n = columns.matrix(made.X), len(made.X)
    rows = Asked.of(
        X, made.y.astype(np.int8), np.arange(n), np.zeros(n), names=columns.names, categorical=columns.categorical
    )
    assert suspects(rows) == []


def test_no_column_of_online_retail_is_named():
    shop = open_data.events("retail")
    assert looked(shop.recipe, shop.history, ck.weekly_cutoffs("2011-03-01", "2011-09-09", weeks=2)) == ()


def test_no_column_of_oulad_is_named_but_its_result():
    clean, leaking = (open_data.events("oulad", with_result=told) for told in (False, True))
    assert looked(clean.recipe, clean.history, clean.train) == ()
    (found,) = looked(leaking.recipe, leaking.history, leaking.train)
    # The final result is written down after the course, "Withdrawn" for exactly those who left.
    assert found.column == f.attribute("final_result").name
    assert "almost decides who leaves (AUC 1.000 alone" in str(found)


def test_a_flat_table_is_looked_at_too():
    frame, left = _flat()
    with pytest.warns(PossibleLeak, match="1 of 3 columns may know too much. 'cancel_fee' fills in with the event"):
        model = ChurnClassifier(bags=1, trees=10, n_jobs=1).fit(frame, left)
    assert len(model.suspects_) == 1
    assert ChurnClassifier(bags=1, trees=10, n_jobs=1).fit(frame.drop(columns="cancel_fee"), left).suspects_ == ()


def _flat():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=800), "b": rng.choice(list("xyz"), 800)})
    left = rng.random(800) < 1 / (1 + np.exp(1.5 - frame["a"]))
    return frame.assign(cancel_fee=np.where(left & (rng.random(800) < 0.7), 20.0, np.nan)), left
