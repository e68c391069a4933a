"""Intervals redraw accounts, all their rows together, the same for every figure of one seed."""

from __future__ import annotations

import numpy as np
import pytest

from churnkit.learning import bootstrap
from churnkit.learning.bootstrap import account_bootstrap
from churnkit.learning.metrics import auc, brier


def mean_of(values):
    return lambda w: values.mean() if w is None else (w @ values) / w.sum(axis=-1)


def test_mean_of_independent_rows_has_the_textbook_interval():
    values = np.random.default_rng(0).normal(size=2_000)
    low, high = account_bootstrap(mean_of(values), np.arange(2_000)).interval
    assert (high - low) / 2 == pytest.approx(1.645 * values.std() / np.sqrt(2_000), rel=0.1)


def test_repeated_rows_of_an_account_add_no_evidence():
    values = np.random.default_rng(0).normal(size=300)
    once = account_bootstrap(mean_of(values), np.arange(300))
    often = account_bootstrap(mean_of(np.repeat(values, 10)), np.repeat(np.arange(300), 10))
    assert often.draws == pytest.approx(once.draws)


def test_blocks_change_nothing(monkeypatch):
    values = np.random.default_rng(0).normal(size=100)
    whole = account_bootstrap(mean_of(values), np.arange(100), replicates=50)
    monkeypatch.setattr(bootstrap, "BLOCK", 700)
    blocks = account_bootstrap(mean_of(values), np.arange(100), replicates=50)
    assert blocks.draws == pytest.approx(whole.draws, abs=1e-12)


def test_differences_and_ratios_are_paired():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 400), rng.random(400)
    one = account_bootstrap(lambda w: brier(y, p, w), np.arange(400), seed=3)
    same = account_bootstrap(lambda w: brier(y, p, w), np.arange(400), seed=3)
    assert (one - same).interval == (0.0, 0.0)
    assert (one / same).interval == (1.0, 1.0)
    assert account_bootstrap(lambda w: brier(y, p, w), np.arange(400), seed=4).interval != one.interval


def test_redraws_without_a_leaver_are_left_out():
    y = np.array([1] + [0] * 19)
    drawn = account_bootstrap(lambda w: auc(y, np.arange(20.0), w), np.arange(20), replicates=200)
    assert np.isnan(drawn.draws).any()
    assert not np.isnan(drawn.interval).any()
    assert drawn.value == 0


def test_further_accounts_by_hand():
    # A difference of 0.05 whose redraws have a standard deviation of 0.1: 1.645 * 0.1 / 0.05 = 3.29 times too
    # wide, so 3.2897**2 = 10.822 times as many accounts are needed, 1,083 in all and 983 more than the 100.
    draws = 0.05 + 0.1 * np.array([-1.0, 1.0] * 250) * np.sqrt(499 / 500)
    apart = bootstrap.Sampled(0.05, draws)
    assert apart.further(100) == 983
    assert bootstrap.Sampled(-0.05, draws).further(100) == 983
    assert bootstrap.Sampled(0.5, draws).further(100) == 0
    assert bootstrap.Sampled(0.0, draws).further(100) == np.inf
    assert bootstrap.Sampled(float("nan"), draws).further(100) == np.inf


def test_figures_measured_together_are_those_measured_alone():
    rng = np.random.default_rng(0)
    y, p, people = rng.integers(0, 2, 400), rng.random(400), np.arange(400) // 2
    ways = {"brier": lambda w: brier(y, p, w), "auc": lambda w: auc(y, p, w)}
    together = bootstrap.account_bootstraps(ways, people, replicates=40, seed=5)
    for name, way in ways.items():
        alone = account_bootstrap(way, people, replicates=40, seed=5)
        assert together[name].value == alone.value
        assert together[name].draws == pytest.approx(alone.draws, abs=0)
