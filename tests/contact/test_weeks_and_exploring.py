"""Several weeks at once, calls by lot off the list, the step at a contract's end, and what stands beside a name."""

import numpy as np
import pandas as pd
import pytest

from churnkit.contact import ByRisk, ContactRules, plan_contacts
from churnkit.contact.exploring import _first_that_fit
from churnkit.contact.teams import roll_up
from churnkit.contact.waiting import left_by
from churnkit.errors import BadPlan
from support import plans as book


def planned(capacity=2, team=None, told=None, history=None, **more):
    history = history or book.history(team=team)
    return plan_contacts(book.scores(), told, history, policy=book.POLICY, rules=book.RULES, capacity=capacity, **more)


def test_two_weeks_call_the_four_best_each_in_one_week():
    plan = planned(weeks=2)
    calls = plan.contacts.set_index("account_id")
    assert sorted(calls.index) == ["a", "b", "d", "f"]
    assert calls["week"].value_counts().to_dict() == {1: 2, 2: 2}
    assert set(calls.index[calls["week"] == 1]) == {"b", "d"} or plan.total > 0


def test_no_other_division_of_the_weeks_saves_more():
    from itertools import combinations

    single = planned(capacity=6).frame.set_index("account_id")
    now = single["net_saving"]
    later = now - single["cost_of_waiting"]
    plan = planned(weeks=2)
    best = max(
        sum(now[a] for a in first) + sum(later[a] for a in second)
        for first in combinations("abcdf", 2)
        for second in combinations([x for x in "abcdf" if x not in first], 2)
    )
    assert plan.total == pytest.approx(best)


def test_planned_contacts_stand_in_their_week(tmp_path):
    plan = planned(weeks=2)
    plan.commit(tmp_path)
    rows = pd.read_parquet(tmp_path / "planned_contacts.parquet")
    assert (rows["contacted_at"] - rows["decided_at"]).dt.days.value_counts().to_dict() == {0: 2, 7: 2}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"weeks": 0}, "whole number from 1"),
        ({"weeks": 2.5}, "whole number from 1"),
        ({"explore": 1.0}, "from 0 to below 1"),
        ({"explore": 0.1, "weeks": 2}, "one week at a time"),
    ],
)
def test_what_has_no_meaning_is_refused(more, words):
    with pytest.raises(BadPlan, match=words):
        planned(**more)


def test_a_policy_that_sorts_cannot_choose_weeks():
    with pytest.raises(BadPlan, match="only sorts"):
        plan_contacts(book.scores(), None, book.history(), policy=ByRisk(), weeks=2)


def test_a_contract_that_ends_by_itself_waits_until_its_end():
    chance, days = np.array([[0.5], [0.5], [0.5]]), np.array([90.0])
    ends = np.array([np.nan, 10.0, 60.0])
    assert left_by(7.0, days, chance, ends) == pytest.approx([1 - 0.5 ** (7 / 90), 0.0, 0.0])
    assert left_by(14.0, days, chance, ends) == pytest.approx([1 - 0.5 ** (14 / 90), 0.5, 0.0])


def test_a_third_of_the_contacts_goes_to_others_by_lot():
    plan = planned(capacity=3, explore=1 / 3)
    assert sorted(plan.decisions[plan.decisions["on_list"]]["account_id"]) == ["b", "d"]
    others = plan.decisions[~plan.decisions["on_list"]]
    assert others["contact"].sum() == 1
    assert (others["assignment"] == "random").all()
    assert others["propensity"].to_numpy() == pytest.approx(0.25, abs=0.07)  # one of four
    drawn = plan.contacts[plan.contacts["status_why"] != ""]
    assert drawn["status_why"].tolist() == ["drawn by lot, to learn what calls do off the list"]
    assert planned(capacity=3, explore=1 / 3).frame.equals(plan.frame)


def by_lot(hours, seed, *, together=True, explore=0.5):
    family = book.accounts(parent_id=["p", None, "q", None, "p", "q"])
    rules = book.RULES.model_copy(update={"seed": seed, "parents_together": together})
    history = book.history(family, book.managers(hours))
    plan = plan_contacts(book.scores(), None, history, policy=book.POLICY, rules=rules, explore=explore)
    return plan.decisions.set_index("account_id"), plan


def test_calls_by_lot_part_no_family():
    """a and e, c and f are families of two managers. Half of an hour and a half is one call each, for the others."""
    drawn = []
    for seed in range(40):
        rows, plan = by_lot((1.5, 1.5), seed)
        lot = rows[~rows["on_list"]]
        called = set(lot.index[lot["contact"]])
        assert {"a", "e"} <= called or not {"a", "e"} & called
        assert {"c", "f"} <= called or not {"c", "f"} & called
        assert plan.managers["hours_used"].max() <= 1.5
        drawn.append(frozenset(called))
        assert lot.loc["a", "propensity"] == lot.loc["e", "propensity"]
    assert {frozenset("ae"), frozenset("cf")} == set(drawn)  # mia has time for one of a and c, max for one of e and f
    apart = [
        frozenset(by_lot((1.5, 1.5), s, together=False)[0].query("contact and not on_list").index) for s in range(9)
    ]
    assert any(len(called & set("ae")) == 1 for called in apart)


def test_whom_there_is_no_time_to_call_by_lot_or_time_for_all_has_no_propensity():
    """A quarter of an hour of mia fits nobody; an hour and a half of max fits e and f, whoever comes first."""
    rows, _ = by_lot((0.5, 3.0), 0, together=False)
    assert not rows.loc[["a", "c"], "contact"].any()
    off = rows.loc[~rows["on_list"]]
    assert off["propensity"].isna().all()
    assert (off["assignment"] == "judgement").all()


def test_in_a_random_order_the_first_that_fit_are_called():
    order = np.array([[0.3, 0.1, 0.2]])
    assert _first_that_fit(order, np.array([30.0, 30.0, 60.0]), 60.0).tolist() == [[False, True, False]]


def test_teams_add_up_along_the_line():
    managers = pd.DataFrame(
        {
            "manager_id": ["m", "a", "b", "top"],
            "name": ["M", "A", "B", "Top"],
            "reports_to": ["top", "m", "m", None],
            "accounts": [0, 3, 2, 1],
            "called": [0, 1, 2, 0],
            "hours": [1.0, 2.0, 3.0, 4.0],
            "hours_used": [0.0, 1.0, 2.0, 0.0],
            "expected_saving": [0.0, 10.0, 20.0, 0.0],
            "value_at_risk": [0.0, 100.0, 300.0, 100.0],
            "value_covered": [0.0, 0.5, 0.25, 0.0],
        }
    )
    teams = roll_up(managers).set_index("manager_id")
    assert teams.index.tolist() == ["top", "m"]
    assert teams.loc["m", ["people", "accounts", "called", "hours"]].tolist() == [3, 5, 3, 6.0]
    assert teams.loc["m", "value_covered"] == pytest.approx(125 / 400)
    assert teams.loc["top", "value_covered"] == pytest.approx(125 / 500)


def test_what_stands_beside_a_name():
    told = book.reasons(
        [
            ("a", 1, "usage", "fewer logins", 0.9),
            ("a", 2, "contract", "renewed lately", -0.2),
            ("a", 3, "relationship", "a new contact", -0.5),
        ]
    )
    nps = pd.DataFrame(
        {
            "account_id": ["a", "a"],
            "occurred_at": pd.to_datetime(["2025-03-01", "2025-05-22"], utc=True),
            "metric": "nps",
            "score": [9, 3],
        }
    )
    tickets = pd.DataFrame(
        {
            "account_id": ["a", "a", "b"],
            "opened_at": pd.to_datetime(["2025-05-01", "2025-05-02", "2025-05-03"], utc=True),
            "resolved_at": pd.to_datetime(["2025-05-03", None, "2025-06-02"], utc=True),
        }
    )
    contacts = pd.DataFrame(
        {
            "account_id": ["a", "a"],
            "contacted_at": pd.to_datetime(["2025-02-01", "2025-03-01"], utc=True),
            "outcome": ["reached", "voice box"],
        }
    )
    history = book.history(satisfaction=nps, tickets=tickets, contacts=contacts)
    a, b = (planned(told=told, history=history).frame.set_index("account_id").loc[x] for x in "ab")
    assert (a["protective_1"], a["protective_2"]) == ("a new contact", "renewed lately")
    assert a["reason_1"] == "fewer logins"
    assert a[["reason_2", "reason_3"]].isna().all()  # what lowers the risk is no reason for it
    assert (a["last_nps"], a["nps_age_days"]) == (3, 10)
    assert (a["open_tickets"], b["open_tickets"]) == (1, 1)  # b's was resolved after the plan
    assert a["last_outcome"] == "voice box"
    assert a["percentile"] == pytest.approx(100 * 4.5 / 6)
    assert a["base_rate"] == pytest.approx(2.4 / 6)
    assert a["net_saving_low"] < a["net_saving"] < a["net_saving_high"]
    assert a["run_id"] == planned(told=told, history=history).plan_id


def test_two_factors_that_lower_the_risk_come_out_of_the_models_own_reasons(model, saas, scores):
    plan = plan_contacts(scores, model.explain(scores), saas, capacity=20)
    factors = plan.frame[plan.frame["status"] != "gone"][["protective_1", "protective_2"]]
    assert (factors.notna().mean() > 0.9).all()
    assert (factors["protective_1"] != factors["protective_2"]).all()


def test_a_list_that_is_just_the_most_valuable_accounts_says_so():
    probability = dict.fromkeys("abcdefgh", 0.5)
    value = {a: 1000.0 * (i + 1) for i, a in enumerate(probability)}
    history = book.history(book.accounts(dict.fromkeys(probability, "mia"), value))
    plan = plan_contacts(
        book.scores(probability), None, history, policy=book.POLICY, rules=ContactRules(cool_down="28d"), capacity=5
    )
    assert any("no better than sorting by value" in n and "mia (5 of 5)" in n for n in plan.notes)


def test_whose_contract_ends_by_itself_is_told():
    """As of 1 June: a's ends in 14 days unless signed again, b's goes on then, c's ends beyond the 90 days."""
    contracts = pd.DataFrame(
        {
            "account_id": ["a", "b", "c"],
            "started_at": pd.to_datetime(["2024-06-15", "2024-06-15", "2024-11-01"], utc=True),
            "term_months": 12,
            "auto_renew": [False, True, False],
        }
    )
    excluded = {"z": "has left"}
    history = book.history(subscriptions=contracts)
    made = plan_contacts(
        book.scores(excluded=excluded), None, history, policy=book.POLICY, rules=book.RULES, capacity=2
    )
    found = made.frame.set_index("account_id")
    assert found["ends_by_itself"].drop("z").to_dict() == {x: x == "a" for x in "abcdef"}
    assert pd.isna(found.loc["z", "ends_by_itself"])  # not asked
    assert found.loc[["a", "b"], "renewal"].dt.strftime("%Y-%m-%d").tolist() == ["2025-06-15"] * 2
