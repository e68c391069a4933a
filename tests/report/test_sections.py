"""Every kind of result draws itself: as scoped HTML in a notebook, as text on a terminal."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

import churnkit as ck
from churnkit import features as f
from churnkit import report
from churnkit.errors import RowsSetAside
from churnkit.labels import QuietDays, audit
from churnkit.report.blocks import Heading, Words
from churnkit.report.sections import SECTIONS, Section
from churnkit.scoring.risk import ReasonLine
from churnkit.timeline import DAY
from support import drawn
from support.markup import Page


def risk():
    return ck.AccountRisk(
        account_id="A1",
        as_of=datetime(2026, 6, 1, tzinfo=UTC),
        horizon="90d",
        probability=0.34,
        probabilities={"30d": 0.1, "90d": 0.34},
        low=0.22,
        high=0.48,
        log_odds=-0.663,
        rung="boosted",
        model_id="m",
        book_as_of=None,
        base=-1.99,
        base_probability=0.12,
        rest=0.827,
        rest_points=0.129,
        reasons=(ReasonLine(place=1, theme="usage", feature="x", sentence="Logins fell.", effect=0.5, points=0.091),),
    )


def quiet_days():
    rows = [(7, 70, 30, 40, 3 / 7, False), (14, 50, 10, 40, 0.2, True)]
    frame = pd.DataFrame(rows, columns=["days", "silences", "returned", "still_silent", "return_share", "proposed"])
    return QuietDays(14, frame, 0.25, "20% of 50 silences of 14 days end in a return.")


THINGS = {
    "History": drawn.history,
    "DataReport": lambda: drawn.history().check(),
    "Recipe": lambda: ck.Recipe(churn=ck.Cancelled(horizon="90d")),
    "FeatureSet": lambda: f.FeatureSet([f.count("login", "30d"), f.days_since("login")]),
    "Scores": drawn.scores,
    "Reasons": drawn.reasons,
    "ChangeReasons": drawn.moves,
    "ContactPlan": drawn.plan,
    "EvaluationReport": drawn.evaluation,
    "BacktestReport": drawn.backtest,
    "AccountRisk": risk,
    "LabelAudit": lambda: audit(
        drawn.history(), ck.WentQuiet(days=14, horizon="30d"), [drawn.history().last_moment - 60 * DAY]
    ),
    "QuietDays": quiet_days,
}


@pytest.mark.parametrize("kind", THINGS)
def test_html_nests_and_loads_nothing(kind):
    page = Page(report.html(THINGS[kind]()))
    assert page.addresses == []
    assert page.tags[0] == ("div", {"class": "ck"})
    assert len(page.text) > 40


@pytest.mark.parametrize("kind", THINGS)
@pytest.mark.parametrize("width", [80, 120])
def test_text_keeps_to_its_width_and_drops_no_first_column(kind, width):
    shown = report.text(THINGS[kind](), width)
    assert max(len(line) for line in shown.splitlines()) <= width
    assert "\x1b" not in shown


@pytest.mark.parametrize("kind", sorted(set(THINGS) - {"FeatureSet"}))
def test_objects_draw_themselves(kind):
    thing = THINGS[kind]()
    assert repr(thing) == report.text(thing)
    assert thing._repr_html_() == report.html(thing)


def test_every_section_is_known_by_its_class():
    assert set(THINGS) | {"ChurnModel", "FeatureMatrix"} == set(SECTIONS)


def test_scores_show_who_and_who_not():
    shown = report.text(drawn.scores(notes=("tickets: the record ends early",)), 120)
    assert "Scores of 6 accounts as of 1 June 2025" in shown
    assert "2 (40%)" in shown  # .5 + .2 + .9 + .4 + .1 + .3 = 2.4 leavers of 6
    assert "2: 1 contract ended and 1 notice given" in shown
    assert "tickets: the record ends early" in shown
    first = next(line for line in shown.splitlines() if line.strip().startswith("c "))
    assert first.split() == ["c", "90%", "72", "to", "99%", "45%"]


def test_reasons_show_points():
    shown = report.text(drawn.reasons(), 120)
    assert "+12.0" in shown
    assert "-3.0" in shown
    first = drawn.reasons().totals.iloc[0]
    rest = f"{100 * first['rest_points']:+.1f}"
    assert f"in sum from 10%, where the model starts, to {first['probability']:.0%}." in shown
    assert any(line.split()[:3] == [rest, "All", "else;"] for line in shown.splitlines())


def test_a_risk_tells_what_its_reasons_leave():
    shown = report.text(risk(), 120)
    assert "+12.9" in shown  # 12 + 9.1 + 12.9 = 34
    assert "in sum from 12%, where the model starts, to 34%." in shown


def test_evaluation_says_words_before_figures():
    shown = report.text(drawn.evaluation(), 140)
    assert shown.index("3.1 times as many") < shown.index("31% (28 to 35%)")
    for name in ("churnkit", "recency rule", "value-sorted"):
        assert name in shown


def test_a_backtest_shows_lists_and_models():
    shown = report.text(drawn.backtest(), 140)
    assert "Backtest of the lists as known then" in shown
    assert "· 1 January 2025 and 1 February 2025; leaving within 90 days; model model-1" in shown
    row = next(line for line in shown.splitlines() if line.strip().startswith("1 February 2025 "))
    assert row.split() == [
        "1",
        "February",
        "2025",
        "80",
        "9",
        "2.9",
        "(2.0",
        "to",
        "3.5)",
        "0.70",
        "–",
        "–",
        "recency",
        "rule",
        "2.1",
    ]
    assert "north" in shown
    assert any(line.split()[:6] == ["1", "January", "2025", "2", "boosted", "1,200"] for line in shown.splitlines())


def test_a_result_becomes_a_page_of_its_own():
    sheet = report.sheet(drawn.backtest())
    assert sheet.startswith("<!doctype html>")
    assert "<title>Backtest of the lists as known then</title>" in sheet
    assert Page(sheet).addresses == []


def test_history_counts_what_was_set_aside():
    with pytest.warns(RowsSetAside):
        history = drawn.history(activity=_stray())
    shown = report.text(history, 120)
    assert "activity.account_id" in shown
    assert "nobody" in shown
    rows = next(line for line in shown.splitlines() if line.strip().startswith("activity ")).split()
    assert rows[1:4] == ["2", "1", "1"]


def _stray():
    at = pd.Timestamp("2025-06-02", tz="UTC")
    return pd.DataFrame({"account_id": ["a", "nobody"], "occurred_at": at, "event": "login"})


def test_hostile_texts_are_escaped():
    page = report.html(drawn.plan(names=[drawn.HOSTILE] * 6))
    assert "<script" not in page
    assert drawn.HOSTILE in Page(page).text


def test_a_subclass_draws_as_its_parent_and_a_stranger_by_its_name():
    class Mine(type(risk())):
        pass

    assert "34% within 90 days" in report.text(Mine(**risk().model_dump()))
    assert "object" in report.text(object())


def test_a_section_is_one_small_class():
    class Weather:
        pass

    class WeatherSection(Section[Weather], of="Weather"):
        def blocks(self, thing):
            return [Heading("Weather", "fine"), Words("It will stay so.")]

    try:
        assert report.text(Weather()).splitlines() == ["Weather · fine", "", "It will stay so."]
        assert "It will stay so." in report.html(Weather())
    finally:
        del SECTIONS["Weather"]
