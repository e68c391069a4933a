"""Rivals: what a manager already has, and two models that anybody fits in an hour, on the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from churnkit import features as f
from churnkit.errors import CutoffOutOfReach, HorizonError
from churnkit.learning import baselines
from churnkit.scoring.measuring import Ranking
from churnkit.snapshots import training_set

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.learning.baselines import Scorer
    from churnkit.scoring.model import ChurnModel
    from churnkit.snapshots import TrainingSet

RECENCY, VALUE, NPS, LOGISTIC, LIGHTGBM = "recency rule", "value-sorted", "last NPS", "logistic", "LightGBM"

SPOKEN = {
    RECENCY: "the recency rule",
    VALUE: "sorting by value",
    NPS: "sorting by the last NPS",
    LOGISTIC: "a plain logistic model on the same features",
    LIGHTGBM: "LightGBM as it comes on the same features",
}
"""Rivals as one speaks of them."""


def rules(
    history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64]
) -> tuple[dict[str, Ranking], NDArray[np.float64] | None]:
    """Rank by what a manager already has.

    Parameters
    ----------
    history
        What happened; only what was known at each cutoff counts.
    account, cutoff
        The rows.

    Returns
    -------
    rankings, value
        The recency rule (longest silence first); sorting by value (the last ``mrr``, else the values of the last
        365 days) and by the last NPS (lowest first), where the history has them. The value of each row, not below
        0; None where nothing tells it.
    """
    signals = history.signals
    active = tuple(n for n in signals.names if signals.tables[n] == "activity")
    wanted = {"silence": f.days_since(active)}
    if "mrr" in signals.names:
        wanted["value"] = f.latest("mrr")
    elif signals.valued:
        wanted["value"] = f.total(active, "365d")
    if "nps" in signals.names:
        wanted["nps"] = f.latest("nps")
    named = [e.named(f"baseline_{n}") for n, e in wanted.items()]
    found = f.compute(named, history, account=account, cutoff=cutoff).values
    columns = {n: found[:, i].astype(np.float64) for i, n in enumerate(wanted)}
    rankings = {RECENCY: Ranking(baselines.recency_rule(columns["silence"]))}
    if "value" in columns:
        rankings[VALUE] = Ranking(baselines.value_sorted(columns["value"]))
    if "nps" in columns:
        rankings[NPS] = Ranking(baselines.last_score(columns["nps"]))
    return rankings, np.nan_to_num(columns["value"]).clip(min=0) if "value" in columns else None


@dataclass(frozen=True, eq=False)
class Taught:
    """Models that were fitted beside ours.

    Parameters
    ----------
    scorers
        By name; none where they could not be fitted.
    notes
        Why not.
    """

    scorers: dict[str, Scorer]
    notes: tuple[str, ...] = ()

    def rank(self, later: NDArray[np.float32]) -> dict[str, Ranking]:
        """Rank rows by every model, float32 [m, p] as ours takes them."""
        with threadpool_limits(1):
            return {name: Ranking.of(scorer(later)) for name, scorer in self.scorers.items()}


def teach(model: ChurnModel, history: History) -> Taught:
    """Fit scikit-learn's logistic regression and LightGBM, as they come, on what the model itself learnt from.

    Parameters
    ----------
    model
        Its features, its cutoffs and its main horizon are taken.
    history
        Reaches back to the model's cutoffs; where it does not, there is a note in place of the models.
    """
    if not model.card.cutoffs_micros:
        return Taught({}, ("Logistic and LightGBM are left out: the model's card does not tell its cutoffs.",))
    try:
        training = taught_on(model, history)
    except (CutoffOutOfReach, HorizonError) as problem:
        note = f"Logistic and LightGBM are left out: what the model learnt from cannot be measured again ({problem})"
        return Taught({}, (note,))
    labels, matrix = training.labels, training.matrix
    rows, categorical = known_then(model, training), matrix.categorical
    X, y = matrix.values[rows], labels.y[rows, labels.horizons.index(model.horizon)]
    with threadpool_limits(1):  # beside a busy neighbour two OpenMP threads take longer than one
        return Taught(
            {
                LOGISTIC: baselines.plain_logistic(X, y, categorical=categorical),
                LIGHTGBM: baselines.plain_lightgbm(X, y, categorical=categorical),
            }
        )


def taught_on(model: ChurnModel, history: History) -> TrainingSet:
    """Measure again what a model learnt from: its features at its cutoffs, its labels as they were known then.

    A longer history is first cut at the end of the record that the model was fitted on, so that no leave has
    become known that the model did not know.

    Raises
    ------
    CutoffOutOfReach
        If the history does not reach back to the model's cutoffs.
    HorizonError
        If nothing is mature there.
    """
    end = model.card.record_until_micros
    then = history if history.last_moment <= end else history.known_at(end + 1)
    return training_set(model.recipe, then, list(model.card.cutoffs_micros))


def known_then(model: ChurnModel, training: TrainingSet) -> NDArray[np.bool_]:
    """Mark the rows whose answer within the main horizon the model itself knew.

    A table that then ended before the others may go further now: what has matured since does not count.
    """
    labels, churn = training.labels, model.recipe.churn
    mature = labels.cutoff + churn.lead.micros + churn.horizon.micros <= model.card.labels_until_micros
    known: NDArray[np.bool_] = (labels.y[:, labels.horizons.index(churn.horizon)] >= 0) & mature
    return known
