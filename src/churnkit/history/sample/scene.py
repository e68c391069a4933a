"""The scene: what everybody who acts in the company looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from churnkit.history.sample.company import Company
    from churnkit.history.sample.contracts import Contracts
    from churnkit.history.sample.ledger import Ledger
    from churnkit.history.sample.state import State


@dataclass(frozen=True, eq=False)
class Scene:
    """Accounts and staff, the hidden state, the contracts, and the ledger in which facts are written."""

    company: Company
    state: State
    contracts: Contracts
    ledger: Ledger
