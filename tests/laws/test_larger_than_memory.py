"""Law: a history on disk gives what the same history in memory gives, to the byte."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import churnkit as ck
from churnkit import features as f
from churnkit.history import spool
from churnkit.history.sample import generate
from churnkit.history.stored import StoredSignals
from churnkit.labels import audit, label, standing, suggest_quiet_days
from churnkit.timeline import moments
from laws.test_labels_of_every_definition import DIFFERENT

CUTOFFS = moments(ck.monthly_cutoffs("2025-03", "2025-09"))


@pytest.fixture(scope="module")
def both():
    """A made-up company, in memory and on disk in a few shards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "FACT", 1_000)
        tables = generate(accounts=150, months=24, seed=5).tables
        here, there = ck.History(**tables), ck.History(**tables, memory="64MB")
        assert isinstance(there.signals, StoredSignals)
        assert there.signals.spool.shards > 3
        yield here, there


@pytest.mark.parametrize("threads", [1, 2])
def test_every_catalogue_feature_has_the_same_bytes(both, threads):
    here, there = both
    wanted = f.catalogue(here, cutoffs=CUTOFFS)
    on_disk = f.catalogue(there, cutoffs=CUTOFFS)
    assert on_disk == wanted
    assert on_disk.notes == wanted.notes
    n = len(here.accounts)
    chance = np.random.default_rng(0)
    account = chance.permutation(np.tile(np.arange(n, dtype=np.int32), len(CUTOFFS)))
    cutoff = chance.choice(CUTOFFS, len(account))
    expected = f.compute(wanted, here, account, cutoff)
    found = f.compute(wanted, there, account, cutoff, threads=threads)
    assert found.values.tobytes() == expected.values.tobytes()
    one = f.compute(wanted, there, account[:1], cutoff[:1], books=expected.books)
    assert one.values.tobytes() == expected.values[:1].tobytes()


@pytest.mark.parametrize("definition", DIFFERENT, ids=repr)
def test_every_definition_labels_alike(both, definition):
    here, there = both
    expected, found = (label(h, definition, CUTOFFS, definition.horizons()) for h in both)
    for column in ("account", "cutoff", "y", "left_at", "lost_at", "why", "mature"):
        np.testing.assert_array_equal(getattr(found, column), getattr(expected, column))
    assert found.counts == expected.counts
    there_now, here_now = (standing(h, definition, int(CUTOFFS[-1])) for h in (there, here))
    np.testing.assert_array_equal(there_now.inside, here_now.inside)
    np.testing.assert_array_equal(there_now.why, here_now.why)
    pd.testing.assert_frame_equal(
        audit(there, definition, CUTOFFS[:2]).frame, audit(here, definition, CUTOFFS[:2]).frame
    )  # fmt: skip


def test_the_rest_of_the_way_is_the_same(both):
    here, there = both
    at = CUTOFFS[4]
    account = here.account_ids[standing(here, ck.WentQuiet(days=30), int(at)).inside][0]
    feature = f.count(window="28d") / f.active_days(window="84d")
    rows, on_disk = (f.explain_value(h, account, at, feature) for h in both)
    assert len(rows)
    people = [pd.factorize(frame.pop("actor"))[0] for frame in (rows, on_disk)]  # numbers that tell them apart
    np.testing.assert_array_equal(*people)
    pd.testing.assert_frame_equal(on_disk, rows)
    pd.testing.assert_frame_equal(suggest_quiet_days(there).frame, suggest_quiet_days(here).frame)
    before = {"account": np.arange(20, dtype=np.int32), "cutoff": np.full(20, CUTOFFS[2])}
    then = [f.compute(f.catalogue(here), h.known_at(int(CUTOFFS[2])), **before).values for h in both]
    assert then[0].tobytes() == then[1].tobytes()


@pytest.mark.filterwarnings("ignore::churnkit.errors.FewChurnEvents")
def test_a_model_learns_scores_and_plans_the_same(both):
    fitted, lists = [], []
    for history in both:
        model = ck.ChurnModel.fit(
            ck.Recipe(churn=ck.WentQuiet(days=30)), history, ck.monthly_cutoffs("2025-01", "2025-09")
        )
        scores = model.score(history, at="2026-01-01")
        fitted.append(scores.frame.drop(columns="model_id"))
        plan = ck.plan_contacts(scores, model.explain(scores), history)
        lists.append(plan.frame.select_dtypes("number"))
    pd.testing.assert_frame_equal(*fitted)
    pd.testing.assert_frame_equal(*lists)
