"""The feature matrix: one row per account and cutoff, one float32 column per feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from churnkit.display import Drawable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from churnkit.features.book import Book
    from churnkit.features.feature_set import FeatureSet


@dataclass(frozen=True, eq=False, repr=False)
class FeatureMatrix(Drawable):
    """Features of accounts at cutoffs.

    Attributes
    ----------
    values
        float32 ``[n, p]``, C-ordered; NaN is missing.
    features
        The features, bound: themes and categories are fixed.
    account, cutoff
        int32 and int64 ``[n]``: the code and the moment (microseconds UTC) of each row.
    books
        For every cutoff the peers' values that the features of the book were held against.
    """

    values: NDArray[np.float32]
    features: FeatureSet
    account: NDArray[np.int32]
    cutoff: NDArray[np.int64]
    books: Mapping[int, Book]

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names."""
        return self.features.names

    @property
    def categorical(self) -> tuple[int, ...]:
        """Columns whose values stand for categories."""
        return tuple(j for j, x in enumerate(self.features) if x.categories is not None)

    @property
    def frame(self) -> pd.DataFrame:
        """A view of the values as a DataFrame."""
        return pd.DataFrame(self.values, columns=list(self.names), copy=False)

    def column(self, name: str) -> NDArray[np.float32]:
        """Give the values of one feature; BadExpression where there is none of that name."""
        return self.values[:, self.features.place(name)]

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"FeatureMatrix({len(self.values):,} rows x {len(self.features)} features)"
