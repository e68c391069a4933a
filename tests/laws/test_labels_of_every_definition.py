"""Laws of every churn definition; a new one is tested the moment it registers itself and is named here."""

from __future__ import annotations

import json
import tomllib

import numpy as np
import pandas as pd
import pytest
import tomli_w

import churnkit as ck
from churnkit.cli.reading import Churn, recipe_of
from churnkit.history import History
from churnkit.labels import DEFINITIONS, Cancelled, NotRenewed, Shrunk, WentQuiet, audit, label, read_definition
from churnkit.timeline import moments
from support import future

CUTOFF = pd.Timestamp("2025-06-01", tz="UTC")
MOMENT = int(CUTOFF.timestamp()) * 1_000_000
DIFFERENT = [
    Cancelled(rebuy_gap="14d"),
    Cancelled(voluntary_only=True, lead="7d"),
    NotRenewed(grace="14d"),
    Shrunk(),
    Shrunk(of="seats", share=0.1, stay="14d", lead="7d"),
    Shrunk(of="usage", share=0.5, events=("login",)),
    WentQuiet(days=14, horizon="90d"),
    WentQuiet(days=30, events=("login",), lead="7d", horizon="60d"),
]
every = pytest.mark.parametrize(
    "definition", DIFFERENT, ids=lambda d: json.dumps(d.model_dump(exclude_defaults=True, mode="json"))
)


def test_every_definition_stands_here_and_at_the_command_line():
    assert {type(d) for d in DIFFERENT} == set(DEFINITIONS.values())
    assert {c.value for c in Churn} == set(DEFINITIONS)
    for churn in Churn:
        assert isinstance(recipe_of(churn, None, 30, ()).churn, DEFINITIONS[churn.value])


@every
def test_round_trip(definition):
    written = definition.model_dump(mode="json")
    assert read_definition(json.loads(json.dumps(written))) == definition
    assert read_definition(tomllib.loads(tomli_w.dumps(written))) == definition
    recipe = ck.Recipe(churn=definition)
    assert ck.Recipe.from_dict(tomllib.loads(tomli_w.dumps(recipe.to_dict()))).churn == definition


@every
def test_labels_rise_with_the_horizon(saas, definition):
    at = moments(ck.monthly_cutoffs("2024-10", "2025-08"))
    found = label(saas, definition, at, definition.horizons())
    assert (found.y == 1).any()
    assert (found.y == 0).any()
    highest = np.maximum.accumulate(found.y, axis=1)
    assert ((found.y == highest) | (found.y < 0)).all()
    assert ((found.y == -1) == (found.why >= 2)).all()


@every
@pytest.mark.parametrize("change", [future.removed, future.spoilt])
def test_the_population_knows_no_future(saas, saas_tables, change, definition):
    ends = {t: pd.Timestamp(e, unit="us", tz="UTC") for t, e in saas.observed_until.items() if t != "accounts"}
    other = History(**change(saas_tables, CUTOFF), observed_until=ends)
    before, after = (definition.standing(h, MOMENT) for h in (saas, other))
    assert before.inside.any()
    assert before.why.tolist() == after.why.tolist()
    assert before.inside.tolist() == [not w for w in before.why]


@every
def test_who_has_left_or_given_notice_is_nowhere_asked(saas, definition):
    known = Cancelled().standing(saas, MOMENT).why.astype(str)
    for reason in ("notice given", "contract ended"):
        gone = known == reason
        assert gone.any()
        assert not definition.standing(saas, MOMENT).inside[gone].any()


@every
def test_the_past_changes_no_label_of_who_stays_in(saas, definition):
    """A leave never lies before the moment from which leaves count."""
    start = MOMENT + definition.lead.micros
    assert (definition.next_leave(saas, start) >= start).all()
    assert (definition.next_lost(saas, start) >= start).all()
    assert (definition.next_leave(saas, start + 1) >= definition.next_leave(saas, start)).all() or isinstance(
        definition, Shrunk
    )


@every
def test_the_audit_tells_the_labels(saas, definition):
    at = moments(ck.monthly_cutoffs("2024-12", "2025-09"))
    found, told = label(saas, definition, at, definition.horizons()), audit(saas, definition, at)
    assert len(told.frame) == found.y.size
    known = told.frame["label"].dropna()
    assert (len(known), int(known.sum())) == (int((found.y >= 0).sum()), int((found.y == 1).sum()))
    left = told.frame[told.frame["why"] == "left"]
    assert (left["left_at"] >= left["cutoff"]).all()
    assert left["source"].ne("").all()
    assert told.frame.loc[~told.frame["mature"], "label"].isna().all()
    end = pd.Timestamp(saas.observed_until[definition.table], unit="us", tz="UTC")
    assert not (told.frame["left_at"] > end).any()  # nobody has seen what comes after the record
    first = told.sensitivity.iloc[0]
    assert (first["setting"], first["labels"]) == ("as defined", int((found.y[:, -1] >= 0).sum()))
