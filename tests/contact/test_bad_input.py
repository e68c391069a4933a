"""Input that no plan can be made of as it stands: a typed error that names the cure, or a stated, safe result."""

import pandas as pd
import pytest

from churnkit.contact import ContactRules, RoleMinutes, SizeFactors, plan_contacts
from churnkit.errors import BadPlan, WrongModel
from churnkit.timeline import Span
from support import plans as book


def plan(history, capacity=None, **rules):
    return plan_contacts(
        book.scores(),
        None,
        history,
        policy=book.POLICY,
        rules=book.RULES.model_copy(update=rules),
        capacity=capacity,
    )


def told(made, words):
    return [n for n in made.notes if words in n]


def test_hours_that_cannot_cover_the_large_accounts_say_which_and_by_how_much():
    """All six are large and must be called: 3 x .5 hours each, and mia has 1, max .25."""
    with pytest.raises(
        BadPlan, match=r"short are max by 1\.25 hours: 3 of 3 large accounts of max .* 1\.50 .* there are 0\.25"
    ):
        plan(book.history(team=book.managers((1.5, 0.25))), coverage=1.0, large_share=1.0, small_share=0.0)


def test_a_manager_without_accounts_is_listed_and_called_upon_only_to_help():
    team = pd.DataFrame({"manager_id": ["mia", "max", "zoe"], "weekly_capacity_hours": [1.0, 1.0, 8.0]})
    made = plan(book.history(team=team))
    zoe = made.managers.set_index("manager_id").loc["zoe"]
    assert zoe[["accounts", "called", "hours_used", "shadow_price", "expected_saving"]].tolist() == [0, 0, 0, 0, 0]
    assert len(made) == 4


def test_accounts_without_manager_are_told_and_nobody_has_hours_for_them():
    accounts = book.accounts()
    accounts.loc[accounts["account_id"].isin(["a", "d"]), "manager_id"] = None
    made = plan(book.history(accounts, team=book.managers()))
    lone = made.frame.set_index("account_id").loc[["a", "d"]]
    assert lone["status"].tolist() == ["data", "data"]
    assert lone["status_why"].tolist() == ["no manager is named for it"] * 2
    assert told(made, "2 accounts could not be planned for want of data")
    assert made.managers["accounts"].sum() == 6  # the row without a name has them
    assert len(plan(book.history(accounts, team=book.managers()), capacity=6)) == 5  # contacts need no hours


def test_a_circle_of_reports_to_ends_where_it_closes():
    team = book.managers(reports_to=["max", "mia"], skill_service=[0, 0])
    made = plan(book.history(team=team))
    assert told(made, "reports_to runs in a circle (max > mia > max)")
    assert len(made) == 4
    assert made.teams["people"].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: ContactRules(hourly_cost=-1), "hourly_cost: .*greater than or equal to 0"),
        (lambda: RoleMinutes(sales=-5), "sales: .*greater than 0"),
        (lambda: plan(book.history(), capacity={"mia": -2}), "'mia' has -2 hours; give a number from 0"),
        (lambda: plan(book.history(), capacity=-1), "capacity -1 is neither"),
    ],
)
def test_negative_costs_and_hours_are_refused(wrong, words):
    with pytest.raises(BadPlan, match=words):
        wrong()


@pytest.mark.parametrize("endless", [float("inf"), float("nan"), -float("inf")])
def test_minutes_without_end_are_refused(endless):
    with pytest.raises(BadPlan, match=r"RoleMinutes: service: .*Correct the field"):
        RoleMinutes(service=endless)
    with pytest.raises(BadPlan, match=r"SizeFactors: large: .*Correct the field"):
        SizeFactors(large=endless)


def following(previous, scores=None):
    scores = scores or book.scores(as_of="2025-06-08")
    return plan_contacts(scores, None, book.history(), policy=book.POLICY, rules=book.RULES, previous=previous)


def test_a_plan_that_cannot_come_before_is_refused():
    first = plan(book.history())
    cure = r".* Pass the plan that was made before this one, or leave previous= out"
    with pytest.raises(BadPlan, match=r"previous: a DataFrame is not a ContactPlan" + cure):
        following(first.frame)
    with pytest.raises(
        BadPlan, match=r"previous: a plan as of 2025-06-01 is not before these scores, of 2025-06-01" + cure
    ):
        following(first, book.scores())
    quarter = book.scores(as_of="2025-06-08")
    quarter.horizon = Span.of("30d")
    with pytest.raises(BadPlan, match=r"previous: its probabilities are of leaving within 90d, .* within 30d" + cure):
        following(first, quarter)
    accounts = book.accounts({"x": "mia"}, {"x": 1e3})
    with pytest.raises(BadPlan, match=r"previous: none of its 6 accounts is among the 1 scored" + cure):
        plan_contacts(book.scores({"x": 0.5}, as_of="2025-06-08"), None, book.history(accounts), previous=first)
    assert len(following(first)) > 0


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"capacity": {"mia": "many"}}, "capacity: 'mia' has 'many' hours; give a number from 0"),
        ({"capacity": {"mia": None}}, "capacity: 'mia' has None hours"),
        ({"explore": "some"}, "explore='some': give a share"),
        ({"explore": float("nan")}, "explore=nan: give a share"),
        ({"rules": {"holdout": 0.1}}, "rules: a dict is not a ContactRules"),
    ],
)
def test_what_is_of_another_kind_is_refused_by_name(wrong, words):
    with pytest.raises(BadPlan, match=words):
        plan_contacts(book.scores(), None, book.history(), policy=book.POLICY, **wrong)


def test_reasons_of_other_scores_are_refused():
    told = book.reasons([("a", 1, "usage", "Logins fell.", 1.0)])
    told.as_of, told.model_id = book.scores().as_of, "model-1"
    assert len(plan_contacts(book.scores(), told, book.history(), policy=book.POLICY)) > 0
    with pytest.raises(WrongModel, match=r"they are of 2025-06-01, the scores of 2025-06-08\. Pass the reasons"):
        plan_contacts(book.scores(as_of="2025-06-08"), told, book.history(), policy=book.POLICY)
    told.model_id = "model-2"
    with pytest.raises(WrongModel, match="they are of model model-2, the scores of model-1"):
        plan_contacts(book.scores(), told, book.history(), policy=book.POLICY)


def test_negative_hours_in_the_table_are_no_hours_and_said():
    history = book.history(team=book.managers((-3.0, 1.0)))
    made = plan(history)
    assert any("weekly_capacity_hours" in str(n.column) and "-3.0" in n.text for n in history.notes)
    assert told(made, "1 have no weekly_capacity_hours (first: mia) and were given none")
    assert made.contacts["manager_id"].tolist() == ["max", "max"]


COLUMNS = {
    "rank": "Int64", "account_id": "str", "manager_id": "object", "role": "object", "minutes": "float64",
    "probability": "float64", "value_at_stake": "float64", "net_saving": "float64", "cost_of_waiting": "float64",
    "evidence": "object", "top_k_probability": "float64", "reason_1": "object", "reason_2": "object",
    "reason_3": "object", "status": "object", "status_why": "object", "name": "object", "parent_id": "object",
    "net_saving_low": "float64", "net_saving_high": "float64", "week": "Int64", "size": "object", "theme": "object",
    "probability_30d": "float64", "probability_90d": "float64", "low": "float64", "high": "float64",
    "probability_uncalled": "float64", "signs": "object",
    "percentile": "float64", "base_rate": "float64", "protective_1": "object", "protective_2": "object",
    "renewal": "datetime64[us, UTC]", "ends_by_itself": "boolean", "last_contact": "datetime64[us, UTC]",
    "last_outcome": "object",
    "open_tickets": "Int64", "last_nps": "float64", "nps_age_days": "float64", "completeness": "float64",
    "observed_until": "datetime64[us, UTC]", "change": "float64", "weeks_on_list": "Int64",
    "as_of": "datetime64[us, UTC]", "rung": "object", "model_id": "object", "run_id": "object",
}  # fmt: skip
"""The columns of a list and their types."""


@pytest.mark.parametrize("capacity", [0, 3])
def test_the_columns_of_a_list_and_their_types_are_fixed(capacity):
    accounts = book.accounts(name=list("ABCDEF"), parent_id=["g", "g", None, None, None, None])
    scores = book.scores(
        probability_30d=[0.2, 0.1, 0.5, 0.2, 0.05, 0.1], probability_90d=list(book.PROBABILITY.values())
    )
    made = plan_contacts(scores, None, book.history(accounts), policy=book.POLICY, rules=book.RULES, capacity=capacity)
    found = {name: str(kind) for name, kind in made.frame.dtypes.items()}
    assert list(found) == list(COLUMNS)
    ids = found.pop("account_id")
    assert ids in ("str", "object")  # of pandas 3, and before
    assert found == {name: kind for name, kind in COLUMNS.items() if name != "account_id"}
