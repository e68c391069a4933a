from __future__ import annotations

import dataclasses
import json
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import churnkit as ck
from churnkit import features as f
from churnkit.errors import (
    BadRecipe,
    BundleError,
    CutoffOutOfReach,
    FewChurnEvents,
    HorizonError,
    OverlappingRanges,
    UnknownAccount,
    WrongModel,
)
from churnkit.history import History
from churnkit.timeline import moment


def test_scores_have_the_fixed_columns(scores, model):
    assert scores.frame.columns.tolist() == [
        "account_id", "as_of", "probability", "probability_30d", "probability_60d", "low", "high", "log_odds", "rung",
        "model_id",
    ]  # fmt: skip
    assert (scores.frame["as_of"] == pd.Timestamp("2025-09-01", tz="UTC")).all()
    assert (scores.frame["model_id"] == model.model_id).all()


def test_scores_are_consistent(scores):
    frame = scores.frame
    np.testing.assert_allclose(frame["probability"], expit(frame["log_odds"]), rtol=1e-12)
    assert frame["probability"].equals(frame["probability_60d"].rename("probability"))
    assert (frame["probability_30d"] <= frame["probability_60d"]).all()
    assert ((frame["low"] <= frame["probability"]) & (frame["probability"] <= frame["high"])).all()
    assert frame["probability"].is_monotonic_decreasing


def test_everybody_is_scored_or_excluded_with_a_reason(scores, saas):
    ids = [*scores.frame["account_id"], *scores.excluded["account_id"]]
    assert sorted(ids) == sorted(saas.account_ids)
    assert (scores.excluded["reason"].str.len() > 0).all()


def test_reasons_add_up_to_what_ranks(model, scores):
    reasons = model.explain(scores, top=3)
    totals = reasons.totals.set_index("account_id").loc[scores.frame["account_id"]]
    shown = reasons.frame.groupby("account_id")["effect"].sum().reindex(totals.index, fill_value=0.0)
    np.testing.assert_allclose(totals["base"] + shown + totals["rest"], scores.frame["log_odds"], atol=1e-9, rtol=0)


def test_a_saved_model_scores_the_same_to_the_bit(model, scores, saas, tmp_path):
    model.save(tmp_path / "model")
    again = ck.ChurnModel.load(tmp_path / "model")
    pd.testing.assert_frame_equal(again.score(saas, "2025-09-01").frame, scores.frame, check_exact=True)
    pd.testing.assert_frame_equal(again.explain(scores).frame, model.explain(scores).frame, check_exact=True)
    assert again.card == model.card
    assert again.recipe == model.recipe


def test_a_bundle_holds_no_pickle_and_says_when_it_was_altered(model, tmp_path):
    folder = model.save(tmp_path / "model")
    for path in folder.rglob("*"):
        if path.is_file():
            assert path.suffix in {".json", ".txt", ".npz"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {"schema", "model_id", "recipe", "card", "files"} <= set(manifest)
    victim = next(folder.glob("learner/*.json"))
    victim.write_text(victim.read_text().replace("1", "2", 1))
    with pytest.raises(BundleError, match="missing, added or altered"):
        ck.ChurnModel.load(folder)


@pytest.mark.parametrize("content", [None, "{", '{"schema": 99}'])
def test_no_bundle_says_so(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(BundleError):
        ck.ChurnModel.load(tmp_path)


def test_saving_over_other_files_is_refused(model, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(BundleError, match="holds other files"):
        model.save(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_equal_fits_have_equal_ids_for_one_thread_or_two(model, saas):
    for threads in (1, 2):
        settings = model.recipe.learner.model_copy(update={"threads": threads})
        recipe = ck.Recipe(churn=model.recipe.churn, features=model.recipe.features, learner=settings)
        again = ck.ChurnModel.fit(recipe, saas, ck.monthly_cutoffs("2024-09", "2025-04"))
        pd.testing.assert_frame_equal(
            again.score(saas, "2025-09-01").frame.drop(columns="model_id"),
            model.score(saas, "2025-09-01").frame.drop(columns="model_id"),
            check_exact=True,
        )


def test_one_account_alone_is_as_in_the_batch(model, scores, saas):
    reasons = model.explain(scores, top=3).frame
    for account in scores.frame["account_id"].iloc[[0, 7, -1]]:
        risk = model.assess(saas, account, at="2025-09-01", book=scores.book)
        row = scores.frame.set_index("account_id").loc[account]
        assert risk.probability == row["probability"]
        assert risk.log_odds == row["log_odds"]
        assert (risk.low, risk.high) == (row["low"], row["high"])
        assert [r.effect for r in risk.reasons] == reasons.loc[reasons["account_id"] == account, "effect"].tolist()
        assert risk.base + sum(r.effect for r in risk.reasons) + risk.rest == pytest.approx(risk.log_odds, abs=1e-9)
        points = sum(r.points for r in risk.reasons)
        assert risk.base_probability + points + risk.rest_points == pytest.approx(risk.probability, abs=1e-9)
        assert risk.book_as_of.isoformat() == "2025-09-01T00:00:00+00:00"
        json.loads(risk.model_dump_json())


def test_without_a_book_the_last_training_one_is_taken(model, saas, scores):
    risk = model.assess(saas, scores.frame["account_id"][0], at="2025-09-01")
    assert risk.book_as_of.isoformat() == "2025-04-01T00:00:00+00:00"


def test_an_account_outside_is_refused_with_the_reason(model, saas, scores):
    gone = scores.excluded[scores.excluded["reason"] == "contract ended"]["account_id"].iloc[0]
    with pytest.raises(UnknownAccount, match="contract ended"):
        model.assess(saas, gone, at="2025-09-01")
    with pytest.raises(UnknownAccount, match="no account 'nobody'"):
        model.assess(saas, "nobody", at="2025-09-01")


def test_scores_read_from_disk_explain_the_same(model, scores, saas, tmp_path):
    scores.write(tmp_path / "scores")
    read = ck.Scores.read(tmp_path / "scores")
    pd.testing.assert_frame_equal(read.frame, scores.frame)
    pd.testing.assert_frame_equal(model.explain(read, history=saas).frame, model.explain(scores).frame)
    with pytest.raises(WrongModel, match="pass history="):
        model.explain(read)


def test_scores_keep_how_far_a_refit_would_move_them(model, scores, tmp_path):
    in_order = model.blend.predict(scores.matrix.values).refit_spread
    assert np.array_equal(scores.refit_spread, in_order)
    read = ck.Scores.read(scores.write(tmp_path / "scores"))
    assert np.array_equal(read.refit_spread, scores.refit_spread)
    unknown = dataclasses.replace(scores, refit_spread=None)
    assert ck.Scores.read(unknown.write(tmp_path / "scores")).refit_spread is None


def test_scores_whose_spread_is_another_list_s_are_refused(scores, tmp_path):
    scores.write(tmp_path)
    np.save(tmp_path / "refit_spread.npy", scores.refit_spread[1:])
    with pytest.raises(BundleError, match=f"{len(scores) - 1} spreads for {len(scores)} scores"):
        ck.Scores.read(tmp_path)


def test_scores_of_another_model_are_refused(model, scores):
    with pytest.raises(WrongModel, match="the scores are of model 0123456789ab"):
        model.explain(dataclasses.replace(scores, model_id="0123456789ab"))


def test_scores_of_another_history_are_refused(model, scores, saas_tables, tmp_path):
    scores.write(tmp_path / "scores")
    tables = {**saas_tables, "activity": saas_tables["activity"].iloc[::3]}
    with pytest.raises(WrongModel, match="score differently on this history"):
        model.explain(ck.Scores.read(tmp_path / "scores"), history=History(**tables))


@pytest.mark.parametrize("at", ["2031-01-01", "2020-01-01"])
def test_a_cutoff_out_of_reach(model, saas, at):
    with pytest.raises(CutoffOutOfReach):
        model.score(saas, at)


def test_immature_cutoffs_alone_cannot_teach(model, saas):
    with pytest.raises(HorizonError, match="old enough"):
        ck.ChurnModel.fit(model.recipe, saas, ["2025-09-15"])


def test_a_recipe_round_trips_through_toml(model, tmp_path):
    path = model.recipe.write(tmp_path / "recipe.toml")
    assert ck.Recipe.read(path) == model.recipe
    plain = ck.Recipe(churn=ck.WentQuiet(days=30, horizon="90d"), horizons=["30d"])
    assert ck.Recipe.read(plain.write(tmp_path / "plain.toml")) == plain


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("churn = 3", "churn"),
        ('[churn]\nkind = "cancled"', "did you mean 'cancelled'"),
        ('[churn]\nkind = "cancelled"\nhorizon = "3 months"', "span '3 months'"),
        ('[churn]\nkind = "went-quiet"\ndays = 30\nhorizon = "20d"', "at least 30 days"),
        ('wrong = 1\n[churn]\nkind = "cancelled"', "wrong"),
        ("[churn", "not a TOML file"),
    ],
)
def test_bad_recipes_say_what_is_wrong(tmp_path, text, told):
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(BadRecipe, match=told):
        ck.Recipe.read(tmp_path / "r.toml")


def test_training_set_unpacks(model, saas):
    X, y = ck.training_set(model.recipe, saas, ["2025-06-01", "2025-07-01", "2025-09-01"])
    assert X.shape == (len(y), 11)
    assert y.columns.tolist() == ["30d", "60d"]
    late = y.index.get_level_values("cutoff") == pd.Timestamp("2025-09-01", tz="UTC")
    assert y.loc[late, "60d"].isna().all()  # the record ends 2025-10-01
    assert y.loc[~late, "60d"].notna().mean() > 0.9
    assert set(y["30d"].dropna().unique()) == {0, 1}
    assert X.dtypes.eq("float32").all()


@pytest.fixture(scope="module")
def report(model, saas):
    return ck.evaluate(model, saas, ck.monthly_cutoffs("2025-06", "2025-07"))


def test_auc_agrees_with_sklearn(report, model, saas):
    from sklearn.metrics import log_loss, roc_auc_score

    from churnkit.labels import label

    horizon = model.recipe.churn.horizons((model.horizon,))
    labels = label(saas, model.recipe.churn, [moment("2025-06-01"), moment("2025-07-01")], horizon[-1:])
    rows = labels.y[:, 0] >= 0
    frames = [model.score(saas, c).frame for c in ("2025-06-01", "2025-07-01")]
    p = pd.concat(frames).set_index(["account_id", "as_of"])["log_odds"]
    index = pd.MultiIndex.from_arrays(
        [saas.account_ids[labels.account[rows]], pd.to_datetime(labels.cutoff[rows], unit="us", utc=True)]
    )
    told = p.loc[index].to_numpy()
    ours = report.frame[report.frame["ranking"] == "churnkit"].set_index("metric")["value"]
    assert ours["auc"] == pytest.approx(roc_auc_score(labels.y[rows, 0], told), abs=1e-12)
    assert ours["log_loss"] == pytest.approx(log_loss(labels.y[rows, 0], expit(told)), abs=1e-12)


def test_words_come_first(report):
    assert report.words[0].startswith("On these ")
    assert f"({report.leavers} of them left)" in report.words[0]


def test_it_travels_as_json(report):
    again = type(report).from_dict(json.loads(json.dumps(report.to_dict())))
    assert again.words == report.words
    pd.testing.assert_frame_equal(again.frame, report.frame, check_dtype=False)


def test_overlap_is_refused(model, saas):
    with pytest.raises(OverlappingRanges, match="2025-05-01"):
        ck.evaluate(model, saas, ["2025-05-01", "2025-07-01"])


def test_no_churn_event_at_all_is_no_error(saas_tables):
    tables = {**saas_tables}
    rows = tables["subscriptions"]
    for column in ("ended_at", "cancelled_at"):
        rows = rows.assign(**{column: pd.Series(pd.NaT, index=rows.index, dtype=rows["started_at"].dtype)})
    tables["subscriptions"] = rows.assign(end_reason=None)
    history = History(**tables)
    recipe = ck.Recipe(churn=ck.Cancelled(horizon="60d"), features=[f.count("login", "30d")])
    with pytest.warns(FewChurnEvents, match='rung "base rate"'):
        model = ck.ChurnModel.fit(recipe, history, ck.monthly_cutoffs("2024-09", "2025-04"))
    scores = model.score(history, "2025-09-01")
    assert (scores.frame["rung"] == "base rate").all()
    assert scores.frame["probability"].max() < 0.01
    assert (scores.frame["high"] > scores.frame["probability"]).all()


def test_few_events_stand_on_a_lower_rung(six):
    recipe = ck.Recipe(churn=ck.Cancelled(horizon="30d"), features=[f.count("login", "30d")])
    with pytest.warns(FewChurnEvents):
        model = ck.ChurnModel.fit(recipe, six, ck.monthly_cutoffs("2025-02", "2025-04"))
    assert model.card.rung == "base rate"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = model.score(six, "2025-06-15")
    assert len(scores) == 4  # ada, cyd (returned), dot and eve
    assert model.explain(scores).frame["account_id"].isin(["ada", "cyd", "dot", "eve"]).all()
