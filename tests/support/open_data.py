"""Real data that nobody of this project made, where it lies beside the checkout (see SOURCES.md there)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churnkit.history import History

ROOT = Path(__file__).resolve().parents[2]
PLACES = [up / "shared" / "data" for up in (ROOT.parent, ROOT.parent.parent)]
ABSENT = "open data: the shared folder with the five open sets is not beside this checkout"


def folder() -> Path:
    """Find the data, or skip with the reason."""
    for place in PLACES:
        if place.is_dir():
            return place
    pytest.skip(ABSENT)


def telco():
    frame = pd.read_csv(folder() / "telco_ibm" / "Telco-Customer-Churn.csv")
    return frame.drop(columns=["customerID", "Churn"]), (frame["Churn"] == "Yes").to_numpy()


def iranian():
    frame = pd.read_csv(folder() / "iranian_churn" / "iranian_churn.csv")
    return frame.drop(columns=["Churn"]), (frame["Churn"] == 1).to_numpy()


def saas_csat():
    frame = pd.read_csv(folder() / "saas_csat_pysurvival" / "churn.csv")
    return frame.drop(columns=["churned"]), (frame["churned"] == 1).to_numpy()


FLAT = {"telco": telco, "iranian": iranian, "saas_csat": saas_csat}


def online_retail() -> History:
    """Every customer of the shop: one order per invoice, valued with its total; credits apart."""
    lines = pd.read_parquet(folder() / "online_retail" / "onlineretail.parquet")
    lines = lines[lines["CustomerID"].notna()]
    lines = lines.assign(value=lines["Quantity"] * lines["UnitPrice"])
    invoices = lines.groupby("InvoiceNo").agg(
        account_id=("CustomerID", "first"),
        occurred_at=("InvoiceDate", "min"),
        value=("value", "sum"),
        country=("Country", "first"),
    )
    credit = invoices.index.astype(str).str.startswith("C")
    invoices["event"] = np.where(credit, "cancellation", "order")
    first = invoices.sort_values("occurred_at").drop_duplicates("account_id")
    accounts = first.rename(columns={"occurred_at": "opened_at"})[["account_id", "opened_at", "country"]]
    return History(accounts=accounts, activity=invoices.drop(columns="country"), timezone="Europe/London")


STARTS = {"2013B": "2013-02-01", "2013J": "2014-02-01", "2014B": "2015-02-01", "2014J": "2016-02-01"}
"""Day 0 of each presentation: one a year, so that a cutoff meets its own presentation alone (they do overlap; whoever
was still enrolled in the one before would have a known answer only if withdrawn)."""


def oulad(*, with_result: bool = False) -> History:
    """Enrolments as accounts: registered, perhaps withdrawn; submissions with their score as activity."""
    there = folder() / "oulad_lite"
    keys = ["code_module", "code_presentation", "id_student"]
    students = pd.read_parquet(there / "student.parquet").merge(
        pd.read_parquet(there / "student_registration.parquet"), on=keys
    )
    lengths = pd.read_parquet(there / "course.parquet")
    students = students.merge(lengths, on=keys[:2])
    start = _starts(students)
    students["account_id"] = _ids(students)
    students["opened_at"] = start + pd.to_timedelta(students["date_registration"].fillna(0).clip(upper=0), unit="D")
    drop = [*keys[1:], "date_registration", "date_unregistration", "module_presentation_length", "final_result"]
    accounts = students.drop(columns=drop[: None if not with_result else -1])
    gone = students["date_unregistration"]
    contracts = pd.DataFrame(
        {
            "account_id": students["account_id"],
            "started_at": students["opened_at"],
            "ended_at": start + pd.to_timedelta(gone.fillna(students["module_presentation_length"]), unit="D"),
            "end_reason": np.where(gone.notna(), "voluntary", "other"),
        }
    )
    contracts = contracts[contracts["ended_at"] > contracts["started_at"]]
    work = pd.read_parquet(there / "student_assessment.parquet").merge(
        pd.read_parquet(there / "assessment.parquet")[["id_assessment", *keys[:2]]], on="id_assessment"
    )
    work = work[~work["is_banked"].astype(bool)]
    activity = pd.DataFrame(
        {
            "account_id": _ids(work),
            "occurred_at": _starts(work) + pd.to_timedelta(work["date_submitted"], unit="D"),
            "event": "submission",
            "value": work["score"],
        }
    )
    accounts = accounts[accounts["account_id"].isin(contracts["account_id"])]
    activity = activity[activity["account_id"].isin(accounts["account_id"])]
    return History(accounts=accounts, activity=activity, subscriptions=contracts, observed_until="2016-12-01")


def _ids(frame: pd.DataFrame) -> pd.Series:
    return frame["code_module"] + frame["code_presentation"] + "-" + frame["id_student"].astype(str)


def _starts(frame: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(frame["code_presentation"].map(STARTS))


OULAD_CUTOFFS = [pd.Timestamp(STARTS[p]) + pd.Timedelta(days=60) for p in ("2013B", "2013J", "2014B")]
