"""Small results to draw: scores, reasons, an evaluation and plans of the hand-made book (support/plans.py)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from churnkit.contact import plan_contacts
from churnkit.reasons import ChangeReasons, Reasons
from churnkit.scoring import BacktestReport, EvaluationReport, Scores
from churnkit.timeline import Span, moment
from support import plans

HOSTILE = "<script>alert('x')</script> & \"Sons\""


def scores(excluded=(("g", "contract ended"), ("h", "notice given")), notes=()):
    p = np.array(list(plans.PROBABILITY.values()))
    frame = pd.DataFrame(
        {
            "account_id": list(plans.PROBABILITY),
            "as_of": pd.Timestamp(plans.AS_OF, tz="UTC"),
            "probability": p,
            "probability_30d": p / 2,
            "probability_90d": p,
            "low": p * 0.8,
            "high": np.minimum(p * 1.1, 1),
            "log_odds": np.log(p / (1 - p)),
            "rung": "boosted",
            "model_id": "model-1",
        }
    ).sort_values("probability", ascending=False, ignore_index=True)
    outside = pd.DataFrame(excluded, columns=["account_id", "reason"])
    return Scores(frame, outside, None, moment(plans.AS_OF), Span.of("90d"), "model-1", tuple(notes))


def reasons():
    rows = []
    for account in plans.PROBABILITY:
        rows.append((account, 1, "usage", "logins", f"Logins of {account} fell from 41 to 12.", 0.8, 0.12))
        rows.append((account, 2, "support", "tickets", "2 tickets are open (peers: 0).", 0.3, 0.05))
        rows.append((account, 3, "usage", "exports", "Exports on 14 of 30 days (peers: 6).", -0.2, -0.03))
    frame = pd.DataFrame(rows, columns=["account_id", "place", "theme", "feature", "sentence", "effect", "points"])
    totals = frame[["account_id"]].drop_duplicates(ignore_index=True).assign(base_probability=0.1)
    totals["probability"] = [plans.PROBABILITY[a] for a in totals["account_id"]]
    totals["rest_points"] = totals["probability"] - 0.1 - 0.14  # the reasons bring 12 + 5 - 3 points
    return Reasons(frame, totals, Span.of("90d"))


def moves():
    told = [
        "Up 9 points since last Monday, from 41% to 50%: 9 from 2 failed payments.",
        "Unchanged at 20% since 25 May 2025.",
    ]
    totals = pd.DataFrame(
        {
            "account_id": ["a", "b"],
            "probability_before": [0.41, 0.2],
            "probability": [0.5, 0.2],
            "points": [0.09, 0.0],
            "sentence": told,
        }
    )
    once = pd.DataFrame({"account_id": ["c"], "scored": ["before"], "reason": ["contract ended"]})
    frame = pd.DataFrame({"account_id": ["a"], "sentence": ["2 failed payments."]})
    at = moment("2025-05-25"), moment("2025-06-01")
    return ChangeReasons(frame, totals, once, *at, Span.of("90d"), path=None, notes=("Two facts came in late.",))


def history(names=None, **more):
    book = plans.accounts(do_not_contact=[False, False, False, False, False, True])
    book["name"] = names or [f"{i.upper()} Ltd" for i in plans.PROBABILITY]
    extra = pd.DataFrame({"account_id": ["g", "h"], "manager_id": "mia", "opened_at": book["opened_at"].iloc[0]})
    extra["worth"], extra["do_not_contact"], extra["name"] = 10.0, False, ["Gone plc", "Half Gone"]
    book = pd.concat([book, extra], ignore_index=True)
    contacts = pd.DataFrame({"account_id": ["c"], "contacted_at": [pd.Timestamp("2025-05-20", tz="UTC")]})
    return plans.history(book, plans.managers(hours=(0.5, 1.0), name=["Mia", "Max"]), contacts=contacts, **more)


def plan(names=None, told=None, why=None, **more):
    """Two calls (b by Mia, d by Max); a over capacity, c cooling down, e not worth it, f not to be contacted."""
    more = {"policy": plans.POLICY, "rules": plans.RULES, **more}
    return plan_contacts(told or scores(), reasons() if why is None else why, history(names), **more)


def held_out():
    return plan(rules=plans.RULES.model_copy(update={"holdout": 0.5, "seed": 3}))


def evaluation():
    figures = {"churnkit": 0.31, "recency rule": 0.22, "value-sorted": 0.11}
    rows = []
    for name, found in figures.items():
        rows += [
            (name, "recall", found, found - 0.03, found + 0.04),
            (name, "value_caught", found, found - 0.05, found + 0.05),
            (name, "lift", 10 * found, 10 * found - 0.3, 10 * found + 0.4),
            (name, "auc", 0.5 + found, 0.5 + found - 0.02, 0.5 + found + 0.02),
        ]
    listed = np.linspace(0, 1, 11)
    gains = [
        pd.DataFrame({"ranking": n, "listed": listed, "found": 1 - (1 - listed) ** (10 * f)})
        for n, f in figures.items()
    ]
    return EvaluationReport(
        frame=pd.DataFrame(rows, columns=["ranking", "metric", "value", "low", "high"]),
        differences=pd.DataFrame(columns=["against", "metric", "value", "low", "high"]),
        calibration=pd.DataFrame(
            {"promised": [0.02, 0.1, 0.4], "seen": [0.03, 0.1, 0.3], "snapshots": [100, 100, 100]}
        ),
        gains=pd.concat(gains, ignore_index=True),
        words=(
            "The first 10% of the list finds 3.1 times as many leavers as chance.",
            "It finds 1.4 times as many leavers as the recency rule.",
        ),
        cutoffs=("2025-01-01", "2025-02-01"),
        snapshots=300,
        accounts=160,
        leavers=27,
        horizon="90d",
        share=0.1,
        model_id="model-1",
    )


def _part(name, key, lift):
    rows = [
        ("churnkit", "lift", lift, 2.0, 3.5),
        ("churnkit", "auc", 0.7, 0.6, 0.8),
        ("recency rule", "lift", 2.1, 1, 3),
    ]
    frame = pd.DataFrame(rows, columns=["ranking", "metric", "value", "low", "high"])
    for place, (column, value) in enumerate(((name, key), ("snapshots", 150), ("accounts", 80), ("leavers", 9))):
        frame.insert(place, column, value)
    return frame


def backtest():
    fits = pd.DataFrame(
        {
            "fitted_at": ["2025-01-01"], "model_id": ["model-1"], "lists": [2], "rung": ["boosted"],
            "snapshots": [1200], "events": [70], "boosted_share": [0.4], "last_label": ["2024-12-30"],
        }
    )  # fmt: skip
    parts = [_part("cutoff", "2025-01-01", 3.2), _part("cutoff", "2025-02-01", 2.9)]
    more = {"per_cutoff": pd.concat(parts, ignore_index=True), "segments": _part("segment", "north", 2.0)}
    given = {**vars(evaluation()), **more, "by": "region", "notes": ("1 later list is left out.",)}
    return BacktestReport(**given, fits=fits)
