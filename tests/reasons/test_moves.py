"""Moves in words: every expected text is written by hand."""

import numpy as np
import pandas as pd
import pytest

from churnkit import features as f
from churnkit.history import History
from churnkit.reasons.moves import Lately, headline
from churnkit.reasons.words import Language
from churnkit.timeline import moment
from support.small import small

EN = Language.of("en")
MONDAY, NEXT, MAY = moment("2026-05-25"), moment("2026-06-01"), moment("2026-05-04")
MODEL = "the model"


@pytest.mark.parametrize(
    ("ends", "parts", "since", "text"),
    [
        (
            (0.22, 0.36),
            [(0.09, "2 payments"), (0.04, "no logins"), (0.01, MODEL)],
            MONDAY,
            "Up 14 points since last Monday, from 22% to 36%: 9 from 2 payments, 4 from no logins, 1 from the model.",
        ),
        (
            (0.36, 0.22),
            [(-0.17, "11 logins"), (0.01, MODEL)],
            MAY,
            "Down 14 points since 4 May 2026, from 36% to 22%: −17 from 11 logins, 1 from the model, 2 from all else.",
        ),
        (
            (0.2, 0.21),
            [(0.012, "1 login"), (0.0001, MODEL)],
            MONDAY,
            "Up 1 point since last Monday, from 20% to 21%: 1.2 from 1 login, −0.2 from all else.",
        ),
        ((0.5, 0.9951), [], MONDAY, "Up 50 points since last Monday, from 50% to over 99%: 50 from all else."),
        ((0.09, 0.0004), [], MONDAY, "Down 9 points since last Monday, from 9% to under 0.1%: −9 from all else."),
        ((0.2, 0.2001), [], MONDAY, "Unchanged at 20% since last Monday."),
        ((0.2, 0.2), [(0.03, "1 login"), (-0.03, MODEL)], MONDAY,
         "Unchanged at 20% since last Monday: 3 from 1 login, −3 from the model."),
    ],
)  # fmt: skip
def test_headlines(ends, parts, since, text):
    assert headline(ends, parts, (since, NEXT), EN) == text


def facts():
    """Account a: three logins in the week, one of them told too late, after two; b: one login long ago."""
    rows = [("a", "2026-05-19"), ("a", "2026-05-20"), ("a", "2026-05-26"), ("a", "2026-05-27"), ("b", "2026-03-01")]
    activity = pd.DataFrame(rows, columns=["account_id", "occurred_at"]).assign(event="login")
    late = pd.DataFrame({"account_id": ["a"], "occurred_at": ["2026-05-28"], "event": ["login"]})
    both = pd.concat([activity.assign(recorded_at=activity["occurred_at"]), late.assign(recorded_at="2026-06-03")])
    contracts = pd.DataFrame(
        {
            "account_id": ["a", "b"],
            "subscription_id": ["s", "t"],
            "started_at": ["2025-02-01", "2025-02-01"],
            "mrr": [100.0, 50.0],
            "seats": [5, 5],
        }
    )
    return History(**small(activity=both, subscriptions=contracts), observed_until="2026-06-05")


@pytest.mark.parametrize(
    ("feature", "account", "text"),
    [
        (f.count("login", "30d"), 0, "2 logins (as before)"),
        (f.days_since("login"), 1, "time without logins"),
        (f.active_days("login", "90d") / f.count("login", "90d"), 0, "2 logins (as before)"),
        (f.latest("seats"), 0, "number of seats unchanged at 5"),
        (f.tenure(), 0, "time as a customer"),
    ],
)
def test_what_there_was_to_see(feature, account, text):
    lately = Lately.of([feature], facts(), np.array([0, 1], dtype=np.int32), (MONDAY, NEXT))
    assert lately.told(account, feature, 0, late=False, language=EN) == text


def test_a_fact_known_late_is_called_so():
    feature = f.count("login", "30d")
    lately = Lately.of([feature], facts(), np.array([0, 1], dtype=np.int32), (MONDAY, NEXT))
    assert lately.told(1, feature, 0, late=True, language=EN) == "logins known late"
