"""Bad input to learning, on the whole way from tables to scores: a typed error, or a stated and safe result.

On plain arrays the same is tested in tests/learning: ``test_ladder.py`` (one class, constant, missing, infinite and
leaking columns), ``test_blend.py`` and ``test_rows.py`` (folds that overlap), ``test_estimator.py`` (flat tables); no
leaver at all in ``test_model.py``, evaluation on what was learnt from there and in ``test_evaluation.py``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import churnkit as ck
from churnkit import features as f
from churnkit.errors import FewChurnEvents, HorizonError, OverlappingRanges, PossibleLeak, RequestError
from churnkit.history import History
from churnkit.learning import fit_blend
from support.books import Fold, flat

CUTOFFS = ck.monthly_cutoffs("2024-09", "2025-04")
CHURN = ck.Cancelled(horizon="60d")
LOGINS = f.count("login", "30d")
LEVELS = tuple(f"n{i}" for i in range(50_000))


def scored(tables, *features, at="2025-09-01"):
    history = History(**tables)
    model = ck.ChurnModel.fit(ck.Recipe(churn=CHURN, features=[*features]), history, CUTOFFS)
    return model, model.score(history, at)


def with_attribute(tables, values):
    return {**tables, "accounts": tables["accounts"].assign(planted=values)}


@pytest.fixture(scope="module")
def plain(saas_tables):
    """Probabilities from logins alone."""
    return scored(saas_tables, LOGINS)[1].frame["probability"].to_numpy()


def test_one_class_only_everybody_leaves(saas_tables):
    rows = saas_tables["subscriptions"]
    early = rows[rows["started_at"] < "2025-03-01"].drop_duplicates("subscription_id")
    notice = pd.Series(pd.Timestamp("2025-03-15", tz="UTC"), index=early.index)
    early = early.assign(cancelled_at=notice.astype(rows["started_at"].dtype)).drop(columns=["ended_at", "recorded_at"])
    tables = {**saas_tables, "subscriptions": early}
    history = History(**tables, observed_until={"subscriptions": "2025-06-01"})
    with pytest.warns(FewChurnEvents, match='only 0 accounts are not seen to leave.*rung "base rate"'):
        model = ck.ChurnModel.fit(ck.Recipe(churn=CHURN, features=[LOGINS]), history, ["2025-03-01"])
    frame = model.score(history, "2025-03-10").frame
    assert frame["probability"].min() > 0.99
    assert frame["high"].max() <= 1


def test_one_class_only_in_a_flat_table_is_refused():
    with pytest.raises(ValueError, match="y holds one class only, 0; two are needed"):
        ck.ChurnClassifier().fit(pd.DataFrame({"x": np.arange(50.0)}), np.zeros(50, int))


def test_features_that_are_constant_say_nothing(saas_tables):
    model, scores = scored(with_attribute(saas_tables, 1.0), f.attribute("planted"))
    p = scores.frame["probability"]
    assert p.max() - p.min() < 1e-12
    # Nothing tells accounts apart, so each has the rate of the book as it was met.
    assert p.mean() == pytest.approx(model.card.base_rate, rel=0.02)
    assert model.explain(scores).frame.empty


@pytest.mark.parametrize("values", [np.nan, None], ids=["a number", "a text"])
def test_a_feature_that_is_all_missing_changes_nothing(saas_tables, plain, values):
    scores = scored(with_attribute(saas_tables, values), f.attribute("planted"), LOGINS)[1]
    np.testing.assert_allclose(scores.frame["probability"], plain, rtol=1e-9)


def test_infinite_values_give_finite_scores(saas_tables):
    rows = saas_tables["subscriptions"]
    spoilt = rows.assign(mrr=np.where(np.arange(len(rows)) % 7, rows["mrr"], np.inf))
    tables = with_attribute(
        {**saas_tables, "subscriptions": spoilt}, np.where(np.arange(len(saas_tables["accounts"])) % 5, 1.0, -np.inf)
    )
    model, scores = scored(tables, f.latest("mrr"), f.attribute("planted"), LOGINS)
    figures = scores.frame[["probability", "low", "high", "log_odds"]].to_numpy()
    assert np.isfinite(figures).all()
    # The book is not torn away from its rate: between the first and the last cutoff it is about 7 %.
    assert 0.5 < scores.frame["probability"].mean() / model.card.base_rate < 2
    assert np.isfinite(model.explain(scores).totals["rest"]).all()


@pytest.mark.parametrize("feature", [f.attribute("planted", categories=LEVELS), f.attribute("planted")], ids=str)
def test_a_category_of_50000_levels_is_not_learnt_by_heart(saas_tables, plain, feature):
    tables = with_attribute(saas_tables, [LEVELS[97 * i % 50_000] for i in range(len(saas_tables["accounts"]))])
    scores = scored(tables, feature, LOGINS)[1]
    # Each level is one account's own, so none of them says anything of another.
    np.testing.assert_allclose(scores.frame["probability"], plain, rtol=1e-9)


def test_a_flat_category_of_50000_levels_leaves_the_rest_its_say():
    rng = np.random.default_rng(0)
    x = rng.normal(size=50_000)
    frame = pd.DataFrame({"town": LEVELS, "x": x})
    truth = 1 / (1 + np.exp(2 - x))
    model = ck.ChurnClassifier(bags=0).fit(frame, (rng.random(50_000) < truth).astype(int))
    fresh = pd.DataFrame({"town": "never seen", "x": [-1.0, 0.0, 1.0]})
    expected = 1 / (1 + np.exp(2 - fresh["x"].to_numpy()))
    np.testing.assert_allclose(model.predict_proba(fresh)[:, 1], expected, rtol=0.1)


def test_a_label_that_leaks_is_named(saas_tables):
    rows = saas_tables["subscriptions"]
    gone = saas_tables["accounts"]["account_id"].isin(rows.loc[rows["ended_at"].notna(), "account_id"])
    with pytest.warns(PossibleLeak, match="'planted' fills in with the event"):
        model, scores = scored(with_attribute(saas_tables, gone.astype(float).to_numpy()), f.attribute("planted"))
    assert "planted" in " ".join(model.card.suspects)
    assert np.isfinite(scores.frame["log_odds"]).all()


def test_folds_that_overlap_by_one_row_are_refused():
    rows = flat(600, level=-1.0).rows
    train = np.arange(600) < 300
    with pytest.raises(RequestError, match="make train and test distinct"):
        fit_blend(rows, folds=[Fold(train, np.arange(600) >= 299)])


def test_evaluation_on_what_was_learnt_from_is_refused(model, saas):
    with pytest.raises(OverlappingRanges):
        ck.evaluate(model, saas, ["2025-04-01"])


@pytest.mark.parametrize("horizon", ["1000d", "5000d"])
def test_a_horizon_longer_than_the_history_is_refused(saas, horizon):
    recipe = ck.Recipe(churn=ck.Cancelled(horizon=horizon), features=[LOGINS])
    with pytest.raises(HorizonError, match=f"no cutoff is old enough: a leave within {horizon}.*shorter horizon"):
        ck.ChurnModel.fit(recipe, saas, CUTOFFS)
