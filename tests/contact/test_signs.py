"""Signs of trouble: what stands out is the trouble told; who is asleep; which hat fits."""

import numpy as np
import pandas as pd
import pytest

from churnkit.contact import DeclaredEffect
from churnkit.contact.roles import fit_of_roles, one_kind
from churnkit.contact.signs import ASLEEP, KINDS, UNKNOWN, UNTROUBLED, likeliest, likely, trouble
from churnkit.contact.signs.words import about_theme
from churnkit.history import History
from churnkit.history.sample import generate
from churnkit.history.signals import THEMES
from churnkit.tables import ROLES
from churnkit.timeline import moment

AT = pd.Timestamp("2025-06-01", tz="UTC")
SUPPORT, BILLING, RELATIONSHIP = (THEMES.index(t) for t in ("support", "billing", "relationship"))
SALES, SERVICE, TECHNICAL, FINANCIAL = range(4)


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
    opened = AT - pd.Timedelta(days=600)
    contracts = {"term_months": 12, "auto_renew": True, "mrr": 100.0, "seats": 2}
    tables = {
        "accounts": pd.DataFrame({"account_id": ids, "opened_at": opened}),
        "activity": activity,
        "subscriptions": pd.DataFrame({"account_id": ids, "started_at": opened, **contracts}),
        "tickets": pd.DataFrame(
            [
                {"account_id": a, "opened_at": AT - pd.Timedelta(days=d), "category": c}
                for a, c in (("c01", "billing"), ("c02", "bug"), ("c03", "bug"), ("c04", "billing"), ("c30", "how-to"))
                for d in ((360,) if a == "c30" else (10, 20))
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
    assert np.flatnonzero(kinds[:, ASLEEP] > 0.5).tolist() == [7]
    cutoff = np.full(40, moment(AT))
    assert trouble(history, np.arange(40, dtype=np.int32), cutoff)[7] == ASLEEP
    for field, value in (("auto_renew", False), ("term_months", 1)):  # who must sign, or pays monthly, is reminded
        contracts = history.subscriptions[["account_id", "started_at", "mrr", "seats", "term_months", "auto_renew"]]
        other = book(subscriptions=contracts.assign(**{field: value}))
        assert not likely(other, np.arange(40, dtype=np.int32), cutoff)[:, ASLEEP].any()


def test_what_an_account_is_told_to_be_does_not_depend_on_who_else_is_asked(told):
    history, kinds = told
    alone = likely(history, np.array([9, 2], dtype=np.int32), np.full(2, moment(AT)))
    np.testing.assert_array_equal(alone, kinds[[9, 2]])
    earlier = moment(AT - pd.Timedelta(days=60))
    mixed = likely(history, np.array([9, 2, 9], dtype=np.int32), np.array([moment(AT), moment(AT), earlier]))
    np.testing.assert_array_equal(mixed[:2], kinds[[9, 2]])
    assert mixed[2].tolist() != mixed[0].tolist()


def test_with_a_handful_of_accounts_nothing_is_usual():
    whole = book()
    few = [f"c{i:02d}" for i in range(19)]

    def kept(table):
        return table[table["account_id"].isin(few)].drop(columns="account")

    opened = pd.DataFrame({"account_id": few, "opened_at": AT - pd.Timedelta(days=600)})
    contracts = kept(whole.subscriptions)
    cases = pd.DataFrame({"account_id": few, "opened_at": AT - pd.Timedelta(days=9), "category": "bug"})
    activity = pd.DataFrame({"account_id": few, "occurred_at": AT - pd.Timedelta(days=3), "event": "login"})
    history = History(accounts=opened, activity=activity, subscriptions=contracts, tickets=cases, observed_until=AT)
    kinds = likely(history, np.arange(19, dtype=np.int32), np.full(19, moment(AT)))
    assert (kinds[:, UNKNOWN] == 1).all()


def test_the_true_trouble_of_a_made_up_company_is_told():
    """How much is told of the true kind of those who would leave, beside what their frequencies alone tell."""
    made = generate(500, seed=3001)
    history, truth = History(**made.tables), made.truth.outlook("2026-06-01", paths=8)
    who = np.array([history.code(a) for a in truth["account_id"]], dtype=np.int32)
    kinds = likely(history, who, np.full(len(who), moment("2026-06-01")))
    of_cause = {"incidents": "support", "support": "support", "price": "billing", "champion": "relationship"}
    of_cause |= {"adoption": "usage", "none": "untroubled"}
    kind = np.array([KINDS.index(of_cause[c]) for c in truth["cause"]])
    kind[truth["dormant"].to_numpy()] = ASLEEP
    p0 = truth["p0"].to_numpy()
    often = np.bincount(kind, p0, minlength=len(KINDS)) / p0.sum()
    given = kinds[np.arange(len(kind)), kind]
    assert np.average(given, weights=p0) > 2 * (often**2).sum()
    assert np.average(-np.log(given), weights=p0) < 0.7 * -(often * np.log(np.where(often > 0, often, 1))).sum()


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
