"""What scores and models give beside reasons: shap's explanation, importance, barred attributes, files."""

import numpy as np
import pandas as pd
import pytest

import churnkit as ck
from churnkit import features as f
from churnkit.errors import BadRecipe, BundleError, RequestError, UnknownAttribute, UnknownSignal, WrongModel
from churnkit.reasons import Explainer, Reasons, currency_of, importance


@pytest.fixture(scope="module")
def reasons(model, scores):
    return model.explain(scores, top=2)


@pytest.mark.filterwarnings("ignore")  # shap's and matplotlib's own
def test_shap_draws_the_explanation(scores, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib", reason="shap brings matplotlib only with its extra plots")
    matplotlib.use("Agg")
    import shap
    from matplotlib import pyplot as plt

    found = scores.explanation()
    whole = found.base_values + found.values.sum(axis=1)
    np.testing.assert_allclose(whole, scores.frame["log_odds"], atol=1e-9, rtol=0)
    for draw in (lambda: shap.plots.waterfall(found[0], show=False), lambda: shap.plots.beeswarm(found, show=False),
                 lambda: shap.plots.bar(found, show=False)):  # fmt: skip
        plt.figure()
        draw()
        assert plt.gcf().axes
        plt.close("all")


def test_explanation_of_scores_from_disk(model, scores, saas, tmp_path):
    read = ck.Scores.read(scores.write(tmp_path))
    with pytest.raises(WrongModel, match="pass model="):
        read.explanation()
    found = read.explanation(model, history=saas, horizon="30d")
    odds = np.log(scores.frame["probability_30d"] / (1 - scores.frame["probability_30d"]))
    np.testing.assert_allclose(found.base_values + found.values.sum(axis=1), odds, atol=1e-9)


def test_importance_by_hand(model, scores):
    table = model.importance(scores)
    values = scores.explanation().values
    features = table[table["level"] == "feature"].set_index("name")
    for j, name in enumerate(model.features.names):
        assert features.loc[name, "importance"] == pytest.approx(np.abs(values[:, j]).mean(), abs=1e-9)
    usage = [j for j, x in enumerate(model.features) if x.theme == "usage"]
    theme = table[(table["level"] == "theme") & (table["name"] == "usage")].iloc[0]
    assert theme["importance"] == pytest.approx(np.abs(values[:, usage].sum(axis=1)).mean(), abs=1e-9)
    assert set(table["level"]) == {"theme", "signal", "feature"}
    assert (table["low"] <= table["importance"]).all()
    assert (table["importance"] <= table["high"]).all()
    assert table.groupby("level")["share"].sum().to_numpy() == pytest.approx(1.0)
    pd.testing.assert_frame_equal(table, model.importance(scores))
    explainer = Explainer.of(model.blend, model.horizon)
    for threads in (1, 3):
        again = importance(explainer, scores.matrix.values, model.groups, threads=threads)
        pd.testing.assert_frame_equal(table, again, check_exact=True)


def test_interval_covers_the_error_of_the_accounts(model, scores):
    """The bootstrap's error is at least the plain standard error of a mean."""
    table = model.importance(scores)
    sizes = np.abs(scores.explanation().values)
    error = sizes.std(axis=0, ddof=1) / np.sqrt(len(sizes))
    features = table[table["level"] == "feature"].set_index("name").loc[list(model.features.names)]
    reach = (features["high"] - features["importance"]) / 1.645
    assert (reach >= 0.75 * error).all()


def test_interval_covers_the_error_of_the_learner(model, scores):
    """It is at least as wide as the spread of the refits within the blend makes it."""
    explainer = Explainer.of(model.blend, model.horizon)
    _, refits = explainer.refitted(scores.matrix.values)
    assert len(refits) > 1
    learner = explainer.spread * np.std([np.abs(parts).mean(axis=0) for parts in refits], axis=0, ddof=1)
    table = model.importance(scores)
    features = table[table["level"] == "feature"].set_index("name").loc[list(model.features.names)]
    reach = (features["high"] - features["importance"]).to_numpy() / 1.6448536
    assert (reach >= learner * (1 - 1e-6)).all()


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_reasons_are_written_and_read(reasons, scores, tmp_path, ending):
    read = Reasons.read(reasons.write(tmp_path / f"why.{ending}"))
    for mine, theirs in ((read.frame, reasons.frame), (read.totals, reasons.totals)):
        pd.testing.assert_frame_equal(mine, theirs, check_dtype=False, check_exact=True)
    assert (read.as_of, read.model_id, read.horizon) == (scores.as_of, scores.model_id, scores.horizon)


def test_reasons_that_cannot_be_written_or_read(reasons, tmp_path):
    with pytest.raises(RequestError, match=r"choose \.csv or \.parquet"):
        reasons.write(tmp_path / "why.xlsx")
    with pytest.raises(BundleError, match="not a file of reasons"):
        Reasons.read(tmp_path / "nothing.csv")
    (tmp_path / "other.csv").write_text("account_id,place\na,1\n", encoding="utf-8")
    with pytest.raises(BundleError, match="not a file of reasons"):
        Reasons.read(tmp_path / "other.csv")
    with pytest.raises(RequestError, match="which scores they explain"):
        Reasons(reasons.frame, reasons.totals, reasons.horizon).write(tmp_path / "why.csv")


def test_dates_of_a_window(reasons):
    first = reasons.frame[reasons.frame["feature"] == "count_login_30d"].iloc[0]
    assert first["from"] == pd.Timestamp("2025-08-02", tz="UTC")
    assert first["to"] == pd.Timestamp("2025-09-01", tz="UTC")
    standing = reasons.frame[reasons.frame["feature"] == "latest_mrr"]
    assert standing["from"].isna().all()


def test_money_is_told_in_the_currency_of_the_contracts(model, saas_tables, scores):
    contracts = saas_tables["subscriptions"]
    euro = ck.History(**{**saas_tables, "subscriptions": contracts.assign(currency="eur")})
    told = model.explain(model.score(euro, "2025-09-01"), top=9).frame
    money = told.loc[told["feature"] == "latest_mrr", "sentence"]
    assert len(money)
    assert money.str.match(r"Monthly revenue (is|fell from|rose from) €\d").all()
    assert currency_of(euro) == "EUR"
    mixed = contracts.assign(currency=["EUR", "USD"] * (len(contracts) // 2) + ["EUR"] * (len(contracts) % 2))
    assert currency_of(ck.History(**{**saas_tables, "subscriptions": mixed})) == ""


def test_stability_is_told(reasons):
    assert reasons.frame["stable"].between(0, 1).all()
    assert reasons.notes[0].startswith("Stability: were the model learnt anew")
    assert "Stability" in repr(reasons)


def test_barred_attributes_are_in_no_feature(saas):
    assert saas.attributes
    recipe = ck.Recipe(churn=ck.Cancelled(horizon="60d"), bar=("industry",))
    training = ck.training_set(recipe, saas, ["2025-03-01", "2025-04-01"])
    assert not any("industry" in str(x) for x in training.matrix.features)
    open_one = ck.training_set(ck.Recipe(churn=recipe.churn), saas, ["2025-03-01", "2025-04-01"])
    assert any("industry" in str(x) for x in open_one.matrix.features)


def test_a_feature_that_reads_a_barred_attribute_is_refused(saas):
    churn = ck.Cancelled(horizon="60d")
    among = f.rank_among(f.count("login", "30d"), within="industry")
    for feature in (f.attribute("industry"), among, f.where(f.attribute("industry") > 1, f.tenure(), 0)):
        with pytest.raises(BadRecipe, match="barred attribute"):
            ck.Recipe(churn=churn, features=[f.tenure(), feature], bar=("industry",))
    with pytest.raises(BadRecipe, match="barred attribute"):
        ck.Recipe.from_dict(ck.Recipe(churn=churn, features=[among]).to_dict() | {"bar": ["industry"]})
    with pytest.raises(UnknownAttribute, match="no attribute 'industri'"):
        ck.training_set(ck.Recipe(churn=churn, bar=("industri",)), saas, ["2025-03-01"])


def test_what_is_never_shown_stays_in_the_rest(model, saas):
    recipe = model.recipe.model_copy(update={"never_show": ("login", "industry")})
    quiet = ck.ChurnModel.fit(recipe, saas, ck.monthly_cutoffs("2024-09", "2025-04"))
    scores = quiet.score(saas, "2025-09-01")
    reasons = quiet.explain(scores)
    assert not reasons.frame["feature"].str.contains("login|industry").any()
    whole = reasons.totals["base"] + reasons.totals["shown"] + reasons.totals["rest"]
    np.testing.assert_allclose(whole, scores.frame["log_odds"], atol=1e-9)
    before = quiet.score(saas, "2025-08-25")
    assert not quiet.explain_change(before, scores, saas).frame["feature"].str.contains("login|industry").any()
    with pytest.raises(UnknownSignal, match="lodgin"):
        ck.ChurnModel.fit(
            recipe.model_copy(update={"never_show": ("lodgin",)}), saas, ck.monthly_cutoffs("2024-09", "2025-04")
        )
