"""The fitted learner: a sum of margins under one increasing map, with its own uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from churnkit.errors import RequestError
from churnkit.learning.boosted import raw_scores, read_booster
from churnkit.learning.files import read_parts, write_parts
from churnkit.learning.parts import Parts
from churnkit.learning.settings import processors

if TYPE_CHECKING:
    from pathlib import Path

    import lightgbm as lgb

    from churnkit.learning.rows import Floats, Floats32

NINETY = 1.6448536269514722
"""Standard deviations on either side that hold 90 % of a normal law."""

CHUNK = 8192
"""Rows scored at once: bounds memory, changes nothing else."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """All that one pass over some rows gives.

    Parameters
    ----------
    margin, log_odds, probability : float64 [n, H]
        Before calibration, after it, and as a probability; never falling with the horizon.
    spread : float64 [n]
        Standard deviation of the row's own log-odds at the main horizon: how far the truth may be.
    refit_spread : float64 [n]
        Standard deviation by which those log-odds would move, were the learner taught by other accounts of this
        kind: what makes a rank unsure.
    low, high : float64 [n]
        90 % interval of the probability at the main horizon, the calibration's error included.
    """

    margin: Floats
    log_odds: Floats
    probability: Floats
    spread: Floats
    refit_spread: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Blend(Parts):
    """An additive model of leaving within each horizon.

    ``margin = weight * mean of the bags' raw scores + (1 - weight) * logistic margin``, and
    ``log_odds = calibration(margin)``. Probabilities never fall with the horizon, by construction. For its
    fields see :class:`~churnkit.learning.parts.Parts`.
    """

    @property
    def events(self) -> int:
        """Accounts seen to leave in training."""
        return self.evidence.events

    @property
    def days(self) -> Floats:
        """Horizons in days, float64 [H]."""
        return np.array([h.days for h in self.horizons])

    @cached_property
    def models(self) -> tuple[lgb.Booster, ...]:
        """The bags, read from their texts."""
        return tuple(read_booster(text) for text in self.boosters)

    def margin(self, X: Floats32) -> Floats:
        """Log-odds before calibration, float64 [n, H]."""
        return self._parts(self._checked(X))[0]

    def log_odds(self, X: Floats32) -> Floats:
        """Calibrated log-odds, float64 [n, H]."""
        return self.calibration(self.margin(X))

    def probability(self, X: Floats32) -> Floats:
        """Probability of leaving within each horizon, float64 [n, H]."""
        found: Floats = expit(self.log_odds(X))
        return found

    def interval(self, X: Floats32) -> tuple[Floats, Floats]:
        """90 % interval of the probability at the main horizon: low and high, float64 [n] each."""
        found = self.predict(X)
        return found.low, found.high

    def spread(self, X: Floats32) -> Floats:
        """Standard deviation of each row's own calibrated log-odds at the main horizon, float64 [n].

        The calibration's error is left out: it moves all rows together and changes no rank.
        """
        return self.predict(X).spread

    def predict(self, X: Floats32) -> Prediction:
        """Score rows once: margin, log-odds, probability, spread and interval.

        Parameters
        ----------
        X : float32 [n, p]
            Features in the order of ``names``; NaN is missing.

        Raises
        ------
        RequestError
            If X has another number of columns.
        """
        margin, sd = self._parts(self._checked(X))
        log_odds = self.calibration(margin)
        middle = log_odds[:, self.main]
        own, refit = self.calibration.slope * sd
        reach = NINETY * np.sqrt(own**2 + self.calibration.variance(margin[:, self.main]))
        return Prediction(margin, log_odds, expit(log_odds), own, refit, expit(middle - reach), expit(middle + reach))

    def to_files(self, folder: Path) -> None:
        """Write JSON and LightGBM texts into a folder (see ``learning.files``)."""
        write_parts(self, folder)

    @classmethod
    def from_files(cls, folder: Path) -> Blend:
        """Read a blend from the folder that :meth:`to_files` wrote; scores are equal to the bit.

        Raises
        ------
        BundleError
            If a file is missing, damaged, of another schema, or its parts do not fit together.
        """
        return cls(**vars(read_parts(folder)))

    def _checked(self, X: Floats32) -> Floats32:
        X = np.ascontiguousarray(X, dtype=np.float32)
        if X.ndim != 2 or X.shape[1] != len(self.names):
            raise RequestError(
                f"model: X has shape {X.shape}, the model was learnt on {len(self.names)} features "
                f"({', '.join(self.names[:3])}, ...); compute the model's own features."
            )
        return X

    def _parts(self, X: Floats32) -> tuple[Floats, Floats]:
        """Margin [n, H] and two standard deviations of the main horizon's, [2, n]: of the truth, of a refit."""
        margin, sd = np.empty((len(X), len(self.horizons))), np.empty((2, len(X)))
        for start in range(0, len(X), CHUNK):
            at = slice(start, start + CHUNK)
            margin[at], sd[:, at] = self._chunk(X[at])
        return margin, sd

    def _chunk(self, X: Floats32) -> tuple[Floats, Floats]:
        known = self.uncertainty
        shared, (variance, moves) = self.linear.slope_part(X, known.directions, known.redrawn)
        margin = shared[:, None] + self.linear.steps
        if self.boosters:
            bags, w = raw_scores(self.models, X, self.days, processors()), self.weight
            boosted, of_bags = bag_mean(bags), self._bag_variance(bags[:, :, self.main])
            apart = (boosted - margin)[:, self.main] ** 2
            variance = (1 - w) * variance + w * known.widening**2 * of_bags + w * (1 - w) * apart
            trees, straight = w * known.refit * np.sqrt(of_bags), (1 - w) * np.sqrt(moves)
            moves = trees**2 + straight**2 + 2 * known.together * trees * straight
            margin = w * boosted + (1 - w) * margin
        return margin, np.maximum(np.sqrt([variance + known.unseen**2, moves]), known.floor)

    def _bag_variance(self, bags: Floats) -> Floats:
        """Variance of the bags' margins, each row's shrunk toward the book's."""
        known, spread = len(bags) - 1, self.uncertainty
        own = bags.var(axis=0, ddof=1) if known else np.zeros(bags.shape[1])
        found: Floats = (spread.trust * spread.book + known * own) / (spread.trust + known)
        return found


def bag_mean(bags: Floats) -> Floats:
    """Mean over bags, added in their order, so that batch and single row agree to the bit."""
    total = bags[0].copy()
    for bag in bags[1:]:
        total += bag
    found: Floats = total / len(bags)
    return found
