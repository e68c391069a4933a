"""Cancelled: the contract was ended, or notice of it given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from churnkit.errors import EmptyTable, MissingTable
from churnkit.labels.definitions import ChurnDefinition, Standing, percentile_99
from churnkit.timeline import NEVER, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.history.contracts import Contracts


class Cancelled(ChurnDefinition, kind="cancelled"):
    """The account ends its last contract: ``cancelled_at``, else ``ended_at``, is the moment of leaving.

    Population: accounts with a contract whose end or notice is not known yet. An account that returns
    is in again.

    Parameters
    ----------
    horizon, lead
        As in :class:`ChurnDefinition`.
    rebuy_gap
        An end followed within this gap by a new start of the same account (an upgrade booked as
        cancel-and-rebuy) is no leave.

    Examples
    --------
    >>> Cancelled(horizon="90d").horizon.days
    90.0
    """

    kind: Literal["cancelled"] = "cancelled"
    rebuy_gap: Span = Span.of("7d")

    table = "subscriptions"

    def check(self, history: History) -> None:
        """Refuse a history without subscriptions."""
        if history.contracts is None:
            raise MissingTable.needed(
                "subscriptions", why="Cancelled needs it; without contracts use WentQuiet(days=..., horizon=...)."
            )
        if not len(history.contracts.account):
            raise EmptyTable("subscriptions: no row can be used, so nobody has a contract. Check the export.")

    def standing(self, history: History, cutoff: int) -> Standing:
        """Accounts with a running contract, as known at the cutoff."""
        contracts = _contracts(history)
        n = len(history.accounts)
        ever = _any(contracts.account[contracts.current(cutoff)], n)
        inside = _any(contracts.account[contracts.running(cutoff)], n) & (history.opened < cutoff)
        notice = contracts.current(cutoff) & (contracts.left < cutoff) & (contracts.ended >= cutoff)
        given = _any(contracts.account[notice & ~contracts.running(cutoff)], n)
        why = np.full(n, "no contract yet", dtype=object)
        why[history.opened >= cutoff] = "not open yet"
        why[ever] = "contract ended"
        why[given] = "notice given"
        why[inside] = ""
        return Standing(inside, why)

    def next_leave(self, history: History, start: int) -> NDArray[np.int64]:
        """Give the first end of continuous cover at or after ``start``."""
        account, _, left = self._covers(history)
        found = np.full(len(history.accounts), NEVER, dtype=np.int64)
        late = (left >= start) & (left != NEVER)
        np.minimum.at(found, account[late], left[late])
        return found

    def gone_unknown(self, history: History, cutoff: int) -> NDArray[np.bool_]:
        """Accounts with no cover at the cutoff, in hindsight, though a contract seemed to run."""
        account, began, left = self._covers(history)
        n = len(history.accounts)
        covered = _any(account[(began < cutoff) & (left >= cutoff)], n)
        return _any(account[began < cutoff], n) & ~covered

    def delay(self, history: History) -> int:
        """Give the 99th percentile of ``recorded_at`` minus the moment of leaving."""
        return percentile_99(_contracts(history).delay)

    def _covers(self, history: History) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
        """Give every stretch of continuous cover, in hindsight: account, first moment, moment of leaving."""
        contracts = _contracts(history)
        rows = contracts.final
        account, began, left = contracts.account[rows], contracts.started[rows], contracts.left[rows]
        order = np.lexsort((left, began, account))
        account, began, left = account[order], began[order], left[order]
        reach = left.copy()
        fresh = np.ones(len(account), dtype=np.bool_)
        gap = self.rebuy_gap.micros
        for i in range(1, len(account)):
            if account[i] != account[i - 1]:
                continue
            open_ended = reach[i - 1] == NEVER
            if open_ended or began[i] <= reach[i - 1] + gap:
                fresh[i] = False
                reach[i] = max(reach[i], reach[i - 1])
        last = np.r_[fresh[1:], True][: len(account)]
        return account[last], began[fresh], reach[last]


def _contracts(history: History) -> Contracts:
    contracts = history.contracts
    if contracts is None:
        raise MissingTable.needed("subscriptions", why="Cancelled needs it.")
    return contracts


def _any(codes: NDArray[np.int32], n: int) -> NDArray[np.bool_]:
    found = np.zeros(n, dtype=np.bool_)
    found[codes] = True
    return found
