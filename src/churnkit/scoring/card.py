"""The model card: what was learnt, from whom, how well it is calibrated, and what it is not for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Mapping

INTENDED_USE = (
    "Ranking clients of one company for contact by their own account manager. Not for pricing, credit, "
    "employment or any decision that takes something from a person."
)


class SourceTable(BaseModel):
    """What of a source table was there to learn from.

    Attributes
    ----------
    name
        Of the table.
    read, used
        Rows of the source, and of these the ones that were not set aside.
    until
        Where its record ends, in words; empty where the table has no dates of its own.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    read: int
    used: int
    until: str = ""


class ModelCard(BaseModel):
    """Facts about a fitted model, made with every fit.

    Attributes
    ----------
    definition, population
        When an account has left, with lead and horizon, and who can leave, in words.
    tables
        What was read, table by table.
    record_until
        The end of the record that was fitted on, in words (the latest of its tables).
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
    chosen_log_loss, chosen_base_log_loss, chosen_auc
        Log loss (nats) and AUC at the main horizon of what the folds chose, out of fold, and the log loss of each
        fold's own rate (its AUC is 1/2). The folds chose by these figures, so they flatter: quality is what
        ``evaluate`` measures on later cutoffs. None where no folds could be used.
    slope, intercept
        The calibration map of the margin.
    calibrated_cutoff, calibrated_until
        The last cutoff whose answers within the main horizon set the calibration, and the moment by which these were in
        (lead and horizon later); in words. Empty where no answer was known.
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
    population: str = ""
    tables: tuple[SourceTable, ...] = ()
    record_until: str = ""
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
    chosen_log_loss: float | None = None
    chosen_base_log_loss: float | None = None
    chosen_auc: float | None = None
    slope: float
    intercept: float
    calibrated_cutoff: str = ""
    calibrated_until: str = ""
    notes: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    versions: dict[str, str] = {}
    limits: tuple[str, ...] = ()
    intended_use: str = INTENDED_USE

    def to_dict(self) -> dict[str, object]:
        """Give the card as plain values, ready for JSON."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, plain: Mapping[str, object]) -> Self:
        """Read what :meth:`to_dict` gave."""
        return cls.model_validate(plain)
