"""Pooling: which features are one reason."""

import json

import numpy as np
import pytest

from churnkit import features as f
from churnkit.errors import BundleError, UnknownSignal
from churnkit.features import FeatureMatrix, FeatureSet
from churnkit.reasons import Groups


def matrix(features, values, cutoff=None):
    values = np.asarray(values, dtype=np.float32)
    n = len(values)
    cutoff = np.zeros(n, np.int64) if cutoff is None else np.asarray(cutoff, dtype=np.int64)
    return FeatureMatrix(values, FeatureSet(features), np.arange(n, dtype=np.int32), cutoff, {})


def noise(n, p, seed=0):
    return np.random.default_rng(seed).normal(size=(n, p))


def test_by_theme_and_signal():
    features = [
        f.count("login", "30d"),
        f.latest("nps"),
        f.days_since("login"),
        f.count("ticket_opened", "90d"),
        f.count("login", "30d") / f.count("login", "90d"),
        f.attribute("region", categories=("a", "b")),
        f.tenure(),
        f.count(None, "30d"),
    ]
    groups = Groups.fit(matrix(features, noise(500, 8)))
    of = dict(zip(groups.names, groups.group_of.tolist(), strict=True))
    login = {features[j].name for j in (0, 2, 4)}
    assert {name for name, g in of.items() if g == of[features[0].name]} == login
    assert len(set(of.values())) == 6
    assert groups.themes[of["latest_nps"]] == "satisfaction"
    assert groups.subjects[of["latest_nps"]] == ("nps",)
    assert groups.actions[of["latest_nps"]] == "act"
    assert groups.actions[of["tenure"]] == groups.actions[of["attribute_region"]] == "explain only"
    assert groups.actions[of[features[7].name]] == "act"
    assert groups.subjects[of[features[7].name]] == ("every activity",)


def test_signals_of_one_theme_that_move_together_are_one_reason():
    base = noise(400, 1)
    values = np.hstack([base, np.exp(base), noise(400, 2, seed=1)])  # ranks agree, values do not
    features = [f.count("login", "30d"), f.count("export", "30d"), f.count("share", "30d"), f.latest("nps")]
    groups = Groups.fit(matrix(features, values))
    assert groups.group_of[0] == groups.group_of[1]
    assert len(set(groups.group_of.tolist())) == 3
    assert groups.subjects[groups.group_of[0]] == ("export", "login")


def test_other_themes_stay_apart_however_alike():
    base = noise(400, 1)
    groups = Groups.fit(matrix([f.count("login", "30d"), f.latest("nps")], np.hstack([base, base])))
    assert groups.group_of[0] != groups.group_of[1]


def test_what_must_not_be_shown():
    features = [f.count("login", "30d"), f.attribute("region", categories=("a", "b"))]
    groups = Groups.fit(matrix(features, noise(50, 2)), never=["region"])
    assert groups.actions[groups.group_of[1]] == "never show"
    assert groups.shown[groups.group_of].tolist() == [True, False]


def test_a_misspelt_name_would_bar_nothing():
    with pytest.raises(UnknownSignal, match=r"'regoin'.*did you mean 'region'"):
        Groups.fit(matrix([f.attribute("region", categories=("a", "b"))], noise(9, 1)), never=["regoin"])


def test_a_ratio_is_about_its_upper_part():
    features = [
        f.count("export", "84d") / f.count(["export", "login"], "84d"),
        f.count("export", "28d"),
        f.count("login", "28d"),
        f.latest("mrr") / f.latest("seats"),
        f.latest("mrr"),
    ]
    of = Groups.fit(matrix(features, noise(300, 5))).group_of.tolist()
    assert of[0] == of[1] != of[2]
    assert of[3] == of[4]


def test_typical_values_are_of_the_last_cutoff():
    values = [[1, np.nan], [9, np.nan], [3, 5], [5, np.nan], [100, np.nan]]
    groups = Groups.fit(matrix([f.count("login", "30d"), f.latest("nps")], values, cutoff=[0, 0, 7, 7, 7]))
    assert groups.typical.tolist() == [5.0, 5.0]


def test_columns_that_never_vary_or_are_never_known():
    values = np.hstack([np.ones((30, 1)), np.full((30, 1), np.nan)])
    groups = Groups.fit(matrix([f.count("login", "30d"), f.count("export", "30d")], values))
    assert len(set(groups.group_of.tolist())) == 2
    assert np.isnan(groups.typical[1])


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_rows(n):
    assert len(Groups.fit(matrix([f.count("login", "30d"), f.latest("nps")], noise(n, 2))).group_of) == 2


def test_written_and_read(tmp_path):
    groups = Groups.fit(matrix([f.count("login", "30d"), f.latest("nps")], [[1, np.nan], [2, np.nan]]))
    again = Groups.read(groups.write(tmp_path / "groups.json"))
    assert again.names == groups.names
    assert again.group_of.tolist() == groups.group_of.tolist()
    assert (again.themes, again.subjects, again.actions) == (groups.themes, groups.subjects, groups.actions)
    assert again.typical.tobytes() == groups.typical.tobytes()


def test_what_cannot_be_read(tmp_path):
    path = Groups.fit(matrix([f.count("login", "30d"), f.latest("nps")], noise(9, 2))).write(tmp_path / "groups.json")
    with pytest.raises(BundleError, match="cannot be read"):
        Groups.read(tmp_path / "elsewhere.json")
    data = json.loads(path.read_text())
    path.write_text(json.dumps(data | {"themes": ["usage"]}))
    with pytest.raises(BundleError, match="contradict"):
        Groups.read(path)
    path.write_text(json.dumps(data | {"group_of": [0, 7]}))
    with pytest.raises(BundleError, match="not there"):
        Groups.read(path)
    path.write_text("{")
    with pytest.raises(BundleError, match="cannot be read"):
        Groups.read(path)
