"""NotRenewed: a term ends and none follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from churnkit.labels.covers import Covers, check_contracts, contract_standing, contracts_of, covers
from churnkit.labels.definitions import ChurnDefinition, Source, Standing, percentile_99
from churnkit.labels.sources import contract_source
from churnkit.timeline import NEVER, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History


class NotRenewed(ChurnDefinition, kind="not-renewed"):
    """A term ends and none follows within the grace; ``ended_at``, not the notice, is the moment of leaving.

    Population: accounts with a contract whose end or notice is not known yet; who is within the grace and
    not renewed is out until the next term starts. A contract without ``ended_at`` renews itself. Whether a
    term is followed is known only once the grace is over, so maturity waits that much longer.

    Parameters
    ----------
    horizon, lead
        As in :class:`ChurnDefinition`.
    grace
        How late the next term may start.

    Examples
    --------
    >>> str(NotRenewed(horizon="60d").grace)
    '30d'
    """

    kind: Literal["not-renewed"] = "not-renewed"
    grace: Span = Span.of("30d")

    source = "subscriptions"

    @property
    def meaning(self) -> str:
        """When an account has left, in words."""
        return f"a term ends and none follows within {self.grace}"

    @property
    def population(self) -> str:
        """Who can leave at a cutoff, in words."""
        return "accounts with a contract whose end or notice is not known at the cutoff"

    def check(self, history: History) -> None:
        """Refuse a history without subscriptions."""
        check_contracts(history, "NotRenewed")

    def standing(self, history: History, cutoff: int) -> Standing:
        """Accounts with a running term, as known at the cutoff."""
        return contract_standing(history, cutoff, "NotRenewed")

    def next_leave(self, history: History, start: int) -> NDArray[np.int64]:
        """Give the first end of a term at or after ``start`` that none follows within the grace."""
        return self._covers(history).first_leave(len(history.accounts), start)

    def gone_unknown(self, history: History, cutoff: int) -> NDArray[np.bool_]:
        """Accounts whose last term had ended, in hindsight, though a contract seemed to run."""
        return self._covers(history).none_at(len(history.accounts), cutoff)

    def delay(self, history: History) -> int:
        """Give the grace, and the 99th percentile of ``recorded_at - ended_at``."""
        contracts = contracts_of(history, "NotRenewed")
        there = contracts.final & (contracts.ended != NEVER)
        there &= contracts.versions.recorded != NEVER
        late = contracts.versions.carried(contracts.ended)[there] - contracts.ended[there]
        return self.grace.micros + percentile_99(np.maximum(late, 0))

    def sources(self, history: History, account: NDArray[np.int32], at: NDArray[np.int64]) -> Source:
        """Name the contract whose end is the leave."""
        contracts = contracts_of(history, "NotRenewed")
        return contract_source(history, contracts, contracts.ended, account, at)

    def variants(self) -> tuple[tuple[str, ChurnDefinition], ...]:
        """Other lengths of the grace."""
        asked = (g for g in ("0d", "14d", "30d", "60d") if Span.of(g) != self.grace)
        return tuple((f"grace={g}", self.changed(grace=g)) for g in asked)

    def _covers(self, history: History) -> Covers:
        contracts = contracts_of(history, "NotRenewed")
        return covers(contracts, contracts.ended, self.grace.micros)
