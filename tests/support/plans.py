"""Stand-ins for scores and reasons, and a book of six accounts whose plans can be solved by hand.

As of 2025-06-01, main horizon 90 days. Managers mia and max; every value is money.

=======  =======  ===========  =====  =======================  ====================
account  manager  probability  value  net saving of a call     (prior .2, 60 an hour)
=======  =======  ===========  =====  =======================  ====================
a        mia      .50          1,000  .2 x .50 x 1,000 - 30    70
b        mia      .20          4,000  .2 x .20 x 4,000 - 30    130
c        mia      .90            400  .2 x .90 x   400 - 30    42
d        max      .40          2,000  .2 x .40 x 2,000 - 30    130
e        max      .10            500  .2 x .10 x   500 - 30    -20
f        max      .30          1,500  .2 x .30 x 1,500 - 30    60
=======  =======  ===========  =====  =======================  ====================

A call takes 30 minutes and costs 30.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from churnkit.contact import ByNetSaving, ContactRules, DeclaredEffect
from churnkit.history import History
from churnkit.tables import ROLES
from churnkit.timeline import Span, moment

AS_OF = "2025-06-01"
PROBABILITY = {"a": 0.5, "b": 0.2, "c": 0.9, "d": 0.4, "e": 0.1, "f": 0.3}
VALUE = {"a": 1000.0, "b": 4000.0, "c": 400.0, "d": 2000.0, "e": 500.0, "f": 1500.0}
SAVING = {"a": 70.0, "b": 130.0, "c": 42.0, "d": 130.0, "e": -20.0, "f": 60.0}
MANAGER = {"a": "mia", "b": "mia", "c": "mia", "d": "max", "e": "max", "f": "max"}


@dataclass(eq=False)
class FakeScores:
    frame: pd.DataFrame
    excluded: pd.DataFrame
    horizon: Span = field(default_factory=lambda: Span.of("90d"))
    as_of: int = moment(AS_OF)
    model_id: str = "model-1"
    notes: tuple[str, ...] = ()
    refit_spread: np.ndarray | None = None


@dataclass
class FakeReasons:
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)


def scores(probability=None, *, low=None, high=None, as_of=AS_OF, excluded=None, **horizons):
    probability = PROBABILITY if probability is None else probability
    p = np.array(list(probability.values()))
    frame = pd.DataFrame({"account_id": list(probability), "as_of": pd.Timestamp(as_of, tz="UTC"), "probability": p})
    for name, values in (horizons or {"probability_90d": p}).items():
        frame[name] = values
    frame["low"] = p if low is None else low
    frame["high"] = p if high is None else high
    out = pd.DataFrame(list((excluded or {}).items()), columns=["account_id", "reason"]).astype(object)
    return FakeScores(frame, out, as_of=moment(as_of))


def reasons(rows):
    """Give reasons from (account_id, place, theme, sentence, effect)."""
    frame = pd.DataFrame(rows, columns=["account_id", "place", "theme", "sentence", "effect"])
    frame["feature"], frame["points"] = "some_feature", 0.0
    return FakeReasons(frame)


def accounts(manager=None, value=None, **columns):
    manager = MANAGER if manager is None else manager
    value = VALUE if value is None else value
    frame = pd.DataFrame({"account_id": list(manager), "manager_id": list(manager.values())})
    frame["opened_at"] = pd.Timestamp("2024-01-01", tz="UTC")
    frame["worth"] = [value[a] for a in manager]
    for name, values in columns.items():
        frame[name] = values
    return frame


def managers(hours=(1.0, 1.0), **columns):
    return pd.DataFrame({"manager_id": ["mia", "max"], "weekly_capacity_hours": list(hours), **columns})


def history(book=None, team=None, **tables):
    book = accounts() if book is None else book
    activity = pd.DataFrame(
        {
            "account_id": book["account_id"],
            "occurred_at": pd.Timestamp("2025-06-02", tz="UTC"),
            "event": "login",
        }
    )
    return History(accounts=book, activity=tables.pop("activity", activity), managers=team, **tables)


RULES = ContactRules(minutes=dict.fromkeys(ROLES, 30), size_factors={"large": 1.0})
POLICY = ByNetSaving(value="worth", effect=DeclaredEffect(prior=0.2))
