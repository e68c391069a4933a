"""Comparing policies on past decisions: what each would have kept, as far as the log can tell.

Only decisions drawn by lot count, since only there the other choice could have been made as well. What policy pi
would have kept beside calling nobody is the sum over its choices i of

    weighted:        V_i [ (1 - A_i) Y_i / (1 - e_i) - A_i Y_i / e_i ]
    doubly robust:   the same with Y_i - m_i in place of Y_i

with V the value at stake, Y leaving, A contact, e its propensity and m the probability of leaving as learnt from
other accounts (Horvitz and Thompson 1952, JASA 47; Dudik, Erhan, Langford and Li 2014, Statistical Science 29).
The call is the one that the trial made: its mix of roles, carried out or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.contact.doubly_robust import outcome_of
from churnkit.contact.plan import plan_contacts
from churnkit.contact.trial import RANDOMISED, read_trial
from churnkit.errors import BadPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from churnkit.contact.crew import Capacity
    from churnkit.contact.policies import Policy
    from churnkit.contact.rules import ContactRules
    from churnkit.contact.trial import Trial
    from churnkit.history import History
    from churnkit.scoring import ChurnModel

    Floats = NDArray[np.float64]

_Z90 = 1.6448536269514722
COLUMNS = (
    "policy",
    "choices",
    "could_not",
    "kept",
    "kept_low",
    "kept_high",
    "kept_weighted",
    "kept_weighted_low",
    "kept_weighted_high",
    "per_call",
)


def compare_policies(
    model: ChurnModel,
    history: History,
    policies: Mapping[str, Policy],
    *,
    rules: ContactRules | None = None,
    capacity: Capacity = None,
) -> pd.DataFrame:
    """Value policies on the decisions that were once drawn by lot.

    At every moment of such decisions each policy makes its list, from scores with what was known then.

    Parameters
    ----------
    model
        Best one learnt before these decisions: what it has already seen leaving flatters every policy that
        trusts it.
    history
        With a ``decisions`` table, some rows drawn by lot with propensities.
    policies
        By name.
    rules, capacity
        As for ``plan_contacts``; cool-downs count as they were.

    Returns
    -------
    DataFrame
        One row per policy: choices (calls on its lists); could_not (share of them that the log could not have
        made, or whose outcome is unknown: they count for nothing); kept (value kept beside calling nobody, doubly
        robust, over the choices that count) with its 90 % interval (accounts as clusters), kept_weighted (by
        inverse propensities alone) with its own, and per_call (kept per choice that counts).

    Raises
    ------
    BadPlan
        If no decision was drawn by lot, or there is no policy.
    """
    trial = read_trial(history, model.recipe.churn, tuple(model.features))
    if trial is None or trial.rung != RANDOMISED:
        raise BadPlan(
            "compare_policies: no decision was drawn by lot with a propensity and a known outcome, so what a policy "
            "would have kept cannot be told. Commit plans with a holdout (ContactRules(holdout=.1)) or explore=."
        )
    if not policies:
        raise BadPlan('compare_policies: no policies. Pass {"risk": ByRisk(), "saving": ByNetSaving()}.')
    outcome = outcome_of(trial)
    lists = _lists(model, history, policies, trial, rules=rules, capacity=capacity)
    rows = [{"policy": name, **valued(trial, outcome, lists[name])} for name in policies]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _lists(
    model: ChurnModel,
    history: History,
    policies: Mapping[str, Policy],
    trial: Trial,
    *,
    rules: ContactRules | None,
    capacity: Capacity,
) -> dict[str, pd.DataFrame]:
    """Give for every policy its calls: moment, account (code) and value at stake."""
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in policies}
    for moment in np.unique(trial.decided).tolist():
        scores = model.score(history, moment)
        for name, policy in policies.items():
            calls = plan_contacts(scores, None, history, policy=policy, rules=rules, capacity=capacity).contacts
            codes = [history.code(a) for a in calls["account_id"]]
            found[name].append(
                pd.DataFrame({"decided": moment, "account": codes, "value": calls["value_at_stake"].to_numpy()})
            )
    return {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}


def valued(trial: Trial, outcome: Floats, calls: pd.DataFrame) -> dict[str, float]:
    """Value one policy's calls (columns decided, account, value) against a trial with outcome model m, float64 [n]."""
    place = pd.MultiIndex.from_arrays([trial.decided, trial.account.astype(np.int64)])
    asked = pd.MultiIndex.from_arrays(
        [calls["decided"].to_numpy(dtype=np.int64), calls["account"].to_numpy(dtype=np.int64)]
    )
    at = place.get_indexer(asked) if len(calls) else np.zeros(0, dtype=np.int64)
    counts = at >= 0
    rows, value = at[counts], np.nan_to_num(calls["value"].to_numpy(dtype=np.float64)[counts])
    told: dict[str, float] = {
        "choices": len(calls),
        "could_not": float(1 - counts.mean()) if len(calls) else float("nan"),
    }
    for label, off in (("kept", outcome), ("kept_weighted", np.zeros(len(trial)))):
        left, e = trial.left[rows] - off[rows], trial.propensity[rows]
        gain = value * np.where(trial.contact[rows], -left / e, left / (1 - e))
        total = float(gain.sum())
        each = np.bincount(trial.account[rows], gain) if len(rows) else np.zeros(1)
        named = max(int((np.bincount(trial.account[rows]) > 0).sum()), 1) if len(rows) else 1
        error = float(np.sqrt(max((each**2).sum() - total**2 / named, 0.0)))
        told |= {label: total, f"{label}_low": total - _Z90 * error, f"{label}_high": total + _Z90 * error}
    told["per_call"] = told["kept"] / len(rows) if len(rows) else float("nan")
    return told
