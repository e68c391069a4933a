"""Segments: accounts that leave about as often, so that a life to come can be told by the rate of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.errors import BadPlan, did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.roster import Roster
    from churnkit.history import History

    Codes = NDArray[np.int64]
    Floats = NDArray[np.float64]

ATTRIBUTE, BOOK = "segment", "book"
"""The attribute that divides the book where none is named; and the name for not dividing it."""
LONG_TERM = 6
"""Months from which a term is a long one: it is left near its end, and less often than one that ends any month."""
QUARTERS = (0.25, 0.5, 0.75)
"""Contracts of one kind of term are told apart by what they pay: the larger a client, the longer it stays as a rule."""


@dataclass(frozen=True, eq=False)
class Segments:
    """Which segment each account of a roster belongs to.

    Attributes
    ----------
    code
        int64 [n], from 0.
    whose
        Whose rate of leaving is taken, in words.
    """

    code: Codes
    whose: str


def segments(name: str | None, pays: Floats | None, roster: Roster, history: History) -> Segments:
    """Divide a roster.

    Parameters
    ----------
    name
        Attribute of accounts; "book" (where no attribute has that name): nothing is divided. None: ``segment`` where
        there is such an attribute; else contracts of a term that is long, short or not known are told apart, each by
        the quarter of the book in which what they pay lies; in a history without contracts nothing is divided.
    pays
        float64 [n], what the contracts of each account pay (NaN: not known); None: there are none.

    Raises
    ------
    BadPlan
        If there is no such attribute.
    """
    name = ATTRIBUTE if name is None and ATTRIBUTE in history.attributes else name
    if name in history.attributes:
        names = history.accounts[name].astype(str).to_numpy(dtype=str)[roster.account]
        return Segments(np.unique(names, return_inverse=True)[1].astype(np.int64), "its segment")
    if name not in (None, BOOK):
        near = did_you_mean(name, history.attributes)
        raise BadPlan(
            f"value: accounts have no attribute {name!r}{near}; there are "
            f"{', '.join(history.attributes) or 'none'}. Name one as segment=, or leave it out."
        )
    if name == BOOK or pays is None or np.isnan(pays).all():
        return Segments(np.zeros(len(roster), dtype=np.int64), "the book")
    quarter = np.searchsorted(np.nanquantile(pays, QUARTERS), np.nan_to_num(pays), side="right")
    quarter[np.isnan(pays)] = len(QUARTERS) + 1  # what is not known is no low price
    code = quarter + (len(QUARTERS) + 2) * _term(roster, history)
    return Segments(code.astype(np.int64), "contracts of about its term and price")


def _term(roster: Roster, history: History) -> Codes:
    """Tell of each account whether the longest term of its running contracts is not known 0, short 1 or long 2."""
    contracts, longest = history.contracts, np.zeros(len(history.accounts))
    if contracts is not None:
        rows = np.flatnonzero(contracts.unended(roster.as_of) & ~np.isnan(contracts.term))
        np.maximum.at(longest, contracts.account[rows], contracts.term[rows])
    longest = longest[roster.account]
    return (longest > 0).astype(np.int64) + (longest >= LONG_TERM)
