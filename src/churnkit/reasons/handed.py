"""Trees that the kernel cannot take, handed to LightGBM's own ``pred_contrib``: as exact, some 60 times slower.

That works as long as no tree asks for the horizon: LightGBM cannot condition on it. Linear leaves LightGBM refuses,
too (release 4.7), so a model with those has no exact contributions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np

from churnkit.errors import WrongModel

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Handed:
    """Boosters whose contributions LightGBM computes.

    Parameters
    ----------
    models
        The boosters; their contributions add up.
    columns
        How many columns they were grown on, the horizon last.
    scale
        Factor on every contribution.
    base
        What they say of nobody in particular.
    why
        What the kernel could not take.
    """

    models: tuple[lgb.Booster, ...]
    columns: int
    scale: float
    base: float
    why: str

    @classmethod
    def of(cls, texts: tuple[str, ...], column: int, scale: float, why: str) -> Handed:
        """Hand boosters over.

        Parameters
        ----------
        texts
            The boosters as texts.
        column
            Where the horizon stands.
        scale
            Factor on every contribution.
        why
            What the kernel cannot take.

        Raises
        ------
        WrongModel
            If trees ask for the horizon, or LightGBM gives no contributions, either.
        """
        models = tuple(lgb.Booster(model_str=text) for text in texts)
        if any(len(splits) > column and splits[column] for splits in map(_splits, models)):
            raise WrongModel(
                f"reasons: the trees have {why}, which the kernel cannot take, and they ask for the horizon, on which "
                "LightGBM's pred_contrib cannot be conditioned; fit the model with one horizon, or with this release."
            )
        columns = max(model.num_feature() for model in models)
        try:
            base = sum(float(_contributions(model, np.zeros((1, columns)))[0, -1]) for model in models)
        except lgb.basic.LightGBMError as problem:
            raise WrongModel(
                f"reasons: the trees have {why}, for which no exact contributions are known: the kernel cannot take "
                f"them, and LightGBM's pred_contrib refuses them, too ({problem}). Fit the model without linear_tree."
            ) from problem
        return cls(models, columns, scale, scale * base, why)

    def values(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Give the contributions ``[n, columns]`` of rows, in this thread."""
        wide = np.zeros((len(X), self.columns))
        wide[:, : X.shape[1]] = X[:, : self.columns]
        out = np.zeros((len(X), self.columns))
        for model in self.models:
            out += _contributions(model, wide)[:, :-1] if len(X) else 0.0
        return out * self.scale

    @property
    def note(self) -> str:
        """What a reader should know."""
        return (
            f"The kernel cannot take {self.why}: LightGBM's pred_contrib gave the contributions, equally exact but "
            "many times slower."
        )


def _contributions(model: lgb.Booster, X: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(model.predict(X, pred_contrib=True, num_threads=1), dtype=np.float64)


def _splits(model: lgb.Booster) -> NDArray[np.int32]:
    return np.asarray(model.feature_importance("split"))
