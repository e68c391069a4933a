"""The boosted part: LightGBM on rows stacked by horizon, bags drawn by account, one binned data set for all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import lightgbm as lgb
import numpy as np

from churnkit.learning.settings import TREE_BUDGET, LearnerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from churnkit.learning.rows import Bools, Floats, Floats32, Rows

DRAWN = 0.9
"""Share of accounts in a bag, drawn without replacement: where trees earn most of the weight, each account left out
costs (on three flat tables, with .8 the log loss was 3 % and 1 % worse on two and the same on one)."""

PATIENCE = 12
"""Rounds without a better later slice after which a fold stops."""

Task = TypeVar("Task")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Task], Result], tasks: Sequence[Task], workers: int) -> list[Result]:
    """Run independent fits on a thread pool; each is single-threaded, so the number of workers never shows."""
    if workers < 2 or len(tasks) < 2:
        return [work(task) for task in tasks]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, tasks))


@dataclass(frozen=True)
class Shape:
    """Size of the boosted part, and how little a leaf may rest on.

    Parameters
    ----------
    leaves, learning_rate, rounds
        Of each bag's trees.
    sharp
        Whether a leaf may rest on a handful of rows and is hardly shrunken: right where answers are nearly decided
        by the features, wrong where they are mostly noise.
    own
        LightGBM's settings that a search has found, by name, in place of those.
    """

    leaves: int
    learning_rate: float
    rounds: int
    sharp: bool = False
    own: tuple[tuple[str, float], ...] = ()

    @classmethod
    def candidates(cls, settings: LearnerSettings, pairs: int) -> list[Shape]:
        """Shapes that the folds choose from: small trees, large ones and sharp ones, or what the settings say.

        On a large book (``pairs`` rows stacked) further tries would cost more than they find: large trees alone.
        """
        tried = SHAPES[:1] if pairs > TRY_ALL_BELOW or settings.leaves or settings.learning_rate else SHAPES
        sizes = [(settings.leaves or leaves, settings.learning_rate or rate, sharp) for leaves, rate, sharp in tried]
        return [cls(n, rate, cls.most_rounds(settings, n), sharp) for n, rate, sharp in sizes]

    @staticmethod
    def most_rounds(settings: LearnerSettings, leaves: int) -> int:
        """Rounds of one bag under which all bags together keep the budget of trees."""
        return min(settings.trees, TREE_BUDGET // leaves) // max(settings.bags, 1)

    @property
    def parameters(self) -> dict[str, object]:
        """LightGBM's names for it."""
        leaf = SHARP if self.sharp else BLUNT
        return {"num_leaves": self.leaves, "learning_rate": self.learning_rate, **leaf, **dict(self.own)}


SHAPES = ((24, 0.1, False), (8, 0.08, False), (24, 0.1, True))
"""Leaves, learning rate and sharpness that are tried; the first on every book."""

BLUNT = {"min_data_in_leaf": 5, "min_sum_hessian_in_leaf": 0.5, "lambda_l2": 1.0}
SHARP = {"min_data_in_leaf": 3, "min_sum_hessian_in_leaf": 0.1, "lambda_l2": 0.1}
"""What a leaf may rest on, and how far it is shrunken."""

TRY_ALL_BELOW = 150_000
"""Stacked rows."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Known (row, horizon) pairs, binned once for folds and bags alike.

    Parameters
    ----------
    values : float32 [m, p + 1]
        Features with the horizon in days as the last column.
    row, horizon : int64 [m]
        Where each pair comes from.
    weight : float64 [m]
        Of each pair.
    data
        The binned data set, with answers and weights.
    parameters
        LightGBM's, but for shape and seeds.
    """

    values: Floats32
    row: NDArray[np.int64]
    horizon: NDArray[np.int64]
    weight: Floats
    data: lgb.Dataset
    parameters: dict[str, object]

    @classmethod
    def of(cls, rows: Rows, weight: Floats, monotone: dict[int, int]) -> Stack:
        """Stack the pairs of positive weight, horizon by horizon, and bin them."""
        horizon, row = np.nonzero((weight > 0).T)
        values = np.empty((len(row), rows.X.shape[1] + 1), dtype=np.float32)
        values[:, :-1] = rows.X[row]
        values[:, -1] = rows.days[horizon]
        parameters = _parameters(rows.X.shape[1], monotone)
        of_pair = weight[row, horizon]
        data = lgb.Dataset(values, label=rows.y[row, horizon], weight=of_pair, params=parameters, free_raw_data=False)
        return cls(values, row, horizon, of_pair, data.construct(), parameters)

    def pairs(self, rows: Bools) -> NDArray[np.int64]:
        """Positions of the pairs that some rows have."""
        return np.flatnonzero(rows[self.row])

    def booster(self, pairs: NDArray[np.int64], shape: Shape, seed: int) -> lgb.Booster:
        """Begin a model of some shape on some pairs."""
        own = {**self.parameters, **shape.parameters, "seed": seed}
        return lgb.Booster(own, self.data.subset(pairs).construct())


def _parameters(features: int, monotone: dict[int, int]) -> dict[str, object]:
    """LightGBM's parameters: one thread per model, every tree sees some of the columns."""
    return {
        "objective": "binary",
        "max_bin": 63,
        "min_data_in_bin": 3,
        **BLUNT,
        "feature_fraction": 0.7 if features < 60 else 0.5 if features < 150 else 0.3,
        "feature_pre_filter": False,
        "monotone_constraints": [monotone.get(j, 0) for j in range(features)] + [1],
        "boost_from_average": True,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }


@dataclass(frozen=True, eq=False)
class FoldCurve:
    """One fold's boosted model and the log loss of its later slice, round by round."""

    booster: lgb.Booster
    losses: Floats
    weight: float

    def predict(self, values: Floats32, rounds: int, threads: int) -> Floats:
        """Raw score of stacked rows after so many rounds."""
        scores = self.booster.predict(values, raw_score=True, num_iteration=rounds, num_threads=threads)
        return np.asarray(scores, dtype=np.float64)


def fold_curve(stack: Stack, fold: tuple[Bools, Bools], shape: Shape, seed: int) -> FoldCurve:
    """Boost on a fold until its later slice has not been better for :data:`PATIENCE` rounds."""
    train, test = (stack.pairs(side) for side in fold)
    booster = stack.booster(train, shape, seed)
    later = stack.data.subset(test).construct()
    booster.add_valid(later, "later")
    losses: list[float] = []
    for _ in range(shape.rounds):
        finished = booster.update()
        losses.append(float(booster.eval_valid()[0][2]))
        if finished or len(losses) - int(np.argmin(losses)) > PATIENCE:
            break
    return FoldCurve(booster, np.array(losses), float(stack.weight[test].sum()))


def best_rounds(curves: Sequence[FoldCurve]) -> tuple[float, int]:
    """Choose the rounds that are best over all folds together (a fold that stopped keeps its last loss).

    Returns
    -------
    loss, rounds
        Summed log loss at the best round, and that round's number from 1.
    """
    length = max(len(c.losses) for c in curves)
    total = np.zeros(length)
    for curve in curves:
        padded = np.concatenate([curve.losses, np.full(length, curve.losses[-1])])[:length]
        total += curve.weight * padded
    return float(total.min()), int(np.argmin(total)) + 1


def fit_bags(stack: Stack, people: NDArray[np.int64], settings: LearnerSettings, shape: Shape) -> tuple[str, ...]:
    """Fit one model per bag of accounts and give their texts.

    Returns
    -------
    tuple of str
        LightGBM's own format; the mean of their raw scores is the boosted margin.
    """
    accounts = int(people.max()) + 1

    def fit(bag: int) -> str:
        rng = np.random.default_rng([settings.seed, bag])
        drawn = np.zeros(accounts, dtype=bool)
        drawn[rng.permutation(accounts)[: max(1, round(DRAWN * accounts))]] = True
        booster = stack.booster(stack.pairs(drawn[people]), shape, settings.seed + 100 * (bag + 1))
        for _ in range(shape.rounds):
            if booster.update():
                break
        text: str = booster.model_to_string(num_iteration=-1)
        return text

    return tuple(side_by_side(fit, range(settings.bags), settings.workers))


def read_booster(text: str) -> lgb.Booster:
    """Read a model from its text."""
    return lgb.Booster(model_str=text)


def raw_scores(boosters: Sequence[lgb.Booster], X: Floats32, days: Floats, threads: int = 1) -> Floats:
    """Raw score of every bag, row and horizon, float64 [bags, n, H].

    Parameters
    ----------
    X : float32 [n, p]
    days : float64 [H]
        Horizons in days, the last column of the stacked rows.
    threads
        LightGBM's; 1 for a single row.
    """
    n, horizons = len(X), len(days)
    stacked = np.empty((n * horizons, X.shape[1] + 1), dtype=np.float32)
    stacked[:, :-1] = np.repeat(X, horizons, axis=0)
    stacked[:, -1] = np.tile(days.astype(np.float32), n)
    threads = 1 if n < 256 else threads
    scores = [b.predict(stacked, raw_score=True, num_threads=threads, validate_features=False) for b in boosters]
    found: Floats = np.array(scores, dtype=np.float64).reshape(len(boosters), n, horizons)
    return found
