"""Whether intervals and places on the list are as sure as they claim.

    python benchmarks/certainty.py [--quick] [--seeds 3] [--refits 10] [--books sample made_up retail oulad]
                                   [--data ../shared/data]

``coverage``: on made-up companies whose truth is known, the share of accounts whose true P(leave within 90 days),
hidden state and all, lies in the 90 % interval. Bar: 85 to 95 %.

``stays``: the share of the first tenth of a list that is there again when the model is refitted on redrawn accounts
(with replacement, copies kept in one fold), against ``promised``: the mean P(in the top k) that the plan gives these
places, by risk and, where contracts have a price, by net saving. ``moved``: by how much these refits move the
log-odds (root of the mean square, without what all move together), against ``spread``, which the promise is drawn
from. On the made-up company also ``truly``: the share that the truth itself, hidden state and all, would list; no
model of the tables can know that, and no promise is made of it. Two factors of the spread were set on the SaaS sample
(``learning/fitting.py``); the other books are the check.
"""

from __future__ import annotations

import argparse
import json
import warnings
from dataclasses import dataclass, replace
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

    from churnkit.contact.policies import Policy
    from churnkit.snapshots import TrainingSet
    from churnkit.timeline import Cutoff

BOOKS = ("sample", "made_up", "retail", "oulad")
SAMPLE = Path(__file__).resolve().parents[1] / "data" / "samples" / "saas"
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
    """A history, what is learnt from it and when; the truth where somebody knows it; whether contracts have prices."""

    history: ck.History
    recipe: ck.Recipe
    learn: Sequence[Cutoff]
    at: Cutoff
    truth: pd.DataFrame | None = None
    priced: bool = False


def book_of(name: str, data: Path, quick: bool) -> Book:
    """Read or make a book."""
    if name == "sample":
        return Book(
            ck.read_history(SAMPLE), RECIPE, ck.monthly_cutoffs("2024-07", "2025-09"), "2026-01-01", priced=True
        )
    if name == "made_up":
        made = generate(300 if quick else 800, seed=11)
        truth = made.truth.outlook(AT, paths=32 if quick else 256)
        return Book(ck.History(**made.tables), RECIPE, LEARN, AT, truth, priced=True)
    made = open_sets.EVENTS[name](data)
    return Book(made.history, made.recipe, made.train, made.test[0])


def rows_of(taught: TrainingSet, main: int) -> Rows:
    labels = taught.labels
    return Rows(
        X=taught.matrix.values,
        y=labels.y,
        horizons=labels.horizons,
        names=taught.matrix.names,
        account=labels.account,
        cutoff=labels.cutoff,
        categorical=taught.matrix.categorical,
        main=main,
    )


def listed(book: Book, scores: ck.Scores, policy: Policy, k: int) -> pd.DataFrame:
    """The plan's rows on the list. Every account of the book may be called: no cool-down, no holdout, one pool."""
    rules = ck.ContactRules(cool_down="0d")
    plan = ck.plan_contacts(scores, None, book.history, policy=policy, rules=rules, capacity=k).frame
    return plan[plan["rank"].notna()]


def said_by(blend: Blend, scores: ck.Scores) -> ck.Scores:
    """The same accounts as another learner scores them."""
    predicted = blend.predict(scores.matrix.values)
    columns = {f"probability_{h}": predicted.probability[:, j] for j, h in enumerate(blend.horizons)}
    columns |= {"probability": predicted.probability[:, blend.main], "log_odds": predicted.log_odds[:, blend.main]}
    return replace(scores, frame=scores.frame.assign(**columns))


def stability(book: Book, refits: int) -> dict[str, float]:
    """Share of the first tenth that stays, and the share promised."""
    model = ck.ChurnModel.fit(book.recipe, book.history, book.learn)
    scores = model.score(book.history, at=book.at)
    k = len(scores.frame) // 10
    taught = training_set(model.recipe, book.history, book.learn)
    rows = rows_of(taught, model.blend.main)
    again = [said_by(redrawn(rows, taught.purge, seed), scores) for seed in range(refits)]
    apart = np.stack([other.frame["log_odds"] - scores.frame["log_odds"] for other in again])
    apart -= apart.mean(axis=1, keepdims=True)
    found = {"moved": rms(apart), "spread": rms(scores.refit_spread), "k": k}
    for by, policy in {"": ck.ByRisk(), "_by_saving": ck.ByNetSaving()}.items():
        if by and not book.priced:
            continue
        first = listed(book, scores, policy, k)
        stays = [first["account_id"].isin(listed(book, other, policy, k)["account_id"]).mean() for other in again]
        found |= {f"stays{by}": float(np.mean(stays)), f"promised{by}": float(first["top_k_probability"].mean())}
    if book.truth is not None:
        risk = book.truth.set_index("account_id")["p0"].reindex(scores.frame["account_id"]).fillna(-1.0).to_numpy()
        found["truly"] = float(np.isin(np.argsort(-risk, kind="stable")[:k], np.arange(k)).mean())
    return found


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, default=DATA)
    asked.add_argument("--seeds", type=int, default=3, help="companies that coverage is measured on; 0: none")
    asked.add_argument("--refits", type=int, default=10)
    asked.add_argument("--books", nargs="*", default=BOOKS, choices=BOOKS)
    asked.add_argument("--quick", action="store_true", help="one company of 300, two refits: no claim")
    given = asked.parse_args()
    warnings.simplefilter("ignore")
    figures: dict[str, float] = {}
    if given.seeds:
        held = []
        for seed in range(11, 12 if given.quick else 11 + given.seeds):
            inside, above = coverage(seed, 300 if given.quick else 800, 32 if given.quick else 256)
            held.append(inside)
            print(
                f"made-up company {seed}: the interval holds the truth of {inside:.1%}, lies above it for {above:.1%}"
            )
        figures["coverage"] = round(float(np.mean(held)), 3)
    for name in ("made_up",) if given.quick else given.books:
        found = stability(book_of(name, given.data, given.quick), 2 if given.quick else given.refits)
        told = ", ".join(f"{v:.3f} {n}" for n, v in found.items() if n != "k")
        print(f"{name}: of the first {found['k']} of the list {told}", flush=True)
        figures |= {f"{name}_{n}": round(v, 3) for n, v in found.items() if n != "k"}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
