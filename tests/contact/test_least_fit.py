"""A special hat only where it is likely to fit: by hand on a book whose signs are given.

At present a is troubled by a bill with .6 and by nothing with .4; b the same with .8 and .2; nothing is told of c; d is
in full trouble with its support, e asleep, f as sure of support as of billing.
"""

import numpy as np
import pytest

from churnkit.contact import ByNetSaving, ByRisk, ContactRules, DeclaredEffect, plan_contacts, roster
from churnkit.contact.choices import _worn
from churnkit.contact.effect import Effect
from churnkit.contact.roster import read_roster
from churnkit.contact.signs import KINDS
from churnkit.contact.signs import states as st
from churnkit.contact.signs.states import LEAVING, point
from churnkit.errors import BadPlan
from churnkit.tables import ROLES
from support import plans as book
from support.told import signs
from support.trials import harming

BILL, SUPPORT = point("billing", 1, 9), point("support", 1, 9)
GENERAL = "service"
PRESENT = {
    "a": {BILL: 0.6, st.UNTROUBLED: 0.4},
    "b": {BILL: 0.8, st.UNTROUBLED: 0.2},
    "c": {},
    "d": {SUPPORT: 1.0},
    "e": {st.ASLEEP: 1.0},
    "f": {SUPPORT: 0.5, BILL: 0.5},
}

BILLED = {a: (x := LEAVING[BILL] * p[BILL]) / (x + p[st.UNTROUBLED]) for a, p in PRESENT.items() if a in "ab"}
"""Of those who would leave, the share troubled by a bill."""
ALL = {a: list(ROLES) for a in PRESENT}


@pytest.fixture(autouse=True)
def given(monkeypatch):
    """Signs of the six accounts, as they are above."""
    monkeypatch.setattr(roster, "read_signs", lambda *_: signs(*PRESENT.values()))


def worn(effect, least):
    """Hats that may be worn by account."""
    asked = ContactRules(least_fit=least).least_fit.by_role()
    found = _worn(read_roster(book.scores(), None, book.history()), effect, asked)
    return {a: [r for r, may in zip(ROLES, row, strict=True) if may] for a, row in zip(PRESENT, found, strict=True)}


def measured(default=0.0, *, error=1e-4, **kept):
    """A measured effect that keeps .1 in the general hat and a default in others, but of what is given by role."""
    effect = harming(default)
    noise = tuple(tuple(row) for row in (error**2 * np.eye(len(effect.cells))).tolist())

    def share(cell):
        return kept.get(cell.role, {}).get(cell.theme, 0.1 if cell.role == GENERAL else default)

    cells = tuple(c.model_copy(update={"share": share(c), "error": error}) for c in effect.cells)
    return effect.model_copy(update={"cells": cells, "covariance": noise})


def test_a_hat_is_worn_where_it_is_likely_enough_to_fit():
    """Financial mends a bill and nothing else, technical support; no hat those who sleep."""
    always = {"b": [GENERAL, "financial"], "c": list(ROLES), "d": [GENERAL, "technical"], "e": []}
    assert worn(DeclaredEffect(), 0.65) == {**always, "a": [GENERAL], "f": [GENERAL]}
    either = {"a": [GENERAL, "financial"], "f": [GENERAL, "technical", "financial"]}
    assert worn(DeclaredEffect(), 0.5) == {**always, **either}
    assert worn(DeclaredEffect(), 0.0) == ALL


def test_of_each_hat_as_much_may_be_asked():
    """a is billed with .6, f has either trouble with .5: enough for technical, not for a hat that speaks of money."""
    found = worn(DeclaredEffect(), {"sales": 0.75, "technical": 0.5, "financial": 0.75})
    assert found["a"] == [GENERAL]
    assert found["b"] == [GENERAL, "financial"]
    assert found["f"] == [GENERAL, "technical"]
    assert ContactRules().least_fit.by_role().tolist() == [0.65, 0.75, 0.3, 0.65]
    assert ContactRules(least_fit={"financial": 0.9}).least_fit.by_role().tolist() == [0.65, 0.75, 0.3, 0.9]
    assert ContactRules(least_fit=0).least_fit.by_role().tolist() == [0.0] * 4
    assert ContactRules(least_fit=0.9).least_fit.by_role().tolist() == [0.9, 0.75, 0.9, 0.9]


def test_whoever_is_likely_to_sleep_is_left_alone(monkeypatch):
    """a sleeps with .3, b with .2, else both have trouble with the price; the financial hat fits both, the general b.

    d and f sleep with .3, what else there is mended by no special hat, e sleeps.
    """
    seen = {
        "a": {BILL: 0.7, st.ASLEEP: 0.3},
        "b": {BILL: 0.8, st.ASLEEP: 0.2},
        "c": {},
        "d": {st.UNTROUBLED: 0.7, st.ASLEEP: 0.3},
        "e": {st.ASLEEP: 1.0},
        "f": {SUPPORT: 0.25, BILL: 0.45, st.ASLEEP: 0.3},
    }
    monkeypatch.setattr(roster, "read_signs", lambda *_: signs(*seen.values()))
    assert worn(DeclaredEffect(), {}) == {
        "a": ["financial"],
        "b": [GENERAL, "financial"],
        "c": list(ROLES),
        "d": [],
        "e": [],
        "f": [],
    }
    assert worn(DeclaredEffect(), {"service": 0.7})["f"] == [GENERAL]
    for policy in (ByNetSaving(value="worth", effect=DeclaredEffect(prior=0.9)), ByRisk()):
        plan = plan_contacts(book.scores(), None, book.history(), policy=policy, rules=book.RULES, capacity=6)
        frame = plan.frame.set_index("account_id")
        assert frame["status"].to_dict() == {a: "no expected gain" if a in "def" else "contact" for a in seen}
        assert frame.loc["f", "status_why"] == (
            "in no hat is a call likely enough to help, whatever it might save: see the signs"
        )
        assert frame.loc["f", "signs"].endswith("asleep: it pays, and hardly uses (30%)")
        assert frame.loc["a", "role"] == "financial"


def test_no_account_is_lost_whose_likeliest_hat_is_not_worn(monkeypatch):
    """Of a support, .3, is enough for the technical hat; a bill is likelier, .4, but not for the financial one."""
    seen = PRESENT | {"a": {SUPPORT: 0.3, BILL: 0.4, st.ASLEEP: 0.3}}
    monkeypatch.setattr(roster, "read_signs", lambda *_: signs(*seen.values()))
    assert worn(DeclaredEffect(), {})["a"] == ["technical"]
    policy = ByNetSaving(value="worth", effect=DeclaredEffect(prior=0.9))
    plan = plan_contacts(book.scores(), None, book.history(), policy=policy, rules=book.RULES, capacity=6)
    assert sorted(plan.frame["account_id"]) == sorted(PRESENT)
    assert plan.frame.set_index("account_id").loc["a", "status"] == "no expected gain"


def test_a_trouble_that_is_passing_needs_no_hat(monkeypatch):
    """a has a full trouble of billing with .6, one that passes with .3: .6 is asked for, not .9.

    b's passes with .8 and is none, so a hat that fits the untroubled fits it too.
    """
    passing = point("billing", 1, 4, 2)
    seen = PRESENT | {"a": {BILL: 0.6, passing: 0.3, st.UNTROUBLED: 0.1}, "b": {passing: 0.8, st.UNTROUBLED: 0.2}}
    monkeypatch.setattr(roster, "read_signs", lambda *_: signs(*seen.values()))
    assert worn(DeclaredEffect(), 0.6)["a"] == [GENERAL, "financial"]
    assert worn(DeclaredEffect(), 0.61)["a"] == worn(DeclaredEffect(), 0.01)["b"] == [GENERAL]
    assert worn(measured(sales={"untroubled": 0.2}), 1.0)["b"] == ["sales", GENERAL]


@pytest.mark.parametrize("least", [1.5, True, "often", {"care": 0.5}])
def test_what_is_no_share_is_refused(least):
    with pytest.raises(BadPlan, match=r"LeastFit|least_fit"):
        ContactRules(least_fit=least)


def test_a_hat_fits_what_it_keeps_no_less_of_than_the_general_one():
    """Technical keeps .2 of bills, a little more than the general hat of those untroubled, less of support: it fits a.

    Sales keeps nothing, financial harms the untroubled and keeps less of bills than the general hat.
    """
    effect = measured(
        technical={"billing": 0.2, "untroubled": 0.101, "support": 0.05},
        financial={"billing": 0.09, "untroubled": -0.2},
    )
    found = worn(effect, 1.0)
    assert found["a"] == found["b"] == [GENERAL, "technical"]
    assert found["d"] == found["e"] == found["f"] == [GENERAL]  # which keeps a tenth of those asleep too
    assert worn(effect, 0.5)["f"] == [GENERAL, "technical"]


def test_a_hat_that_keeps_none_does_not_fit_though_the_general_one_harms_more():
    effect = measured(-0.01, service=dict.fromkeys(KINDS, -0.1), sales={"billing": 0.01})
    found = worn(effect, 0.6)
    assert found["a"] == found["b"] == ["sales"]
    assert found["d"] == found["e"] == []


def test_what_luck_may_have_measured_leaves_hats_as_they_were_declared():
    """With an error of .1 a share of .16 is nothing for sure, one of .17 is something; of a difference that is .24.

    The general hat is declared to keep some of those untroubled, who seem to be harmed, and technical all of support.
    """
    kinds, role = {k: i for i, k in enumerate(KINDS)}, {r: i for i, r in enumerate(ROLES)}

    def fits(**kept):
        found = measured(service=dict.fromkeys(KINDS, 0.0) | kept.pop("service", {}), error=0.1, **kept).fits()
        return {(r, k) for r in role for k in kinds if found[role[r], kinds[k]]}

    usual = {(r, k) for r, k in fits() if k in ("untroubled", "asleep", "support", "billing")}
    by_trouble = {("service", "support"), ("technical", "support"), ("service", "billing"), ("financial", "billing")}
    assert usual == by_trouble | {("service", "untroubled")}
    assert fits(service={"untroubled": -0.16, "asleep": 0.16}) == fits()
    assert fits(service={"untroubled": -0.17}) == fits() - {("service", "untroubled")}
    assert fits(service={"asleep": 0.17}) == fits() | {("service", "asleep")}
    assert fits(technical={"support": -0.16}) == fits()
    assert fits(technical={"support": -0.17}) == fits() - {("technical", "support")}
    assert fits(sales={"support": 0.23}) == fits()  # it keeps some, but was not declared to be better than care
    assert fits(sales={"support": 0.24}) == fits() | {("sales", "support")}


def test_where_nothing_was_declared_the_estimate_counts():
    none = DeclaredEffect(prior=0)
    assert none.fits()[[0, 2, 3]].sum() == 0
    found = measured(error=0.5, sales={"billing": 0.2}, technical={"support": 0.09}).model_copy(update={"prior": none})
    fits = {(ROLES[r], KINDS[k]) for r, k in np.argwhere(found.fits())}
    assert fits == {("sales", "billing")} | {("service", k) for k in KINDS if k != "asleep"}
    nothing = measured(error=0.5, service={"usage": 0.0}).model_copy(update={"prior": none})
    assert not nothing.fits()[:, KINDS.index("usage")].any()  # which keeps none does not fit


def test_hats_that_err_together_are_told_apart():
    """Sales keeps .2 of support, care .1, each with an error of .1: together by .95 of it, so .1 apart is sure."""
    found = measured(error=0.1, sales={"support": 0.2})
    one, two = (ROLES.index(r) * len(KINDS) + KINDS.index("support") for r in ("sales", "service"))
    noise = np.array(found.covariance)
    noise[one, two] = noise[two, one] = 0.95 * 0.1**2
    together = found.model_copy(update={"covariance": tuple(map(tuple, noise.tolist()))})
    at = ROLES.index("sales"), KINDS.index("support")
    assert (bool(found.fits()[at]), bool(together.fits()[at])) == (False, True)


def test_as_declared_hats_fit_as_the_prior_says():
    effect = measured().as_declared()
    assert (effect.fits() == Effect.fits(effect)).all()
    assert not (measured(sales={"untroubled": 0.2}).fits() == effect.fits()).all()


def planned(effect, least, *, capacity=6):
    """Role and net saving of the calls of a plan by account."""
    rules = book.RULES.model_copy(update={"least_fit": ContactRules(least_fit=least).least_fit})
    policy = ByNetSaving(value="worth", effect=effect)
    calls = plan_contacts(book.scores(), None, book.history(), policy=policy, rules=rules, capacity=capacity).contacts
    return {a: (r, s) for a, r, s in zip(calls["account_id"], calls["role"], calls["net_saving"], strict=True)}


def saving(account, share):
    """What a call is worth that keeps a share of who would leave and costs 30."""
    return pytest.approx(share * book.PROBABILITY[account] * book.VALUE[account] - 30)


def test_a_declared_effect_falls_back_to_the_general_hat():
    """Of those who would leave a is troubled by a bill with x .6 of x .6 + .4, b with x .8 of x .8 + .2.

    x is how many times as many leave of such a bill. A prior of .2 is kept twice in the hat that fits, once in the
    general one and by a third where nothing troubles.
    """
    fits = {"b": ("financial", saving("b", 0.4 * BILLED["b"])), "d": ("technical", saving("d", 0.4))}
    general = {"c": (GENERAL, saving("c", 0.2))}
    assert planned(DeclaredEffect(prior=0.2), 0.65) == {
        **fits,
        **general,
        "a": (GENERAL, saving("a", 0.2 * (BILLED["a"] + (1 - BILLED["a"]) / 3))),
        "f": (GENERAL, saving("f", 0.2)),
    }
    assert (
        planned(DeclaredEffect(prior=0.2), 0.5)
        == planned(DeclaredEffect(prior=0.2), 0.0)
        == {
            **fits,
            **general,
            "a": ("financial", saving("a", 0.4 * BILLED["a"])),
            "f": ("technical", saving("f", 0.2 * (2 + 1 / 3) / 2)),
        }
    )


def test_of_a_measured_effect_only_hats_that_fit_are_choices():
    """Financial keeps half of those with a bill and pushes three in ten of the others out; .1 the general hat."""
    effect = measured(-0.3, financial={"billing": 0.5})
    b = ("financial", saving("b", 0.5 * BILLED["b"] - 0.3 * (1 - BILLED["b"])))
    strict, loose = planned(effect, 0.65), planned(effect, 0.5)
    assert (strict["a"], strict["b"]) == ((GENERAL, saving("a", 0.1)), b)
    assert (loose["a"], loose["b"]) == (("financial", saving("a", 0.5 * BILLED["a"] - 0.3 * (1 - BILLED["a"]))), b)
    assert strict["f"] == (GENERAL, saving("f", 0.1))


def test_an_effect_that_does_not_read_signs_is_not_limited(monkeypatch):
    """It keeps a fifth whatever the hat, which is then that of the likeliest trouble."""
    monkeypatch.setattr(DeclaredEffect, "reads_signs", False)
    assert worn(DeclaredEffect(), 1.0) == ALL
    assert planned(DeclaredEffect(prior=0.2), 1.0)["a"] == ("financial", saving("a", 0.2))


def test_without_signs_every_hat_may_be_worn(monkeypatch):
    monkeypatch.setattr(roster, "read_signs", lambda *_: None)
    assert worn(DeclaredEffect(), 1.0) == ALL
