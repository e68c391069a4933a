"""Who the most active user of an account is, and what he did in each week."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from churnkit.contact.signs.dated import WEEK
from churnkit.features.engine.compiling import inner, kernel, known_at


class Facts(NamedTuple):
    """Use that names its user, account by account.

    Attributes
    ----------
    start
        int64 [accounts + 1], where the facts of each account begin.
    occurred, known, user
        int64, times; users of an account by number, from 0 on.
    people
        int64 [accounts], how many users each has.
    """

    start: np.ndarray
    occurred: np.ndarray
    known: np.ndarray
    user: np.ndarray
    people: np.ndarray


class Rule(NamedTuple):
    """Who counts as the most active user, and what share is believed to be his (:mod:`..keenest`)."""

    share: float
    like: float
    spell: float
    takes_over: float
    few: float
    least: float
    most: float


class Found(NamedTuple):
    """What is found.

    Attributes
    ----------
    his, named
        float64 [n, weeks], what the most active user did, and all who are named.
    share
        float64 [n], his share while he is there.
    known
        bool [n, weeks], weeks since he was first seen.
    """

    his: np.ndarray
    named: np.ndarray
    share: np.ndarray
    known: np.ndarray


@kernel
def find(facts, account, cutoff, rule, found):  # type: ignore[no-untyped-def]  # numba finds them
    """Fill :class:`Found`."""
    his, named, share, known = found.his, found.named, found.share, found.known
    weeks = his.shape[1]
    for r in range(len(account)):
        a = account[r]
        count = np.zeros((facts.people[a], weeks))
        for k in range(facts.start[a], facts.start[a + 1]):
            if known_at(facts.occurred[k], facts.known[k], cutoff[r]):
                ago = (cutoff[r] - 1 - facts.occurred[k]) // WEEK
                if ago < weeks:
                    count[facts.user[k], weeks - 1 - ago] += 1.0
        for u in range(len(count)):
            for w in range(weeks):
                named[r, w] += count[u, w]
        total, rate, first, last = _spells(count, named[r], rule.spell)
        holds = _holders(total, rate, first, last, rule)
        for u in range(len(count)):
            for w in range(weeks):
                his[r, w] += count[u, w] if holds[u] else 0.0
        share[r] = _share(holds, first, last, (his[r], named[r], known[r]), rule)


@inner
def _spells(count, named, spell):  # type: ignore[no-untyped-def]  # numba finds them
    """Give of each user how much he did, which share of all while he was there, and from when to when he was."""
    people, weeks = count.shape
    total, rate = np.zeros(people), np.zeros(people)
    first, last = np.zeros(people, dtype=np.int64), np.full(people, -1)
    for u in range(people):
        for w in range(weeks):
            if count[u, w] > 0:
                if last[u] < 0:
                    first[u] = w
                last[u] = w
                total[u] += count[u, w]
        around = named[first[u] : last[u] + 1].sum()
        rate[u] = total[u] / (around + spell)
    return total, rate, first, last


@inner
def _holders(total, rate, first, last, rule):  # type: ignore[no-untyped-def]  # numba finds them
    """Mark who held the place: the one who did most while there, whoever took it over from him, and he from whom."""
    people, most = len(total), -1
    holds = np.zeros(people, dtype=np.bool_)
    for u in range(people):
        if total[u] > 0 and (most < 0 or rate[u] > rate[most]):
            most = u
    if most < 0:
        return holds
    holds[most] = True
    for later in (True, False):
        edge = most
        while edge >= 0:
            other = -1
            for u in range(people):
                fits = first[u] >= last[edge] if later else last[u] <= first[edge]
                strong = total[u] >= rule.few and rate[u] >= rule.takes_over * rate[most]
                if fits and strong and not holds[u] and (other < 0 or rate[u] > rate[other]):
                    other = u
            if other >= 0:
                holds[other] = True
            edge = other
    return holds


@inner
def _share(holds, first, last, did, rule):  # type: ignore[no-untyped-def]  # numba finds them
    """Fill since when the holders are known; give the share that was theirs while one of them was there."""
    his, named, known = did
    people, weeks = len(holds), len(his)
    there = np.zeros(weeks, dtype=np.bool_)
    begin = weeks
    for u in range(people):
        if holds[u]:
            begin = min(begin, first[u])
            there[first[u] : last[u] + 1] = True
    mine = around = 0.0
    for w in range(weeks):
        known[w] = w >= begin
        mine += his[w]
        around += named[w] if there[w] else 0.0
    return min(max((mine + rule.like * rule.share) / (around + rule.like), rule.least), rule.most)
