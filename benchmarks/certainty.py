"""Whether intervals and places on the list are as sure as they claim.

    python benchmarks/certainty.py [--quick] [--seeds 3] [--refits 10] [--data ../shared/data]

``coverage``: on made-up companies whose truth is known, the share of accounts whose true P(leave within 90 days),
hidden state and all, lies in the 90 % interval. Bar: 85 to 95 %.

``stays``: the share of the first tenth of a list that is there again when the model is refitted on redrawn accounts
(with replacement, copies kept in one fold), against ``promised``: the mean P(truly in the top k) that the plan gives
these places; on the made-up company also ``truly``: the share that the truth itself would list.
"""

from __future__ import annotations

import argparse
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import open_sets

import churnkit as ck
from churnkit.history.sample import generate
from churnkit.learning import Blend, Rows, fit_blend
from churnkit.learning.choosing import FOLDS
from churnkit.learning.rows import account_folds
from churnkit.snapshots import Fold, make_folds, training_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from churnkit.timeline import Cutoff

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
AT = "2026-06-01"
LEARN = ck.monthly_cutoffs("2024-09", "2026-02")
RECIPE = ck.Recipe(churn=ck.Cancelled(horizon="90d"))


def coverage(seed: int, accounts: int, paths: int) -> tuple[float, float]:
    """Share of accounts whose truth the interval holds, and how often the 90 % interval lies above it."""
    made = generate(accounts, seed=seed)
    history = ck.History(**made.tables)
    scores = ck.ChurnModel.fit(RECIPE, history, LEARN).score(history, at=AT).frame.set_index("account_id")
    both = scores.join(made.truth.outlook(AT, paths=paths).set_index("account_id"), how="inner")
    return float(both["p0"].between(both["low"], both["high"]).mean()), float((both["p0"] < both["low"]).mean())


def redrawn(rows: Rows, purge: int, seed: int) -> Blend:
    """Refit on accounts drawn with replacement, each copy an account of its own."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, rows.people.max() + 1, rows.people.max() + 1)
    of = np.argsort(rows.people, kind="stable")
    first, count = np.searchsorted(rows.people[of], drawn), np.bincount(rows.people)[drawn]
    at = np.concatenate([of[a : a + n] for a, n in zip(first, count, strict=True)])
    again = Rows(
        X=rows.X[at],
        y=rows.y[at],
        horizons=rows.horizons,
        names=rows.names,
        account=np.repeat(np.arange(len(drawn)), count),
        cutoff=np.asarray(rows.cutoff)[at],
        categorical=rows.categorical,
        main=rows.main,
    )
    people, y = rows.people[at], again.y[:, again.main]
    folds = make_folds(people.astype(np.int32), again.cutoff, y, purge).splits
    return fit_blend(again, folds=folds or [Fold(*f) for f in account_folds(people, again.y, FOLDS, seed)])


@dataclass(frozen=True, eq=False)
class Book:
    """A history, what is learnt from it and when, and the truth where somebody knows it."""

    history: ck.History
    recipe: ck.Recipe
    learn: Sequence[Cutoff]
    at: Cutoff
    truth: pd.DataFrame | None = None


def stability(book: Book, refits: int) -> dict[str, float]:
    """Share of the first tenth that stays, and the share promised."""
    history, recipe, cutoffs, at, truth = book.history, book.recipe, book.learn, book.at, book.truth
    model = ck.ChurnModel.fit(recipe, history, cutoffs)
    scores = model.score(history, at=at)
    k = len(scores.frame) // 10
    # Every account of the book may be called: no cool-down, no holdout, one pool.
    rules = ck.ContactRules(cool_down="0d")
    plan = ck.plan_contacts(scores, None, history, policy=ck.ByRisk(), rules=rules, capacity=k).frame
    listed = plan[plan["rank"].notna()]
    taught = training_set(model.recipe, history, cutoffs)
    labels = taught.labels
    rows = Rows(
        X=taught.matrix.values,
        y=labels.y,
        horizons=labels.horizons,
        names=taught.matrix.names,
        account=labels.account,
        cutoff=labels.cutoff,
        categorical=taught.matrix.categorical,
        main=model.blend.main,
    )
    place = {account: i for i, account in enumerate(scores.matrix.account)}
    of = np.array([place[history.account_ids.get_loc(a)] for a in listed["account_id"]])
    candidates = plan.loc[plan["top_k_probability"].notna(), "account_id"]
    pool = np.array([place[history.account_ids.get_loc(a)] for a in candidates])
    stays = []
    for seed in range(refits):
        p = redrawn(rows, taught.purge, seed).probability(scores.matrix.values)[:, model.blend.main]
        again = pool[np.argsort(-p[pool], kind="stable")[: len(of)]]
        stays.append(np.isin(again, of).mean())
    found = {"stays": float(np.mean(stays)), "promised": float(listed["top_k_probability"].mean()), "k": len(of)}
    if truth is not None:
        risk = truth.set_index("account_id")["p0"].reindex(history.account_ids[scores.matrix.account]).fillna(-1.0)
        best = pool[np.argsort(-risk.to_numpy()[pool], kind="stable")[: len(of)]]
        found["truly"] = float(np.isin(best, of).mean())
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, default=DATA)
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--refits", type=int, default=10)
    asked.add_argument("--quick", action="store_true", help="one company of 300, two refits: no claim")
    given = asked.parse_args()
    warnings.simplefilter("ignore")
    held = []
    for seed in range(11, 12 if given.quick else 11 + given.seeds):
        inside, above = coverage(seed, 300 if given.quick else 800, 32 if given.quick else 256)
        held.append(inside)
        print(f"made-up company {seed}: the interval holds the truth of {inside:.1%}, lies above it for {above:.1%}")
    figures: dict[str, float] = {"coverage": round(float(np.mean(held)), 3)}
    made = generate(300 if given.quick else 800, seed=11)
    truth = made.truth.outlook(AT, paths=32 if given.quick else 256)
    books = {"made_up": Book(ck.History(**made.tables), RECIPE, LEARN, AT, truth)}
    if not given.quick:
        shop = open_sets.retail(given.data)
        books["retail"] = Book(shop.history, shop.recipe, shop.train, shop.test[0])
    for name, book in books.items():
        found = stability(book, 2 if given.quick else given.refits)
        print(
            f"{name}: of the first {found.pop('k')} of the list " + ", ".join(f"{v:.1%} {n}" for n, v in found.items())
        )
        figures |= {f"{name}_{n}": round(v, 3) for n, v in found.items()}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
