"""churnkit: whom to contact first, why, and what it is worth.

Public names load on first use (PEP 562), so ``import churnkit`` stays light.

>>> import churnkit as ck
>>> ck.Cancelled(horizon="90d").horizon.days
90.0
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from churnkit import features
    from churnkit.contact import (
        ByNetSaving,
        ByRisk,
        ByValueAtRisk,
        ContactEffect,
        ContactPlan,
        ContactRules,
        DeclaredEffect,
        compare_policies,
        plan_contacts,
    )
    from churnkit.history import History, Signal, read_history
    from churnkit.labels import Cancelled, NotRenewed, Shrunk, WentQuiet, suggest_quiet_days
    from churnkit.reasons import Reasons
    from churnkit.scoring import AccountRisk, ChurnModel, Recipe, Scores, backtest, evaluate
    from churnkit.scoring.estimator import ChurnClassifier
    from churnkit.snapshots import training_set
    from churnkit.timeline import monthly_cutoffs, weekly_cutoffs

__version__ = "0.1.0"

_HOMES = {
    "AccountRisk": "scoring",
    "ByNetSaving": "contact",
    "ByRisk": "contact",
    "ByValueAtRisk": "contact",
    "Cancelled": "labels",
    "ChurnClassifier": "scoring.estimator",
    "ChurnModel": "scoring",
    "ContactEffect": "contact",
    "ContactPlan": "contact",
    "ContactRules": "contact",
    "DeclaredEffect": "contact",
    "History": "history",
    "NotRenewed": "labels",
    "Recipe": "scoring",
    "Reasons": "reasons",
    "Scores": "scoring",
    "Shrunk": "labels",
    "Signal": "history",
    "WentQuiet": "labels",
    "backtest": "scoring",
    "compare_policies": "contact",
    "evaluate": "scoring",
    "monthly_cutoffs": "timeline",
    "plan_contacts": "contact",
    "read_history": "history",
    "suggest_quiet_days": "labels",
    "training_set": "snapshots",
    "weekly_cutoffs": "timeline",
}

__all__ = [
    "AccountRisk",
    "ByNetSaving",
    "ByRisk",
    "ByValueAtRisk",
    "Cancelled",
    "ChurnClassifier",
    "ChurnModel",
    "ContactEffect",
    "ContactPlan",
    "ContactRules",
    "DeclaredEffect",
    "History",
    "NotRenewed",
    "Reasons",
    "Recipe",
    "Scores",
    "Shrunk",
    "Signal",
    "WentQuiet",
    "__version__",
    "backtest",
    "compare_policies",
    "evaluate",
    "features",
    "monthly_cutoffs",
    "plan_contacts",
    "read_history",
    "suggest_quiet_days",
    "training_set",
    "weekly_cutoffs",
]


def __getattr__(name: str) -> Any:
    if name == "features":
        return import_module("churnkit.features")
    if name in _HOMES:
        value = getattr(import_module(f"churnkit.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'churnkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
