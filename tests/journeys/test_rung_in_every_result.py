"""Every result names the rung of evidence that it stands on, from no leaver at all to the boosted blend."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

import churnkit as ck
from churnkit import features as f
from churnkit import report
from churnkit.errors import FewChurnEvents
from churnkit.history import History
from churnkit.learning import LearnerSettings
from churnkit.timeline import NEVER, moment

CUTOFFS = ck.monthly_cutoffs("2024-09", "2025-04")
RECIPE = ck.Recipe(
    churn=ck.Cancelled(horizon="60d"),
    features=[f.count("login", "30d"), f.days_since("login"), f.attribute("industry")],
    learner=LearnerSettings(bags=2, trees=40, threads=1, tune=1),
)


def with_leavers(saas, tables, leavers):
    """Keep all who never leave, and of the others those who leave first from September on."""
    leave = pd.Series(RECIPE.churn.next_leave(saas, moment("2024-09-01")), index=saas.account_ids)
    gone = set(leave[leave < NEVER].sort_values().index[leavers:])
    return {
        name: table if "account_id" not in table else table[~table["account_id"].isin(gone)]
        for name, table in tables.items()
    }


@pytest.mark.parametrize(
    ("leavers", "rungs"), [(0, {"base rate"}), (10, {"base rate"}), (45, {"logistic"}), (10_000, {"boosted"})]
)
def test_all_name_it(saas, saas_tables, leavers, rungs):
    history = History(**with_leavers(saas, saas_tables, leavers))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewChurnEvents)
        model = ck.ChurnModel.fit(RECIPE, history, CUTOFFS)
        trial = ck.backtest(RECIPE, history, ["2025-06-01"], learn=CUTOFFS)
    rung = model.blend.rung
    assert rung in rungs
    scores = model.score(history, "2025-07-01")
    reasons = model.explain(scores)
    plan = ck.plan_contacts(scores, reasons, history)
    first = scores.frame["account_id"].iloc[0]
    evaluation = ck.evaluate(model, history, ["2025-07-01"])
    assert model.card.rung == rung
    assert set(scores.frame["rung"]) == {rung}
    assert set(plan.frame["rung"].dropna()) == {rung}
    assert plan.frame.loc[plan.frame["status"] != "gone", "rung"].notna().all()
    assert evaluation.rung == rung
    assert trial.rung == trial.fits["rung"].iloc[-1]
    risk = model.assess(history, first, at="2025-07-01")
    assert risk.rung == rung
    for result in (model, scores, plan, evaluation, risk):
        shown = " ".join(report.text(result, 120).split())
        assert f"rung of evidence {rung}" in shown or f"rung of evidence: {rung}" in shown
    if rung in ("base rate", "logistic"):  # tune= was asked for, and there was nothing to tune: the card says so
        assert any(note.startswith("Nothing was tuned") for note in model.card.notes)
        assert "Nothing was tuned" in " ".join(report.text(model, 120).split())
    else:
        assert model.card.notes[0].startswith("Tuned over 1 trial:")
        assert "Tuned over 1 trial:" in " ".join(report.text(model, 120).split())
