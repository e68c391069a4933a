"""The law: what was not known at a cutoff changes nothing there, from the tables to the list."""

from __future__ import annotations

import pandas as pd
import pytest

import churnkit as ck
from churnkit import features as f
from churnkit.history import History
from support import future

CUTOFF = pd.Timestamp("2025-06-01", tz="UTC")


def rebuilt(tables, saas):
    ends = {
        name: pd.Timestamp(end, unit="us", tz="UTC") for name, end in saas.observed_until.items() if name != "accounts"
    }
    return History(**tables, observed_until=ends)


@pytest.mark.parametrize("change", [future.removed, future.spoilt])
def test_what_was_not_known_changes_no_score_and_no_reason(model, saas, saas_tables, change):
    before = model.score(saas, CUTOFF)
    after = model.score(rebuilt(change(saas_tables, CUTOFF), saas), CUTOFF)
    pd.testing.assert_frame_equal(before.frame, after.frame)
    pd.testing.assert_frame_equal(before.excluded, after.excluded)
    pd.testing.assert_frame_equal(model.explain(before).frame, model.explain(after).frame)


@pytest.mark.parametrize("change", [future.removed, future.spoilt])
def test_what_was_not_known_changes_no_catalogue_feature(saas, saas_tables, change):
    features = f.catalogue(saas, cutoffs=[int(CUTOFF.value // 1000)])
    people = ck.Cancelled().standing(saas, int(CUTOFF.value // 1000)).inside.nonzero()[0]
    cutoffs = [int(CUTOFF.value // 1000)] * len(people)
    before = f.compute(features, saas, account=people, cutoff=cutoffs)
    after = f.compute(features, rebuilt(change(saas_tables, CUTOFF), saas), account=people, cutoff=cutoffs)
    pd.testing.assert_frame_equal(before.frame, after.frame)


@pytest.mark.parametrize(
    "definition", [ck.Cancelled(), ck.WentQuiet(days=30), ck.WentQuiet(days=14, events=("login",))]
)
@pytest.mark.parametrize("change", [future.removed, future.spoilt])
def test_what_was_not_known_changes_no_population(saas, saas_tables, change, definition):
    cutoff = int(CUTOFF.value // 1000)
    before = definition.standing(saas, cutoff)
    after = definition.standing(rebuilt(change(saas_tables, CUTOFF), saas), cutoff)
    assert before.why.tolist() == after.why.tolist()


def test_what_was_known_does_change_scores(model, saas, saas_tables):
    """The law would hold for a model that reads nothing; this one reads what it may."""
    earlier = CUTOFF - pd.Timedelta(days=20)
    before = model.score(saas, CUTOFF).frame.set_index("account_id")["log_odds"]
    after = model.score(rebuilt(future.removed(saas_tables, earlier), saas), CUTOFF).frame.set_index("account_id")[
        "log_odds"
    ]
    shared = before.index.intersection(after.index)
    assert (before[shared] != after[shared]).mean() > 0.5


def test_the_order_of_rows_changes_nothing(model, saas, saas_tables, scores):
    shuffled = {n: t.sample(frac=1, random_state=3) if n != "accounts" else t for n, t in saas_tables.items()}
    pd.testing.assert_frame_equal(model.score(rebuilt(shuffled, saas), "2025-09-01").frame, scores.frame)
