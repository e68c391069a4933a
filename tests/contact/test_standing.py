"""Who may be called at all: cool-down, do-not-contact, holdout, and data that are wanting."""

import numpy as np
import pandas as pd
import pytest

from churnkit.contact import ByRisk, ContactRules, plan_contacts
from churnkit.contact.standing import unit_hash
from support import plans as book


def at(text):
    return pd.Timestamp(text, tz="UTC")


def contacts(*rows, **columns):
    frame = pd.DataFrame(rows, columns=["account_id", "contacted_at"])
    frame["contacted_at"] = [at(t) for t in frame["contacted_at"]]
    return frame.assign(**columns)


def decisions(account, decided, *, contact=True, until=None, on_list=None):
    frame = pd.DataFrame({"account_id": [account], "decided_at": [at(decided)], "contact": [contact]})
    frame["assignment"] = "judgement" if on_list is None else "random"
    frame["until"] = pd.NaT if until is None else at(until)
    return frame if on_list is None else frame.assign(on_list=on_list, propensity=0.9)


def plan(history=None, rules=book.RULES, scores=None, **more):
    more = {"policy": book.POLICY, "capacity": 6, **more}
    return plan_contacts(scores or book.scores(), None, history or book.history(), rules=rules, **more)


def row(made, account):
    return made.frame.set_index("account_id").loc[account]


def test_a_contact_within_the_cool_down_is_enough():
    made = plan(book.history(contacts=contacts(("b", "2025-05-20 09:00"))))
    assert row(made, "b")["status"] == "cool-down"
    assert row(made, "b")["status_why"] == "contacted 2025-05-20, cool-down until 2025-06-17"
    assert row(made, "b")["last_contact"] == at("2025-05-20 09:00")


def test_the_cool_down_ends_to_the_moment():
    """28 days before 2025-06-01 is 2025-05-04: a contact then is over, one a second later is not."""
    assert row(plan(book.history(contacts=contacts(("b", "2025-05-04 00:00:00")))), "b")["status"] == "contact"
    assert row(plan(book.history(contacts=contacts(("b", "2025-05-04 00:00:01")))), "b")["status"] == "cool-down"


def test_a_contact_recorded_later_was_not_known():
    late = contacts(("b", "2025-05-20"), recorded_at=[at("2025-06-02")])
    assert row(plan(book.history(contacts=late)), "b")["status"] == "contact"


def test_a_contact_at_the_moment_of_the_plan_belongs_to_the_future():
    assert row(plan(book.history(contacts=contacts(("b", "2025-06-01")))), "b")["status"] == "contact"


def test_a_decided_contact_cools_down_before_it_is_carried_out():
    made = plan(book.history(decisions=decisions("b", "2025-05-25")))
    assert row(made, "b")["status"] == "cool-down"


def test_at_most_so_many_contacts_within_a_period():
    two = contacts(("b", "2025-03-10"), ("b", "2025-04-10"), ("d", "2025-04-10"))
    made = plan(book.history(contacts=two), book.RULES.model_copy(update={"most_contacts": 2}))
    assert row(made, "b")[["status", "status_why"]].tolist() == ["cool-down", "2 contacts within 90d"]
    assert row(made, "d")["status"] == "contact"


def test_a_contact_and_its_decision_are_one_contact():
    both = {
        "contacts": contacts(("b", "2025-04-11"), decided_at=[at("2025-04-10")]),
        "decisions": decisions("b", "2025-04-10"),
    }
    made = plan(book.history(**both), book.RULES.model_copy(update={"most_contacts": 2}))
    assert row(made, "b")["status"] == "contact"


def test_a_do_not_contact_mark_stands_above_all():
    marked = book.accounts(do_not_contact=[False, True, False, False, False, False])
    made = plan(book.history(marked, contacts=contacts(("b", "2025-05-20"))))
    assert row(made, "b")["status"] == "do-not-contact"
    assert "b" not in set(made.decisions["account_id"])


def test_unknown_value_keeps_off_a_list_by_value_but_not_by_risk():
    blank = book.accounts(value={**book.VALUE, "b": np.nan, "c": -5.0})
    made = plan(book.history(blank))
    assert row(made, "b")[["status", "status_why"]].tolist() == ["data", "its value at stake is not known"]
    assert row(made, "c")["value_at_stake"] == 0
    assert any("1 of 6 accounts unknown" in n and "first: b" in n for n in made.notes)
    assert any("1 of 6 accounts negative" in n and "first: c" in n for n in made.notes)
    assert row(plan(book.history(blank), policy=ByRisk()), "b")["status"] == "contact"


def test_nobody_to_call():
    made = plan(book.history(book.accounts({**book.MANAGER, "a": None, "f": "moe"}), book.managers()), capacity=None)
    assert row(made, "a")["status_why"] == "no manager is named for it"
    assert row(made, "f")["status_why"] == "its manager moe is not in the managers table"


def many(n=400):
    ids = [f"k{i:03d}" for i in range(n)]
    random = np.random.default_rng(5)
    accounts = book.accounts(dict.fromkeys(ids, "mia"), dict(zip(ids, random.gamma(2, 1500, n), strict=True)))
    return accounts, dict(zip(ids, random.uniform(0.05, 0.6, n), strict=True))


HOLDOUT = ContactRules(holdout=0.2, seed=3)


def held(made):
    return set(made.frame.loc[made.frame["status"] == "holdout", "account_id"])


def test_the_holdout_has_its_share_of_every_stratum():
    accounts, probability = many()
    made = plan(book.history(accounts), HOLDOUT, book.scores(probability), capacity=100)
    count = made.decisions.assign(held=made.decisions["account_id"].isin(held(made))).groupby("stratum")["held"]
    assert (count.sum() - 0.2 * count.size()).abs().max() < 1
    assert len(count.size()) == 6


def test_the_holdout_does_not_depend_on_capacity_policy_or_order():
    accounts, probability = many()
    one = plan(book.history(accounts), HOLDOUT, book.scores(probability), capacity=100)
    turned = dict(reversed(probability.items()))
    two = plan(book.history(accounts), HOLDOUT, book.scores(turned), capacity=7)
    assert held(one) == held(two)
    assert held(one) != held(plan(book.history(accounts), ContactRules(holdout=0.2, seed=4), book.scores(probability)))


def test_whom_the_first_list_names_and_the_lot_spares_stays():
    accounts, probability = many()
    made = plan(book.history(accounts), HOLDOUT, book.scores(probability), capacity=100)
    free = plan(book.history(accounts), ContactRules(seed=3), book.scores(probability), capacity=100)
    first = set(free.contacts["account_id"])
    assert first - held(made) <= set(made.contacts["account_id"])
    assert len(made) == 100
    rows = made.decisions.set_index("account_id")
    assert set(rows.index[rows["on_list"]]) == first
    assert (rows.loc[rows["on_list"], "propensity"] == 0.8).all()
    assert (rows["on_list"] == (rows["assignment"] == "random")).all()
    assert rows.loc[~rows["on_list"], "propensity"].isna().all()
    assert not rows.loc[sorted(held(made)), "contact"].any()


@pytest.mark.parametrize("through", ["previous", "decisions"])
def test_a_draw_stays_for_its_horizon(through):
    accounts, probability = many()
    first = plan(book.history(accounts), HOLDOUT, book.scores(probability), capacity=100)
    on_list = first.decisions[first.decisions["on_list"]].set_index("account_id")["contact"]
    spared = book.history(accounts) if through == "previous" else book.history(accounts, decisions=first.decisions)
    previous = first if through == "previous" else None
    rules = HOLDOUT.model_copy(update={"cool_down": ContactRules(cool_down="1d").cool_down})
    later = plan(spared, rules, book.scores(probability, as_of="2025-08-25"), capacity=100, previous=previous)
    still = later.decisions.set_index("account_id")["contact"]
    names = [a for a in on_list.index if not on_list[a]]
    assert names
    assert not still[names].any()
    assert set(on_list.index[on_list]).isdisjoint(held(later))
    without = rules.model_copy(update={"holdout": 0.0})
    still = plan(spared, without, book.scores(probability, as_of="2025-08-25"), capacity=100, previous=previous)
    assert held(still) == set(names) - set(still.frame.loc[still.frame["status"] == "cool-down", "account_id"])
    over = plan(spared, rules, book.scores(probability, as_of="2025-08-31"), capacity=100, previous=previous)
    assert held(over) != held(later)


def test_off_an_earlier_list_all_are_drawn_anew():
    """Of those off the first list who were held, and may be called again, a fifth is held again, not all."""
    accounts, probability = many()
    first = plan(book.history(accounts), HOLDOUT, book.scores(probability), capacity=100)
    later = book.history(accounts, decisions=first.decisions)
    second = plan(later, HOLDOUT, book.scores(probability, as_of="2025-06-08"), capacity=100)
    listed = set(first.decisions.loc[first.decisions["on_list"], "account_id"])
    before, now = held(first) - listed, held(second) - listed
    assert len(before) > 40
    assert 0.05 < len(before & now) / len(before) < 0.4
    again = plan(later, HOLDOUT, book.scores(probability, as_of="2025-06-08"), capacity=100)
    assert held(again) == held(second)


def test_hashes_are_uniform_and_fixed():
    numbers = np.array([unit_hash(0, 1, i) for i in range(5_000)])
    assert np.histogram(numbers, bins=10, range=(0, 1))[0] == pytest.approx([500] * 10, abs=90)
    assert unit_hash(0, "a") != unit_hash(1, "a")
