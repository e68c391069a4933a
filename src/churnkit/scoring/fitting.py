"""Fitting: from history and recipe to a learner, reasons' groups, a book and a card."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from churnkit.errors import SignalEndsEarly
from churnkit.labels import reporting_end
from churnkit.learning import Rows, fit_blend
from churnkit.reasons import Groups
from churnkit.scoring import guard
from churnkit.scoring.card import ModelCard, SourceTable
from churnkit.snapshots import Folds, TrainingSet, make_folds, training_set
from churnkit.timeline import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from churnkit.features import Book, Expression
    from churnkit.history import History
    from churnkit.learning import Blend
    from churnkit.scoring.recipe import Recipe
    from churnkit.timeline import Cutoff

PACKAGES = ("churnkit-retention", "lightgbm", "numpy", "pandas", "scikit-learn", "numba")


@dataclass(frozen=True, eq=False)
class Fitted:
    """The parts of a fitted model."""

    recipe: Recipe
    blend: Blend
    groups: Groups
    card: ModelCard
    book: Book


def fit(recipe: Recipe, history: History, cutoffs: Iterable[Cutoff | int]) -> Fitted:
    """Build the training set, learn, group the reasons, and write the card."""
    training = training_set(recipe, history, cutoffs)
    labels, matrix = training.labels, training.matrix
    recipe = recipe.model_copy(update={"features": matrix.features})
    main = labels.horizons.index(recipe.churn.horizon)
    folds = make_folds(labels.account, labels.cutoff, labels.y[:, main], training.purge)
    rows = Rows(
        X=matrix.values,
        y=labels.y,
        horizons=labels.horizons,
        names=matrix.names,
        account=labels.account,
        cutoff=labels.cutoff,
        categorical=matrix.categorical,
        main=main,
    )
    found = guard.look(recipe, training, folds, history)
    blend = fit_blend(rows, folds=folds.splits, settings=recipe.learner)
    return Fitted(
        recipe=recipe,
        blend=blend,
        groups=Groups.fit(matrix, history, never=recipe.never_show),
        card=_card(recipe, blend, training, folds, history).model_copy(
            update={"suspects": guard.suspicions(found)},
        ),
        book=matrix.books[int(labels.cutoff.max())],
    )


def _card(recipe: Recipe, blend: Blend, training: TrainingSet, folds: Folds, history: History) -> ModelCard:
    labels = training.labels
    main = labels.y[:, labels.horizons.index(recipe.churn.horizon)]
    mature = labels.cutoff[main >= 0]
    until = _learnt_until(recipe, training)
    calibrated = _calibrated(recipe, mature)
    return ModelCard(
        definition=_definition(recipe),
        population=recipe.churn.population,
        tables=_tables(history),
        record_until=as_text(history.last_moment),
        cutoffs=len(np.unique(labels.cutoff)),
        first_cutoff=as_text(int(labels.cutoff.min())),
        last_cutoff=as_text(int(labels.cutoff.max())),
        learnt_until=as_text(until),
        learnt_until_micros=until,
        cutoffs_micros=tuple(int(c) for c in np.unique(labels.cutoff)),
        record_until_micros=history.last_moment,
        labels_until_micros=reporting_end(history, recipe.churn),
        snapshots=len(labels.account),
        accounts=len(np.unique(labels.account)),
        features=len(training.matrix.features),
        events={str(h): labels.events(h) for h in labels.horizons},
        base_rate=float((main[main >= 0] == 1).mean()) if len(mature) else 0.0,
        left_out=dict(labels.counts),
        rung=blend.rung,
        folds=folds.why,
        boosted_share=blend.weight,
        slope=blend.calibration.slope,
        intercept=blend.calibration.intercept,
        chosen_log_loss=blend.evidence.held_log_loss,
        chosen_base_log_loss=blend.evidence.held_base_log_loss,
        chosen_auc=blend.evidence.held_auc,
        calibrated_cutoff=calibrated[0],
        calibrated_until=calibrated[1],
        notes=blend.notes,
        versions={name: version(name) for name in PACKAGES},
        limits=_limits(blend, folds, calibrated[1]),
    )


def _definition(recipe: Recipe) -> str:
    """Say in words when an account has left, and when it is asked."""
    churn = recipe.churn
    lead = f", from {churn.lead} after the cutoff on" if churn.lead.micros else ""
    return f"{churn.meaning}; within {churn.horizon}{lead}"


def _tables(history: History) -> tuple[SourceTable, ...]:
    """Count what was read of every table, and say where its record ends."""
    until = history.observed_until
    return tuple(
        SourceTable(name=name, read=read, used=used, until=as_text(until[name]) if name in until else "")
        for name, (read, used) in history.rows.items()
    )


def _calibrated(recipe: Recipe, mature: NDArray[np.int64]) -> tuple[str, str]:
    """Give the last cutoff whose answers are known, and the moment by which they were in.

    Whatever the folds: those that are time-forward test on the last cutoffs, and the level follows every known one.
    """
    if not len(mature):
        return "", ""
    last = int(mature.max())
    return as_text(last), as_text(last + recipe.churn.lead.micros + recipe.churn.horizon.micros)


def _learnt_until(recipe: Recipe, training: TrainingSet) -> int:
    """Find the moment before which all lies that was learnt from: facts, label windows and reporting delay.

    A young cutoff whose short horizon alone is mature may reach further than the last one that is mature whole.
    """
    labels = training.labels
    ends = [int(labels.cutoff.max())]
    for j, horizon in enumerate(labels.horizons):
        known = labels.cutoff[labels.y[:, j] >= 0]
        # the purge counts the longest horizon, lead and delay
        ends += [int(known.max()) + training.purge - recipe.churn.horizon.micros + horizon.micros] if len(known) else []
    return max(ends)


def _limits(blend: Blend, folds: Folds, calibrated: str) -> tuple[str, ...]:
    limits = [
        "It tells who is likely to leave, not whom a contact will keep.",
        "It was learnt under the contacts of the past; where these change, so does what it sees.",
    ]
    if calibrated:
        limits.append(f"Its probabilities are those of a book seen until {calibrated}; check them as the book changes.")
    if folds.kind != "time-forward":
        limits.append("Its calibration was set on the same period that it learnt from, since the history is short.")
    if blend.rung != "boosted":
        limits.append(f'It stands on the rung "{blend.rung}"; differences between similar accounts mean little.')
    return tuple(limits)


def silent_tables(features: Sequence[Expression], history: History, cutoff: int) -> tuple[str, ...]:
    """Tell, and warn, of every table whose record stops before the cutoff though features read it."""
    used = {s for feature in features for s in feature.signals_used} or set(history.signals.names)
    tables = sorted({history.signals.tables[s] for s in used if s in history.signals.tables})
    notes = tuple(
        f"{table}: the record ends {as_text(history.observed_until[table])}, before {as_text(cutoff)}; "
        "its windows there are missing, not zero."
        for table in tables
        if history.ended_early(table, cutoff)
    )
    for note in notes:
        warnings.warn(note, SignalEndsEarly, stacklevel=3)
    return notes
