"""The page: whom first, what it is worth, why, how good; whole, safe and readable without script."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from churnkit import report
from churnkit.report.calls import MEANING, others, summary
from churnkit.report.page import page
from support import drawn, plans
from support.markup import Page


@pytest.fixture(scope="module")
def whole() -> Page:
    told = drawn.scores(notes=("tickets: the record ends early",))
    plan, why = drawn.plan(told=told), drawn.reasons()
    return Page(page(plan, scores=told, reasons=why, evaluation=drawn.evaluation(), history=drawn.history()))


def test_it_is_one_document_in_english(whole):
    assert whole.source.startswith("<!doctype html>")
    assert whole.all("html") == [{"lang": "en"}]
    assert len(whole.all("h1")) == 1
    assert len(whole.all("main")) == 1


def test_nothing_is_loaded_from_elsewhere(whole):
    assert whole.addresses == []
    assert whole.all("link") == []
    assert whole.all("img") == []


def test_the_headline_says_whom_and_what_it_is_worth(whole):
    # b and d keep 130 each (support/plans.py); d is likelier to leave, so waiting costs more. 30 minutes each.
    assert "Call D Ltd and B Ltd first." in whole.text
    assert "2 calls in 1.0 of 1.5 hours, expected to keep 260 after what they cost." in whole.text
    assert "assumed, not measured: a call keeps 20% of those who would leave." in whole.text


def test_a_card_says_everything_of_its_account(whole):
    for said in ("B Ltd", "Mia", "30 min", "20%", "16 to 22%", "4,000", "130", "+12 points"):
        assert said in whole.text, said
    assert "Logins of b fell from 41 to 12." in whole.text
    assert "Speaks for staying: Exports on 14 of 30 days (peers: 6)." in whole.text


def test_another_probability_without_a_call_is_shown_with_its_signs():
    plan = drawn.plan()
    assert "without a call" not in Page(page(plan)).text.replace("Without a call", "")
    b = plan.frame["account_id"] == "b"
    plan.frame.loc[b, "probability_uncalled"], plan.frame.loc[b, "signs"] = 0.56, "trouble with the price (91%)"
    assert "56% without a call, by its signs: trouble with the price (91%)" in Page(page(plan)).text
    plan.frame.loc[b, "signs"] = None
    assert "56% without a call" in Page(page(plan)).text


def test_a_contract_that_ends_by_itself_is_told_with_its_day():
    """Why it may be called before others that are worth more."""
    plan = drawn.plan()
    assert "unless signed again" not in Page(page(plan)).text
    b = plan.frame["account_id"] == "b"
    plan.frame["renewal"] = plan.frame["renewal"].where(~b, pd.Timestamp("2025-06-19", tz="UTC"))
    assert "unless signed again" not in Page(page(plan)).text  # it goes on
    plan.frame.loc[b, "ends_by_itself"] = True
    assert "contract ends on 19 June 2025 unless signed again" in Page(page(plan)).text


def test_no_probability_is_shown_as_certain():
    told = drawn.scores()
    p = told.frame.set_index("account_id")[["probability", "low", "high"]]
    p.loc["d"], p.loc["e"] = (0.9999, 0.97, 1.0), (0.0004, 0.0, 0.02)
    told.frame[["probability", "low", "high"]] = p.to_numpy()
    listed = drawn.plan(told=told)
    assert listed.contacts.iloc[0]["account_id"] == "d"
    listed.frame["top_k_probability"] = 1.0
    shown = Page(page(listed, scores=told))
    for said in ("over 99%", "97 to over 99%"):
        assert said in shown.text
        assert said in report.html(listed)
        assert said in report.text(told)
    assert "under 0.1 to 2.0%" in report.text(told)
    assert "sure of the first over 99%" in shown.text
    assert "over 99%, between 97% and over 99%" in shown.source


def test_dates_and_spans_stand_in_words(whole):
    for said in ("contacted 20 May 2025, cool-down until", "1 January 2025 and 1 February 2025", "within 90 days"):
        assert said in whole.text, said
    assert not re.search(r"\d{4}-\d\d-\d\d|\b\d+d\b", whole.text)


def test_every_status_is_counted_and_explained(whole):
    for status in set(MEANING) - {"holdout", "data"}:
        accounts = 2 if status == "gone" else 1
        assert f"{status} {accounts} {MEANING[status]}" in whole.text
    assert "contract ended (1) and notice given (1)" in whole.text


def test_every_status_that_a_plan_can_have_has_a_meaning():
    from churnkit.contact import STATUSES

    assert set(MEANING) == set(STATUSES) - {"contact"}


def test_accounts_add_up():
    plan = drawn.held_out()
    assert len(plan) + sum(group.accounts for group in others(plan)) == len(plan.frame)
    assert any(group.status == "holdout" for group in others(plan))


def test_managers_are_rolled_up(whole):
    assert "Mia" in whole.text
    assert "0.5 of 0.5" in whole.text
    assert "0.5 of 1.0" in whole.text
    assert "One more hour keeps" in whole.text


def test_evaluation_data_and_notes_stand_on_the_page(whole):
    assert "The first 10% of the list finds 3.1 times as many leavers as chance." in whole.text
    assert "Do the probabilities keep their word?" in whole.text
    assert "Leavers found as the list gets longer" in whole.text
    assert "What was read" in whole.text
    assert "tickets: the record ends early" in whole.text


def test_without_an_evaluation_it_says_that_it_cannot_tell():
    shown = Page(page(drawn.plan()))
    assert "it cannot say how good its list is" in shown.text
    assert shown.addresses == []


def test_tables_have_heads_and_drawings_have_words(whole):
    assert all("scope" in th for th in whole.all("th"))
    assert all(svg.get("role") == "img" and svg.get("aria-label") for svg in whole.all("svg"))
    assert len(whole.all("svg")) >= 6
    ids = [attrs["id"] for _, attrs in whole.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in whole.tags:
        assert attrs.get("aria-labelledby", ids[0]) in ids


def test_it_reads_without_script():
    source = re.sub(r"<script>.*?</script>", "", page(drawn.plan()), flags=re.DOTALL)
    shown = Page(source)
    assert "Call D Ltd and B Ltd first." in shown.text
    assert [a for a in shown.all("label") if "hidden" in a]  # the filter shows itself only with script


def test_hostile_texts_are_escaped():
    told = drawn.scores(excluded=(("g", drawn.HOSTILE),))
    made = drawn.plan(names=[drawn.HOSTILE] * 6, told=told)
    shown = Page(page(made, scores=told, title=drawn.HOSTILE))
    assert len(shown.all("script")) == 1
    assert shown.text.count(drawn.HOSTILE) > 5


def test_an_empty_list_says_so():
    shown = Page(page(drawn.plan(capacity=0)))
    assert "Nobody is to be called" in shown.text
    assert summary(drawn.plan(capacity=0))


def test_a_plan_without_money_names_or_managers():
    book = pd.DataFrame({"account_id": list(plans.PROBABILITY), "opened_at": pd.Timestamp("2024-01-01", tz="UTC")})
    from churnkit.contact import plan_contacts

    made = plan_contacts(drawn.scores(), None, plans.history(book))
    shown = Page(report.page(made))
    assert "0.07 accounts" in shown.text or "accounts" in shown.text
    assert "A call keeps" not in shown.text.split("Effect")[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_stand_out_from_the_ground(scheme):
    from churnkit.report.as_html import style

    sheet = str(style("page.css"))
    block = re.findall(r":root \{[^}]*--paper[^}]*\}", sheet)[0 if scheme == "light" else 1]
    colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
    for ink in ("ink", "soft", "accent", "warm"):
        for ground in ("paper", "card"):
            assert contrast(colour[ink], colour[ground]) >= 4.5, f"{ink} on {ground}"


def contrast(one: str, two: str) -> float:
    """Contrast ratio as WCAG 2.1 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)
