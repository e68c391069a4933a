"""Signs of accounts that are where a test puts them."""

import numpy as np

from churnkit.contact.signs import Signs
from churnkit.contact.signs.states import POINTS


def signs(*accounts, owed=()):
    """Signs of accounts, each {point: how likely}; of one that is at none nothing is told.

    ``owed``: {row: weeks running in which a bill was asked for}.
    """
    told, found = Signs.blank(len(accounts)), np.zeros((len(accounts), POINTS))
    for row, likely in enumerate(accounts):
        found[row, list(likely)] = list(likely.values())
        if not likely:
            found[row] = np.nan
    told.put(np.arange(len(accounts)), found, np.array([dict(owed).get(row, 0) for row in range(len(accounts))]))
    return told
