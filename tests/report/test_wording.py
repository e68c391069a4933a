"""Numbers, money, days and lists as people read them."""

from __future__ import annotations

import pandas as pd
import pytest

from churnkit.report import wording as w
from churnkit.timeline import Span, moment


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.34, "34%"),
        (0.0, "0%"),
        (1.0, "100%"),
        (0.083, "8.3%"),
        (0.0994, "9.9%"),
        (0.0996, "10%"),
        (0.0004, "<0.1%"),
        (0.9961, ">99%"),
        (float("nan"), "–"),
        (None, "–"),
    ],
)
def test_percent(share, shown):
    assert w.percent(share) == shown


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (1.0, "over 99%"),
        (0.995, "over 99%"),
        (0.9949, "99%"),
        (0.34, "34%"),
        (0.083, "8.3%"),
        (0.001, "0.1%"),
        (0.0009, "under 0.1%"),
        (0.0, "under 0.1%"),
        (float("nan"), "–"),
        (None, "–"),
    ],
)
def test_no_chance_is_certain(probability, shown):
    assert w.chance(probability) == shown


def test_between():
    assert w.between(0.22, 0.48) == "22 to 48%"
    assert w.between(0.0, 1.0) == "0 to 100%"
    assert w.between(0.0, 1.0, w.chance) == "under 0.1 to over 99%"
    assert w.between(0.022, 0.18) == "2.2 to 18%"
    assert w.between(float("nan"), 0.1) == "–"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (12345.6, "EUR", "€12,346"),
        (-1200, "USD", "−$1,200"),
        (4.567, "GBP", "£4.57"),
        (0, "GBP", "£0"),
        (0.004, "GBP", "£0"),
        (61300, "CHF", "CHF 61,300"),
        (-12.2, "money, as in the data", "−12"),
        (0.125, "accounts", "0.12 accounts"),
        (float("nan"), "EUR", "–"),
    ],
)
def test_money(value, unit, shown):
    assert w.money(value, unit) == shown


def test_the_unit_is_said_where_amounts_do_not_carry_it():
    assert w.unit_note("EUR") == ""
    assert w.unit_note("money, as in the data") == "Amounts are in money, as in the data."


def test_counts_hours_spans_and_days():
    assert w.count(1, "call") == "1 call"
    assert w.count(1204, "call") == "1,204 calls"
    assert w.hours(1) == "1 hour"
    assert w.hours(27.5) == "27.5 hours"
    assert w.span(Span.of("12w")) == "84 days"
    assert w.span(Span.of("1d")) == "1 day"
    assert w.span(Span.of("36h")) == "36 hours"
    assert w.day(moment("2026-06-01")) == "1 June 2026"
    assert w.day(pd.Timestamp("2026-12-24 08:00", tz="UTC")) == "24 December 2026"
    assert w.day(pd.NaT) == "–"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("contacted 2026-05-08, cool-down until 2026-06-05", "contacted 8 May 2026, cool-down until 5 June 2026"),
        ("the record ends 2026-05-31 22:39 UTC.", "the record ends 31 May 2026, 22:39 UTC."),
        ("2 within 30d, 1 within 1d; a gap of 7d.", "2 within 30 days, 1 within 1 day; a gap of 7 days."),
        ("model 5d4e, plan 12-2026-05-08, order 2026-13-45", "model 5d4e, plan 12-2026-05-08, order 2026-13-45"),
        ("probability_90d, v1.5d", "probability_90d, v1.5d"),
    ],
)
def test_dates_and_spans_in_sentences(text, said):
    assert w.plainly(text) == said


def test_lists():
    assert w.listed([]) == ""
    assert w.listed(["a"]) == "a"
    assert w.listed(["a", "b", "c"]) == "a, b and c"
    assert w.listed(["a", "b", "c", "d"], most=2) == "a, b and 2 more"


def test_tally_counts_the_most_frequent_first():
    assert w.tally(["x", "y", None, "y"]) == [("y", 2), ("x", 1), ("–", 1)]
