"""generate: a company's record of so many months, and the truth beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.errors import RequestError
from churnkit.history.contracts import add_months
from churnkit.history.sample import figures as fig
from churnkit.history.sample.company import WEEK
from churnkit.history.sample.tables import Export
from churnkit.history.sample.truth import Truth
from churnkit.history.sample.world import Plan, World
from churnkit.history.sample.writing import write_tables
from churnkit.timeline import moment

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from churnkit.timeline import Cutoff

SEED = 108
"""The seed of the sample in ``data/samples/saas``: the first, counted from 1, with which in every single month
between 2 and 4 % of the 800 accounts leave (with most seeds a lucky month and an unlucky one lie outside)."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A made-up company.

    Attributes
    ----------
    tables
        The eight tables of the data contract, by name.
    truth
        What the library may never see.
    """

    tables: dict[str, pd.DataFrame]
    truth: Truth

    def write(self, folder: str | Path) -> list[Path]:
        """Write the tables (never the truth) into a folder that ``read_history`` reads; give the files."""
        return write_tables(self.tables, folder)


def generate(
    accounts: int = 800, months: int = 24, *, seed: int = SEED, start: Cutoff = "2024-06-01", trial: bool = True
) -> Sample:
    """Make up a B2B SaaS company.

    Parameters
    ----------
    accounts
        The size of the book: about so many are under contract at any time. New ones open as others leave,
        so the accounts table has more rows (1.7 times as many in 24 months).
    months
        Length of the record.
    seed
        A whole number from 0; the same seed gives the same company.
    start
        Beginning of the record. Contracts may have begun long before.
    trial
        Whether contacts are drawn by lot in a part of the record (months 9 to 18 of 24).

    Returns
    -------
    Sample

    Raises
    ------
    RequestError
        If the book, the record or the seed is too small.
    """
    _check(accounts=accounts, months=months, seed=seed + 1)
    first = moment(start)
    last = int(add_months(np.array([first]), np.array([months]))[0])
    inside = -(-(last - first) // WEEK)
    weeks = fig.WARM_UP_WEEKS + inside
    lots = (fig.WARM_UP_WEEKS + round(fig.TRIAL_FROM * inside), fig.WARM_UP_WEEKS + round(fig.TRIAL_TO * inside))
    world = World(accounts, Plan(last - weeks * WEEK, weeks, seed, trial=lots, lots=trial))
    for _ in range(weeks):
        world.step()
    world.keep()
    export = Export(world.scene, start=first, end=last)
    return Sample(export.tables(), Truth(world, start=first, end=last, exported=export.exported))


def _check(**numbers: int) -> None:
    for name, value in numbers.items():
        if value < 1:
            least = 0 if name == "seed" else 1
            raise RequestError(f"generate: {name} is too small; give a whole number from {least}.")
