"""Signs of trouble: what stands out about an account beside its peers, by theme.

What drives leaving shows in usage in the end, whatever began it; so the strongest reason for leaving seldom
tells which hat a call should wear. A sign looks at what comes earlier: failures and slow cases (support),
failed payments, bills asked about and dearer seats (billing), seats that fall idle (relationship), a start that
is still young (usage). And one that is no trouble: a product hardly used for months, by an account that has
long been here. Such an account is *asleep*; a call may remind it of a contract it has forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from churnkit import features as f
from churnkit.history.signals import THEMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.features import Expression
    from churnkit.history import History

    Codes = NDArray[np.int8]
    Floats = NDArray[np.float64]

UNTROUBLED, ASLEEP = -1, len(THEMES)
"""Codes beside those of the themes."""
KINDS = (*THEMES, "asleep", "no sign")
"""What an account can be told to be; the last one is code -1."""

STANDS_OUT = 1.0
"""A sign counts from one standard deviation above the peers: about the sixth that shows it most."""
_EVENT = 1.5
"""What an event that most accounts do not have weighs, in the same unit."""
_YOUNG_DAYS, _OLD_DAYS = 182.0, 182.0
_ASLEEP_DAYS = 6.0
"""Days with any use in the last twelve weeks: at most every other week."""
_DEARER = 1.02


def trouble(history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64]) -> Codes:
    """Tell the theme of each account's trouble at a moment, with what was known then.

    Parameters
    ----------
    account, cutoff
        Codes and moments [n]; peers are the accounts given for the same moment.

    Returns
    -------
    int8 [n]
        Position in ``THEMES`` of the sign that stands out most, ``ASLEEP``, or -1 where nothing stands out.
    """
    asked = _expressions(history)
    if not len(account) or not asked:
        return np.full(len(account), UNTROUBLED, dtype=np.int8)
    values = f.compute(list(asked.values()), history, account=account, cutoff=cutoff).values.astype(np.float64)
    seen = {name: values[:, i] for i, name in enumerate(asked)}
    strength = np.full((len(account), len(THEMES)), -np.inf)
    for theme, sign in _strengths(seen, cutoff):
        column = THEMES.index(theme)
        strength[:, column] = np.maximum(strength[:, column], sign)
    found = np.where(strength.max(axis=1) >= STANDS_OUT, strength.argmax(axis=1), UNTROUBLED)
    if "days" in seen:
        old = np.nan_to_num(seen["tenure"]) >= _OLD_DAYS
        found = np.where(old & (seen["days"] <= _ASLEEP_DAYS), ASLEEP, found)
    return found.astype(np.int8)


def _expressions(history: History) -> dict[str, Expression]:
    """Give what is looked at, as far as the history has the signals."""
    names = set(history.signals.names)
    usage = _of(history, "usage")
    failures = tuple(n for n in _of(history, "support") if n in ("incident", "outage", "error", "crash"))
    unpaid = tuple(n for n in _of(history, "billing") if n in ("payment_failed", "invoice_overdue", "chargeback"))
    asked: dict[str, Expression] = {}
    if failures:
        asked["failures"] = f.count(failures, "182d")
    if unpaid:
        asked["unpaid"] = f.count(unpaid, "84d")
    if "ticket_opened" in names:
        asked["bills"] = f.count("ticket_opened", "84d", where=f.label == "billing")
    if "ticket_resolved" in names:
        asked["slow"] = f.mean("ticket_resolved", "84d")
    if {"mrr", "seats"} <= names:
        price = f.latest("mrr") / f.latest("seats")
        asked["dearer"] = price / (f.latest("mrr", ending="182d") / f.latest("seats", ending="182d"))
    if usage and "seats" in names:
        asked["idle"] = f.actors(usage, "28d") / f.latest("seats")
    if asked and usage:
        asked["days"] = f.active_days(usage, "84d")
    return {**asked, "tenure": f.tenure()} if asked else {}


def _of(history: History, theme: str) -> tuple[str, ...]:
    signals = history.signals
    return tuple(
        n for n in signals.names if signals.tables.get(n) == "activity" and signals.themes.get(n, "usage") == theme
    )


def _strengths(seen: dict[str, Floats], cutoff: NDArray[np.int64]) -> list[tuple[str, Floats]]:
    """Give the strength of every sign, in standard deviations above the peers."""

    def event(name: str, above: float, weight: float = _EVENT) -> Floats:
        return np.where(seen[name] > above, weight, -np.inf)

    found: list[tuple[str, Floats]] = []
    if "failures" in seen:
        found.append(("support", event("failures", 0)))
    if "slow" in seen:
        found.append(("support", _beside_peers(seen["slow"], cutoff)))
    found.extend(("billing", event(name, 0)) for name in ("unpaid", "bills") if name in seen)
    if "dearer" in seen:
        found.append(("billing", event("dearer", _DEARER, STANDS_OUT)))
    if "idle" in seen:
        found.append(("relationship", _beside_peers(-seen["idle"], cutoff)))
    found.append(("usage", np.where(seen["tenure"] < _YOUNG_DAYS, _EVENT, -np.inf)))
    return found


def _beside_peers(value: Floats, cutoff: NDArray[np.int64]) -> Floats:
    """Give normal scores among the rows of the same moment; nothing stands out where a value is missing."""
    out = np.full(len(value), -np.inf)
    known = np.flatnonzero(np.isfinite(value))
    order = known[np.lexsort((value[known], cutoff[known]))]
    for rows in np.split(order, np.flatnonzero(np.diff(cutoff[order])) + 1):
        if len(rows) > 1 and value[rows[0]] < value[rows[-1]]:
            low = np.searchsorted(value[rows], value[rows], side="left")
            high = np.searchsorted(value[rows], value[rows], side="right")
            out[rows] = ndtri((low + high) / (2 * len(rows)))
    return out


def kinds_told(codes: Codes | Sequence[int]) -> list[str]:
    """Name codes."""
    return [KINDS[int(c)] for c in codes]
