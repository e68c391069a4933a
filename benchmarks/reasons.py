"""How fast and how exact reasons are, beside LightGBM's ``pred_contrib`` and ``shap.TreeExplainer``.

    python benchmarks/reasons.py [--quick | --stability]

CPU seconds are of the whole process (all threads); the rivals take turns within each round, on one thread each,
so that a busy neighbour weighs on all of them. woodelf takes part where it is installed (``pip install
woodelf-explainer``). A table, and as last line one JSON object with the figures: over several shapes the worst.
``--stability`` measures instead how far reasons outlast refits on redrawn accounts, beside what the model promised.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import churnkit as ck
from churnkit import features as f
from churnkit.features import FeatureMatrix, FeatureSet
from churnkit.learning import Blend, Evidence, LearnerSettings, Rows, fit_blend
from churnkit.learning.calibration import Affine
from churnkit.learning.choosing import FOLDS
from churnkit.learning.columns import Columns
from churnkit.learning.linear import Linear
from churnkit.learning.parts import Spread
from churnkit.learning.rows import account_folds
from churnkit.reasons import Explainer, Groups, explain
from churnkit.reasons.choosing import Facts, choose
from churnkit.reasons.kernel import Picked, by_group, lowered, outlast, shapley_values
from churnkit.reasons.stability import SHAKY
from churnkit.reasons.trees import read_trees
from churnkit.snapshots import Fold, TrainingSet, make_folds
from churnkit.timeline import DAY, Span, moment

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS = 150
HORIZONS = tuple(Span.of(h) for h in ("30d", "60d", "90d"))
SHAPES = {"300 x 63": (300, 63), "500 x 31": (500, 31)}
NOW, THEN = moment("2026-06-01"), moment("2026-05-04")
SAMPLES = Path(__file__).parent.parent / "data" / "samples"
GOALS = {
    "vs_pred_contrib_cpu": (min, "at least 30 with AVX-512, 20 without; aim 50"),
    "vs_shap_cpu": (min, ""),
    "vs_woodelf_cpu": (min, ""),
    "vs_pred_contrib_wall": (min, ""),
    "max_abs_diff": (max, "at most 1e-9"),
    "reasons_over_predict": (max, "at most 15, aim 8"),
    "one_row_ms": (max, "at most 1"),
    "million_minutes": (max, "at most 5, aim 1.5"),
    "million_cpu_minutes": (max, ""),
    "peak_gib": (max, "at most 2"),
    "change_max_abs_diff": (max, "at most 1e-9"),
}


def data(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Skewed counts, ages with missing values and scores, and answers with interactions."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, COLUMNS)).astype(np.float32)
    X[:, ::3] = np.floor(np.expm1(np.abs(X[:, ::3]) * 2))
    X[:, 1::3][rng.random(X[:, 1::3].shape) < 0.15] = np.nan
    z = np.nan_to_num(X)
    lean = np.log1p(z[:, 0]) - z[:, 1] * z[:, 2] + 0.2 * z[:, 5:60:3].sum(axis=1) + (z[:, 3] > 2) * z[:, 4]
    return X, (lean + rng.logistic(size=rows) > 2).astype(int)


def grown(X: np.ndarray, y: np.ndarray, trees: int, leaves: int, seed: int = 0) -> lgb.Booster:
    settings = {"objective": "binary", "num_leaves": leaves, "learning_rate": 0.05, "verbose": -1, "num_threads": 1}
    settings |= {"deterministic": True, "force_row_wise": True, "seed": seed, "max_bin": 63, "feature_fraction": 0.5}
    return lgb.train(settings, lgb.Dataset(X, y), trees)


def timed(work: Callable[[], np.ndarray]) -> tuple[float, float, np.ndarray]:
    cpu, wall = time.process_time(), time.perf_counter()
    out = work()
    return time.process_time() - cpu, time.perf_counter() - wall, out


def rivals(booster: lgb.Booster) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Everybody who gives all contributions of some rows, on one thread."""
    program = lowered(read_trees(booster.model_to_string()))
    found: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "churnkit": lambda X: shapley_values(program, X),
        "pred_contrib": lambda X: booster.predict(X, pred_contrib=True, num_threads=1)[:, :-1],
        "predict": lambda X: booster.predict(X, raw_score=True, num_threads=1),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shap = import_module("shap").TreeExplainer(booster, feature_perturbation="tree_path_dependent")
        found["shap"] = lambda X: shap.shap_values(X, check_additivity=False)
        if find_spec("woodelf"):
            wood = import_module("woodelf").WoodelfExplainer(booster, feature_perturbation="tree_path_dependent")
            names = booster.feature_name()
            found["woodelf"] = lambda X: wood.shap_values(
                pd.DataFrame(X.astype(np.float64), columns=names), verbose=False
            )
    return found


def race(trees: int, leaves: int, rows: int, slow_rows: int, learnt_from: int) -> dict[str, float]:
    """Let all take turns; who is slow gets fewer rows of each round."""
    X, y = data(max(rows, learnt_from))
    booster = grown(X[:learnt_from], y[:learnt_from], trees, leaves)
    runners = rivals(booster)
    for run in runners.values():
        run(X[:8])
    rounds = 8
    spent = {name: [0.0, 0.0, 0.0] for name in runners}
    worst = 0.0
    for k in range(rounds):
        # shap calls pred_contrib itself, so a fifth of the rows is enough to see it
        share = dict.fromkeys(runners, rows) | {"pred_contrib": slow_rows, "shap": slow_rows // 5}
        outs = {}
        for name, run in runners.items():
            start = k * rows // rounds
            part = np.ascontiguousarray(X[start : start + share[name] // rounds])
            with threadpool_limits(1):
                cpu, wall, outs[name] = timed(lambda run=run, part=part: run(part))
            for at, more in enumerate((cpu, wall, len(part))):
                spent[name][at] += more
        known = len(outs["pred_contrib"])
        worst = max(worst, float(np.abs(outs["churnkit"][:known] - outs["pred_contrib"]).max()))
    per = {name: (cpu / n, wall / n) for name, (cpu, wall, n) in spent.items()}
    ones = [timed(lambda k=k: runners["churnkit"](X[k : k + 1]))[1] for k in range(200)]
    figures = {f"vs_{n}_cpu": per[n][0] / per["churnkit"][0] for n in ("pred_contrib", "shap", "woodelf") if n in per}
    return figures | {
        "vs_pred_contrib_wall": per["pred_contrib"][1] / per["churnkit"][1],
        "max_abs_diff": worst,
        "reasons_over_predict": per["churnkit"][0] / per["predict"][0],
        "one_row_ms": float(np.median(ones)) * 1e3,
        "us_per_row": per["churnkit"][0] * 1e6,
        "pred_contrib_us_per_row": per["pred_contrib"][0] * 1e6,
    }


def catalogue() -> FeatureSet:
    """As many features as columns, of 30 signals in five windows."""
    windows = ("7d", "30d", "60d", "90d", "180d")
    return FeatureSet([f.count(f"event_{s}", w) for s in range(COLUMNS // len(windows)) for w in windows])


def blend(trees: int, leaves: int, bags: int, learnt_from: int) -> Blend:
    """A blend of the learner's largest size: bags of trees, the horizon their last column, and a logistic part."""
    X, y = data(learnt_from)
    days = np.random.default_rng(1).choice([h.days for h in HORIZONS], len(X)).astype(np.float32)
    stacked = np.hstack([X, days[:, None]])
    texts = tuple(grown(stacked, y, trees // bags, leaves, seed).model_to_string() for seed in range(bags))
    columns = Columns.read(X, ())
    z = columns.design(X[:2000])
    linear = Linear(
        columns, z.mean(axis=0), np.random.default_rng(2).normal(0, 0.05, len(columns)), np.array([-3, -2.5, -2.0])
    )
    evidence = Evidence(rows=len(X), accounts=len(X), events=int(y.sum()), base_rate=(0.1, 0.15, 0.2))
    return Blend(
        names=catalogue().names,
        categorical=(),
        horizons=HORIZONS,
        main=2,
        linear=linear,
        boosters=texts,
        weight=0.6,
        calibration=Affine(slope=0.9, intercept=-0.2),
        uncertainty=Spread(directions=np.zeros((0, len(columns))), redrawn=np.zeros((0, len(columns)))),
        rung="boosted",
        evidence=evidence,
    )


def million(rows: int) -> dict[str, float]:
    """Score, choose and tell the top three reasons of many accounts, from features in memory to the frame."""
    model, features = blend(500, 31, 5, min(20_000, rows // 10)), catalogue()
    X = np.concatenate([data(20_000, seed)[0] for seed in range(rows // 20_000)])
    earlier = np.roll(X, 1, axis=0)

    def matrix(values: np.ndarray, cutoff: int) -> FeatureMatrix:
        return FeatureMatrix(values, features, np.arange(len(values), dtype=np.int32), np.full(len(values), cutoff), {})

    now, then = matrix(X, NOW), matrix(earlier, THEN)
    groups = Groups.fit(matrix(X[:20_000], NOW))
    model.predict(X[:64])
    Explainer.of(model, "90d").contributions(X[:64])
    cpu, wall = time.process_time(), time.perf_counter()
    model.predict(X)
    scored = time.perf_counter()
    reasons = explain(model, now, then, horizon="90d", groups=groups, account_ids=pd.RangeIndex(rows))
    done, spent = time.perf_counter(), time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    explainer = Explainer.of(model, "90d")
    ones = [timed(lambda k=k: explainer.contributions(X[k : k + 1]))[1] for k in range(200)]
    scale = 1e6 / rows / 60
    return {
        "million_minutes": (done - wall) * scale,
        "million_cpu_minutes": spent * scale,
        "of_it_scoring_minutes": (scored - wall) * scale,
        "peak_gib": peak,
        "one_row_ms": float(np.median(ones)) * 1e3,
        "reasons": len(reasons.frame),
    }


def companies() -> dict[str, tuple[ck.ChurnModel, TrainingSet, ck.Scores]]:
    """Both samples, one with two learners: a fitted model, what it was learnt from, and later scores."""
    months, weeks = ("2024-07", "2025-09"), ("2011-03-01", "2011-06-07")
    contracts = ck.Cancelled(horizon="90d"), list(ck.monthly_cutoffs(*months)), "2026-01-01"
    orders = ck.WentQuiet(days=90, events=("order",)), list(ck.weekly_cutoffs(*weeks, weeks=2)), "2011-09-09"
    plans = {"saas": contracts, "online_retail": orders, "saas, logistic alone": contracts}
    found = {}
    for name, (churn, cutoffs, at) in plans.items():
        history = ck.read_history(SAMPLES / name.partition(",")[0])
        learner = LearnerSettings(bags=0 if "alone" in name else 5)
        model = ck.ChurnModel.fit(ck.Recipe(churn=churn, learner=learner), history, cutoffs)
        found[name] = model, ck.training_set(model.recipe, history, cutoffs), model.score(history, at)
    return found


def outlasted(model: ck.ChurnModel, training: TrainingSet, scores: ck.Scores, refits: int) -> dict[str, float]:
    """How often reasons keep sign and place when the learner is fitted anew on redrawn accounts, and the promise."""
    matrix, groups = scores.matrix, model.groups
    assert matrix is not None
    explainer = Explainer.of(model.blend, model.horizon)
    chosen = choose(explainer, Facts(matrix, None, groups), 3, 1)

    def sums(blend: Blend) -> np.ndarray:
        parts = Explainer.of(blend, model.horizon).contributions(matrix.values)
        return by_group(parts, groups.group_of, len(groups.themes)) * groups.shown

    whole = sums(model.blend)
    apart = np.stack([sums(refitted(training, model, seed)) for seed in range(refits)]) - whole
    share, first = np.empty(chosen.effect.shape), np.empty(len(whole))
    outlast(whole, apart, np.eye(refits), Picked(chosen.effect, chosen.group, chosen.feature), share, first)
    promised, there = chosen.stability.share, chosen.effect != 0
    raised = ~np.isnan(chosen.stability.first)
    marked = there & (promised < SHAKY)
    figures = {
        "first_reason_kept_refit": first[raised].mean(),
        "first_reason_kept_promised": chosen.stability.first[raised].mean(),
        "reasons_kept_refit": share[there].mean(),
        "reasons_kept_promised": promised[there].mean(),
        "marked_as_flipping": marked.sum() / there.sum(),
        "marked_kept_refit": share[marked].mean(),
        "unmarked_kept_refit": share[there & ~marked].mean(),
    }
    for low in (0.0, 0.25, 0.5, 0.75):
        inside = there & (promised >= low) & (promised <= low + 0.25)
        figures[f"kept_refit_where_{low}_to_{low + 0.25}"] = share[inside].mean() if inside.any() else float("nan")
    return {name: float(value) for name, value in figures.items()}


def changes(model: ck.ChurnModel, scores: ck.Scores) -> dict[str, float]:
    """How exactly the parts of a move add up, and what they cost."""
    history = scores.history
    assert history is not None
    before = model.score(history, scores.as_of - 7 * DAY)
    cpu = time.process_time()
    totals = model.explain_change(before, scores, history).totals
    spent = time.process_time() - cpu
    off = totals[["time", "facts", "peers", "model", "calibration"]].sum(axis=1)
    return {
        "change_max_abs_diff": float((off - (totals["log_odds"] - totals["log_odds_before"])).abs().max()),
        "change_ms_per_account": spent / len(totals) * 1e3,
    }


def refitted(training: TrainingSet, model: ck.ChurnModel, seed: int) -> Blend:
    """Fit the learner on accounts drawn with replacement; an account drawn twice counts as two."""
    labels, rng = training.labels, np.random.default_rng(seed)
    accounts = np.unique(labels.account)
    rows_of = {a: np.flatnonzero(labels.account == a) for a in accounts}
    drawn = [rows_of[a] for a in rng.choice(accounts, len(accounts))]
    rows, account = np.concatenate(drawn), np.repeat(np.arange(len(drawn)), [len(r) for r in drawn]).astype(np.int32)
    y, cutoff = labels.y[rows], labels.cutoff[rows]
    main = labels.horizons.index(model.horizon)
    # copies of one account stay on one side of every fold, or the folds would see what they are to predict
    people = np.unique(labels.account[rows], return_inverse=True)[1]
    folds = make_folds(labels.account[rows], cutoff, y[:, main], training.purge).splits or [
        Fold(*sides) for sides in account_folds(people, y, FOLDS, model.recipe.learner.seed)
    ]
    given = Rows(
        X=training.matrix.values[rows],
        y=y,
        horizons=labels.horizons,
        names=training.matrix.names,
        account=account,
        cutoff=cutoff,
        categorical=training.matrix.categorical,
        main=main,
    )
    return fit_blend(given, folds=folds, settings=model.recipe.learner)


def in_a_process_of_its_own(rows: int) -> dict[str, float]:
    """Measure peak memory undisturbed by what ran before."""
    command = [sys.executable, __file__, "--million", str(rows)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def lasting(refits: int) -> dict[str, dict[str, float]]:
    """Stability on both samples, and moves on the first."""
    found = {}
    for name, (model, training, scores) in companies().items():
        found[f"sample {name}"] = outlasted(model, training, scores, refits)
        if name == "saas":
            found[f"sample {name}"] |= changes(model, scores)
    return found


def told(found: dict[str, dict[str, float]]) -> None:
    """Print a table, and the figures as one line of JSON."""
    for shape, figures in found.items():
        print(f"\n{shape}" if "sample" in shape else f"\n{shape} x {COLUMNS} features")
        for name, value in figures.items():
            print(f"  {name:<32}{value:>12.3g}   {GOALS.get(name, (None, ''))[1]}")
    worst = {name: [figures[name] for figures in found.values() if name in figures] for name in GOALS}
    plain = {name: GOALS[name][0](values) for name, values in worst.items() if values}
    print(json.dumps({**plain, **found}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer rows, below a minute; for a glance, not for a claim"
    )
    parser.add_argument("--stability", type=int, nargs="?", const=8, help="refits on redrawn accounts instead, so many")
    parser.add_argument("--million", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    warnings.filterwarnings("ignore", module="shap")  # it warns at each call that its output is a list no more
    if asked.million:
        print(json.dumps(million(asked.million)))
        return
    if asked.stability:
        told(lasting(asked.stability))
        return
    rows, slow, learnt_from = (2_000, 160, 2_000) if asked.quick else (24_000, 20_000, 20_000)
    shapes = {"300 x 63": SHAPES["300 x 63"]} if asked.quick else SHAPES
    found = {name: race(*shape, rows, slow, learnt_from) for name, shape in shapes.items()}
    found["500 x 31, whole blend"] = in_a_process_of_its_own(20_000 if asked.quick else 200_000)
    told(found)


if __name__ == "__main__":
    main()
