"""Calls that were made: in which weeks a trouble may begin to pass because of one."""

import numpy as np
import pandas as pd
import pytest

from churnkit.contact.signs.calls import calls, cured
from churnkit.contact.signs.states import TROUBLES
from churnkit.history import History
from churnkit.tables import ROLES
from churnkit.timeline import moment

AT = pd.Timestamp("2025-06-01", tz="UTC")


def weekly(at=AT, **columns):
    """Calls of account a by week and role, known at a moment: one 3 days ago, one 9 days ago."""
    contacts = pd.DataFrame({"account_id": "a", "contacted_at": [AT - pd.Timedelta(days=d) for d in (3, 9)], **columns})
    history = History(
        accounts=pd.DataFrame({"account_id": ["a"], "opened_at": [AT - pd.Timedelta(days=500)]}),
        activity=pd.DataFrame({"account_id": ["a"], "occurred_at": [AT - pd.Timedelta(days=1)], "event": ["login"]}),
        contacts=contacts,
        observed_until=AT + pd.Timedelta(days=9),
    )
    count = calls(history).weekly(np.zeros(1, dtype=np.int32), np.array([moment(at)]), 4)[0]
    return {(w - 3, ROLES[r]): count[w, r] for w, r in np.argwhere(count > 0).tolist()}


def test_calls_stand_in_their_week_by_role():
    assert weekly(role=["technical", "sales"]) == {(0, "technical"): 1.0, (-1, "sales"): 1.0}
    assert weekly(role=["technical", None]) == {(0, "technical"): 1.0, (-1, "service"): 1.0}
    assert weekly(AT - pd.Timedelta(days=5), role=["technical", "sales"]) == {(0, "sales"): 1.0}


def test_a_week_has_its_beginning_and_not_its_end():
    """Made exactly at a moment it is not known there; made exactly 7 days before, it stands in the last week."""
    assert weekly(AT - pd.Timedelta(days=3), role=["technical", "sales"]) == {(0, "sales"): 1.0}
    assert weekly(AT - pd.Timedelta(days=2), role=["technical", "sales"]) == {(0, "technical"): 1.0, (0, "sales"): 1.0}


def test_calls_that_reached_nobody_do_not_count():
    assert weekly(role="sales", outcome=["reached", "not reached"]) == {(0, "sales"): 1.0}
    assert weekly(role="sales", outcome=["Voicemail", None]) == {(-1, "sales"): 1.0}


def test_calls_that_became_known_later_are_not_seen():
    late = [AT + pd.Timedelta(days=1), pd.NaT]
    assert weekly(role="sales", recorded_at=late) == {(-1, "sales"): 1.0}


def test_a_trouble_may_begin_to_pass_where_the_hat_fits():
    """Technical: half of support, a twelfth of the others; two in the general hat: 1 - .75 squared of each."""
    called = np.zeros((1, 2, len(ROLES)))
    called[0, 0, ROLES.index("technical")], called[0, 1, ROLES.index("service")] = 1.0, 2.0
    found = cured(called)
    each = {t: found[0, 0, i] for i, t in enumerate(TROUBLES)}
    assert each == pytest.approx({"support": 0.5, "billing": 1 / 12, "relationship": 1 / 12, "usage": 1 / 12})
    both = dict.fromkeys(TROUBLES, 1 - 0.75**2) | {"usage": 1 - 0.5**2}  # care fits who cannot get started
    assert {t: found[0, 1, i] for i, t in enumerate(TROUBLES)} == pytest.approx(both)


def test_without_a_table_there_are_none():
    history = History(
        accounts=pd.DataFrame({"account_id": ["a"], "opened_at": [AT - pd.Timedelta(days=500)]}),
        activity=pd.DataFrame({"account_id": ["a"], "occurred_at": [AT - pd.Timedelta(days=1)], "event": ["login"]}),
    )
    assert not calls(history).weekly(np.zeros(1, dtype=np.int32), np.array([moment(AT)]), 4).any()
