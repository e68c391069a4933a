"""The whole way, twice: a B2B software company with contracts, and a real web shop without them.

`make demo` runs this. For each it prints what was read and set aside, how good the list was on later
cutoffs beside what a manager already has, and the first ten of the list with reasons; it writes the list
(CSV and Parquet) and one HTML page.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import churnkit as ck
from churnkit.errors import ChurnkitWarning

if TYPE_CHECKING:
    from datetime import datetime

ROOT = Path(__file__).resolve().parent.parent
SAMPLES, OUT = ROOT / "data" / "samples", ROOT / "out" / "demo"


@dataclass(frozen=True)
class Company:
    """One way through: whose tables, what leaving means there, when to learn, judge and list."""

    title: str
    tables: Path
    out: Path
    recipe: ck.Recipe
    learn: list[datetime]
    judge: list[datetime]
    at: str


SAAS = Company(
    title="A software company: contracts, surveys, tickets, managers (generated, seeded)",
    tables=SAMPLES / "saas",
    out=OUT / "saas",
    recipe=ck.Recipe(churn=ck.Cancelled(horizon="90d")),
    learn=ck.monthly_cutoffs("2024-09", "2025-09"),
    judge=ck.monthly_cutoffs("2026-01", "2026-03"),
    at="2026-06-01",
)
RETAIL = Company(
    title="A web shop: real orders, no contracts (Online Retail, CC0)",
    tables=SAMPLES / "online_retail",
    out=OUT / "retail",
    recipe=ck.Recipe(churn=ck.WentQuiet(days=90, events=("order",))),
    learn=ck.weekly_cutoffs("2011-03-01", "2011-06-07", weeks=2),
    judge=ck.weekly_cutoffs("2011-09-09", "2011-09-09"),
    at="2011-12-10",
)


def walk(company: Company) -> None:
    """Go the whole way for one company."""
    print(f"\n\n{company.title}\n{'=' * len(company.title)}\n")
    history = ck.read_history(company.tables)
    print(history, "\n")
    model = ck.ChurnModel.fit(company.recipe, history, company.learn)
    report = ck.evaluate(model, history, company.judge)
    print(report, "\n")
    scores = model.score(history, at=company.at)
    reasons = model.explain(scores, top=3)
    effect = ck.ContactEffect.fit(model, history)
    print(effect.told(), "\n")
    plan = ck.plan_contacts(scores, reasons, history, policy=ck.ByNetSaving(effect=effect))
    print(plan, "\n")
    for path in write(company, plan, scores=scores, reasons=reasons, evaluation=report, history=history, model=model):
        print(f"written: {path.relative_to(ROOT)}")


def write(company: Company, plan: ck.ContactPlan, **told: object) -> list[Path]:
    """Write the list twice and the page."""
    from churnkit.report import page

    files = [plan.to_csv(company.out / "list.csv"), plan.to_parquet(company.out / "list.parquet")]
    sheet = company.out / "page.html"
    sheet.write_text(page(plan, **told), encoding="utf-8")  # type: ignore[arg-type]
    return [*files, sheet]


def main() -> None:
    """Run both."""
    warnings.formatwarning = lambda message, *_where, **_more: f"warning: {message}\n\n"
    warnings.simplefilter("default", ChurnkitWarning)
    start = time.perf_counter()
    for company in (SAAS, RETAIL):
        walk(company)
    print(f"\nBoth took {time.perf_counter() - start:.0f} seconds.")


if __name__ == "__main__":
    main()
