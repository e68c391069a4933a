"""The evidence ladder's calibration on accounts that taught nothing: at 0, 10, 30, 100 and 1,000 churn events."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from churnkit.errors import FewChurnEvents
from churnkit.learning import Rows, fit_blend
from support.books import flat

FRESH = 20_000
"""Accounts scored that taught nothing; their true probabilities are known, so their number adds no noise of answers."""

LEVEL = -3.0
RATE = 0.0693
"""Mean of the true probability, expit(-3 + z) over z of variance 0.8**2 + 0.6**2 = 1; by quadrature."""

SURE = 2.58
"""Standard errors that hold 99 %."""


def test_the_rate_by_quadrature():
    points, weights = np.polynomial.hermite_e.hermegauss(60)
    mean = (weights / (1 + np.exp(-(LEVEL + points)))).sum() / weights.sum()
    assert mean == pytest.approx(RATE, abs=5e-5)


def learnt(accounts, level, seed):
    """Fit on the first accounts of a book; give the rung, and truth and prediction of the others."""
    made = flat(accounts + FRESH, level=level, seed=seed)
    rows, truth = made.rows, made.truth[accounts:, 0]
    part = slice(0, accounts)
    taught = Rows(rows.X[part], rows.y[part], rows.horizons, rows.names, rows.account[part], rows.cutoff[part])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewChurnEvents)
        blend = fit_blend(taught)
    return blend.rung, truth, blend.predict(rows.X[accounts:])


@pytest.mark.parametrize(
    ("events", "seeds", "rungs"),
    [
        (10, 12, {"base rate", "logistic"}),
        (30, 8, {"base rate", "logistic"}),
        (100, 4, {"logistic", "boosted"}),
        (1000, 6, {"logistic", "boosted"}),
    ],
)
def test_the_mean_promise_is_the_mean_truth(events, seeds, rungs):
    accounts = round(events / RATE)
    gaps = []
    for seed in range(seeds):
        rung, truth, found = learnt(accounts, LEVEL, seed)
        assert rung in rungs
        gaps.append(found.probability[:, 0].mean() - truth.mean())
    # What a book of so many accounts can know of its own rate: the standard error of a binomial share, over the seeds.
    noise = np.sqrt(RATE * (1 - RATE) / (accounts * seeds))
    assert abs(np.mean(gaps)) < SURE * noise


def test_without_an_event_the_bound_holds_a_rate_that_may_well_show_none():
    # 300 accounts of whom 1 in 1,000 leaves: three books in four show nobody, and 1 - 0.05**(1/300) is 0.99 %.
    seen = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        made = flat(300, level=-30.0, seed=seed)
        if (rng.random(300) < 0.001).any():
            continue
        seen += 1
        with pytest.warns(FewChurnEvents, match="0 accounts are seen to leave"):
            found = fit_blend(made.rows).predict(flat(500, level=-30.0, seed=seed + 1_000).rows.X)
        assert found.probability.max() < 1e-8
        assert (found.low <= 0.001).all()
        assert (found.high >= 0.001).all()
        if seen == 5:
            return
    pytest.fail("fewer than five of forty books show nobody leaving")


@pytest.mark.parametrize("events", [100, 1000])
def test_the_riskiest_tenth_is_promised_what_it_holds(events):
    """Beyond the mean: among the tenth that is called first, promise and truth agree within their noise."""
    accounts, promised, true = round(events / RATE), [], []
    for seed in range(4):
        _, truth, found = learnt(accounts, LEVEL, seed)
        first = np.argsort(-found.probability[:, 0])[: FRESH // 10]
        promised.append(found.probability[first, 0].mean())
        true.append(truth[first].mean())
    # The tenth's own rate is known from the leavers among a tenth of the accounts that taught.
    rate = float(np.mean(true))
    noise = np.sqrt(rate * (1 - rate) / (accounts / 10 * 4))
    assert abs(np.mean(promised) - rate) < SURE * noise
