"""Exact contributions of every feature to the calibrated log-odds, for the whole blend.

A blend is a sum: calibration x (share of the boosted part x mean of its bags + the rest x logistic
part) + a constant. The boosted part is divided among features by Shapley values of its trees,
conditioned on the horizon; the logistic part by coefficient x (column - its training mean), each column
being made of one feature. What is left is the base: one number per horizon.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from churnkit.errors import HorizonError
from churnkit.reasons.handed import Handed
from churnkit.reasons.kernel import Program, add_columns, lowered, over_chunks, shapley_values
from churnkit.reasons.stability import OF_BAGS, OF_DRAWS
from churnkit.reasons.trees import conditioned, joined, read_trees
from churnkit.timeline import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.learning.blend import Blend

T = TypeVar("T")

DRAWS = 8
"""Refits of a blend without bags."""


@dataclass(frozen=True, eq=False)
class Explainer:
    """What a blend says within one horizon, ready to be explained.

    Parameters
    ----------
    blend
        The fitted learner.
    horizon
        The position of the horizon among the blend's own.
    program
        Its trees conditioned on the horizon, leaf values already on the calibrated scale; None without trees.
        ``Handed`` where LightGBM has to do what the kernel cannot.
    base
        Calibrated log-odds of nobody in particular.
    """

    blend: Blend
    horizon: int
    program: Program | Handed | None
    base: float

    @classmethod
    def of(cls, blend: Blend, horizon: Span | str) -> Explainer:
        """Prepare a blend; the trees' part is kept for the next call.

        Raises
        ------
        HorizonError
            If the blend has not learnt the horizon.
        WrongModel
            If its trees have no exact contributions: linear leaves.
        """
        asked = Span.of(horizon)
        if asked not in blend.horizons:
            known = ", ".join(map(str, blend.horizons))
            raise HorizonError(f"reasons: the model has not learnt the horizon {asked}; ask for one of {known}.")
        at = blend.horizons.index(asked)
        slope, program = blend.calibration.slope, None
        base = blend.calibration.intercept + slope * (1.0 - blend.weight) * float(blend.linear.steps[at])
        if blend.boosters:
            scale = slope * blend.weight / len(blend.boosters)
            program = _program(blend.boosters, len(blend.names), float(blend.days[at]), scale)
            base += program.base
        return cls(blend, at, program, base)

    def contributions(self, X: NDArray[np.float32], threads: int | None = None) -> NDArray[np.float64]:
        """Divide the calibrated log-odds of rows among the features.

        Parameters
        ----------
        X
            float32 ``[n, p]``, features in the order of the blend's names.
        threads
            How many threads share the rows; the result does not depend on it.

        Returns
        -------
        ndarray
            float64 ``[n, p]``; ``base + sum over features`` is the log-odds at the horizon.
        """
        X = np.asarray(X, dtype=np.float32)
        out = np.empty((len(X), len(self.blend.names)))

        def work(rows: slice) -> None:
            out[rows] = self.chunk(X[rows])

        over_chunks(len(X), work, threads)
        return out

    def chunk(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Divide the log-odds of a few rows, in this thread."""
        out = np.zeros((len(X), len(self.blend.names)))
        if self.program is not None:
            out += _values(self.program, X)[:, : out.shape[1]]
        columns = self._columns(X)
        if columns is not None:
            add_columns(columns, self.blend.linear.coef, self._feature_of, out)
        return out

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the contributions should know."""
        return (self.program.note,) if isinstance(self.program, Handed) else ()

    @property
    def refits(self) -> int:
        """How many refits the blend holds within itself: its bags, else draws of the logistic part."""
        drawn = len(self.blend.uncertainty.directions) if len(self.blend.linear.coef) else 0
        return len(self.blend.boosters) or min(drawn, DRAWS)

    @property
    def spread(self) -> float:
        """How far a learner fitted anew spreads, over the spread of the refits within the blend."""
        return OF_BAGS if self.blend.boosters else OF_DRAWS

    def refitted(self, X: NDArray[np.float32]) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
        """Divide the log-odds of a few rows as :meth:`chunk` does, and as each refit would, in this thread.

        Returns
        -------
        whole
            float64 ``[n, p]``, equal to :meth:`chunk` but for rounding.
        refits
            Per refit float64 ``[n, p]``: one bag with one draw of the logistic coefficients.
        """
        blend, width = self.blend, len(self.blend.names)
        scale = blend.calibration.slope * blend.weight
        days, drawn = float(blend.days[self.horizon]), blend.uncertainty.directions
        bags = [_values(_program((text,), width, days, scale), X)[:, :width] for text in blend.boosters] or [
            np.zeros((len(X), width)) for _ in range(self.refits)
        ]
        whole = np.zeros((len(X), width))
        for bag in bags:
            whole += bag
        whole /= max(1, len(bags))
        columns = self._columns(X)
        if columns is not None:
            add_columns(columns, blend.linear.coef, self._feature_of, whole)
            for k, bag in enumerate(bags):
                shift = drawn[k % len(drawn)] if len(drawn) else 0.0
                add_columns(columns, blend.linear.coef + shift, self._feature_of, bag)
        return whole, bags

    def _columns(self, X: NDArray[np.float32]) -> NDArray[np.float64] | None:
        """Give the logistic part's columns around their means, on the calibrated scale; None where it has no say."""
        linear = self.blend.linear
        if not len(linear.coef) or self.blend.weight >= 1.0:
            return None
        return (linear.design(X) - linear.center) * (self.blend.calibration.slope * (1.0 - self.blend.weight))

    @property
    def _feature_of(self) -> NDArray[np.int64]:
        """The feature that each of the logistic part's columns is made of."""
        return np.asarray(self.blend.linear.feature_of, dtype=np.int64)


def contributions(
    blend: Blend, X: NDArray[np.float32], horizon: Span | str, *, threads: int | None = None
) -> tuple[NDArray[np.float64], float]:
    """Give the contribution of each feature to the calibrated log-odds, and the base.

    Parameters
    ----------
    blend
        The fitted learner.
    X
        float32 ``[n, p]``, features in the order of the blend's names.
    horizon
        One of the blend's horizons.
    threads
        How many threads share the rows (all that the process may use, if not given).

    Returns
    -------
    contributions
        float64 ``[n, p]``, log-odds.
    base
        Log-odds of nobody in particular; ``base + contributions.sum(axis=1)`` is the calibrated log-odds to 1e-9.
    """
    explainer = Explainer.of(blend, horizon)
    return explainer.contributions(X, threads), explainer.base


def _values(program: Program | Handed, X: NDArray[np.float32]) -> NDArray[np.float64]:
    return program.values(X) if isinstance(program, Handed) else shapley_values(program, X)


@lru_cache(maxsize=64)
def _program(boosters: tuple[str, ...], column: int, days: float, scale: float) -> Program | Handed:
    trees = joined([read_trees(text) for text in boosters])
    if trees.beyond:
        return Handed.of(boosters, column, scale, trees.beyond)
    return lowered(conditioned(trees, column, days).scaled(scale))
