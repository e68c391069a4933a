"""What people write down: policies, effects, rules; and the waiting and certainty of a place by hand."""

from typing import ClassVar, Literal

import numpy as np
import pytest

from churnkit.contact import (
    EFFECTS,
    POLICIES,
    ByNetSaving,
    ByRisk,
    ContactRules,
    DeclaredEffect,
    Policy,
    RemainingValue,
    plan_contacts,
    read_policy,
)
from churnkit.contact.waiting import left_by, saving_after
from churnkit.errors import BadPlan
from churnkit.history.signals import THEMES
from support import plans as book


@pytest.mark.parametrize("kind", list(POLICIES))
def test_a_policy_survives_json(kind):
    policy = POLICIES[kind]()
    assert read_policy(policy.model_dump(mode="json")) == policy


def test_a_policy_with_value_and_effect_survives_json():
    policy = ByNetSaving(value=RemainingValue(margin=0.7, cap="365d"), effect=DeclaredEffect(by_theme={"billing": 0.3}))
    assert read_policy(policy.model_dump(mode="json")) == policy
    assert type(POLICIES["net_saving"].model_validate_json(policy.model_dump_json()).effect) is EFFECTS["declared"]


def test_an_own_policy_registers_itself_and_plans():
    class BySmallness(Policy):
        kind: Literal["smallness_of_test"] = "smallness_of_test"
        value: str = "worth"
        needs_value: ClassVar[bool] = True

        def worth(self, calls):
            return 1.0 / calls.value

    try:
        made = plan_contacts(book.scores(), None, book.history(), policy=POLICIES["smallness_of_test"](), capacity=2)
    finally:
        del POLICIES["smallness_of_test"]
    assert made.contacts["account_id"].tolist() == ["c", "e"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ContactRules(hourly_cost=-1),
        lambda: ContactRules(minutes={"sales": 0}),
        lambda: ContactRules(minutes={"selling": 30}),
        lambda: ContactRules(holdout=1.0),
        lambda: ContactRules(cool_down="a month"),
        lambda: ContactRules(large_share=0.7, small_share=0.7),
        lambda: DeclaredEffect(prior=1.5),
        lambda: DeclaredEffect(by_theme={"weather": 0.1}),
        lambda: RemainingValue(margin=-1),
        lambda: ByNetSaving(efect=None),
        lambda: read_policy({"kind": "by_hunger"}),
        lambda: ByNetSaving(effect={"kind": "declaration"}),
    ],
)
def test_what_has_no_meaning_is_refused_as_a_bad_plan(wrong):
    with pytest.raises(BadPlan):
        wrong()


def test_rules_survive_json():
    rules = ContactRules(cool_down="14d", minutes={"sales": 20}, holdout=0.1)
    assert ContactRules.model_validate_json(rules.model_dump_json()) == rules
    assert rules.minutes.service == 30


def test_sizes_are_shares_of_the_book():
    rules = ContactRules(large_share=0.2, small_share=0.5)
    value = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 9, np.nan])
    assert [int(s) for s in rules.size(value)] == [0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 1]
    assert rules.size(np.array([5.0, 5.0, 5.0])).tolist() == [0, 0, 0]


def test_declared_effect_by_theme():
    effect = DeclaredEffect(prior=0.1, by_theme={"billing": 0.5})
    theme = np.array([THEMES.index("billing"), THEMES.index("usage"), -1], dtype=np.int8)
    role = np.zeros(3, dtype=np.int8)
    assert effect.saved(np.full((2, 3), 0.4), role, theme) == pytest.approx(np.tile([0.2, 0.04, 0.04], (2, 1)))
    assert effect.evidence(role, theme).tolist() == ["assumed"] * 3
    assert "50% where the trouble is billing" in effect.told()


def test_the_hazard_is_constant_between_horizons():
    """P(30 d) = .19, P(90 d) = .271: survival .81 and .729, so sqrt(.81) at 15 and .81 x sqrt(.9) at 60 days."""
    chances = np.array([[0.19, 0.271]])
    days = np.array([30.0, 90.0])
    assert left_by(15, days, chances) == pytest.approx([1 - 0.9])
    assert left_by(30, days, chances) == pytest.approx([0.19])
    assert left_by(60, days, chances) == pytest.approx([1 - 0.81 * 0.9**0.5])
    assert left_by(150, days, chances) == pytest.approx([1 - 0.729 * 0.9])
    assert left_by(0, days, chances) == pytest.approx([0])


def test_waiting_loses_who_leaves_meanwhile():
    """Half of .4 leave in the week; of those still here .25 leave: .8 x (.1 x .25 x 1,000 - 10) = 12."""
    end, gone, one = np.array([0.4]), np.array([0.2]), np.ones(1)
    saved = lambda p: 0.1 * p
    assert saving_after(end, 0 * gone, 0 * gone, saved, value=1000 * one, cost=10 * one) == pytest.approx([30])
    assert saving_after(end, gone, gone, saved, value=1000 * one, cost=10 * one) == pytest.approx([12])


def test_who_leaves_before_a_call_works_is_not_kept():
    """Of .4 that leave .3 are lost at once: .1 x .1 x 1,000 - 10 = 0. A week later .2 are gone: .8 x (.1 x .125 x 1,000
    - 10) = 2."""
    end, lost, one = np.array([0.4]), np.array([0.3]), np.ones(1)
    saved = lambda p: 0.1 * p
    assert saving_after(end, 0 * one, lost, saved, value=1000 * one, cost=10 * one) == pytest.approx([0])
    assert saving_after(end, 0.2 * one, lost, saved, value=1000 * one, cost=10 * one) == pytest.approx([2])


def test_a_certain_leaver_costs_all_to_wait_for():
    week = left_by(7, np.array([90.0]), np.array([[1.0]]))
    later = saving_after(np.ones(1), week, week, lambda p: 0.1 * p, value=np.array([1000.0]), cost=np.array([10.0]))
    assert np.isfinite(later).all()


def test_two_accounts_of_equal_risk_and_spread_share_the_first_place():
    """p equal, spread equal: each is truly first in half of the draws (standard error .011)."""
    scores = book.scores({"a": 0.3, "b": 0.3}, low=[0.2, 0.2], high=[0.42, 0.42])
    two = book.accounts({"a": "mia", "b": "mia"})
    made = plan_contacts(scores, None, book.history(two), policy=ByRisk(), capacity=1)
    assert made.frame["top_k_probability"].tolist() == pytest.approx([0.5, 0.5], abs=0.04)


def test_a_gap_of_two_spreads_is_nearly_sure():
    """Log-odds one apart, standard deviation .5 each: P = Phi(1 / (.5 sqrt 2)) = .9214."""
    logit = lambda p: np.log(p / (1 - p))
    expit = lambda z: 1 / (1 + np.exp(-z))
    p = np.array([0.3, float(expit(logit(0.3) - 1))])
    ends = [expit(logit(p) + side * 1.6448536 * 0.5) for side in (-1, 1)]
    scores = book.scores(dict(zip("ab", p, strict=True)), low=ends[0], high=ends[1])
    two = book.history(book.accounts({"a": "mia", "b": "mia"}))
    made = plan_contacts(scores, None, two, policy=ByRisk(), capacity=1)
    assert made.frame["top_k_probability"].tolist() == pytest.approx([0.9214, 0.0786], abs=0.02)


def test_places_are_as_sure_as_a_refit_would_move_them_not_as_intervals_are_wide():
    """Log-odds 0, -1 and -4, in intervals of almost 0 to 1; a refit moves the second alone, by 1: P = Phi(-1)."""
    p = {"c": 1 / (1 + np.exp(4)), "a": 0.5, "b": 1 / (1 + np.e)}
    scores = book.scores(p, low=[0.001] * 3, high=[0.999] * 3)
    scores.refit_spread = np.array([0.0, 0.0, 1.0])
    three = book.history(book.accounts(dict.fromkeys("abc", "mia")))
    sure = plan_contacts(scores, None, three, policy=ByRisk(), capacity=1).frame.set_index("account_id")
    assert sure["top_k_probability"][["a", "b", "c"]].tolist() == pytest.approx([0.8413, 0.1587, 0], abs=0.025)


def test_without_spread_places_are_certain():
    made = plan_contacts(book.scores(), None, book.history(), policy=book.POLICY, rules=book.RULES, capacity=3)
    known = made.frame.set_index("account_id")["top_k_probability"]
    assert known[["a", "b", "d", "c", "e", "f"]].tolist() == [1, 1, 1, 0, 0, 0]
