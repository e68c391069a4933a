"""One increasing map: a slope near 1, an intercept that follows only what lasts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from churnkit.learning.calibration import Affine, fit_slope
from churnkit.learning.drift import forecast_level
from churnkit.timeline import DAY


def drawn(slope, n=4000, seed=0, shifts=(0.0,)):
    rng = np.random.default_rng(seed)
    margin, group = rng.normal(-1.5, 1, n), np.arange(n) % len(shifts)
    y = (rng.random(n) < expit(slope * margin + np.array(shifts)[group])).astype(float)
    return margin, y, np.ones(n), group


@pytest.mark.parametrize("slope", [0.6, 1.0, 1.4])
def test_much_evidence_finds_the_slope(slope):
    assert fit_slope(*drawn(slope, 40_000)).slope == pytest.approx(slope, abs=0.07)


def test_little_evidence_stays_near_one():
    slopes = [fit_slope(*drawn(1.6, 60, seed)).slope for seed in range(20)]
    assert 1.0 < np.mean(slopes) < 1.1


def test_each_group_has_its_own_level():
    levels = fit_slope(*drawn(1.0, 40_000, shifts=(0.0, 0.8))).levels
    assert levels[1] - levels[0] == pytest.approx(0.8, abs=0.12)


def test_a_group_without_a_leaver_stays_finite():
    margin, y, weight, group = drawn(1.0, 400, shifts=(0.0, 0.0))
    y[group == 1] = 0
    assert np.isfinite(fit_slope(margin, y, weight, group).levels).all()


def test_slope_and_variance_equal_brute_force():
    margin, y, weight, group = drawn(1.2, 300)

    def penalised(slope, level):
        eta = slope * margin + level
        return weight @ (np.logaddexp(0, eta) - y * eta) + (slope - 1) ** 2 / (2 * 0.25**2) + level**2 / (2 * 2.0**2)

    fit = fit_slope(margin, y, weight, group, slope_sd=0.25)
    here = penalised(fit.slope, fit.levels[0])
    around = [penalised(fit.slope + a, fit.levels[0] + b) for a in (-1e-3, 0, 1e-3) for b in (-1e-3, 0, 1e-3)]
    assert here <= min(around) + 1e-12
    step, at = 1e-3, (fit.slope, fit.levels[0])
    curve = np.empty((2, 2))
    for i, u in enumerate(np.eye(2) * step):
        for j, v in enumerate(np.eye(2) * step):
            curve[i, j] = penalised(*(at + u + v)) - penalised(*(at + u)) - penalised(*(at + v)) + here
    assert fit.slope_variance == pytest.approx(np.linalg.inv(curve / step**2)[0, 0], rel=1e-2)


def test_the_map_by_hand():
    affine = Affine(slope=2.0, intercept=-1.0, slope_variance=0.04, level_variance=0.01, middle=1.0)
    assert affine(np.array([0.0, 3.0])).tolist() == [-1.0, 5.0]
    assert affine.variance(np.array([1.0, 3.0])).tolist() == pytest.approx([0.01, 0.17])


MONTHS = np.arange(12) * 30 * DAY
SURE = np.full(12, 400.0)


def test_levels_that_their_errors_explain_are_not_followed():
    quiet = np.random.default_rng(0).normal(size=12) * 0.02
    assert forecast_level(MONTHS, quiet, SURE, 90 * DAY).shift == 0


def test_a_lasting_level_is_followed_in_part_and_less_far_ahead():
    level = np.array([0.0] * 8 + [0.6] * 4)
    soon, late = (forecast_level(MONTHS, level, SURE, days * DAY) for days in (30, 180))
    assert 0 < late.shift < soon.shift < 0.6 - level.mean()
    assert late.variance > soon.variance > 0


def test_half_of_a_level_is_left_after_four_months():
    level = np.array([0.0] * 8 + [0.6] * 4)
    now, then = (forecast_level(MONTHS, level, SURE, days * DAY).shift for days in (0, 128))
    assert then / now == pytest.approx(0.5, abs=0.01)
    assert now > 0.5 * (0.6 - level.mean())


def test_too_few_cutoffs_forecast_nothing():
    assert forecast_level(MONTHS[:3], np.array([0.0, 1.0, 2.0]), SURE[:3], 30 * DAY).shift == 0


def test_two_cycles_show_the_season():
    month = np.arange(25) * 30.4 * DAY
    level = 0.4 * np.cos(2 * np.pi * month / (365.25 * DAY))  # high each January
    sure = np.full(25, 400.0)
    same, opposite = (forecast_level(month.astype(np.int64), level, sure, days * DAY) for days in (365, 182))
    assert same.shift > 0.15
    assert opposite.shift < -0.15


def test_two_cycles_show_the_trend():
    # A steady rise of .5 a year, seen for 26 months: 90 days on it will stand .12 above the last month.
    day = np.arange(26) * 30.4
    level, sure = 0.5 * day / 365, np.full(26, 400.0)
    ahead = forecast_level((day * DAY).astype(np.int64), level, sure, 90 * DAY).shift
    last = level[-1] - level.mean()
    assert 0.7 * last < ahead < last + 0.5 * 90 / 365  # a level alone is followed to less than .6 of the last
    # Within one cycle it may as well be a season, and only part of it is followed.
    short = forecast_level((day[:12] * DAY).astype(np.int64), level[:12], sure[:12], 90 * DAY).shift
    assert short < 0.7 * (level[11] - level[:12].mean())
