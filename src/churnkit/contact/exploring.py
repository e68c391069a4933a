"""Exploring: a share of the hours for eligible accounts off the list, drawn by lot with recorded propensities.

What calls do to accounts that no list names cannot be learnt from lists. In every pool the candidates stand in a
random order and are called until the next one no longer fits; P(called) of each is found by drawing that order many
times with other seeds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.scene import Drawn
from churnkit.contact.standing import unit_hash

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.policies import Policy
    from churnkit.contact.scene import Scene, Verdict

    Floats = NDArray[np.float64]

DRAWS = 400
"""Orders drawn to find the propensities."""


def draw_explored(scene: Scene, verdict: Verdict, policy: Policy, *, seed: int) -> Verdict:
    """Add calls by lot to a verdict, where ``scene.explore`` asks for them."""
    if not scene.explore:
        return verdict
    candidate = scene.standing.eligible & ~verdict.on_list & ~scene.holdout.held & ~scene.lacking(policy)
    candidate[scene.choices.row[verdict.calls]] = False
    best = scene.best
    candidate &= scene.choices.pool[best] >= 0
    propensity, drawn = np.full(len(scene.roster), np.nan), []
    scale = 60.0 if scene.crew.unit == "hours" else 1.0
    hours = scene.crew.limit * scale * scene.explore
    for pool in np.unique(scene.choices.pool[best[candidate]]):
        rows = np.flatnonzero(candidate & (scene.choices.pool[best] == pool))
        use = scene.choices.use[best[rows]]
        number = np.array([unit_hash(seed, "explore", scene.roster.as_of, i) for i in scene.roster.ids[rows]])
        called = _first_that_fit(number[None, :], use, hours[pool])[0]
        drawn.append(best[rows[called]])
        random = np.random.default_rng([seed, int(scene.roster.as_of) % 2**32, int(pool)])
        share = _first_that_fit(random.random((DRAWS, len(rows))), use, hours[pool]).mean(axis=0)
        # never 0 or 1: one draw is added that called half of everybody
        propensity[rows] = np.clip((share * DRAWS + 0.5) / (DRAWS + 1), 0.5 / (DRAWS + 1), 1 - 0.5 / (DRAWS + 1))
    calls = np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *drawn]))
    return replace(verdict, calls=np.sort(np.r_[verdict.calls, calls]), drawn=Drawn(candidate, propensity, calls))


def _first_that_fit(number: Floats, use: Floats, limit: float) -> NDArray[np.bool_]:
    """Tell for every order [draws, n] who is called: the first ones, until the next does not fit."""
    order = np.argsort(number, axis=1, kind="stable")
    fits = np.cumsum(use[order], axis=1) <= limit + 1e-9
    called = np.zeros(number.shape, dtype=np.bool_)
    np.put_along_axis(called, order, fits, axis=1)
    return called
