"""Sightings: how likely what was seen in a week is in each state, beside what is usual in the book.

What is usual is counted (:class:`Usual`); how much oftener something is seen in a trouble than without one is
declared, the same for every company. So no figure is learnt from anybody's leaving.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.signs.states import LEVEL, MOOD, STATES, TROUBLES, table
from churnkit.contact.signs.weeks import WEEK, YEAR
from churnkit.history.signals import THEMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from churnkit.contact.signs.weeks import Weeks

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

TIMES = {"support": 4.0, "billing": 4.0, "relationship": 3.0, "usage": 2.0}
"""Cases about a full trouble come so many times as often; how things are done is asked by those as well who get on."""
OTHER, CASES_ASLEEP = 1.3, 0.3
"""The same of cases about something else, and of those asleep, whatever it is about."""
REOPENED, GIVEN_BACK, TAKEN = 4.0, 6.0, 3.5
"""Cases solved badly (support); seats given back and data taken out, whatever the trouble."""
FEWER = 0.3
"""Seats that an account in a full trouble adds, of those that others do."""
SLOWER, LOWER = 0.8, 1.5
"""Standard deviations: how much longer cases take (log hours) where support is the trouble, how much lower scores
are."""
NARROW = 0.8
"""Scores spread less about their own mean than the book's."""
STRAY = 0.03
"""Density of a score that means nothing: not read, or mistyped."""
REPLIES, REPLIES_ASLEEP = 0.6, 0.4
"""Of those who answer without a trouble, so many do in one, and asleep."""
SAID = 42.0
"""Complaints about a full trouble come so many times as often as where there is none."""
SILENT = 0.9
"""So often is a week of the most active user, who is gone, silent."""
SPARED = 0.3
"""Of those whom a price troubles, so many are those whose price did not rise after all."""
BOOK = 4
"""Weeks that the book's share of weeks with the most active user counts, beside an account's own."""
LEAST_HIS, MOST_HIS, HALVINGS = 0.005, 0.95, 30
"""Between these lies the share of events that are the most active user's; it is found by halving so often."""
ROOTS = 0.5
"""Cases come with the seats to this power: the larger the team, the less each needs."""
_CASES, _ANSWERS, _EVENTS = 3.0, 3.0, 2.0
"""More of them in a week say nothing new."""
LEAST = 20
"""With fewer known values nothing is usual."""


@dataclass(frozen=True, eq=False)
class Usual:
    """What is usual in the book.

    Attributes
    ----------
    rate
        By name, how many come for each unit of exposure.
    middle, spread
        By name, mean and standard deviation of a measure; absent where too few are known.
    rise
        Mean factor by which a price rises where it does; 1: none does.
    seen
        Of the weeks in which an account was active, the share in which its most active user was.
    """

    rate: dict[str, float] = field(default_factory=dict)
    middle: dict[str, float] = field(default_factory=dict)
    spread: dict[str, float] = field(default_factory=dict)
    rise: float = 1.0
    seen: float = 0.5


def usual(weeks: Weeks, weight: Floats) -> Usual:
    """Count what is usual, each week [n, WEEKS] weighing as likely as it is that nothing troubled the account."""
    weight = np.where(weeks.there, weight, 0.0)
    rate, middle, spread = dict[str, float](), dict[str, float](), dict[str, float]()
    for name, count, exposure, _ in _counted(weeks):
        rate[name] = float((weight * count).sum() / max((weight * exposure).sum(), 1e-9))
    for name, value, _, _ in _measured(weeks):
        known = np.isfinite(value) & (weight > 0)
        if known.sum() < LEAST:
            continue
        mean = float(np.average(value[known], weights=weight[known]))
        off = float(np.sqrt(np.average((value[known] - mean) ** 2, weights=weight[known])))
        if off > 0:
            middle[name], spread[name] = mean, off
    rises = weeks.dearer[weeks.dearer > 1]
    return Usual(rate, middle, spread, float(rises.mean()) if len(rises) else 1.0, _often(weeks))


def likelihood(weeks: Weeks, usual: Usual) -> Floats:
    """Give log-likelihoods of all but use, float64 [n, WEEKS, STATES], up to what is common to all states."""
    out = np.zeros((*weeks.there.shape, STATES))
    for name, count, exposure, times in _counted(weeks):
        out += count[..., None] * np.log(times) - (usual.rate.get(name, 0.0) * exposure)[..., None] * times
    for name, value, mean, narrow in _measured(weeks):
        if name not in usual.middle:
            continue
        score = np.clip((value - usual.middle[name]) / usual.spread[name], -4.0, 4.0)
        known = np.isfinite(score) & weeks.there
        off = (np.where(known, score, 0.0)[..., None] - mean) / narrow
        out += np.where(known[..., None], np.log(np.exp(-0.5 * off**2) / narrow + STRAY), 0.0)
    for trouble in TROUBLES:
        times = _of(trouble, SAID)
        said = np.minimum(weeks.said[..., THEMES.index(trouble)], _EVENTS)
        out += np.where(weeks.there, said, 0.0)[..., None] * np.log(times)
    return out + _price(weeks, usual)


def _times(full: float, share: float) -> float:
    """Give how many times as often something comes at a share of what is told of a full trouble."""
    return 1.0 + (full - 1.0) * share


def _of(trouble: str, full: float, *, other: float = 1.0, asleep: float = 1.0) -> Floats:
    """Give how many times as often something comes in each state that speaks of one trouble."""
    return table(lambda t, stage: _times(full if t == trouble else other, LEVEL[stage]), asleep=asleep)


def _counted(weeks: Weeks) -> Iterator[tuple[str, Floats, Floats, Floats]]:
    """Give what is counted: name, count [n, WEEKS], exposure [n, WEEKS], how many times as often in each state."""
    week = weeks.there.astype(np.float64)
    for trouble in TROUBLES:
        if (name := f"case {trouble}") in weeks.seen:
            known = week * np.isfinite(weeks.seen[name])
            times = _of(trouble, TIMES[trouble], other=OTHER, asleep=CASES_ASLEEP)
            yield name, np.minimum(weeks.counts(name), _CASES), known * weeks.seats**ROOTS, times
    if "reopened" in weeks.seen:
        known = week * np.isfinite(weeks.seen["reopened"])
        yield "reopened", np.minimum(weeks.counts("reopened"), _EVENTS), known, _of("support", REOPENED)
    for name in weeks.seen:
        if name.startswith("answers "):
            asked = np.minimum(weeks.counts(name.replace("answers", "asked", 1)), _ANSWERS)
            fewer = table(lambda _, s: _times(REPLIES, (LEVEL[s] + MOOD[s]) / 2), asleep=REPLIES_ASLEEP)
            yield name, np.minimum(weeks.counts(name), _ANSWERS), asked, fewer
    if "out" in weeks.seen:
        yield "out", weeks.counts("out"), weeks.counts("use"), table(lambda _, s: _times(TAKEN, MOOD[s]))
    if "seats" in weeks.seen:
        change = weeks.change("seats")
        yield "fewer", (change < 1) * week, week, table(lambda _, s: _times(GIVEN_BACK, MOOD[s]))
        yield "more", (change > 1) * week, week, table(lambda _, s: _times(FEWER, MOOD[s]), asleep=FEWER)


def _measured(weeks: Weeks) -> Iterator[tuple[str, Floats, Floats, float]]:
    """Give what is measured: name, value [n, WEEKS], mean in each state in standard deviations, and its own spread."""
    if "hours" in weeks.seen:
        hours = np.log(np.maximum(weeks.seen["hours"], 1e-3))
        slower = table(lambda t, s: SLOWER * LEVEL[s] if t == "support" else 0.0, untroubled=0.0, asleep=0.0)
        yield "hours", hours, slower, 1.0
    for name in weeks.seen:
        if name.startswith("score "):
            lower = table(lambda _, s: -LOWER * (LEVEL[s] + MOOD[s]) / 2, untroubled=0.0, asleep=0.0)
            yield name, weeks.seen[name], lower, NARROW


def _price(weeks: Weeks, usual: Usual) -> Floats:
    """Give the log-likelihood of prices: the more one rises, the likelier it is taken ill; unchanged, hardly ever."""
    rise, age = weeks.dearer, weeks.seen["age"]
    rose = rise > 1
    if not rose.any() or usual.rise <= 1:
        return np.zeros((*rise.shape, STATES))
    told = np.where(rose, np.log(np.clip((rise - 1) / (usual.rise - 1), SPARED, 1 / SPARED)), 0.0)
    turned = (np.mod(age, YEAR) < 2 * WEEK) & (np.mod(age, YEAR) >= WEEK) & (age >= YEAR) & weeks.there
    lately = rose.copy()
    for back in (1, 2):
        lately[:, back:] |= rose[:, :-back]
    told += np.where(turned & ~lately, np.log(SPARED), 0.0)
    return np.asarray(told[..., None] * table(lambda t, _: float(t == "billing"), untroubled=0.0, asleep=0.0))


def main_user(weeks: Weeks, usual: Usual) -> tuple[Floats, Floats] | None:
    """Give the log-likelihoods of the most active user's weeks, there and gone, float64 [n, WEEKS] each.

    Given how much was done in a week: of n events, each his with probability q, one at least is with 1 - (1 - q)^n.
    How much is done speaks for itself (:class:`churnkit.contact.signs.course.Book`) and is not counted twice. Where
    gone, his weeks are a tenth as many. None where nobody is named.
    """
    if "main" not in weeks.seen or "use" not in weeks.seen:
        return None
    known, seen = _main(weeks)
    done = np.where(known, weeks.counts("use"), 0.0)
    often = 1.0 - (1.0 - _his(known, seen, done, usual.seen)[:, None]) ** done
    out = []
    for gone in (0.0, SILENT):
        p = np.clip(often * (1.0 - gone), 0.005, 0.995)
        out.append(np.where(known, np.where(seen, np.log(p), np.log1p(-p)), 0.0))
    return out[0], out[1]


def _his(known: Flags, seen: Flags, done: Floats, usually: float) -> Floats:
    """Give q [n], with which as many weeks are expected as were seen; ``BOOK`` mean weeks are as the book has them."""
    weeks = known.sum(axis=1)
    mean = np.where(weeks > 0, done.sum(axis=1) / np.maximum(weeks, 1), 1.0)
    low, high = np.full(len(done), LEAST_HIS), np.full(len(done), MOST_HIS)
    for _ in range(HALVINGS):
        q = (low + high) / 2
        expected = (1.0 - (1.0 - q[:, None]) ** done).sum(axis=1) + BOOK * (1.0 - (1.0 - q) ** mean)
        few = expected < seen.sum(axis=1) + BOOK * usually
        low, high = np.where(few, q, low), np.where(few, high, q)
    return np.asarray((low + high) / 2)


def _main(weeks: Weeks) -> tuple[Flags, Flags]:
    """Tell the weeks [n, WEEKS] in which the most active user could have been seen, and was."""
    known = weeks.there & np.isfinite(weeks.seen["main"]) & (weeks.counts("use") > 0)
    return known, known & (weeks.seen["main"] < WEEK)


def _often(weeks: Weeks) -> float:
    if "main" not in weeks.seen or "use" not in weeks.seen:
        return Usual.seen
    known, seen = _main(weeks)
    return float(seen.sum() / max(known.sum(), 1))
