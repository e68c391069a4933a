"""How good the probabilities are on five open data sets, out of the box, beside rivals in the same folds.

    python benchmarks/quality.py [--quick] [--sets telco iranian saas retail oulad speed] [--data ../shared/data]
                                 [--keep FOLDER] [--seeds 0 1 2] [--ebm-seeds 3]

Flat tables go to ``ChurnClassifier`` as they come: five stratified folds, three seeds, out of fold. Event-level sets
go to ``ChurnModel`` with a recipe that says when an account has left and nothing else: learnt at earlier cutoffs,
judged at a later one. Rivals get the same rows and, on event-level sets, churnkit's own features. Differences are
ours less the rival's with a 90 % interval over redrawn accounts, paired. ``behind`` counts the sets on which a rival
is better outside that interval, in log loss or AUC.

``fit_over_lightgbm``: seconds of one whole fit on 120,000 snapshots of 160 features (folds, blend and calibration
included) over those of one LightGBM fit on the same stacked matrix, with the same shape and rounds, on one thread or
all, whichever is faster (beside a busy neighbour several threads wait for each other).

``--keep`` keeps the rivals' predictions in a folder, by set, seed and fold: they do not change with churnkit on the
flat tables, and the EBM takes a minute a fold. ``--seeds`` draws other folds of the flat tables: settings of the
learner were compared on those of 0, 1 and 2, so others are fairer judges. ``--ebm-seeds`` has the EBM take part in
the folds of fewer seeds, and compares it there alone. ``--quick`` takes one fold of each table and half of what
teaches there, the last training cutoff, no EBM, a smaller book, and leaves themes out of the logistic part alone: its
figures are no claim.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np
import open_sets
import pandas as pd
import rivals
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

import churnkit as ck
from churnkit import features as f
from churnkit.learning import LearnerSettings, Rows, fit_blend, metrics
from churnkit.learning.boosted import Shape, Stack
from churnkit.learning.bootstrap import Sampled, account_bootstrap
from churnkit.learning.settings import processors
from churnkit.snapshots import make_folds
from churnkit.timeline import DAY, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OURS = "churnkit"
SEEDS, FOLDS = (0, 1, 2), 5
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True)
class Ask:
    """What the command line asks for."""

    data: Path
    quick: bool
    keep: Path | None
    seeds: tuple[int, ...] = SEEDS
    ebm_seeds: int = len(SEEDS)


@dataclass(frozen=True, eq=False)
class Outcome:
    """Answers, and what everybody said of them: probabilities [seeds, n] by name; ``group`` is redrawn together."""

    name: str
    y: np.ndarray
    group: np.ndarray
    said: dict[str, np.ndarray]

    def seeds(self, name: str) -> tuple[int, ...]:
        """The seeds of folds that somebody took part in."""
        return tuple(i for i, p in enumerate(self.said[name]) if not np.isnan(p).any())

    def measure(self, name: str, metric: Callable[..., np.ndarray], seeds: tuple[int, ...]) -> Sampled:
        """A metric, the mean over seeds, with its redraws of accounts."""

        def of(weight: np.ndarray | None) -> np.ndarray:
            return np.mean([metric(self.y, self.said[name][i], weight) for i in seeds], axis=0)

        return account_bootstrap(of, self.group)


def flat(made: open_sets.FlatSet, ask: Ask) -> Outcome:
    """Out of fold, everybody on the same rows."""
    said: dict[str, np.ndarray] = {}
    seeds = ask.seeds[:1] if ask.quick else ask.seeds
    judged = np.ones(len(made.y), dtype=bool)
    for i, seed in enumerate(seeds):
        for k, (train, later) in enumerate(splits(made, seed)):
            if ask.quick and k:
                judged[later] = False
                continue
            for name, fit in everybody(ask, i).items():
                p = said.setdefault(name, np.full((len(seeds), len(made.y)), np.nan))
                p[i, later] = kept(
                    ask,
                    f"{made.name}-{name}-{seed}-{k}",
                    name,
                    partial(fit, made, train[:: 2 if ask.quick else 1], later, seed),
                )
    return Outcome(made.name, made.y[judged], made.group[judged], {name: p[:, judged] for name, p in said.items()})


def splits(made: open_sets.FlatSet, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    alike = len(np.unique(made.group)) < len(made.y)
    way = (StratifiedGroupKFold if alike else StratifiedKFold)(FOLDS, shuffle=True, random_state=seed)
    return way.split(made.X, made.y, made.group)


def everybody(ask: Ask, seed: int) -> dict[str, Callable[..., np.ndarray]]:
    """Churnkit and the rivals on a flat table, in the folds of one seed."""

    def ours(made: open_sets.FlatSet, train: np.ndarray, later: np.ndarray, _seed: int) -> np.ndarray:
        return ck.ChurnClassifier().fit(made.X.iloc[train], made.y[train]).predict_proba(made.X.iloc[later])[:, 1]

    def theirs(
        fit: Callable[..., np.ndarray], made: open_sets.FlatSet, train: np.ndarray, later: np.ndarray, seed: int
    ) -> np.ndarray:
        return fit(*_turns(made.X.iloc[train], made.y[train], made.X.iloc[later]), seed)

    asked = rivals.FLAT if seed < ask.ebm_seeds else rivals.SAME_FEATURES
    return {OURS: ours} | {name: partial(theirs, fit) for name, fit in asked.items()}


def _turns(train: pd.DataFrame, y: np.ndarray, later: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    before, after = rivals.prepared(train, later)
    return before, y, after


def kept(ask: Ask, key: str, name: str, work: Callable[[], np.ndarray]) -> np.ndarray:
    """Do a rival's work once, if asked to keep it."""
    if ask.keep is None or name == OURS:
        return work()
    path = ask.keep / f"{key}.npy"
    if not path.exists():
        ask.keep.mkdir(parents=True, exist_ok=True)
        np.save(path, work())
    return np.load(path)


@dataclass(frozen=True, eq=False)
class Later:
    """The rows that judge, by account."""

    X: pd.DataFrame
    y: pd.Series


def events(made: open_sets.EventSet, ask: Ask) -> tuple[Outcome, dict[str, float]]:
    """Learn at earlier cutoffs, judge later ones; and the log loss without each theme of features."""
    train = list(made.train)[-1:] if ask.quick else list(made.train)
    model = ck.ChurnModel.fit(made.recipe, made.history, train)
    later = rows_of(made, model.recipe, made.test)
    said = {OURS: probabilities(model, made, later)}
    before = rows_of(made, model.recipe, train)
    turns = _turns(before.X, before.y.to_numpy(), later.X)
    for name, fit in rivals.SAME_FEATURES.items():
        said[name] = fit(*turns, 0)
    silence = model.recipe.model_copy(update={"features": f.FeatureSet([f.days_since(made.lively)])})
    alone = [rows_of(made, silence, at).X for at in (train, made.test)]
    said[rivals.RECENCY] = rivals.recency(alone[0], turns[1], alone[1], 0)
    y = later.y.to_numpy()
    outcome = Outcome(made.name, y, np.arange(len(y)), {name: p[None] for name, p in said.items()})
    without = themes(replace(made, train=train), model, later, quick=ask.quick)
    return outcome, {theme: float(metrics.log_loss(y, p)) for theme, p in without}


def rows_of(made: open_sets.EventSet, recipe: ck.Recipe, cutoffs: object) -> Later:
    """Features and known answers within the main horizon; categories as texts, as the rivals want them."""
    X, y = (found := ck.training_set(recipe, made.history, cutoffs))
    answers = y[str(recipe.churn.horizon)]
    known = answers.notna().to_numpy()
    X = X.loc[known].copy()
    for j in found.matrix.categorical:
        X.isetitem(j, X.iloc[:, j].map(lambda v: f"level {v:.0f}", na_action="ignore").astype(object))
    return Later(X, answers[known].astype(int))


def probabilities(model: ck.ChurnModel, made: open_sets.EventSet, later: Later) -> np.ndarray:
    """The model's own scores at the test cutoffs, in the order of the rows that judge."""
    scores = pd.concat([model.score(made.history, at=at).frame for at in made.test])
    place = pd.MultiIndex.from_arrays([scores["account_id"], pd.DatetimeIndex(scores["as_of"])])
    return pd.Series(scores["probability"].to_numpy(), index=place).loc[later.y.index].to_numpy()


def themes(
    made: open_sets.EventSet, model: ck.ChurnModel, later: Later, *, quick: bool
) -> Iterator[tuple[str, np.ndarray]]:
    """Probabilities with each theme of features left out."""
    about = model.features.frame.set_index("name")["theme"]
    learner = LearnerSettings(bags=0) if quick else model.recipe.learner
    for theme in dict.fromkeys(about):
        less = model.recipe.model_copy(
            update={"features": model.features.without(*about.index[about == theme]), "learner": learner}
        )
        yield theme, probabilities(ck.ChurnModel.fit(less, made.history, made.train), made, later)


def compare(outcome: Outcome) -> tuple[dict[str, float], bool, bool]:
    """Print a set's table; give its figures, whether our log loss is the lowest, whether a rival is surely better."""
    ways = {"auc": metrics.auc, "log_loss": metrics.log_loss}
    seeds = {name: outcome.seeds(name) for name in outcome.said}
    found = {name: {m: outcome.measure(name, way, seeds[name]) for m, way in ways.items()} for name in outcome.said}
    paired = {s: {m: outcome.measure(OURS, way, s) for m, way in ways.items()} for s in set(seeds.values())}
    share = outcome.y.mean()
    print(f"\n{outcome.name}: {len(outcome.y):,} accounts, {share:.1%} gone")
    print(f"  {'':22s}{'AUC':>7s}  {'ours less it (90 %)':24s}{'log loss':>9s}  {'ours less it (90 %)':24s}")
    wins, behind = True, False
    for name, its in found.items():
        ours = paired[seeds[name]]
        apart = {m: ours[m] - its[m] for m in ways}
        told = {m: "" if name == OURS else _interval(apart[m]) for m in ways}
        print(f"  {name:22s}{its['auc'].value:7.4f}  {told['auc']:24s}{its['log_loss'].value:9.4f}  {told['log_loss']}")
        wins &= name == OURS or ours["log_loss"].value < its["log_loss"].value
        behind |= name != OURS and (apart["auc"].interval[1] < 0 or apart["log_loss"].interval[0] > 0)
    return {f"{outcome.name}_{m}": round(found[OURS][m].value, 4) for m in ways}, wins, behind


def _interval(apart: Sampled) -> str:
    low, high = apart.interval
    return f"{apart.value:+.4f} ({low:+.4f} to {high:+.4f})"


def book(accounts: int, cutoffs: int, features: int, seed: int = 0) -> Rows:
    """A made-up book: skewed counts and ages with missing values, three horizons, interactions."""
    rng = np.random.default_rng(seed)
    n = accounts * cutoffs
    own = np.repeat(rng.normal(size=(accounts, features)).astype(np.float32), cutoffs, axis=0)
    X = 0.7 * own + 0.7 * rng.normal(size=(n, features)).astype(np.float32)
    X[:, ::3] = np.floor(np.expm1(np.abs(X[:, ::3]) * 2))
    X[:, 1::3][rng.random(X[:, 1::3].shape) < 0.15] = np.nan
    z = np.nan_to_num(X)
    lean = np.log1p(z[:, 0]) - z[:, 1] * z[:, 2] + 0.2 * z[:, 5:60:3].sum(axis=1) + (z[:, 3] > 2) * z[:, 4]
    days = rng.exponential(np.exp(6.3 - 0.3 * lean))
    horizons = tuple(Span.of(h) for h in ("30d", "60d", "90d"))
    y = np.stack([days < h.days for h in horizons], axis=1).astype(np.int8)
    cutoff = np.tile(10**15 + 30 * DAY * np.arange(cutoffs), accounts)
    names = tuple(f"x{j}" for j in range(features))
    return Rows(
        X=X, y=y, horizons=horizons, names=names, account=np.repeat(np.arange(accounts), cutoffs), cutoff=cutoff
    )


def speed(ask: Ask) -> dict[str, float]:
    """Seconds of a whole fit over those of one LightGBM fit."""
    rows = book(300 if ask.quick else 10_000, 12, 160)
    folds = make_folds(rows.account, rows.cutoff, rows.y[:, -1], rows.horizons[-1].micros)
    start = time.perf_counter()
    blend = fit_blend(rows, folds=folds.splits)
    ours = time.perf_counter() - start
    shape = Shape(blend.evidence.leaves, 0.1, blend.evidence.rounds)
    one, pairs = min(_one_lightgbm(rows, shape, threads) for threads in {1, processors()})
    print(f"\n{len(rows.X):,} snapshots of {rows.X.shape[1]} features, {pairs:,} stacked: {ours:.1f} s in all")
    print(
        f"  (share of trees {blend.weight}, {shape.rounds} rounds of {shape.leaves} leaves); one LightGBM {one:.1f} s"
    )
    return {"fit_over_lightgbm": round(ours / one, 2), "fit_s": round(ours, 1)}


def _one_lightgbm(rows: Rows, shape: Shape, threads: int) -> tuple[float, int]:
    """Seconds of binning and boosting once on all stacked pairs, and how many these are."""
    start = time.perf_counter()
    stack = Stack.of(rows, rows.pair_weight(np.ones(len(rows.X))), {})
    lgb.train(stack.parameters | shape.parameters | {"num_threads": threads}, stack.data, num_boost_round=shape.rounds)
    return time.perf_counter() - start, len(stack.row)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = [*open_sets.FLAT, *open_sets.EVENTS, "speed"]
    asked.add_argument("--data", type=Path, default=DATA, help="the folder of the five sets")
    asked.add_argument("--sets", nargs="*", default=every, choices=every)
    asked.add_argument("--keep", type=Path, help="a folder for the rivals' predictions on flat tables")
    asked.add_argument("--seeds", nargs="+", type=int, default=SEEDS, help="of the folds of flat tables")
    asked.add_argument("--ebm-seeds", type=int, default=len(SEEDS), help="in how many seeds' folds the EBM takes part")
    asked.add_argument("--quick", action="store_true")
    given = asked.parse_args()
    ask = Ask(
        given.data,
        given.quick,
        None if given.quick else given.keep,
        tuple(given.seeds),
        0 if given.quick else given.ebm_seeds,
    )
    warnings.simplefilter("ignore")
    figures: dict[str, object] = {}
    wins, behind = 0, 0
    for name in given.sets:
        if name == "speed":
            figures |= speed(ask)
            continue
        if name in open_sets.FLAT:
            outcome, without = flat(open_sets.FLAT[name](given.data), ask), {}
        else:
            outcome, without = events(open_sets.EVENTS[name](given.data), ask)
        found, won, worse = compare(outcome)
        figures |= found
        for theme, loss in without.items():
            print(f"  log loss without {theme}: {loss:.4f}")
            figures[f"{name}_log_loss_without_{theme}"] = round(loss, 4)
        wins, behind = wins + won, behind + worse
    print()
    print(json.dumps(figures | {"log_loss_wins": wins, "behind": behind}))


if __name__ == "__main__":
    main()
