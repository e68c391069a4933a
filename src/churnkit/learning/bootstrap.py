"""Intervals by redrawing accounts, never rows: an account's snapshots are not independent of each other.

References
----------
Field and Welsh (2007), Bootstrapping clustered data, Journal of the Royal Statistical Society B 69, 369-390.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from churnkit.learning.rows import Floats

REPLICATES = 500
"""Redraws; the ends of a 90 % interval then wander by about a twentieth of its width."""

BLOCK = 4_000_000
"""Weights held at once."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """A figure with its replicates.

    The difference of two that were drawn with one seed is paired: the same accounts were redrawn for both.

    Parameters
    ----------
    value
        On the rows as they are.
    draws : float64 [R]
        On each redraw of accounts; NaN where the figure is undefined.
    """

    value: float
    draws: Floats

    @property
    def interval(self) -> tuple[float, float]:
        """Percentile interval of 90 %; NaN where no redraw has a figure."""
        seen = self.draws[~np.isnan(self.draws)]
        if not len(seen):
            return float("nan"), float("nan")
        low, high = np.percentile(seen, [5, 95])
        return float(low), float(high)

    def __sub__(self, other: Sampled) -> Sampled:
        """Difference, paired by redraw."""
        return Sampled(self.value - other.value, self.draws - other.draws)

    def __truediv__(self, other: Sampled) -> Sampled:
        """Ratio, paired by redraw; NaN where the divisor is 0."""
        draws = np.divide(self.draws, other.draws, out=np.full(len(self.draws), np.nan), where=other.draws != 0)
        return Sampled(self.value / other.value if other.value else float("nan"), draws)


def account_bootstrap(
    measure: Callable[[Floats | None], Floats],
    account: NDArray[np.integer],
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Sampled:
    """Measure a figure on the rows and on redraws of their accounts.

    Parameters
    ----------
    measure
        Takes ``weight`` as the functions of ``metrics`` do: None, or [R, n].
    account : int [n]
        What is redrawn, with replacement, all its rows together.
    replicates, seed
        The same seed redraws the same accounts, whatever is measured.
    """
    people = np.unique(account, return_inverse=True)[1].reshape(-1)
    accounts = int(people.max()) + 1
    rng = np.random.default_rng(seed)
    block = max(1, BLOCK // max(len(people), 1))
    draws = []
    for start in range(0, replicates, block):
        size = min(block, replicates - start)
        times = np.stack([np.bincount(rng.integers(0, accounts, accounts), minlength=accounts) for _ in range(size)])
        draws.append(measure(times.astype(np.float64)[:, people]))
    return Sampled(float(measure(None)), np.concatenate(draws))
