"""The evidence ladder: what is claimed from 0, 10, 30, 100 and 1,000 churn events, and that it is calibrated."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from churnkit.errors import FewChurnEvents
from churnkit.learning import Blend, LearnerSettings, Rows, fit_blend
from churnkit.timeline import Span
from support.books import flat

ACCOUNTS = {0: 400, 10: 300, 30: 500, 100: 1500, 1000: 12_000}
"""Accounts in which about so many events fall."""


def book(events, seed):
    made = flat(ACCOUNTS[events], level={0: -30.0}.get(events, -3.0), seed=seed)
    y = made.rows.y[:, 0].copy()
    # Exactly so many events on the lower rungs: the surplus is turned back, or stayers turned, at random.
    rng = np.random.default_rng(seed)
    if events in (10, 30) and (more := int(y.sum()) - events):
        turn = rng.choice(np.flatnonzero(y == (more > 0)), abs(more), replace=False)
        y[turn] = int(more < 0)
    rows = made.rows
    return Rows(rows.X, y[:, None], rows.horizons, rows.names, rows.account, rows.cutoff), made.truth[:, 0]


@pytest.mark.parametrize(
    ("events", "rung"), [(0, "base rate"), (10, "base rate"), (30, "logistic"), (100, None), (1000, None)]
)
def test_rung_and_calibration(events, rung):
    promised, seen, held = [], [], []
    for seed in range(1 if events == 1000 else 4):
        rows, truth = book(events, seed)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            blend = fit_blend(rows)
        said = [w for w in caught if issubclass(w.category, FewChurnEvents)]
        assert len(caught) == len(said) == (1 if rung else 0)
        assert blend.rung == rung or (rung is None and blend.rung in ("logistic", "boosted"))
        if said:
            assert f'"{rung}"' in str(said[0].message)
        found = blend.predict(rows.X)
        promised.append(found.probability.mean())
        seen.append(rows.y.mean())
        held.append(((found.low <= truth) & (truth <= found.high)).mean())
    assert np.mean(promised) == pytest.approx(np.mean(seen), rel=0.08, abs=1e-6)
    if rung != "base rate":  # one rate for all cannot hold each account's own
        assert np.mean(held) > 0.75


def test_no_event_has_an_upper_bound_and_round_trips(tmp_path):
    rows, _ = book(0, 0)
    with pytest.warns(FewChurnEvents, match="0 accounts are seen to leave"):
        blend = fit_blend(rows)
    found = blend.predict(rows.X)
    assert found.probability.max() < 1e-8
    # Clopper-Pearson, one-sided 95 %, no event in n: 1 - 0.05**(1/n).
    assert found.high == pytest.approx(1 - 0.05 ** (1 / 400), rel=1e-6)
    blend.to_files(tmp_path)
    assert np.array_equal(Blend.from_files(tmp_path).predict(rows.X).high, found.high)


def test_a_declared_rate_is_shrunken_to():
    rows, _ = book(10, 1)
    settings = LearnerSettings(prior_rate=0.2, prior_strength=300)
    with pytest.warns(FewChurnEvents):
        found = fit_blend(rows, settings=settings).probability(rows.X).mean()
    assert found == pytest.approx((10 + 60) / (300 + 300), abs=0.002)


def test_the_lowest_rung_moves_segments_a_little_and_nothing_else():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 2, 600), rng.normal(size=600)]).astype(np.float32)
    y = np.zeros((600, 1), np.int8)
    y[np.flatnonzero(X[:, 0] == 1)[:15]] = 1
    rows = Rows(X, y, (Span.of("90d"),), ("segment", "amount"), np.arange(600), np.zeros(600, np.int64), (0,))
    with pytest.warns(FewChurnEvents):
        p = fit_blend(rows).probability(X)[:, 0]
    assert len(np.unique(p)) == 2
    troubled = y[X[:, 0] == 1].mean()
    assert y.mean() < p[X[:, 0] == 1][0] < troubled


def test_everybody_leaves_is_no_crash():
    rows, _ = book(30, 0)
    rows = Rows(rows.X, np.ones_like(rows.y), rows.horizons, rows.names, rows.account, rows.cutoff)
    with pytest.warns(FewChurnEvents, match="only 0 accounts are not seen to leave"):
        found = fit_blend(rows).predict(rows.X)
    assert found.probability.min() > 0.99
    assert found.low.max() < 1


@pytest.mark.parametrize(
    "spoil",
    [
        np.ones_like,
        lambda X: np.full_like(X, np.nan),
        lambda X: np.where(np.arange(len(X))[:, None] % 7, X, np.inf),
        lambda X: X * np.float32(1e30),
        lambda X: X[:, :0],
    ],
    ids=["constant", "all missing", "infinite", "huge", "no feature"],
)
def test_strange_features_are_no_crash(spoil):
    made = flat(700, level=-1.5)
    X = spoil(made.rows.X).astype(np.float32)
    names = made.rows.names[: X.shape[1]]
    rows = Rows(X, made.rows.y, made.rows.horizons, names, made.rows.account, made.rows.cutoff)
    found = fit_blend(rows).predict(X)
    assert np.isfinite(found.log_odds).all()
    assert found.probability.mean() == pytest.approx(rows.y.mean(), rel=0.1)
    assert (found.low < found.high).all()


@pytest.mark.parametrize("bags", [0, 5], ids=["logistic", "blend"])
def test_a_leaking_column_is_no_crash(bags):
    made = flat(700, level=-1.5)
    X = np.column_stack([made.rows.X, made.rows.y[:, 0]]).astype(np.float32)
    rows = Rows(X, made.rows.y, made.rows.horizons, (*made.rows.names, "leak"), made.rows.account, made.rows.cutoff)
    found = fit_blend(rows, settings=LearnerSettings(bags=bags)).predict(X)
    p = found.probability[:, 0]
    assert p[rows.y[:, 0] == 1].min() > p[rows.y[:, 0] == 0].max()
    assert np.isfinite(found.log_odds).all()
    assert np.isfinite(found.spread).all()
