"""What moves the scores of a whole book most: mean absolute contributions, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.reasons.kernel import by_group, over_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.reasons.exact import Explainer
    from churnkit.reasons.groups import Groups

DRAWS = 200
"""Redrawn books."""

NINETY = 1.6448536269514722
"""Standard deviations on either side that hold 90 % of a normal law."""


def importance(
    explainer: Explainer, X: NDArray[np.float32], groups: Groups, *, seed: int = 0, threads: int | None = None
) -> pd.DataFrame:
    """Give the mean absolute contribution by theme, by signal and by feature.

    Contributions of a theme or a signal are added before the absolute value is taken, so features that cancel out
    count for little. The interval holds two errors: that of the accounts at hand (bootstrap with Poisson weights;
    Efron 1979) and that of the learner (the spread of the refits within it, shrunk as in ``stability``).

    Parameters
    ----------
    explainer
        A blend within a horizon.
    X
        float32 ``[n, p]``, features of the accounts.
    groups
        Which features are one signal.
    seed
        Of the bootstrap.
    threads
        How many threads share the rows; the result does not depend on it.

    Returns
    -------
    DataFrame
        level (``"theme"``, ``"signal"``, ``"feature"``), name, theme, importance (log-odds), low, high (90 %), share
        (of all importance of its level); within each level the greatest first.
    """
    shelf = _Shelf.of(groups)
    X = np.asarray(X, dtype=np.float32)

    def work(rows: slice) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        whole, refits = explainer.refitted(X[rows])
        sizes = shelf.sizes(whole)
        weight = np.random.default_rng([seed, rows.start]).poisson(1.0, (DRAWS, len(sizes))).astype(np.float64)
        own = np.stack([shelf.sizes(parts).sum(axis=0) for parts in refits]) if refits else np.zeros((0, len(shelf)))
        # einsum, not BLAS: its sums do not depend on the number of threads
        drawn = np.einsum("dr,rk->dk", weight, np.column_stack([sizes, np.ones(len(sizes))]))
        return sizes.sum(axis=0), drawn, own

    parts = over_chunks(len(X), work, threads)
    if not parts:
        zeros = np.zeros(len(shelf))
        return shelf.frame(zeros, zeros)
    value, drawn, own = (np.sum([part[k] for part in parts], axis=0) for k in range(3))
    redrawn = drawn[:, :-1] / np.maximum(drawn[:, -1:], 1.0)
    variance = redrawn.var(axis=0, ddof=1)
    if len(own) > 1:
        variance = variance + explainer.spread**2 * (own / len(X)).var(axis=0, ddof=1)
    return shelf.frame(value / len(X), np.sqrt(variance))


@dataclass(frozen=True, eq=False)
class _Shelf:
    """Themes, signals and features in one row of columns."""

    groups: Groups
    themes: tuple[str, ...]
    theme_of: NDArray[np.int64]

    @classmethod
    def of(cls, groups: Groups) -> _Shelf:
        themes = tuple(dict.fromkeys(groups.themes))
        return cls(groups, themes, np.array([themes.index(t) for t in groups.themes], dtype=np.int64))

    def __len__(self) -> int:
        return len(self.themes) + len(self.groups.themes) + len(self.groups.names)

    def sizes(self, parts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give absolute contributions ``[m, len(self)]`` of themes, signals and features."""
        signals = by_group(parts, self.groups.group_of, len(self.groups.themes))
        found: NDArray[np.float64] = np.abs(
            np.concatenate([by_group(signals, self.theme_of, len(self.themes)), signals, parts], axis=1)
        )
        return found

    def frame(self, value: NDArray[np.float64], error: NDArray[np.float64]) -> pd.DataFrame:
        """Name the columns, and put the greatest of each level first."""
        of_feature = [self.groups.themes[g] for g in self.groups.group_of]
        signals = [", ".join(s) for s in self.groups.subjects]
        table = pd.DataFrame(
            {
                "level": np.repeat(
                    ["theme", "signal", "feature"], [len(self.themes), len(signals), len(self.groups.names)]
                ).astype(object),
                "name": [*self.themes, *signals, *self.groups.names],
                "theme": [*self.themes, *self.groups.themes, *of_feature],
                "importance": value,
                "low": np.maximum(value - NINETY * error, 0.0),
                "high": value + NINETY * error,
            }
        )
        whole = table.groupby("level", sort=False)["importance"].transform("sum")
        table["share"] = table["importance"] / whole.where(whole > 0, 1.0)
        levels = [
            part.sort_values("importance", ascending=False, kind="stable")
            for _, part in table.groupby("level", sort=False)
        ]
        return pd.concat(levels, ignore_index=True)
