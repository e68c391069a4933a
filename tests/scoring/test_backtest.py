"""Backtest: lists as they would have been made; nothing that came later takes part."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest

import churnkit as ck
from churnkit.errors import FewChurnEvents, HorizonError, RequestError
from churnkit.history import History
from churnkit.labels import label
from churnkit.learning import LearnerSettings
from churnkit.scoring import rivals, words
from churnkit.timeline import moment

LISTS = ck.weekly_cutoffs("2025-05-05", "2025-06-16", weeks=2)
LEARN = ck.monthly_cutoffs("2024-10", "2025-06")


@pytest.fixture(scope="module")
def recipe(model):
    return model.recipe.model_copy(update={"learner": LearnerSettings(bags=2, trees=40, threads=1)})


@pytest.fixture(scope="module")
def trial(recipe, saas):
    return ck.backtest(recipe, saas, LISTS, learn=LEARN, by="industry")


def test_a_list_is_the_one_that_was_made_then(trial, recipe, saas):
    then = saas.known_at("2025-06-02")
    model = ck.ChurnModel.fit(recipe, then, [c for c in LEARN if c < LISTS[2]])
    assert trial.fits["model_id"].iloc[1] == model.model_id
    scores = model.score(then, "2025-06-02").frame.set_index("account_id")["probability"]
    listed = trial.lists[trial.lists["cutoff"] == "2025-06-02"].set_index("account_id")
    assert set(listed.index) <= set(scores.index)
    np.testing.assert_array_equal(listed["probability"], scores.loc[listed.index])
    assert listed["place"].tolist() == list(range(1, len(listed) + 1))
    assert listed["listed"].sum() == np.ceil(len(listed) / 10)


def test_who_left_is_told_by_what_came_after(trial, recipe, saas):
    found = label(saas, recipe.churn, [moment("2025-05-19")], (recipe.churn.horizon,))
    left = set(saas.account_ids[found.account[found.y[:, 0] == 1]])
    listed = trial.lists[trial.lists["cutoff"] == "2025-05-19"]
    assert set(listed.loc[listed["left"], "account_id"]) == left


def test_a_model_is_kept_until_it_is_too_old(trial):
    assert trial.fits["fitted_at"].tolist() == ["2025-05-05", "2025-06-02"]
    assert trial.fits["lists"].tolist() == [2, 2]
    assert trial.cutoffs == ("2025-05-05", "2025-05-19", "2025-06-02", "2025-06-16")


def test_what_was_learnt_lies_before_the_list(trial):
    for fit in trial.fits.itertuples():
        assert moment(fit.last_label.removesuffix(" UTC")) <= moment(fit.fitted_at)


def test_what_came_later_changes_no_list(trial, recipe, saas_tables):
    """Every activity, survey and ticket from June 2 on is taken away: the lists until then are the same."""
    tables = dict(saas_tables)
    for name, when in (("activity", "occurred_at"), ("satisfaction", "occurred_at"), ("tickets", "opened_at")):
        rows = tables[name]
        tables[name] = rows[pd.to_datetime(rows[when], utc=True, format="mixed") < pd.Timestamp("2025-06-02", tz="UTC")]
    until = {"subscriptions": "2025-10-01"}
    again = ck.backtest(recipe, History(**tables, observed_until=until), LISTS[:2], learn=LEARN)
    first = trial.lists[trial.lists["cutoff"] < "2025-06-01"].reset_index(drop=True)
    pd.testing.assert_frame_equal(again.lists, first)


def test_the_figures_are_pooled_over_the_lists(trial):
    from sklearn.metrics import roc_auc_score

    auc = trial.frame[(trial.frame["ranking"] == "churnkit") & (trial.frame["metric"] == "auc")]["value"].item()
    assert auc == pytest.approx(roc_auc_score(trial.lists["left"], trial.lists["probability"]), abs=1e-9)
    recall = trial.frame[(trial.frame["ranking"] == "churnkit") & (trial.frame["metric"] == "recall")]["value"].item()
    found = (trial.lists["left"] & trial.lists["listed"]).sum() / trial.lists["left"].sum()
    assert recall == pytest.approx(found, abs=0.02)
    assert trial.per_cutoff["cutoff"].unique().tolist() == list(trial.cutoffs)
    assert {"recency rule", "value-sorted", "last NPS", "logistic", "LightGBM"} < set(trial.frame["ranking"])
    assert len(trial.segments)


def test_words_come_first_and_count_the_lists(trial):
    assert trial.words[0].startswith("On these ")
    assert trial.words[1].startswith("4 lists were made from 2 models, each with what was known then; of the 4 after ")


def test_what_the_lists_beat_is_counted_by_hand():
    lifts = {"churnkit": [2.0, 1.5, 0.5], "recency rule": [1.0, 1.0, 1.0], "last NPS": [1.0, 2.0, 1.0]}
    frame = pd.DataFrame(
        [(f"day {k}", name, "lift", v) for name, values in lifts.items() for k, v in enumerate(values)],
        columns=["cutoff", "ranking", "metric", "value"],
    )
    assert words.of_replay(frame, fits=1) == (
        "3 lists were made from 1 model, each with what was known then; of the 3 after which somebody left, it found "
        "more leavers than chance and the recency rule in 2 and than sorting by the last NPS in 1."
    )


def test_it_travels_as_json(trial):
    again = type(trial).from_dict(json.loads(json.dumps(trial.to_dict())))
    assert again.words == trial.words
    pd.testing.assert_frame_equal(again.lists, trial.lists, check_dtype=False)
    pd.testing.assert_frame_equal(again.fits, trial.fits, check_dtype=False)


def test_rivals_are_taught_once_for_each_model(recipe, saas, monkeypatch):
    taught = []
    teach = rivals.teach
    monkeypatch.setattr(rivals, "teach", lambda *given: taught.append(1) or teach(*given))
    ck.backtest(recipe, saas, LISTS[:2], learn=LEARN)
    assert len(taught) == 1


def test_silence_learns_from_months_and_leaves_out_what_is_not_over(recipe, saas):
    trial = ck.backtest(recipe, saas, ["2024-09-10", "2025-01-15", "2025-09-15"])
    assert trial.cutoffs == ("2025-01-15",)
    assert trial.notes == (
        "1 list from 2024-09-10 on is left out: nothing could be learnt yet.",
        "1 later list is left out: its horizon is not over yet.",
    )
    # 84 days after the first fact of June 1 lies August 24: months from September on.
    assert trial.fits["last_label"].iloc[0] < "2025-01-15"


def test_warnings_of_all_fits_are_said_once(six):
    features = [ck.features.count("login", "30d")]
    recipe = ck.Recipe(churn=ck.Cancelled(horizon="30d"), features=features)
    lists, learn = ck.weekly_cutoffs("2025-04-15", "2025-05-20"), ck.weekly_cutoffs("2025-02-03", "2025-05-20")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trial = ck.backtest(recipe, six, lists, learn=learn, retrain="7d")
    assert [w.category for w in caught] == [FewChurnEvents]
    assert "6 times in this backtest; this is the last" in str(caught[0].message)
    assert (trial.fits["rung"] == "base rate").all()


@pytest.mark.parametrize(
    ("lists", "more", "error", "says"),
    [
        (["2025-09-20"], {}, HorizonError, "no label is mature"),
        (["2024-07-01"], {}, RequestError, "no moment to learn from lies before 2024-07-01"),
        (["2024-07-01"], {"learn": ["2024-06-20"]}, HorizonError, "at none of the 1 list"),
        (["2025-05-01"], {"share": 0}, RequestError, "above 0 and at most 1"),
    ],
)
def test_what_cannot_be_replayed_is_refused(recipe, saas, lists, more, error, says):
    with pytest.raises(error, match=says):
        ck.backtest(recipe, saas, lists, **more)
