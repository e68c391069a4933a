"""Signs of trouble: how likely each theme is the trouble of an account, by what stands out beside its peers.

What drives leaving shows in usage in the end, whatever began it; so the strongest reason for leaving seldom
tells which hat a call should wear. A sign looks at what comes earlier: failures, slow and reopened cases
(support), failed payments, bills asked about, dearer seats, a renewal ahead (billing), the most active user gone,
access asked for, seats that fall idle (relationship), a start that is still young, little use, questions how
things are done (usage).

Each sign weighs what it tells (weight of evidence, Good 1950): log of how often it is seen where the theme is
the trouble (declared, the same for all) over how often it is seen in the book (counted). So a sign that few show
tells much, one that most show nothing, and no figure is learnt from anybody's leaving. Signs of one theme go
together, so their sum counts for ``TEMPER`` of its face.

Two kinds beside the themes are no trouble. An account that pays for a product it hardly uses, under a contract
that goes on by itself, is *asleep*; a call may remind it of a contract it has forgotten (Ascarza, Iyengar and
Schleicher 2016). And whoever is no likelier to leave than the quieter quarter of the book is *untroubled*: what a
trouble has not added, no call can take away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from churnkit import features as f
from churnkit.history.signals import THEMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from churnkit.features import Expression
    from churnkit.history import History

    Codes = NDArray[np.int8]
    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

UNKNOWN, ASLEEP, UNTROUBLED = -1, len(THEMES), len(THEMES) + 1
"""Codes beside those of the themes; -1: the history has no signs."""
KINDS = (*THEMES, "asleep", "untroubled", "no sign")
"""What an account can be told to be; the last one is code -1."""

SHOWN = 0.6
"""Of the accounts in a trouble so many show a given sign of it: a judgement."""
SHIFT = 1.0
"""A measure stands so many standard deviations higher in them: a judgement."""
TEMPER = 0.7
"""What counts of a sum of signs, since they go together."""
YOUNG, NOT_YET = 182.0, 0.05
"""Days; and how many of those whom a bill troubles are as young: they have hardly seen theirs change."""
NEAR = 90.0
"""Days before a renewal in which its price is looked at."""
LONGER = 14.0
"""Days in which others went on without the most active user."""
DEARER = 1.02
IDLE = 1 / 6
"""An account asleep uses, over four weeks, less than this share of what the median account does for each seat."""
QUIETER = 0.25
"""The quarter of the book that is least likely to leave."""
LEAST_PEERS = 20
"""With fewer accounts there is nobody to stand out beside: no sign and no quarter is told."""
WORDS = {
    "billing": ("bill", "invoic", "pay", "price", "pricing", "refund", "charge"),
    "relationship": ("access", "login", "password", "admin", "owner", "permission"),
    "support": ("bug", "error", "defect", "incident", "outage", "crash", "fault", "integration", "sync", "performance"),
    "usage": ("how", "question", "train", "onboard", "adopt", "help", "usage"),
}
"""Words in the category of a case, by what it is about."""


def likely(history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64]) -> Floats | None:
    """Tell how likely each kind is, at a moment, with what was known then.

    Parameters
    ----------
    account, cutoff
        Codes and moments [n]; peers are the accounts given for the same moment.

    Returns
    -------
    float64 [n, kinds]
        Rows add up to 1 over the themes that have a sign, or are 1 for "asleep". None where the history has no
        signs.
    """
    asked = _expressions(history)
    if not asked or not len(account):
        return None
    values = f.compute(list(asked.values()), history, account=account, cutoff=cutoff).values.astype(np.float64)
    seen = {name: values[:, i] for i, name in enumerate(asked)}
    evidence = np.zeros((len(account), len(THEMES)))
    running = np.zeros((len(account), len(THEMES)), dtype=np.bool_)
    for theme, sign, shown in _signs(seen):
        weight, tells = _weight(sign, shown, cutoff)
        evidence[:, THEMES.index(theme)] += TEMPER * weight
        running[:, THEMES.index(theme)] |= tells
    found = np.zeros((len(account), len(KINDS)))
    found[:, : len(THEMES)] = _shares(np.where(running, evidence, -np.inf))
    found[~running.any(axis=1), UNKNOWN] = 1.0
    found[_asleep(seen, cutoff)] = np.eye(len(KINDS))[ASLEEP]
    return found


def with_untroubled(kinds: Floats, probability: Floats, cutoff: NDArray[np.int64]) -> Floats:
    """Set aside for "untroubled" what a trouble has not added to the probability of leaving.

    That share is the quarter's probability over the account's own, at most 1 (the complement of the attributable
    fraction, Levin 1953).

    Parameters
    ----------
    kinds
        Of :func:`likely`.
    probability, cutoff
        float64 [n], P(leave), NaN where unknown; moments [n].
    """
    out = kinds.copy()
    for now in np.unique(cutoff):
        rows = np.flatnonzero((cutoff == now) & np.isfinite(probability))
        if len(rows) < LEAST_PEERS:
            continue
        base = float(np.quantile(probability[rows], QUIETER))
        share = np.minimum(1.0, base / np.maximum(probability[rows], 1e-9))
        share[out[rows, ASLEEP] > 0] = 0.0
        out[rows] *= 1.0 - share[:, None]
        out[rows, UNTROUBLED] += share
    return out


def trouble(history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64]) -> Codes:
    """Name the likeliest kind of each account: a position in ``THEMES``, ``ASLEEP``, or -1 without signs; int8 [n]."""
    kinds = likely(history, account, cutoff)
    return np.full(len(account), UNKNOWN, dtype=np.int8) if kinds is None else likeliest(kinds)


def likeliest(kinds: Floats) -> Codes:
    """Give the code of the greatest share of every row."""
    found = kinds.argmax(axis=1)
    return np.where(found == len(KINDS) - 1, UNKNOWN, found).astype(np.int8)


def _expressions(history: History) -> dict[str, Expression]:
    """Give what is looked at, as far as the history has the signals."""
    names = set(history.signals.names)
    usage = _of(history, "usage")
    asked: dict[str, Expression] = {}
    failures = tuple(n for n in _of(history, "support") if n in ("incident", "outage", "error", "crash"))
    unpaid = tuple(n for n in _of(history, "billing") if n in ("payment_failed", "invoice_overdue", "chargeback"))
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
    if usage:
        each = f.latest("seats") if "seats" in names else 1
        asked |= {"use": f.count(usage, "84d") / each, "of_late": f.count(usage, "28d") / each}
    if usage and history.signals.acted:
        asked["alone"] = f.days_since_main_user(usage, "182d") - f.days_since(usage)
        if "seats" in names:
            asked["idle"] = f.actors(usage, "28d") / f.latest("seats")
    for name in ("auto_renew", "term_months", "mrr"):
        if name in names:
            asked[name] = f.latest(name)
    if "renewal_due" in names:
        asked["renewal"] = f.days_until("renewal_due")
    return {**asked, "tenure": f.tenure()}


def _cases(history: History) -> dict[str, Expression]:
    """Give how many cases were about each theme, by the words of their category, and how they were solved."""
    signals = history.signals
    asked: dict[str, Expression] = {}
    if "ticket_opened" in signals.names:
        found = [p.label[p.pick(["ticket_opened"])] for p in signals.parts() if p.label is not None]
        codes = np.unique(np.concatenate(found)).tolist() if found else []
        labels = sorted(signals.labels[c] for c in codes if c >= 0)
        for theme in WORDS:
            about = [w for w in labels if _about(w) == theme]
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


def _about(category: str) -> str | None:
    return next((t for t, words in WORDS.items() if any(w in category.lower() for w in words)), None)


def _of(history: History, theme: str) -> tuple[str, ...]:
    signals = history.signals
    return tuple(
        n for n in signals.names if signals.tables.get(n) == "activity" and signals.themes.get(n, "usage") == theme
    )


def _signs(seen: dict[str, Floats]) -> Iterator[tuple[str, Flags | Floats, float]]:
    """Give theme, sign and how often it is shown in that trouble; a sign is shown or not (bool), or a measure."""
    for theme, name in (
        ("support", "failures"),
        ("support", "case support"),
        ("support", "reopened"),
        ("billing", "unpaid"),
        ("billing", "case billing"),
        ("relationship", "case relationship"),
        ("usage", "case usage"),
    ):
        if name in seen:
            yield theme, seen[name] > 0, SHOWN
    young = seen["tenure"] < YOUNG
    if "slow" in seen:
        yield "support", seen["slow"], SHOWN
    if "dearer" in seen:
        yield "billing", seen["dearer"] > DEARER, SHOWN
    if "renewal" in seen:
        longer = np.nan_to_num(seen["term_months"], nan=12.0) >= 6 if "term_months" in seen else True
        yield "billing", (seen["renewal"] >= 0) & (seen["renewal"] < NEAR) & longer, SHOWN
    if {"dearer", "unpaid", "case billing", "renewal"} & set(seen):
        yield "billing", young, NOT_YET
    if "alone" in seen:
        yield "relationship", seen["alone"] > LONGER, SHOWN
    if "idle" in seen:
        yield "relationship", -seen["idle"], SHOWN
    if "use" in seen:
        yield "usage", -seen["use"], SHOWN
    yield "usage", young, SHOWN


def _weight(sign: Flags | Floats, shown: float, cutoff: NDArray[np.int64]) -> tuple[Floats, Flags]:
    """Give the weight of evidence of a sign for its theme, and whether it tells anything at that moment."""
    weight, tells = np.zeros(len(sign)), np.zeros(len(sign), dtype=np.bool_)
    for now in np.unique(cutoff):
        rows = np.flatnonzero(cutoff == now)
        if len(rows) < LEAST_PEERS:
            continue
        if sign.dtype != np.bool_:
            score = _score(sign[rows].astype(np.float64))
            weight[rows] = np.where(np.isnan(score), 0.0, SHIFT * np.nan_to_num(score) - SHIFT**2 / 2)
            tells[rows] = np.isfinite(score).any()
            continue
        count = int(sign[rows].sum())
        often = (count + 0.5) / (len(rows) + 1)
        if count == 0 or (shown == SHOWN and often >= shown):  # what nobody shows, or most do, tells nothing
            continue
        weight[rows] = np.where(sign[rows], np.log(shown / often), np.log((1 - shown) / (1 - often)))
        tells[rows] = True
    return weight, tells


def _score(value: Floats) -> Floats:
    """Give normal scores among peers; NaN where a value is missing, or all are equal."""
    out = np.full(len(value), np.nan)
    known = np.flatnonzero(np.isfinite(value))
    inside = np.sort(value[known])
    if len(known) > 1 and inside[0] < inside[-1]:
        low, high = (np.searchsorted(inside, value[known], side=s) for s in ("left", "right"))
        out[known] = ndtri((low + high) / (2 * len(known)))
    return out


def _shares(evidence: Floats) -> Floats:
    most = evidence.max(axis=1, keepdims=True)
    weight = np.exp(evidence - np.where(np.isfinite(most), most, 0.0))
    return np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-300))


def _asleep(seen: dict[str, Floats], cutoff: NDArray[np.int64]) -> Flags:
    """Tell who pays, under a contract that goes on by itself, for a product hardly used."""
    out = np.zeros(len(cutoff), dtype=np.bool_)
    if "of_late" not in seen or "mrr" not in seen:
        return out
    goes_on = np.isfinite(seen["mrr"]) & (seen["tenure"] >= YOUNG)
    if "auto_renew" in seen:
        goes_on &= seen["auto_renew"] == 1
    if "term_months" in seen:
        goes_on &= ~(seen["term_months"] < 6)  # a bill that comes monthly is not forgotten
    use = np.nan_to_num(seen["of_late"])
    for now in np.unique(cutoff):
        rows = cutoff == now
        if rows.sum() < LEAST_PEERS:
            continue
        out[rows] = use[rows] < IDLE * np.median(use[rows])
    return out & goes_on
