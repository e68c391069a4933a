"""The trial: decisions of the past, who was called by lot or judgement, and who left afterwards."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.judged import ASSUMPTION as BESIDE
from churnkit.contact.judged import judged
from churnkit.contact.later import later_calls
from churnkit.contact.leaving import facts
from churnkit.contact.role_chances import role_chances
from churnkit.contact.signs import UNKNOWN, likeliest, read_signs
from churnkit.contact.standing import flags, stamps
from churnkit.features import compute
from churnkit.history.controls import trial as reconstructed
from churnkit.labels import label
from churnkit.tables import ROLES
from churnkit.timeline import NEVER

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from churnkit.features import Expression
    from churnkit.history import History
    from churnkit.labels import ChurnDefinition

    Floats = NDArray[np.float64]

RANDOMISED, RECONSTRUCTED, OBSERVATIONAL, ASSUMED = RUNGS = (
    "randomised",
    "randomised, controls reconstructed",
    "observational",
    "assumed",
)
"""The rungs of evidence, the strongest first."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One row per decision about an account whose outcome is known.

    Attributes
    ----------
    rung
        How the decisions were made.
    account, decided
        Codes, and moments.
    contact, role
        Whether a contact was decided on; int8 position in ``ROLES``, -1 where there is none.
    propensity, role_propensity
        P(contacted), NaN where it has to be estimated; and P(each role | contacted) [n, roles]
        (:func:`churnkit.contact.role_chances.role_chances`).
    left
        1.0 left within the main horizon, 0.0 stayed.
    kind
        int8, the likeliest kind of trouble at that moment (``signs.likeliest``).
    X
        Covariates at that moment.
    immature, outside
        How many decisions were left out: too young to know the outcome; about accounts outside the population.
    assumption
        What must hold beyond the record, in a sentence.
    kinds
        float64 [n, kinds], how likely each kind is (``signs.likely``); None: ``kind`` is all that is known.
    known
        What signs and contract tell (:func:`churnkit.contact.leaving.facts`); None where not of every row.
    later
        float64 [n], calls after the decision (:func:`churnkit.contact.later.later_calls`); None: not known.
    certain
        Decisions said to be drawn by lot that could not have gone the other way (propensity 0 or 1), or whose
        propensity is not known: they tell nothing and are left out.
    repeated
        Decisions that only repeat a draw of the holdout that still held: a draw counts once.
    """

    rung: str
    account: NDArray[np.int32]
    decided: NDArray[np.int64]
    contact: NDArray[np.bool_]
    role: NDArray[np.int8]
    propensity: Floats
    role_propensity: Floats
    left: Floats
    kind: NDArray[np.int8]
    X: Floats
    immature: int
    outside: int
    assumption: str = ""
    kinds: Floats | None = None
    known: Floats | None = None
    later: Floats | None = None
    certain: int = 0
    repeated: int = 0

    def __len__(self) -> int:
        return len(self.account)

    def only(self, kept: NDArray[np.bool_]) -> Trial:
        """Give the same trial of some of its decisions."""
        rows = {
            column.name: getattr(self, column.name)[kept]
            for column in fields(self)
            if isinstance(getattr(self, column.name), np.ndarray)
        }
        return replace(self, **rows)


def read_trial(history: History, churn: ChurnDefinition, features: tuple[Expression, ...]) -> Trial | None:
    """Gather the decisions that can tell an effect.

    Those by lot; else contacts by lot, their controls reconstructed; else those of judgement; else contacts of
    judgement beside accounts that were not called (:mod:`churnkit.contact.judged`).

    Covariates and signs are taken at ``decided_at``, with what was known then; the outcome is the churn
    definition's from there on. Gives None where there are no decisions, or all or none were to call.
    """
    frame, rung, assumption, certain = _decisions(history, churn)
    if not len(frame):
        return None
    again = _repeats(frame) if rung == RANDOMISED else np.zeros(len(frame), dtype=np.bool_)
    frame = frame[~again]
    decided, account = stamps(frame, "decided_at"), frame["account"].to_numpy(dtype=np.int32)
    left = _outcomes(history, churn, account, decided)
    keep = left >= 0
    contact = frame["contact"].to_numpy(dtype=np.float64)[keep] == 1
    if not contact.any() or contact.all():
        return None
    role = _roles(frame)[keep]
    random = rung != OBSERVATIONAL
    account, decided = account[keep], decided[keep]
    signs = read_signs(history, account, decided)
    kinds = None if signs is None else signs.kinds
    X = compute(features, history, account=account, cutoff=decided).values.astype(np.float64)
    given = _numbers(frame, "role_propensity")[keep] if random else np.full(len(account), np.nan)
    return Trial(
        rung=rung,
        account=account,
        decided=decided,
        contact=contact,
        role=np.where(contact, role, -1).astype(np.int8),
        propensity=_numbers(frame, "propensity")[keep] if random else np.full(len(account), np.nan),
        role_propensity=role_chances(contact, role, given, X),
        left=left[keep].astype(np.float64),
        kind=np.full(len(account), UNKNOWN, dtype=np.int8) if kinds is None else likeliest(kinds),
        X=X,
        immature=int((left == _IMMATURE).sum()),
        outside=int((left == _OUTSIDE).sum()),
        assumption=assumption,
        kinds=kinds,
        known=facts(history, account, decided, signs) if signs is not None and signs.told.all() else None,
        later=later_calls(history, account, decided, churn.horizon.micros),
        certain=certain,
        repeated=int(again.sum()),
    )


def _decisions(history: History, churn: ChurnDefinition) -> tuple[pd.DataFrame, str, str, int]:
    """Give the decisions of the strongest rung there are, the rung, what it assumes, and how many are certain."""
    written, certain = history.decisions, 0
    if written is not None:
        written = written[(stamps(written, "decided_at") != NEVER) & written["contact"].notna().to_numpy()]
        propensity = _numbers(written, "propensity")
        drawn = (written["assignment"] == "random").to_numpy()
        by_lot = drawn & (propensity > 0) & (propensity < 1)
        certain = int((drawn & ~by_lot).sum())
        if by_lot.any():
            return written[by_lot], RANDOMISED, "", certain
        written = written[~drawn]
    if history.contacts is not None and "assignment" in history.contacts:
        found = reconstructed(history, churn)
        if found.evidence == RECONSTRUCTED:
            return (
                found.frame[(found.frame["assignment"] == "random").to_numpy()],
                RECONSTRUCTED,
                found.assumption,
                certain,
            )
    if written is not None and written["contact"].nunique() > 1:
        return written, OBSERVATIONAL, "", certain
    return judged(history, churn), OBSERVATIONAL, BESIDE, certain


def _repeats(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Mark decisions on a list made while an earlier draw of the same account still held: no new lot was drawn."""
    out = np.zeros(len(frame), dtype=np.bool_)
    if not {"on_list", "until"} <= set(frame.columns):
        return out
    decided, until, account = stamps(frame, "decided_at"), stamps(frame, "until"), frame["account"].to_numpy()
    listed = np.flatnonzero(flags(frame["on_list"]) == 1)
    holds: dict[int, int] = {}
    for row in listed[np.argsort(decided[listed], kind="stable")].tolist():
        code = int(account[row])
        if code in holds and decided[row] < holds[code]:
            out[row] = True
        elif until[row] != NEVER:
            holds[code] = int(until[row])
    return out


_IMMATURE, _OUTSIDE = -1, -2


def _numbers(frame: pd.DataFrame, column: str) -> Floats:
    return frame[column].to_numpy(dtype=np.float64) if column in frame else np.full(len(frame), np.nan)


def _roles(frame: pd.DataFrame) -> NDArray[np.int8]:
    if "role" not in frame:
        return np.full(len(frame), -1, dtype=np.int8)
    at = {role: i for i, role in enumerate(ROLES)}
    return np.array([at.get(r, -1) if isinstance(r, str) else -1 for r in frame["role"]], dtype=np.int8)


def _outcomes(
    history: History, churn: ChurnDefinition, account: NDArray[np.int32], decided: NDArray[np.int64]
) -> NDArray[np.int8]:
    """Give 1, 0, or below 0 where there is none: too young, or outside the population."""
    out = np.full(len(account), _OUTSIDE, dtype=np.int8)
    for moment in np.unique(decided):
        rows = decided == moment
        labels = label(history, churn, [int(moment)], (churn.horizon,))
        told = np.full(len(history.accounts), _OUTSIDE, dtype=np.int8)
        told[labels.account] = labels.y[:, 0]  # unknown is -1, immature
        out[rows] = told[account[rows]]
    return out
