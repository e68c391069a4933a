"""Sightings: how likely what was seen in a week is at each point, beside what is usual in the book.

What is usual is counted (:class:`Usual`); how much oftener something is seen in a trouble than without one is
declared, the same for every company. So no figure is learnt from anybody's leaving.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.signs.states import TROUBLES, table
from churnkit.contact.signs.weeks import WEEK, YEAR
from churnkit.history.signals import THEMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from churnkit.contact.signs.weeks import Weeks

    Floats = NDArray[np.float64]

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
STRAY_EVENTS = 0.02
"""Of what is done where the most active user is gone, so much is still told to be his."""
LEAST_TOLD, MOST_TOLD = -8.0, 3.0
"""Log-likelihood ratios by which a week speaks for his being there, and for his being gone, at most."""
SPARED = 0.3
"""Of those whom a price troubles, so many are those whose price did not rise after all."""
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
    """

    rate: dict[str, float] = field(default_factory=dict)
    middle: dict[str, float] = field(default_factory=dict)
    spread: dict[str, float] = field(default_factory=dict)
    rise: float = 1.0


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
    return Usual(rate, middle, spread, float(rises.mean()) if len(rises) else 1.0)


def likelihood(weeks: Weeks, usual: Usual) -> Floats:
    """Give log-likelihoods of all but use, float64 [n, WEEKS, POINTS], up to what is common to all points."""
    amounts: list[Floats] = []
    logs: list[Floats] = []
    for name, count, exposure, times in _counted(weeks):
        amounts += [count, usual.rate.get(name, 0.0) * exposure]
        logs += [np.log(times), -times]
    for trouble in TROUBLES:
        said = np.minimum(weeks.said[..., THEMES.index(trouble)], _EVENTS)
        amounts.append(np.where(weeks.there, said, 0.0))
        logs.append(np.log(_of(trouble, SAID)))
    amounts.append(_price(weeks, usual))
    logs.append(table(lambda t, *_: float(t == "billing"), untroubled=0.0, asleep=0.0))
    out = np.stack(amounts, axis=-1) @ np.array(logs)
    for name, value, mean, narrow in _measured(weeks):
        if name not in usual.middle:
            continue
        score = np.clip((value - usual.middle[name]) / usual.spread[name], -4.0, 4.0)
        known = np.isfinite(score)
        off = (score[known][:, None] - mean) / narrow
        out[known] += np.log(np.exp(-0.5 * off**2) / narrow + STRAY)
    return np.asarray(out)


def _times(full: float, share: Floats) -> Floats:
    """Give how many times as often something comes at a share of what is told of a full trouble."""
    return 1.0 + (full - 1.0) * share


def _of(trouble: str, full: float, *, other: float = 1.0, asleep: float = 1.0) -> Floats:
    """Give how many times as often something comes at each point that speaks of one trouble."""
    return table(lambda t, level, _: _times(full if t == trouble else other, level), asleep=asleep)


def _counted(weeks: Weeks) -> Iterator[tuple[str, Floats, Floats, Floats]]:
    """Give what is counted: name, count [n, WEEKS], exposure [n, WEEKS], how many times as often at each point."""
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
            fewer = table(lambda _, level, mood: _times(REPLIES, (level + mood) / 2), asleep=REPLIES_ASLEEP)
            yield name, np.minimum(weeks.counts(name), _ANSWERS), asked, fewer
    if "out" in weeks.seen:
        yield "out", weeks.counts("out"), weeks.counts("use"), table(lambda *at: _times(TAKEN, at[2]))
    if "seats" in weeks.seen:
        change = weeks.change("seats")
        yield "fewer", (change < 1) * week, week, table(lambda *at: _times(GIVEN_BACK, at[2]))
        yield "more", (change > 1) * week, week, table(lambda *at: _times(FEWER, at[2]), asleep=FEWER)


def _measured(weeks: Weeks) -> Iterator[tuple[str, Floats, Floats, float]]:
    """Give what is measured: name, value [n, WEEKS], mean at each point in standard deviations, and its own spread."""
    if "hours" in weeks.seen:
        hours = np.log(np.maximum(weeks.seen["hours"], 1e-3))
        slower = table(lambda t, level, _: SLOWER * level * (t == "support"), untroubled=0.0, asleep=0.0)
        yield "hours", hours, slower, 1.0
    for name in weeks.seen:
        if name.startswith("score "):
            lower = table(lambda _, level, mood: -LOWER * (level + mood) / 2, untroubled=0.0, asleep=0.0)
            yield name, weeks.seen[name], lower, NARROW


def _price(weeks: Weeks, usual: Usual) -> Floats:
    """Give the log-likelihood [n, WEEKS] by which prices speak for a trouble of billing.

    The more one rises, the likelier it is taken ill; unchanged, hardly ever.
    """
    rise, age = weeks.dearer, weeks.seen["age"]
    rose = rise > 1
    if not rose.any() or usual.rise <= 1:
        return np.zeros(rise.shape)
    told = np.where(rose, np.log(np.clip((rise - 1) / (usual.rise - 1), SPARED, 1 / SPARED)), 0.0)
    turned = (np.mod(age, YEAR) < 2 * WEEK) & (np.mod(age, YEAR) >= WEEK) & (age >= YEAR) & weeks.there
    lately = rose.copy()
    for back in (1, 2):
        lately[:, back:] |= rose[:, :-back]
    return told + np.where(turned & ~lately, np.log(SPARED), 0.0)


def missed(weeks: Weeks) -> Floats:
    """Give the log-likelihood ratios [n, WEEKS] of the most active user's being gone over his being there.

    Given how much was done in a week: of so many events each is his with the share that is his where he is there, and
    hardly one where he is gone. How much is done speaks for itself (:mod:`churnkit.contact.signs.course`) and is not
    counted twice. 0 where nobody is named.
    """
    if weeks.keenest is None:
        return np.zeros(weeks.there.shape)
    share, his, named = weeks.keenest.share[:, None], weeks.keenest.his, weeks.keenest.named
    there = his * np.log(share) + (named - his) * np.log1p(-share)
    gone = his * np.log(STRAY_EVENTS) + (named - his) * np.log1p(-STRAY_EVENTS)
    return np.where(weeks.keenest.known & weeks.there, np.clip(gone - there, LEAST_TOLD, MOST_TOLD), 0.0)
