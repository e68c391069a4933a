"""What the learner is given: labelled rows as plain arrays, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from churnkit.errors import HorizonError, RequestError
from churnkit.timeline import SECOND, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]


class Split(Protocol):
    """One fold: which rows teach and which later (or other) rows judge."""

    @property
    def train(self) -> Bools:
        """Rows that teach."""

    @property
    def test(self) -> Bools:
        """Rows that judge."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Snapshots to learn from: one row per account and cutoff, one answer per horizon.

    Parameters
    ----------
    X : float32 [n, p]
        Feature values; NaN is missing.
    y : int8 [n, H]
        1 left within the horizon, 0 stayed, -1 not known.
    horizons
        H spans, ascending.
    names
        p feature names.
    account, cutoff
        int [n]; accounts are what bags, folds and intervals are drawn by. Cutoffs are moments (microseconds).
    categorical
        Positions of the columns that hold a category's position rather than a quantity.
    main
        Position of the horizon that ranks; silence takes the longest.

    Raises
    ------
    RequestError
        If lengths disagree, there is no row or an answer is none of 1, 0, -1.
    HorizonError
        If horizons are not ascending, or no answer within the main one is known.
    """

    X: Floats32
    y: NDArray[np.int8]
    horizons: tuple[Span, ...]
    names: tuple[str, ...]
    account: NDArray[np.integer]
    cutoff: NDArray[np.integer]
    categorical: tuple[int, ...] = ()
    main: int = -1

    def __post_init__(self) -> None:
        X, y = np.asarray(self.X), np.asarray(self.y)
        if X.ndim != 2 or y.ndim != 2:
            raise RequestError(f"learning: X has shape {X.shape} and y {y.shape}; both need rows and columns.")
        lengths = {"X": len(X), "y": len(y), "account": len(self.account), "cutoff": len(self.cutoff)}
        if len(set(lengths.values())) != 1:
            raise RequestError(f"learning: rows disagree in number, {lengths}; give one entry per row everywhere.")
        if not len(X):
            raise RequestError("learning: there is no row to learn from; give earlier cutoffs or a shorter horizon.")
        if X.shape[1] != len(self.names):
            raise RequestError(f"learning: X has {X.shape[1]} columns and {len(self.names)} names; give one name each.")
        if y.shape[1] != len(self.horizons) or not self.horizons:
            raise RequestError(f"learning: y has {y.shape[1]} columns for {len(self.horizons)} horizons.")
        if list(self.horizons) != sorted(set(self.horizons)):
            raise HorizonError(f"learning: horizons {[str(h) for h in self.horizons]} are not ascending and distinct.")
        if not np.isin(y, (-1, 0, 1)).all():
            raise RequestError("learning: an answer is 1 (left), 0 (stayed) or -1 (not known); y holds something else.")
        if not (y[:, self.main] >= 0).any():
            raise HorizonError(
                f"learning: no answer is known within {self.horizons[self.main]}: the record ends too soon after every "
                "cutoff. Give earlier cutoffs or a shorter horizon."
            )
        object.__setattr__(self, "X", np.ascontiguousarray(X, dtype=np.float32))
        object.__setattr__(self, "y", np.ascontiguousarray(y, dtype=np.int8))
        object.__setattr__(self, "main", self.main % len(self.horizons))

    @cached_property
    def people(self) -> Ints:
        """Accounts renumbered 0, 1, ... in order of their codes, int64 [n]."""
        renumbered: Ints = np.unique(self.account, return_inverse=True)[1].astype(np.int64).reshape(-1)
        return renumbered

    @cached_property
    def known(self) -> Bools:
        """Which answers are known, [n, H]."""
        return self.y >= 0

    @property
    def days(self) -> Floats:
        """Horizons in days, [H]."""
        return np.array([h.days for h in self.horizons])

    @cached_property
    def events(self) -> int:
        """Churn events: accounts seen to leave within any horizon (one leave is seen by many snapshots)."""
        return len(np.unique(self.people[(self.y == 1).any(axis=1)]))

    @cached_property
    def stayers(self) -> int:
        """Accounts seen to stay at least once."""
        return len(np.unique(self.people[(self.y == 0).any(axis=1)]))

    @cached_property
    def overlap_weight(self) -> Floats:
        """1 / number of the account's snapshots whose main label window overlaps this one's, [n]."""
        return 1.0 / overlaps(self.people, np.asarray(self.cutoff, np.int64), self.horizons[self.main].micros)

    @cached_property
    def fair_weight(self) -> Floats:
        """The same weight for every snapshot, as they are met when scoring, adding up to what overlap leaves of them.

        The sum is the number of rows that independent evidence would need; float64 [n].
        """
        return np.full(len(self.y), float(self.overlap_weight.mean()))

    def pair_weight(self, row_weight: Floats) -> Floats:
        """Spread a row's weight evenly over all H horizons, 0 where the answer is not known, [n, H]."""
        return np.where(self.known, row_weight[:, None] / len(self.horizons), 0.0)


def overlaps(account: Ints, cutoff: Ints, width: int) -> Floats:
    """Count, for each row, the account's rows (itself included) fewer than ``width`` microseconds away.

    Parameters
    ----------
    account, cutoff
        int64 [n]; account numbered from 0.
    width
        Length of a label window, microseconds.
    """
    seconds = (cutoff - cutoff.min()) // SECOND
    reach = max(width // SECOND, 1)
    stride = int(seconds.max()) + 2 * reach + 1
    key = account * stride + seconds
    ordered = np.sort(key)
    low = np.searchsorted(ordered, key - reach, side="right")
    high = np.searchsorted(ordered, key + reach, side="left")
    counted: Floats = np.maximum(high - low, 1).astype(np.float64)
    return counted


def account_folds(people: Ints, y: NDArray[np.int8], folds: int, seed: int) -> list[tuple[Bools, Bools]]:
    """Split accounts, leavers and stayers each evenly, into folds over the same cutoffs.

    Returns
    -------
    list of (train, test)
        Boolean rows; fewer folds where there are fewer leavers, none below two.
    """
    rng = np.random.default_rng(seed)
    left = np.zeros(int(people.max()) + 1, dtype=bool)
    left[people[(y == 1).any(axis=1)]] = True
    folds = min(folds, int(left.sum()))
    if folds < 2:
        return []
    place = np.empty(len(left), dtype=np.int64)
    for group in (np.flatnonzero(left), np.flatnonzero(~left)):
        place[rng.permutation(group)] = np.arange(len(group)) % folds
    at = place[people]
    return [(at != fold, at == fold) for fold in range(folds)]


def usable(folds: Sequence[Split], rows: Rows) -> list[tuple[Bools, Bools]]:
    """Keep the folds that have both leavers and stayers on both sides.

    Raises
    ------
    RequestError
        If a fold judges on rows that it also learns from.
    """
    kept = []
    for fold in folds:
        train, test = np.asarray(fold.train, dtype=bool), np.asarray(fold.test, dtype=bool)
        if len(train) != len(rows.y) or len(test) != len(rows.y):
            raise RequestError(f"learning: a fold marks {len(train)} rows of {len(rows.y)}; give one mark per row.")
        if both := int((train & test).sum()):
            raise RequestError(
                f"learning: a fold judges on {both} rows that it also learns from (first: row "
                f"{int(np.flatnonzero(train & test)[0])}); make train and test distinct."
            )
        if all((rows.y[side] == answer).any() for side in (train, test) for answer in (0, 1)):
            kept.append((train, test))
    return kept


def time_forward(folds: Sequence[tuple[Bools, Bools]], cutoff: NDArray[np.integer]) -> bool:
    """Whether every fold learns from cutoffs before those that it judges on."""
    return bool(folds) and all(cutoff[train].max() < cutoff[test].min() for train, test in folds)
