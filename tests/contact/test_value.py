"""Value at stake: remaining value by hand, spending, columns, currencies."""

from math import exp, log

import numpy as np
import pandas as pd
import pytest

from churnkit import features as f
from churnkit.contact import ByNetSaving, RemainingValue, plan_contacts, read_policy
from churnkit.contact.policies import ByValueAtRisk
from churnkit.errors import BadPlan
from support import plans as book

MONTH = 365.25 / 12
RATE = log(1.1) / 12


def at(text):
    return pd.Timestamp(text, tz="UTC")


def stake(history, value=None, scores=None):
    made = plan_contacts(scores or book.scores(), None, history, policy=ByValueAtRisk(value=value), capacity=3)
    return made.frame.set_index("account_id")["value_at_stake"], made


def subscriptions(**columns):
    frame = pd.DataFrame(
        {
            "account_id": ["a", "a", "b", "c", "c", "d", "e"],
            "started_at": [at(f"{m}-01") for m in ("2024-06",) * 3 + ("2024-01", "2025-06", "2024-06", "2024-06")],
            "ended_at": [pd.NaT, pd.NaT, pd.NaT, at("2025-03-01"), pd.NaT, pd.NaT, at("2025-07-01")],
            "mrr": [100.0, 50.0, 200.0, 70.0, 90.0, np.nan, 40.0],
            "subscription_id": [f"s{i}" for i in range(7)],
        }
    )
    return frame.assign(**columns)


def life(p, cap=36):
    """Discounted months at the hazard of a probability over 90 days."""
    fall = -log(1 - p) / (90 / MONTH) + RATE
    return (1 - exp(-fall * cap)) / fall


def test_remaining_value_is_margin_times_income_times_life_at_the_books_rate():
    """The mean probability of the six is .4; a pays 150 in two contracts, e's end lies ahead."""
    value, made = stake(book.history(subscriptions=subscriptions()), RemainingValue(cap="1096d", segment="book"))
    months = life(0.4, 1096 / MONTH)
    assert value[["a", "b", "e"]].tolist() == pytest.approx([0.8 * pays * months for pays in (150, 200, 40)])
    assert value[["c", "d", "f"]].isna().all()  # c's contract starts at the moment itself; d's price is not known
    assert any("80% margin of mrr" in n and "at most 1096 days" in n for n in made.notes)
    assert any("at the rate of leaving of the book (" in n for n in made.notes)


def test_the_segments_rate_counts_not_the_accounts_own():
    """Segments of two: (n p_segment + 50 p_book) / (n + 50) with p_book = .4."""
    accounts = book.accounts(segment=["x", "y", "x", "y", "z", "z"])
    value, _ = stake(book.history(accounts, subscriptions=subscriptions()))
    x, y = (2 * 0.7 + 50 * 0.4) / 52, (2 * 0.3 + 50 * 0.4) / 52
    cap = 1095 / MONTH
    assert value["a"] == pytest.approx(0.8 * 150 * life(x, cap))
    assert value["b"] == pytest.approx(0.8 * 200 * life(y, cap))


def terms():
    """Six accounts pay 10 to 60; a and b may end any month, c to e in a year, nothing is known of f's term."""
    return pd.DataFrame(
        {
            "account_id": list("abcdef"),
            "started_at": at("2024-06-01"),
            "mrr": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0],
            "term_months": [1, 1, 12, 12, 12, np.nan],
            "subscription_id": [f"s{i}" for i in range(6)],
        }
    )


def test_contracts_of_about_the_same_term_and_price_are_a_segment():
    """Quarters end at 22.5, 35 and 47.5: a and b share term and quarter; c, d, e and f are each alone in theirs."""
    value, made = stake(book.history(subscriptions=terms()))
    of = book.PROBABILITY
    mean = sum(of.values()) / 6
    rate = {a: (of[a] + 50 * mean) / 51 for a in "cdef"} | dict.fromkeys("ab", (of["a"] + of["b"] + 50 * mean) / 52)
    cap = 1095 / MONTH
    pays = terms().set_index("account_id")["mrr"]
    assert value.to_dict() == pytest.approx({a: 0.8 * pays[a] * life(rate[a], cap) for a in of})
    assert any("at the rate of leaving of contracts of about its term and price (" in n for n in made.notes)


def test_the_longest_term_of_a_running_contract_counts():
    """b signs for half a year beside its monthly contract: long. Another contract of a's, for a year, has ended."""
    more = {"started_at": at("2024-01-01"), "mrr": 0.0, "subscription_id": ["s7", "s8"]}
    more = pd.DataFrame(more | {"account_id": ["a", "b"], "term_months": [12, 6], "ended_at": [at("2025-01-01"), None]})
    whole = pd.concat([terms().assign(ended_at=pd.NaT), more.astype({"ended_at": "datetime64[us, UTC]"})])
    value, _ = stake(book.history(subscriptions=whole))
    of, cap = book.PROBABILITY, 1095 / MONTH
    mean = sum(of.values()) / 6
    assert value["a"] == pytest.approx(0.8 * 10 * life((of["a"] + 50 * mean) / 51, cap))
    assert value["b"] == pytest.approx(0.8 * 20 * life((of["b"] + 50 * mean) / 51, cap))


def test_what_lies_on_the_edge_of_a_quarter_belongs_to_the_upper_one():
    """What e pays is not known; of the others the quarters end at 20, 30 and 40, so d and f share the last."""
    pays = terms().assign(mrr=[10.0, 20.0, 30.0, 40.0, np.nan, 50.0], term_months=12)
    value, _ = stake(book.history(subscriptions=pays))
    of, cap = book.PROBABILITY, 1095 / MONTH
    mean = sum(of.values()) / 6
    assert value["a"] == pytest.approx(0.8 * 10 * life((of["a"] + 50 * mean) / 51, cap))
    assert value["b"] == pytest.approx(0.8 * 20 * life((of["b"] + 50 * mean) / 51, cap))
    assert value["f"] == pytest.approx(0.8 * 50 * life((of["d"] + of["f"] + 50 * mean) / 52, cap))
    assert np.isnan(value["e"])


def test_an_attribute_named_book_is_an_attribute():
    accounts = book.accounts(book=["x", "y", "x", "y", "z", "z"])
    named, _ = stake(book.history(accounts, subscriptions=terms()), RemainingValue(segment="book"))
    again, _ = stake(book.history(book.accounts(segment=accounts["book"]), subscriptions=terms()))
    assert named.to_dict() == again.to_dict()
    assert named.to_dict() != stake(book.history(subscriptions=terms()), RemainingValue(segment="book"))[0].to_dict()


def test_margin_discount_and_cap_are_the_callers():
    rule = RemainingValue(margin=0.5, discount=0, cap="30d", segment="book")
    value, _ = stake(book.history(subscriptions=subscriptions()), rule)
    hazard = -log(0.6) / (90 / MONTH)
    assert value["a"] == pytest.approx(0.5 * 150 * (1 - exp(-hazard * 30 / MONTH)) / hazard)


def test_nobody_leaves_and_money_keeps_its_worth():
    calm = book.scores(dict.fromkeys("abcdef", 0.0))
    rule = RemainingValue(margin=1, discount=0, cap="365d")
    value, _ = stake(book.history(subscriptions=subscriptions()), rule, calm)
    assert value["a"] == pytest.approx(150 * 365 / MONTH)


@pytest.mark.parametrize(
    ("currency", "unit"),
    [(["eur"] * 7, "EUR"), (["EUR"] * 6 + ["USD"], "mixed currencies (EUR, USD) added as they are")],
)
def test_the_currency_is_said(currency, unit):
    _, made = stake(book.history(subscriptions=subscriptions(currency=currency)))
    assert made.unit == unit
    assert unit in made.notes[0]


@pytest.mark.parametrize(
    ("value", "currency", "unit", "said"),
    [
        (f.latest("mrr") * 12, ["eur"] * 7, "EUR", ", in EUR."),
        (f.latest("mrr"), ["EUR"] * 6 + ["USD"], "mixed currencies (EUR, USD) added as they are", "added as they are."),
        ("worth", ["eur"] * 7, "EUR", "column worth, taken as EUR, the currency of the contracts."),
        ("worth", ["EUR"] * 6 + ["USD"], "money, as in the data", "taken as money, as in the data: the cost of a call"),
        ("worth", None, "money, as in the data", "taken as money, as in the data: the cost of a call is taken off it."),
        (f.tenure(), ["eur"] * 7, "EUR", "taken as EUR, the currency of the contracts."),
        (f.latest("mrr"), None, "money, as in the data", ", in money, as in the data."),
    ],
)
def test_the_unit_of_every_value_is_said(value, currency, unit, said):
    columns = {} if currency is None else {"currency": currency}
    _, made = stake(book.history(subscriptions=subscriptions(**columns)), value)
    assert made.unit == unit
    assert said in made.notes[0]


def orders():
    rows = [
        ("a", "2025-05-31 23:59", 730.5),
        ("a", "2024-06-01 00:00", 365.25),
        ("a", "2024-05-31 23:59", 5000.0),
        ("a", "2025-06-01 00:00", 5000.0),
        ("b", "2025-05-01 00:00", -80.0),
        ("c", "2025-05-20 00:00", 90.0),
    ]
    frame = pd.DataFrame(rows, columns=["account_id", "occurred_at", "value"]).assign(event="order")
    frame["occurred_at"] = [at(t) for t in frame["occurred_at"]]
    return frame


def test_spending_of_the_last_year_stands_in_for_contracts():
    """a spent 1,095.75 in 365 days; c opened 31 days ago and counts as 90 days old; b's is negative."""
    accounts = book.accounts(opened_at=[at("2024-01-01")] * 2 + [at("2025-05-01")] + [at("2024-01-01")] * 3)
    value, made = stake(book.history(accounts, activity=orders()))
    months = life(0.4, 1095 / MONTH)
    assert value["a"] == pytest.approx(0.4 * 1095.75 / (365 / MONTH) * months)
    assert value["c"] == pytest.approx(0.4 * 90 / (90 / MONTH) * months)
    assert value[["b", "d"]].tolist() == [0, 0]
    assert any("40% margin of order values of the last 365 days" in n for n in made.notes)


def test_without_money_every_account_counts_one_and_a_call_costs_nothing():
    made = plan_contacts(book.scores(), None, book.history(), policy=ByNetSaving(), capacity=2)
    assert made.unit == "accounts"
    assert made.contacts["net_saving"].tolist() == pytest.approx([0.15 * 0.9, 0.15 * 0.5])


def test_an_unknown_column_or_segment_is_refused_with_the_nearest():
    with pytest.raises(BadPlan, match="did you mean 'worth'"):
        stake(book.history(), "wort")
    with pytest.raises(BadPlan, match="no attribute 'segmnt'"):
        stake(book.history(subscriptions=subscriptions()), RemainingValue(segment="segmnt"))


def test_a_column_of_the_scores_can_be_the_value():
    value, _ = stake(book.history(), "low")
    assert value.to_dict() == book.PROBABILITY


def test_an_expression_is_measured_at_the_moment_of_the_scores():
    """a pays 150 since 2024-06-01; c's contract of 90 starts at the moment itself and is not known yet."""
    history = book.history(subscriptions=subscriptions())
    value, made = stake(history, f.latest("mrr") * 12)
    assert value[["a", "b"]].tolist() == [1800, 2400]
    assert value["c"] == 0
    assert np.isnan(value["f"])
    assert read_policy(made.policy.model_dump(mode="json")) == made.policy


def test_what_tells_no_value_is_refused():
    with pytest.raises(BadPlan, match="a list tells no value"):
        ByNetSaving(value=[1, 2])
