"""Feature sets: fixed order, names, and plain data in and out."""

from __future__ import annotations

import json
import tomllib

import pytest
import tomli_w

from churnkit import features as f
from churnkit.errors import BadExpression, NameClash

A, B, C = f.count("login", "30d"), f.latest("nps"), f.tenure()
SET = f.FeatureSet([A, B, C], notes=["one note"])


def test_it_is_a_sequence():
    assert len(SET) == 3
    assert list(SET) == [A, B, C]
    assert SET[0] == A
    assert SET["latest_nps"] == B
    assert list(SET[1:]) == [B, C]
    assert SET.names == ("count_login_30d", "latest_nps", "tenure")
    assert A in SET


def test_it_grows_and_shrinks_by_copies():
    assert SET[:2].__add__([C]).names == SET.names
    assert SET.without("tenure", "latest_nps").names == ("count_login_30d",)
    assert f.FeatureSet(SET) == SET
    with pytest.raises(BadExpression, match=r"no feature is named 'tenur' \(did you mean 'tenure'\?\)"):
        SET.without("tenur")


def test_names_are_there_once():
    with pytest.raises(NameClash, match="'tenure'"):
        SET.__add__([C])


def test_it_shows_itself():
    assert repr(SET) == "FeatureSet(3 features: 1 usage, 1 satisfaction, 1 profile)"
    assert SET.frame.columns.tolist() == ["name", "theme", "unit", "on_silence", "expression", "phrase"]
    assert SET.frame.iloc[0].tolist() == [
        "count_login_30d", "usage", "facts", "0", "count('login', '30d')", "logins in the last 30 days",
    ]  # fmt: skip


def test_it_survives_json_and_toml(six):
    bound = f.bind([*SET, f.attribute("region"), f.rank_among(A, "region")], six)
    assert bound.signals["nps"] == ("satisfaction", "satisfaction")
    assert f.FeatureSet.from_dict(json.loads(json.dumps(bound.to_dict()))) == bound
    assert f.FeatureSet.from_dict(tomllib.loads(tomli_w.dumps(bound.to_dict()))) == bound
    assert f.FeatureSet.from_dict(SET.to_dict()) == SET


def test_binding_twice_changes_nothing(six):
    bound = f.bind([*SET, f.attribute("region")], six)
    assert f.bind(bound, six) == bound


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, 'no list "features"'),
        ({"features": "tenure"}, 'no list "features"'),
        ({"features": [{"op": "tenur"}]}, "did you mean 'tenure'"),
        ({"features": [], "signals": {"a": {"theme": "usage"}}}, "a theme and a table"),
    ],
)
def test_unreadable_data_are_refused(data, told):
    with pytest.raises(BadExpression, match=told):
        f.FeatureSet.from_dict(data)


def test_a_lone_feature_is_refused():
    with pytest.raises(BadExpression, match="give a list"):
        f.FeatureSet(A)
