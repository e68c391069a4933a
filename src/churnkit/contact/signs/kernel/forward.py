"""Forward recursion: one week after the other, how likely an account is at each point of each trouble."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from churnkit.contact.signs import states as st
from churnkit.features.engine.compiling import inner, kernel

CALM, ASLEEP, FALLING, FIRST = st.UNTROUBLED, st.ASLEEP, st.FALLING, st.FIRST


class Law(NamedTuple):
    """What a week does, as the compiled code takes it.

    Attributes
    ----------
    heals, over
        P(a trouble begins to pass) in a week, and P(it is over) at the last of the weeks in which it passes.
    dozes, drops, wakes
        From untroubled to falling asleep, to asleep, and awake again.
    leaves, replaced, leaves_troubled
        P(the most active user goes) in any week; P(somebody takes over); P(he is gone) where a trouble of the
        relationship begins.
    onward
        int64 [weeks], where what passes from each week goes on.
    depths, ways, passing
        How many depths there are, how many ways of passing, how many weeks of each.
    relationship
        Position of the trouble that begins with his leaving.
    """

    heals: float
    over: float
    dozes: float
    drops: float
    wakes: float
    leaves: float
    replaced: float
    leaves_troubled: float
    onward: np.ndarray
    depths: int
    ways: int
    passing: int
    relationship: int


class Asked(NamedTuple):
    """What is known of accounts beside their sightings.

    Attributes
    ----------
    start
        float64 [n, grid, points], P(point, own normal use) before the first week, the most active user being there.
    there
        bool [n, weeks].
    begins, cured
        float64 [n, weeks, troubles], P(it begins), and P(it begins to pass because of calls).
    forgets
        bool [n], whether an account may fall asleep.
    """

    start: np.ndarray
    there: np.ndarray
    begins: np.ndarray
    cured: np.ndarray
    forgets: np.ndarray


class Seen(NamedTuple):
    """How likely sightings are.

    Attributes
    ----------
    told
        float64 [n, weeks, points], of all but use.
    gone
        float64 [n, weeks], ratios of the most active user's being gone over his being there.
    use, at
        float64 [n, weeks, 2, steps], of use at half steps of the grid, he being there and gone; int64 [points], how
        many of them a point lies above the lowest.
    """

    told: np.ndarray
    gone: np.ndarray
    use: np.ndarray
    at: np.ndarray


@kernel
def forward(asked, seen, law, found, calm):  # type: ignore[no-untyped-def]  # numba finds them
    """Fill how likely each point is after the last week [n, points], and "untroubled" after each [n, weeks]."""
    n, grid, points = asked.start.shape
    weeks = asked.there.shape[1]
    now, then = np.empty((2, grid, points)), np.empty((2, grid, points))
    likely, whole = np.empty((2, points)), np.empty(points)
    for r in range(n):
        now[0], now[1], scale = asked.start[r], 0.0, 1.0
        for w in range(weeks):
            if not asked.there[r, w]:
                if w > 0 and asked.there[r, w - 1]:
                    _close(now)
                calm[r, w] = 1.0
                continue
            for s in range(points):
                likely[0, s] = seen.told[r, w, s] * scale
                likely[1, s] = likely[0, s] * seen.gone[r, w]
            whole[:] = 0.0
            dozes = law.dozes if asked.forgets[r] else 0.0
            for g in range(grid):
                _pass(now[:, g], then[:, g], asked.begins[r, w], asked.cured[r, w], dozes, law)
                _go(now[:, g], then[:, g], asked.begins[r, w], law)
                for f in range(2):
                    given, of_use, at = then[f, g], seen.use[r, w, f, 2 * g :], seen.at
                    for s in range(points):
                        given[s] *= likely[f, s] * of_use[at[s]]
                        whole[s] += given[s]
            scale = 1.0 / max(whole.sum(), 1e-300)
            calm[r, w] = whole[CALM] * scale
            now, then = then, now
        for s in range(points):
            found[r, s] = 0.0
            for g in range(grid):
                found[r, s] += (now[0, g, s] + now[1, g, s]) * scale


@inner
def _close(now):  # type: ignore[no-untyped-def]  # numba finds them
    """Let a contract end: whoever comes back begins anew, but for what it uses when nothing troubles it."""
    for g in range(now.shape[1]):
        rest = now[0, g].sum() + now[1, g].sum()
        now[0, g], now[1, g] = 0.0, 0.0
        now[0, g, CALM] = rest


@inner
def _pass(now, then, begins, cured, dozes, law):  # type: ignore[no-untyped-def]  # numba finds them
    """Let troubles deepen and pass, and the untroubled fall asleep; what begins leaves the untroubled only here."""
    stays, course = len(law.onward), len(law.onward) + law.ways * law.passing
    back = 0.0
    for f in range(2):
        old, new, over = now[f], then[f], 0.0
        for block in range(len(begins) * law.depths):
            t, base = block // law.depths, FIRST + block * course
            heals = 1.0 - (1.0 - law.heals) * (1.0 - cured[t])
            there, after = old[base : base + course], new[base : base + course]
            after[0] = 0.0
            for a in range(stays - 1):
                after[a + 1] = there[a] * (1.0 - heals)
            after[stays - 1] += there[stays - 1] * (1.0 - heals)
            for way in range(law.ways):
                first = stays + way * law.passing
                after[first] = 0.0
                for a in range(law.passing - 1):
                    after[first + a + 1] = there[first + a]
                end = there[first + law.passing - 1]
                after[first + law.passing - 1] += end * (1.0 - law.over)
                if f == 1 and t == law.relationship:
                    back += end * law.over  # over when somebody has taken over
                else:
                    over += end * law.over
            for a in range(stays):
                after[stays + law.onward[a] * law.passing] += there[a] * heals
        new[ASLEEP] = old[ASLEEP] * (1.0 - law.wakes) + old[FALLING] * law.drops
        new[FALLING] = old[FALLING] * (1.0 - law.drops) + old[CALM] * dozes
        new[CALM] = old[CALM] * (1.0 - begins.sum() - dozes) + old[ASLEEP] * law.wakes + over
    then[0, CALM] += back


@inner
def _go(now, then, begins, law):  # type: ignore[no-untyped-def]  # numba finds them
    """Let the most active user leave, or somebody take over; and let troubles begin, one of them with his leaving."""
    here, away = then[0], then[1]
    for s in range(len(here)):
        stay, lacks = here[s], away[s]
        here[s] = stay * (1.0 - law.leaves) + lacks * law.replaced
        away[s] = stay * law.leaves + lacks * (1.0 - law.replaced)
    course = len(law.onward) + law.ways * law.passing
    free = now[0, CALM] + now[1, CALM]
    for block in range(len(begins) * law.depths):
        t, first = block // law.depths, FIRST + block * course
        fresh = begins[t] / law.depths
        if t == law.relationship:
            here[first] += free * fresh * (1.0 - law.leaves_troubled)
            away[first] += free * fresh * law.leaves_troubled
        else:
            here[first] += now[0, CALM] * fresh
            away[first] += now[1, CALM] * fresh
