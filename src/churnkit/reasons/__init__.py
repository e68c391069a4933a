"""Why this account: exact contributions on the scale of the score, pooled into reasons, told in words."""

from __future__ import annotations

from churnkit.reasons.changing import ChangeReasons
from churnkit.reasons.currency import currency_of
from churnkit.reasons.exact import Explainer, contributions
from churnkit.reasons.groups import Groups
from churnkit.reasons.importance import importance
from churnkit.reasons.reasons import Reasons, explain
from churnkit.reasons.sharing import shap_explanation

__all__ = [
    "ChangeReasons",
    "Explainer",
    "Groups",
    "Reasons",
    "contributions",
    "currency_of",
    "explain",
    "importance",
    "shap_explanation",
]
