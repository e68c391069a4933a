"""Decisions of the past about accounts that all stay, and an effect of one share for all."""

from types import SimpleNamespace

import pandas as pd

from churnkit import features as f
from churnkit.contact import ContactEffect
from churnkit.contact.contact_effect import Cell
from churnkit.history import History
from churnkit.labels import Cancelled
from support import plans as book

WHEN = pd.Timestamp("2025-01-06", tz="UTC")


FEATURES = (
    f.count("login", "28d"),
    f.count("login", "28d") / f.count("login", "84d"),
    f.latest("nps"),
    f.count("ticket_opened", "84d"),
    f.days_until("renewal_due"),
    f.latest("auto_renew"),
    f.tenure(),
)
"""A few of the made-up company."""


def told_by(decisions, **tables):
    """A company whose accounts all stay, with these decisions, seen for 300 days after."""
    ids = sorted(set(decisions["account_id"]) if "ids" not in tables else tables.pop("ids"))
    before = WHEN - pd.Timedelta(days=100)
    return History(
        accounts=pd.DataFrame({"account_id": ids, "opened_at": before}),
        activity=pd.DataFrame({"account_id": ids, "occurred_at": WHEN + pd.Timedelta(days=300), "event": "login"}),
        subscriptions=pd.DataFrame({"account_id": ids, "started_at": before}),
        decisions=decisions,
        observed_until=WHEN + pd.Timedelta(days=301),
        **tables,
    )


def harming(share=-0.5):
    effect = ContactEffect.fit(SimpleNamespace(recipe=SimpleNamespace(churn=Cancelled()), features=()), book.history())
    cells = tuple(Cell(**{**c.model_dump(), "share": share, "evidence": "randomised"}) for c in effect.cells)
    return effect.model_copy(update={"cells": cells})
