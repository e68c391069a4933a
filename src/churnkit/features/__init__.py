"""What we may know: features are expressions over dated signals; the engine alone reads time.

>>> from churnkit import features as f
>>> f.count("login", "30d").name
'count_login_30d'
>>> (f.count("login", "30d") / f.count("login", "90d")).unit
'ratio'
>>> f.count("ticket_opened", "90d", where=f.value >= 3).phrase
'tickets opened of severity 3 or more in the last 90 days'
"""

from churnkit.features.base import Expression, as_expression, read_expression
from churnkit.features.binding import bind
from churnkit.features.book import Book
from churnkit.features.catalogue import catalogue
from churnkit.features.compute import compute
from churnkit.features.conditions import Condition, label, value
from churnkit.features.feature_set import FeatureSet
from churnkit.features.functions import FUNCTIONS
from churnkit.features.matrix import FeatureMatrix
from churnkit.features.showing import explain_value
from churnkit.features.verbs import (
    active_days,
    actors,
    attribute,
    clip,
    count,
    days_since,
    days_since_main_user,
    days_until,
    earliest,
    from_book,
    gap_mean,
    gap_std,
    latest,
    log1p,
    maximum,
    mean,
    minimum,
    rank_among,
    share,
    slope,
    std,
    tenure,
    total,
    where,
)

__all__ = [
    "FUNCTIONS",
    "Book",
    "Condition",
    "Expression",
    "FeatureMatrix",
    "FeatureSet",
    "active_days",
    "actors",
    "as_expression",
    "attribute",
    "bind",
    "catalogue",
    "clip",
    "compute",
    "count",
    "days_since",
    "days_since_main_user",
    "days_until",
    "earliest",
    "explain_value",
    "from_book",
    "gap_mean",
    "gap_std",
    "label",
    "latest",
    "log1p",
    "maximum",
    "mean",
    "minimum",
    "rank_among",
    "read_expression",
    "share",
    "slope",
    "std",
    "tenure",
    "total",
    "value",
    "where",
]
