"""The smallest history: two accounts, two logins; a test changes or adds what it is about."""

from __future__ import annotations

import pandas as pd


def small(**changes):
    """Give accounts a and b with one login each, and whatever else is passed."""
    tables = {
        "accounts": pd.DataFrame({"account_id": ["a", "b"], "opened_at": ["2025-01-01", "2025-01-02"]}),
        "activity": pd.DataFrame(
            {"account_id": ["a", "b"], "occurred_at": ["2025-02-01 10:00", "2025-02-02"], "event": ["login", "login"]}
        ),
    }
    return {**tables, **changes}
