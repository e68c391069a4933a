"""Plans of six accounts and two managers, solved by hand (the table stands in support/plans.py)."""

import re

import numpy as np
import pandas as pd
import pytest

from churnkit.contact import FIXED, ByNetSaving, ByRisk, ByValueAtRisk, plan_contacts
from churnkit.errors import BadPlan
from support import plans as book


def plan(scores=None, reasons=None, team=None, history=None, **more):
    more = {"policy": book.POLICY, "rules": book.RULES, **more}
    return plan_contacts(scores or book.scores(), reasons, history or book.history(team=team), **more)


def called(made):
    return set(made.contacts["account_id"])


def by_account(made):
    return made.frame.set_index("account_id")


def test_net_savings_are_those_worked_by_hand():
    made = by_account(plan(capacity=6))
    assert made["net_saving"].to_dict() == pytest.approx(book.SAVING)


def test_an_hour_each_buys_the_two_best_of_each_manager():
    made = plan(team=book.managers())
    assert called(made) == {"a", "b", "d", "f"}
    assert made.total == pytest.approx(70 + 130 + 130 + 60)
    assert made.gap == 0


def test_nobody_without_gain_is_called_though_there_is_time():
    made = plan(team=book.managers(hours=(8, 8)))
    assert called(made) == {"a", "b", "c", "d", "f"}
    assert by_account(made).loc["e", ["status", "status_why"]].tolist() == [
        "no expected gain",
        "a call is expected to save 10.00 and costs 30.00",
    ]


def test_reasons_name_the_manager_and_the_currency():
    contracts = pd.DataFrame({"account_id": list(book.VALUE), "started_at": pd.Timestamp("2024-01-01", tz="UTC")})
    contracts["mrr"], contracts["currency"] = [9000.0, 9000.0, 9000.0, 9000.0, 1.0, 9000.0], "GBP"
    made = plan(
        history=book.history(team=book.managers(hours=(1, 8), name=["Mia Moor", None]), subscriptions=contracts),
        policy=ByNetSaving(effect=book.POLICY.effect),
    )
    why = by_account(made)["status_why"]
    assert re.fullmatch(r"a call is expected to save £0\.\d\d and costs £30\.00", why["e"])
    assert why["b"] == "other accounts take the 1 hour of Mia Moor (mia)"
    assert "cost of a call: £60 an hour of a manager's time." in made.notes
    plain = plan(team=book.managers(), rules=book.RULES.model_copy(update={"hourly_cost": 62.5}))
    assert "cost of a call: 62.50 an hour of a manager's time, in the money of the values." in plain.notes


def test_one_more_hour_is_worth_what_the_next_calls_save():
    """Mia's next half hour saves c (42): 84 an hour; Max has nobody left worth calling."""
    made = plan(team=book.managers()).managers.set_index("manager_id")
    assert made["shadow_price"].to_dict() == pytest.approx({"mia": 84.0, "max": 0.0}, abs=1e-6)


def test_half_an_hour_is_priced_by_the_call_that_it_is_short_of():
    made = plan(team=book.managers(hours=(0.75, 0.5))).managers.set_index("manager_id")
    assert made["shadow_price"].to_dict() == pytest.approx({"mia": 140.0, "max": 120.0})
    assert made["hours_used"].to_dict() == {"mia": 0.5, "max": 0.5}


def test_a_number_of_contacts_is_for_the_whole_list():
    made = plan(capacity=3, team=book.managers(hours=(0, 0)))
    assert called(made) == {"a", "b", "d"}


def test_hours_may_be_given_by_manager():
    made = plan(capacity={"mia": 0.5})
    assert called(made) == {"b"}
    assert (by_account(made).loc[["d", "f"], "status"] == "over capacity").all()


def test_without_hours_ten_contacts_for_each_manager():
    made = plan()
    assert len(made) == 5
    assert any("10 contacts for each manager" in note for note in made.notes)


def test_the_order_is_what_waiting_costs():
    """F(7 days) = 1 - (1 - p)^(7/90); waiting costs F(7 days) x (.2 x value - cost)."""
    made = by_account(plan(capacity=6))
    gone = {a: 1 - (1 - p) ** (7 / 90) for a, p in book.PROBABILITY.items()}
    cost = {a: gone[a] * (0.2 * book.VALUE[a] - 30) for a in gone}
    assert made["cost_of_waiting"].to_dict() == pytest.approx(cost)
    listed = sorted((a for a in cost if book.SAVING[a] > 0), key=lambda a: -cost[a])
    assert made["rank"].dropna().sort_values().index.tolist() == listed


def test_by_risk_goes_down_the_probabilities():
    made = plan(policy=ByRisk(), capacity=3)
    assert made.contacts["account_id"].tolist() == ["c", "a", "d"]


def test_by_value_at_risk_goes_down_the_expected_loss():
    made = plan(policy=ByValueAtRisk(value="worth"), capacity=3)
    assert set(made.contacts["account_id"].iloc[:2]) == {"b", "d"}  # 800 each
    assert made.contacts["account_id"].iloc[2] == "a"


def test_longer_calls_must_earn_their_time():
    """Mia has an hour: b takes 60 minutes (saves 100 net), a and c 30 each (70 + 42 = 112)."""
    rules = book.RULES.model_copy(update={"minutes": book.RULES.minutes.model_copy(update={"technical": 60.0})})
    told = book.reasons([("b", 1, "support", "Tickets are open.", 1.0)])
    made = plan(reasons=told, rules=rules, team=book.managers())
    assert called(made) == {"a", "c", "d", "f"}
    row = by_account(made).loc["b"]
    assert (row["role"], row["minutes"]) == ("technical", 60)
    assert row["net_saving"] == pytest.approx(100)


def test_the_fixed_columns_come_first_and_every_account_has_its_row():
    made = plan(scores=book.scores({k: v for k, v in book.PROBABILITY.items() if k != "c"}, excluded={"c": "has left"}))
    assert tuple(made.frame.columns[: len(FIXED)]) == FIXED
    assert sorted(made.frame["account_id"]) == list("abcdef")
    assert by_account(made).loc["c", ["status", "status_why"]].tolist() == ["gone", "has left"]
    assert made.frame["rank"].dtype == "Int64"
    assert made.contacts["rank"].tolist() == [1, 2, 3, 4]


def test_reasons_stand_in_their_places():
    told = book.reasons([("a", 1, "usage", "Logins fell.", 0.4), ("a", 2, "billing", "Paid late.", 0.9)])
    row = by_account(plan(reasons=told)).loc["a"]
    assert row[["reason_1", "reason_2"]].tolist() == ["Logins fell.", "Paid late."]
    assert pd.isna(row["reason_3"])
    assert (row["theme"], row["role"]) == ("billing", "financial")


@pytest.mark.parametrize("capacity", [-1, 2.5, True, "many", {"mia": -1.0}, {"mai": 1.0}, {"mia": np.inf}])
def test_a_capacity_without_meaning_is_refused(capacity):
    with pytest.raises(BadPlan, match="capacity"):
        plan(capacity=capacity)


def test_an_unknown_manager_is_answered_with_the_nearest():
    with pytest.raises(BadPlan, match="did you mean 'mia'"):
        plan(capacity={"mai": 1.0})
