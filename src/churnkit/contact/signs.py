"""Signs of trouble: how likely each theme is the trouble of an account, by what stands out beside its peers.

What drives leaving shows in usage in the end, whatever began it; so the strongest reason for leaving seldom
tells which hat a call should wear. A sign looks at what comes earlier: failures, slow and reopened cases
(support), bills asked about, and a price that is announced, due or dearer (billing), the most active user gone,
access asked for, seats that fall idle (relationship), a start that is still young, little use, questions how
things are done (usage). What customers write beside a score names the trouble outright
(:mod:`churnkit.contact.complaints`).

Each sign weighs what it tells (weight of evidence, Good 1950): log of how often it is seen where the theme is
the trouble (declared, the same for all) over how often it is seen in the book (counted). So a sign that few show
tells much, one that most show nothing, and no figure is learnt from anybody's leaving. Signs go together, so their
sum counts for ``TEMPER`` of its face. How common each trouble is in the book is declared alike and moved by how many
complain of it.

Two kinds beside the themes are no trouble. An account that pays for a product it hardly uses, under a contract
that goes on by itself, is *asleep*; a call may remind it of a contract it has forgotten (Ascarza, Iyengar and
Schleicher 2016). And of the others that would leave some are *untroubled*: their contract ends, or they are as likely
to go as anybody. How many is told by the scores (:func:`with_untroubled`); who they are by the signs: those that show
none, use as much as ever, give no seats back and take no data out.
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
HALF = 0.5
"""Power of the score in telling who is untroubled: learnt from the same facts as the signs, it counts half."""
IDLE = 1 / 6
"""An account asleep uses, over four weeks, less than this share of what the median account does for each seat."""
QUIETER = 0.25
"""The quarter of the book that is least likely to leave: what they are, anybody is without a trouble."""


def likely(history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64]) -> Floats | None:
    """Tell how likely each kind is, at a moment, with what was known then.

    Parameters
    ----------
    account, cutoff
        Codes and moments [n]; peers are the accounts given for the same moment.

    Returns
    -------
    float64 [n, kinds]
        Rows add up to 1 over "untroubled" and the themes that have a sign, or are 1 for "asleep". Before the signs
        trouble and none are taken as equally likely; :func:`with_untroubled` puts that right. None where the history
        has no signs.
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


def with_untroubled(kinds: Floats, probability: Floats, cutoff: NDArray[np.int64]) -> Floats:
    """Bring "untroubled" to the level that the scores tell.

    Had nobody a trouble, all would leave as seldom as the quieter quarter of the book; so of all that are expected to
    leave the share sum(min(quarter, p)) / sum(p) leaves untroubled (the complement of the attributable fraction,
    Levin 1953). The odds of "untroubled" against all themes, by the signs and by quarter / p to the power of
    ``HALF``, are multiplied by what brings their mean, weighted by p, to that share.

    Parameters
    ----------
    kinds
        Of :func:`likely`. Who is known to have a trouble, or to be asleep, stays so.
    probability, cutoff
        float64 [n], P(leave), NaN where unknown; moments [n].

    Returns
    -------
    float64 [n, kinds]
        Where the score is unknown, or there are too few peers, "untroubled" is left out and the others share the whole.
    """
    out = kinds.copy()
    share = np.zeros(len(out))
    for now in np.unique(cutoff):
        rows = np.flatnonzero((cutoff == now) & np.isfinite(probability))
        if len(rows) < LEAST_PEERS:
            continue
        base = float(np.quantile(probability[rows], QUIETER))
        rows = rows[kinds[rows, ASLEEP] == 0]
        p, before = np.maximum(probability[rows], 1e-9), kinds[rows, UNTROUBLED]
        odds = before / np.maximum(1.0 - before, 1e-300) * (base / p) ** HALF
        if odds.any():
            share[rows] = _levelled(odds, p, float(np.minimum(base, p).sum() / p.sum()))
    out[:, UNTROUBLED] = 0.0
    out *= ((1.0 - share) / np.maximum(out.sum(axis=1), 1e-300))[:, None]
    out[:, UNTROUBLED] = share
    return out


def _levelled(odds: Floats, weight: Floats, level: float) -> Floats:
    """Multiply odds by what brings the weighted mean of the shares to a level; give the shares."""
    low, high, share = -40.0, 40.0, odds
    for _ in range(60):
        middle = (low + high) / 2
        share = odds * np.exp(middle)
        share = share / (1.0 + share)
        below = np.average(share, weights=weight) < level
        low, high = (middle, high) if below else (low, middle)
    return share


def trouble(history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64]) -> Codes:
    """Name the likeliest kind of each account: a position in ``THEMES``, ``ASLEEP``, or -1 without signs; int8 [n]."""
    kinds = likely(history, account, cutoff)
    return np.full(len(account), UNKNOWN, dtype=np.int8) if kinds is None else likeliest(kinds)


def likeliest(kinds: Floats) -> Codes:
    """Give the code of the greatest share of every row, "untroubled" left out: what the trouble is, if there is one."""
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
