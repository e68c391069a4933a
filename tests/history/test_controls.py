"""Controls of random contacts, reconstructed by hand where no decisions were written."""

from __future__ import annotations

import pandas as pd
import pytest

from churnkit.history import History
from churnkit.history.controls import ASSUMPTION, trial
from churnkit.labels import WentQuiet
from churnkit.timeline import moment

IDS = ["a", "b", "c", "d", "e", "f"]


def book(contacts, **more):
    """Six accounts active every day of 2025 up to April; a to d belong to m1, e and f to m2; d is not to be called."""
    days = pd.date_range("2025-01-01", "2025-04-01", tz="UTC")
    return History(
        accounts=pd.DataFrame({"account_id": IDS, "opened_at": "2024-01-01", "manager_id": ["m1"] * 4 + ["m2"] * 2,
                               "do_not_contact": [False, False, False, True, False, False]}),
        activity=pd.DataFrame([(i, d, "login") for i in IDS for d in days],
                              columns=["account_id", "occurred_at", "event"]),
        contacts=None if contacts is None else pd.DataFrame(
            contacts, columns=["account_id", "contacted_at", "manager_id", "assignment", "propensity"]
        ),
        **more,
    )  # fmt: skip


def rows(found):
    frame = found.frame
    shown = zip(frame["account_id"], frame["decided_at"].dt.strftime("%m-%d"), frame["contact"], frame["assignment"],
                frame["propensity"], strict=True)  # fmt: skip
    return sorted((a, t, bool(c), s, None if pd.isna(p) else p) for a, t, c, s, p in shown)


CHURN = WentQuiet(days=30)


def test_the_managers_other_accounts_of_that_week_are_the_controls():
    # Wednesday 5 and Thursday 6 March lie in the week of Monday 3 March.
    found = trial(book([("a", "2025-03-05", "m1", "random", 0.4), ("b", "2025-03-06", "m1", "judgement", None)]), CHURN)
    assert rows(found) == [
        ("a", "03-03", True, "random", 0.4),
        ("b", "03-06", True, "judgement", None),  # called anyway: no control
        ("c", "03-03", False, "random", 0.4),  # d is not to be called, e and f are another's
    ]
    assert found.evidence == "randomised, controls reconstructed"
    assert found.assumption == ASSUMPTION


def test_where_a_week_knows_several_chances_a_control_has_none_of_its_own():
    found = trial(book([("a", "2025-03-05", "m1", "random", 0.4), ("b", "2025-03-06", "m1", "random", 0.6)]), CHURN)
    assert ("c", "03-03", False, "random", None) in rows(found)


def test_weeks_begin_in_the_zone_of_the_history():
    contact = [("a", "2025-03-03T02:00Z", "m1", "random", 0.4)]  # still Sunday evening in New York
    assert rows(trial(book(contact, timezone="America/New_York"), CHURN))[0][1] == "02-24"
    assert rows(trial(book(contact), CHURN))[0][1] == "03-03"


def test_only_the_population_of_that_week_could_be_drawn():
    # Nobody was active before 2025-01-01, so in the week of 30 December nobody was in the population.
    found = trial(book([("a", "2025-01-02", "m1", "random", 0.4)]), CHURN)
    assert rows(found) == [("a", "12-30", True, "random", 0.4)]


@pytest.mark.parametrize("chance", [None, 0.0, 1.0])
def test_random_contacts_without_a_chance_count_as_judgement(chance):
    found = trial(book([("a", "2025-03-05", "m1", "random", chance)]), CHURN)
    assert found.evidence == "judgement contacts"
    assert found.frame["assignment"].tolist() == ["judgement"]


def test_written_decisions_come_first():
    decisions = pd.DataFrame({"account_id": ["a", "b"], "decided_at": ["2025-03-03"] * 2, "contact": [True, False],
                              "assignment": ["random"] * 2, "propensity": [0.5] * 2})  # fmt: skip
    history = book([("a", "2025-03-05", "m1", "random", 0.4)], decisions=decisions)
    found = trial(history, CHURN)
    assert found.evidence == "randomised decisions"
    assert found.frame is history.decisions


def test_without_contacts_there_is_nothing():
    found = trial(book(None), CHURN)
    assert (found.evidence, len(found.frame)) == ("none", 0)


def test_the_moment_of_a_control_is_known_to_the_label_rules():
    found = trial(book([("a", "2025-03-05", "m1", "random", 0.4)]), CHURN)
    assert found.frame["decided_at"].iloc[0] == pd.Timestamp(moment("2025-03-03"), unit="us", tz="UTC")
    assert found.frame["until"].iloc[0] == pd.Timestamp("2025-03-10", tz="UTC")
