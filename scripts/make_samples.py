"""Write data/samples again: the made-up SaaS company, and real customers of an online shop.

    python scripts/make_samples.py [--retail path/to/onlineretail.parquet]

The shop's lines are not in this repository: give the path to them (see data/samples/online_retail/README.md
for where they come from), or that sample is left as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from churnkit.history.sample import generate
from churnkit.history.sample.dice import Dice
from churnkit.history.sample.writing import write_csv

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
CUSTOMERS = 1_500
SEED = 1
ZONE = "Europe/London"


def retail_tables(lines: pd.DataFrame, customers: int = CUSTOMERS, seed: int = SEED) -> dict[str, pd.DataFrame]:
    """Turn the shop's lines into accounts and activity of a seeded sample of whole customers.

    Parameters
    ----------
    lines
        InvoiceNo, Quantity, InvoiceDate (local time), UnitPrice, CustomerID, Country; an invoice whose
        number begins with C is a credit.

    Returns
    -------
    dict
        ``accounts``: account_id, opened_at (first invoice in the record), country (of that invoice).
        ``activity``: one ``order`` per invoice, valued with its total, and one ``cancellation`` per credit,
        valued with what was given back; pounds.
    """
    known = lines[lines["CustomerID"].notna()]
    everybody = np.sort(known["CustomerID"].astype("int64").unique())
    drawn = everybody[np.argsort(Dice(seed, "retail").uniform(len(everybody)), kind="stable")[:customers]]
    mine = known[known["CustomerID"].isin(drawn)]
    mine = mine.assign(pounds=mine["Quantity"] * mine["UnitPrice"])
    invoices = mine.groupby("InvoiceNo", sort=True).agg(
        account_id=("CustomerID", "first"),
        at=("InvoiceDate", "min"),
        pounds=("pounds", "sum"),
        country=("Country", "first"),
    )
    invoices["at"] = invoices["at"].dt.tz_localize(ZONE).dt.tz_convert("UTC")
    credit = invoices.index.astype(str).str.startswith("C")
    invoices["event"] = np.where(credit, "cancellation", "order")
    invoices["value"] = np.where(credit, -invoices["pounds"], invoices["pounds"]).round(2)
    invoices = invoices.reset_index().sort_values(["at", "InvoiceNo"], kind="stable")
    first = invoices.drop_duplicates("account_id").sort_values("account_id")
    return {
        "accounts": first.rename(columns={"at": "opened_at"})[["account_id", "opened_at", "country"]],
        "activity": invoices.rename(columns={"at": "occurred_at"})[["account_id", "occurred_at", "event", "value"]],
    }


def main() -> None:
    """Write the samples and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--retail", type=Path, help="Online Retail as Parquet, one row per line")
    parser.add_argument("--into", type=Path, default=SAMPLES, help="the folder of the samples")
    given = parser.parse_args()
    written = generate().write(given.into / "saas")
    if given.retail is None:
        print("online_retail: left as it is (give --retail)")
    else:
        lines = pd.read_parquet(given.retail)
        nobody = int(lines["CustomerID"].isna().sum())
        print(f"online_retail: {len(lines):,} lines, of which {nobody:,} name no customer and are left out")
        folder = given.into / "online_retail"
        folder.mkdir(parents=True, exist_ok=True)
        written += [write_csv(frame, folder / f"{name}.csv") for name, frame in retail_tables(lines).items()]
    for path in written:
        print(f"{path.relative_to(given.into)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
