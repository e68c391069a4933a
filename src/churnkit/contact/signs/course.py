"""The course of troubles: a hidden Markov model, followed from week to week.

Of every account it is asked each week how likely it is at each point of each trouble, given all that was seen so far
(forward recursion, Baum et al. 1970, Annals of Mathematical Statistics 41; of customer relationships Netzer, Lattin and
Srinivasan 2008, Marketing Science 27; with the weeks spent in a state counted, as in semi-Markov models, Yu 2010,
Artificial Intelligence 174). Two more things are not known and go along: how much an account uses when nothing troubles
it, on a grid about its own mean; and whether its most active user is missed, which begins a trouble of the relationship
that is over when somebody has taken over. A call may let any trouble begin to pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.signs.kernel.forward import Asked, Law, Seen, forward
from churnkit.contact.signs.sightings import Usual, likelihood, missed, usual
from churnkit.contact.signs.states import (
    ASLEEP,
    DEPTHS,
    DOZES,
    DROPS,
    FIRST,
    HEALS,
    ONWARD,
    OVER,
    PASSING,
    POINT,
    POINTS,
    STATES,
    THERE,
    TROUBLES,
    UNTROUBLED,
    WAKES,
    onward,
)
from churnkit.contact.signs.weeks import WEEKS, YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.signs.weeks import Weeks

    Floats = NDArray[np.float64]

ONSET = {"support": 0.004, "billing": 0.001, "relationship": 0.003, "usage": 0.001}
"""So often does a trouble begin in a week in which nothing calls it forth."""
FAILED, DUE, RISEN, OPENING = 0.30, 0.02, 0.08, 0.25
"""And in a week in which the product failed (support), a price is due or has risen (billing), or a contract is new
(usage)."""
AHEAD = 110.0
"""Days before a price is due from which it is looked at: rises are announced a quarter ahead."""
MOST = 0.6
"""At most so often in any week."""
OLD_TROUBLE, OLD_ASLEEP = 0.02, 0.06
"""What older accounts are at the first week looked at: so many in each stage of each trouble, so many asleep."""
LEAVES_TROUBLED, LEAVES, REPLACED = 0.95, 0.0003, 0.06
"""So often is the most active user missed where a trouble of the relationship begins; begins to be missed in any other
week, where somebody takes over as a rule; and is missed no more."""
POWER = 0.75
"""Use grows with the seats to this power: the larger the team, the more seats lie idle."""
SCATTER = 12.0
"""Size of the negative binomial law of weekly counts: with it a mean of 10 has a variance of 18."""
GRID, STEP, BELOW = 14, 0.22, 0.3
"""Points of the grid of own normal use, their distance in logs, and how far below the own mean it begins."""
ABOVE, LEAST_SPREAD, MOST_SPREAD = 0.1, 0.25, 1.2
"""How far the untroubled lie above the book's median, in logs, and between what their spread is held."""
AT_ONCE = 100
"""Accounts whose likelihoods are held in memory at once."""
_LEAST = 1e-12
_LOW = np.round(-np.log(POINT.use) / (STEP / 2)).astype(np.int64)
_AT = _LOW.max() - _LOW
"""By how many half steps of the grid each point lies above the lowest use of all."""


@dataclass(frozen=True, eq=False)
class Book:
    """What an account is held against.

    Attributes
    ----------
    usual
        How often things are seen where nothing troubles an account.
    season
        float64 [WEEKS], events for each seat (to the power of ``POWER``) in each week.
    middle, spread
        Mean and standard deviation of the log of what accounts do beside the season; 0 and 1 without usage.
    """

    usual: Usual
    season: Floats
    middle: float
    spread: float


def season_of(peers: Weeks) -> tuple[Floats, float, float]:
    """Give the season of a book, and where and how wide the logs of its accounts' own use lie."""
    if "use" not in peers.seen:
        return np.ones(WEEKS), 0.0, 1.0
    each, known = peers.seats**POWER, peers.there & np.isfinite(peers.seen["use"])
    season = peers.counts("use").sum(axis=0) / np.maximum((each * known).sum(axis=0), 1e-9)
    own = np.log(_own(peers, season)[known.any(axis=1)])
    if not len(own):
        return season, 0.0, 1.0
    middle = float(np.median(own))
    spread = float(np.clip(np.quantile(own, 0.84) - middle, LEAST_SPREAD, MOST_SPREAD))
    return season, middle + ABOVE, spread


def _own(weeks: Weeks, season: Floats) -> Floats:
    """Give what each account does beside the season, one event of each added to both."""
    known = weeks.there & np.isfinite(weeks.seen["use"])
    expected = (weeks.seats**POWER * season * known).sum(axis=1)
    return np.asarray((weeks.counts("use").sum(axis=1) + 1.0) / (expected + 1.0))


def book_of(peers: Weeks) -> Book:
    """Make the book from peers: first as if nothing troubled anybody, then each week by how likely nothing did."""
    season, middle, spread = season_of(peers)
    first = Book(usual(peers, np.ones(peers.there.shape)), season, middle, spread)
    return Book(usual(peers, follow(peers, first)[1]), season, middle, spread)


def follow(weeks: Weeks, book: Book) -> tuple[Floats, Floats]:
    """Follow accounts through their weeks.

    Returns
    -------
    float64 [n, POINTS] and [n, WEEKS]
        How likely each point is at the end; and how likely "untroubled" was after each week, given what was seen
        until then.
    """
    found, calm = np.empty((len(weeks), POINTS)), np.empty((len(weeks), WEEKS))
    for low in range(0, len(weeks), AT_ONCE):
        rows = np.arange(low, min(low + AT_ONCE, len(weeks)))
        part = weeks.of(rows)
        grid, weight = _grid(part, book)
        told = likelihood(part, book.usual)
        forward(
            Asked(_start(part, weight), part.there, _begins(part), part.cured, part.forgets),
            Seen(
                np.exp(told - told.max(axis=2, keepdims=True)) + _LEAST,
                np.exp(missed(part)),
                _use(part, book, grid),
                _AT,
            ),
            _law(),
            found[low : low + AT_ONCE],
            calm[low : low + AT_ONCE],
        )
    return found, calm


def _law() -> Law:
    weekly = (HEALS, OVER, DOZES, DROPS, WAKES, LEAVES, REPLACED, LEAVES_TROUBLED)
    goes_on = np.array([onward(week) for week in range(THERE)])
    return Law(*weekly, goes_on, len(DEPTHS), len(ONWARD), PASSING, TROUBLES.index("relationship"))


def _grid(weeks: Weeks, book: Book) -> tuple[Floats, Floats]:
    """Give logs of own normal use [n, GRID], and how likely each is before anything is seen."""
    if "use" not in weeks.seen:
        return np.zeros((len(weeks), 1)), np.ones((len(weeks), 1))
    grid = np.log(_own(weeks, book.season))[:, None] - BELOW + STEP * np.arange(GRID)
    prior = -0.5 * ((grid - book.middle) / book.spread) ** 2
    return grid, np.exp(prior - prior.max(axis=1, keepdims=True))


def _use(weeks: Weeks, book: Book, grid: Floats) -> Floats:
    """Give likelihoods of each week's use [n, WEEKS, 2, steps], the greatest of a week being 1.

    Steps are half as wide as those of the grid, from the lowest use at its first point to normal use at its last. Where
    the most active user is gone, what he does is missing.
    """
    n, lowest = len(weeks), int(_AT.max())
    steps = 2 * (grid.shape[1] - 1) + lowest + 1
    if "use" not in weeks.seen:
        return np.ones((n, WEEKS, 2, steps))
    count, known = weeks.counts("use"), weeks.there & np.isfinite(weeks.seen["use"])
    mean = np.log(np.maximum(weeks.seats**POWER * book.season, 1e-6))[:, :, None, None]
    missing = np.zeros(n) if weeks.keenest is None else np.log1p(-weeks.keenest.share)
    logs = grid[:, :1] + STEP / 2 * (np.arange(steps) - lowest)
    logs = mean + logs[:, None, None, :] + np.stack([np.zeros(n), missing], axis=1)[:, None, :, None]
    told = count[:, :, None, None] * logs - (count[:, :, None, None] + SCATTER) * np.log(np.exp(logs) + SCATTER)
    told = np.where(known[:, :, None, None], told, 0.0)
    return np.asarray(np.exp(told - told.max(axis=(2, 3), keepdims=True)) + _LEAST)


def _start(weeks: Weeks, weight: Floats) -> Floats:
    """Give P(point) before the first week, float64 [n, GRID, POINTS]: nobody is troubled who has only begun."""
    share = np.zeros((len(weeks), POINTS))
    troubled = np.where(weeks.old, OLD_TROUBLE * (STATES - FIRST), 0.0)
    share[:, FIRST:] = troubled[:, None] / (POINTS - FIRST)
    share[:, ASLEEP] = np.where(weeks.old & weeks.forgets, OLD_ASLEEP, 0.0)
    share[:, UNTROUBLED] = 1.0 - troubled - share[:, ASLEEP]
    return np.asarray(share[:, None, :] * (weight / weight.sum(axis=1, keepdims=True))[:, :, None])


def _begins(weeks: Weeks) -> Floats:
    """Give how likely each trouble begins in each week, float64 [n, WEEKS, troubles]."""
    out = np.tile(np.array([ONSET[t] for t in TROUBLES]), (*weeks.there.shape, 1))
    if "failures" in weeks.seen:
        out[..., TROUBLES.index("support")] += FAILED * (weeks.counts("failures") > 0)
    if "mrr" in weeks.seen:
        left = YEAR - np.mod(weeks.seen["age"], YEAR)
        out[..., TROUBLES.index("billing")] += DUE * (left < AHEAD) + RISEN * (weeks.dearer > 1)
    out[..., TROUBLES.index("usage")] += OPENING * weeks.opened
    return np.asarray(np.minimum(out, MOST))
