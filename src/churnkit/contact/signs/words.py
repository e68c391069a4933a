"""Words by which signals and categories are told: what failed, what is owed, what a case is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from churnkit.history import History

FAILURES = ("incident", "outage", "error", "crash")
UNPAID = ("payment_failed", "invoice_overdue", "chargeback")
WORDS = {
    "billing": ("bill", "invoic", "pay", "price", "pricing", "refund", "charge"),
    "relationship": ("access", "login", "password", "admin", "owner", "permission"),
    "support": ("bug", "error", "defect", "incident", "outage", "crash", "fault", "integration", "sync", "performance"),
    "usage": ("how", "question", "train", "onboard", "adopt", "help", "usage"),
}
"""Words in the category of a case, by what it is about."""
TAKEN_OUT = ("export", "download", "backup", "extract")
"""Words in the names of events by which data are taken out."""


def about_theme(category: str) -> str | None:
    """Give the theme of a case by the words of its category."""
    return next((t for t, words in WORDS.items() if any(w in category.lower() for w in words)), None)


def categories(history: History) -> dict[str, list[str]]:
    """Give the categories of cases by the theme they are about."""
    signals = history.signals
    if "ticket_opened" not in signals.names:
        return {}
    found = [p.label[p.pick(["ticket_opened"])] for p in signals.parts() if p.label is not None]
    codes = np.unique(np.concatenate(found)).tolist() if found else []
    labels = sorted(signals.labels[c] for c in codes if c >= 0)
    about = {theme: [w for w in labels if about_theme(w) == theme] for theme in WORDS}
    return {theme: words for theme, words in about.items() if words}


def of_theme(history: History, theme: str) -> tuple[str, ...]:
    """Give the activity signals of a theme."""
    signals = history.signals
    return tuple(
        n for n in signals.names if signals.tables.get(n) == "activity" and signals.themes.get(n, "usage") == theme
    )
