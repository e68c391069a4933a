"""The learner on a flat table: what it takes, where it fits in, and that its reasons add up."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from churnkit.learning.flat import LEVELS, FlatColumns, same_rows
from churnkit.scoring.estimator import ChurnClassifier

SMALL = ChurnClassifier(bags=2, trees=40, n_jobs=1)


def table(n=900, seed=3):
    """Numbers with gaps, a flag, texts and a category; leaving depends on all but the noise."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "months": rng.exponential(20, n).astype(np.float32),
            "price": rng.normal(60, 20, n),
            "auto": rng.random(n) < 0.5,
            "contract": rng.choice(["monthly", "yearly", "two years"], n, p=[0.5, 0.3, 0.2]),
            "region": pd.Categorical(rng.choice(["north", "south"], n)),
            "noise": rng.integers(0, 9, n),
        }
    )
    lean = -0.06 * frame["months"] + 0.03 * frame["price"] + 1.5 * (frame["contract"] == "monthly") - frame["auto"] - 2
    frame.loc[rng.random(n) < 0.1, "price"] = np.nan
    left = rng.random(n) < 1 / (1 + np.exp(-lean))
    return frame, np.where(left, "left", "stayed")


@pytest.fixture(scope="module")
def learnt():
    frame, y = table()
    return clone(SMALL).set_params(positive="left").fit(frame, y)


def test_it_learns_what_there_is(learnt):
    frame, y = table(seed=4)
    probability = learnt.predict_proba(frame)[:, 0]
    assert learnt.classes_.tolist() == ["left", "stayed"]
    assert roc_auc_score(y == "left", probability) > 0.75
    assert log_loss(y == "left", probability) < 0.57
    assert learnt.blend_.events == int((table()[1] == "left").sum())
    assert learnt.feature_names_in_.tolist() == list(frame.columns)
    assert set(learnt.predict(frame)) == {"left", "stayed"}


def test_reasons_add_up_to_the_log_odds(learnt):
    frame, _ = table(50, seed=5)
    frame.index = [f"row {i}" for i in range(50)]
    told = learnt.explain(frame)
    assert told.columns.tolist() == ["(base)", *frame.columns]
    assert told.index.tolist() == frame.index.tolist()
    np.testing.assert_allclose(told.sum(axis=1), -learnt.decision_function(frame), atol=1e-9)
    assert (
        told["contract"][frame["contract"] == "monthly"].min() > told["contract"][frame["contract"] != "monthly"].max()
    )


def test_which_label_means_left_changes_no_meaning():
    frame, y = table(500)
    a, b = (clone(SMALL).set_params(positive=p).fit(frame, y) for p in ("stayed", None))
    np.testing.assert_array_equal(a.predict_proba(frame), b.predict_proba(frame))
    with pytest.raises(ValueError, match="none of the classes"):
        clone(SMALL).set_params(positive="gone").fit(frame, y)


@pytest.mark.parametrize(
    ("kind", "plain"),
    [("Int64", "int64"), ("Int8", "int8"), ("boolean", "bool"), ("bool[pyarrow]", "bool"), ("object", "int64")],
)
def test_labels_of_nullable_types_come_back_in_plain_type(kind, plain):
    frame, y = table(300)
    labels = pd.Series((y == "left").astype(int)).astype(kind)
    for given in (labels, labels.array, labels.to_frame().squeeze()):
        fitted = clone(SMALL).fit(frame, given)
        assert fitted.classes_.dtype == np.dtype(plain)
        assert fitted.classes_.tolist() == [0, 1]
        assert fitted.predict(frame).dtype == np.dtype(plain)
    listed = clone(SMALL).fit(frame, y.tolist())
    assert listed.classes_.dtype == y.dtype  # plain types stay as they are


@pytest.mark.parametrize("kind", ["Int64", "float64", "boolean", "object", "string", "category"])
def test_missing_labels_are_refused_with_their_count(kind):
    frame, y = table(300)
    labels = pd.Series(y) if kind in ("object", "string", "category") else pd.Series((y == "left").astype(int))
    labels = labels.astype(kind)
    labels[[5, 9, 30]] = np.nan if kind == "float64" else None
    with pytest.raises(
        ValueError, match=r"^y: 3 of 300 labels are missing \(first: row 5, counted from 0\)\. Leave out"
    ):
        clone(SMALL).fit(frame, labels)


def test_texts_never_seen_and_other_gaps_are_taken(learnt):
    frame, _ = table(20, seed=6)
    frame["contract"] = "ten years"
    frame["region"] = None
    found = learnt.predict_proba(frame)
    assert np.isfinite(found).all()
    empty = frame.assign(contract=None)
    np.testing.assert_array_equal(found, learnt.predict_proba(empty))


def test_one_row_is_as_in_a_batch(learnt):
    frame, _ = table(30, seed=7)
    batch = learnt.predict_proba(frame)
    alone = np.concatenate([learnt.predict_proba(frame.iloc[[i]]) for i in range(30)])
    np.testing.assert_array_equal(batch, alone)


def test_it_fits_into_pipelines_and_calibration():
    frame, y = table(1000)
    line = make_pipeline(FunctionTransformer(lambda X: X.drop(columns="noise")), clone(SMALL))
    assert cross_val_score(line, frame, y, cv=3, scoring="roc_auc").mean() > 0.7
    calibrated = CalibratedClassifierCV(clone(SMALL), cv=2).fit(frame, y)
    assert calibrated.predict_proba(frame).shape == (1000, 2)


def test_the_number_of_jobs_changes_nothing():
    frame, y = table(500)
    one, two = (clone(SMALL).set_params(n_jobs=n).fit(frame, y) for n in (1, 2))
    np.testing.assert_array_equal(one.predict_proba(frame), two.predict_proba(frame))


def test_equal_rows_stay_together_but_each_counts():
    X = np.array([[1, np.nan], [0.0, 2], [1, np.nan], [-0.0, 2], [1, 2]], dtype=np.float32)
    number = same_rows(X)
    assert number[0] == number[2]
    assert number[1] == number[3]
    assert len(set(number.tolist())) == 3
    rng = np.random.default_rng(0)
    # Sixty distinct rows, each twenty times with one random answer: nothing is to be learnt, and a fold that
    # parted equal rows would find every answer.
    rows = np.repeat(rng.normal(size=(60, 3)), 20, axis=0)
    y = np.repeat(rng.permutation(np.arange(60) % 2), 20)
    model = clone(SMALL).fit(rows, y)
    assert model.blend_.events == 600
    assert model.blend_.weight < 1
    assert np.abs(model.decision_function(rows)).mean() < 1.5


def test_rows_of_one_group_share_a_fold_and_an_event():
    frame, y = table(600)
    model = clone(SMALL).fit(frame, y == "left", groups=np.repeat(np.arange(300), 2))
    assert model.blend_.evidence.accounts == 300


def test_columns_by_hand():
    frame = pd.DataFrame(
        {
            "total": ["1.5", " ", "20", None],
            "flag": pd.array([True, None, False, True], dtype="boolean"),
            "plan": ["b", "a", "b", None],
            "count": pd.array([1, None, 3, 4], dtype="Int64"),
        }
    )
    columns = FlatColumns.of(frame)
    assert columns.levels == (None, None, ("b", "a"), None)
    assert columns.categorical == (2,)
    nan = np.nan
    expected = [[1.5, 1, 0, 1], [nan, nan, 1, nan], [20, 0, 0, 3], [nan, 1, nan, 4]]
    np.testing.assert_array_equal(columns.matrix(frame), np.array(expected, dtype=np.float32))


def test_a_category_of_many_levels_is_pooled():
    many = pd.DataFrame({"town": [f"t{i}" for i in range(5_000)] + ["big"] * 10})
    columns = FlatColumns.of(many)
    assert len(columns.levels[0]) == LEVELS + 1
    found = columns.matrix(pd.DataFrame({"town": ["big", "t4999", "never seen", None]}))[:, 0]
    np.testing.assert_array_equal(found, np.array([0, LEVELS, LEVELS, np.nan], dtype=np.float32))


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda f: f.assign(price=np.inf), ValueError, "infinity .column 'price'"),
        (lambda f: f.assign(since=pd.Timestamp("2025-01-01")), TypeError, "'since' holds times"),
        (lambda f: f.set_axis(["months"] * f.shape[1], axis=1), ValueError, "stand twice"),
        (lambda f: f.iloc[:0], ValueError, "0 sample"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(change, error, says):
    frame, y = table(100)
    changed = change(frame)
    with pytest.raises(error, match=says):
        clone(SMALL).fit(changed, y[: len(changed)])


def test_columns_that_say_nothing_are_taken():
    frame, y = table(400)
    frame = frame.assign(constant=1.0, nothing=np.nan, void=None)
    model = clone(SMALL).fit(frame, y)
    assert np.abs(model.explain(frame)[["constant", "nothing", "void"]].to_numpy()).max() == 0
    json.dumps(model.get_params())
