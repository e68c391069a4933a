"""Expressions say what they measure: name, theme, unit, silence and words."""

from __future__ import annotations

import math

import pytest

from churnkit import features as f
from churnkit.errors import BadExpression
from churnkit.timeline import Span

LOGINS = f.count("login", "30d")
TREND = LOGINS / f.count("login", "90d")
CHANGE = LOGINS - f.count("login", "30d", ending="30d")


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        (LOGINS, "count_login_30d"),
        (f.count("login"), "count_login"),
        (f.count(window="30d"), "count_any_30d"),
        (f.count(("login", "export"), "4w"), "count_export_or_login_28d"),
        (f.count("login", "36h", ending="12h"), "count_login_36h_ending_12h"),
        (f.latest("nps"), "latest_nps"),
        (TREND, "count_login_30d_over_count_login_90d"),
        (CHANGE, "count_login_30d_minus_count_login_30d_ending_30d"),
        (f.count("ticket_opened", "90d", where=f.value >= 3), "count_ticket_opened_90d_where_value_ge_3"),
        (f.count("ticket_opened", where=f.label == "billing"), "count_ticket_opened_where_label_is_billing"),
        (f.share("nps", where=(f.value > 8.5) | ~(f.value < -1)),
         "share_nps_where_value_gt_8p5__or__not_value_lt_neg1"),
        (f.log1p(LOGINS), "log1p_count_login_30d"),
        (f.clip(LOGINS, 0, 5), "clip_0_to_5_count_login_30d"),
        (f.rank_among(TREND, within="region"), "rank_of__count_login_30d_over_count_login_90d__within__region"),
        (f.from_book(f.latest("nps")), "from_book_latest_nps"),
        (f.where(LOGINS > 3, 1, f.tenure()), "if__count_login_30d_gt_3__then__1__else__tenure"),
        (f.attribute("region"), "attribute_region"),
        (f.latest("mrr") * 12, "latest_mrr_times_12"),
        (f.days_until("renewal_due"), "days_until_renewal_due"),
    ],
)  # fmt: skip
def test_names(expression, name):
    assert expression.name == name


def test_brackets_show_in_names():
    a, b, c = (f.count(s, "7d") for s in "abc")
    assert ((a - b) - c).name == "count_a_7d_minus_count_b_7d__minus__count_c_7d"
    assert (a - (b - c)).name == "count_a_7d__minus__count_b_7d_minus_count_c_7d"
    assert (f.log1p(a) / b).name == "log1p_count_a_7d__over__count_b_7d"
    assert f.log1p(a / b).name == "log1p__count_a_7d_over_count_b_7d"


def test_a_given_name_stands_for_the_whole():
    named = CHANGE.named("login_change", theme="usage", phrase="fewer or more logins")
    assert (named.name, named.theme, named.phrase) == ("login_change", "usage", "fewer or more logins")
    assert (named / LOGINS).name == "login_change_over_count_login_30d"
    assert named != CHANGE
    assert CHANGE.name == "count_login_30d_minus_count_login_30d_ending_30d"


@pytest.mark.parametrize(
    ("expression", "theme"),
    [
        (LOGINS, "usage"),
        (f.days_since(), "usage"),
        (f.latest("nps"), "satisfaction"),
        (f.count("csat_asked"), "satisfaction"),
        (f.count("ticket_opened") / f.actors("login"), "support"),
        (12 * f.latest("mrr"), "billing"),
        (f.rank_among(f.latest("seats")), "contract"),
        (f.where(f.latest("nps") > 6, f.count("contacted"), 0), "relationship"),
        (f.tenure(), "profile"),
    ],
)
def test_themes(expression, theme):
    assert expression.theme == theme


def test_a_history_knows_the_theme_of_its_own_signals():
    assert f.count("happy_face").theme_under({"happy_face": "satisfaction"}) == "satisfaction"


@pytest.mark.parametrize(
    ("expression", "unit"),
    [
        (LOGINS, "facts"),
        (f.active_days("login"), "days"),
        (f.mean("nps"), "points"),
        (f.slope("nps"), "points per day"),
        (f.latest("mrr") * 12, "money"),
        (f.latest("mrr") / f.latest("seats"), "money per seat"),
        (TREND, "ratio"),
        (LOGINS + f.tenure(), ""),
        (LOGINS > 3, "yes or no"),
        (f.rank_among(LOGINS), "share"),
        (f.log1p(LOGINS), ""),
        (f.attribute("region", categories=["a"]), "category"),
    ],
)
def test_units(expression, unit):
    assert expression.unit == unit


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (LOGINS, 0),
        (f.total("nps"), 0),
        (f.actors("login"), 0),
        (f.latest("nps"), math.nan),
        (f.share("nps", where=f.value > 6), math.nan),
        (TREND, math.nan),
        (CHANGE, 0),
        (LOGINS + 2, 2),
        (f.log1p(LOGINS), 0),
        (f.clip(LOGINS, low=1), 1),
        (LOGINS < 1, 1),
        (f.latest("nps") < 1, math.nan),
        (f.where(LOGINS > 0, 5, 7), 7),
    ],
)
def test_silence(expression, value):
    told = expression.on_silence
    assert told.value == pytest.approx(value, nan_ok=True)
    assert told.text == ("missing" if math.isnan(value) else str(value))


@pytest.mark.parametrize(
    ("expression", "phrase"),
    [
        (LOGINS, "logins in the last 30 days"),
        (f.count("login"), "logins so far"),
        (f.days_since(), "days since the last activity"),
        (f.active_days(window="1d"), "days with activity in the last 1 day"),
        (f.latest("nps"), "last NPS"),
        (f.latest("mrr"), "monthly revenue"),
        (f.latest("mrr", ending="90d"), "monthly revenue 90 days ago"),
        (f.count("ticket_opened", "7d", where=f.value >= 3), "tickets opened of severity 3 or more in the last 7 days"),
        (f.count("ticket_opened", where=f.label == "billing"), "tickets opened about billing so far"),
        (f.share("nps", "180d", where=f.value <= 6), "share of score 6 or less among NPS answers in the last 180 days"),
        (f.count("report_run", "7d", ending="7d"), '"report run" events in the 7 days up to 7 days ago'),
        (TREND, "logins in the last 30 days as a share of those in the last 90 days"),
        (CHANGE, "change of logins in the last 30 days against the 30 days before"),
        (f.latest("mrr") - f.latest("mrr", ending="90d"), "change of monthly revenue since 90 days ago"),
        (f.from_book(f.latest("nps")), "last NPS against the mean of all accounts"),
        (f.rank_among(LOGINS, within="size_band"),
         "place among accounts of the same size band by logins in the last 30 days"),
        (f.actors("login") > 3, "whether users with logins so far is above 3"),
    ],
)  # fmt: skip
def test_phrases(expression, phrase):
    assert expression.phrase == phrase


def test_what_it_reads():
    assert TREND.signals_used == ("login",)
    assert (TREND + f.latest("nps")).signals_used == ("login", "nps")
    assert f.tenure().signals_used == ()
    assert TREND.window_days == 90
    assert (TREND * f.tenure()).window_days == 90
    assert (TREND - f.count("login")).window_days is None
    assert f.tenure().window_days is None
    assert f.count("login", "36h").window_days == 1.5


def test_it_prints_as_it_is_written():
    assert str((LOGINS - 1) / f.count(["a", "b"])) == "(count('login', '30d') - 1) / count(['a', 'b'])"
    assert str(f.count(window="7d", where=(f.value == 2) & (f.label != "x"))) == (
        "count(window='7d', where=value == 2 and label != 'x')"
    )
    assert repr(LOGINS.named("a")) == "<a: count('login', '30d')>"


def test_content_decides_equality():
    assert f.count("login", "4w") == f.count("login", Span.of("28d"))
    assert f.count(["b", "a", "a"]) == f.count(("a", "b"))
    assert len({LOGINS, f.count("login", "30d"), f.count("login", "31d")}) == 2


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda: f.count("login", "0d"), "a window of 0d holds nothing"),
        (lambda: f.count("login", -3), "is negative"),
        (lambda: f.count("login", "1 month"), "cannot be read"),
        (lambda: f.count("login", "7d", ending=-1), "is negative"),
        (lambda: f.count(""), "names no signal"),
        (lambda: f.count([]), "names no signal"),
        (lambda: f.count("login", where="value > 3"), "is no condition"),
        (lambda: f.share("login"), "share: of what"),
        (lambda: f.value >= "3", "texts are labels"),
        (lambda: f.value < math.inf, "not a number"),
        (lambda: f.label == 3, "numbers are values"),
        (lambda: f.value > 3 and f.value < 5, "join conditions by &"),
        (lambda: (f.value > 3) & True, "is none"),
        (lambda: LOGINS + "1", "neither an expression nor a finite number"),
        (lambda: LOGINS * math.nan, "neither an expression nor a finite number"),
        (lambda: 1 if LOGINS > 3 else 0, r"f\.where"),
        (lambda: f.clip(LOGINS), "clip takes low, high or both"),
        (lambda: f.clip(LOGINS, 5, 1), "low 5 is above high 1"),
        (lambda: LOGINS.named("1st"), "a feature's name"),
        (lambda: LOGINS.named("a", theme="usge"), r"theme 'usge' \(did you mean 'usage'\?\)"),
        (lambda: f.rank_among(f.from_book(LOGINS)), "cannot stand inside another"),
        (lambda: f.read_expression({"op": "agregate"}), r"did you mean 'aggregate'"),
        (lambda: f.read_expression({"op": "aggregate", "function": "cnt"}), r"aggregate\.function"),
        (lambda: f.read_expression({"op": "tenure", "of": 3}), r"tenure\.of"),
        (lambda: f.read_expression({"op": "apply", "function": "log1p"}), r"apply\.arg"),
    ],
)
def test_what_has_no_meaning_is_refused(write, told):
    with pytest.raises(BadExpression, match=told):
        write()
