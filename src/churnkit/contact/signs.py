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

from churnkit import features as f
from churnkit.contact.complaints import Complaints
from churnkit.contact.evidence import ANY, YOUNG, expressions, signs
from churnkit.contact.weighing import LEAST_PEERS
from churnkit.history.signals import THEMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History

    Codes = NDArray[np.int8]
    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

UNKNOWN, ASLEEP, UNTROUBLED = -1, len(THEMES), len(THEMES) + 1
"""Codes beside those of the themes; -1: the history has no signs."""
KINDS = (*THEMES, "asleep", "untroubled", "no sign")
"""What an account can be told to be; the last one is code -1."""

TEMPER = 0.7
"""What counts of a sum of signs, since they go together."""
IDLE = 1 / 6
"""An account asleep uses, over four weeks, less than this share of what the median account does for each seat."""
QUIETER = 0.25
"""The quarter of the book that is least likely to leave."""


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
    asked = expressions(history)
    if not asked or not len(account):
        return None
    values = f.compute(list(asked.values()), history, account=account, cutoff=cutoff).values.astype(np.float64)
    seen = {name: values[:, i] for i, name in enumerate(asked)}
    evidence, troubled = _evidence(history, account, cutoff, seen)
    return _found(evidence, troubled, _asleep(seen, cutoff))


def _evidence(
    history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64], seen: dict[str, Floats]
) -> tuple[Floats, Floats]:
    """Give the evidence for each theme [n, themes] (-inf: not in the running), and for trouble as such [n]."""
    themes, written = len(THEMES), Complaints.of(history)
    said = written.weight(account, cutoff, themes)
    evidence, running, troubled = said.copy(), said > 0, np.zeros(len(account))
    for sign in signs(seen, cutoff):
        if sign.theme == ANY:
            troubled += TEMPER * sign.weight
        else:
            evidence[:, THEMES.index(sign.theme)] += TEMPER * sign.weight
            running[:, THEMES.index(sign.theme)] |= sign.tells
    shares = np.where(running, written.shares(cutoff, themes), 0.0)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
    return np.where(running, evidence + np.log(np.maximum(shares, 1e-300)), -np.inf), troubled


def _found(evidence: Floats, troubled: Floats, asleep: Flags) -> Floats:
    """Give the shares of kinds; "untroubled" stands against all themes together as if both were as likely before."""
    running = np.isfinite(evidence)
    found = np.zeros((len(evidence), len(KINDS)))
    found[:, : len(THEMES)] = _shares(evidence)
    found[~running.any(axis=1), UNKNOWN] = 1.0
    ratio = np.where(running.any(axis=1), np.exp(evidence).sum(axis=1), 1.0) * np.exp(troubled)
    found *= (ratio / (1.0 + ratio))[:, None]
    found[:, UNTROUBLED] = 1.0 / (1.0 + ratio)
    found[asleep] = np.eye(len(KINDS))[ASLEEP]
    return found


BETA = 0.5


def with_untroubled(kinds: Floats, probability: Floats, cutoff: NDArray[np.int64]) -> Floats:
    """Set the level of "untroubled".
    """
    out = kinds.copy()
    for now in np.unique(cutoff):
        rows = np.flatnonzero((cutoff == now) & np.isfinite(probability) & (kinds[:, ASLEEP] == 0))
        if len(rows) < LEAST_PEERS:
            continue
        p = np.maximum(probability[rows], 1e-9)
        base = float(np.quantile(p, QUIETER))
        level = float(np.minimum(base, p).sum() / p.sum())
        odds = out[rows, UNTROUBLED] / np.maximum(1.0 - out[rows, UNTROUBLED], 1e-300) * (base / p) ** BETA
        if not odds.any():
            continue
        share = _levelled(odds, p, level)
        others = np.maximum(1.0 - out[rows, UNTROUBLED], 1e-300)
        out[rows] *= ((1.0 - share) / others)[:, None]
        out[rows, UNTROUBLED] = share
    return out


def _levelled(odds: Floats, weight: Floats, level: float) -> Floats:
    """Multiply odds by what brings the weighted mean of the shares to a level."""
    low, high = -40.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        moved = odds * np.exp(middle)
        if np.average(moved / (1.0 + moved), weights=weight) < level:
            low = middle
        else:
            high = middle
    return moved / (1.0 + moved)


def trouble(history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64]) -> Codes:
    """Name the likeliest kind of each account: a position in ``THEMES``, ``ASLEEP``, or -1 without signs; int8 [n]."""
    kinds = likely(history, account, cutoff)
    return np.full(len(account), UNKNOWN, dtype=np.int8) if kinds is None else likeliest(kinds)


def likeliest(kinds: Floats) -> Codes:
    """Give the code of the greatest share of every row."""
    found = np.where(np.arange(len(KINDS)) == UNTROUBLED, -1.0, kinds).argmax(axis=1)
    return np.where(found == len(KINDS) - 1, UNKNOWN, found).astype(np.int8)


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
