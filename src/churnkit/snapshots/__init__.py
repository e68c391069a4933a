"""One row per account and cutoff."""

from churnkit.snapshots.cohort import Cohort, cohort
from churnkit.snapshots.folds import Fold, Folds, make_folds
from churnkit.snapshots.training import TrainingSet, training_set

__all__ = ["Cohort", "Fold", "Folds", "TrainingSet", "cohort", "make_folds", "training_set"]
