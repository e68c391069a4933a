"""Evaluation: rivals taught on what the model knew, figures by hand and by oracle, and what is said of them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

import churnkit as ck
from churnkit.errors import OverlappingRanges, RequestError, UnknownAttribute
from churnkit.learning.bootstrap import Sampled
from churnkit.scoring import measuring, rivals, words
from churnkit.scoring.measuring import Judged, Ranking
from churnkit.scoring.segments import segments
from churnkit.timeline import DAY, Span, moment

LATER = ck.monthly_cutoffs("2025-06", "2025-07")


@pytest.fixture(scope="module")
def report(model, saas):
    return ck.evaluate(model, saas, LATER, by="industry")


def value(report, ranking, metric, column="value"):
    frame = report.frame
    return frame[(frame["ranking"] == ranking) & (frame["metric"] == metric)][column].item()


def test_every_rival_stands_beside(report):
    assert report.frame["ranking"].unique().tolist() == [
        "churnkit", "recency rule", "value-sorted", "last NPS", "logistic", "LightGBM",
    ]  # fmt: skip
    assert report.notes == ()


def test_every_figure_has_its_interval(report):
    lists = {"auc", "average_precision", "empc", "lift", "precision", "recall", "value_caught"}
    rated = {"log_loss", "brier", "calibration_slope", "calibration_error", "calibration_gap"}
    for ranking, part in report.frame.groupby("ranking"):
        given = lists | (rated if ranking in ("churnkit", "logistic", "LightGBM") else set())
        assert set(part["metric"]) == given
    assert (report.frame["low"] <= report.frame["high"]).all()
    inside = report.frame["value"].between(report.frame["low"], report.frame["high"])
    assert inside[report.frame["metric"] != "calibration_error"].mean() > 0.9  # the error is never below its noise


def test_rivals_agree_with_fitting_them_by_hand(report, model, saas):
    import lightgbm

    at = [moment("2025-06-01"), moment("2025-07-01")]
    X, y = ck.training_set(model.recipe, saas, ck.monthly_cutoffs("2024-09", "2025-04"))
    known = y["60d"].notna().to_numpy()
    places = [j for j, x in enumerate(model.features) if x.categories]
    given = X.to_numpy()[known].copy()
    given[:, places] = np.nan_to_num(given[:, places], nan=-1)
    booster = lightgbm.LGBMClassifier(n_jobs=1, verbose=-1, force_col_wise=True)
    booster.fit(given, y["60d"][known].astype(int), categorical_feature=places)
    later, answers = ck.training_set(model.recipe, saas, at)
    seen = answers["60d"].notna().to_numpy()
    fresh = later.to_numpy()[seen].copy()
    fresh[:, places] = np.nan_to_num(fresh[:, places], nan=-1)
    p, left = booster.booster_.predict(fresh), answers["60d"][seen].astype(int)
    assert value(report, "LightGBM", "auc") == pytest.approx(roc_auc_score(left, p), abs=1e-9)
    assert value(report, "LightGBM", "log_loss") == pytest.approx(log_loss(left, p), abs=1e-9)
    assert value(report, "LightGBM", "brier") == pytest.approx(brier_score_loss(left, p), abs=1e-9)


def test_rivals_know_no_more_than_the_model_did(saas, model):
    """A model fitted months ago is judged on a history that has gone on: its rivals learn as of then."""
    then = saas.known_at("2025-06-20")
    cutoffs = ck.monthly_cutoffs("2024-09", "2025-06")
    old = ck.ChurnModel.fit(model.recipe, then, cutoffs)
    given = ck.training_set(old.recipe, then, cutoffs)
    again = rivals.taught_on(old, saas)
    rows = rivals.known_then(old, again)
    main = given.labels.y[:, -1]
    np.testing.assert_array_equal(again.matrix.values[rows], given.matrix.values[main >= 0])
    np.testing.assert_array_equal(again.labels.y[rows, -1], main[main >= 0])
    assert (rivals.taught_on(replace(old, card=old.card.model_copy(update={"record_until_micros": 2**62})), saas)
            .labels.y[:, -1] >= 0).sum() > rows.sum()  # fmt: skip


def test_a_history_too_short_for_the_rivals_says_so(model, saas_tables):
    rows = saas_tables["activity"]
    late = pd.to_datetime(rows["occurred_at"], utc=True) >= pd.Timestamp("2025-03-01", tz="UTC")
    few = {n: t for n, t in saas_tables.items() if n in ("accounts", "subscriptions")}
    report = ck.evaluate(model, ck.History(**few, activity=rows[late]), ["2025-06-01"])
    assert "logistic" not in set(report.frame["ranking"])
    assert "nothing was known then" in report.notes[0]


def test_learnt_until_reaches_as_far_as_any_horizon(saas, model):
    # 2025-08-20 is mature for 30 days alone, and reaches further than 2025-05-01 does for 60.
    fitted = ck.ChurnModel.fit(model.recipe, saas, [*ck.monthly_cutoffs("2024-09", "2025-05"), "2025-08-20"])
    assert fitted.card.learnt_until_micros >= moment("2025-08-20") + 30 * DAY
    with pytest.raises(OverlappingRanges):
        ck.evaluate(fitted, saas, ["2025-07-15"])


def test_it_travels_as_json(report):
    again = type(report).from_dict(json.loads(json.dumps(report.to_dict())))
    assert (again.words, again.by, again.notes) == (report.words, "industry", ())
    for name in ("frame", "segments", "per_cutoff", "differences"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(report, name), check_dtype=False)
    old = {k: v for k, v in report.to_dict().items() if k not in ("segments", "per_cutoff", "by", "notes")}
    assert len(type(report).from_dict(old).segments) == 0


def test_segments_part_the_book(report, saas):
    parts = report.segments.drop_duplicates("segment")
    assert set(parts["segment"]) == set(saas.accounts["industry"].dropna().astype(str))
    assert parts["snapshots"].sum() == report.snapshots
    assert parts["leavers"].sum() == report.leavers
    assert any(said.startswith("By industry: the list finds most in ") for said in report.words)


def test_one_cutoff_alone_is_what_it_is_in_the_report(report, model, saas):
    alone = ck.evaluate(model, saas, LATER[:1])
    part = report.per_cutoff[report.per_cutoff["cutoff"] == "2025-06-01"].reset_index(drop=True)
    pd.testing.assert_frame_equal(part[["ranking", "metric", "value", "low", "high"]], alone.frame)


@pytest.mark.parametrize("share", [0, -0.1, 1.5])
def test_a_list_is_a_share_of_the_book(model, saas, share):
    with pytest.raises(RequestError, match="above 0 and at most 1"):
        ck.evaluate(model, saas, LATER, share=share)


def test_an_unknown_attribute_is_named(model, saas):
    with pytest.raises(UnknownAttribute, match="did you mean 'industry'"):
        ck.evaluate(model, saas, LATER, by="industri")


def test_segments_by_hand(six):
    code = np.array([0, 1, 2, 3, 4, 5, 0])
    found = {k: v.astype(int).tolist() for k, v in segments(six, "region", code).items()}
    assert found == {"north": [1, 1, 0, 0, 1, 0, 1], "south": [0, 0, 1, 1, 0, 1, 0]}


def test_numbers_are_cut_at_their_quartiles_and_rare_values_pooled():
    accounts = pd.DataFrame(
        {
            "size": [*range(1, 17), np.nan],
            "town": [f"t{i}" for i in range(14)] + ["t0", "t1", None],
            "floor": [1.0, 2] * 8 + [1],
        }
    )

    class Book:
        attributes = ("size", "town", "floor")

    book = Book()
    book.accounts = accounts
    code = np.arange(17)
    assert {k: int(v.sum()) for k, v in segments(book, "size", code).items()} == {
        "up to 4.75": 4, "above 4.75 up to 8.5": 4, "above 8.5 up to 12.25": 4, "above 12.25": 4, "(none)": 1,
    }  # fmt: skip
    towns = {k: int(v.sum()) for k, v in segments(book, "town", code).items()}
    assert (towns["t0"], towns["(other)"], towns["(none)"], len(towns)) == (2, 2, 1, 14)
    assert set(segments(book, "floor", code)) == {"1", "2"}


def book(left, ours, theirs, share=0.25):
    n = len(left)
    rankings = {"churnkit": Ranking.of(np.array(ours)), "recency rule": Ranking(np.array(theirs, dtype=float))}
    worth = np.array([10.0, 0, 30, 40, 0, 0, 0, 20])[:n]
    return Judged(np.array(left, np.int8), np.arange(n), np.zeros(n, np.int64), rankings, worth, share, 0)


def test_figures_by_hand():
    # Two of eight on the list: rows 0 and 3 by us (both left), rows 1 and 0 by the rule (one left); three left.
    judged = book([1, 0, 0, 1, 0, 0, 0, 1], [0.8, 0.1, 0.2, 0.6, 0.1, 0.1, 0.1, 0.3], [8, 9, 1, 2, 3, 4, 5, 6])
    measured = measuring.measure(judged)
    ours, rule = measured["churnkit"], measured["recency rule"]
    assert ours["recall"].value == pytest.approx(2 / 3)
    assert ours["precision"].value == 1
    assert ours["lift"].value == pytest.approx(8 / 3)
    assert ours["value_caught"].value == pytest.approx(50 / 70)
    assert rule["recall"].value == pytest.approx(1 / 3)
    assert rule["value_caught"].value == pytest.approx(10 / 70)
    assert ours["calibration_gap"].value == pytest.approx((0.8 + 0.1 + 0.2 + 0.6 + 0.1 * 3 + 0.3) / 8 - 3 / 8)
    assert (judged.accounts, judged.leavers) == (8, 3)
    frame = measuring.differences(measured).set_index(["against", "metric"])
    assert frame.loc[("recency rule", "recall"), "value"] == pytest.approx(1 / 3)
    assert "log_loss" not in frame.index.get_level_values("metric")


def test_lists_of_several_cutoffs_pool_by_their_places():
    # All of the second cutoff's scores are below those of the first: places within each list are the same.
    score, cutoff = np.array([9.0, 8, 7, 6, 0.4, 0.3, 0.2, 0.1]), np.repeat([0, 1], 4)
    assert measuring.within(score, cutoff).tolist() == [1.0, 0.75, 0.5, 0.25] * 2


def test_intervals_come_from_redrawn_accounts_not_rows():
    rng = np.random.default_rng(0)
    left, p = (rng.random(60) < 0.3).astype(np.int8), rng.random(60)

    def width(copies):
        y, ours = np.tile(left, copies), np.tile(p, copies)
        rankings = {"churnkit": Ranking.of(ours)}
        account, cutoff = np.tile(np.arange(60), copies), np.repeat(np.arange(copies), 60)
        low, high = measuring.measure(Judged(y, account, cutoff, rankings, None, 0.25, 0))["churnkit"]["auc"].interval
        return high - low

    # Nine snapshots that say the same of each account are no more evidence than one; nine rows would be a third.
    assert width(9) == pytest.approx(width(1), rel=0.02)


def sampled(middle, spread, seed=0):
    return Sampled(middle, middle + spread * np.random.default_rng(seed).normal(size=500))


def measured_by_hand(recalls, spread=0.01, losses=None):
    """Rankings whose redraws are independent; only what the words look at."""
    made = {}
    for i, (name, recall) in enumerate(recalls.items()):
        made[name] = {"recall": sampled(recall, spread, i), "lift": sampled(10 * recall, 10 * spread, i)}
    made["churnkit"] |= {"calibration_gap": sampled(0.01, 0.001), "calibration_slope": sampled(1.0, 0.1)}
    for i, (name, loss) in enumerate((losses or {}).items()):
        made[name]["log_loss"] = sampled(loss, 0.001, i)
    return made


JUDGED = book([1, 0] * 4, [0.5] * 8, [0.0] * 8, share=0.1)
NINETY = Span.of("90d")


def test_words_say_what_is_better_and_by_how_much():
    said = words.tell(measured_by_hand({"churnkit": 0.4, "recency rule": 0.2, "last NPS": 0.1}), JUDGED, NINETY)
    assert said[0].startswith("On these 8 accounts (4 of them left) the first 10% of the list finds 4.0 times as many ")
    assert said[0].endswith("2.0 times as many as the recency rule and 4.0 times as many as sorting by the last NPS.")
    assert "51.0% were given as leaving within 90 days, 50.0% left; the probabilities are well spread" in said[1]


def test_words_say_how_many_accounts_are_missing():
    apart = Sampled(0.02, 0.02 + 0.02 * np.array([-1.0, 1.0] * 250))
    made = measured_by_hand({"churnkit": 0.32, "logistic": 0.3})
    made["churnkit"]["recall"] = Sampled(0.32, apart.draws + made["logistic"]["recall"].draws)
    made["logistic"]["recall"] = Sampled(0.3, made["logistic"]["recall"].draws)
    said = words.tell(made, JUDGED, NINETY)[1]
    # 1.645**2 = 2.71 times as many accounts as 8: 22, so 14 more.
    assert said.startswith(
        "It cannot be told from a plain logistic model on the same features at this size (32% of the"
    )
    assert said.endswith("difference +0 to +4 points); about 14 more accounts would be needed to call it better.")


def test_words_say_when_nothing_is_gained():
    said = " ".join(words.tell(measured_by_hand({"churnkit": 0.2, "recency rule": 0.4}), JUDGED, NINETY))
    assert "It finds fewer leavers than the recency rule (20% against 40%): use that instead." in said
    assert "not shown to be better than any of what is there without it" in said
    level = measured_by_hand({"churnkit": 0.1, "recency rule": 0.1}, spread=0.05)
    said = " ".join(words.tell(level, JUDGED, NINETY))
    assert "which cannot be told from chance at this size" in said


def test_words_say_whose_probabilities_are_better():
    recalls = {"churnkit": 0.4, "logistic": 0.2, "LightGBM": 0.2}
    losses = {"churnkit": 0.3, "logistic": 0.35, "LightGBM": 0.25}
    said = words.tell(measured_by_hand(recalls, losses=losses), JUDGED, NINETY)[-1]
    assert said == (
        "Its probabilities (log loss 0.300) are better than those of a plain logistic model on the same features "
        "(0.350), worse than those of LightGBM as it comes on the same features (0.250)."
    )


def test_nobody_left_is_said():
    none = replace(JUDGED, y=np.zeros(8, np.int8))
    assert words.tell(measuring.measure(none), none, NINETY) == (
        "None of these 8 accounts left, so no list can be told from another.",
    )


def test_a_longer_list_finds_more_and_ranks_the_same(model, saas, report):
    longer = ck.evaluate(model, saas, LATER, share=0.3)
    assert value(longer, "churnkit", "auc") == value(report, "churnkit", "auc")
    assert value(longer, "churnkit", "recall") > value(report, "churnkit", "recall")
