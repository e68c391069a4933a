"""The five open data sets of ``benchmarks/quality.py``, read into what churnkit takes: nothing else is done per set.

Three are flat tables for ``ChurnClassifier``, two become the tables of the data contract. Where they come from and
under which licence: ``SOURCES.md`` beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import churnkit as ck

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from churnkit.timeline import Cutoff

DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, eq=False)
class FlatSet:
    """One row per account.

    ``group`` numbers what must stay in one fold and is redrawn together: equal rows, where the protocol says so.
    """

    name: str
    X: pd.DataFrame
    y: np.ndarray
    group: np.ndarray


@dataclass(frozen=True, eq=False)
class EventSet:
    """Dated facts, a recipe as it comes, and the cutoffs of the protocol.

    ``lively`` are the events whose silence the recency rule sorts by.
    """

    name: str
    history: ck.History
    recipe: ck.Recipe
    train: Sequence[Cutoff]
    test: Sequence[Cutoff]
    lively: tuple[str, ...]


def telco(data: Path) -> FlatSet:
    """IBM Telco: 7,043 customers, 26.5 % gone."""
    frame = pd.read_csv(data / "telco_ibm" / "Telco-Customer-Churn.csv")
    y = (frame["Churn"] == "Yes").to_numpy().astype(int)
    X = frame.drop(columns=["customerID", "Churn"])
    # Eleven customers of no month yet have a blank where a total would be.
    X["TotalCharges"] = pd.to_numeric(X["TotalCharges"], errors="coerce")
    return FlatSet("telco", X, y, np.arange(len(X)))


def iranian(data: Path) -> FlatSet:
    """Nine months of an Iranian telecom, label at month twelve: 3,150 rows, 300 of them duplicates."""
    frame = pd.read_csv(data / "iranian_churn" / "iranian_churn.csv")
    X = frame.drop(columns="Churn")
    return FlatSet("iranian", X, frame["Churn"].to_numpy(), X.groupby(list(X.columns), sort=False).ngroup().to_numpy())


def saas(data: Path) -> FlatSet:
    """Small business accounts with a csat score: 2,000, right-censored, taken as gone or not."""
    frame = pd.read_csv(data / "saas_csat_pysurvival" / "churn.csv")
    X = frame.drop(columns="churned")
    return FlatSet("saas", X, frame["churned"].to_numpy().astype(int), np.arange(len(X)))


def retail(data: Path) -> EventSet:
    """Online Retail: invoices are orders, or cancellations where their number begins with C."""
    lines = pd.read_parquet(data / "online_retail" / "onlineretail.parquet")
    lines = lines[lines["CustomerID"].notna()]
    lines = lines.assign(pounds=lines["Quantity"] * lines["UnitPrice"])
    invoices = lines.groupby("InvoiceNo").agg(
        account_id=("CustomerID", "first"),
        occurred_at=("InvoiceDate", "min"),
        pounds=("pounds", "sum"),
        country=("Country", "first"),
    )
    credit = invoices.index.astype(str).str.startswith("C")
    invoices["event"] = np.where(credit, "cancellation", "order")
    invoices["value"] = np.where(credit, -1, 1) * invoices["pounds"]
    # A customer is one from the first order on; what was given back before it belongs to orders before the record.
    orders = invoices[~credit].sort_values("occurred_at", kind="stable")
    first = orders.drop_duplicates("account_id")
    opened = invoices["account_id"].map(first.set_index("account_id")["occurred_at"])
    invoices = invoices[invoices["occurred_at"] >= opened]
    return EventSet(
        "retail",
        ck.History(
            accounts=first.rename(columns={"occurred_at": "opened_at"})[["account_id", "opened_at", "country"]],
            activity=invoices[["account_id", "occurred_at", "event", "value"]],
        ),
        ck.Recipe(churn=ck.WentQuiet(days=90, events=("order",))),
        ck.weekly_cutoffs("2011-03-01", "2011-06-07", weeks=2),
        ck.weekly_cutoffs("2011-09-09", "2011-09-09"),
        ("order",),
    )


STARTS = {p: pd.Timestamp("2010-01-01") + k * 500 * DAY for k, p in enumerate(("2013B", "2013J", "2014B", "2014J"))}
"""The source counts days from the beginning of each presentation. They are laid one after another, so far apart that
at day 60 of one (its cutoff) nobody of another is enrolled: registration opens 322 days ahead, and the longest runs
for 269 days."""

CLOSED = 300 * DAY
"""From a presentation's beginning until all is over."""


def oulad(data: Path, *, with_result: bool = False) -> EventSet:
    """Open University: an enrolment is an account under contract, a withdrawal its notice, an assignment a survey.

    ``with_result`` leaves the final result among the accounts' attributes: a column that knows who withdrew.
    """
    key = ["code_module", "code_presentation", "id_student"]
    read = {
        n: pd.read_parquet(data / "oulad_lite" / f"{n}.parquet")
        for n in ("student", "student_registration", "assessment", "student_assessment")
    }
    accounts = read["student"].merge(read["student_registration"], on=key)
    accounts = accounts[accounts["date_registration"] <= 0]
    accounts["account_id"] = accounts[key].astype(str).agg("-".join, axis=1)
    accounts["start"] = accounts["code_presentation"].map(STARTS)
    accounts["opened_at"] = accounts["start"] + accounts["date_registration"] * DAY
    accounts["cancelled_at"] = accounts["start"] + accounts["date_unregistration"] * DAY
    stayed = accounts["cancelled_at"].isna()
    accounts["ended_at"] = (accounts["start"] + CLOSED).where(stayed, accounts["cancelled_at"])
    tasks = _tasks(accounts, read["assessment"], read["student_assessment"])
    submitted = tasks[tasks["date_submitted"].notna()]
    known = ["gender", "region", "highest_education", "imd_band", "age_band", "num_of_prev_attempts"]
    known += ["final_result"] if with_result else []
    return EventSet(
        "oulad",
        ck.History(
            accounts=accounts[["account_id", "opened_at", "code_module", *known, "studied_credits", "disability"]],
            activity=submitted.assign(event="submitted_" + submitted["metric"], value=submitted["days_early"])[
                ["account_id", "occurred_at", "event", "value"]
            ],
            satisfaction=tasks[["account_id", "occurred_at", "metric", "score", "sent_at"]],
            subscriptions=accounts[["account_id", "opened_at", "cancelled_at", "ended_at"]].rename(
                columns={"opened_at": "started_at"}
            ),
            observed_until=STARTS["2014J"] + CLOSED,
        ),
        # From day 60 on, 210 days reach past the last day of every presentation.
        ck.Recipe(churn=ck.Cancelled(horizon="210d")),
        [_day_60(p) for p in ("2013B", "2013J", "2014B")],
        [_day_60("2014J")],
        tuple(sorted("submitted_" + submitted["metric"].unique())),
    )


def _day_60(presentation: str) -> datetime:
    return (STARTS[presentation] + 60 * DAY).to_pydatetime()


def _tasks(accounts: pd.DataFrame, assessment: pd.DataFrame, handed_in: pd.DataFrame) -> pd.DataFrame:
    """Every assignment that fell due while a student was enrolled, handed in or not."""
    due = accounts[["account_id", "id_student", "code_module", "code_presentation", "start", "cancelled_at"]].merge(
        assessment, on=["code_module", "code_presentation"]
    )
    tasks = due.merge(handed_in, on=["id_assessment", "id_student"], how="left")
    tasks["metric"] = tasks["assessment_type"].str.lower().where(tasks["is_banked"].ne(True), "banked")
    tasks["sent_at"] = tasks["start"] + tasks["date"] * DAY
    handed = tasks["start"] + tasks["date_submitted"] * DAY
    tasks["occurred_at"] = handed.fillna(tasks["sent_at"])
    tasks["days_early"] = tasks["date"] - tasks["date_submitted"]
    enrolled = tasks["cancelled_at"].isna() | (tasks["occurred_at"] < tasks["cancelled_at"])
    # An examination whose day is not on record was asked on no known day.
    return tasks[enrolled & tasks["occurred_at"].notna()]


FLAT = {"telco": telco, "iranian": iranian, "saas": saas}
EVENTS = {"retail": retail, "oulad": oulad}
