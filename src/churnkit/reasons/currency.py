"""Which currency amounts are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from churnkit.history import History


def currency_of(history: History) -> str:
    """Give the one currency of all contracts as its ISO code; empty where there are none, or several.

    With several currencies an account's own amounts and its peers' median are of different kinds, and a sign on
    either would say more than is known.
    """
    frame = history.subscriptions
    if frame is None or "currency" not in frame:
        return ""
    found = sorted(frame["currency"].dropna().astype(str).str.strip().str.upper().unique())
    return str(found[0]) if len(found) == 1 else ""
