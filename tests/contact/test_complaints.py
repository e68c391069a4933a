"""Complaints: told by their words, never before they were known, and fading."""

import numpy as np
import pandas as pd
import pytest

from churnkit.contact.signs import KINDS, likeliest, likely
from churnkit.contact.signs.complaints import COMPLAINTS, complaints, theme_of
from churnkit.history import History
from churnkit.history.signals import THEMES
from churnkit.timeline import moment

AT = pd.Timestamp("2025-06-01", tz="UTC")
SUPPORT, BILLING = THEMES.index("support"), THEMES.index("billing")


@pytest.mark.parametrize(
    ("comment", "theme"),
    [
        ("Far too EXPENSIVE for a team of our size", "billing"),
        ("we have to cut our budget next year", "billing"),
        ("My predecessor has left and I am new to this.", "relationship"),
        ("The app crashes twice a day", "support"),
        ("still waiting for an answer", "support"),
        ("Confusing, most of us hardly use it", "usage"),
        ("we never got started", "usage"),
        ("Great tool, keep going", None),
        ("Countdown to launch, uplifting", None),  # parts of words are no words
        ("Sehr umständlich", None),
    ],
)
def test_comments_are_told_by_their_words(comment, theme):
    assert theme_of(comment) == theme


def test_every_listed_theme_is_a_theme():
    assert set(COMPLAINTS) <= set(THEMES)


def book():
    ids = [f"c{i:02d}" for i in range(40)]
    rows = [
        ("c00", 90, 3, "too expensive", None),
        ("c01", 10, 3, "too expensive", 5),
        ("c02", 10, 3, "too expensive", -5),  # typed in after the moment
        ("c03", -5, 3, "it crashes", None),  # written after it
        ("c04", 0, 3, "it crashes", None),  # at the very moment, which belongs to the future
        ("c05", 20, 10, "good support", None),  # praise
        ("c06", 20, 3, "all the same to me", None),
        ("c06", 30, 3, None, None),
        ("c07", 200, 2, "it crashes", None),
        ("c07", 180, 2, "still broken", None),
    ]
    satisfaction = pd.DataFrame(
        [
            {
                "account_id": a,
                "occurred_at": AT - pd.Timedelta(days=d),
                "metric": "nps",
                "score": s,
                "comment": c,
                "recorded_at": pd.NaT if r is None else AT - pd.Timedelta(days=r),
            }
            for a, d, s, c, r in rows
        ]
    )
    opened = AT - pd.Timedelta(days=400)
    logins = pd.DataFrame(
        [
            {"account_id": i, "occurred_at": AT - pd.Timedelta(days=d), "event": "login"}
            for i in ids
            for d in (-10, 5, 50, 99, 300)
        ]
    )
    contracts = pd.DataFrame({"account_id": ids, "started_at": opened, "mrr": 100.0, "seats": 2})
    return History(
        accounts=pd.DataFrame({"account_id": ids, "opened_at": opened}),
        activity=logins,
        satisfaction=satisfaction,
        subscriptions=contracts,
    )


@pytest.fixture(scope="module")
def history():
    return book()


def test_a_complaint_stands_in_its_week_and_nowhere_before_it_is_known(history):
    """Weeks count back from the moment: the 1st to 7th day before it is the last one."""
    found = weekly(history)
    assert sorted(zip(*np.nonzero(found), strict=True)) == [
        (0, 51 - 90 // 7, BILLING),
        (1, 51 - 10 // 7, BILLING),
        (7, 51 - 200 // 7, SUPPORT),
        (7, 51 - 180 // 7, SUPPORT),
    ]
    assert found.max() == 1.0


def weekly(history):
    return complaints(history).weekly(np.arange(40, dtype=np.int32), np.full(40, moment(AT)), 52)


def test_the_trouble_written_of_is_the_trouble_told(history):
    kinds = likely(history, np.arange(40, dtype=np.int32), np.full(40, moment(AT)))
    assert KINDS[kinds[1].argmax()] == "billing"
    assert THEMES[likeliest(kinds)[7]] == "support"


def test_the_comments_of_a_history_are_cut_as_all_else(history):
    then = history.known_at(AT)
    assert len(history.comments) == 9
    assert sorted(then.comments["account_id"]) == ["c00", "c01", "c05", "c06", "c07", "c07"]
    assert weekly(then).tolist() == weekly(history).tolist()


def test_a_history_without_comments_has_no_complaints():
    bare = History(
        accounts=pd.DataFrame({"account_id": ["a"], "opened_at": [AT - pd.Timedelta(days=9)]}),
        activity=pd.DataFrame({"account_id": ["a"], "occurred_at": [AT - pd.Timedelta(days=1)], "event": ["login"]}),
    )
    assert bare.comments is None
    assert not complaints(bare).weekly(np.zeros(1, dtype=np.int32), np.array([moment(AT)]), 52).any()
