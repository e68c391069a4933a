"""Folds that respect time: learn before, test after, and nothing in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.timeline import as_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_CHURNERS = 30
"""Accounts that must leave on either side of a time-forward fold."""

_MOST_FOLDS = 4


@dataclass(frozen=True, eq=False)
class Fold:
    """One split of snapshots: boolean masks of those learnt from and those tested on."""

    train: NDArray[np.bool_]
    test: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Folds:
    """Splits of one training set.

    Attributes
    ----------
    splits
        The time-forward folds; none where they would be too thin, and the learner then groups accounts.
    kind
        ``"time-forward"`` or ``"account-grouped"``.
    why
        In words, for the model card.
    """

    splits: tuple[Fold, ...]
    kind: str
    why: str


def make_folds(account: NDArray[np.int32], cutoff: NDArray[np.int64], y: NDArray[np.int8], purge: int) -> Folds:
    """Split snapshots into time-forward folds, where those are not too thin.

    Parameters
    ----------
    account, cutoff, y
        One entry per snapshot; ``y`` the label of the main horizon (-1 unknown).
    purge
        Microseconds that a training cutoff must lie before the first test cutoff: longest horizon, lead
        and reporting delay.

    Returns
    -------
    Folds
        Two to four time-forward folds with at least 30 leaving accounts on each side; otherwise none.
    """
    moments = np.unique(cutoff)
    for count in range(_MOST_FOLDS, 1, -1):
        splits = _forward(account, cutoff, y, purge, moments, count)
        if splits is not None:
            first = as_text(int(cutoff[splits[0].test].min()))
            return Folds(splits, "time-forward", f"{count} time-forward folds, tested on cutoffs from {first} on")
    return Folds(
        (),
        "account-grouped",
        f"groups of accounts over the same cutoffs, since no two time-forward folds leave {LEAST_CHURNERS} "
        "leaving accounts on each side",
    )


def _forward(
    account: NDArray[np.int32],
    cutoff: NDArray[np.int64],
    y: NDArray[np.int8],
    purge: int,
    moments: NDArray[np.int64],
    count: int,
) -> tuple[Fold, ...] | None:
    size = len(moments) // (count + 2)
    if size < 1:
        return None
    splits = []
    for k in range(count, 0, -1):
        low = moments[len(moments) - k * size]
        high = moments[len(moments) - (k - 1) * size - 1]
        fold = Fold(cutoff + purge <= low, (cutoff >= low) & (cutoff <= high))
        sides = (len(np.unique(account[side & (y == 1)])) for side in (fold.train, fold.test))
        if min(sides) < LEAST_CHURNERS:
            return None
        splits.append(fold)
    return tuple(splits)
