"""Policies valued on past decisions: by hand, and against a trial whose truth is known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from churnkit.contact import ByRisk, compare_policies
from churnkit.contact.comparing import valued
from churnkit.contact.trial import RANDOMISED, Trial
from churnkit.errors import BadPlan
from churnkit.labels import Cancelled
from support import plans as book


def trial(contact, left, propensity):
    n = len(contact)
    return Trial(
        rung=RANDOMISED,
        account=np.arange(n, dtype=np.int32),
        decided=np.zeros(n, dtype=np.int64),
        contact=np.asarray(contact, dtype=bool),
        role=np.where(contact, 1, -1).astype(np.int8),
        propensity=np.asarray(propensity, dtype=float),
        role_propensity=np.full((n, 4), 0.25),
        left=np.asarray(left, dtype=float),
        kind=np.full(n, -1, dtype=np.int8),
        X=np.zeros((n, 1)),
        immature=0,
        outside=0,
    )


def calls(account, value):
    return pd.DataFrame({"decided": 0, "account": account, "value": value})


def test_worked_by_hand():
    """Chosen: 0 (called, stayed), 1 (called, left), 2 (not called, left) and one that the log does not have."""
    log = trial([True, True, False, False], [0, 1, 1, 0], [0.25, 0.5, 0.2, 0.2])
    found = valued(log, np.full(4, 0.4), calls([0, 1, 2, 9], [100.0, 10.0, 40.0, 7.0]))
    assert found["choices"] == 4
    assert found["could_not"] == 0.25
    assert found["kept_weighted"] == pytest.approx(0 - 10 / 0.5 + 40 / 0.8)
    assert found["kept"] == pytest.approx(100 * 0.4 / 0.25 - 10 * 0.6 / 0.5 + 40 * 0.6 / 0.8)
    assert found["per_call"] == pytest.approx(found["kept"] / 3)
    assert found["kept_low"] < found["kept"] < found["kept_high"]


def test_the_truth_of_a_drawn_trial_lies_in_nine_of_ten_intervals():
    """A call keeps half of a risk of .4; a policy that calls the first thousand keeps .2 of each, worth 1."""
    random = np.random.default_rng(5)
    inside = {"kept": 0, "kept_weighted": 0}
    for _ in range(200):
        contact = random.random(2000) < 0.3
        log = trial(contact, random.random(2000) < np.where(contact, 0.2, 0.4), np.full(2000, 0.3))
        found = valued(log, np.full(2000, 0.34), calls(np.arange(1000), 1.0))
        for name in inside:
            inside[name] += found[f"{name}_low"] <= 200 <= found[f"{name}_high"]
    assert 165 <= inside["kept"] <= 194  # 180 and three standard deviations
    assert 165 <= inside["kept_weighted"] <= 194


def test_without_a_lot_nothing_can_be_told():
    model = SimpleNamespace(recipe=SimpleNamespace(churn=Cancelled()), features=())
    with pytest.raises(BadPlan, match="no decision was drawn by lot"):
        compare_policies(model, book.history(), {"risk": ByRisk()})
