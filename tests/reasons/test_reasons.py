"""From contributions to reasons: what is shown and the rest add up, in log-odds and in points."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from churnkit.errors import RequestError, UnknownAccount, WrongModel
from churnkit.features import FeatureSet
from churnkit.reasons import Explainer, Groups, contributions, explain, shap_explanation
from churnkit.reasons.choosing import Facts, Telling, per_unit
from churnkit.reasons.kernel.run import CHUNK
from support.learnt import FEATURES, HORIZONS, NOW, THEN, blend, matrix, rows


@pytest.fixture(scope="module")
def now():
    return matrix(rows(seed=3)[0])


@pytest.fixture(scope="module")
def groups():
    return Groups.fit(matrix(rows()[0]))


@pytest.fixture(scope="module")
def told(now, groups):
    then = matrix(rows(seed=4)[0], THEN)
    ids = pd.Index([f"a{k}" for k in range(len(now))])
    return explain(blend(), now, then, horizon="90d", groups=groups, account_ids=ids)


def test_fixed_columns_come_first(told):
    fixed = ["account_id", "place", "theme", "feature", "sentence", "effect", "points"]
    assert list(told.frame.columns)[:7] == fixed
    assert told.horizon == HORIZONS[2]


def test_shown_and_rest_add_up(told, now):
    model = blend()
    totals = told.totals.set_index("account_id")
    assert np.abs(totals["log_odds"].to_numpy() - model.log_odds(now.values)[:, 2]).max() < 1e-9
    by_account = (
        told.frame.groupby("account_id", sort=False)[["effect", "points"]].sum().reindex(totals.index).fillna(0)
    )
    assert np.abs(totals["base"] + by_account["effect"] + totals["rest"] - totals["log_odds"]).max() < 1e-9
    moved = totals["probability"] - totals["base_probability"]
    assert np.abs(by_account["points"] + totals["rest_points"] - moved).max() < 1e-9
    assert (np.sign(told.frame["points"]) == np.sign(told.frame["effect"])).all()


def test_chosen_as_by_hand(told, now, groups):
    parts, _ = contributions(blend(), now.values, "90d")
    for row in range(200):
        sums = {g: parts[row, groups.group_of == g].sum() for g in range(len(groups.themes))}
        up = sorted((g for g in sums if sums[g] > 0), key=lambda g: -sums[g])[:3]
        down = sorted((g for g in sums if sums[g] < 0), key=lambda g: sums[g])[:2]
        mine = told.of(f"a{row}")
        assert mine["place"].tolist() == list(range(1, len(up) + len(down) + 1))
        assert mine["effect"].to_numpy() == pytest.approx([sums[g] for g in up + down], abs=1e-12)
        assert mine["direction"].tolist() == ["raises"] * len(up) + ["lowers"] * len(down)
        for (_, reason), g in zip(mine.iterrows(), up + down, strict=True):
            inside = np.flatnonzero(groups.group_of == g)
            strongest = inside[np.argmax(np.sign(sums[g]) * parts[row, inside])]
            assert reason["feature"] == FEATURES.names[strongest]
            assert reason["theme"] == groups.themes[g]


def test_values_of_the_feature_now_earlier_and_among_peers(told, now):
    first = told.frame.iloc[0]
    j = FEATURES.place(first["feature"])
    assert first["value"] == now.values[0, j] or np.isnan(now.values[0, j])
    assert first["peers"] == pytest.approx(np.nanmedian(now.values[:, j]))


def test_all_contributions_are_never_in_memory_at_once(now, groups, monkeypatch):
    taken, refitted = [], Explainer.refitted

    def counted(self, X):
        taken.append(len(X))
        return refitted(self, X)

    monkeypatch.setattr(Explainer, "refitted", counted)
    explain(blend(), now, None, horizon="90d", groups=groups, account_ids=pd.RangeIndex(len(now)))
    assert sum(taken) == len(now)
    assert max(taken) <= CHUNK < len(now)


def test_each_account_is_told_its_own_facts(told, now, groups):
    """Reasons are told chunk by chunk; here all at once."""
    assert len(now) > CHUNK
    facts = Facts(now, matrix(rows(seed=4)[0], THEN), groups)
    row = told.frame["account_id"].str[1:].astype(int).to_numpy()
    feature = np.array([FEATURES.place(name) for name in told.frame["feature"]])
    assert Telling.of(facts, "en")(row, feature).tolist() == told.frame["sentence"].tolist()


def test_threads_do_not_show(told, now, groups):
    then = matrix(rows(seed=4)[0], THEN)
    ids = pd.Index([f"a{k}" for k in range(len(now))])
    again = explain(blend(), now, then, horizon="90d", groups=groups, account_ids=ids, threads=1)
    pd.testing.assert_frame_equal(again.frame, told.frame, check_exact=True)


def test_many_callers_at_once(told, now, groups):
    then = matrix(rows(seed=4)[0], THEN)
    ids = pd.Index([f"a{k}" for k in range(len(now))])

    def call(_):
        return explain(blend(), now, then, horizon="90d", groups=groups, account_ids=ids, threads=2)

    with ThreadPoolExecutor(4) as pool:
        for again in pool.map(call, range(8)):
            pd.testing.assert_frame_equal(again.frame, told.frame, check_exact=True)


@pytest.mark.parametrize(("coefficient", "direction"), [(2.0, "raises"), (-2.0, "lowers")])
def test_the_direction_follows_the_model_and_the_sentence_the_facts(groups, coefficient, direction):
    """Where churn rises with satisfaction, so does the reason; the words only say what was seen."""
    nps = FEATURES.names.index("latest_nps")
    logistic = blend(0.0)
    coef = np.where((logistic.linear.feature_of == nps) & (logistic.linear.columns.kind < 2), coefficient, 0.0)
    model = replace(logistic, linear=replace(logistic.linear, coef=coef))
    X = np.zeros((1, len(FEATURES)), np.float32)
    X[0, nps] = 9.0  # far above the mean of 0
    told = explain(model, matrix(X), None, horizon="90d", groups=groups, account_ids=pd.Index(["a"]))
    assert told.frame["direction"].tolist() == [direction]
    assert told.frame["feature"].tolist() == ["latest_nps"]
    assert np.sign(told.frame["points"]).tolist() == [np.sign(coefficient)]
    assert told.frame["sentence"][0].startswith("Last NPS was 9")


def test_one_account_has_the_peers_of_training(now, groups):
    alone = explain(blend(), matrix(now.values[:1]), None, horizon="30d", groups=groups, account_ids=pd.Index(["a"]))
    j = FEATURES.place(alone.frame["feature"][0])
    assert alone.frame["peers"][0] == groups.typical[j]
    assert alone.frame["earlier"].isna().all()


def test_barred_groups_stay_in_the_rest(now):
    barred = Groups.fit(matrix(rows()[0]), never=["login"])
    ids = pd.RangeIndex(len(now))
    told = explain(blend(), now, None, horizon="90d", groups=barred, account_ids=ids)
    assert not told.frame["feature"].str.contains("login").any()
    whole = told.totals["base"] + told.totals["shown"] + told.totals["rest"]
    assert np.abs(whole - told.totals["log_odds"]).max() < 1e-9


def test_no_reasons_asked(now, groups):
    told = explain(
        blend(), now, None, horizon="90d", groups=groups, account_ids=pd.RangeIndex(len(now)), top=0, protective=0
    )
    assert told.frame.empty
    assert (told.totals["rest"] + told.totals["base"] - told.totals["log_odds"]).abs().max() < 1e-9


def test_points_near_the_base():
    """Where an account stands at the base, points follow the tangent: p (1 - p)."""
    base = -1.5
    p = 1 / (1 + np.exp(1.5))
    near = per_unit(base, np.array([base, base + 1e-9, base - 1e-7, base + 1e-4]))
    assert near == pytest.approx(p * (1 - p), rel=1e-4)


def test_sentences_are_there(told):
    assert told.frame["sentence"].str.endswith(".").all()
    assert told.frame["sentence"].str.len().min() > 10
    assert NOW > THEN


def test_what_does_not_belong_together(now, groups):
    ids = pd.RangeIndex(len(now))
    with pytest.raises(WrongModel, match="features are not those of the model"):
        explain(replace(blend(), names=("a",)), now, None, horizon="90d", groups=groups, account_ids=ids)
    with pytest.raises(WrongModel, match="groups are not those of the model"):
        explain(blend(), now, None, horizon="90d", groups=replace(groups, names=("a",)), account_ids=ids)
    turned = replace(now, features=FeatureSet(list(FEATURES)[::-1]))
    with pytest.raises(WrongModel, match="their order"):
        explain(blend(), turned, None, horizon="90d", groups=groups, account_ids=ids)
    with pytest.raises(WrongModel, match=r"1,500 rows now and 3 earlier"):
        explain(blend(), now, matrix(now.values[:3]), horizon="90d", groups=groups, account_ids=ids)
    with pytest.raises(RequestError, match="top=-1"):
        explain(blend(), now, None, horizon="90d", groups=groups, account_ids=ids, top=-1)


def test_an_account_that_was_not_explained(told):
    with pytest.raises(UnknownAccount, match="no account 'b7'"):
        told.of("b7")


@pytest.mark.filterwarnings("ignore")  # shap's own imports warn
def test_for_shap(now):
    found = shap_explanation(blend(), now, horizon="90d")
    assert found.values.shape == now.values.shape
    whole = found.base_values + found.values.sum(axis=1)
    assert np.abs(whole - blend().log_odds(now.values)[:, 2]).max() < 1e-9
    assert found.feature_names == list(FEATURES.names)
