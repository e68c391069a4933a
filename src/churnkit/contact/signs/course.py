"""The course of troubles: a hidden Markov model, followed from week to week.

Of every account it is asked each week how likely it is in each state, given all that was seen so far (forward
recursion, Baum et al. 1970, Annals of Mathematical Statistics 41; of customer relationships Netzer, Lattin and
Srinivasan 2008, Marketing Science 27). Two more things are not known and go along: how much an account uses when
nothing troubles it, on a grid about its own mean; and whether its most active user is gone, which as a rule begins a
trouble of the relationship, but happens beside any other, or is made good at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.signs.sightings import Usual, likelihood, main_user, usual
from churnkit.contact.signs.states import (
    ASLEEP,
    FALLING,
    FIRST,
    LEVEL,
    STAGES,
    STATES,
    TROUBLES,
    UNTROUBLED,
    table,
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
DEEPENS, HEALS, PASSES = 0.15, 0.03, 0.10
"""From begun to full, from either to passing, from passing to none, in a week: full after six weeks, by itself over
after three quarters of a year."""
DOZES, DROPS, WAKES = 0.003, 0.35, 0.012
"""From untroubled to falling asleep, to asleep, and awake again, in a week."""
OLD_TROUBLE, OLD_ASLEEP = 0.02, 0.06
"""What older accounts are at the first week looked at: so many in each stage of each trouble, so many asleep."""
LEAVES_TROUBLED, LEAVES, REPLACED = 0.85, 0.004, 0.06
"""So often is the most active user gone where a trouble of the relationship begins; leaves in any other week; and is
found no more to have been the most active one."""
USES = {"support": 0.5, "billing": 0.5, "relationship": 0.4, "usage": 0.3}
"""What is left of use in a full trouble; of what it takes the other stages take their level."""
USE_ASLEEP, USE_FALLING = 0.1, 0.45
POWER = 0.75
"""Use grows with the seats to this power: the larger the team, the more seats lie idle."""
SCATTER = 12.0
"""Size of the negative binomial law of weekly counts: with it a mean of 10 has a variance of 18."""
GRID, STEP, BELOW = 14, 0.22, 0.3
"""Points of the grid of own normal use, their distance in logs, and how far below the own mean it begins."""
ABOVE, LEAST_SPREAD, MOST_SPREAD = 0.1, 0.25, 1.2
"""How far the untroubled lie above the book's median, in logs, and between what their spread is held."""
_USE = table(lambda t, s: 1.0 - (1.0 - USES[t]) * LEVEL[s], asleep=USE_ASLEEP, falling=USE_FALLING)


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
    float64 [n, STATES] and [n, WEEKS]
        How likely each state is at the end; and how likely "untroubled" was after each week, given what was seen
        until then.
    """
    seen, uses, weight = _seen(weeks, book)
    begins = _begins(weeks)
    now, calm = _start(weeks, weight), np.ones((len(weeks), WEEKS))
    for week in range(WEEKS):
        there = weeks.there[:, week]
        if week:
            now = np.where((weeks.there[:, week - 1] & ~there)[:, None, None, None], _closed(now), now)
        moved = np.where(there[:, None, None, None], _step(now, begins[:, week], weeks), now)
        moved *= seen[:, week][..., None]
        if uses is not None:
            moved *= uses.of(week)[:, None]
        now = moved / np.maximum(moved.sum(axis=(1, 2, 3), keepdims=True), 1e-300)
        calm[:, week] = now[:, :, UNTROUBLED].sum(axis=(1, 2))
    return now.sum(axis=(1, 3)), calm


class _Uses:
    """How likely each week's use is in each state, at each point of the grid of own normal use."""

    def __init__(self, weeks: Weeks, book: Book) -> None:
        self._count = weeks.counts("use")
        self._known = weeks.there & np.isfinite(weeks.seen["use"])
        self._mean = np.log(np.maximum(weeks.seats**POWER * book.season, 1e-6))
        self.grid = np.log(_own(weeks, book.season))[:, None] - BELOW + STEP * np.arange(GRID)
        self._factors, self._at = np.unique(np.log(_USE), return_inverse=True)

    def of(self, week: int) -> Floats:
        """Give likelihoods [n, STATES, GRID], the greatest of each account being 1."""
        count = self._count[:, week, None, None]
        mean = self._mean[:, week, None, None] + self._factors[None, :, None] + self.grid[:, None, :]
        told = count * mean - (count + SCATTER) * np.log(np.exp(mean) + SCATTER)
        told = np.where(self._known[:, week, None, None], told, 0.0)
        return np.asarray(np.exp(told - told.max(axis=(1, 2), keepdims=True))[:, self._at] + 1e-12)


def _seen(weeks: Weeks, book: Book) -> tuple[Floats, _Uses | None, Floats]:
    """Give likelihoods [n, WEEKS, 2, STATES] of all but use (the most active user there, gone), use, and the prior."""
    told = likelihood(weeks, book.usual)
    main = main_user(weeks, book.usual)
    both = np.stack([told, told] if main is None else [told + m[..., None] for m in main], axis=2)
    both = np.exp(both - both.max(axis=(2, 3), keepdims=True)) + 1e-12
    if "use" not in weeks.seen:
        return both, None, np.ones((len(weeks), 1))
    uses = _Uses(weeks, book)
    prior = -0.5 * ((uses.grid - book.middle) / book.spread) ** 2
    return both, uses, np.exp(prior - prior.max(axis=1, keepdims=True))


def _start(weeks: Weeks, weight: Floats) -> Floats:
    """Give P(state) before the first week, float64 [n, 2, STATES, GRID]: nobody is troubled who has only begun."""
    start = np.zeros((len(weeks), 2, STATES, weight.shape[1]))
    troubled = np.where(weeks.old, OLD_TROUBLE, 0.0)
    asleep = np.where(weeks.old & weeks.forgets, OLD_ASLEEP, 0.0)
    start[:, 0, FIRST:] = (troubled[:, None] * weight)[:, None]
    start[:, 0, ASLEEP] = asleep[:, None] * weight
    start[:, 0, UNTROUBLED] = (1.0 - troubled * (STATES - FIRST) - asleep)[:, None] * weight
    return np.asarray(start / start.sum(axis=(1, 2, 3), keepdims=True))


def _closed(now: Floats) -> Floats:
    """Let a contract end: whoever comes back begins anew, but for what it uses when nothing troubles it."""
    out = np.zeros_like(now)
    out[:, 0, UNTROUBLED] = now.sum(axis=(1, 2))
    return out


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


_STAGE = np.array([[1 - DEEPENS - HEALS, DEEPENS, HEALS], [0, 1 - HEALS, HEALS], [0, 0, 1 - PASSES]])


def _step(now: Floats, begins: Floats, weeks: Weeks) -> Floats:
    """Let a week pass: P(state) [n, 2, STATES, GRID]."""
    n, _, _, points = now.shape
    out = np.empty_like(now)
    free, asleep, falling = now[:, :, UNTROUBLED], now[:, :, ASLEEP], now[:, :, FALLING]
    troubled = now[:, :, FIRST:].reshape(n, 2, len(TROUBLES), len(STAGES), points)
    dozes = DOZES * weeks.forgets[:, None, None]
    out[:, :, ASLEEP] = asleep * (1 - WAKES) + falling * DROPS
    out[:, :, FALLING] = falling * (1 - DROPS) + free * dozes
    over = PASSES * troubled[:, :, :, -1].sum(axis=2)
    out[:, :, UNTROUBLED] = free * (1 - begins.sum(axis=1)[:, None, None] - dozes) + asleep * WAKES + over
    stayed = np.einsum("nftsg,sr->nftrg", troubled, _STAGE)
    out[:, :, FIRST:] = stayed.reshape(n, 2, -1, points)
    out = _leave(out)
    fresh = free[:, :, None] * begins[:, None, :, None]
    other = _leave(fresh)
    relationship = TROUBLES.index("relationship")
    both = fresh[:, :, relationship].sum(axis=1)
    other[:, 0, relationship], other[:, 1, relationship] = both * (1 - LEAVES_TROUBLED), both * LEAVES_TROUBLED
    out[:, :, FIRST :: len(STAGES)] += other
    return out


def _leave(now: Floats) -> Floats:
    """Let the most active user leave, or be another one: axis 1 is there, gone."""
    there, gone = now[:, 0], now[:, 1]
    return np.stack([there * (1 - LEAVES) + gone * REPLACED, there * LEAVES + gone * (1 - REPLACED)], axis=1)
