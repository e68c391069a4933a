"""The most active user: who holds that place, and who has taken over, by hand."""

import numpy as np
import pandas as pd
import pytest

from churnkit.contact.signs import read_signs
from churnkit.contact.signs.keenest import Users
from churnkit.history import History
from churnkit.history.sample import generate
from churnkit.history.spool import Spool
from churnkit.timeline import moment

AT = pd.Timestamp("2025-06-01", tz="UTC")
WEEKS = 20


def told(users, **more):
    """What is found of one account whose users did so much in each of twenty weeks, the last one first in the text."""
    rows = [
        {"account_id": "a", "occurred_at": AT - pd.Timedelta(weeks=WEEKS - w, hours=-k), "event": "login", "user_id": u}
        for u, counts in users.items()
        for w, count in enumerate(counts)
        for k in range(1, int(count) + 1)
    ]
    history = History(
        accounts=pd.DataFrame({"account_id": ["a", "b"], "opened_at": AT - pd.Timedelta(days=900)}),
        activity=pd.DataFrame(rows),
        observed_until=AT,
        **more,
    )
    return Users(history, ("login",)).keenest(np.array([0, 1], dtype=np.int32), np.full(2, moment(AT)), WEEKS)


def test_who_does_most_while_there_is_the_most_active_and_not_who_stays_longest():
    """u does 4 of 10 for eight weeks and is gone, v 3 of all for twenty: 32 of 80 + 15 to 60 of 152 + 15."""
    u, v, w = np.r_[np.full(8, 4.0), np.zeros(12)], np.full(WEEKS, 3.0), np.full(WEEKS, 3.0)
    found = told({"u": u, "v": v, "w": w})
    assert u.sum() < v.sum()
    assert found.his[0].tolist() == v.tolist()  # 60 / 167 = .359 to 32 / 95 = .337: so near it is not
    found = told({"u": 2 * u, "v": v, "w": w})  # 64 of 112 + 15
    assert found.his[0].tolist() == (2 * u).tolist()
    assert found.named[0].tolist() == (2 * u + v + w).tolist()
    assert found.share[0] == pytest.approx((64 + 5 * 0.35) / (112 + 5))
    assert found.known[0].all()


def test_who_comes_as_the_other_goes_and_does_as_much_has_taken_over():
    u, v = np.r_[np.full(10, 6.0), np.zeros(10)], np.full(WEEKS, 2.0)
    heir = np.r_[np.zeros(10), np.full(10, 4.0)]
    found = told({"u": u, "v": v, "x": heir})
    assert found.his[0].tolist() == (u + heir).tolist()
    assert found.share[0] == pytest.approx((100 + 5 * 0.35) / (140 + 5))
    little = np.r_[np.zeros(10), np.full(10, 1.0)]  # 10 of 30 + 15, less than half of 60 of 80 + 15
    assert told({"u": u, "v": v, "x": little}).his[0].tolist() == u.tolist()


def test_who_held_the_place_before_counts_as_well():
    """u leaves as x comes, who does more: x is the most active one, and u was before."""
    u, v = np.r_[np.full(10, 4.0), np.zeros(10)], np.full(WEEKS, 2.0)
    found = told({"u": u, "v": v, "x": np.r_[np.zeros(10), np.full(10, 6.0)]})
    assert found.his[0].tolist() == [4.0] * 10 + [6.0] * 10


def test_before_he_came_nothing_is_known_of_him():
    u, v = np.r_[np.zeros(5), np.full(15, 6.0)], np.full(WEEKS, 1.0)
    found = told({"u": u, "v": v})
    assert found.known[0].tolist() == [False] * 5 + [True] * 15


def test_where_nobody_did_anything_nobody_is_missed():
    found = told({"u": np.full(WEEKS, 2.0)})
    assert not found.named[1].any()
    assert not found.known[1].any()
    assert found.share[1] == 0.35


def test_of_the_sole_user_a_little_is_left_to_others():
    assert told({"u": np.full(WEEKS, 60.0)}).share[0] == 0.98


def test_what_became_known_later_is_not_seen():
    """u's last ten weeks come in only after the moment: he is missed then."""
    rows = [
        {
            "account_id": "a",
            "occurred_at": AT - pd.Timedelta(weeks=w, hours=-k),
            "event": "login",
            "user_id": u,
            "recorded_at": AT + pd.Timedelta(days=1) if u == "u" and w <= 10 else pd.NaT,
        }
        for w in range(1, WEEKS + 1)
        for u, count in (("u", 5), ("v", 2))
        for k in range(1, count + 1)
    ]
    history = History(
        accounts=pd.DataFrame({"account_id": ["a"], "opened_at": [AT - pd.Timedelta(days=900)]}),
        activity=pd.DataFrame(rows),
        observed_until=AT + pd.Timedelta(days=30),
    )
    users = Users(history, ("login",))
    for when, last in ((AT, 0.0), (AT + pd.Timedelta(days=2), 5.0)):
        found = users.keenest(np.zeros(1, dtype=np.int32), np.array([moment(when)]), WEEKS)
        assert found.his[0, -2:].sum() == last


def test_without_names_there_is_none():
    history = History(
        accounts=pd.DataFrame({"account_id": ["a"], "opened_at": [AT - pd.Timedelta(days=900)]}),
        activity=pd.DataFrame({"account_id": ["a"], "occurred_at": [AT - pd.Timedelta(days=3)], "event": ["login"]}),
        observed_until=AT,
    )
    assert Users(history, ("login",)).keenest(np.zeros(1, dtype=np.int32), np.array([moment(AT)]), WEEKS) is None
    assert Users(history, ()).keenest(np.zeros(1, dtype=np.int32), np.array([moment(AT)]), WEEKS) is None


def test_kept_on_disk_a_history_shows_the_same_signs(monkeypatch):
    """Facts of an account lie in one of three shards; users are numbered anew in each."""
    made = Spool.__init__

    def three(self, *given):
        made(self, *given)
        self.shards = 3

    monkeypatch.setattr(Spool, "__init__", three)
    tables = generate(40, seed=5).tables
    here, there = History(**tables), History(**tables, memory="64MB")
    who, cutoff = np.arange(40, dtype=np.int32)[::-1].copy(), np.full(40, moment("2026-03-02"))
    whose = [Users(h, ("login", "report_run")).keenest(who, cutoff, 52) for h in (here, there)]
    assert whose[0].his.sum() > 0
    for name in ("his", "named", "share", "known"):
        np.testing.assert_array_equal(getattr(whose[0], name), getattr(whose[1], name))
    one, other = (read_signs(h, who, cutoff) for h in (here, there))
    assert one.told.all()
    np.testing.assert_array_equal(one.leavers, other.leavers)
