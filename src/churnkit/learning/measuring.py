"""What the folds measured of the choice that they made, at the main horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from churnkit.learning.metrics import auc, log_loss

if TYPE_CHECKING:
    from collections.abc import Sequence

    from churnkit.learning.calibration import SlopeFit
    from churnkit.learning.rows import Bools, Floats, Ints


def held_figures(y: Floats, margin: Floats, group: Ints, fit: SlopeFit, *, main: Bools) -> dict[str, float | None]:
    """Measure the chosen margin out of fold, beside each fold's own rate.

    Both are given the level of each fold, as when the choice was made, so what is compared is telling accounts
    apart. The figures were chosen by: they flatter, and are no claim of quality.

    Parameters
    ----------
    y, margin : float64 [m]
        Answers and out-of-fold margins of all pairs.
    group : int64 [m]
        Fold of each pair.
    fit
        The margin's slope and levels.
    main : bool [m]
        Pairs of the main horizon.

    Returns
    -------
    dict
        ``held_log_loss`` and ``held_base_log_loss`` (nats), ``held_auc`` (mean over folds of the area within each,
        by their pairs; the base rate's is 1/2); None where no fold can tell.
    """
    nothing: dict[str, float | None] = dict.fromkeys(("held_log_loss", "held_base_log_loss", "held_auc"))
    if not main.any():
        return nothing
    y, margin, group = y[main], margin[main], group[main]
    _, fold = np.unique(group, return_inverse=True)
    size = np.bincount(fold)
    rate = (np.bincount(fold, y) / size)[fold]
    areas = np.array([float(auc(y[fold == k], margin[fold == k])) for k in range(len(size))])
    told = ~np.isnan(areas)
    return {
        "held_log_loss": float(log_loss(y, expit(fit.slope * margin + fit.levels[group]))),
        "held_base_log_loss": float(log_loss(y, rate)),
        "held_auc": float(np.average(areas[told], weights=size[told])) if told.any() else None,
    }


def of_main(known: Bools, folds: Sequence[tuple[Bools, Bools]], main: int) -> Bools:
    """Mark the pairs of the main horizon among the known out-of-fold pairs: fold by fold, row by row, by horizon."""
    none = np.zeros(0, dtype=np.int64)
    horizon = np.concatenate([none, *(np.nonzero(known[test])[1] for _, test in folds)])
    return np.asarray(horizon == main, dtype=np.bool_)
