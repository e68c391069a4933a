"""How to learn: the few choices that a recipe may make about its learner."""

from __future__ import annotations

import os
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

TREE_BUDGET = 500 * 31
"""Leaves over all bags: 500 trees of 31, or 246 of 63. Reasons and serving cost grow with the total."""


class LearnerSettings(BaseModel):
    """The learner's settings; the defaults are meant to be kept.

    Parameters
    ----------
    seed
        Seeds every draw (bags, columns of a tree, replicates). The same seed gives the same model, whatever
        the number of threads.
    bags
        Boosted models averaged, each on its own draw of accounts; 0 leaves the boosted part out.
    trees
        Upper bound of trees over all bags; at least one per bag.
    leaves, learning_rate
        Size of a tree and shrinkage; silence chooses both by the number of churn events.
    l2
        Candidate strengths of the logistic part's penalty, in churn-event units (the prior precision of a
        standardised coefficient); the folds choose one.
    overlap_weights
        Whether a snapshot weighs 1 / number of its account's snapshots whose label windows overlap it.
        Silence lets the folds decide.
    prior_rate, prior_strength
        A declared share of accounts that leave within the main horizon, worth that many accounts of evidence.
        Used on the lowest rung alone. Silence declares nothing.
    monotone
        Feature name to +1 (risk never falls as it rises) or -1; binding in the boosted part and the logistic one.
    tune
        Trials of a search for the boosted part's settings on the same folds, the first of them the defaults (extra
        ``tune``). Silence does not search: the defaults are sensible without.
    threads
        Models fitted side by side, each on one thread; silence takes the processors this process may use.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=7, ge=0)
    bags: int = Field(default=5, ge=0, le=50)
    trees: int = Field(default=500, ge=1)
    leaves: int | None = Field(default=None, ge=2, le=255)
    learning_rate: float | None = Field(default=None, gt=0, le=1)
    l2: tuple[float, ...] = Field(default=(0.1, 1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0), min_length=1)
    overlap_weights: bool | None = None
    prior_rate: float | None = Field(default=None, gt=0, lt=1)
    prior_strength: float = Field(default=50.0, gt=0)
    monotone: dict[str, Literal[-1, 1]] = Field(default_factory=dict)
    tune: int | None = Field(default=None, ge=1)
    threads: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _check(self) -> LearnerSettings:
        if any(not 0 < strength < float("inf") for strength in self.l2):
            raise ValueError(f"l2 {self.l2}: every candidate strength is a positive number, for example (1, 16, 256).")
        if self.trees * (self.leaves or 0) > TREE_BUDGET:
            raise ValueError(
                f"{self.trees} trees of {self.leaves} leaves pass the budget of {TREE_BUDGET} leaves over all bags: "
                f"at most {TREE_BUDGET // (self.leaves or 1)} trees of that size."
            )
        if self.trees < self.bags:
            raise ValueError(
                f"{self.trees} trees for {self.bags} bags: trees counts all bags together and each bag needs one; "
                f"give at least trees={self.bags}, or bags={self.trees}."
            )
        return self

    @property
    def workers(self) -> int:
        """How many models are fitted side by side."""
        return self.threads or processors()


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
