"""Calls after a decision: counted by the time left to them, and how they bring the two sides nearer."""

import numpy as np
import pandas as pd
import pytest

from churnkit.contact.doubly_robust import from_nuisances
from churnkit.contact.later import later_calls
from churnkit.history import History
from churnkit.timeline import DAY, moment
from contact.test_contact_effect import eight

START = pd.Timestamp("2025-01-06", tz="UTC")


def day(days):
    return START + pd.Timedelta(days=days)


def company(contacts):
    return History(
        accounts=pd.DataFrame({"account_id": ["a", "b"], "opened_at": day(-100)}),
        activity=pd.DataFrame({"account_id": ["a"], "occurred_at": [day(200)], "event": ["login"]}),
        contacts=pd.DataFrame(contacts),
    )


@pytest.mark.parametrize("named", [True, False])
def test_later_calls_count_by_the_share_of_the_horizon_left(named):
    """Of ninety days: the call that was decided on does not count, that of day 45 half, that of day 90 not at all."""
    contacts = {"account_id": ["a"] * 3, "contacted_at": [day(2), day(45), day(90)]}
    if named:
        contacts["decided_at"] = [day(0), day(44), day(89)]
    found = later_calls(company(contacts), np.array([0, 1], np.int32), np.full(2, moment(START)), 90 * DAY)
    assert found == pytest.approx([0.5, 0.0])


def test_sides_that_were_half_a_call_apart_differ_by_half_of_what_a_call_does():
    """A quarter of those called leave, half of the others, who have half a call: p0 .75, of which a call keeps .5.

    The squares of g - .25 are 7 of eight, 700 in all, over (800 x .75)^2; twice that for half a call, and half of it
    since p0 rests on the share (1 - .75 calls x 2/3).
    """
    n = 800
    trial = eight(times=n // 8)
    trial = type(trial)(**{**trial.__dict__, "later": np.where(trial.contact, 0.0, 0.5)})
    found = from_nuisances(trial, np.full(n, 3 / 8), np.full(n, 0.5), np.ones(n, dtype=bool))
    assert found.apart == pytest.approx(0.5)
    assert found.pooled == pytest.approx(2 / 3, abs=1e-4)
    assert np.nansum(found.share) == pytest.approx(2 / 3, abs=1e-4)
    assert found.pooled_error == pytest.approx(np.sqrt(700) / 600, rel=1e-3)


def test_alike_on_both_sides_they_change_nothing():
    trial = eight(times=100)
    trial = type(trial)(**{**trial.__dict__, "later": np.full(800, 0.7)})
    found = from_nuisances(trial, np.full(800, 0.5), np.full(800, 0.5), np.ones(800, dtype=bool))
    assert found.apart == pytest.approx(1.0)
