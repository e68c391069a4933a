"""Why scores moved: exact parts, the right step for each, and words."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import churnkit as ck
from churnkit.errors import RequestError, UnknownAccount, WrongModel
from churnkit.history import History
from churnkit.history.silence import silent_after
from churnkit.timeline import DAY, moment

STEPS = ["time", "facts", "peers", "model", "calibration"]
THEN, NOW = "2025-08-25", "2025-09-01"


@pytest.fixture(scope="module")
def before(model, saas):
    return model.score(saas, THEN)


@pytest.fixture(scope="module")
def later(model, saas):
    """A model learnt from two months more, of the same features."""
    return ck.ChurnModel.fit(model.recipe, saas, ck.monthly_cutoffs("2024-09", "2025-06"))


@pytest.fixture(scope="module")
def moved(model, before, scores, saas):
    return model.explain_change(before, scores, saas)


@pytest.fixture(scope="module")
def refitted(model, later, before, saas):
    return later.explain_change(before, later.score(saas, NOW), saas, model)


@pytest.mark.parametrize("which", ["moved", "refitted"])
def test_parts_add_up_to_the_move(which, request):
    change = request.getfixturevalue(which)
    totals = change.totals
    move = totals["log_odds"] - totals["log_odds_before"]
    assert (totals[STEPS].sum(axis=1) - move).abs().max() < 1e-9
    assert (totals["shown"] + totals["rest"] - move).abs().max() < 1e-9
    shown = change.frame.groupby("account_id")["effect"].sum().reindex(totals["account_id"], fill_value=0.0)
    np.testing.assert_allclose(shown, totals["shown"], atol=1e-9)
    own = change.frame[change.frame["source"] == "what happened"]
    np.testing.assert_allclose(own["time"] + own["facts"], own["effect"], atol=1e-9)


def test_ends_are_the_scores(moved, before, scores):
    ids = moved.totals["account_id"]
    for column, told in (("log_odds_before", before), ("log_odds", scores)):
        expected = told.frame.set_index("account_id")["log_odds"].loc[ids]
        np.testing.assert_allclose(moved.totals[column], expected, atol=1e-9, rtol=0)


def test_division_by_feature_adds_up(refitted):
    ids = refitted.totals["account_id"].iloc[[0, 7, 99]]
    divided = refitted.division(ids)
    totals = refitted.totals.set_index("account_id")
    for (account, step), part in divided.groupby(["account_id", "step"]):
        assert part["effect"].sum() == pytest.approx(totals.loc[account, step], abs=1e-9)
    assert set(divided["step"]) == set(STEPS)
    assert "" in set(divided["feature"])  # the base moves with model and calibration


def test_one_model_moves_nothing_by_itself(moved, refitted):
    assert (moved.totals[["model", "calibration"]] == 0).all(axis=None)
    assert (refitted.totals[["model", "calibration"]] != 0).all(axis=None)


def test_time_alone_moves_scores_where_nothing_happened(model, before, saas):
    """Score a company that fell silent at the earlier moment: all is passage of time, and peers."""
    silent = silent_after(saas, THEN)
    after = model.score(silent, NOW)
    change = model.explain_change(before, after, silent)
    assert change.totals["facts"].abs().max() < 1e-12
    assert change.totals["time"].abs().max() > 0.1
    assert not change.frame["sentence"].str.contains(r"^\d+ ", regex=True).any()


def test_silence_keeps_the_record_going(saas):
    silent = silent_after(saas, THEN)
    assert silent.observed_until == saas.observed_until
    assert saas.known_at(THEN).last_moment <= moment(THEN)
    assert silent.signals.occurred.max() < moment(THEN)


def test_new_facts_are_told_with_their_number(moved, saas):
    """Count the failed tickets and logins of the week by hand."""
    login = moved.frame[(moved.frame["feature"] == "count_login_30d") & (moved.frame["source"] == "what happened")]
    code = {a: k for k, a in enumerate(saas.account_ids)}
    signals = saas.signals
    is_login = np.array([n == "login" for n in signals.names])[signals.signal]
    in_week = (signals.occurred >= moment(THEN)) & (signals.occurred < moment(NOW)) & is_login
    in_week &= signals.known_or_occurred < moment(NOW)
    count = np.bincount(signals.account[in_week], minlength=len(code))
    assert len(login)
    for account, sentence in zip(login["account_id"], login["sentence"], strict=True):
        number = count[code[account]]
        if number:
            assert sentence.startswith(f"{number} login")
        else:
            assert sentence.startswith(("No logins", "Time without logins"))


def test_headline_is_a_sentence_whose_points_add_up(moved, refitted):
    for change in (moved, refitted):
        for row in change.totals.to_dict("records"):
            text = row["sentence"]
            assert text.startswith(("Up ", "Down ", "Unchanged at "))
            assert "last Monday" in text
            assert text.endswith(".")
    first = moved.totals.iloc[moved.totals["points"].abs().argmax()]
    direction = "Up" if first["points"] > 0 else "Down"
    assert first["sentence"].startswith(f"{direction} {abs(round(first['points'] * 100))} points since last Monday")


def test_accounts_scored_once_are_reported(moved, before, scores):
    told = moved.elsewhere.set_index("account_id")
    gone = set(before.frame["account_id"]) - set(scores.frame["account_id"])
    new = set(scores.frame["account_id"]) - set(before.frame["account_id"])
    assert set(told.index) == gone | new
    assert gone
    assert set(told.loc[list(gone), "scored"]) == {"before"}
    why = scores.excluded.set_index("account_id")["reason"]
    assert (told.loc[list(gone), "reason"] == why.loc[list(gone)]).all()
    with pytest.raises(UnknownAccount, match="was scored only before"):
        moved.of(next(iter(gone)))
    with pytest.raises(UnknownAccount, match="no account 'nobody'"):
        moved.of("nobody")


def test_scores_from_disk_and_the_cut_history_give_the_same(model, before, scores, saas, moved, tmp_path):
    read = (type(s).read(s.write(tmp_path / name)) for name, s in (("a", before), ("b", scores)))
    again = model.explain_change(*read, saas.known_at(NOW))
    np.testing.assert_allclose(again.totals[STEPS], moved.totals[STEPS], atol=1e-12)


def test_facts_that_come_in_late_count_as_new(model, saas_tables, saas, scores):
    """Last week's export lacked the last days of logins; this week's has them, without a recorded_at."""
    activity = saas_tables["activity"]
    when = pd.to_datetime(activity["occurred_at"], utc=True)
    short = activity[~((when >= pd.Timestamp("2025-08-18", tz="UTC")) & (when < pd.Timestamp(THEN, tz="UTC")))]
    until = {name: pd.Timestamp(NOW, tz="UTC") for name in saas.observed_until}
    then = History(**{**saas_tables, "activity": short}, observed_until=until)
    before = model.score(then, THEN)
    change = model.explain_change(before, scores, saas)
    assert (
        change.totals[STEPS].sum(axis=1) - change.totals["log_odds"] + change.totals["log_odds_before"]
    ).abs().max() < 1e-9
    assert "came in late" in change.notes[0]


def test_what_cannot_be_compared(model, later, before, scores, saas):
    with pytest.raises(WrongModel, match="pass before_model="):
        later.explain_change(before, later.score(saas, NOW), saas)
    with pytest.raises(WrongModel, match="call it on their own model"):
        model.explain_change(before, later.score(saas, NOW), saas)
    with pytest.raises(RequestError, match="give the earlier ones first"):
        model.explain_change(scores, before, saas)
    other = replace(later, recipe=model.recipe.model_copy(update={"churn": ck.Cancelled(horizon="30d")}))
    with pytest.raises(WrongModel, match="the recipes differ"):
        other.explain_change(before, scores, saas, model)
    with pytest.raises(RequestError, match="top=-1"):
        model.explain_change(before, scores, saas, top=-1)


def test_models_of_other_features(model, before, saas):
    """A refit may read other features: the new model's step takes both up."""
    fewer = model.recipe.features.without("tenure", model.recipe.features.names[-2])
    recipe = ck.Recipe(churn=model.recipe.churn, features=fewer)
    small = ck.ChurnModel.fit(recipe, saas, ck.monthly_cutoffs("2024-09", "2025-04"))
    change = small.explain_change(before, small.score(saas, NOW), saas, model)
    move = change.totals["log_odds"] - change.totals["log_odds_before"]
    assert (change.totals[STEPS].sum(axis=1) - move).abs().max() < 1e-9


def test_it_draws_itself(moved):
    shown = repr(moved)
    assert "Moves of" in shown
    assert "25 August 2025" in shown
    assert "Up " in moved._repr_html_() or "Down " in moved._repr_html_()
    assert moved.after - moved.before == 7 * DAY
