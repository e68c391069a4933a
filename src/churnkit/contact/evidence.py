"""What is looked at to tell the trouble of an account: the expressions, and which sign speaks for which theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit import features as f
from churnkit.contact.weighing import of_cases, of_flag, of_measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from churnkit.features import Expression
    from churnkit.history import History

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

SHOWN = 0.6
"""Of the accounts in a trouble so many show a given sign of it: a judgement."""
SOME = 0.25
"""The same for what only some do who think of leaving: giving seats back."""
SHIFT = 1.0
"""A measure stands so many standard deviations higher in them: a judgement."""
TIMES = {"support": 4.0, "billing": 4.0, "relationship": 4.0, "usage": 2.0}
"""Cases about a trouble come so many times as often while it lasts, a judgement; how things are done is asked by those
as well who get on."""
YOUNG, NOT_YET = 182.0, 0.05
"""Days; and how many of those whom a bill troubles are as young: they have hardly seen theirs change."""
SETTLED = 84.0
"""Days after which use has a past to fall from."""
NEAR = 90.0
"""Days before a renewal in which its price is looked at."""
LONGER = 21.0
"""Days in which others went on without the most active user: longer than a holiday."""
DEARER = 1.02
ANY = "any"
"""Signs of trouble whatever it is."""
WORDS = {
    "billing": ("bill", "invoic", "pay", "price", "pricing", "refund", "charge"),
    "relationship": ("access", "login", "password", "admin", "owner", "permission"),
    "support": ("bug", "error", "defect", "incident", "outage", "crash", "fault", "integration", "sync", "performance"),
    "usage": ("how", "question", "train", "onboard", "adopt", "help", "usage"),
}
"""Words in the category of a case, by what it is about."""
TAKEN_OUT = ("export", "download", "backup", "extract")
"""Words in the names of events by which data are taken out."""


@dataclass(frozen=True, eq=False)
class Sign:
    """One sign: for which theme it speaks (``ANY``: for trouble as such), its weight [n], and where it tells [n]."""

    theme: str
    weight: Floats
    tells: Flags


def expressions(history: History) -> dict[str, Expression]:
    """Give what is looked at, as far as the history has the signals; nothing where it has none that names a trouble."""
    names = set(history.signals.names)
    failures = tuple(n for n in _of(history, "support") if n in ("incident", "outage", "error", "crash"))
    unpaid = tuple(n for n in _of(history, "billing") if n in ("payment_failed", "invoice_overdue", "chargeback"))
    asked: dict[str, Expression] = {}
    if failures:
        asked["failures"] = f.count(failures, "182d")
    if unpaid:
        asked["unpaid"] = f.count(unpaid, "84d")
    asked |= _cases(history)
    if {"mrr", "seats"} <= names:
        price = f.latest("mrr") / f.latest("seats")
        asked["dearer"] = price / (f.latest("mrr", ending="182d") / f.latest("seats", ending="182d"))
    if not asked:
        return {}
    asked |= _use(history)
    for name in ("auto_renew", "term_months", "mrr"):
        if name in names:
            asked[name] = f.latest(name)
    if "seats" in names:
        asked["seats"] = f.latest("seats") - f.latest("seats", ending="84d")
    if "renewal_due" in names:
        asked["renewal"] = f.days_until("renewal_due")
    return {**asked, "tenure": f.tenure()}


def _use(history: History) -> dict[str, Expression]:
    """Give how much is used, beside the seats, beside the past, by whom, and what is taken out."""
    usage, seats = _of(history, "usage"), "seats" in history.signals.names
    if not usage:
        return {}
    each = f.latest("seats") if seats else 1
    asked = {
        "use": f.count(usage, "84d") / each,
        "of_late": f.count(usage, "28d") / each,
        "fallen": f.count(usage, "28d") / f.count(usage, "154d", ending="28d"),
    }
    out = tuple(n for n in usage if any(w in n.lower() for w in TAKEN_OUT))
    if out:
        asked["taken out"] = f.count(out, "84d") / f.count(usage, "84d")
    if history.signals.acted:
        asked["alone"] = f.days_since_main_user(usage, "182d") - f.days_since(usage)
        if seats:
            asked["idle"] = f.actors(usage, "28d") / f.latest("seats")
    return asked


def _cases(history: History) -> dict[str, Expression]:
    """Give how many cases were about each theme, by the words of their category, and how they were solved."""
    signals = history.signals
    asked: dict[str, Expression] = {}
    if "ticket_opened" in signals.names:
        found = [p.label[p.pick(["ticket_opened"])] for p in signals.parts() if p.label is not None]
        codes = np.unique(np.concatenate(found)).tolist() if found else []
        labels = sorted(signals.labels[c] for c in codes if c >= 0)
        for theme in WORDS:
            about = [w for w in labels if about_theme(w) == theme]
            if about:
                where = f.label == about[0]
                for word in about[1:]:
                    where |= f.label == word
                asked[f"case {theme}"] = f.count("ticket_opened", "84d", where=where)
    if "ticket_resolved" in signals.names:
        asked["slow"] = f.mean("ticket_resolved", "84d")
    if "ticket_reopened" in signals.names:
        asked["reopened"] = f.count("ticket_reopened", "84d")
    return asked


def about_theme(category: str) -> str | None:
    """Give the theme of a case by the words of its category."""
    return next((t for t, words in WORDS.items() if any(w in category.lower() for w in words)), None)


def _of(history: History, theme: str) -> tuple[str, ...]:
    signals = history.signals
    return tuple(
        n for n in signals.names if signals.tables.get(n) == "activity" and signals.themes.get(n, "usage") == theme
    )


def signs(seen: dict[str, Floats], cutoff: NDArray[np.int64]) -> Iterator[Sign]:
    """Weigh what was seen: values [n] of :func:`expressions` at moments [n]."""
    young = seen["tenure"] < YOUNG
    for theme, flag, shown in (*_of_themes(seen, young), *_of_price(seen, young)):
        yield Sign(theme, *of_flag(flag, shown, cutoff))
    for theme, times in TIMES.items():
        if f"case {theme}" in seen:
            yield Sign(theme, *of_cases(seen[f"case {theme}"], times, cutoff))
    for theme, name, way in (("support", "slow", 1), ("relationship", "idle", -1), ("usage", "use", -1)):
        if name in seen:
            yield Sign(theme, *of_measure(way * seen[name], SHIFT, cutoff))
    if "fallen" in seen:
        yield Sign(ANY, *of_measure(np.where(seen["tenure"] < SETTLED, np.nan, -seen["fallen"]), SHIFT, cutoff))
    if "taken out" in seen:
        yield Sign(ANY, *of_measure(seen["taken out"], SHIFT, cutoff))
    if "seats" in seen:
        yield Sign(ANY, *of_flag(seen["seats"] < 0, SOME, cutoff))


def _of_themes(seen: dict[str, Floats], young: Flags) -> Iterator[tuple[str, Flags, float]]:
    for name in ("failures", "reopened"):
        if name in seen:
            yield "support", seen[name] > 0, SHOWN
    if "alone" in seen:
        yield "relationship", seen["alone"] > LONGER, SHOWN
    yield "usage", young, SHOWN


def _of_price(seen: dict[str, Floats], young: Flags) -> Iterator[tuple[str, Flags, float]]:
    """A price troubles when it is announced, when it is due and when it is paid: any of them is the one sign."""
    ways = [seen["unpaid"] > 0] if "unpaid" in seen else []
    if "dearer" in seen:
        ways.append(seen["dearer"] > DEARER)
    if "renewal" in seen:
        longer = np.nan_to_num(seen["term_months"], nan=12.0) >= 6 if "term_months" in seen else True
        ways.append((seen["renewal"] >= 0) & (seen["renewal"] < NEAR) & longer)
    if ways:
        yield "billing", np.any(ways, axis=0), SHOWN
    if ways or "case billing" in seen:
        yield "billing", young, NOT_YET
