"""Signs of trouble: what they weigh, by hand; who is asleep, who is untroubled, which hat fits."""

import numpy as np
import pandas as pd
import pytest

from churnkit.contact import DeclaredEffect
from churnkit.contact.roles import fit_of_roles, one_kind
from churnkit.contact.signs import (
    ASLEEP,
    KINDS,
    SHOWN,
    UNKNOWN,
    UNTROUBLED,
    _about,
    _score,
    _weight,
    likeliest,
    likely,
    trouble,
    with_untroubled,
)
from churnkit.history import History
from churnkit.history.signals import THEMES
from churnkit.tables import ROLES
from churnkit.timeline import moment

AT = pd.Timestamp("2025-06-01", tz="UTC")
SUPPORT, BILLING, RELATIONSHIP = (THEMES.index(t) for t in ("support", "billing", "relationship"))
SALES, SERVICE, TECHNICAL, FINANCIAL = range(4)


def test_a_sign_weighs_the_log_of_how_much_oftener_it_is_seen():
    """4 of 40 show it: (4 + .5) / 41 of the book, .6 of those in the trouble."""
    shown = np.arange(40) < 4
    weight, tells = _weight(shown, SHOWN, np.zeros(40, dtype=np.int64))
    assert tells.all()
    assert weight[0] == pytest.approx(np.log(0.6 / (4.5 / 41)))
    assert weight[39] == pytest.approx(np.log(0.4 / (36.5 / 41)))


@pytest.mark.parametrize("many", [0, 30])
def test_what_nobody_or_most_of_them_show_tells_nothing(many):
    weight, tells = _weight(np.arange(40) < many, SHOWN, np.zeros(40, dtype=np.int64))
    assert not tells.any()
    assert not weight.any()


def test_a_measure_counts_in_standard_deviations_among_peers():
    score = _score(np.array([1.0, 2.0, 3.0, np.nan]))
    assert score[1] == pytest.approx(0.0)
    assert score[2] == pytest.approx(0.9674, abs=1e-4)  # the normal quantile of 5/6
    assert np.isnan(score[3])
    assert np.isnan(_score(np.full(5, 2.0))).all()


def test_moments_are_told_apart_and_a_handful_of_peers_tells_nothing():
    cutoff = np.r_[np.zeros(40), np.ones(10)].astype(np.int64)
    weight, tells = _weight(np.arange(50) % 5 == 0, SHOWN, cutoff)
    assert tells[:40].all()
    assert not tells[40:].any()
    assert not weight[40:].any()


def test_untroubled_is_what_no_trouble_has_added():
    """The quieter quarter of 21 accounts from 0 to .20 lies at .05: of a risk of .20 it explains a quarter."""
    p = np.arange(21) / 100
    kinds = one_kind(np.full(21, SUPPORT, dtype=np.int8))
    kinds[18] = one_kind(np.array([ASLEEP], dtype=np.int8))[0]
    found = with_untroubled(kinds, p, np.zeros(21, dtype=np.int64))
    assert found[20, [SUPPORT, UNTROUBLED]] == pytest.approx([0.75, 0.25])
    assert found[3, UNTROUBLED] == 1.0  # below the quarter
    assert found[18, ASLEEP] == 1.0  # asleep stays asleep
    assert found.sum(axis=1) == pytest.approx(1.0)
    few = with_untroubled(kinds[:19], p[:19], np.zeros(19, dtype=np.int64))
    assert (few == kinds[:19]).all()


def test_categories_are_told_by_their_words():
    told = [_about(c) for c in ("Invoice question", "bug", "How-to", "access rights", "Weather")]
    assert told == ["billing", "support", "usage", "relationship", None]


def book(**more):
    """Forty accounts with a year's contract that renews itself, used by two people each week."""
    ids = [f"c{i:02d}" for i in range(40)]
    days = list(range(7, 360, 7))
    activity = pd.DataFrame(
        [
            {
                "account_id": i,
                "occurred_at": AT - pd.Timedelta(days=d, hours=h),
                "event": "login",
                "user_id": f"{i}-{h}",
            }
            for i in ids
            for d in days
            for h in (1, 1.5)
            if not (i == "c07" and d < 100)  # hardly used for three months
            and not (i == "c09" and h == 1 and d < 60)  # one of two users gone
        ]
        + [
            {"account_id": "c09", "occurred_at": AT - pd.Timedelta(days=d), "event": "login", "user_id": "c09-1"}
            for d in range(70, 170)
        ]
    )
    opened = AT - pd.Timedelta(days=400)
    contracts = {"term_months": 12, "auto_renew": True, "mrr": 100.0, "seats": 2}
    tables = {
        "accounts": pd.DataFrame({"account_id": ids, "opened_at": opened}),
        "activity": activity,
        "subscriptions": pd.DataFrame({"account_id": ids, "started_at": opened, **contracts}),
        "tickets": pd.DataFrame(
            [
                {"account_id": a, "opened_at": AT - pd.Timedelta(days=20), "category": c}
                for a, c in (("c01", "billing"), ("c02", "bug"), ("c03", "bug"), ("c04", "billing"))
            ]
        ),
    }
    return History(**{**tables, **more}, observed_until=AT)


@pytest.fixture(scope="module")
def told():
    history = book()
    cutoff = np.full(40, moment(AT))
    return history, likely(history, np.arange(40, dtype=np.int32), cutoff)


def test_the_trouble_is_what_stands_out(told):
    _, kinds = told
    found = likeliest(kinds)
    assert kinds.sum(axis=1) == pytest.approx(1.0)
    assert THEMES[found[1]] == THEMES[found[4]] == "billing"
    assert THEMES[found[2]] == "support"
    assert THEMES[found[9]] == "relationship"


def test_who_pays_for_what_is_hardly_used_is_asleep(told):
    history, kinds = told
    assert np.flatnonzero(kinds[:, ASLEEP]).tolist() == [7]
    cutoff = np.full(40, moment(AT))
    assert trouble(history, np.arange(40, dtype=np.int32), cutoff)[7] == ASLEEP
    for field, value in (("auto_renew", False), ("term_months", 1)):  # who must sign, or pays monthly, is reminded
        contracts = history.subscriptions[["account_id", "started_at", "mrr", "seats", "term_months", "auto_renew"]]
        other = book(subscriptions=contracts.assign(**{field: value}))
        assert not likely(other, np.arange(40, dtype=np.int32), cutoff)[:, ASLEEP].any()


def test_a_history_without_signs_says_so():
    history = History(
        accounts=pd.DataFrame({"account_id": ["a"], "opened_at": AT - pd.Timedelta(days=9)}),
        activity=pd.DataFrame({"account_id": ["a"], "occurred_at": [AT - pd.Timedelta(days=1)], "event": ["order"]}),
    )
    who, cutoff = np.zeros(1, dtype=np.int32), np.array([moment(AT)])
    assert likely(history, who, cutoff) is None
    assert trouble(history, who, cutoff).tolist() == [UNKNOWN]


def test_over_the_four_hats_a_call_keeps_what_was_declared():
    fit = fit_of_roles()
    assert fit.shape == (len(KINDS), len(ROLES))
    assert fit[: len(THEMES)].mean(axis=1) == pytest.approx(1.0)
    assert fit[SUPPORT].tolist() == pytest.approx([2 / 3, 2 / 3, 2.0, 2 / 3])
    assert not fit[ASLEEP].any()


def test_a_declared_effect_is_the_mean_over_what_may_be_the_trouble():
    """Half support, half billing: technical keeps .1 x (2 + 2/3) / 2 of a risk of .3; sales .1 x 2/3."""
    kinds = np.zeros((2, len(KINDS)))
    kinds[0, [SUPPORT, BILLING]] = 0.5
    kinds[1, ASLEEP] = 1.0
    effect, p = DeclaredEffect(prior=0.1), np.array([0.3, 0.3])
    for role, kept in ((TECHNICAL, 4 / 3), (FINANCIAL, 4 / 3), (SALES, 2 / 3)):
        saved = effect.saved(p, np.full(2, role, dtype=np.int8), kinds)
        assert saved == pytest.approx([0.3 * 0.1 * kept, 0.0])
    assert effect.best_role(kinds).tolist() == [TECHNICAL, SERVICE]
    dearer = DeclaredEffect(prior=0.1, by_theme={"billing": 0.3})
    assert dearer.best_role(kinds)[0] == FINANCIAL
    kinds[0] = one_kind(np.array([RELATIONSHIP], dtype=np.int8))[0]
    assert effect.best_role(kinds)[0] == SALES
