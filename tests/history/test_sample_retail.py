"""The online shop: lines become accounts and activity, whole customers at a time."""

import importlib.util
import warnings
from pathlib import Path

import pandas as pd
import pytest

from churnkit.history import read_history

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_samples", ROOT / "scripts" / "make_samples.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables(script):
    """Two customers, three invoices, one credit, one line that names nobody."""
    lines = pd.DataFrame(
        [
            ("536365", 6, "2010-12-01 08:26", 2.55, 17850, "United Kingdom"),
            ("536365", 2, "2010-12-01 08:26", 3.39, 17850, "United Kingdom"),
            ("C536379", -1, "2010-12-03 09:41", 27.50, 17850, "United Kingdom"),
            ("560001", 10, "2011-07-14 12:00", 0.85, 12583, "France"),
            ("560500", 1, "2011-10-31 12:00", 4.25, 12583, "Spain"),
            ("536414", 56, "2010-12-01 11:52", 0.00, None, "United Kingdom"),
        ],
        columns=["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"],
    )
    lines["InvoiceDate"] = pd.to_datetime(lines["InvoiceDate"])
    lines["CustomerID"] = lines["CustomerID"].astype("Int64")
    return script.retail_tables(lines, customers=2)


def test_an_invoice_is_one_order_and_a_credit_one_cancellation(tables):
    activity = tables["activity"]
    assert activity["account_id"].tolist() == [17850, 17850, 12583, 12583]
    assert activity["event"].tolist() == ["order", "cancellation", "order", "order"]
    assert activity["value"].tolist() == pytest.approx([6 * 2.55 + 2 * 3.39, 27.50, 8.50, 4.25])


def test_london_time_becomes_utc(tables):
    assert tables["activity"]["occurred_at"].dt.strftime("%m-%d %H:%M").tolist() == [
        "12-01 08:26",
        "12-03 09:41",
        "07-14 11:00",  # summer time
        "10-31 12:00",
    ]


def test_an_account_opens_with_its_first_invoice(tables):
    accounts = tables["accounts"].set_index("account_id")
    assert accounts["country"].to_dict() == {12583: "France", 17850: "United Kingdom"}
    assert accounts.loc[12583, "opened_at"] == pd.Timestamp("2011-07-14 11:00", tz="UTC")


def test_the_shipped_sample_reads_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = read_history(ROOT / "data" / "samples" / "online_retail", timezone="Europe/London")
    assert len(history.rejected) == 0
    assert len(history.accounts) == 1_500
    assert history.attributes == ("country",)
    first = history.signals.occurred[history.signals.signal != history.signals.code("opened")].min()
    assert pd.Timestamp(first, unit="us") >= pd.Timestamp("2010-12-01")
    assert sum(p.stat().st_size for p in (ROOT / "data" / "samples" / "online_retail").iterdir()) < 1_500_000
