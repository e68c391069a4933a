"""Features for laws that hold for every aggregate, and how close two matrices are."""

from __future__ import annotations

import numpy as np

from churnkit.features.conditions import AllOf, AnyOf, LabelTest, Not, ValueTest
from churnkit.features.expressions import Aggregate
from churnkit.timeline import Span

CONDITIONS = (
    ValueTest(sign=">=", limit=1.5),
    ValueTest(sign="!=", limit=2.0),
    LabelTest(labels=("billing",)),
    LabelTest(sign="!=", labels=("billing", "never_seen")),
    Not(test=LabelTest(labels=("bug",))),
    AllOf(tests=(ValueTest(sign="<", limit=3.0), Not(test=ValueTest(sign="==", limit=0.0)))),
    AnyOf(tests=(ValueTest(sign=">", limit=3.0), ValueTest(sign="<=", limit=0.0), LabelTest(labels=("bug",)))),
)
SETS = (("nps",), ("login", "ticket_opened"), ())
WINDOWS = ((None, "0d"), ("7d", "0d"), ("36h", "12h"), ("10d", "10d"), (None, "5d"))


def every(function: str) -> list[Aggregate]:
    """One aggregate over sets of signals, windows and conditions."""
    whole = [None] if function != "share" else [CONDITIONS[0]]
    shapes = [(s, w, c) for s in SETS for w in WINDOWS for c in whole]
    shapes += [(s, WINDOWS[k % 5], c) for s in SETS[:2] for k, c in enumerate(CONDITIONS)]
    return [
        Aggregate(
            function=function,
            signals=signals,
            window=None if window is None else Span.of(window),
            ending=Span.of(ending),
            where=where,
        )
        for signals, (window, ending), where in shapes
    ]


def steps_apart(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """How many float32 steps lie between two matrices; 0 where both are missing, infinite where one is."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(ours.astype(np.float64) - theirs.astype(np.float64)) / np.spacing(np.abs(theirs))
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
