"""Made-up companies that several test files look at; each is made once."""

from __future__ import annotations

from functools import cache

import pandas as pd

from churnkit.history.sample import Sample, generate


@cache
def shipped() -> Sample:
    """The company of data/samples/saas: every argument at its default."""
    return generate()


@cache
def another() -> Sample:
    """A larger one of another seed, so that no expectation is fitted to the one that is shipped."""
    return generate(2_000, seed=77)


def last_versions(sample: Sample) -> pd.DataFrame:
    """Each contract as it is known in the end, with ``left``: notice, else end."""
    table = sample.tables["subscriptions"]
    last = table.groupby("subscription_id", as_index=False).tail(1).copy()
    last["left"] = last["cancelled_at"].fillna(last["ended_at"])
    return last.reset_index(drop=True)


def with_mood(sample: Sample, rows: pd.DataFrame, when: str) -> pd.DataFrame:
    """Add the true mood of the week to dated rows of accounts (rows of accounts under notice drop out)."""
    truth = sample.truth.weekly[["account_id", "week", "unhappy", "dormant", "cause", "trouble"]]
    rows = rows.assign(account_id=rows["account_id"].astype(object)).sort_values(when)
    truth = truth.assign(account_id=truth["account_id"].astype(object)).sort_values("week")
    return pd.merge_asof(
        rows, truth, left_on=when, right_on="week", by="account_id", tolerance=pd.Timedelta("7D")
    ).dropna(subset=["unhappy"])
