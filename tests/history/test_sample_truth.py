"""The truth: it agrees with what becomes of the accounts, and stays where it belongs."""

import copy

import numpy as np
import pytest

from churnkit.errors import RequestError
from churnkit.history.sample import generate
from churnkit.history.sample.calls import Calls
from churnkit.history.sample.company import WEEK
from churnkit.history.sample.tables import Export
from churnkit.history.sample.truth import Truth
from churnkit.history.sample.world import Plan, World
from churnkit.timeline import as_datetime, moment
from support.made_up import another

ROLES = ("sales", "service", "technical", "financial")
NOBODY = Calls(np.empty(0, np.int64), np.empty(0, np.int64), 0, np.empty(0))
BEGIN = moment("2025-01-06")


@pytest.fixture(scope="module")
def outlook():
    return another().truth.outlook(paths=16)


@pytest.fixture(scope="module")
def world():
    """A company of 6,000 after thirty weeks, with room for thirteen more."""
    world = World(6_000, Plan(BEGIN, 43, 5, trial=(99, 99)))
    for _ in range(30):
        world.step()
    world.keep()
    return world


@pytest.fixture(scope="module")
def foreseen(world):
    exported = Export(world.scene, start=BEGIN, end=world.now).exported
    return Truth(world, start=BEGIN, end=world.now, exported=exported).outlook(horizon="91d", paths=16, seed=9)


def left(world, calls):
    """Live on for 91 days; tell who of those here without notice has left."""
    world = copy.deepcopy(world)
    state = world.scene.state
    here = np.flatnonzero(state.alive & ~state.notice)
    number = world.scene.contracts.number.copy()
    gone = np.zeros(len(state), dtype=bool)
    for week in range(13):
        world.step(calls(here) if week == 0 else NOBODY)
        gone |= state.notice | ~state.alive | (world.scene.contracts.number > number)
    return gone[here]


@pytest.fixture(scope="module")
def uncalled(world):
    return left(world, lambda _: NOBODY)


def test_as_many_leave_as_the_truth_says(foreseen, uncalled):
    p0 = foreseen["p0"].to_numpy()
    assert abs(uncalled.mean() - p0.mean()) < 3 * np.sqrt((p0 * (1 - p0)).sum()) / len(p0) + 0.004


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.03), (0.03, 0.12), (0.12, 0.35), (0.35, 1.0)])
def test_at_every_level_of_risk(foreseen, uncalled, low, high):
    p0 = foreseen["p0"].to_numpy()
    rows = (p0 >= low) & (p0 < high)
    error = np.sqrt((p0 * (1 - p0))[rows].sum()) / rows.sum()
    assert rows.sum() > 100
    assert abs(uncalled[rows].mean() - p0[rows].mean()) < 3 * error + 0.01


@pytest.mark.parametrize("role", ["service", "technical"])
def test_calls_do_what_the_truth_says(world, foreseen, uncalled, role):
    def everybody(here):
        return Calls(here, np.full(len(here), ROLES.index(role)), 0, np.full(len(here), np.nan))

    called = left(world, everybody)
    carried_out = (1 - 0.08) * (1 - 0.15)
    difference = uncalled.astype(float) - called
    error = difference.std() / np.sqrt(len(difference))
    effect = carried_out * foreseen[f"effect_{role}"].mean()
    assert effect > 3 * error
    assert abs(difference.mean() - effect) < 3 * error


def test_the_effect_depends_on_role_and_cause(outlook):
    effect = outlook.groupby("cause")[[f"effect_{role}" for role in ROLES]].mean()
    best = effect.drop(index="none").idxmax(axis=1).str.removeprefix("effect_").to_dict()
    assert best == {
        "incidents": "technical",
        "champion": "sales",
        "price": "financial",
        "support": "technical",
        "adoption": "service",
    }
    assert effect.loc["incidents", "effect_sales"] < 0
    assert effect.loc["support", "effect_sales"] < 0
    assert (effect.loc["none"].abs() < 0.01).all()
    assert effect.loc["none", "effect_financial"] < 0


def test_the_mean_effect_is_small_beside_the_best(outlook):
    effects = outlook[[f"effect_{role}" for role in ROLES]].to_numpy()
    mean = (effects @ np.array([0.22, 0.38, 0.25, 0.15])).mean()
    assert 0.005 < mean < 0.02
    assert effects.max(axis=1).mean() > 2 * mean


def test_some_dormant_accounts_are_pushed_out(outlook):
    dormant = outlook[outlook["dormant"]]
    assert len(dormant) > 20
    assert (dormant["effect_sales"] < -0.005).mean() > 0.4
    assert dormant["p0"].mean() < outlook["p0"].mean()


def test_risk_is_not_persuadability(outlook):
    best = outlook[[f"effect_{role}" for role in ROLES]].max(axis=1)
    assert 0.2 < np.corrcoef(best.rank(), outlook["p0"].rank())[0, 1] < 0.95


def test_values_are_what_an_account_pays_for_years(outlook):
    monthly = another().tables["subscriptions"].groupby("account_id")["mrr"].last()
    years = outlook["value"].to_numpy() / (12 * 0.78 * monthly.reindex(outlook["account_id"]).to_numpy())
    assert 1.0 < np.median(years) < 4.0
    assert years.max() < 5.0


def test_weekly_hazards_add_up_to_the_leaves():
    sample = another()
    weekly = sample.truth.weekly
    months = weekly["hazard"].sum() / len(weekly) * 365.25 / 12 / 7
    assert 0.024 < months < 0.036


def test_the_truth_is_kept_for_some_moments_only():
    truth = another().truth
    assert str(truth.moments[-1]) == "2026-06-01 00:00:00+00:00"
    with pytest.raises(RequestError, match=r"no hidden state was kept at 2027-01-01; ask for one of .moments"):
        truth.outlook("2027-01-01")


def test_the_truth_is_never_written(tmp_path):
    sample = another()
    hidden = {"hazard", "unhappy", "trouble", "cause", "dormant", "p0", "value_true", "depth", "warmth"}
    assert not any(hidden & set(t.columns) for t in sample.tables.values())
    small = generate(40, months=6, seed=2)
    names = {p.name.split(".")[0] for p in small.write(tmp_path)}
    assert names == {*small.tables, "made_with"}
    assert {p.name.split(".")[0] for p in tmp_path.iterdir()} == names


def test_other_calls_leave_all_other_luck_alone(world):
    """Two courses of one company differ only where the calls make a difference."""
    none, some = copy.deepcopy(world), copy.deepcopy(world)
    here = np.flatnonzero(none.scene.state.alive & ~none.scene.state.notice)[:50]
    none.step(NOBODY)
    some.step(Calls(here, np.full(50, 1), 0, np.full(50, np.nan)))
    for _ in range(3):
        none.step(NOBODY)
        some.step(NOBODY)
    others = np.setdiff1d(np.arange(len(none.scene.state)), here)
    assert (none.scene.state.level[others] == some.scene.state.level[others]).all()
    assert (none.scene.state.notice[others] == some.scene.state.notice[others]).all()
    assert (none.scene.state.warmth[here] != some.scene.state.warmth[here]).any()
    assert as_datetime(none.now) == as_datetime(world.now + 4 * WEEK)
