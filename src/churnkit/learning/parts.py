"""The parts of a fitted learner: what is saved, and what every other room may read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from churnkit.learning.calibration import Affine
    from churnkit.learning.linear import Linear
    from churnkit.learning.rows import Floats
    from churnkit.timeline import Span

BASE_RATE, LOGISTIC, BOOSTED = "base rate", "logistic", "boosted"
"""Rungs of the evidence ladder that learning can reach."""


@dataclass(frozen=True, eq=False)
class Spread:
    """What is known of the margin's own uncertainty: how far from the truth it may be, and how far a refit moves it.

    The first makes intervals. A row's variance is that of a mixture of the two parts: each part's own, by its share,
    and the square of how far the two disagree; and ``unseen`` beside them.

    The second tells how sure a place on a list is: what the same learner, taught by other accounts of this kind,
    would say of the row instead. It knows nothing of what no feature tells or of what the penalty keeps the model
    from believing, since a refit would not know that either. It is the variance of a sum, the two parts' errors
    being correlated by ``together``.

    Parameters
    ----------
    directions : float64 [R, k]
        Draws of the logistic coefficients' deviations from their posterior.
    redrawn : float64 [R, k]
        Draws of how the logistic coefficients move when learnt from redrawn accounts.
    book
        Mean variance over rows of the bags' margins, toward which each row's is shrunk.
    trust
        Bags that the book's variance counts for.
    widening
        Factor on the bags' standard deviation: a bag sees only a share of the accounts, and all bags share what
        their shape cannot say.
    refit
        Factor on the bags' standard deviation: how far the mean of newly learnt bags moves.
    together
        Correlation between the moves of the two parts.
    unseen
        Standard deviation of what no feature tells.
    floor
        Standard deviation that every row has at least (the base rate's own error), in both.
    """

    directions: Floats
    redrawn: Floats
    book: float = 0.0
    trust: float = 6.0
    widening: float = 1.0
    refit: float = 1.0
    together: float = 0.0
    unseen: float = 0.0
    floor: float = 0.0


@dataclass(frozen=True)
class Evidence:
    """What a model was learnt from and what the folds chose.

    Parameters
    ----------
    rows, accounts, events
        Snapshots, accounts, and accounts seen to leave.
    base_rate
        Share of known answers that are leaves, by horizon.
    folds
        Folds used; 0 on the lowest rung.
    time_forward
        Whether they judged on later cutoffs than they learnt from; else they were grouped by account.
    l2, rounds, leaves
        Penalty of the logistic part; rounds and leaves of the boosted one (0 without it).
    overlap_weights
        Whether overlapping snapshots of an account share one weight.
    fold_loss
        Mean log loss on the folds for weights 0, 0.1 .. 1 of the boosted part: chosen by, so never a claim of
        quality.
    held_log_loss, held_base_log_loss, held_auc
        Of what was chosen, out of fold at the main horizon, beside each fold's own rate (whose area is 1/2); they
        were chosen by too. None where there are no folds.
    """

    rows: int
    accounts: int
    events: int
    base_rate: tuple[float, ...]
    folds: int = 0
    time_forward: bool = False
    l2: float = 0.0
    rounds: int = 0
    leaves: int = 0
    overlap_weights: bool = True
    fold_loss: tuple[float, ...] = ()
    held_log_loss: float | None = None
    held_base_log_loss: float | None = None
    held_auc: float | None = None


@dataclass(frozen=True, eq=False)
class Parts:
    """Everything that a fitted learner consists of.

    Parameters
    ----------
    names, categorical
        The p features in order, and which of them hold a category's position.
    horizons, main
        H spans, ascending, and the position of the one that ranks.
    linear
        The logistic part; on the lowest rung the base rate by segment.
    boosters
        LightGBM's texts, one per bag; their last column (position p) is the horizon in days. Empty at weight 0.
    weight
        Share of the boosted part, 0 to 1.
    calibration
        The increasing map.
    spread
        The margin's own uncertainty.
    rung
        ``"base rate"``, ``"logistic"`` or ``"boosted"``.
    evidence
        What it was learnt from.
    notes
        What a reader should know, in sentences.
    """

    names: tuple[str, ...]
    categorical: tuple[int, ...]
    horizons: tuple[Span, ...]
    main: int
    linear: Linear
    boosters: tuple[str, ...]
    weight: float
    calibration: Affine
    uncertainty: Spread
    rung: str
    evidence: Evidence
    notes: tuple[str, ...] = ()
