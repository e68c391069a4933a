"""Who would leave, by signs and contract: moments and facts by hand, and what is learnt beside the truth."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import churnkit as ck
from churnkit.contact import ByNetSaving, ContactEffect, ContactRules, leaving, plan_contacts
from churnkit.contact.leaving import FACTS, Leaving, facts, snapshots
from churnkit.contact.roster import read_roster
from churnkit.contact.signs import read_signs
from churnkit.contact.signs.states import ASLEEP, FALLING, LEAVING, LEVEL, MOOD, POINT, UNTROUBLED, point
from churnkit.errors import ChurnkitError
from churnkit.history import History
from churnkit.history.sample import generate
from churnkit.labels import Cancelled, reporting_end
from churnkit.tables import ROLES
from churnkit.timeline import DAY, moment
from support import future
from support import plans as book
from support.told import signs
from support.trials import FEATURES, harming

AT = pd.Timestamp("2025-06-01", tz="UTC")
CHURN = Cancelled(horizon="90d", lead="7d")


def day(text):
    return pd.Timestamp(text, tz="UTC")


def company(contracts, *, until="2025-12-31", since="2025-01-01", **more):
    """Accounts with a contract each (account, start, notice or None), used since a day."""
    ids, started, notice = zip(*contracts, strict=True)
    started = [day(s) for s in started]
    return History(
        accounts=pd.DataFrame({"account_id": ids, "opened_at": started}),
        activity=pd.DataFrame({"account_id": ids[0], "occurred_at": [day(since), day("2025-12-30")], "event": "login"}),
        subscriptions=pd.DataFrame(
            {
                "account_id": ids,
                "started_at": started,
                "cancelled_at": pd.to_datetime(pd.Series(notice), utc=True),
                **more,
            }
        ),
        observed_until=day(until),
    )


def listed(found):
    """Snapshots as (account, day, whether it left)."""
    days = [f"{pd.Timestamp(c, unit='us'):%m-%d}" for c in found[1].tolist()]
    return list(zip(found[0].tolist(), days, found[2].tolist(), strict=True))


def of_churn(churn):
    """What is asked of a model before anything is learnt."""
    return SimpleNamespace(recipe=SimpleNamespace(churn=churn), features=())


@pytest.fixture
def half_a_year(monkeypatch):
    """So long must the record be."""
    monkeypatch.setattr(leaving, "RECORD", 182 * DAY)


BOOK = [
    ("a", "2020-01-01", None),
    ("b", "2020-01-01", "2025-10-10"),
    ("c", "2025-08-10", None),
    ("d", "2020-01-01", "2025-09-28"),
]


def test_moments_go_back_every_four_weeks_from_the_last_whose_outcome_is_known(half_a_year):
    """Of the record until 31 December the horizon takes 90 days and the lead 7: 25 September, then 28 August, ...

    On 3 July the record, begun on 1 January, is 183 days old, on 5 June 155, however long the contracts run. d gives
    notice inside the lead of the last moment, c comes on 10 August, b leaves 99 days after 3 July.
    """
    assert listed(snapshots(company(BOOK), CHURN)) == [
        *((0, "09-25", 0.0), (1, "09-25", 1.0), (2, "09-25", 0.0)),
        *((0, "08-28", 0.0), (1, "08-28", 1.0), (2, "08-28", 0.0), (3, "08-28", 1.0)),
        *((0, "07-31", 0.0), (1, "07-31", 1.0), (3, "07-31", 1.0)),
        *((0, "07-03", 0.0), (1, "07-03", 0.0), (3, "07-03", 1.0)),
    ]


def test_what_becomes_known_late_makes_the_last_moment_earlier(half_a_year):
    """Leaves are told two days late: 23 September, and on 1 July the record is 181 days old."""
    told = pd.to_datetime(pd.Series([None, "2025-10-12", None, "2025-09-30"]), utc=True)
    found = snapshots(company(BOOK, recorded_at=told), CHURN)
    assert sorted({when for _, when, _ in listed(found)}) == ["07-29", "08-26", "09-23"]


def test_no_more_moments_than_are_asked_for(monkeypatch):
    monkeypatch.setattr(leaving, "MOST_MOMENTS", 2)
    assert sorted({when for _, when, _ in listed(snapshots(company(BOOK), CHURN))}) == ["08-28", "09-25"]


def test_a_record_too_short_has_no_moment():
    """Begun on 28 August, it is 28 days old on 25 September, not more."""
    found = snapshots(company(BOOK, since="2025-08-28"), CHURN)
    assert [len(part) for part in found] == [0, 0, 0]
    assert len(snapshots(company(BOOK, since="2025-08-27"), CHURN)[0]) == 3
    assert Leaving.learn(of_churn(CHURN), company(BOOK, since="2025-08-28", mrr=1.0, seats=1)) is None


def test_a_history_that_cannot_answer_the_definition_says_so():
    with pytest.raises(ChurnkitError, match="subscriptions"):
        snapshots(book.history(), CHURN)


def test_of_many_accounts_some_are_learnt_from_spread_evenly(monkeypatch, half_a_year):
    """Twenty accounts at four moments, of which 43 may be learnt from: ten, every 19/9-th, at all their moments."""
    many = company([(f"a{i:02d}", "2020-01-01", None) for i in range(20)])
    assert len(snapshots(many, CHURN)[0]) == 80
    monkeypatch.setattr(leaving, "MOST_ROWS", 43)
    account, cutoff, left = snapshots(many, CHURN)
    assert account.tolist() == [0, 2, 4, 6, 8, 10, 12, 14, 16, 19] * 4
    assert cutoff.tolist() == np.repeat(np.unique(cutoff)[::-1], 10).tolist()
    assert len(left) == 40
    monkeypatch.setattr(leaving, "MOST_ROWS", 80)
    assert len(snapshots(many, CHURN)[0]) == 80


def known(history, told):
    """Facts of all accounts on 1 June 2025 by name, those that are 0 left out."""
    n = len(history.accounts)
    found = facts(history, np.arange(n, dtype=np.int32), np.full(n, moment(AT)), told)
    assert found.shape == (n, len(FACTS))
    return [{name: v for name, v in zip(FACTS, row, strict=True) if v} for row in found.tolist()]


CALM = {UNTROUBLED: 1.0}


def contracts(*rows):
    """A history of contracts: (start, term in months, goes on by itself, seats, booked renewal)."""
    columns = ("started_at", "term_months", "auto_renew", "seats", "renews_at")
    table = pd.DataFrame([dict(zip(columns, row, strict=False)) for row in rows]).reindex(columns=list(columns))
    ids = [f"a{i}" for i in range(len(rows))]
    table["started_at"] = table["recorded_at"] = [day(s) for s in table["started_at"]]
    table["renews_at"] = pd.to_datetime(table["renews_at"], utc=True)
    return History(
        accounts=pd.DataFrame({"account_id": ids, "opened_at": table["started_at"]}),
        activity=pd.DataFrame({"account_id": ids[0], "occurred_at": [AT - pd.Timedelta(days=9)], "event": "login"}),
        subscriptions=table.assign(account_id=ids),
        observed_until=AT + pd.Timedelta(days=1),
    )


def young(days):
    return {"young": pytest.approx(np.exp(-days / 120))}


def test_the_end_of_a_term_lies_between_two_of_the_days_that_have_a_figure():
    """On 1 June it is 45 days to 16 July, 60 to 31 July, 245 to 1 February: (365 - 245) / 125 = .96 of 240 days.

    On 16 June a year later are 380 days to go: beyond the last figure nothing is near.
    """
    history = contracts(
        ("2024-07-16", 12, True), ("2023-07-31", 12, True), ("2025-02-01", 12, False), ("2024-06-16", 24, False)
    )
    long = {"long term": 1.0}
    assert known(history, signs(CALM, CALM, CALM, CALM)) == [
        {**young(320), **long, "renews in 30 days": 0.5, "renews in 60 days": 0.5},
        {**young(671), **long, "renews in 60 days": 1.0},
        {**young(120), **long, "ends by itself": 1.0, "ends in 240 days": pytest.approx(0.96)},
        {**young(350), **long, "ends by itself": 1.0},
    ]


def test_the_end_of_a_short_term_is_not_looked_at_and_that_of_an_unknown_one_is():
    """Months of 1, 5 and 6; no term, but a renewal booked for 10 June, 9 days ahead: .7 of none and .3 of 30."""
    history = contracts(
        ("2025-05-16", 1, True),
        ("2025-02-16", 5, False),
        ("2025-01-01", 6, None),
        ("2025-03-01", None, True, None, "2025-06-10"),
        ("2025-03-01", None, False),
    )
    found = known(history, signs(*[CALM] * 5))
    assert found == [
        young(16),
        young(105),
        {**young(151), "long term": 1.0, "renews in 30 days": 1.0},
        {
            **young(92),
            "long term": 1.0,
            "renews in 0 days": pytest.approx(0.7),
            "renews in 30 days": pytest.approx(0.3),
        },
        young(92),
    ]


def test_seats_count_by_their_logarithm_and_those_that_are_not_known_as_one():
    history = contracts(("2025-05-02", 1, True, 8), ("2025-05-02", 1, True, 1), ("2025-05-02", 1, True, None))
    assert [row.get("seats", 0.0) for row in known(history, signs(CALM, CALM, CALM))] == [np.log(8), 0.0, 0.0]


def test_a_bill_owed_for_long_tells_no_more_than_one_of_five_weeks():
    history = contracts(*[("2025-05-02", 1, True)] * 4)
    told = known(history, signs(*[CALM] * 4, owed={0: 1, 1: 2, 2: 5, 3: 20}))
    assert [row["owes"] for row in told] == [1.0] * 4
    assert [row.get("owes for longer", 0.0) for row in told] == [0.0, 1.0, 4.0, 4.0]


def test_points_are_summed_by_stage_and_weighed_by_how_many_leave():
    """Of the first .5 begin with usage, .25 have a full trouble of billing, .25 see one of support pass.

    Of the second .75 sleep or fall asleep, with the risk of the untroubled, and a quarter misses somebody.
    """
    history = contracts(*[("2025-05-02", 1, True)] * 3)
    begun, full, passing = point("usage", 0, 1), point("billing", 1, 9), point("support", 0, 2, 1)
    missing = point("relationship", 1, 11)
    one, two, three = known(
        history,
        signs({begun: 0.5, full: 0.25, passing: 0.25}, {ASLEEP: 0.5, FALLING: 0.25, missing: 0.25}, CALM, owed={1: 3}),
    )

    def mean(figure):
        return pytest.approx(0.5 * figure[begun] + 0.25 * figure[full] + 0.25 * figure[passing])

    stages = {"begun": 0.5, "full": 0.25, "passing": 0.25}
    risk = np.log(0.5 * LEAVING[begun] + 0.25 * LEAVING[full] + 0.25 * LEAVING[passing])
    felt = {"felt": mean(LEVEL), "thought of leaving": mean(MOOD), "use lost": mean(1 - POINT.use)}
    assert one == {**young(30), "risk of its trouble": pytest.approx(risk), **stages, **felt}
    risk = np.log(0.75 + 0.25 * LEAVING[missing])
    felt = {"felt": pytest.approx(0.25 * LEVEL[missing]), "thought of leaving": pytest.approx(0.25 * MOOD[missing])}
    lost = 0.5 * 0.9 + 0.25 * 0.55 + 0.25 * (1 - POINT.use[missing])  # of those asleep .1 is left, of the falling .45
    felt["use lost"] = pytest.approx(lost)
    stages = {"full": 0.25, "asleep": 0.75}
    assert two == {
        **young(30),
        "risk of its trouble": pytest.approx(risk),
        **stages,
        **felt,
        "owes": 1.0,
        "owes for longer": 2.0,
    }
    assert three == young(30)


def test_without_contracts_all_that_is_known_of_them_is_nothing():
    opened = [AT - pd.Timedelta(days=d) for d in (120, 240)]
    history = History(
        accounts=pd.DataFrame({"account_id": ["a", "b"], "opened_at": opened}),
        activity=pd.DataFrame({"account_id": ["a"], "occurred_at": [AT - pd.Timedelta(days=9)], "event": "login"}),
        observed_until=AT,
    )
    assert known(history, signs(CALM, CALM)) == [young(120), young(240)]


def of(**more):
    """What was learnt: nothing by the facts but of one that is told."""
    coefficients = [0.0] * len(FACTS)
    coefficients[FACTS.index("seats")] = 2.0
    learnt = {"intercept": -1.0, "signs": 0.6, "score": 0.2, "level": 0.1, "off": 0.05}
    return Leaving(coefficients=coefficients, accounts=1200, snapshots=3456, leavers=789, **learnt | more)


def test_signs_and_score_stand_beside_each_other():
    """Log-odds .1 + .6 x (-1 + 2 x .5) + .2 x ln 4, and .1 + .6 x (-1) - .2 x ln 3."""
    table = np.zeros((2, len(FACTS)))
    table[0, FACTS.index("seats")] = 0.5
    odds = np.array([0.1 + 0.2 * np.log(4), -0.5 - 0.2 * np.log(3)])
    assert of().beside(np.array([0.8, 0.25]), table) == pytest.approx(1 / (1 + np.exp(-odds)))


def test_it_says_how_much_signs_weigh_and_from_how_many_leavers():
    told = of().told()
    assert "leans by 75% on what troubles an account" in told
    assert "learnt from 789 leavers among 3,456 snapshots of 1,200 accounts" in told


def test_of_whom_nothing_is_told_the_score_stands():
    """The second has no signs, the third no score."""
    history = contracts(*[("2025-05-02", 1, True, 1)] * 3)
    told = signs(CALM, CALM, CALM)
    told.states[1] = np.nan
    probability = np.array([0.8, 0.8, np.nan])
    roster = SimpleNamespace(
        account=np.arange(3, dtype=np.int32), as_of=moment(AT), probability=probability, signs=told
    )
    effect = harming().model_copy(update={"leaving": of()})
    p0 = effect.without_call(roster, history)
    odds = 0.1 - 0.6 + 0.2 * np.log(4)
    assert p0[:2] == pytest.approx([1 / (1 + np.exp(-odds)), 0.8])
    assert np.isnan(p0[2])
    assert probability[0] == 0.8
    told.states[:] = np.nan
    assert effect.without_call(roster, history)[:2].tolist() == [0.8, 0.8]
    roster.signs = None
    assert effect.without_call(roster, history)[:2].tolist() == [0.8, 0.8]


NINETY = Cancelled(horizon="90d")


@pytest.fixture(scope="module")
def grown():
    """A made-up company whose calls are not on record, a model of it, and the effect that is learnt."""
    made = generate(300, 15, seed=5)
    tables = {name: table for name, table in made.tables.items() if name not in ("decisions", "contacts")}
    history = History(**tables)
    recipe = ck.Recipe(churn=NINETY, features=FEATURES)
    model = ck.ChurnModel.fit(recipe, history, ck.monthly_cutoffs("2024-12", "2025-06"))
    return SimpleNamespace(
        made=made, tables=tables, history=history, model=model, effect=ContactEffect.fit(model, history)
    )


def standing(effect, scores, history):
    """P0 by account, as a plan has it: a call that keeps .2 of it is worth .2 x p0 x value - 30.

    Of whoever owes a bill some leave before a call works: their p0 is not told by what a call is worth.
    """
    cells = tuple(c.model_copy(update={"share": 0.2}) for c in effect.cells)
    rules = ContactRules(minutes=dict.fromkeys(ROLES, 30), size_factors={"large": 1.0}, hourly_cost=60.0)
    policy = ByNetSaving(effect=effect.model_copy(update={"cells": cells}))
    plan = plan_contacts(scores, None, history, policy=policy, rules=rules, capacity=5).frame
    plan = plan[~plan["signs"].str.startswith("a bill is owed", na=False)]
    return ((plan["net_saving"] + 30) / 0.2 / plan["value_at_stake"]).set_axis(plan["account_id"])


def test_p0_is_nearer_to_the_truth_than_the_score(grown):
    """The generator lives every account's future sixteen times without a call."""
    at = grown.made.truth.moments[-1]
    scores = grown.model.score(grown.history, at)
    truth = grown.made.truth.outlook(at, paths=16).set_index("account_id")["p0"]
    scored = scores.frame.set_index("account_id")["probability"]
    p0 = standing(grown.effect, scores, grown.history)
    alone = standing(grown.effect.model_copy(update={"leaving": None}), scores, grown.history)
    both = pd.DataFrame({"truth": truth, "p0": p0, "score": scored, "alone": alone}).dropna()
    assert len(both) > 250
    assert both["alone"].to_numpy() == pytest.approx(both["score"].to_numpy())
    squares = both.sub(both["truth"], axis=0).pow(2).mean()
    assert squares["p0"] < 0.8 * squares["score"]
    assert both.corr().loc["truth", "p0"] > both.corr().loc["truth", "score"] + 0.1


def test_a_list_says_p0_and_the_signs_behind_it(grown):
    """Whoever owes is told to; of the others what is likeliest now, as sure as it is."""
    at = grown.made.truth.moments[-1]
    scores = grown.model.score(grown.history, at)
    shown = plan_contacts(scores, None, grown.history, policy=ByNetSaving(effect=grown.effect)).frame
    shown = shown.set_index("account_id")
    roster = read_roster(scores, None, grown.history)
    p0 = pd.Series(grown.effect.without_call(roster, grown.history), index=roster.ids)
    assert shown.loc[p0.index, "probability_uncalled"].to_numpy() == pytest.approx(p0.to_numpy())
    said, owes = shown.loc[roster.ids, "signs"], roster.signs.owes
    assert owes.any()
    assert (roster.bills.max(axis=1) > 0).tolist() == owes.tolist()
    running = roster.signs.owed[owes]
    assert said[owes].tolist() == [
        "a bill is owed" if w == 1 else f"a bill is owed, asked for {w} weeks running" for w in running
    ]
    calm = roster.signs.states[:, UNTROUBLED]
    sure = np.flatnonzero((calm >= 0.6) & ~owes)
    assert said.iloc[sure].tolist() == [
        f"no trouble ({c:.0%})" if c < 0.995 else "no trouble (over 99%)" for c in calm[sure]
    ]
    lasting, likeliest = roster.signs.lasting, roster.signs.present.argmax(axis=1)
    every = np.arange(len(likeliest))
    over = lasting[every, likeliest] < roster.signs.present[every, likeliest] / 2
    alone = ~owes & ~said.str.contains("), or ", regex=False)
    assert said[alone].str.contains(", getting over it (", regex=False).tolist() == over[alone].tolist()
    assert over[alone].any()
    assert said[~owes].str.fullmatch(r".+ \((\d\d?|over 99)%\)").all()
    first, second = np.sort(roster.signs.present, axis=1)[:, :-3:-1].T
    assert (said.str.contains("), or ", regex=False) == (first < 0.6) & (second >= 0.2) & ~owes).all()
    assert said.str.contains("), or ", regex=False).any()
    assert "trouble with the price" in " ".join(said)


def test_what_was_learnt_is_told_and_counted(grown):
    account, _, left = snapshots(grown.history, NINETY)
    learnt = grown.effect.leaving
    assert (learnt.accounts, learnt.snapshots, learnt.leavers) == (len(set(account.tolist())), len(left), left.sum())
    assert learnt.signs > learnt.score >= 0
    assert grown.effect.rung == "assumed"
    assert f"learnt from {learnt.leavers:,} leavers" in grown.effect.told()


def test_the_weights_are_those_of_models_that_had_not_seen_the_account(grown, monkeypatch):
    """Held out, the regression says 1/3 and 2/3 of halves of which one and four of five leave: ln 4 / ln 2 = 2 times.

    The trees, of the features alone, say the same of all. The regression that is kept is that of all snapshots: its
    mean is the share of leavers, as with every logistic regression.
    """
    account, cutoff, _ = (part[:300] for part in snapshots(grown.history, NINETY))
    first = np.arange(300) < 150
    left = np.where(first, np.arange(300) % 5 == 0, np.arange(300) % 5 > 0).astype(float)
    seen = {}

    def regression(known, *_):
        seen["facts"] = known
        return np.where(first, 1 / 3, 2 / 3)

    def trees(X, *_):
        assert X.shape == (300, len(FEATURES))
        return np.full(300, 0.3)

    monkeypatch.setattr(leaving, "snapshots", lambda *_: (account, cutoff, left))
    monkeypatch.setattr(leaving, "logistic", regression)
    monkeypatch.setattr(leaving, "boosted", trees)
    monkeypatch.setattr(leaving, "later_calls", lambda *_: np.where(first, 1.0, 0.0))
    learnt = Leaving.learn(grown.model, grown.history)
    assert (learnt.signs, learnt.score) == pytest.approx((2.0, 0.0), abs=0.01)
    odds = learnt.intercept + seen["facts"] @ np.array(learnt.coefficients)
    assert np.mean(1 / (1 + np.exp(-odds))) == pytest.approx(0.5, abs=1e-4)
    assert np.corrcoef(odds, left)[0, 1] > 0.1
    assert learnt.called == pytest.approx(0.2, abs=0.005)  # of the first, who are called once, one in five leaves


def test_whom_past_calls_kept_would_have_left_without_them(grown, monkeypatch):
    """Half a call each, of which every one keeps .4: of those who would leave .8 were seen to, so a quarter more do."""
    asked = []

    def half(history, account, decided, horizon):
        asked[:] = [account, decided, horizon]
        return np.full(len(account), 0.5)

    monkeypatch.setattr(leaving, "later_calls", half)
    learnt = Leaving.learn(grown.model, grown.history, kept=0.4)
    scores = grown.model.score(grown.history, reporting_end(grown.history, NINETY))
    account = np.array([grown.history.code(a) for a in scores.frame["account_id"]], dtype=np.int32)
    cutoff = np.full(len(account), int(scores.as_of))
    table = facts(grown.history, account, cutoff, read_signs(grown.history, account, cutoff))
    seen = 1 / (1 + np.exp(-(learnt.intercept + table @ np.array(learnt.coefficients))))
    p0 = learnt.beside(scores.frame["probability"].to_numpy(), table)
    assert learnt.called == pytest.approx(0.5)
    assert p0.mean() == pytest.approx(1.25 * seen.mean(), rel=1e-3)
    assert learnt.coefficients == grown.effect.leaving.coefficients
    assert "Past calls, 0.50 for each who would leave" in learnt.told()
    assert "Past calls" not in grown.effect.leaving.told()  # there are none on record
    moments = snapshots(grown.history, NINETY)[1]
    assert sorted(set((asked[1] + 1).tolist())) == sorted(set(moments.tolist()))
    assert asked[2] == 90 * DAY


def test_what_a_past_call_kept_is_what_is_declared_on_average(grown, monkeypatch):
    learn, told = Leaving.learn, []
    monkeypatch.setattr(Leaving, "learn", lambda *a, kept: told.append(kept) or learn(*a, kept=kept))
    ContactEffect.fit(grown.model, grown.history, prior=ck.DeclaredEffect(prior=0.2, by_theme={"billing": 0.9}))
    assert told == [pytest.approx(0.2)]


def test_the_book_as_a_whole_leaves_as_the_regression_has_it(grown):
    """At the end of the record, whatever level the score has."""
    end = reporting_end(grown.history, NINETY)
    scores = grown.model.score(grown.history, end)
    account = np.array([grown.history.code(a) for a in scores.frame["account_id"]], dtype=np.int32)
    cutoff = np.full(len(account), end)
    table = facts(grown.history, account, cutoff, read_signs(grown.history, account, cutoff))
    learnt, score = grown.effect.leaving, scores.frame["probability"].to_numpy()
    by_signs = 1 / (1 + np.exp(-(learnt.intercept + table @ np.array(learnt.coefficients))))
    assert learnt.beside(score, table).mean() == pytest.approx(by_signs.mean(), abs=1e-6)


def test_by_how_much_those_most_at_risk_were_off_together():
    """Twenty at each of two moments, two of them the tenth most at risk, .5 each: 1 expected with a variance of .5.

    Both leave, then none: (1 - .5) / 1 of the variance is beyond chance at both, so .5, its root .71. Where one leaves
    each time, less than chance is off, and .1 is held.
    """
    expected = np.tile(np.r_[[0.5, 0.5], np.full(18, 0.1)], 2)
    cutoff, left = np.repeat([1, 2], 20), np.zeros(40)
    left[[0, 1]] = 1.0
    assert leaving._off(expected, left, cutoff) == pytest.approx(np.sqrt(0.5))
    left[[1, 20]] = 0.0, 1.0
    assert leaving._off(expected, left, cutoff) == pytest.approx(0.1)


def test_snapshots_of_which_nothing_is_told_are_left_out(grown, monkeypatch):
    """At the last moment, of every second account."""
    monkeypatch.setattr(leaving, "MOST_MOMENTS", 1)
    monkeypatch.setattr(leaving, "LEAST_LEAVERS", 5)
    seen = []

    def regression(known, left, account):
        seen[:] = [known, account]
        return np.where(left == 1, 0.6, 0.2)

    monkeypatch.setattr(leaving, "logistic", regression)

    def read(history, account, cutoff):
        found = read_signs(history, account, cutoff)
        found.states[account % 2 == 0] = np.nan
        return found

    monkeypatch.setattr(leaving, "read_signs", read)
    account, cutoff, left = snapshots(grown.history, NINETY)
    odd = account % 2 == 1
    learnt = Leaving.learn(grown.model, grown.history)
    assert (learnt.accounts, learnt.snapshots, learnt.leavers) == (odd.sum(), odd.sum(), left[odd].sum())
    alone = read_signs(grown.history, account[odd], cutoff[odd])
    np.testing.assert_array_equal(seen[0], facts(grown.history, account[odd], cutoff[odd], alone))
    assert seen[1].tolist() == account[odd].tolist()
    assert np.isfinite(learnt.intercept)
    monkeypatch.setattr(leaving, "LEAST_LEAVERS", left[odd].sum() + 1)
    assert Leaving.learn(grown.model, grown.history) is None


def test_with_too_few_leavers_nothing_is_learnt(grown, monkeypatch):
    leavers = int(snapshots(grown.history, NINETY)[2].sum())
    monkeypatch.setattr(leaving, "LEAST_LEAVERS", leavers + 1)
    monkeypatch.setattr(leaving, "read_signs", None)  # not even looked at
    assert Leaving.learn(grown.model, grown.history) is None


def test_where_signs_tell_nothing_the_score_stands_alone(grown, monkeypatch):
    monkeypatch.setattr(leaving, "MOST_MOMENTS", 2)
    monkeypatch.setattr(leaving, "logistic", lambda known, left, account: np.where(left == 1, 0.1, 0.3))
    assert Leaving.learn(grown.model, grown.history) is None


def test_a_history_without_signs_teaches_nothing(monkeypatch):
    monkeypatch.setattr(leaving, "LEAST_LEAVERS", 1)
    assert Leaving.learn(of_churn(CHURN), company(BOOK)) is None


def test_a_book_too_small_to_have_anything_usual_teaches_nothing(monkeypatch):
    """Four accounts with prices, of whom some leave: twenty are needed to say what is usual."""
    monkeypatch.setattr(leaving, "LEAST_LEAVERS", 1)
    small = company(BOOK, mrr=[10.0, 10.0, 20.0, 20.0], seats=[1, 1, 2, 2])
    assert snapshots(small, CHURN)[2].sum() > 1
    assert Leaving.learn(of_churn(CHURN), small) is None


def test_it_is_equal_from_run_to_run(grown, monkeypatch):
    monkeypatch.setattr(leaving, "MOST_MOMENTS", 2)
    one, two = (Leaving.learn(grown.model, History(**grown.tables)) for _ in range(2))
    assert one == two
    assert one is not None


def told(effect, history, ids, at="2025-06-02"):
    """P0 of accounts whose scores fall from .3 to .1."""
    scores = book.scores(dict(zip(ids, np.linspace(0.3, 0.1, len(ids)), strict=True)), as_of=at)
    roster = read_roster(scores, None, history)
    assert roster.signs.told.all()
    return pd.Series(effect.without_call(roster, history), index=roster.ids)[ids].to_numpy()


def test_written_and_read_back_it_says_the_same(grown, tmp_path):
    again = ContactEffect.read(grown.effect.write(tmp_path / "effect.json"))
    ids = list(grown.history.account_ids[:50])
    assert again == grown.effect
    assert told(again, grown.history, ids).tolist() == told(grown.effect, grown.history, ids).tolist()


@pytest.mark.parametrize("change", [future.removed, future.spoilt])
def test_what_was_not_known_at_a_moment_does_not_move_p0_there(grown, change):
    at, until = day("2025-06-02"), grown.history.observed_until
    ends = {name: pd.Timestamp(end, unit="us", tz="UTC") for name, end in until.items() if name != "accounts"}
    tables = change(grown.made.tables, at)
    before = History(**{name: tables[name] for name in grown.tables}, observed_until=ends)
    ids = list(grown.history.account_ids[grown.history.opened < moment(at)])
    one, two = (told(grown.effect, history, ids) for history in (grown.history, before))
    assert one.tolist() == two.tolist()
    assert np.ptp(one) > 0.3
