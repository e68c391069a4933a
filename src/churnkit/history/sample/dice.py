"""Luck: numbers drawn by lot, the same ones with every version of numpy.

numpy promises the raw bits of a seeded bit generator for ever, but not what its distributions make of
them. So only the bits are taken from numpy, and everything else is spelled here.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MANY = 60.0


class Dice:
    """One stream of luck, named for what it decides.

    Streams are independent, so one more draw about surveys leaves who cancels as it was.

    Parameters
    ----------
    seed
        A whole number from 0.
    purpose
        The name of the stream.
    """

    def __init__(self, seed: int, purpose: str) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(purpose.encode())]))

    def uniform(self, n: int) -> Floats:
        """Draw n numbers from the open interval (0, 1)."""
        raw = np.asarray(self._bits.random_raw(n), dtype=np.uint64)
        return np.asarray(((raw >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52)

    def between(self, low: float | Floats, high: float | Floats, n: int) -> Floats:
        """Draw n numbers evenly from (low, high)."""
        return np.asarray(low + (np.asarray(high) - low) * self.uniform(n))

    def whole(self, low: int, high: int, n: int) -> NDArray[np.int64]:
        """Draw n whole numbers from low to high - 1."""
        return np.floor(self.between(float(low), float(high), n)).astype(np.int64)

    def chance(self, probability: float | Floats, n: int) -> NDArray[np.bool_]:
        """Tell n times whether something of this probability happens."""
        return np.asarray(self.uniform(n) < probability)

    def normal(self, n: int) -> Floats:
        """Draw n standard normal numbers (Box and Muller 1958)."""
        radius = np.sqrt(-2.0 * np.log(self.uniform(n)))
        return np.asarray(radius * np.cos(2.0 * np.pi * self.uniform(n)))

    def exponential(self, mean: float | Floats, n: int) -> Floats:
        """Draw n waiting times."""
        return np.asarray(-np.log(self.uniform(n)) * mean)

    def pick(self, weights: tuple[float, ...] | Floats, n: int) -> NDArray[np.int64]:
        """Draw n positions with these weights."""
        return choose(np.asarray(weights, dtype=np.float64), self.uniform(n))

    def poisson(self, mean: Floats) -> NDArray[np.int64]:
        """Draw one count for each mean: by inversion, above 60 by the normal law, which fits there."""
        u, n = self.uniform(len(mean)), len(mean)
        count = np.zeros(n, dtype=np.int64)
        here = np.flatnonzero(mean <= _MANY)
        weight = np.exp(-mean[here])
        total = weight.copy()
        step = 0
        while len(here):
            more = u[here] > total
            here, weight, total = here[more], weight[more], total[more]
            step += 1
            count[here] = step
            weight = weight * mean[here] / step
            total = total + weight
            if step > 4 * _MANY:
                break
        many = mean > _MANY
        if many.any():
            z = self.normal(int(many.sum()))
            count[many] = np.maximum(np.floor(mean[many] + np.sqrt(mean[many]) * z + 0.5), 0).astype(np.int64)
        return count


def choose(weights: Floats, u: Floats) -> NDArray[np.int64]:
    """Give the position in which each u in (0, 1) falls, positions as wide as their weights."""
    edges = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(edges, u, side="right"), len(weights) - 1)
