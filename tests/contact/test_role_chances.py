"""P(role | contacted): written chances stand, and what was not written follows from them."""

import numpy as np
import pandas as pd
import pytest

from churnkit import features as f
from churnkit.contact import ByNetSaving, plan_contacts
from churnkit.contact.doubly_robust import from_nuisances
from churnkit.contact.role_chances import role_chances
from churnkit.contact.signs import KINDS
from churnkit.contact.trial import RANDOMISED, Trial, read_trial
from churnkit.labels import Cancelled
from churnkit.tables import ROLES
from support import plans as book
from support.trials import WHEN, harming, told_by

SALES, SERVICE, TECHNICAL, FINANCIAL = range(len(ROLES))


def chances(contact, role, given, X=None):
    n = len(contact)
    X = np.zeros((n, 1)) if X is None else X
    return role_chances(np.array(contact, dtype=bool), np.array(role, dtype=np.int8), np.array(given, dtype=float), X)


def test_written_chances_stand_whatever_was_drawn():
    """Two of four contacts are sales though the lot gave it .1; who was not called could have drawn the same."""
    role = [SALES, SALES, SERVICE, TECHNICAL, FINANCIAL, -1]
    found = chances([1, 1, 1, 1, 1, 0], role, [0.1, 0.1, 0.7, 0.1, 0.1, np.nan])
    assert found == pytest.approx(np.tile([0.1, 0.7, 0.1, 0.1], (6, 1)))


def test_a_settled_role_is_certain_for_called_and_not_called():
    found = chances([1, 0, 1], [TECHNICAL, FINANCIAL, SALES], [1.0, 1.0, 1.0])
    assert found.tolist() == np.eye(4)[[TECHNICAL, FINANCIAL, SALES]].tolist()


def test_without_written_chances_roles_have_their_share():
    found = chances([1, 1, 1, 0], [SALES, SALES, SERVICE, -1], [np.nan] * 4)
    assert found == pytest.approx(np.tile([2 / 3, 1 / 3, 0, 0], (4, 1)))


def test_chances_that_differ_are_learnt_from_what_was_known():
    """Of two groups one draws technical with .8, the other with .2."""
    group = np.arange(2000) % 2
    q = np.where(group == 1, 0.8, 0.2)
    technical = np.random.default_rng(2).random(2000) < q
    contact = np.arange(2000) % 4 < 2
    role = np.where(contact, np.where(technical, TECHNICAL, SERVICE), -1)
    given = np.where(contact, np.where(technical, q, 1 - q), np.nan)
    found = chances(contact, role, given, group[:, None].astype(float))
    assert found[:, TECHNICAL] == pytest.approx(q, abs=0.01)
    assert found.sum(axis=1) == pytest.approx(1.0)


def test_roles_settled_by_the_trouble_are_told_apart():
    """Technical calls keep half of one half of the book, financial ones nothing of the other: p0 .5 throughout.

    In each half 400 are called and 400 not: of the first half 100 and 200 leave, of the second 200 and 200.
    """
    n = 1600
    first, contact = np.arange(n) < 800, np.arange(n) % 800 < 400
    left = np.arange(n) % 400 < np.where(first & contact, 100, 200)
    role = np.where(first, TECHNICAL, FINANCIAL).astype(np.int8)
    trial = Trial(
        rung=RANDOMISED,
        account=np.arange(n, dtype=np.int32),
        decided=np.zeros(n, dtype=np.int64),
        contact=contact,
        role=np.where(contact, role, -1).astype(np.int8),
        propensity=np.full(n, 0.5),
        role_propensity=role_chances(contact, role, np.ones(n), np.zeros((n, 1))),
        left=left.astype(float),
        kind=np.full(n, -1, dtype=np.int8),
        X=np.zeros((n, 1)),
        immature=0,
        outside=0,
    )
    found = from_nuisances(trial, np.where(first, 0.375, 0.5), np.full(n, 0.5), np.ones(n, dtype=bool))
    cells = np.array([TECHNICAL, FINANCIAL]) * len(KINDS) + len(KINDS) - 1
    assert found.share[cells] == pytest.approx([0.5, 0.0], abs=0.01)
    assert (np.diag(found.covariance)[cells] > 0).all()


def test_a_trial_reads_them():
    decisions = pd.DataFrame(
        {
            "account_id": list("abcd"),
            "decided_at": WHEN,
            "contact": [True, True, False, False],
            "assignment": "random",
            "propensity": 0.5,
            "role": ["sales", "service", None, None],
            "role_propensity": [0.2, 0.8, None, None],
        }
    )
    trial = read_trial(told_by(decisions), Cancelled(horizon="90d"), (f.tenure(),))
    assert trial.role_propensity == pytest.approx(np.tile([0.2, 0.8, 0, 0], (4, 1)))


def test_who_is_held_out_is_written_down_in_the_role_that_the_list_had():
    """A technical call takes an hour and keeps .3, one of service half an hour and .2; mia has half an hour, for b."""
    effect = harming(0.0)
    keeps = {"technical": 0.3, "service": 0.2}
    cells = tuple(c.model_copy(update={"share": keeps.get(c.role, 0.0)}) for c in effect.cells)
    policy = ByNetSaving(value="worth", effect=effect.model_copy(update={"cells": cells}))
    minutes = book.RULES.minutes.model_copy(update={"technical": 60.0})
    rules = book.RULES.model_copy(update={"minutes": minutes})
    made = []
    for seed in range(30):
        held = rules.model_copy(update={"holdout": 0.4, "seed": seed})
        plan = plan_contacts(book.scores(), None, book.history(team=book.managers((0.5, 0))), policy=policy, rules=held)
        row = plan.decisions.set_index("account_id").loc["b"]
        assert row["on_list"]
        made.append((bool(row["contact"]), row["role"]))
    assert set(made) == {(True, "service"), (False, "service")}
