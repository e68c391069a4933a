"""The training set: one row per account and cutoff, one nullable y per horizon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from churnkit.errors import HorizonError
from churnkit.features import FeatureMatrix, FeatureSet, catalogue, compute
from churnkit.labels import Labels, label, purge
from churnkit.snapshots.barring import excluding, without
from churnkit.timeline import Cutoff, as_text, as_timestamps, moments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from churnkit.features import Expression
    from churnkit.history import History
    from churnkit.labels import ChurnDefinition
    from churnkit.timeline import Span


class Question(Protocol):
    """What a recipe says: when an account has left, over which horizons, from which features."""

    @property
    def churn(self) -> ChurnDefinition:
        """The churn definition."""

    @property
    def horizons(self) -> tuple[Span, ...] | None:
        """Horizons beside the main one; None: the usual ones."""

    @property
    def features(self) -> Sequence[Expression] | None:
        """Features; None: the catalogue of the history."""

    @property
    def bar(self) -> Sequence[str]:
        """Attributes of which the catalogue makes no feature."""

    @property
    def exclude(self) -> Sequence[str]:
        """Features, signals and attributes that are taken out."""


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Features and labels of many cutoffs; unpacks as ``X, y``.

    Attributes
    ----------
    matrix
        The features, float32.
    labels
        The labels, with what was left out and why.
    purge
        Microseconds that must lie between what is learnt from and what is tested on.
    """

    matrix: FeatureMatrix
    labels: Labels
    purge: int

    @property
    def X(self) -> pd.DataFrame:  # noqa: N802 - the name that scikit-learn gives it
        """Features, one row per account and cutoff (MultiIndex), one float32 column per feature."""
        return self.matrix.frame.set_axis(self.index, axis=0)

    @property
    def y(self) -> pd.DataFrame:
        """Labels, one nullable Int8 column per horizon (``"90d"``): 1 left, 0 stayed, NA unknown."""
        columns = {
            str(h): pd.array(np.where(self.labels.y[:, j] < 0, np.nan, self.labels.y[:, j]), dtype="Float64").astype(
                "Int8"
            )
            for j, h in enumerate(self.labels.horizons)
        }
        return pd.DataFrame(columns, index=self.index)

    @property
    def index(self) -> pd.MultiIndex:
        """The account's id and the cutoff of every row."""
        ids = self._ids[self.labels.account]
        return pd.MultiIndex.from_arrays([ids, as_timestamps(self.labels.cutoff)], names=["account_id", "cutoff"])

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return iter((self.X, self.y))

    _ids: pd.Index = None


def training_set(recipe: Question, history: History, cutoffs: Iterable[Cutoff | int]) -> TrainingSet:
    """Build features and labels at many cutoffs, for churnkit's learner or any other.

    Parameters
    ----------
    recipe
        Churn definition, horizons and features.
    history
        What happened.
    cutoffs
        Moments; each gives one row for every account in its population.

    Returns
    -------
    TrainingSet
        ``X, y = training_set(...)``; windows are ``[cutoff - w, cutoff)``, labels count leaves in
        ``[cutoff + lead, cutoff + lead + horizon)``.

    Raises
    ------
    CutoffOutOfReach
        If a cutoff lies before the first fact or after the record.
    HorizonError
        If no label of the main horizon is mature.
    """
    at = moments(cutoffs, history.timezone)
    recipe.churn.check(history)
    history.check_reach(at)
    horizons = recipe.churn.horizons(recipe.horizons)
    labels = label(history, recipe.churn, at, horizons)
    _refuse_immature(labels, history, recipe.churn)
    features = recipe.features
    if features is None:
        features = without(catalogue(history, cutoffs=at), recipe.bar, history)
    features = excluding(FeatureSet(features), recipe.exclude, history)
    matrix = compute(features, history, account=labels.account, cutoff=labels.cutoff)
    return TrainingSet(matrix, labels, purge(history, recipe.churn), history.account_ids)


def _refuse_immature(labels: Labels, history: History, definition: ChurnDefinition) -> None:
    if not len(labels.account):
        raise HorizonError("no account is in the population at any of the cutoffs; choose other cutoffs or definition.")
    if (labels.y[:, -1] >= 0).any():
        return
    end = as_text(history.observed_until[definition.table])
    raise HorizonError(
        f"no cutoff is old enough: a leave within {definition.horizon} of {as_text(int(labels.cutoff.max()))} or "
        f"earlier would have to be seen by {end}, where the record of {definition.table} ends. Choose earlier "
        "cutoffs or a shorter horizon."
    )
