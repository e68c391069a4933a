"""How far off a list may be, worked by hand: the effect for all alike, and what all probabilities are off by."""

import numpy as np
import pytest

from churnkit.contact import ByNetSaving, DeclaredEffect, plan_contacts
from churnkit.contact.leaving import FACTS, Leaving
from churnkit.contact.shrinking import declared
from support import plans as book
from support.trials import harming

NINETY_PER_CENT = 1.6448536269514722


def measured(off, share=0.25):
    """A quarter of the leavers is kept for sure; those at risk were off by a share of themselves."""
    effect = harming(share)
    learnt = {"intercept": -1.0, "coefficients": [0.0] * len(FACTS), "signs": 1.0, "score": 0.0, "off": off}
    leaving = Leaving(accounts=100, snapshots=1000, leavers=100, **learnt)
    return effect.model_copy(
        update={"covariance": ((0.0,) * len(effect.cells),) * len(effect.cells), "leaving": leaving}
    )


def interval(effect, **asked):
    policy = ByNetSaving(value="worth", effect=effect)
    return plan_contacts(book.scores(**asked), None, book.history(), policy=policy, rules=book.RULES, capacity=2)


def test_a_list_is_off_by_what_those_at_risk_were_off_by_together():
    """Of b and d .25 x 800 = 200 each is kept, 30 each is spent; by .1 all may be off: 40 of 400."""
    plan = interval(measured(off=0.1))
    assert sorted(plan.contacts["account_id"]) == ["b", "d"]
    assert plan.interval.middle == pytest.approx(340.0)
    assert plan.interval.high - 340.0 == pytest.approx(NINETY_PER_CENT * 40.0)
    assert 340.0 - plan.interval.low == pytest.approx(NINETY_PER_CENT * 40.0)


def test_where_nothing_was_measured_half_of_a_scores_variance_is_common_to_all():
    """Two calls that may each be off by e: e^2 (1 + 1) / 2 one by one and (2 e)^2 / 2 together, 3 e^2; else 2 e^2."""
    p = np.array(list(book.PROBABILITY.values()))
    odds = np.log(p / (1 - p))
    low, high = (1 / (1 + np.exp(-(odds + z))) for z in (-0.5, 0.5))
    apart = interval(measured(off=1e-9), low=low, high=high).interval
    both = interval(measured(off=1e-9).model_copy(update={"leaving": None}), low=low, high=high)
    rows = both.contacts
    error = (rows["net_saving_high"] - rows["net_saving"]).to_numpy()
    assert both.interval.high - both.interval.middle == pytest.approx(
        np.sqrt((error**2).sum() / 2 + error.sum() ** 2 / 2)
    )
    assert apart.high - apart.middle == pytest.approx(np.sqrt((error**2).sum()))


def test_as_declared_the_prior_stands_and_who_leaves_stays_learnt():
    effect = measured(off=0.1).model_copy(update={"prior": DeclaredEffect(prior=0.2)})
    again = effect.as_declared()
    assert again.rung == "assumed"
    assert {c.evidence for c in again.cells} == {"assumed"}
    assert [c.share for c in again.cells] == pytest.approx(declared(DeclaredEffect(prior=0.2)).tolist())
    assert again.leaving == effect.leaving
    assert "declared prior stands" in again.told()
    assert "learnt from 100 leavers" in again.told()
