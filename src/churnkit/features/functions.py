"""The aggregates there are: what each measures, in what unit, and what it gives where nothing happened.

The engine, the oracle and the law tests go over :data:`FUNCTIONS`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

FunctionName: TypeAlias = Literal[
    "count", "total", "mean", "minimum", "maximum", "std", "latest", "earliest", "days_since", "days_until",
    "active_days", "actors", "days_since_main_user", "gap_mean", "gap_std", "slope", "share",
]  # fmt: skip
"""The name of an aggregate."""


@dataclass(frozen=True)
class Function:
    """One aggregate over the facts of a window.

    Attributes
    ----------
    name
        As in the public verb.
    gives
        What it measures.
    silence
        What a window without a fact gives.
    unit
        Of the result; None: the unit of the signal's values.
    per_day
        Whether the unit is per day.
    valued
        Whether it reads values, and takes only facts that have one.
    phrase
        A noun phrase with ``{facts}`` (plural), ``{some}`` (behind "with"), ``{fact}`` (singular),
        ``{value}`` and ``{time}``.
    """

    name: FunctionName
    gives: str
    silence: float
    unit: str | None
    phrase: str
    valued: bool = False
    per_day: bool = False


_NAN = math.nan
_ALL = (
    Function("count", "number of facts", 0.0, "facts", "{facts}{time}"),
    Function("total", "sum of the values", 0.0, None, "total {value}{time}", valued=True),
    Function("mean", "mean of the values", _NAN, None, "mean {value}{time}", valued=True),
    Function("minimum", "least value", _NAN, None, "lowest {value}{time}", valued=True),
    Function("maximum", "greatest value", _NAN, None, "highest {value}{time}", valued=True),
    Function(
        "std", "sample standard deviation of the values; missing below two", _NAN, None, "spread of {value}{time}",
        valued=True,
    ),
    Function("latest", "value of the last fact that has one", _NAN, None, "last {value}{time}", valued=True),
    Function("earliest", "value of the first fact that has one", _NAN, None, "first {value}{time}", valued=True),
    Function(
        "days_since", "days from the last fact to the window's end", _NAN, "days", "days since the last {fact}{time}"
    ),
    Function(
        "days_until", "days from the cutoff to the last value, itself a date in days since 1970", _NAN, "days",
        "days until {value}{time}", valued=True,
    ),
    Function("active_days", "calendar days with a fact", 0.0, "days", "days with {some}{time}"),
    Function("actors", "distinct users with a fact", 0.0, "users", "users with {some}{time}"),
    Function(
        "days_since_main_user", "days from the last fact of the user with the most facts to the window's end", _NAN,
        "days", "days since the last {fact} of the most active user{time}",
    ),
    Function(
        "gap_mean", "mean of the days between successive facts; missing below two", _NAN, "days",
        "mean days between {facts}{time}",
    ),
    Function(
        "gap_std", "sample standard deviation of the days between successive facts; missing below three", _NAN, "days",
        "spread of the days between {facts}{time}",
    ),
    Function(
        "slope", "least-squares slope of the values per day; missing below two moments", _NAN, None,
        "daily trend of {value}{time}", valued=True, per_day=True,
    ),
    Function(
        "share", "part of the facts that pass the condition; missing without a fact", _NAN, "share",
        "share among {facts}{time}",
    ),
)  # fmt: skip

FUNCTIONS: dict[FunctionName, Function] = {function.name: function for function in _ALL}
"""Every aggregate by name."""
