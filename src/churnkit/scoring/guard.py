"""The leak guard over a history: what single columns, attributes and late rows give away."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.errors import PossibleLeak
from churnkit.labels import standing
from churnkit.learning.leaks import AFTERWARDS, EDITED, FEW, PURE, Asked, Suspect, least_share, suspects
from churnkit.snapshots.barring import attributes_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.labels import Labels
    from churnkit.scoring.recipe import Recipe
    from churnkit.snapshots import Folds, TrainingSet

USUALLY_GONE = 0.7
"""Where so many of the accounts as old are gone, a mark that only the gone have says nothing."""

TIMES, POINTS, SIGMAS = 3.0, 0.1, 3.0
"""Late rows of leavers give something away if they are so many times as frequent as stayers', by so many points, and
by so many standard errors."""


def look(recipe: Recipe, training: TrainingSet, folds: Folds, history: History) -> tuple[Suspect, ...]:
    """Find what may know too much, and warn of it by name, with the evidence.

    Four kinds: a column that alone almost decides the label; a column or attribute that is filled in with the event;
    a signal whose rows are rewritten when an account leaves (those dated before a cutoff and recorded after it are
    rightly not seen, and what they said before is lost); a column whose time-forward AUC collapses against that of a
    random split.

    Parameters
    ----------
    recipe
        With features resolved.
    training, folds
        What is learnt from.
    history
        Where it comes from.

    Warns
    -----
    PossibleLeak
        Once, naming all of them.
    """
    labels, matrix = training.labels, training.matrix
    y = labels.y[:, labels.horizons.index(recipe.churn.horizon)]
    levels = matrix.categorical
    asked = Asked.of(matrix.values, y, labels.account, labels.cutoff, names=matrix.names, categorical=levels)
    found = suspects(asked, [(f.train[asked.rows], f.test[asked.rows]) for f in folds.splits])
    named = {s.column for s in found}
    found += [s for s in filled_in(recipe, training, history) if s.column not in named]
    found += edited(recipe, training, history)
    if found:
        warnings.warn(told(found), PossibleLeak, stacklevel=4)
    return tuple(found)


def told(found: Sequence[Suspect]) -> str:
    """Name every suspect, its evidence, and the cure."""
    columns = "1 column" if len(found) == 1 else f"{len(found)} columns"
    names = ", ".join(repr(s.column) for s in found)
    return (
        f"learning: {columns} may know too much. {'; '.join(map(str, found))}. Keep them if they are known in time; "
        f"Recipe(exclude=({names},)) takes them out."
    )


def filled_in(recipe: Recipe, training: TrainingSet, history: History) -> list[Suspect]:
    """Find attributes with a value (or a gap) that nearly only accounts have that are gone by now.

    Attributes come from an export made afterwards: a closing reason, a status. Accounts of the same age show how many
    of them would be gone anyway.
    """
    accounts = np.unique(training.labels.account)
    end = min(history.last_moment, history.observed_until.get(recipe.churn.table, history.last_moment))
    gone = ~standing(history, recipe.churn, end).inside[accounts]
    if min(int(gone.sum()), int((~gone).sum())) < FEW:
        return []
    age = pd.Series(history.opened[accounts]).rank(pct=True).mul(10).clip(upper=9.99).astype(int)
    usual = pd.Series(gone).groupby(age).transform("mean").to_numpy(dtype=np.float64)
    read = {a for feature in training.matrix.features for a in attributes_read(feature)}
    found = []
    for name in (a for a in history.attributes if a in read):
        column = history.accounts[name].iloc[accounts].reset_index(drop=True)
        suspect = _mark(name, column, gone, usual)
        found += [suspect] if suspect is not None else []
    return found


def _mark(name: str, column: pd.Series, gone: NDArray[np.bool_], usual: NDArray[np.float64]) -> Suspect | None:
    """Tell whether one value, a gap, or being filled at all marks the accounts that are gone."""
    empty = column.isna().to_numpy()
    marks = [("it is filled", ~empty), ("it is empty", empty)] if empty.any() else []
    counts = column.value_counts()
    marks += [(f"it is {v!r}", (column == v).to_numpy()) for v in counts.index[counts >= FEW // 2][:60]]
    for words, rows in marks:
        accounts, left = int(rows.sum()), int(gone[rows].sum())
        if left < FEW // 2 or least_share(left, accounts) < PURE or usual[rows].mean() >= USUALLY_GONE:
            continue
        told = f"{left:,} of {accounts:,} accounts are gone by now, of accounts as old {usual[rows].mean():.0%}"
        return Suspect(name, AFTERWARDS, f"fills in with the event: where {words}, {told}")
    return None


def edited(recipe: Recipe, training: TrainingSet, history: History) -> list[Suspect]:
    """Find signals whose rows of before a cutoff were recorded after it, for leavers far more often than for stayers.

    Signals of the label's own table are left out: that an end is recorded late is what the reporting delay is for.
    """
    signals, labels = history.signals, training.labels
    used = {s for feature in training.matrix.features for s in feature.signals_used} or set(signals.names)
    asked = [n for n in signals.names if n in used and signals.tables.get(n) != recipe.churn.table]
    hidden = _hidden(history, labels, asked)
    y = labels.y[:, labels.horizons.index(recipe.churn.horizon)]
    found = [_edited(name, hidden[name], y, training) for name in asked if name in hidden]
    return [s for s in found if s is not None]


def _hidden(history: History, labels: Labels, names: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """Mark, for every signal with late rows, the snapshots that do not see a row though it is dated before them."""
    moments = np.unique(labels.cutoff)
    marks: dict[str, NDArray[np.bool_]] = {}
    for part in history.signals.parts():
        if part.known is None:
            continue
        late = np.flatnonzero(part.known > part.occurred)
        for name in names:
            rows = late[part.signal[late] == part.code(name)] if name in part.names else late[:0]
            if not len(rows):
                continue
            mark = marks.setdefault(name, np.zeros((len(moments), len(history.accounts)), dtype=np.bool_))
            account, occurred, known = part.account[rows], part.occurred[rows], part.known[rows]
            for k, cutoff in enumerate(moments):
                mark[k, account[(occurred < cutoff) & (known >= cutoff)]] = True
    place = np.searchsorted(moments, labels.cutoff)
    return {name: mark[place, labels.account] for name, mark in marks.items()}


def _edited(name: str, hidden: NDArray[np.bool_], y: NDArray[np.int8], training: TrainingSet) -> Suspect | None:
    labels = training.labels
    left, stayed = y == 1, y == 0
    if not left.any() or not stayed.any():
        return None
    share, usual = float(hidden[left].mean()), float(hidden[stayed].mean())
    leavers, stayers = (len(np.unique(labels.account[side])) for side in (left, stayed))
    error = float(np.sqrt(share * (1 - share) / leavers + usual * (1 - usual) / stayers))
    marked_leavers = len(np.unique(labels.account[left & hidden]))
    few = marked_leavers < FEW // 2 or share < TIMES * usual
    if few or share - usual < max(POINTS, SIGMAS * error):
        return None
    readers = [x.name for x in training.matrix.features if name in x.signals_used]
    more = f" and {len(readers) - 2} more" if len(readers) > 2 else ""
    told = (
        f"is edited after the cutoff: rows dated before it were recorded after it for {share:.0%} of the leavers' "
        f"snapshots and {usual:.0%} of the stayers', so what was known before is lost (read by "
        f"{', '.join(readers[:2])}{more})"
    )
    return Suspect(name, EDITED, told)


def suspicions(found: Iterable[Suspect]) -> tuple[str, ...]:
    """Tell suspects for the model card."""
    return tuple(f"{s.column}: {s.kind}; {s.evidence}" for s in found)
