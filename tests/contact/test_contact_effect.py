"""The measured effect: by hand on eight decisions, shrunk by hand, and against the generator's truth."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from churnkit import features as f
from churnkit.contact import ByNetSaving, ContactEffect, DeclaredEffect, contact_effect, plan_contacts
from churnkit.contact.contact_effect import e_value
from churnkit.contact.doubly_robust import from_nuisances, outcome_of
from churnkit.contact.held_out import boosted, fold_of
from churnkit.contact.leaving import FACTS
from churnkit.contact.shrinking import CELLS, HARM, SPREAD, declared, shrink
from churnkit.contact.signs import ASLEEP, KINDS, UNTROUBLED
from churnkit.contact.trial import OBSERVATIONAL, RANDOMISED, Trial, read_trial
from churnkit.errors import BadPlan
from churnkit.history import History
from churnkit.history.sample import figures as fig
from churnkit.history.sample import generate
from churnkit.history.signals import THEMES
from churnkit.labels import Cancelled
from churnkit.tables import ROLES
from contact.test_signs import AT
from contact.test_signs import book as forty
from support import plans as book
from support.trials import FEATURES, WHEN, harming, told_by

SERVICE, NO_SIGN = ROLES.index("service"), len(KINDS) - 1
CELL = SERVICE * len(KINDS) + NO_SIGN


def eight(rung=RANDOMISED, times=1):
    """Four called, of whom one leaves; four not called, of whom two leave."""
    contact = np.tile([True] * 4 + [False] * 4, times)
    n = len(contact)
    shares = np.zeros((n, len(ROLES)))
    shares[:, SERVICE] = 1.0
    return Trial(
        rung=rung,
        account=np.arange(n, dtype=np.int32),
        decided=np.zeros(n, dtype=np.int64),
        contact=contact,
        role=np.where(contact, SERVICE, -1).astype(np.int8),
        propensity=np.full(n, 0.5),
        role_propensity=shares,
        left=np.tile([0.0, 0, 0, 1, 1, 1, 0, 0], times),
        kind=np.full(n, -1, dtype=np.int8),
        X=np.zeros((n, 1)),
        immature=3,
        outside=2,
    )


def halves(trial, seen=3 / 8):
    """Half are called; ``seen`` is m, of eight those three who left."""
    n = len(trial)
    return from_nuisances(trial, np.full(n, 1.0) * seen, np.full(n, 0.5), np.ones(n, dtype=bool))


def test_the_estimate_worked_by_hand():
    """1/4 leave instead of 2/4: half of the leavers are kept, and p0 is 3/8 / (1 - .5 x .5) = 2/4.

    Variance: 8 w^2 x 15/64 x 4 / (8 w / 2)^2 = 15/32, and p0 rests on the share with .04 / (.04 + 15/32) of its weight.
    Of the mean: the squares of g - .25 are 1.5, .5 (three times), 1 (four times), so 7 / (8 / 2)^2, times (1 - .25)^2.
    """
    found = halves(eight())
    assert found.share[CELL] == pytest.approx(0.5)
    assert found.pooled == pytest.approx(0.5)
    own = 0.04 / (0.04 + 15 / 32)
    assert found.covariance[CELL, CELL] == pytest.approx(15 / 32 / (1 + own / 3) ** 2)
    assert found.pooled_error == pytest.approx(np.sqrt(7 / 16) * 0.75)
    assert (found.contacts[CELL], found.leavers[CELL], found.expected[CELL]) == (4, 1, pytest.approx(2.0))
    assert np.isnan(np.delete(found.share, CELL)).all()


def test_a_wrong_outcome_model_does_not_move_a_randomised_mean_far():
    trial = eight(times=500)
    n = len(trial)
    found = from_nuisances(trial, np.full(n, 0.4), np.full(n, 0.5), np.ones(n, dtype=bool))
    share = found.share[CELL]
    assert share * 0.4 / (1 - 0.5 * share) == pytest.approx(0.25, abs=1e-3)  # p0 - p1 is right whatever m is


def test_a_share_kept_is_of_those_who_would_leave_uncalled():
    """900 of 1,000 are called: .2 of them leave, .5 of the others. Six of ten are kept, and p0 is .5 where m is .23."""
    contact = np.repeat([True, False], [900, 100])
    left = np.concatenate([np.repeat([1.0, 0.0], [180, 720]), np.repeat([1.0, 0.0], [50, 50])])
    trial = eight(times=125)
    trial = replace(trial, contact=contact, left=left, role=np.where(contact, SERVICE, -1).astype(np.int8))
    found = from_nuisances(trial, np.full(1000, 0.23), np.full(1000, 0.9), np.ones(1000, dtype=bool))
    assert found.pooled == pytest.approx(0.6, abs=1e-3)
    assert found.share[CELL] == pytest.approx(0.6, abs=1e-3)
    assert found.expected[CELL] == pytest.approx(900 * 0.5, rel=1e-3)


def test_later_calls_stand_between_what_is_seen_and_who_would_leave():
    """Half are called now, the others when half of the horizon is left: .75 calls each, p0 = m / (1 - .75 s).

    A call keeps .4 of a p0 of .5: .3 leave of the called, .4 of the others, m = .35, the sides half a call apart.
    """
    trial = eight(times=125)
    order = np.argsort(~trial.contact, kind="stable")
    trial = replace(
        trial,
        contact=trial.contact[order],
        role=trial.role[order],
        left=np.where(np.arange(1000) < 500, np.arange(1000) % 10 < 3, np.arange(1000) % 10 < 4).astype(float),
        later=np.where(trial.contact[order], 0.0, 0.5),
    )
    found = halves(trial, 0.35)
    assert found.apart == pytest.approx(0.5)
    assert found.pooled == pytest.approx(0.4, abs=1e-3)


def test_a_series_of_calls_is_kept_as_one():
    """Half are called, twice, the second time at half of the horizon: the series keeps .4 of a p0 of .5; m = .4."""
    trial = eight(times=125)
    order = np.argsort(~trial.contact, kind="stable")
    tenth = np.arange(1000) % 10
    trial = replace(
        trial,
        contact=trial.contact[order],
        role=trial.role[order],
        left=np.where(np.arange(1000) < 500, tenth < 3, tenth < 5).astype(float),
        later=np.where(trial.contact[order], 0.5, 0.0),
    )
    assert halves(trial, 0.4).pooled == pytest.approx(0.4, abs=1e-3)


def test_shrinking_worked_by_hand():
    prior = declared(DeclaredEffect())
    assert prior[CELL] == pytest.approx(0.15)
    assert prior[NO_SIGN] == pytest.approx(0.05)  # sales where service fits
    assert prior[SERVICE * len(KINDS) + ASLEEP] == -HARM[ASLEEP]  # nothing to mend
    assert prior[np.array([0, SERVICE]) * len(KINDS) + UNTROUBLED] == pytest.approx([-HARM[UNTROUBLED], 0.05])
    found = halves(eight())
    after = shrink(prior, found.share, np.full_like(found.covariance, 0.5))
    height, rest = SPREAD["height"], sum(s**2 for name, s in SPREAD.items() if name != "height")
    own = (height * 0.15) ** 2 + rest
    assert after.share[CELL] == pytest.approx(0.15 + own / (own + 0.5) * 0.35)
    assert after.covariance[CELL, CELL] == pytest.approx(own - own**2 / (own + 0.5))
    usage = SERVICE * len(KINDS) + THEMES.index("usage")  # the fitting hat, declared .30: shares height, all and role
    common = height**2 * 0.15 * 0.30 + SPREAD["all"] ** 2 + SPREAD["role"] ** 2
    assert after.share[usage] == pytest.approx(0.30 + common / (own + 0.5) * 0.35)
    asleep = SERVICE * len(KINDS) + ASLEEP  # nothing to mend there: its height is its own
    common = SPREAD["all"] ** 2 + SPREAD["role"] ** 2
    assert after.share[asleep] == pytest.approx(-HARM[ASLEEP] + common / (own + 0.5) * 0.35)


def test_what_is_seen_of_those_asleep_says_nothing_of_what_calls_keep():
    """Sales calls to the sleeping harm nobody, for sure: those of other hats are doubted, the untroubled hardly."""
    prior = declared(DeclaredEffect())
    share, noise = np.full(len(prior), np.nan), np.full((len(prior),) * 2, np.nan)
    share[ASLEEP], noise[ASLEEP, ASLEEP] = 0.0, 0.0
    moved = (shrink(prior, share, noise).share - prior).reshape(CELLS)
    height, whole = (SPREAD["height"] * 0.5) ** 2, (SPREAD["height"] * 0.5) ** 2 + 4 * 0.02**2
    assert moved[SERVICE, ASLEEP] == pytest.approx(0.5 * (height + 2 * 0.02**2) / whole)
    assert moved[:, UNTROUBLED] == pytest.approx(0.5 * 0.02**2 * np.array([2, 1, 1, 1]) / whole)
    assert moved[1:, : len(THEMES)] == pytest.approx(0.5 * 0.02**2 / whole)


def test_kinds_that_are_not_sure_are_told_apart_all_the_same():
    """Support keeps half of a risk of .5, billing none; each row is one of them with .8, the other with .2."""
    random = np.random.default_rng(11)
    n = 40_000
    support = random.random(n) < 0.5
    contact = random.random(n) < 0.5
    kinds = np.zeros((n, len(KINDS)))
    one, two = THEMES.index("support"), THEMES.index("billing")
    sure = np.where(random.random(n) < 0.8, support, ~support)
    kinds[:, one], kinds[:, two] = np.where(sure, 0.8, 0.2), np.where(sure, 0.2, 0.8)
    trial = eight(times=n // 8)
    drawn = {
        "contact": contact,
        "role": np.where(contact, SERVICE, -1).astype(np.int8),
        "left": (random.random(n) < np.where(contact & support, 0.25, 0.5)).astype(float),
        "kinds": kinds,
        "decided": np.arange(n, dtype=np.int64),  # a moment each: nobody to be quieter than
    }
    seen = 0.5 - 0.125 * kinds[:, one]  # half are called, and support keeps half of .5
    found = halves(type(trial)(**{**trial.__dict__, **drawn}), seen)
    cells = SERVICE * len(KINDS) + np.array([one, two])
    error = np.sqrt(np.diag(found.covariance)[cells])
    assert (np.abs(found.share[cells] - [0.5, 0.0]) < 3 * error).all()
    assert (error < 0.05).all()
    assert found.covariance[cells[0], cells[1]] < 0  # what is not the one is the other


def test_shares_of_kinds_are_answered_by_their_mean():
    effect = ContactEffect.of(eight(times=400), halves(eight(times=400)), DeclaredEffect())
    kinds = np.zeros((1, len(KINDS)))
    kinds[0, [0, NO_SIGN]] = 0.25, 0.75
    role, p = np.array([SERVICE], dtype=np.int8), np.array([0.4])
    one, two = effect.cells[SERVICE * len(KINDS)], effect.cells[CELL]
    assert effect.saved(p, role, kinds) == pytest.approx(0.4 * (0.25 * one.share + 0.75 * two.share))
    c = np.array(effect.covariance)[np.ix_([SERVICE * len(KINDS), CELL], [SERVICE * len(KINDS), CELL])]
    spread = np.sqrt([0.25, 0.75] @ c @ [0.25, 0.75])
    assert effect.spread(role, kinds) == pytest.approx(spread)
    assert effect.total_spread(np.array([2.0]), role, kinds) == pytest.approx(2 * spread)
    assert effect.evidence(role, kinds).tolist() == [two.evidence]


def test_much_evidence_overrules_the_prior_and_little_leaves_it():
    much = ContactEffect.of(eight(times=400), halves(eight(times=400)), DeclaredEffect())
    cell = much.cells[CELL]
    assert cell.evidence == "randomised"
    assert cell.share == pytest.approx(0.5, abs=0.03)
    little = ContactEffect.of(eight(), halves(eight()), DeclaredEffect())
    assert {c.evidence for c in little.cells} == {"assumed"}
    assert "3 decisions whose outcome is not known yet, 2 outside" in much.told()


def test_observational_evidence_never_outgrows_its_bias():
    found = halves(eight(OBSERVATIONAL, times=4000))
    assert found.covariance[CELL, CELL] > 0.25**2
    assert found.pooled_error > 0.25  # nor does the interval that is told
    told = ContactEffect.of(eight(OBSERVATIONAL, times=4000), found, DeclaredEffect()).told()
    assert "E-value" in told
    assert told.startswith("effect of a contact: observational")


def test_e_value_of_the_paper():
    """VanderWeele and Ding 2017: a risk ratio of 3.9 has an E-value of 7.26; of .8, that of 1.25: 1.81."""
    assert e_value(3.9) == pytest.approx(7.26, abs=0.01)
    assert e_value(0.8) == pytest.approx(1.81, abs=0.01)


def test_folds_keep_an_account_together_and_the_model_never_sees_it():
    account = np.repeat(np.arange(60, dtype=np.int32), 20)
    fold = fold_of(account)
    assert all(len(set(fold[account == a])) == 1 for a in range(60))
    left = np.random.default_rng(1).permutation(np.repeat([1.0, 0.0], 30))[account]  # an account always answers alike
    told = boosted(account[:, None].astype(float) % 7, left, account)
    assert np.corrcoef(told, left)[0, 1] < 0.3


def test_too_little_evidence_says_so_and_falls_back():
    model = SimpleNamespace(recipe=SimpleNamespace(churn=Cancelled()), features=())
    effect = ContactEffect.fit(model, book.history(), prior=DeclaredEffect(prior=0.3))
    assert effect.rung == "assumed"
    assert "no decisions or contacts" in effect.told()
    codes = np.array([SERVICE], dtype=np.int8), np.array([-1], dtype=np.int8)
    assert effect.saved(np.array([0.5]), *codes) == pytest.approx(0.15)
    assert effect.evidence(*codes).tolist() == ["assumed"]


def test_who_is_pushed_out_by_a_call_is_named_and_left_alone():
    policy = ByNetSaving(value="worth", effect=harming())
    plan = plan_contacts(book.scores(), None, book.history(), policy=policy, rules=book.RULES, capacity=6)
    assert len(plan) == 0
    assert "left alone: 6 accounts that a call is expected to push out (first: a, b, c)." in plan.notes
    a = plan.frame.set_index("account_id").loc["a"]
    assert a["status"] == "no expected gain"
    assert a["status_why"].startswith(
        "a call is expected to push it out: its probability of leaving would rise by 25.0"
    )


def test_written_and_read_back_it_is_equal(tmp_path):
    effect = harming(0.2)
    assert ContactEffect.read(effect.write(tmp_path / "effect.json")) == effect
    policy = ByNetSaving(effect=effect)
    assert ByNetSaving(**json.loads(policy.model_dump_json())).effect == effect
    (tmp_path / "effect.json").write_text("{}")
    with pytest.raises(BadPlan, match="no effect of a contact can be read"):
        ContactEffect.read(tmp_path / "effect.json")


def measured(history, features):
    """What calls do, and no more: who would leave without one is learnt in test_leaving."""
    model = SimpleNamespace(recipe=SimpleNamespace(churn=Cancelled(horizon="90d")), features=features)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contact_effect, "Leaving", SimpleNamespace(learn=lambda *_, **__: None))
        return ContactEffect.fit(model, history)


@pytest.fixture(scope="module")
def grown():
    made = generate(2500, 18, seed=23)
    history = History(**made.tables)
    return made, measured(history, FEATURES)


def test_the_generators_truth_lies_within_the_interval(grown):
    """Truth: the mean share kept over accounts and moments of the trial, by roles as drawn, of calls that reach."""
    made, effect = grown
    moments = [
        m for m in made.truth.moments if pd.Timestamp("2024-12", tz="UTC") < m < pd.Timestamp("2025-07", tz="UTC")
    ]
    outlook = pd.concat([made.truth.outlook(m, paths=4) for m in moments[::2]])
    roles = np.array(fig.TRIAL_ROLES)
    saved = outlook[[f"effect_{r}" for r in ROLES]].to_numpy() @ roles / roles.sum()
    truth = saved.sum() / outlook["p0"].sum() * (1 - fig.NOT_MADE) * (1 - fig.NOT_REACHED)
    assert effect.rung == "randomised"
    assert truth > 0
    assert effect.pooled > 0
    assert abs(effect.pooled - truth) < 1.645 * effect.pooled_error


def test_without_decisions_the_controls_are_reconstructed(grown):
    """The same company, its decisions lost: contacts by lot are left, and the sign of the effect with them."""
    made, written = grown
    tables = {name: table for name, table in made.tables.items() if name != "decisions"}
    features = (f.latest("mrr"), f.days_until("renewal_due"), f.count("login", "28d"), f.latest("nps"), f.tenure())
    effect = measured(History(**tables), features)
    assert effect.rung == "randomised, controls reconstructed"
    assert "could have been drawn" in effect.told()
    assert abs(effect.pooled - written.pooled) < 2 * written.pooled_error


def test_the_evidence_moves_cells_towards_the_truth(grown):
    _, effect = grown
    table = effect.table
    assert len(table) == np.prod(CELLS)
    assert (table["evidence"] == "randomised").any()
    assert (table["low"] < table["share"]).all()


def test_a_draw_of_the_holdout_counts_once_however_often_it_is_written_down():
    """a is held out and written down in weeks 0 to 2, b called in weeks 0 and 5; both drawn anew in week 13.

    c is drawn by lot off the list in weeks 0 and 1: two draws.
    """
    weeks = [("a", 0), ("a", 1), ("a", 2), ("a", 13), ("b", 0), ("b", 5), ("b", 13), ("c", 0), ("c", 1)]
    listed = [name != "c" for name, _ in weeks]
    decided = [WHEN + pd.Timedelta(weeks=w) for _, w in weeks]
    decisions = pd.DataFrame(
        {
            "account_id": [name for name, _ in weeks],
            "decided_at": decided,
            "contact": [name == "b" for name, _ in weeks],
            "assignment": "random",
            "propensity": 0.75,
            "until": [WHEN + pd.Timedelta(days=90 * (1 + (w == 13))) for _, w in weeks],
            "on_list": listed,
        }
    )
    trial = read_trial(told_by(decisions.iloc[::-1]), Cancelled(horizon="90d"), (f.tenure(),))
    counted = sorted(
        zip(trial.account.tolist(), (trial.decided - trial.decided.min()) // (7 * 86_400_000_000), strict=True)
    )
    assert counted == [(0, 0), (0, 13), (1, 0), (1, 13), (2, 0), (2, 1)]
    assert trial.repeated == 3
    half = np.full(len(trial), 0.5)
    found = from_nuisances(trial, half, trial.propensity, np.ones(len(trial), dtype=bool))
    assert "3 decisions repeat a draw" in ContactEffect.of(trial, found, DeclaredEffect()).told()


def test_decisions_that_could_not_have_gone_the_other_way_are_skipped_and_counted():
    """Of twelve drawn, two were certain (0 and 1) and one has no propensity; nine are left."""
    when = pd.Timestamp("2025-01-06", tz="UTC")
    ids = [f"a{i:02d}" for i in range(12)]
    decisions = pd.DataFrame(
        {
            "account_id": ids,
            "decided_at": when,
            "contact": [True] * 5 + [False] * 7,
            "assignment": "random",
            "propensity": [1.0, np.nan, 0.4, 0.4, 0.4, 0.0, *[0.4] * 6],
        }
    )
    history = History(
        accounts=pd.DataFrame({"account_id": ids, "opened_at": when - pd.Timedelta(days=100)}),
        activity=pd.DataFrame({"account_id": ids, "occurred_at": when + pd.Timedelta(days=300), "event": "login"}),
        subscriptions=pd.DataFrame({"account_id": ids, "started_at": when - pd.Timedelta(days=100)}),
        decisions=decisions,
        observed_until=when + pd.Timedelta(days=301),
    )
    trial = read_trial(history, Cancelled(horizon="90d"), (f.tenure(),))
    assert (trial.certain, len(trial)) == (3, 9)
    found = from_nuisances(trial, np.full(9, 0.5), np.full(9, 0.4), np.ones(9, dtype=bool))
    told = ContactEffect.of(trial, found, DeclaredEffect()).told()
    assert "3 decisions by lot had a propensity of 0 or 1, or none" in told


def with_signs(known, n=3000):
    """A trial whose covariates tell nothing and whose signs may: who leaves has log-odds of -1 + 1.5 x the first."""
    random = np.random.default_rng(8)
    signs = random.normal(size=(n, 2))
    odds = -1 + 1.5 * signs[:, 0]
    trial = eight(times=n // 8)
    trial = replace(
        trial,
        X=random.normal(size=(n, 2)),
        left=(random.random(n) < 1 / (1 + np.exp(-odds))).astype(float),
        known=signs if known else None,
    )
    return trial, 1 / (1 + np.exp(-odds))


def log_loss(told, left):
    return -np.mean(left * np.log(told) + (1 - left) * np.log(1 - told))


def test_without_signs_the_outcome_model_is_of_the_covariates():
    trial, _ = with_signs(known=False)
    assert outcome_of(trial).tolist() == boosted(trial.X, trial.left, trial.account).tolist()


def test_signs_that_tell_who_leaves_stand_beside_the_covariates_in_the_outcome_model():
    """Covariates tell no more than the mean; with the signs it is nearly told as well as by the truth."""
    trial, truth = with_signs(known=True)
    outcome = outcome_of(trial)
    mean, best = (log_loss(told, trial.left) for told in (np.full(len(truth), trial.left.mean()), truth))
    assert log_loss(boosted(trial.X, trial.left, trial.account), trial.left) > mean - 0.01
    assert log_loss(outcome, trial.left) < best + 0.1 * (mean - best)
    assert np.corrcoef(outcome, truth)[0, 1] > 0.98


def test_the_outcome_model_has_not_seen_the_account_it_tells_of():
    """An account always answers alike and has a sign of its own, which says nothing of another: one in two leaves."""
    account = np.repeat(np.arange(60, dtype=np.int32), 20)
    left = np.random.default_rng(1).permutation(np.repeat([1.0, 0.0], 30))[account]
    trial = replace(eight(times=150), account=account, left=left, X=np.zeros((1200, 1)), known=np.eye(60)[account])
    assert outcome_of(trial) == pytest.approx(np.full(1200, 0.5), abs=0.01)


def test_a_trial_reads_the_facts_of_its_decisions_where_signs_are_told_of_all():
    """Forty accounts of two seats under a yearly contract, 450 days old when one in two is called.

    Nineteen are too few for anything to be usual: then nothing is known beside the covariates.
    """
    decided = AT - pd.Timedelta(days=150)
    ids = [f"c{i:02d}" for i in range(40)]
    drawn = {"assignment": "random", "propensity": 0.5, "contact": np.arange(40) % 2 == 0}
    decisions = pd.DataFrame({"account_id": ids, "decided_at": decided, **drawn})
    trial = read_trial(forty(decisions=decisions), Cancelled(horizon="90d"), (f.tenure(),))
    told = dict(zip(FACTS, trial.known.T, strict=True))
    assert trial.known.shape == (40, len(FACTS))
    assert told["seats"] == pytest.approx(np.full(40, np.log(2)))
    assert told["young"] == pytest.approx(np.full(40, np.exp(-450 / 120)))
    assert (told["long term"] == 1).all()
    assert (told["ends by itself"] == 0).all()
    cases = pd.DataFrame({"account_id": ids[:19], "opened_at": WHEN - pd.Timedelta(days=9), "category": "bug"})
    few = read_trial(told_by(decisions[:19].assign(decided_at=WHEN), tickets=cases), Cancelled(horizon="90d"), ())
    assert few.known is None
    assert (few.kinds[:, NO_SIGN] == 1).all()
