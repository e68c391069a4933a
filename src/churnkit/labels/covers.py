"""Stretches of continuous cover by contracts, and who has one as known at a cutoff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.errors import EmptyTable, MissingTable
from churnkit.labels.definitions import Standing
from churnkit.timeline import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.history.contracts import Contracts

ENDED, NOTICE = "contract ended", "notice given"
"""Why an account that had a contract is not asked."""


@dataclass(frozen=True, eq=False)
class Covers:
    """Every stretch of continuous cover, in hindsight, sorted by account and start.

    Attributes
    ----------
    account
        int32 codes.
    began, left
        int64, first moment of the cover and the moment of leaving (NEVER: it runs on).
    voluntary
        Whether the contract that ended last was left by the client's own wish (unknown reasons count so).
    """

    account: NDArray[np.int32]
    began: NDArray[np.int64]
    left: NDArray[np.int64]
    voluntary: NDArray[np.bool_]

    def first_leave(self, n: int, start: int, among: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """Give for each of ``n`` accounts the first leave at or after ``start`` (NEVER: none)."""
        found = np.full(n, NEVER, dtype=np.int64)
        late = (self.left >= start) & (self.left != NEVER)
        late &= True if among is None else among
        np.minimum.at(found, self.account[late], self.left[late])
        return found

    def none_at(self, n: int, cutoff: int) -> NDArray[np.bool_]:
        """Mark accounts that had cover before the cutoff and have none at it."""
        begun = self.began < cutoff
        return marked(self.account[begun], n) & ~marked(self.account[begun & (self.left >= cutoff)], n)


def covers(contracts: Contracts, left: NDArray[np.int64], gap: int) -> Covers:
    """Join contracts that follow each other within a gap into stretches of cover.

    Parameters
    ----------
    contracts
        All versions; the last version of each contract counts.
    left
        int64, for every version the moment at which it ceases to cover.
    gap
        Microseconds between one contract's end (its leave, where no end is known) and the next one's start
        that are no leave: notice of an upgrade may come weeks before the end.
    """
    rows = np.flatnonzero(contracts.final)
    rows = rows[np.lexsort((left[rows], contracts.started[rows], contracts.account[rows]))]
    account, began, left = contracts.account[rows], contracts.started[rows], left[rows]
    if not len(rows):
        return Covers(account, began, left, np.zeros(0, dtype=np.bool_))
    person = np.cumsum(np.r_[0, account[1:] != account[:-1]])
    reach = _running_maximum(left, person)
    ended = contracts.ended[rows]
    end = _running_maximum(np.where(ended == NEVER, left, np.maximum(left, ended)), person)
    before = np.r_[end[:1], end[:-1]]
    joined = (before == NEVER) | (began - gap <= np.where(before == NEVER, 0, before))
    fresh = np.r_[True, (account[1:] != account[:-1]) | ~joined[1:]]
    stretch = np.cumsum(fresh) - 1
    last = np.r_[fresh[1:], True]
    deciding = left == reach[last][stretch]
    voluntary = marked(stretch[deciding & contracts.voluntary[rows]], int(fresh.sum()))
    return Covers(account[last], began[fresh], reach[last], voluntary)


def _running_maximum(values: NDArray[np.int64], person: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give how far each person's values reach so far; starts afresh at each person."""
    moments, place = np.unique(values, return_inverse=True)
    size = len(moments)
    return np.asarray(moments[np.maximum.accumulate(person * size + place.reshape(-1)) - person * size])


def contract_standing(history: History, cutoff: int, who: str) -> Standing:
    """Tell who has a contract at a cutoff, opened and without notice, as known then."""
    contracts = contracts_of(history, who)
    n = len(history.accounts)
    current, running = contracts.current(cutoff), contracts.running(cutoff)
    inside = marked(contracts.account[running], n) & (history.opened < cutoff)
    notice = current & ~running & (contracts.left < cutoff) & (contracts.ended >= cutoff)
    why = np.full(n, "no contract yet", dtype=object)
    why[history.opened >= cutoff] = "not open yet"
    why[marked(contracts.account[current], n)] = ENDED
    why[marked(contracts.account[notice], n)] = NOTICE
    why[inside] = ""
    return Standing(inside, why)


def left_contract(history: History, cutoff: int) -> NDArray[np.object_]:
    """Say of every account whether its last contract has ended or been given notice of, as known at a cutoff.

    Returns
    -------
    object [n]
        The reason; empty for accounts under contract, without one so far, and where there is no table of contracts.
    """
    if history.contracts is None or not len(history.contracts.account):
        return np.full(len(history.accounts), "", dtype=object)
    why = contract_standing(history, cutoff, "").why
    return np.where(np.isin(why.astype(str), (ENDED, NOTICE)), why, "")


def contracts_of(history: History, who: str) -> Contracts:
    """Give the contracts of a history, or refuse it in the name of a definition.

    Raises
    ------
    MissingTable
        If there is no subscriptions table.
    """
    contracts = history.contracts
    if contracts is None:
        raise MissingTable.needed(
            "subscriptions", why=f"{who} needs it; without contracts use WentQuiet(days=..., horizon=...)."
        )
    return contracts


def check_contracts(history: History, who: str) -> None:
    """Refuse a history without contracts; one cut before the first contract merely has none yet.

    Raises
    ------
    MissingTable, EmptyTable
        If there is no subscriptions table, or none of its rows can be used.
    """
    if not len(contracts_of(history, who).account):
        raise EmptyTable("subscriptions: no row can be used, so nobody has a contract. Check the export.")


def marked(codes: NDArray[np.integer], n: int) -> NDArray[np.bool_]:
    """Mark the accounts of some codes among ``n``."""
    found = np.zeros(n, dtype=np.bool_)
    found[codes] = True
    return found
