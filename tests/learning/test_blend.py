"""Laws of the fitted learner: additive, monotone, the same alone and in a crowd, the same after loading."""

from __future__ import annotations

import json
from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pytest
from scipy.special import expit, logit

from churnkit.errors import BundleError, RequestError
from churnkit.learning import Blend, LearnerSettings, Rows, fit_blend
from churnkit.learning.boosted import Shape, Stack, fit_bags, raw_scores, read_booster
from churnkit.learning.calibration import fit_slope
from churnkit.learning.choosing import Held, Job, choose_boosted, choose_linear
from churnkit.learning.drift import Forecast
from churnkit.learning.fitting import Verdict, _calibrate
from churnkit.learning.metrics import auc, log_loss
from churnkit.timeline import Span
from support.books import Fold, flat, forward, monthly


@pytest.fixture(scope="module")
def made():
    return monthly(500, seed=3)


@pytest.fixture(scope="module")
def blend(made):
    return fit_blend(made.rows, folds=forward(made.rows))


def test_it_stands_on_the_highest_rung_and_says_what_it_learnt_from(made, blend):
    assert blend.rung == "boosted"
    assert 0 < blend.weight <= 1
    assert blend.evidence.events == made.rows.events == blend.events
    assert blend.evidence.time_forward
    assert blend.evidence.rounds * len(blend.boosters) <= 500
    assert len(blend.evidence.fold_loss) == 11


def test_longer_horizons_are_never_less_likely(made, blend):
    rng = np.random.default_rng(0)
    strange = rng.normal(scale=20, size=(500, 8)).astype(np.float32)
    strange[rng.random(strange.shape) < 0.3] = np.nan
    for X in (made.rows.X, strange):
        assert (np.diff(blend.probability(X), axis=1) >= 0).all()


def test_trees_never_fall_with_the_horizon_even_where_the_data_do(made):
    rows = made.rows
    y = rows.y.copy()
    y[:, 2] = np.where(y[:, 2] == 1, 0, y[:, 2])  # nobody is seen to leave within the longest horizon
    wrong = replace(rows, y=y)
    stack = Stack.of(wrong, wrong.pair_weight(np.ones(len(y))), {})
    texts = fit_bags(stack, wrong.people, LearnerSettings(bags=2), Shape(leaves=24, learning_rate=0.2, rounds=30))
    raw = raw_scores([read_booster(text) for text in texts], rows.X, wrong.days)
    assert (np.diff(raw, axis=2) >= 0).all()
    assert np.ptp(raw) > 0.5


def test_the_map_keeps_the_mean_right_when_it_turns():
    rng = np.random.default_rng(0)
    margin = rng.normal(-2, 1.5, 20_000)
    y = (rng.random(20_000) < expit(0.6 * margin - 0.8)).astype(float)  # too sure of itself, and centred right
    held = Held(np.zeros(20_000, np.int64), y, np.ones(20_000), margin, margin)
    fit = held.fit(margin)
    level = fit_slope(margin, y, held.weight, held.group, slope_sd=0.0).levels[0]
    affine = _calibrate(held, Verdict(0.0, margin, fit), Forecast())
    assert affine.slope == pytest.approx(0.6, abs=0.05)
    # A shift of the whole fold is not followed, so it is put back here before the mean is compared.
    assert expit(affine(margin) + level).mean() == pytest.approx(y.mean(), rel=0.03)


def test_the_margin_is_the_sum_of_its_parts(made, blend):
    X = made.rows.X[:300]
    for h, days in enumerate((30, 60, 90)):
        stacked = np.column_stack([X, np.full(len(X), days, np.float32)])
        raw = [lgb.Booster(model_str=text).predict(stacked, raw_score=True) for text in blend.boosters]
        z = blend.linear.design(X) - blend.linear.center
        margin = blend.weight * np.mean(raw, axis=0) + (1 - blend.weight) * (
            z @ blend.linear.coef + blend.linear.steps[h]
        )
        log_odds = blend.calibration.slope * margin + blend.calibration.intercept
        assert blend.log_odds(X)[:, h] == pytest.approx(log_odds, abs=1e-9)
        assert blend.probability(X)[:, h] == pytest.approx(expit(log_odds), abs=1e-12)


def test_one_row_alone_is_the_same_to_the_bit(made, blend):
    X = made.rows.X[:600]
    crowd = blend.predict(X)
    for i in range(0, 600, 37):
        alone = blend.predict(X[i : i + 1])
        assert all(np.array_equal(a[0], b[i]) for a, b in zip(vars(alone).values(), vars(crowd).values(), strict=True))


def test_it_scores_the_same_to_the_bit_after_loading(made, blend, tmp_path):
    blend.to_files(tmp_path / "learner")
    again = Blend.from_files(tmp_path / "learner")
    for was, now in zip(
        vars(blend.predict(made.rows.X)).values(), vars(again.predict(made.rows.X)).values(), strict=True
    ):
        assert np.array_equal(was, now)
    assert again.evidence == blend.evidence
    assert (again.names, again.horizons, again.rung, again.notes) == (
        blend.names,
        blend.horizons,
        blend.rung,
        blend.notes,
    )


def test_threads_and_repetition_change_nothing(made, blend):
    again = fit_blend(made.rows, folds=forward(made.rows), settings=LearnerSettings(threads=1))
    assert again.boosters == blend.boosters
    assert np.array_equal(again.log_odds(made.rows.X), blend.log_odds(made.rows.X))


def test_the_interval_holds_the_probability(made, blend):
    found = blend.predict(made.rows.X)
    assert (found.low < found.probability[:, 2]).all()
    assert (found.probability[:, 2] < found.high).all()
    assert (found.spread > 0).all()
    assert all(np.array_equal(a, b) for a, b in zip(blend.interval(made.rows.X), (found.low, found.high), strict=True))


def test_no_interval_is_narrower_than_what_no_feature_tells(made, blend):
    found = blend.predict(made.rows.X)
    width = logit(found.high) - logit(found.low)
    assert (found.spread >= 0.8).all()
    assert (width >= 2 * 1.6448 * 0.8).all()


def test_a_refit_moves_a_row_by_the_sum_of_its_parts(made, blend):
    """By hand from bags and draws: .4 of trees that move 1.5 bag deviations, .6 of a line, correlated by .5."""
    X, w = made.rows.X[:200], 0.4
    spread = replace(blend.uncertainty, trust=3.0, book=0.02, refit=1.5, together=0.5, floor=0.0)
    mixed = replace(blend, weight=w, uncertainty=spread)
    bags = np.array([lgb.Booster(model_str=t).predict(_stacked(X, 90), raw_score=True) for t in blend.boosters])
    known = len(bags) - 1
    trees = 1.5 * np.sqrt((3 * 0.02 + known * bags.var(axis=0, ddof=1)) / (3 + known))
    z = blend.linear.design(X) - blend.linear.center
    line = np.sqrt(((z @ spread.redrawn.T) ** 2).mean(axis=1))
    expected = np.sqrt((w * trees) ** 2 + ((1 - w) * line) ** 2 + w * (1 - w) * trees * line)
    assert mixed.predict(X).refit_spread == pytest.approx(blend.calibration.slope * expected, rel=1e-9)


def test_a_rank_is_surer_than_the_probability(made, blend):
    """What no feature tells, and the calibration's own error, widen the interval and move no rank."""
    vaguer = replace(
        blend,
        uncertainty=replace(blend.uncertainty, unseen=2.0),
        calibration=replace(blend.calibration, level_variance=1.0),
    )
    was, now = (b.predict(made.rows.X) for b in (blend, vaguer))
    assert (now.high - now.low > was.high - was.low).all()
    assert np.array_equal(now.refit_spread, was.refit_spread)
    assert (was.refit_spread < was.spread).all()


def _stacked(X, days):
    return np.column_stack([X, np.full(len(X), days, np.float32)])


def test_the_folds_choose_sharp_trees_where_answers_are_decided():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(1500, 4)).astype(np.float32)
    y = (((X[:, 0] > 0) ^ (X[:, 1] > 0)) & (X[:, 2] > -0.5)).astype(np.int8)
    rows = Rows(X, y[:, None], (Span.of("90d"),), tuple("abcd"), np.arange(1500), np.zeros(1500, np.int64))
    job = Job.prepare(rows, (), LearnerSettings(bags=1))
    assert choose_boosted(job, choose_linear(job)).shape.sharp
    noise = flat(1500, level=-1.0)
    job = Job.prepare(noise.rows, (), LearnerSettings(bags=1))
    assert not choose_boosted(job, choose_linear(job)).shape.sharp


def test_the_folds_stop_the_boosting_early(made):
    job = Job.prepare(made.rows, forward(made.rows), LearnerSettings(bags=1, trees=400))
    shape = choose_boosted(job, choose_linear(job)).shape
    assert 1 <= shape.rounds < 200  # noise from there on: the budget allows 400


def test_a_young_snapshot_teaches_the_short_horizons(made):
    rows = made.rows
    stack = Stack.of(rows, rows.pair_weight(rows.overlap_weight), {})
    taught = np.zeros(rows.y.shape, bool)
    taught[stack.row, stack.horizon] = True
    assert np.array_equal(taught, rows.y >= 0)
    assert (taught[:, 0] & ~taught[:, 2]).any()


def test_other_columns_are_refused(blend):
    with pytest.raises(RequestError, match=r"shape \(3, 2\), the model was learnt on 8 features"):
        blend.predict(np.zeros((3, 2), np.float32))


def test_no_row_scores_to_nothing(blend):
    assert blend.predict(np.zeros((0, 8), np.float32)).probability.shape == (0, 3)


def test_declared_directions_hold_in_both_parts():
    made = flat(1500, level=-1.0, mixed=True)
    blend = fit_blend(made.rows, settings=LearnerSettings(monotone={"f0": 1, "f1": 1}))
    for j in (0, 1):
        X = np.repeat(made.rows.X[:40], 9, axis=0)
        X[:, j] = np.tile(np.linspace(-3, 3, 9), 40)
        assert (np.diff(blend.margin(X)[:, 0].reshape(40, 9), axis=1) >= -1e-12).all()


def _along(X, j, steps=25):
    """Forty rows, each walked along one feature from far below to far above what was learnt from."""
    walked = np.repeat(X[:40], steps, axis=0)
    walked[:, j] = np.tile(np.linspace(-6, 6, steps), 40)
    return walked


@pytest.mark.parametrize("signs", [(1, 1), (-1, -1), (-1, 1), (1, -1)])
def test_each_part_alone_never_moves_the_wrong_way(signs):
    made = flat(800, level=-1.0, mixed=True)  # risk truly rises with f0 and falls with f1
    blend = fit_blend(
        made.rows, settings=LearnerSettings(bags=2, trees=60, monotone=dict(zip(("f0", "f1"), signs, strict=True)))
    )
    boosters = [read_booster(text) for text in blend.boosters]
    assert len(boosters) == 2
    assert sum(booster.num_trees() for booster in boosters) <= 60
    for j, sign in enumerate(signs):
        X = _along(made.rows.X, j)
        raw = raw_scores(boosters, X, made.rows.days)[:, :, 0]
        for margin in (*raw, blend.linear.margin(X)[:, 0], blend.probability(X)[:, 0]):
            moves = sign * np.diff(margin.reshape(40, -1), axis=1)
            assert (moves >= -1e-12).all()
            if sign == (1, -1)[j]:  # the declared way is the true one: the part does move
                assert moves.max() > 0


def test_an_unknown_direction_is_refused(made):
    with pytest.raises(RequestError, match=r"no feature 'f00' \(did you mean"):
        fit_blend(made.rows, settings=LearnerSettings(monotone={"f00": 1}))


def test_a_direction_of_a_category_is_refused(made):
    with pytest.raises(RequestError, match="'f5' is a category, and categories neither rise nor fall"):
        fit_blend(made.rows, settings=LearnerSettings(monotone={"f5": 1}))


def test_overlapping_folds_are_refused(made):
    everything = np.ones(len(made.rows.y), bool)
    with pytest.raises(RequestError, match="make train and test distinct"):
        fit_blend(made.rows, folds=[Fold(everything, everything)])


def test_the_trees_may_earn_nothing_and_that_is_said():
    blend = fit_blend(flat(700, level=-1.5, seed=4).rows)
    assert blend.rung == "logistic"
    assert blend.boosters == ()
    assert "earned no weight" in blend.notes[0]


def test_it_is_as_good_as_the_truth_allows():
    learnt, fresh = flat(4000, mixed=True), flat(4000, mixed=True, seed=9)
    p = fit_blend(learnt.rows).probability(fresh.rows.X)[:, 0]
    y = fresh.rows.y[:, 0]
    best = float(log_loss(y, fresh.truth[:, 0]))
    ignorant = float(log_loss(y, np.full(len(y), y.mean())))
    assert float(log_loss(y, p)) < best + 0.2 * (ignorant - best)
    assert float(auc(y, p)) > float(auc(y, fresh.truth[:, 0])) - 0.03


def damage(folder, change):
    path = folder / "blend.json"
    plain = json.loads(path.read_text())
    change(plain)
    path.write_text(json.dumps(plain))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p.update(schema_version=99), "schema 99"),
        (lambda p: p["coef"].pop(), "do not fit together"),
        (lambda p: p.pop("steps"), "damaged"),
        (lambda p: p["calibration"].update(slope=-1.0), "damaged"),
        (lambda p: p.update(bags=9), "cannot be read"),
        (lambda p: p["names"].append("one more"), "columns, the model has 9 features"),
        (lambda p: p["columns"]["feature"].__setitem__(0, 77), "do not fit together"),
    ],
)
def test_damaged_files_are_refused(blend, tmp_path, change, words):
    blend.to_files(tmp_path)
    damage(tmp_path, change)
    with pytest.raises(BundleError, match=words):
        Blend.from_files(tmp_path)


def test_damaged_trees_are_refused(blend, tmp_path):
    blend.to_files(tmp_path)
    (tmp_path / "bag_0.txt").write_text("tree\nversion=v4\n")
    with pytest.raises(BundleError, match="damaged"):
        Blend.from_files(tmp_path)


@pytest.mark.parametrize(("seed", "shared"), [(0, True), (1, False)])
def test_overlap_weights_are_switched_off_where_the_folds_lose_less_and_it_is_said(seed, shared):
    rows = monthly(200, seed=seed).rows

    def chosen(overlap):
        return choose_linear(Job.prepare(rows, forward(rows), LearnerSettings(overlap_weights=overlap)))

    weighed, whole = (choice.held.loss(choice.held.linear) for choice in map(chosen, (True, False)))
    assert (weighed <= whole) == shared == chosen(None).overlap
    blend = fit_blend(rows, folds=forward(rows), settings=LearnerSettings(bags=0))
    assert blend.evidence.overlap_weights == shared
    assert (
        any(note.startswith("Snapshots of one account whose label windows overlap") for note in blend.notes) != shared
    )
    told = fit_blend(rows, folds=forward(rows), settings=LearnerSettings(bags=0, overlap_weights=False)).notes
    assert not any("overlap" in note for note in told)  # whoever asked for it knows


@pytest.mark.parametrize("overlap", [True, False])
def test_the_mean_promise_is_the_mean_seen_whatever_the_weights(overlap):
    made = monthly(400, seed=5)
    known = made.rows.y[:, 2] >= 0
    p = fit_blend(made.rows, settings=LearnerSettings(overlap_weights=overlap)).probability(made.rows.X)[known, 2]
    assert p.mean() == pytest.approx(made.rows.y[known, 2].mean(), rel=0.1)
