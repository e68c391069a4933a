"""Cancelled: the contract was ended, or notice of it given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from churnkit.labels.covers import Covers, check_contracts, contract_standing, contracts_of, covers
from churnkit.labels.definitions import ChurnDefinition, Source, Standing, percentile_99
from churnkit.labels.sources import contract_source
from churnkit.timeline import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from churnkit.history import History


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
    voluntary_only
        Only leaves by the client's own wish count (an unknown ``end_reason`` counts as such). Who leaves
        otherwise first (unpaid, bankrupt, other) has no answer from then on: neither 1 nor 0; dropped from
        training and counted.

    Examples
    --------
    >>> Cancelled(horizon="90d").horizon.days
    90.0
    """

    kind: Literal["cancelled"] = "cancelled"
    rebuy_gap: Span = Span.of("7d")
    voluntary_only: bool = False

    source = "subscriptions"

    @property
    def meaning(self) -> str:
        """When an account has left, in words."""
        wish = ", by the client's own wish" if self.voluntary_only else ""
        return (
            f"the last contract is ended, or notice of it given{wish} (whichever comes first; a new start within "
            f"{self.rebuy_gap} is no leave)"
        )

    @property
    def population(self) -> str:
        """Who can leave at a cutoff, in words."""
        return "accounts with a contract whose end or notice is not known at the cutoff"

    def check(self, history: History) -> None:
        """Refuse a history without subscriptions."""
        check_contracts(history, "Cancelled")

    def standing(self, history: History, cutoff: int) -> Standing:
        """Accounts with a running contract, as known at the cutoff."""
        return contract_standing(history, cutoff, "Cancelled")

    def next_leave(self, history: History, start: int) -> NDArray[np.int64]:
        """Give the first end of continuous cover at or after ``start``."""
        found = self._covers(history)
        return found.first_leave(len(history.accounts), start, found.voluntary if self.voluntary_only else None)

    def next_lost(self, history: History, start: int) -> NDArray[np.int64]:
        """Give the first leave against the client's wish, where only voluntary ones count."""
        if not self.voluntary_only:
            return super().next_lost(history, start)
        found = self._covers(history)
        return found.first_leave(len(history.accounts), start, ~found.voluntary)

    def gone_unknown(self, history: History, cutoff: int) -> NDArray[np.bool_]:
        """Accounts with no cover at the cutoff, in hindsight, though a contract seemed to run."""
        return self._covers(history).none_at(len(history.accounts), cutoff)

    def delay(self, history: History) -> int:
        """Give the 99th percentile of ``recorded_at`` minus the moment of leaving."""
        return percentile_99(contracts_of(history, "Cancelled").delay)

    def sources(self, history: History, account: NDArray[np.int32], at: NDArray[np.int64]) -> Source:
        """Name the contract whose notice or end is the leave."""
        contracts = contracts_of(history, "Cancelled")
        return contract_source(history, contracts, contracts.left, account, at)

    def variants(self) -> tuple[tuple[str, ChurnDefinition], ...]:
        """Other gaps of cancel-and-rebuy, and all leaves against voluntary ones."""
        gaps = (g for g in ("0d", "7d", "30d") if Span.of(g) != self.rebuy_gap)
        other = not self.voluntary_only
        return (
            *((f"rebuy_gap={g}", self.changed(rebuy_gap=g)) for g in gaps),
            (f"voluntary_only={other}", self.changed(voluntary_only=other)),
        )

    def _covers(self, history: History) -> Covers:
        contracts = contracts_of(history, "Cancelled")
        return covers(contracts, contracts.left, self.rebuy_gap.micros)
