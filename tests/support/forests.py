"""Boosters grown on awkward data, and Shapley values by brute force."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import lightgbm as lgb
import numpy as np

PLAIN = {
    "objective": "binary",
    "verbose": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 3,
}


def awkward(rows, columns, *, seed=0, missing=0.2, categories=0):
    """Rows with missing values, ties, zeros and (in the first columns) categories."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, columns)).astype(np.float32)
    X[:, columns // 2] = np.round(X[:, columns // 2])
    X[rng.random(X.shape) < missing] = np.nan
    for j in range(categories):
        X[:, j] = rng.integers(0, 70, rows)
    return X


def grown(X, trees=20, *, seed=0, categories=0, **settings):
    """A booster on a noisy target with interactions."""
    rng = np.random.default_rng(seed)
    z = np.nan_to_num(X, nan=0.7).astype(np.float64)
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    lean = z[:, -1] + z[:, 1 % X.shape[1]] * z[:, -1] + np.sin(3 * z[:, 0]) + (X[:, 0] % 3 == 0)
    y = lean + rng.normal(size=len(X)) > 0.5
    data = lgb.Dataset(X, y.astype(int), categorical_feature=list(range(categories)), free_raw_data=False)
    return lgb.train(PLAIN | {"min_data_in_leaf": 2, "min_sum_hessian_in_leaf": 0} | settings, data, trees)


def brute_force(trees, x):
    """Shapley values of the path-dependent game of one row, over all subsets of columns."""
    columns = trees.columns

    def worth(known):
        total = 0.0
        for root in trees.roots:
            todo = [(int(root), 1.0)]
            while todo:
                at, weight = todo.pop()
                if at < 0:
                    total += weight * trees.value[~at]
                elif trees.column[at] in known:
                    side = trees.left if trees.goes_left(at, x[trees.column[at]]) else trees.right
                    todo.append((int(side[at]), weight))
                else:
                    todo.append((int(trees.left[at]), weight * trees.share[at]))
                    todo.append((int(trees.right[at]), weight * (1 - trees.share[at])))
        return total

    cache = {}
    for size in range(columns + 1):
        for known in combinations(range(columns), size):
            cache[frozenset(known)] = worth(set(known))
    phi = np.zeros(columns)
    for known, value in cache.items():
        share = (
            factorial(len(known)) * factorial(columns - len(known) - 1) / factorial(columns)
            if len(known) < columns
            else 0
        )
        for j in set(range(columns)) - known:
            phi[j] += share * (cache[known | {j}] - value)
    return phi, cache[frozenset()], cache[frozenset(range(columns))]


def for_shap(trees):
    """Trees without categorical splits as plain data that ``shap.TreeExplainer`` reads; cover from the ratios."""

    def plain(root):
        rows = []

        def add(at, weight):
            here = len(rows)
            rows.append(None)
            if at < 0:
                rows[here] = (-1, -1, -1, -2, -2.0, trees.value[~at], weight)
                return here
            share = trees.share[at]
            left, right = add(int(trees.left[at]), weight * share), add(int(trees.right[at]), weight * (1 - share))
            default = left if trees.zero_left[at] else right
            rows[here] = (left, right, default, int(trees.column[at]), float(trees.threshold[at]), 0.0, weight)
            return here

        add(int(root), 1e6)
        left, right, default, column, threshold, value, weight = zip(*rows, strict=True)
        ints = {"children_left": left, "children_right": right, "children_default": default, "features": column}
        return {name: np.array(values, np.int32) for name, values in ints.items()} | {
            "thresholds": np.array(threshold),
            "values": np.array(value)[:, None],
            "node_sample_weight": np.array(weight),
        }

    return {"trees": [plain(root) for root in trees.roots]}
