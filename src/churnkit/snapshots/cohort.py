"""The cohort: who is asked at a cutoff, and who is not and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.labels import standing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.labels import ChurnDefinition


@dataclass(frozen=True, eq=False)
class Cohort:
    """The population of one cutoff.

    Attributes
    ----------
    cutoff
        Microseconds UTC.
    account
        int32 codes of the population, ascending.
    excluded
        Every other account that had opened: ``account_id`` and ``reason``.
    """

    cutoff: int
    account: NDArray[np.int32]
    excluded: pd.DataFrame

    @property
    def cutoffs(self) -> NDArray[np.int64]:
        """The cutoff once per row."""
        return np.full(len(self.account), self.cutoff, dtype=np.int64)


def cohort(history: History, definition: ChurnDefinition, cutoff: int) -> Cohort:
    """Find the population of a definition at a cutoff, as known then."""
    found = standing(history, definition, cutoff)
    outside = np.flatnonzero(~found.inside)
    excluded = pd.DataFrame(
        {
            "account_id": history.account_ids[outside],
            "reason": pd.Series(found.why[outside], dtype=object),
        }
    )
    return Cohort(cutoff, np.flatnonzero(found.inside).astype(np.int32), excluded)
