"""How much of what a contact list could keep is kept, on a made-up book whose truth is known.

    python benchmarks/contact.py [--quick] [--seeds 20] [--first 1001] [--large-seeds 3] [--earlier 9] [--workers 1]
                                 [--keep FILE]

Every list is valued by the truth of the generator, which the library never sees: value kept = sum over the list of
(p0 - p of the role called) x true value. ``regret_ratio`` = (kept - random) / (oracle - random): oracle knows the true
effect of every role on every account, random calls anybody eligible. "informed" knows the true p0 and value, the true
cause, and the mean share of leavers that each role keeps of each cause. Rivals and random wear the hats of the plan.

Without history ("plain") what calls do is declared, and who leaves without one is learnt from past leavers still.
Two more lists say where value is lost: ``true_p0`` and ``true_cause`` put the truth in the place of one part of the
library's knowledge. What an observer of the same tables could reach at most is in ``benchmarks/ideal.py``. The last
line is one JSON object.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import resource
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import churnkit as ck
from churnkit import features as f
from churnkit.contact import ContactEffect, ContactPlan, RemainingValue
from churnkit.contact.signs import ASLEEP, KINDS, Signs, read_signs
from churnkit.history.sample import figures as fig
from churnkit.history.sample import generate
from churnkit.tables import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable

AT = "2026-06-01"
EARLIER = 9
"""Moments, four weeks apart, before the last one at which lists are made as well, to see what their intervals hold."""
SMALL = 1_000
"""Larger books have fewer seeds."""
REACHED = (1 - fig.NOT_MADE) * (1 - fig.NOT_REACHED)
VALUE = RemainingValue(margin=fig.MARGIN, discount=0.1, cap="1825d")
"""The vendor's own figures: margin and the longest life that counts."""
GOALS = {
    "regret_ratio": "",
    "regret_ratio_no_history": "",
    "informed": "",
    "share_of_informed": "at least .75, aim .9",
    "share_of_informed_no_history": "at least .6",
    "true_risk": "",
    "true_risk_value": "",
    "risk_value": "",
    "over_risk_value": "at least .1",
    "dogs_over_risk": "at most .5",
    "coverage": ".85 to .95",
    "plan_100k_s": "at most 60",
    "plan_100k_gib": "at most 2",
    "plan_5k_s": "below 5",
}


Found = dict[str, dict[str, float]]
"""Figures of one book, by limit and name."""


@dataclass(frozen=True)
class Case:
    """One book at one moment: the library's lists and the truth beside them."""

    truth: pd.DataFrame
    mrr: np.ndarray
    rival: np.ndarray
    k: int
    hours: float
    minutes: np.ndarray
    role: np.ndarray


def gain(case: Case, chosen: np.ndarray, role: np.ndarray) -> float:
    effect = case.truth[[f"effect_{r}" for r in ROLES]].to_numpy()
    return float((effect[chosen, role[chosen]] * case.truth["value"].to_numpy()[chosen]).sum())


def cut(case: Case, worth: np.ndarray, minutes: np.ndarray | None, *, dense: bool = False) -> np.ndarray:
    """Positions of a list sorted by worth: the first k, or as far as the hours go."""
    order = np.argsort(-(worth / minutes if dense and minutes is not None else worth), kind="stable")
    if minutes is None:
        return order[: case.k]
    left, chosen = case.hours * 60, []
    for i in order:
        if minutes[i] <= left:
            chosen.append(i)
            left -= minutes[i]
    return np.array(chosen, dtype=np.int64)


def rival_risk(model: ck.ChurnModel, history: ck.History, cutoffs: list, scores: ck.Scores) -> pd.Series:
    """LightGBM as it comes, on the same features and snapshots."""
    import lightgbm as lgb

    X, y = ck.training_set(model.recipe, history, cutoffs)
    known = y[str(model.horizon)].notna().to_numpy()
    booster = lgb.LGBMClassifier(n_estimators=100, num_threads=2, verbose=-1, deterministic=True, force_row_wise=True)
    booster.fit(X.to_numpy()[known], y[str(model.horizon)].to_numpy(dtype=float)[known])
    risk = booster.predict_proba(scores.matrix.values)[:, 1]
    return pd.Series(risk, index=scores.frame["account_id"].astype(str))


def listed(plan: ContactPlan, case_ids: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    rows = plan.contacts
    at = case_ids.get_indexer(rows["account_id"].astype(str))
    role = np.array([ROLES.index(r) for r in rows["role"]], dtype=np.int64)
    return at[at >= 0], role[at >= 0]


def one_book(
    seed: int,
    accounts: int,
    *,
    paths: int,
    learnt_from: str = "2024-09",
    least_fit: float | None = None,
    earlier: int = 0,
) -> dict[str, dict[str, float]]:
    made = generate(accounts, seed=seed)
    history = ck.History(**made.tables)
    cutoffs = ck.monthly_cutoffs(learnt_from, "2026-02")
    model = ck.ChurnModel.fit(ck.Recipe(churn=ck.Cancelled(horizon="90d")), history, cutoffs)
    scores = model.score(history, AT)
    effect = ContactEffect.fit(model, history)
    policies = {
        "ours": ck.ByNetSaving(value=VALUE, effect=effect),
        "plain": ck.ByNetSaving(value=VALUE, effect=effect.as_declared()),
    }
    rules = ck.ContactRules() if least_fit is None else ck.ContactRules(least_fit=least_fit)
    outlook = made.truth.outlook(AT, paths=paths)
    rival = rival_risk(model, history, cutoffs, scores)
    out = {}
    for capacity in (len(scores) // 10, None):
        plans = {
            n: ck.plan_contacts(scores, None, history, policy=p, rules=rules, capacity=capacity)
            for n, p in policies.items()
        }
        out["tenth" if capacity else "hours"] = valued(plans, outlook, rival, history, capacity=capacity, effect=effect)
    for moment in made.truth.moments[-1 - earlier : -1] if earlier else ():
        then = model.score(history, moment)
        truth = made.truth.outlook(moment, paths=paths // 2)
        for limit, capacity in (("tenth", len(then) // 10), ("hours", None)):
            for name, policy in policies.items():
                plan = ck.plan_contacts(then, None, history, policy=policy, rules=rules, capacity=capacity)
                out[limit][f"{COVERED[name]}_{moment.date()}"] = covered(plan, truth)
    return out


COVERED = {"ours": "coverage", "plain": "coverage_no_history"}


def covered(plan: ContactPlan, outlook: pd.DataFrame) -> float:
    """Tell whether the true total saving of a list lies in its interval."""
    truth = outlook.assign(account_id=outlook["account_id"].astype(str)).set_index("account_id")
    rows = plan.contacts[plan.contacts["account_id"].astype(str).isin(truth.index)]
    mine = truth.loc[rows["account_id"].astype(str)]
    effect = mine[[f"effect_{r}" for r in ROLES]].to_numpy()
    role = np.array([ROLES.index(r) for r in rows["role"]], dtype=np.int64)
    gross = REACHED * effect[np.arange(len(role)), role] * mine["value"].to_numpy()
    saved = float(gross.sum() - rows["minutes"].sum() / 60 * plan.rules.hourly_cost)
    return float(plan.interval.low <= saved <= plan.interval.high)


def valued(
    plans: dict[str, ContactPlan],
    outlook: pd.DataFrame,
    rival: pd.Series,
    history: ck.History,
    *,
    capacity: int | None,
    effect: ContactEffect | None = None,
) -> dict[str, float]:
    plan, by_hours = plans["ours"], capacity is None
    truth = outlook.assign(account_id=outlook["account_id"].astype(str)).set_index("account_id")
    eligible = truth.index.intersection(plan.decisions["account_id"].astype(str))
    truth = truth.loc[eligible]
    shown = plan.frame.assign(account_id=plan.frame["account_id"].astype(str)).set_index("account_id").loc[eligible]
    role = np.array([ROLES.index(r) for r in shown["role"]])
    codes = np.array([history.code(a) for a in eligible], dtype=np.int32)
    cutoff = np.full(len(codes), plan.as_of)
    mrr = np.nan_to_num(f.compute([f.latest("mrr")], history, account=codes, cutoff=cutoff).values[:, 0])
    minutes = shown["minutes"].to_numpy(dtype=float) if by_hours else None
    case = Case(
        truth,
        mrr,
        rival.reindex(eligible).fillna(0).to_numpy(),
        capacity or len(plan),
        float(plan.managers["hours"].sum()),
        minutes,
        role,
    )
    sizes = np.where(shown["size"] == "large", plan.rules.size_factors.large, 1.0)
    told = {
        label: float(np.corrcoef(shown[column], truth["p0"])[0, 1] ** 2)
        for label, column in (("r2_p0_score", "probability"), ("r2_p0", "probability_uncalled"))
    }
    signs = read_signs(history, codes, cutoff)
    told["log_loss_kinds"] = log_loss(signs, truth)
    return told | ratios(case, plans, outlook, sizes, swapped(shown, truth, signs, effect=effect))


KIND_OF = {"none": "untroubled", "incidents": "support", "support": "support", "price": "billing"}
KIND_OF |= {"champion": "relationship", "adoption": "usage"}


def log_loss(signs: Signs, truth: pd.DataFrame) -> float:
    """Give the log loss of the kinds told, each account weighing as much as it would leave; who owes is left out."""
    kind = np.array([KINDS.index(KIND_OF[c]) for c in truth["cause"]])
    kind[truth["dormant"].to_numpy(dtype=bool)] = ASLEEP
    given = np.maximum(signs.kinds[np.arange(len(kind)), kind], 1e-4)
    return float(np.average(-np.log(given), weights=np.where(signs.owes, 0.0, truth["p0"])))


def swapped(
    shown: pd.DataFrame, truth: pd.DataFrame, signs: Signs, *, effect: ContactEffect | None
) -> dict[str, np.ndarray]:
    """Give what is saved, [n, roles] in money, with the truth in the place of one part of what the library knows."""
    p, p0 = shown["probability"].to_numpy(), truth["p0"].to_numpy()
    value = np.nan_to_num(shown["value_at_stake"].to_numpy())
    out = {}
    if effect is not None:
        role = np.repeat(np.arange(len(ROLES), dtype=np.int8)[None, :], len(truth), axis=0)
        saved = [effect.saved(p0, role[:, r], signs.kinds) for r in range(len(ROLES))]
        out["true_p0"] = np.column_stack(saved) * value[:, None]
    groups = truth.groupby("cause")[["p0", *(f"effect_{r}" for r in ROLES)]].sum()
    share = groups.drop(columns="p0").div(groups["p0"], axis=0).loc[truth["cause"]].to_numpy()
    out["true_cause"] = share * REACHED * (p * value)[:, None]
    return out


def ratios(
    case: Case,
    plans: dict[str, ContactPlan],
    outlook: pd.DataFrame,
    sizes: np.ndarray,
    parts: dict[str, np.ndarray],
) -> dict[str, float]:
    truth, role, minutes = case.truth, case.role, case.minutes
    effect, value, p0 = (
        truth[[f"effect_{r}" for r in ROLES]].to_numpy(),
        truth["value"].to_numpy(),
        truth["p0"].to_numpy(),
    )
    every, timed = np.arange(len(truth)), minutes is not None
    each = np.array([getattr(plans["ours"].rules.minutes, r) for r in ROLES]) * sizes[:, None]
    cost = each / 60 * plans["ours"].rules.hourly_cost
    random = gain(case, every, role) / len(truth) * case.k

    def best(worth: np.ndarray) -> float:
        hat = (worth / each if timed else worth).argmax(axis=1)
        chosen = cut(case, worth[every, hat], each[every, hat] if timed else None, dense=True)
        return gain(case, chosen[worth[chosen, hat[chosen]] > 0], hat)

    oracle = best(effect * value[:, None])
    sums = outlook.groupby("cause")[["p0", *(f"effect_{r}" for r in ROLES)]].sum()
    share = sums.drop(columns="p0").div(sums["p0"], axis=0).loc[truth["cause"]].to_numpy()
    kept = {"informed": best(share * REACHED * (p0 * value)[:, None] - cost)}
    kept |= {name: best(worth - cost) for name, worth in parts.items()}
    for name, worth in (("true_risk", p0), ("true_risk_value", p0 * value), ("risk_value", case.rival * case.mrr)):
        kept[name] = gain(case, cut(case, worth, minutes), role)
    for name, label in (("ours", "regret_ratio"), ("plain", "regret_ratio_no_history")):
        at, hats = listed(plans[name], truth.index)
        all_hats = role.copy()
        all_hats[at] = hats
        kept[label] = gain(case, at, all_hats)
    found = {name: (kept_ - random) / (oracle - random) for name, kept_ in kept.items()}
    at, _ = listed(plans["ours"], truth.index)
    by_risk = cut(case, case.rival, minutes)
    found["dogs"] = float((effect[at, role[at]] < 0).mean())
    found["dogs_of_risk"] = float((effect[by_risk, role[by_risk]] < 0).mean())
    for name, label in (("ours", "coverage"), ("plain", "coverage_no_history")):
        interval = plans[name].interval
        at, hats = listed(plans[name], truth.index)
        saved = REACHED * (effect[at, hats] * value[at]).sum() - cost[at, hats].sum()
        found[label] = float(interval.low <= saved <= interval.high)
        found[f"told_{label}"], found[f"true_{label}"] = interval.middle, float(saved)
    return found


def summary(rows: pd.DataFrame) -> dict[str, object]:
    mean = rows.mean(numeric_only=True)
    out: dict[str, object] = {}
    ratio = ("regret_ratio", "regret_ratio_no_history", "informed", "true_risk", "true_risk_value", "risk_value")
    for name in (*ratio, *(n for n in ("true_p0", "true_cause") if n in rows)):
        half = 1.645 * rows[name].std(ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else float("nan")
        out[name] = [
            round(float(mean[name]), 3),
            round(float(mean[name] - half), 3),
            round(float(mean[name] + half), 3),
        ]
    out["share_of_informed"] = round(float(mean["regret_ratio"] / mean["informed"]), 3)
    out["share_of_informed_no_history"] = round(float(mean["regret_ratio_no_history"] / mean["informed"]), 3)
    for name in ("true_p0", "true_cause"):
        if name in rows:
            out[f"share_of_informed_{name}"] = round(float(mean[name] / mean["informed"]), 3)
    out["over_risk_value"] = round(float(mean["regret_ratio"] - mean["risk_value"]), 3)
    out["dogs_over_risk"] = round(float(mean["dogs"] / mean["dogs_of_risk"]), 3)
    for name in ("dogs", "dogs_of_risk", "r2_p0_score", "r2_p0", "log_loss_kinds"):
        out[name] = round(float(mean[name]), 3)
    for name in COVERED.values():
        every = rows[[c for c in rows if c == name or c.startswith(f"{name}_20")]].to_numpy().ravel()
        out[name], lists = round(float(every.mean()), 3), len(every)
    for name in ("told_coverage", "true_coverage", "told_coverage_no_history", "true_coverage_no_history"):
        out[name] = round(float(mean[name]))
    return out | {"books": len(rows), "coverage_lists": lists}


def large_plan(accounts: int, managers: int) -> dict[str, float]:
    """A plan for a made-up book of scores, no events beyond one login each."""
    random = np.random.default_rng(7)
    ids = np.array([f"A{i:06d}" for i in range(accounts)], dtype=object)
    team = np.array([f"M{i:03d}" for i in range(managers)], dtype=object)
    when = pd.Timestamp("2026-06-01", tz="UTC")
    book = pd.DataFrame({"account_id": ids, "opened_at": when - pd.Timedelta(days=500)})
    book["manager_id"], book["worth"] = random.choice(team, accounts), random.lognormal(8, 1, accounts)
    activity = pd.DataFrame({"account_id": ids, "occurred_at": when - pd.Timedelta(days=2), "event": "login"})
    crew = pd.DataFrame({"manager_id": team, "weekly_capacity_hours": random.uniform(3, 8, managers).round(1)})
    history = ck.History(accounts=book, activity=activity, managers=crew, observed_until=when)
    p = random.beta(1, 12, accounts)
    frame = pd.DataFrame({"account_id": ids, "as_of": when, "probability": p, "probability_90d": p})
    frame["low"], frame["high"], frame["rung"], frame["model_id"] = (
        p * 0.7,
        np.minimum(p * 1.4, 0.99),
        "boosted",
        "made-up",
    )
    span = ck.Cancelled(horizon="90d").horizon
    out = pd.DataFrame({"account_id": [], "reason": []}).astype(object)
    scores = ck.Scores(frame, out, None, int(when.value // 1000), span, "made-up")  # type: ignore[arg-type]  # no book
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    plan = ck.plan_contacts(scores, None, history, policy=ck.ByNetSaving(value="worth"))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"s": round(seconds, 1), "gib": round(max(peak, before) / 2**20, 2), "gap": plan.gap}


def read_arguments() -> argparse.Namespace:
    asked = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    asked.add_argument("--quick", action="store_true", help="two seeds, a book of 500, fewer snapshots, no large plan")
    asked.add_argument("--json", action="store_true", help="the JSON line alone")
    asked.add_argument("--seeds", type=int, default=20, help="of books of at most 1,000 accounts")
    asked.add_argument("--large-seeds", type=int, default=3, help="of larger books")
    asked.add_argument("--first", type=int, default=1001)
    asked.add_argument("--books", type=int, nargs="*", default=[500, 5000])
    asked.add_argument(
        "--least-fit", type=float, help="ContactRules(least_fit=...) of all special hats; the default where not given"
    )
    asked.add_argument(
        "--earlier", type=int, default=EARLIER, help="moments before the last whose lists tell of intervals alone"
    )
    asked.add_argument("--keep", type=Path, help="a file of books as they are done: the next run goes on from there")
    asked.add_argument("--workers", type=int, default=1, help="processes; figures are the same for any number")
    asked.add_argument("--large", action="store_true", help="only the plan for 100,000 accounts")
    return asked.parse_args()


def run(book: Callable[[int], Found], seeds: range, accounts: int, given: argparse.Namespace) -> list[Found]:
    """Make the books that are not kept yet, and keep each as it is done."""
    kept: dict[int, Found] = {}
    if given.keep and given.keep.exists():
        rows = [json.loads(line) for line in given.keep.read_text(encoding="utf-8").splitlines()]
        kept = {row["seed"]: row["found"] for row in rows if row["accounts"] == accounts}
    wanted = [seed for seed in seeds if seed not in kept]
    with ProcessPoolExecutor(given.workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for seed, found in zip(wanted, pool.map(book, wanted), strict=True):
            kept[seed] = found
            print(f"{accounts} accounts, seed {seed}", file=sys.stderr, flush=True)
            if given.keep:
                with given.keep.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"accounts": accounts, "seed": seed, "found": found}) + "\n")
    return [kept[seed] for seed in seeds]


def main() -> None:
    given = read_arguments()
    warnings.simplefilter("ignore")
    found: dict[str, object] = {}
    if given.large or not given.quick:
        large = large_plan(100_000, 500)
        found |= {"plan_100k_s": large["s"], "plan_100k_gib": large["gib"], "plan_100k_gap": large["gap"]}
        found["plan_5k_s"] = large_plan(5_000, 25)["s"]
    more = {"paths": 16, "learnt_from": "2025-10"} if given.quick else {"paths": 64, "earlier": given.earlier}
    for accounts in () if given.large else (500,) if given.quick else given.books:
        many = 2 if given.quick else given.seeds if accounts <= SMALL else given.large_seeds
        seeds = range(given.first, given.first + many)
        book = functools.partial(one_book, accounts=accounts, least_fit=given.least_fit, **more)
        cases = run(book, seeds, accounts, given)
        for limit in ("tenth", "hours"):
            found[f"{accounts} accounts, {limit}"] = summary(pd.DataFrame([c[limit] for c in cases]))
    if not given.json:
        show(found)
    print(json.dumps(found))


def show(found: dict[str, object]) -> None:
    for name, value in found.items():
        if not isinstance(value, dict):
            print(f"{name}: {value}   {GOALS.get(name, '')}")
            continue
        print(name)
        for key, figure in value.items():
            print(f"  {key:32s} {figure}   {GOALS.get(key, '')}")


if __name__ == "__main__":
    main()
