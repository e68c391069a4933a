"""Intervals by redrawing accounts, never rows: an account's snapshots are not independent of each other.

References
----------
Field and Welsh (2007), Bootstrapping clustered data, Journal of the Royal Statistical Society B 69, 369-390.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from churnkit.learning.rows import Floats

REPLICATES = 500
"""Redraws; the ends of a 90 % interval then wander by about a twentieth of its width."""

BLOCK = 4_000_000
"""Weights held at once."""

NINETY = 1.6448536269514722
"""Standard deviations on either side that hold 90 % of a normal law."""


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

    def further(self, accounts: int) -> float:
        """Tell how many further accounts would part a difference from zero, if it stayed as it is.

        Its standard deviation over redraws falls with the root of the number of accounts: ``n`` of them are enough
        once ``1.645 * sd * sqrt(accounts / n)`` is no more than the difference. With so many, the chance that the
        interval leaves out zero is one half.

        Parameters
        ----------
        accounts
            How many were redrawn here.

        Returns
        -------
        float
            Whole and not below 0; infinite where there is no difference, or none is defined.
        """
        seen = self.draws[~np.isnan(self.draws)]
        if len(seen) < 2 or not self.value or math.isnan(self.value):
            return math.inf
        needed = accounts * (NINETY * float(seen.std(ddof=1)) / abs(self.value)) ** 2
        return float(max(math.ceil(needed) - accounts, 0))

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
    return account_bootstraps({"": measure}, account, replicates=replicates, seed=seed)[""]


def account_bootstraps(
    measures: Mapping[str, Callable[[Floats | None], Floats]],
    account: NDArray[np.integer],
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> dict[str, Sampled]:
    """Measure several figures on the same redraws of accounts; see :func:`account_bootstrap`."""
    people = np.unique(account, return_inverse=True)[1].reshape(-1)
    accounts = int(people.max()) + 1
    rng = np.random.default_rng(seed)
    block = max(1, BLOCK // max(len(people), 1))
    draws: dict[str, list[Floats]] = {name: [] for name in measures}
    for start in range(0, replicates, block):
        size = min(block, replicates - start)
        times = np.stack([np.bincount(rng.integers(0, accounts, accounts), minlength=accounts) for _ in range(size)])
        weight = times.astype(np.float64)[:, people]
        for name, measure in measures.items():
            draws[name].append(measure(weight))
    return {
        name: Sampled(float(measure(None)), np.concatenate([*draws[name], np.empty(0)]))
        for name, measure in measures.items()
    }
