"""The kernel's Shapley values are LightGBM's, shap's and brute force's."""

import lightgbm as lgb
import numpy as np
import pytest

from churnkit.reasons.kernel import lowered, shapley_values
from churnkit.reasons.trees import BELOW_OR_MISSING, ZERO_MISSING, Trees, conditioned, joined, read_trees
from support.forests import awkward, brute_force, for_shap, grown

TOLERANCE = 1e-9


def both(booster, X):
    trees = read_trees(booster.model_to_string())
    program = lowered(trees)
    told = booster.predict(X, pred_contrib=True, num_threads=1)
    return shapley_values(program, X), program.base, told


FORESTS = {
    "missing values": {"num_leaves": 31},
    "no missing values in training": {"num_leaves": 31, "missing": 0.0},
    "zero counts as missing": {"num_leaves": 15, "zero_as_missing": True},
    "missing not treated apart": {"num_leaves": 15, "use_missing": False},
    "categorical splits": {
        "num_leaves": 31,
        "categories": 2,
        "max_cat_to_onehot": 1,
        "cat_smooth": 1.0,
        "min_data_per_group": 2,
    },
    "one category against the rest": {
        "num_leaves": 15,
        "categories": 2,
        "max_cat_to_onehot": 100,
        "min_data_per_group": 2,
    },
    "deep and narrow": {"num_leaves": 60, "columns": 12, "max_bin": 200, "feature_fraction": 0.5},
    "repeated features": {"num_leaves": 63, "columns": 3},
    "one feature": {"num_leaves": 31, "columns": 1},
    "bagged": {"num_leaves": 31, "bagging_fraction": 0.4, "bagging_freq": 1},
    "stumps": {"num_leaves": 2},
    "random forest": {"num_leaves": 15, "boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1},
}


def forest(name):
    """A booster of that kind, and new rows."""
    settings = {"columns": 8, "missing": 0.2, "categories": 0} | FORESTS[name]
    columns, missing, categories = (settings.pop(k) for k in ("columns", "missing", "categories"))
    X = awkward(1500, columns, missing=missing, categories=categories)
    booster = grown(X, 12, categories=categories, **settings)
    new = awkward(100, columns, seed=9, missing=0.3, categories=categories)
    new[::7] = 0.0
    if categories:
        new[::5, 0] = [-3, 1e9, np.nan, 200, -0.5] * 4
    return booster, new


@pytest.mark.filterwarnings("ignore")  # shap's own imports and its change of form warn
@pytest.mark.parametrize("name", FORESTS)
def test_equals_shap(name):
    import shap

    booster, new = forest(name)
    told = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent").shap_values(new)
    found = shapley_values(lowered(read_trees(booster.model_to_string())), new)
    assert np.abs(found - np.asarray(told)).max() < TOLERANCE


@pytest.mark.parametrize("name", FORESTS)
def test_equals_pred_contrib(name):
    booster, new = forest(name)
    phi, base, told = both(booster, new)
    assert np.abs(phi - told[:, :-1]).max() < TOLERANCE
    assert np.abs(base - told[:, -1]).max() < TOLERANCE
    assert np.abs(base + phi.sum(axis=1) - booster.predict(new, raw_score=True)).max() < TOLERANCE


def test_trees_without_a_split():
    X = awkward(60, 3)
    booster = lgb.train(
        {"objective": "binary", "verbose": -1, "min_data_in_leaf": 500}, lgb.Dataset(X, np.arange(60) % 3 == 0), 4
    )
    phi, base, _ = both(booster, X)
    assert (phi == 0).all()
    assert base == pytest.approx(booster.predict(X[:1], raw_score=True)[0], abs=TOLERANCE)


def test_thresholds_between_neighbouring_float32():
    low = np.float32(0.1)
    high = np.nextafter(low, np.float32(1))
    X = np.array([[low], [high]] * 200, np.float32)
    y = (X[:, 0] == high).astype(int)
    booster = lgb.train({"objective": "binary", "verbose": -1, "min_data_in_leaf": 1}, lgb.Dataset(X, y), 3)
    edges = np.array(
        [[np.nextafter(low, np.float32(0))], [low], [high], [np.inf], [-np.inf], [np.nan], [-0.0]], np.float32
    )
    phi, _, told = both(booster, edges)
    assert np.abs(phi - told[:, :-1]).max() < TOLERANCE
    assert phi[1, 0] < 0 < phi[2, 0]


def test_extreme_values():
    X = awkward(800, 4)
    X[:, 0] *= np.float32(1e36)
    X[:, 1] *= np.float32(1e-38)
    booster = grown(X, 8, num_leaves=31)
    phi, _, told = both(booster, X)
    assert np.abs(phi - told[:, :-1]).max() < TOLERANCE


@pytest.mark.parametrize("columns", [1, 2, 5, 8, 10])
def test_equals_brute_force(columns):
    X = awkward(400, columns, seed=columns)
    trees = read_trees(grown(X, 3, num_leaves=24, seed=columns).model_to_string())
    phi = shapley_values(lowered(trees), X[:3])
    for row in range(3):
        told, base, whole = brute_force(trees, X[row])
        assert np.abs(phi[row] - told).max() < TOLERANCE
        assert base == pytest.approx(trees.base(), abs=TOLERANCE)
        assert whole == pytest.approx(base + phi[row].sum(), abs=TOLERANCE)


def test_conditioned_trees_equal_brute_force():
    X = awkward(900, 6, missing=0.1)
    X[:, 5] = np.random.default_rng(1).choice([30, 60, 90], 900)
    trees = read_trees(grown(X, 4, num_leaves=31).model_to_string())
    assert (trees.column == 5).any()
    for days in (30.0, 60.0, 90.0):
        there = conditioned(trees, 5, days)
        phi = shapley_values(lowered(there), X[:3])
        assert (phi[:, 5] == 0).all()
        for row in range(3):
            told, base, whole = brute_force(there, X[row])
            assert np.abs(phi[row] - told).max() < TOLERANCE
            assert base == pytest.approx(there.base(), abs=TOLERANCE)
            at = X[row].copy()
            at[5] = days
            assert whole == pytest.approx(sum_of_leaves(trees, at), abs=TOLERANCE)


@pytest.mark.filterwarnings("ignore")  # shap's own imports warn
@pytest.mark.parametrize("settings", [{"num_leaves": 31}, {"num_leaves": 60, "feature_fraction": 0.3}], ids=str)
def test_conditioned_trees_equal_shaps_own_explainer(settings):
    import shap

    X = awkward(900, 8)
    X[:, 7] = np.random.default_rng(1).choice([30, 60, 90], 900)
    trees = read_trees(grown(X, 6, **settings).model_to_string())
    assert (trees.column == 7).any()
    for days in (30.0, 60.0, 90.0):
        there = conditioned(trees, 7, days)
        explainer = shap.TreeExplainer(for_shap(there), feature_perturbation="tree_path_dependent")
        told = explainer.shap_values(X[:60].astype(np.float64), check_additivity=False)
        assert np.abs(shapley_values(lowered(there), X[:60]) - told).max() < TOLERANCE


def sum_of_leaves(trees, x):
    total = 0.0
    for root in trees.roots.tolist():
        at = root
        while at >= 0:
            at = int((trees.left if trees.goes_left(at, x[trees.column[at]]) else trees.right)[at])
        total += trees.value[~at]
    return total


def test_conditioning_keeps_cover_ratios_by_hand():
    """Root: horizon <= 45 ? (a: share .25) : (b: share .6); conditioned on 60 only b is left, with its .6."""
    trees = tree(
        column=[1, 0, 0], threshold=[45.0, 0.0, 0.0], left=[1, -1, -3], right=[2, -2, -4], share=[0.9, 0.25, 0.6]
    )
    there = conditioned(trees, 1, 60.0)
    assert there.roots.tolist() == [2]
    assert there.base() == pytest.approx(0.6 * 3 + 0.4 * 4)
    assert conditioned(trees, 1, 45.0).base() == pytest.approx(0.25 * 1 + 0.75 * 2)
    phi = shapley_values(lowered(there), np.array([[-1.0, 60.0], [1.0, 60.0]], np.float32))
    assert phi == pytest.approx(np.array([[3 - 3.4, 0], [4 - 3.4, 0]]))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_branches_that_no_training_row_reached(share):
    trees = tree(
        column=[0, 1, 0, 2],
        threshold=[0.0, 0.0, -1.0, 0.0],
        left=[1, 2, -1, -2],
        right=[3, -3, -4, -5],
        share=[share, share, 1.0 - share, 0.5],
        value=[1.0, -2.0, 5.0, 11.0, -7.0],
    )
    program = lowered(trees)
    for x in np.array(np.meshgrid([-2, -0.5, 1], [-1, 1], [-1, 1]), np.float32).reshape(3, -1).T:
        told, base, _ = brute_force(trees, x)
        phi = shapley_values(program, x[None])[0]
        assert np.isfinite(phi).all()
        assert np.abs(phi - told).max() < TOLERANCE
        assert program.base == pytest.approx(base, abs=TOLERANCE)


def tree(column, threshold, left, right, share, value=None):
    nodes = len(column)
    zeros = np.zeros(nodes, np.int32)
    return Trees(
        columns=max(column) + 1,
        roots=np.zeros(1, np.int32),
        column=np.array(column, np.int32),
        threshold=np.array(threshold),
        kind=np.zeros(nodes, np.uint8),
        left=np.array(left, np.int32),
        right=np.array(right, np.int32),
        share=np.array(share),
        zero_left=zeros.astype(bool),
        word=zeros,
        words=zeros,
        bits=np.empty(0, np.uint32),
        value=np.arange(1.0, nodes + 2) if value is None else np.array(value),
    )


def test_a_chain_far_deeper_than_any_tree_of_the_learner():
    """300 splits in a row, on 40 columns in turn: finite and additive."""
    depth = 300
    trees = tree(
        column=[k % 40 for k in range(depth)],
        threshold=[0.0] * depth,
        left=[k + 1 for k in range(depth - 1)] + [-1],
        right=[-k - 2 for k in range(depth)],
        share=[0.97] * depth,
        value=np.linspace(-3, 3, depth + 1),
    )
    X = np.where(np.random.default_rng(0).random((20, 40)) < 0.03, 1, -1).astype(np.float32)
    program = lowered(trees)
    phi = shapley_values(program, X)
    told = [sum_of_leaves(trees, x) for x in X]
    assert np.abs(program.base + phi.sum(axis=1) - told).max() < TOLERANCE


def test_forests_add_up():
    X = awkward(700, 6)
    one, two = (read_trees(grown(X, 5, num_leaves=n, seed=n, categories=0).model_to_string()) for n in (7, 20))
    alone = [shapley_values(lowered(t), X[:50]) for t in (one.scaled(0.25), two.scaled(0.25))]
    together = lowered(joined([one, two]).scaled(0.25))
    assert np.abs(shapley_values(together, X[:50]) - sum(alone)).max() < 1e-12
    assert together.base == pytest.approx(0.25 * (one.base() + two.base()))


def made_up(seed, columns=5):
    """A forest of random shape: narrow or bushy, single leaves, every kind of split, cover ratios from 0 to 1."""
    rng = np.random.default_rng(seed)
    marks = np.array([-1.5, 0.0, 1e-36, 0.1, 1.0, 3.0], np.float32)  # thresholds on which values fall
    rows = {
        name: [] for name in ("column", "threshold", "kind", "left", "right", "share", "zero_left", "word", "words")
    }
    values, bits = [], []

    def leaf():
        values.append(rng.normal())
        return -len(values)

    def grow(splits):
        if not splits:
            return leaf()
        node = len(rows["column"])
        for name, value in {
            "column": rng.integers(columns),
            "threshold": float(rng.choice(marks)),
            "kind": rng.integers(4),
            "left": 0,
            "right": 0,
            "share": rng.choice([0.0, 1.0, 0.5, rng.random()], p=[0.1, 0.1, 0.2, 0.6]),
            "zero_left": rng.random() < 0.5,
            "word": len(bits),
            "words": 2,
        }.items():
            rows[name].append(value)
        bits.extend(rng.integers(0, 2**32, 2, dtype=np.uint32).tolist())
        if rows["kind"][node] < ZERO_MISSING:  # for a plain split the kind says where a missing value goes
            rows["zero_left"][node] = bool(rows["kind"][node] == BELOW_OR_MISSING)
        first = int(rng.choice([0, splits - 1, rng.integers(splits)]))  # a chain to either side, or bushy
        rows["left"][node], rows["right"][node] = grow(first), grow(splits - 1 - first)
        return node

    roots = [grow(splits) for splits in (0, int(rng.integers(1, 4)), int(rng.integers(4, 14)))]
    kinds = {"column": np.int32, "kind": np.uint8, "left": np.int32, "right": np.int32, "zero_left": bool}
    kinds |= {"word": np.int32, "words": np.int32}
    arrays = {name: np.array(value, kinds.get(name, np.float64)) for name, value in rows.items()}
    forest = Trees(
        columns=columns,
        roots=np.array(roots, np.int32),
        bits=np.array(bits, np.uint32),
        value=np.array(values),
        **arrays,
    )
    near = np.concatenate([marks, np.nextafter(marks, np.float32(9)), np.nextafter(marks, np.float32(-9))])
    odd = np.array([np.nan, np.inf, -np.inf, -0.0, 7, 40, 63, 64, -3, 0.5], np.float32)
    return forest, rng.choice(np.concatenate([near, odd]), (6, columns)).astype(np.float32)


@pytest.mark.parametrize("seed", range(60))
def test_made_up_forests_equal_brute_force(seed):
    trees, X = made_up(seed)
    program = lowered(trees)
    phi = shapley_values(program, X)
    assert np.isfinite(phi).all()
    for row, x in enumerate(X):
        told, base, whole = brute_force(trees, x)
        assert np.abs(phi[row] - told).max() < TOLERANCE
        assert program.base == pytest.approx(base, abs=TOLERANCE)
        assert whole == pytest.approx(sum_of_leaves(trees, x), abs=TOLERANCE)


@pytest.mark.parametrize("seed", range(20))
def test_made_up_forests_conditioned_equal_brute_force(seed):
    """Conditioned on a column, whatever stands there: its splits are gone, all else is the game of what is left."""
    trees, X = made_up(seed + 1000)
    for value in (0.1, 3.0, 40.0):
        there = conditioned(trees, 2, value)
        phi = shapley_values(lowered(there), X)
        assert (phi[:, 2] == 0).all()
        for row, x in enumerate(X):
            told, _, whole = brute_force(there, x)
            assert np.abs(phi[row] - told).max() < TOLERANCE
            at = x.copy()
            at[2] = value
            assert whole == pytest.approx(sum_of_leaves(trees, at), abs=TOLERANCE)
