"""Round the loop for twelve weeks: plan, commit, read the folder back, plan again; then measure what came of it."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from churnkit import features as f
from churnkit.contact import ContactEffect, plan_contacts
from churnkit.contact.trial import RANDOMISED, read_trial
from churnkit.history import read_history
from churnkit.labels import Cancelled
from support import plans as book

WEEKS = 12
START = pd.Timestamp("2025-03-03", tz="UTC")
IDS = [f"c{i:03d}" for i in range(120)]


def write_company(folder):
    """Contracts of a hundred and twenty accounts, every fourth of which ends in the months after."""
    random = np.random.default_rng(3)
    opened = pd.Timestamp("2024-03-01", tz="UTC")
    ends = pd.Series([START + pd.Timedelta(days=int(d)) for d in random.integers(90, 150, len(IDS))])
    ends[np.arange(len(IDS)) % 4 > 0] = pd.NaT
    pd.DataFrame(
        {
            "account_id": IDS,
            "opened_at": opened,
            "manager_id": ["mia", "max"] * 60,
            "worth": np.arange(120) * 50.0 + 400,
        }
    ).to_csv(folder / "accounts.csv", index=False)
    pd.DataFrame({"account_id": IDS, "occurred_at": START + pd.Timedelta(days=300), "event": "login"}).to_csv(
        folder / "activity.csv", index=False
    )
    pd.DataFrame({"account_id": IDS, "started_at": opened, "ended_at": ends, "mrr": 100.0}).to_csv(
        folder / "subscriptions.csv", index=False
    )
    late = {"account_id": ["c000"], "started_at": START + pd.Timedelta(days=290)}
    frame = pd.read_csv(folder / "subscriptions.csv")
    pd.concat([frame, pd.DataFrame({**late, "mrr": 1.0})]).to_csv(folder / "subscriptions.csv", index=False)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loop")
    write_company(folder)
    random, plans, previous = np.random.default_rng(4), [], None
    rules = book.RULES.model_copy(update={"holdout": 0.25, "seed": 7})
    for week in range(WEEKS):
        history = read_history(folder)
        now = START + pd.Timedelta(weeks=week)
        scores = book.scores(dict(zip(IDS, random.beta(2, 6, len(IDS)), strict=True)), as_of=str(now.date()))
        previous = plan_contacts(
            scores, None, history, policy=book.POLICY, rules=rules, capacity=12, previous=previous, explore=0.25
        )
        previous.commit(folder)
        plans.append(previous)
    return folder, plans


def test_every_plan_is_read_back_without_hand_work(lived):
    folder, plans = lived
    history = read_history(folder)
    assert not (history.rejected["table"] == "decisions").any()
    assert len(history.decisions) == sum(len(p.decisions) for p in plans)
    assert history.decisions["plan_id"].nunique() == WEEKS


def test_nobody_is_called_within_the_cool_down_and_held_out_means_held_out(lived):
    _, plans = lived
    every = pd.concat([p.decisions for p in plans])
    called = every[every["contact"]].sort_values(["account_id", "decided_at"])
    gap = called.groupby("account_id")["decided_at"].diff().dropna()
    assert (gap >= pd.Timedelta(days=28)).all()
    for plan in plans:
        held = plan.frame.loc[plan.frame["status"] == "holdout", "account_id"]
        assert not held.isin(plan.contacts["account_id"]).any()
        assert len(plan.contacts) <= 12
    first = plans[0].decisions.query("on_list and not contact")["account_id"]
    for plan in plans[1:]:  # the draw of the first list holds for the whole quarter
        assert not plan.contacts["account_id"].isin(first).any()


def test_a_repeat_comes_back_the_same(lived):
    folder, plans = lived
    before = (folder / "decisions.parquet").read_bytes()
    plans[-1].commit(folder)
    assert (folder / "decisions.parquet").read_bytes() == before


def test_the_loop_can_be_measured(lived):
    folder, plans = lived
    history = read_history(folder)
    trial = read_trial(history, Cancelled(horizon="90d"), (f.tenure(),))
    drawn = pd.concat([p.decisions for p in plans]).query("assignment == 'random'")
    assert trial.rung == RANDOMISED
    once = drawn.loc[drawn["on_list"], "account_id"].nunique()  # twelve weeks are less than the horizon of a draw
    assert trial.repeated == drawn["on_list"].sum() - once > 0
    assert len(trial) + trial.immature + trial.outside == once + (~drawn["on_list"]).sum()
    assert ((trial.propensity > 0) & (trial.propensity < 1)).all()
    listed = drawn[drawn["on_list"]]
    assert listed["propensity"].unique() == pytest.approx([0.75])
    model = SimpleNamespace(recipe=SimpleNamespace(churn=Cancelled(horizon="90d")), features=(f.tenure(),))
    effect = ContactEffect.fit(model, history)
    contacts = int(trial.contact.sum())
    assert f"{contacts:,} contacts" in effect.told()
