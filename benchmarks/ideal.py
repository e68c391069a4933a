"""How much of what a contact list could keep an ideal observer keeps: the ceiling that the tables themselves set.

    python benchmarks/ideal.py [--quick] [--books 500] [--seeds 5] [--first 8001] [--particles 1000]
                               [--without usage cases ...]

The observer knows every law and constant of the made-up company (``history/sample``), and of its accounts no more than
the exported tables tell. For each account a particle filter lives the company's weeks from their first on, with the
generator's own functions: a particle is a whole hidden state (cause, level, mood, usage, dormant, champion gone,
warmth, ...) and the account's traits (frailty, leaning of its scores, rhythm, ...); each week particles are weighted by
how likely they make what the tables hold of it (``CHANNELS``) and redrawn where few of them carry the weight (Gordon,
Salmond and Smith 1993; systematic, traits kept apart as in Liu and West 2001). Troubles are drawn more often than they
come and weighted down. What is seen later of the keenest user and of price rises steers earlier draws. From the
particles at the end the future is lived on as the truth lives it, without a call and with one of each role.

The list made of these effects is valued as ``benchmarks/contact.py`` values the library's: ``share_of_informed_ideal``
is the most that any library could be expected to keep, and no library could have it, since none knows these laws.
``--without`` leaves channels out, to tell what each is worth. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
from ideal_cloud import CHANNELS, Cloud
from ideal_facts import Facts

import churnkit as ck
import contact
from churnkit.history.sample import figures as fig
from churnkit.history.sample import generate
from churnkit.tables import ROLES


def observe(
    tables: dict[str, pd.DataFrame], ids: np.ndarray, *, particles: int, seed: int = 0, without: set[str] = frozenset()
) -> pd.DataFrame:
    """Tell what is to be expected of accounts under contract: p0, the effect of every role, P(cause); by account."""
    others = tables["accounts"]["account_id"].astype(str)
    facts = Facts(tables, np.concatenate([ids, others[~others.isin(ids)]]))
    step = max(1, 32_000 // particles)
    parts = []
    for low in range(0, len(ids), step):
        cloud = Cloud(facts, slice(low, min(low + step, len(ids))), particles, seed, without)
        cloud.live()
        parts.append(pd.DataFrame(cloud.ahead(seed)))
    return pd.concat(parts, ignore_index=True).set_index(pd.Index(ids))


def one_book(seed: int, accounts: int, given: argparse.Namespace) -> dict[str, float]:
    """Value the ideal observer's lists of one book, by the tenth and by the managers' hours."""
    made = generate(accounts, seed=seed)
    history = ck.History(**made.tables)
    cutoffs = ck.monthly_cutoffs("2025-10" if given.quick else "2024-09", "2026-02")
    model = ck.ChurnModel.fit(ck.Recipe(churn=ck.Cancelled(horizon="90d")), history, cutoffs)
    scores = model.score(history, contact.AT)
    started = time.perf_counter()
    ids = scores.frame["account_id"].astype(str).to_numpy(dtype=object)
    ideal = observe(made.tables, ids, particles=given.particles, seed=seed, without=set(given.without))
    found: dict[str, float] = {"seconds": time.perf_counter() - started}
    outlook = made.truth.outlook(contact.AT, paths=16 if given.quick else 64)
    rival = contact.rival_risk(model, history, cutoffs, scores)
    for limit, capacity in (("tenth", len(scores) // 10), ("hours", None)):
        plan = ck.plan_contacts(scores, None, history, policy=ck.ByNetSaving(value=contact.VALUE), capacity=capacity)
        plans = {"ours": best(plan, ideal, capacity), "plain": plan}
        kept = contact.valued(plans, outlook, rival, history, capacity=capacity)
        names = {"regret_ratio": "ideal"} | {n: n for n in ("informed", "risk_value", "dogs", "dogs_of_risk")}
        found |= {f"{name}_{limit}": kept[label] for label, name in names.items()}
    truth = outlook.set_index(outlook["account_id"].astype(str))
    truth = truth.loc[truth.index.intersection(ideal.index)]
    told = ideal.loc[truth.index]
    found["r2_p0"] = 1.0 - float(((told["p0"] - truth["p0"]) ** 2).sum() / truth["p0"].var(ddof=0) / len(truth))
    cause = told[[f"cause_{c}" for c in fig.CAUSES]].to_numpy()
    at = pd.Index(fig.CAUSES).get_indexer(truth["cause"])
    found["cause_log_loss"] = -float(np.log(np.maximum(cause[np.arange(len(at)), at], 1e-4)).mean())
    return found


class Listed:
    """A plan with another list and other hats."""

    def __init__(self, plan: ck.ContactPlan, contacts: pd.DataFrame, frame: pd.DataFrame) -> None:
        self._plan, self.contacts, self.frame = plan, contacts, frame

    def __getattr__(self, name: str) -> object:
        return getattr(self._plan, name)

    def __len__(self) -> int:
        return len(self._plan)


def best(plan: ck.ContactPlan, ideal: pd.DataFrame, capacity: int | None) -> Listed:
    """List those eligible by what a call is expected to save, by the minute where hours count, while it saves.

    Every account wears the hat that saves most, so rivals wear the observer's hats, as they wear the library's in
    ``benchmarks/contact.py``.
    """
    shown = plan.frame.set_index(plan.frame["account_id"].astype(str))
    shown = shown.loc[shown.index.intersection(plan.decisions["account_id"].astype(str))]
    value = np.nan_to_num(shown["value_at_stake"].to_numpy(dtype=float))[:, None]
    size = np.where(shown["size"] == "large", plan.rules.size_factors.large, 1.0)[:, None]
    minutes = np.array([getattr(plan.rules.minutes, r) for r in ROLES]) * size
    effect = ideal.reindex(shown.index)[list(ROLES)].fillna(0).to_numpy()
    worth = contact.REACHED * effect * value - minutes / 60 * plan.rules.hourly_cost
    hat = (worth / minutes if capacity is None else worth).argmax(axis=1)
    worth, minutes = (np.take_along_axis(x, hat[:, None], axis=1)[:, 0] for x in (worth, minutes))
    case = SimpleNamespace(k=capacity, hours=float(plan.managers["hours"].sum()))
    at = contact.cut(case, worth, minutes if capacity is None else None, dense=True)
    at = at[worth[at] > 0]
    frame = shown.assign(role=[ROLES[r] for r in hat], minutes=minutes).rename_axis(None).reset_index(drop=True)
    contacts = pd.DataFrame({"account_id": shown.index[at], "role": [ROLES[r] for r in hat[at]]})
    return Listed(plan, contacts, frame)


def summary(rows: pd.DataFrame) -> dict[str, float]:
    mean = rows.mean()
    found = {}
    for limit in ("tenth", "hours"):
        found[f"ideal_{limit}"], found[f"informed_{limit}"] = mean[f"ideal_{limit}"], mean[f"informed_{limit}"]
        found[f"share_of_informed_ideal_{limit}"] = mean[f"ideal_{limit}"] / mean[f"informed_{limit}"]
        found[f"over_risk_value_ideal_{limit}"] = mean[f"ideal_{limit}"] - mean[f"risk_value_{limit}"]
        found[f"dogs_over_risk_ideal_{limit}"] = mean[f"dogs_{limit}"] / mean[f"dogs_of_risk_{limit}"]
    found |= {name: mean[name] for name in ("r2_p0", "cause_log_loss", "seconds")}
    return {name: round(float(value), 3) for name, value in found.items()} | {"books": len(rows)}


def read_arguments() -> argparse.Namespace:
    asked = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    asked.add_argument("--quick", action="store_true", help="one seed, a quarter of the particles, fewer snapshots")
    asked.add_argument("--books", type=int, nargs="*", default=[500], help="sizes of the books")
    asked.add_argument("--seeds", type=int, default=5)
    asked.add_argument("--first", type=int, default=8001)
    asked.add_argument("--particles", type=int, default=1000)
    asked.add_argument("--without", nargs="*", choices=CHANNELS, default=[], help="channels that are not looked at")
    given = asked.parse_args()
    if given.quick:
        given.seeds, given.particles = 1, given.particles // 4
    return given


def main() -> None:
    given = read_arguments()
    warnings.simplefilter("ignore")
    found = {}
    for accounts in given.books:
        rows = []
        for seed in range(given.first, given.first + given.seeds):
            rows.append(one_book(seed, accounts, given))
            print(f"{accounts} accounts, seed {seed}", file=sys.stderr, flush=True)
        table = pd.DataFrame(rows, index=range(given.first, given.first + given.seeds))
        print(table.round(3).to_string())
        found[f"{accounts} accounts"] = summary(table)
    for name, figures in found.items():
        print(name)
        for key, figure in figures.items():
            print(f"  {key:32s} {figure}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
