"""The model card: what was learnt, from whom, how well it is calibrated, and what it is not for."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

INTENDED_USE = (
    "Ranking clients of one company for contact by their own account manager. Not for pricing, credit, "
    "employment or any decision that takes something from a person."
)


class ModelCard(BaseModel):
    """Facts about a fitted model, made with every fit.

    Attributes
    ----------
    definition
        The churn definition in words.
    cutoffs, first_cutoff, last_cutoff
        How many moments were learnt from, and the first and last of them (ISO dates).
    learnt_until, learnt_until_micros
        The moment before which every fact and label that was learnt from lies, in words and microseconds.
    cutoffs_micros, record_until_micros, labels_until_micros
        The moments themselves, the end of the record that was fitted on, and the moment until when leaves were known
        for sure (the end of the label's own table less its reporting delay); microseconds UTC.
    snapshots, accounts, features
        Rows, distinct accounts and columns.
    events
        Distinct accounts seen leaving, per horizon.
    base_rate
        Share of mature snapshots that left within the main horizon.
    left_out
        Counts of what was not learnt from, and why.
    rung
        The rung of evidence.
    folds
        How the folds were made.
    boosted_share
        Weight of the boosted part in the margin, 0 to 1.
    slope, intercept
        The calibration map of the margin.
    notes
        What the learner decided, in words.
    suspects
        Columns that may know too much, with the evidence.
    versions
        Of churnkit and the packages that compute.
    limits, intended_use
        What the model cannot say, and what it is for.
    """

    model_config = ConfigDict(frozen=True)

    definition: str
    cutoffs: int
    first_cutoff: str
    last_cutoff: str
    learnt_until: str
    learnt_until_micros: int
    cutoffs_micros: tuple[int, ...] = ()
    record_until_micros: int = 0
    labels_until_micros: int = 0
    snapshots: int
    accounts: int
    features: int
    events: dict[str, int]
    base_rate: float
    left_out: dict[str, int]
    rung: str
    folds: str
    boosted_share: float
    slope: float
    intercept: float
    notes: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    versions: dict[str, str] = {}
    limits: tuple[str, ...] = ()
    intended_use: str = INTENDED_USE
