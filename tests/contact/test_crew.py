"""Who calls: own manager first, up the line where a skill is lacking, assistants, circles."""

import numpy as np
import pandas as pd
import pytest

from churnkit.contact import plan_contacts
from churnkit.errors import BadPlan
from support import plans as book

TROUBLE = book.reasons([("a", 1, "support", "Cases are open.", 1.0), ("d", 1, "contract", "Renewal is near.", 1.0)])


def team(**columns):
    frame = pd.DataFrame({"manager_id": ["ann", "max", "mia"], "weekly_capacity_hours": [8.0, 8.0, 8.0]})
    frame["reports_to"] = [None, "ann", "ann"]
    return frame.assign(**columns)


def plan(team, rules=book.RULES, accounts=None, **more):
    return plan_contacts(
        book.scores(), TROUBLE, book.history(accounts, team), policy=book.POLICY, rules=rules, **more
    )  # fmt: skip


def taker(made):
    return made.contacts.set_index("account_id")["manager_id"].to_dict()


def test_a_lacking_skill_goes_up_the_line():
    made = plan(team(skill_technical=[5, 4, 0.9], skill_sales=[0, 3, 3], skill_service=[1, 1, 1]))
    assert taker(made) == {"a": "ann", "b": "mia", "c": "mia", "d": "max", "f": "max"}


def test_no_escalation_keeps_it_with_the_own_manager_and_says_so():
    rules = book.RULES.model_copy(update={"escalate": False})
    made = plan(team(skill_technical=[5, 4, 0]), rules)
    assert taker(made)["a"] == "mia"
    assert any(n.startswith("skills: 1 calls want a skill") for n in made.notes)


def test_an_assistant_takes_what_the_manager_has_no_time_for():
    """Mia has half an hour: b is hers; her assistant, who has no accounts, takes a; 12 minutes are left for nobody."""
    staff = pd.DataFrame(
        {
            "manager_id": ["mia", "max", "amy"],
            "weekly_capacity_hours": [0.5, 0.0, 0.7],
            "reports_to": [None, None, "mia"],
        }
    )
    assert taker(plan(staff)) == {"b": "mia", "a": "amy"}
    alone = plan(staff, book.RULES.model_copy(update={"assistants": False}))
    assert taker(alone) == {"b": "mia"}


def test_a_specialist_beside_the_manager_takes_what_the_manager_cannot():
    """Sam reports to Ann like Mia and Max, has no accounts and half an hour for the technical call of a."""
    staff = team(skill_technical=[5, 1, 0])
    sam = {"manager_id": "sam", "weekly_capacity_hours": 0.5, "reports_to": "ann", "skill_technical": 5}
    staff = pd.concat([staff.assign(weekly_capacity_hours=[0.0, 8.0, 8.0]), pd.DataFrame([sam])], ignore_index=True)
    assert taker(plan(staff))["a"] == "sam"
    other = staff.assign(reports_to=[None, "ann", "ann", "max"])
    assert taker(plan(other))["a"] == "mia"


def test_a_circle_stops_where_it_closes_and_is_said():
    made = plan(team(reports_to=["max", "ann", "ann"], skill_technical=[1, 1, 0]))
    assert taker(made)["a"] == "ann"
    assert any("circle" in n and "ann > max > ann" in n for n in made.notes)


def test_a_boss_who_is_not_in_the_table_is_said():
    assert any("'eva'" in n for n in plan(team(reports_to=[None, "ann", "eva"])).notes)


def test_a_manager_without_accounts_has_a_row():
    made = plan(team()).managers.set_index("manager_id")
    assert made["accounts"].to_dict() == {"ann": 0, "max": 3, "mia": 3}
    assert made["called"].to_dict() == {"ann": 0, "max": 2, "mia": 3}
    assert made.loc["mia", "hours_used"] == 1.5
    assert made.loc["max", "expected_saving"] == pytest.approx(190)
    assert made.loc["max", "value_at_risk"] == pytest.approx(800 + 50 + 450)
    assert made.loc["max", "value_covered"] == pytest.approx(1250 / 1300)


def test_unknown_hours_are_none_and_said():
    made = plan(team(weekly_capacity_hours=[8.0, np.nan, 8.0]))
    assert "d" not in taker(made)
    assert any("no weekly_capacity_hours (first: max)" in n for n in made.notes)


def test_accounts_of_one_parent_are_called_together():
    """Mia's half hour alone would be b's; together with c (of one parent) it does not fit, so a is called."""
    family = book.accounts(parent_id=[None, "p", "p", None, None, None])
    made = plan(book.managers((0.5, 0.0)), accounts=family)
    assert taker(made) == {"a": "mia"}
    apart = plan(book.managers((0.5, 0.0)), book.RULES.model_copy(update={"parents_together": False}), family)
    assert taker(apart) == {"b": "mia"}


def test_large_accounts_are_covered_whatever_is_worth_more():
    """One of six is large (b, of Mia) and max's none; for Mia's half hour b must go before a and c anyway."""
    poor = book.accounts(value={**book.VALUE, "e": 9_000.0})
    rules = book.RULES.model_copy(update={"large_share": 0.17, "coverage": 1.0})
    scores = book.scores({**book.PROBABILITY, "e": 0.001})
    made = plan_contacts(
        scores, None, book.history(poor, book.managers((0.5, 0.5))), policy=book.POLICY, rules=rules
    )  # fmt: skip
    assert taker(made) == {"b": "mia", "e": "max"}
    with pytest.raises(BadPlan, match=r"1 of 1 large accounts of max .* and there are 0\.25"):
        plan_contacts(scores, None, book.history(poor, book.managers((0.5, 0.25))), policy=book.POLICY, rules=rules)


def test_the_book_without_managers_is_one_pool():
    history = book.history(book.accounts().drop(columns="manager_id"))
    made = plan_contacts(book.scores(), None, history, policy=book.POLICY, rules=book.RULES)
    assert len(made) == 5
    assert made.contacts["manager_id"].isna().all()
    assert made.managers["contacts"].tolist() == [10]
    assert any("10 contacts for the book" in n for n in made.notes)
