"""Contacts of judgement without decisions: beside whom they stand, and what they tell."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from churnkit import features as f
from churnkit.contact import ContactEffect
from churnkit.contact.judged import EACH, judged
from churnkit.contact.trial import OBSERVATIONAL, read_trial
from churnkit.history import History
from churnkit.labels import Cancelled
from support import plans as book

CHURN = Cancelled(horizon="30d")


def company(n, contacts, *, manager=None, ended=None, **columns):
    ids = [f"k{i:03d}" for i in range(n)]
    opened = pd.Timestamp("2024-01-01", tz="UTC")
    return History(
        accounts=pd.DataFrame(
            {
                "account_id": ids,
                "opened_at": opened,
                "manager_id": ["m1"] * n if manager is None else manager,
                **columns,
            }
        ),
        activity=pd.DataFrame(
            {"account_id": ids, "occurred_at": pd.Timestamp("2025-12-31", tz="UTC"), "event": "login"}
        ),
        subscriptions=pd.DataFrame(
            {
                "account_id": ids,
                "started_at": opened,
                "ended_at": pd.Series([pd.NaT] * n if ended is None else ended, dtype="datetime64[us, UTC]"),
                "mrr": np.arange(n) % 7 * 10.0,
            }
        ),
        contacts=pd.DataFrame(contacts, columns=["account_id", "contacted_at"]).assign(role="service"),
        observed_until=pd.Timestamp("2025-12-31", tz="UTC"),
    )


def rows(history):
    frame = judged(history, CHURN)
    ids = history.account_ids.to_numpy()[frame["account"]]
    return sorted(zip(ids, frame["decided_at"].dt.strftime("%m-%d %H:%M"), frame["contact"].tolist(), strict=True))


def test_each_contact_stands_beside_the_managers_others_of_its_week():
    """k0 is called on Wednesday 5, k1 on Thursday 6 March, k2 a week later; k3 is not to be called, k4 is another's."""
    contacts = [("k000", "2025-03-05 15:00"), ("k001", "2025-03-06 09:00"), ("k002", "2025-03-12 09:00")]
    marks = [False, False, False, True, False]
    found = rows(company(5, contacts, manager=["m1"] * 4 + ["m2"], do_not_contact=marks))
    assert found == [
        ("k000", "03-05 00:00", True),
        ("k000", "03-12 00:00", False),
        ("k001", "03-06 00:00", True),
        ("k001", "03-12 00:00", False),
        ("k002", "03-05 00:00", False),
        ("k002", "03-06 00:00", False),
        ("k002", "03-12 00:00", True),
    ]


def test_at_most_ten_for_each_contact_the_same_every_time():
    history = company(60, [("k000", "2025-03-05"), ("k001", "2025-03-05"), ("k002", "2025-06-04")])
    found = pd.DataFrame(rows(history), columns=["account", "at", "contact"])
    assert found.groupby("at")["contact"].agg(lambda c: (~c).sum()).tolist() == [2 * EACH, EACH]
    assert rows(history) == rows(history)
    assert not found.duplicated(["account", "at"]).any()


def test_who_has_left_is_no_comparison():
    ended = [pd.NaT, pd.Timestamp("2025-02-01", tz="UTC"), pd.NaT]
    assert [r[0] for r in rows(company(3, [("k000", "2025-03-05")], ended=ended))] == ["k000", "k002"]


def test_without_contacts_there_is_nothing():
    assert len(judged(book.history(), CHURN)) == 0
    assert read_trial(book.history(), CHURN, (f.tenure(),)) is None


def test_contacts_alone_are_observational_evidence():
    """Of 900 accounts .3 leave within 30 days where they are not called, .15 where they are; 180 are called."""
    random = np.random.default_rng(8)
    n, called = 900, np.arange(900) % 5 == 0
    when = pd.Timestamp("2025-03-03 09:00", tz="UTC") + pd.to_timedelta(np.arange(n) % 5, unit="D")
    leaves = random.random(n) < np.where(called, 0.15, 0.3)
    gone = pd.Timestamp("2025-03-20", tz="UTC")
    contacts = [(f"k{i:03d}", when[i]) for i in np.flatnonzero(called)]
    history = company(n, contacts, ended=[gone if out else pd.NaT for out in leaves])
    features = (f.latest("mrr"), f.tenure())
    trial = read_trial(history, CHURN, features)
    assert trial.rung == OBSERVATIONAL
    assert (int(trial.contact.sum()), len(set(trial.account.tolist()) - set(np.flatnonzero(called).tolist()))) == (
        180,
        720,
    )
    effect = ContactEffect.fit(SimpleNamespace(recipe=SimpleNamespace(churn=CHURN), features=features), history)
    assert effect.rung == "observational"
    truth = 1 - leaves[called].mean() / leaves[~called].mean()
    assert effect.pooled == pytest.approx(truth, abs=0.05)
    assert "at most 10 accounts of the same manager" in effect.told()
    assert "E-value" in effect.told()
