"""Auditing labels: every one with its reason and source, and what the definition's settings do to the rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.display import Drawable, tracked
from churnkit.errors import ChurnkitError
from churnkit.labels.labelling import UNKNOWN, WHY, Labels, label
from churnkit.timeline import NEVER, as_timestamps, moments, months_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.labels.definitions import ChurnDefinition
    from churnkit.timeline import Cutoff, Span


@dataclass(frozen=True, eq=False, repr=False)
class LabelAudit(Drawable):
    """Every label, and how much the churn rate owes to the definition.

    Attributes
    ----------
    definition
        What was audited.
    frame
        One row per account, cutoff and horizon: ``account_id``, ``cutoff``, ``horizon``, ``label`` (1, 0 or
        NA), ``why`` (stayed, left, immature, had left unnoticed, left inside the lead, left otherwise),
        ``mature``, ``left_at``, ``table``, ``row`` (its number in the source table, from 1, counted as in
        ``history.rejected``; NA where no single row decides) and ``source`` in words. Moment and source are
        those of the leave that decides, also where it lies behind the horizon; empty where none is seen before
        the record of the table ends.
    sensitivity
        The churn rate under other settings, see :func:`sensitivity`.
    """

    definition: ChurnDefinition
    frame: pd.DataFrame
    sensitivity: pd.DataFrame


def audit(
    history: History,
    definition: ChurnDefinition,
    cutoffs: Iterable[Cutoff | int] | None = None,
    *,
    horizons: tuple[Span, ...] | None = None,
) -> LabelAudit:
    """Tell every label of a definition: why, from which source row, mature or not.

    Parameters
    ----------
    history
        What happened.
    definition
        When an account has left.
    cutoffs
        Moments; None: the first of every month of the record.
    horizons
        Beside the main one; silence takes the usual ones.

    Returns
    -------
    LabelAudit
    """
    definition.check(history)
    if cutoffs is None:
        at = months_within(history.first_moment + 1, history.last_moment, history.timezone)
        at = at if len(at) else np.array([history.last_moment])
    else:
        at = moments(cutoffs, history.timezone)
    asked = definition.horizons(horizons)
    found = label(history, definition, at, asked)
    pieces = [(piece, found.of(mine)) for piece, mine in history.pieces()]
    parts = [_horizon(piece, definition, some, j) for piece, some in pieces for j in range(len(asked))]
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.sort_values(["cutoff", "account", "order"], ignore_index=True).drop(columns=["account", "order"])
    return LabelAudit(definition, frame, sensitivity(history, definition, at))


def sensitivity(
    history: History, definition: ChurnDefinition, cutoffs: Sequence[int] | NDArray[np.int64]
) -> pd.DataFrame:
    """Give the churn rate at the main horizon under the definition and its neighbours.

    Returns
    -------
    DataFrame
        One row per setting, the definition as it is first: ``setting``, ``labels`` (known ones), ``leaves``,
        ``rate`` (NaN without a known label) and ``difference`` from the first row's rate. All settings are asked
        over the same horizon and cutoffs; populations differ with them.
    """
    rows = []
    for words, other in tracked([("as defined", definition), *definition.variants()], "asking under other settings"):
        try:
            y = label(history, other, cutoffs, (definition.horizon,)).y[:, 0]
        except ChurnkitError:
            if other is definition:
                raise
            continue
        known, left = int((y != UNKNOWN).sum()), int((y == 1).sum())
        rows.append((words, known, left, left / known if known else np.nan))
    frame = pd.DataFrame(rows, columns=["setting", "labels", "leaves", "rate"])
    return frame.assign(difference=frame["rate"] - frame["rate"].iloc[0])


_LOST = (WHY.index("left otherwise"),)


def _horizon(history: History, definition: ChurnDefinition, found: Labels, j: int) -> pd.DataFrame:
    """Tell the labels of one horizon."""
    y, why = found.y[:, j], found.why[:, j]
    at = np.where(np.isin(why, _LOST), found.lost_at, found.left_at)
    # Where the record ends every silence seems to go on: that is no leave that anybody has seen.
    at = np.where(at <= history.observed_until[definition.table], at, NEVER)
    source = definition.sources(history, found.account, at)
    return pd.DataFrame(
        {
            "account": found.account,
            "order": j,
            "account_id": history.account_ids[found.account],
            "cutoff": as_timestamps(found.cutoff),
            "horizon": str(found.horizons[j]),
            "label": pd.array(np.where(y == UNKNOWN, np.nan, y), dtype="Float64").astype("Int8"),
            "why": np.array(WHY, dtype=object)[why],
            "mature": found.mature[:, j],
            "left_at": as_timestamps(at),
            "table": np.where(at == NEVER, "", definition.table),
            "row": pd.array(np.where(source.row < 0, np.nan, source.row), dtype="Float64").astype("Int64"),
            "source": source.told,
        }
    )
