"""What holds for every plan, whatever the book."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnkit.contact import (
    FIXED,
    POLICIES,
    STATUSES,
    ByNetSaving,
    ContactRules,
    DeclaredEffect,
    plan_contacts,
)
from churnkit.errors import UnknownAccount, WrongModel
from churnkit.history import History
from churnkit.history.signals import THEMES
from support import company
from support import plans as book

NAMES = [f"k{i}" for i in range(12)]

books = st.fixed_dictionaries(
    {
        "probability": st.lists(st.floats(0.01, 0.95), min_size=12, max_size=12),
        "worth": st.lists(st.sampled_from([-10.0, 0.0, 200.0, 1e3, 1e4, np.nan]), min_size=12, max_size=12),
        "manager": st.lists(st.sampled_from(["mia", "max", None]), min_size=12, max_size=12),
        "parent": st.lists(st.sampled_from([None, "p", "q"]), min_size=12, max_size=12),
        "marked": st.lists(st.booleans(), min_size=12, max_size=12),
        "recent": st.lists(st.booleans(), min_size=12, max_size=12),
        "theme": st.lists(st.sampled_from(THEMES), min_size=12, max_size=12),
        "hours": st.tuples(st.floats(0, 4), st.floats(0, 4)),
        "kind": st.sampled_from(["risk", "value_at_risk", "net_saving"]),
        "holdout": st.sampled_from([0.0, 0.3]),
    }
)


def plan_of(drawn, order=slice(None)):
    accounts = book.accounts(
        dict(zip(NAMES, drawn["manager"], strict=True)),
        dict(zip(NAMES, drawn["worth"], strict=True)),
        parent_id=drawn["parent"],
        do_not_contact=drawn["marked"],
    )
    called = [n for n, r in zip(NAMES, drawn["recent"], strict=True) if r]
    contacts = pd.DataFrame({"account_id": called, "contacted_at": pd.Timestamp("2025-05-20", tz="UTC")})
    tables = {"contacts": contacts} if called else {}
    history = book.history(accounts, book.managers(drawn["hours"]), **tables)
    scores = book.scores(dict(zip(NAMES[order], drawn["probability"][order], strict=True)))
    told = book.reasons([(n, 1, t, "said", 1.0) for n, t in zip(NAMES, drawn["theme"], strict=True)])
    policy = POLICIES[drawn["kind"]](**({} if drawn["kind"] == "risk" else {"value": "worth"}))
    return plan_contacts(scores, told, history, policy=policy, rules=ContactRules(holdout=drawn["holdout"]))


@settings(max_examples=60, deadline=None)
@given(books)
def test_every_plan_keeps_its_promises(drawn):
    made = plan_of(drawn)
    frame = made.frame.set_index("account_id")
    assert sorted(frame.index) == sorted(NAMES)
    assert made.contacts["rank"].tolist() == list(range(1, len(made) + 1))
    assert frame["status"].isin(STATUSES).all()
    off = frame[frame["status"] != "contact"]
    assert off["rank"].isna().all()
    assert (off["status_why"] != "").all()
    used = made.contacts.groupby("manager_id")["minutes"].sum() / 60
    limit = dict(zip(("mia", "max"), drawn["hours"], strict=True))
    assert all(hours <= limit[m] + 1e-9 for m, hours in used.items())
    assert made.managers.set_index("manager_id")["hours_used"][used.index].tolist() == pytest.approx(used.tolist())
    for name, marked, recent in zip(NAMES, drawn["marked"], drawn["recent"], strict=True):
        if marked or recent:
            assert frame.loc[name, "status"] == ("do-not-contact" if marked else "cool-down")
            assert name not in set(made.decisions["account_id"])
    assert set(made.decisions.loc[made.decisions["contact"], "account_id"]) == set(made.contacts["account_id"])
    if drawn["kind"] == "net_saving":
        assert made.contacts["cost_of_waiting"].is_monotonic_decreasing


@settings(max_examples=20, deadline=None)
@given(books)
def test_the_order_of_the_scores_never_shows(drawn):
    pd.testing.assert_frame_equal(plan_of(drawn).frame, plan_of(drawn, slice(None, None, -1)).frame)


def real(**more):
    history = History(**company.tables())
    scores = book.scores({"ada": 0.1, "dot": 0.4}, as_of="2025-06-15", excluded={"bob": "has left"})
    return plan_contacts(scores, None, history, **more)


def test_a_real_history_with_all_defaults():
    """A call costs 30: worth it for dot (300 a month at .4), not for ada (100 a month at .1)."""
    made = real()
    frame = made.frame.set_index("account_id")
    assert tuple(made.frame.columns[: len(FIXED)]) == FIXED
    assert frame["status"].to_dict() == {"dot": "contact", "ada": "no expected gain", "bob": "gone"}
    assert frame["manager_id"].fillna("").to_dict() == {"dot": "m2", "ada": "m1", "bob": ""}
    saved = 0.15 * frame["probability"] * frame["value_at_stake"] - 30
    assert frame["net_saving"][["dot", "ada"]].tolist() == pytest.approx(saved[["dot", "ada"]].tolist())
    assert frame.loc["ada", "name"] == "Ada Ltd"


def test_whole_numbers_as_ids():
    accounts = book.accounts(dict.fromkeys((30, 4, 100), "mia"), {30: 1e3, 4: 5e3, 100: 1e3})
    scores = book.scores({100: 0.5, 4: 0.5, 30: 0.2})
    told = book.reasons([(4, 1, "usage", "Logins fell.", 1.0)])
    made = plan_contacts(scores, told, book.history(accounts), policy=book.POLICY, capacity=1)
    assert made.contacts["account_id"].tolist() == [4]
    assert made.contacts["reason_1"].tolist() == ["Logins fell."]


def test_past_contacts_are_said_in_the_evidence():
    contacts = pd.DataFrame({"account_id": ["c"], "contacted_at": [pd.Timestamp("2024-06-01", tz="UTC")]})
    made = plan_contacts(book.scores(), None, book.history(contacts=contacts), policy=book.POLICY)
    assert set(made.frame["evidence"]) == {"assumed, under past contacts"}


def test_an_empty_book_has_an_empty_plan():
    made = plan_contacts(book.scores({}), None, book.history())
    assert len(made) == 0
    assert tuple(made.frame.columns[: len(FIXED)]) == FIXED


def test_a_book_where_nobody_is_scored_lists_who_is_gone():
    made = plan_contacts(book.scores({}, excluded={"a": "has left"}), None, book.history())
    assert made.frame["status"].tolist() == ["gone"]


def test_strangers_are_refused():
    with pytest.raises(UnknownAccount, match="no account 'zoe'"):
        plan_contacts(book.scores({"zoe": 0.5}), None, book.history())
    with pytest.raises(WrongModel, match="none of the 1 accounts explained"):
        plan_contacts(book.scores(), book.reasons([("zoe", 1, "usage", "said", 1.0)]), book.history())


def test_an_effect_of_nothing_calls_nobody():
    made = plan_contacts(
        book.scores(), None, book.history(), policy=ByNetSaving(value="worth", effect=DeclaredEffect(prior=0))
    )
    assert len(made) == 0
    assert set(made.frame["status"]) == {"no expected gain"}
