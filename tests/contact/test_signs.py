"""Signs of trouble: what they weigh, by hand; who is asleep, who is untroubled, which hat fits."""

import numpy as np
import pandas as pd
import pytest

from churnkit.contact import DeclaredEffect
from churnkit.contact.evidence import ANY, SHOWN, SOME, about_theme, signs
from churnkit.contact.roles import fit_of_roles, one_kind
from churnkit.contact.signs import (
    ASLEEP,
    KINDS,
    UNKNOWN,
    UNTROUBLED,
    _found,
    likeliest,
    likely,
    trouble,
    with_untroubled,
)
from churnkit.contact.weighing import normal_score, of_cases, of_flag, of_measure
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
    weight, tells = of_flag(shown, SHOWN, np.zeros(40, dtype=np.int64))
    assert tells.all()
    assert weight[0] == pytest.approx(np.log(0.6 / (4.5 / 41)))
    assert weight[39] == pytest.approx(np.log(0.4 / (36.5 / 41)))


@pytest.mark.parametrize("many", [0, 30])
def test_what_nobody_or_most_of_them_show_tells_nothing(many):
    weight, tells = of_flag(np.arange(40) < many, SHOWN, np.zeros(40, dtype=np.int64))
    assert not tells.any()
    assert not weight.any()


def test_a_measure_counts_in_standard_deviations_among_peers():
    """Two standard deviations up in the trouble: of a score z the weight is 2 z - 2."""
    score = normal_score(np.array([1.0, 2.0, 3.0, np.nan]))
    assert score[1] == pytest.approx(0.0)
    assert score[2] == pytest.approx(0.9674, abs=1e-4)  # the normal quantile of 5/6
    assert np.isnan(score[3])
    assert np.isnan(normal_score(np.full(5, 2.0))).all()
    measure = np.arange(21.0)
    measure[20] = np.nan
    weight, tells = of_measure(measure, 2.0, np.zeros(21, dtype=np.int64))
    assert tells.all()
    assert weight[0] == pytest.approx(2 * -1.9600 - 2, abs=1e-3)  # the normal quantile of 1/40
    assert weight[20] == 0.0


def test_cases_that_come_four_times_as_often_weigh_by_their_number():
    """Ten of 40 had one case, two had five, of which three count: a mean of .4 a head."""
    count = np.r_[np.ones(10), np.full(2, 5.0), np.zeros(28)]
    weight, tells = of_cases(count, 4.0, np.zeros(40, dtype=np.int64))
    assert tells.all()
    assert weight[[0, 10, 39]] == pytest.approx(np.log(4.0) * np.array([1, 3, 0]) - 3 * 0.4)
    assert not of_cases(np.zeros(40), 4.0, np.zeros(40, dtype=np.int64))[1].any()


def test_moments_are_told_apart_and_a_handful_of_peers_tells_nothing():
    cutoff = np.r_[np.zeros(40), np.ones(10)].astype(np.int64)
    for weight, tells in (
        of_flag(np.arange(50) % 5 == 0, SHOWN, cutoff),
        of_measure(np.arange(50.0), 1.0, cutoff),
        of_cases(np.arange(50.0) % 2, 4.0, cutoff),
    ):
        assert tells[:40].all()
        assert not tells[40:].any()
        assert not weight[40:].any()


def test_a_price_is_one_sign_in_whatever_form_and_trouble_as_such_is_another():
    """Of 40 accounts one pays more, one is about to renew, one owes: each shows the one sign, 3 of 40."""
    n = 40
    seen = {"tenure": np.full(n, 500.0), "dearer": np.ones(n), "renewal": np.full(n, 200.0), "unpaid": np.zeros(n)}
    seen |= {"seats": np.zeros(n), "fallen": np.r_[0.0, np.full(n - 1, 1.0)], "taken out": np.arange(n) / n}
    seen["dearer"][0], seen["renewal"][1], seen["unpaid"][2], seen["seats"][0] = 1.1, 30.0, 1.0, -2.0
    found = list(signs(seen, np.zeros(n, dtype=np.int64)))
    price = next(s for s in found if s.theme == "billing" and s.tells.any())
    assert price.weight[:3] == pytest.approx(np.log(SHOWN / (3.5 / 41)))
    assert price.weight[3] == pytest.approx(np.log((1 - SHOWN) / (37.5 / 41)))
    fallen, out, seats = (s for s in found if s.theme == ANY)
    assert fallen.weight[0] > 0 > fallen.weight[1]
    assert out.weight[-1] > 0 > out.weight[0]
    assert seats.weight[[0, 1]] == pytest.approx(np.log([SOME / (1.5 / 41), (1 - SOME) / (39.5 / 41)]))


def test_trouble_stands_against_none_as_the_signs_speak():
    """Billing e times its share of .2, support as it is: .2 e + .8 against 1; trouble as such doubles it."""
    evidence = np.full((2, len(THEMES)), -np.inf)
    evidence[:, BILLING], evidence[:, SUPPORT] = np.log(0.2) + 1, np.log(0.8)
    found = _found(evidence, np.log([1.0, 2.0]), np.zeros(2, dtype=np.bool_))
    ratio = 0.2 * np.e + 0.8
    assert found[:, UNTROUBLED] == pytest.approx([1 / (1 + ratio), 1 / (1 + 2 * ratio)])
    assert found[:, BILLING] / found[:, SUPPORT] == pytest.approx(0.2 * np.e / 0.8)
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert likeliest(found).tolist() == [SUPPORT, SUPPORT]


def test_untroubled_are_as_many_as_the_scores_tell():
    """Of 21 accounts from 0 to .20 the quieter quarter lies at .05: without troubles (.10 + 16 x .05) / 2.10 leave."""
    p, moments = np.arange(21) / 100, np.zeros(21, dtype=np.int64)
    kinds = np.zeros((21, len(KINDS)))
    kinds[:, SUPPORT] = kinds[:, UNTROUBLED] = 0.5
    kinds[20, [SUPPORT, UNTROUBLED]] = 0.2, 0.8
    found = with_untroubled(kinds, p, moments)
    share = found[:, UNTROUBLED]
    assert (share * p).sum() / p.sum() == pytest.approx(0.90 / 2.10)
    odds = share / (1 - share)
    assert odds[5] / odds[10] == pytest.approx(2**0.5)  # half as likely to leave
    assert odds[20] / odds[5] == pytest.approx(4 * 0.5)  # four times by its signs, half by its score
    assert found.sum(axis=1) == pytest.approx(1.0)


def test_what_is_known_stays_and_without_peers_nobody_is_untroubled():
    kinds = np.zeros((21, len(KINDS)))
    kinds[:, SUPPORT] = kinds[:, UNTROUBLED] = 0.5
    kinds[18], kinds[19] = one_kind(np.array([ASLEEP, SUPPORT], dtype=np.int8))
    p = np.arange(21) / 100
    p[7] = np.nan
    found = with_untroubled(kinds, p, np.zeros(21, dtype=np.int64))
    assert found[18, ASLEEP] == found[19, SUPPORT] == found[7, SUPPORT] == 1.0
    few = with_untroubled(kinds[:19], p[:19], np.zeros(19, dtype=np.int64))
    assert not few[:, UNTROUBLED].any()
    assert few.sum(axis=1) == pytest.approx(1.0)


def test_categories_are_told_by_their_words():
    told = [about_theme(c) for c in ("Invoice question", "bug", "How-to", "access rights", "Weather")]
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


def test_the_general_hat_helps_somewhat_and_special_ones_where_they_fit():
    fit = fit_of_roles()
    assert fit.shape == (len(KINDS), len(ROLES))
    assert fit[SUPPORT].tolist() == pytest.approx([1 / 3, 1.0, 2.0, 1 / 3])
    assert fit[THEMES.index("usage")].tolist() == pytest.approx([1 / 3, 2.0, 1 / 3, 1 / 3])
    assert fit[: len(THEMES)].mean() == pytest.approx(1.0, abs=0.2)
    assert not fit[ASLEEP].any()
    assert fit[UNTROUBLED].tolist() == pytest.approx([0.0, 1 / 3, 0.0, 0.0])


def test_a_declared_effect_is_the_mean_over_what_may_be_the_trouble():
    """Half support, half billing: technical keeps .1 x (2 + 1/3) / 2 of a risk of .3; sales .1 x 1/3, service .1."""
    kinds = np.zeros((2, len(KINDS)))
    kinds[0, [SUPPORT, BILLING]] = 0.5
    kinds[1, ASLEEP] = 1.0
    effect, p = DeclaredEffect(prior=0.1), np.array([0.3, 0.3])
    for role, kept in ((TECHNICAL, 7 / 6), (FINANCIAL, 7 / 6), (SALES, 1 / 3), (SERVICE, 1.0)):
        saved = effect.saved(p, np.full(2, role, dtype=np.int8), kinds)
        assert saved == pytest.approx([0.3 * 0.1 * kept, 0.0])
    assert effect.best_role(kinds).tolist() == [TECHNICAL, SERVICE]
    dearer = DeclaredEffect(prior=0.1, by_theme={"billing": 0.3})
    assert dearer.best_role(kinds)[0] == FINANCIAL
    kinds[0] = one_kind(np.array([RELATIONSHIP], dtype=np.int8))[0]
    assert effect.best_role(kinds)[0] == SALES
