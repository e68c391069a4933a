"""A company of six accounts, small enough to check every number by eye.

The record runs from 2025-01-01 to 2025-07-01 (UTC). Every time of day is noon unless it matters.

==========  =======================================================================================
account     story
==========  =======================================================================================
ada         logs in every Monday, pays 100 a month, never leaves
bob         gives notice on 2025-04-10, the contract ends 2025-04-30
cyd         a monthly contract ends 2025-03-15 without notice; comes back 2025-05-20
dot         silent since 2025-01-20, still under contract (silent accounts stay)
eve         opens 2025-05-01; the cutoffs before do not know her
fay         gives notice on 2025-04-25, recorded only on 2025-05-05
==========  =======================================================================================
"""

from __future__ import annotations

import pandas as pd

OBSERVED = "2025-07-01"


def at(text: str) -> pd.Timestamp:
    """Read a UTC time; a bare date means noon."""
    return pd.Timestamp(text if len(text) > 10 else f"{text} 12:00", tz="UTC")


def accounts() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": ["ada", "bob", "cyd", "dot", "eve", "fay"],
            "opened_at": [at("2024-06-01")] * 4 + [at("2025-05-01"), at("2024-06-01")],
            "name": ["Ada Ltd", "Bob & Co", "Cyd GmbH", "Dot plc", "Eve SA", "Fay AG"],
            "manager_id": ["m1", "m1", "m1", "m2", "m2", "m2"],
            "region": ["north", "north", "south", "south", "north", "south"],
            "do_not_contact": [False, False, False, False, False, True],
        }
    )


def mondays(first: str, last: str) -> list[pd.Timestamp]:
    return list(pd.date_range(at(first), at(last), freq="7D"))


def activity() -> pd.DataFrame:
    rows = [("ada", t, "login", "u1") for t in mondays("2025-01-06", "2025-06-30")]
    rows += [("bob", t, "login", "u2") for t in mondays("2025-01-06", "2025-03-31")]
    rows += [
        ("cyd", at(t), "login", "u3") for t in ("2025-01-10", "2025-02-10", "2025-03-10", "2025-05-21", "2025-06-20")
    ]
    rows += [("dot", at("2025-01-20"), "login", "u4")]
    rows += [("eve", t, "login", "u5") for t in mondays("2025-05-05", "2025-06-30")]
    rows += [("fay", t, "login", "u6") for t in mondays("2025-01-06", "2025-05-05")]
    rows += [("ada", at("2025-03-01 00:00"), "export", "u1"), ("ada", at("2025-02-28 23:59:59"), "export", "u7")]
    frame = pd.DataFrame(rows, columns=["account_id", "occurred_at", "event", "user_id"])
    frame["value"] = float("nan")
    frame.loc[frame["event"] == "export", "value"] = [5.0, 7.0]
    frame["recorded_at"] = frame["occurred_at"]
    late = (frame["account_id"] == "bob") & (frame["occurred_at"] == at("2025-02-24"))
    frame.loc[late, "recorded_at"] = at("2025-03-03")
    return frame


def subscriptions() -> pd.DataFrame:
    nat, old = pd.NaT, at("2024-06-01")
    return pd.DataFrame(
        {
            "account_id": ["ada", "bob", "cyd", "cyd", "dot", "eve", "fay"],
            "subscription_id": ["s1", "s2", "s3", "s4", "s5", "s6", "s7"],
            "started_at": [old, old, old, at("2025-05-20"), old, at("2025-05-01"), old],
            "ended_at": [nat, at("2025-04-30"), at("2025-03-15"), nat, nat, nat, at("2025-05-31")],
            "cancelled_at": [nat, at("2025-04-10"), nat, nat, nat, nat, at("2025-04-25")],
            "end_reason": [None, "voluntary", "involuntary", None, None, None, "voluntary"],
            "mrr": [100.0, 200.0, 50.0, 60.0, 300.0, 80.0, 120.0],
            "seats": [5, 10, 2, 2, 20, 4, 6],
            "term_months": [12, 12, 1, 1, 12, 12, 12],
            "recorded_at": [at("2024-06-01"), at("2025-04-10"), at("2025-03-15"), at("2025-05-20"), at("2024-06-01"),
                            at("2025-05-01"), at("2025-05-05")],
        }
    )  # fmt: skip


def satisfaction() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": ["ada", "bob", "bob", "dot"],
            "occurred_at": [at("2025-02-05"), at("2025-02-05"), at("2025-05-05"), at("2025-02-05")],
            "metric": ["nps"] * 4,
            "score": [9.0, 3.0, 2.0, float("nan")],
            "user_id": ["u1", "u2", "u2", "u4"],
        }
    )


def tickets() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": ["bob", "bob", "ada"],
            "opened_at": [at("2025-03-01"), at("2025-03-20"), at("2025-06-01")],
            "resolved_at": [at("2025-03-03"), pd.NaT, at("2025-06-02")],
            "severity": ["2", "3", "1"],
            "category": ["billing", "outage", "question"],
            "ticket_id": ["t1", "t2", "t3"],
        }
    )


def managers() -> pd.DataFrame:
    return pd.DataFrame({"manager_id": ["m1", "m2"], "name": ["Mia", "Max"], "weekly_capacity_hours": [1.0, 2.0]})


def tables() -> dict[str, pd.DataFrame]:
    """Give all tables of the company."""
    return {
        "accounts": accounts(),
        "activity": activity(),
        "satisfaction": satisfaction(),
        "tickets": tickets(),
        "subscriptions": subscriptions(),
        "managers": managers(),
    }
