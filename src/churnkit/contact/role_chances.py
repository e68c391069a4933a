"""P(each role | contacted) of every decision: as it was written down, and as it came out where it was not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from churnkit.tables import ROLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

LEAST = 50
"""With fewer contacts of a role its written chances are not told apart by account."""


def role_chances(contact: Flags, role: NDArray[np.int8], given: Floats, X: Floats) -> Floats:
    """Give P(role | contacted) of every row and role.

    Parameters
    ----------
    contact, role
        [n]; a role may also be known of who was not contacted (that of the call there would have been), else -1.
    given
        float64 [n], the written chance of that role; NaN or 0 where none was written.
    X
        float64 [n, k], what was known at the moment of the decision.

    Returns
    -------
    float64 [n, roles]
        Rows add up to 1. A written chance stands in its row and role. The chances of other roles, and of who was not
        contacted, are those written for contacts in that role, as a function of ``X`` where they differ; a role for
        which none was written has its share of all contacts. NaN where no contact has a role.
    """
    counts = np.bincount(role[contact & (role >= 0)], minlength=len(ROLES)).astype(np.float64)
    shares = counts / counts.sum() if counts.sum() else np.full(len(ROLES), np.nan)
    out = np.tile(shares, (len(contact), 1))
    known = (role >= 0) & (given > 0)
    drawn = known & contact & (given < 1)  # a chance of 1 says nothing of those who would be called in another role
    for number in np.unique(role[drawn]).tolist():
        mine = drawn & (role == number)
        out[:, number] = _written(X, mine, given)
    out /= out.sum(axis=1, keepdims=True)
    rows = np.flatnonzero(known)
    own, rest = given[rows], np.nan_to_num(out[rows])
    rest[np.arange(len(rows)), role[rows]] = 0.0
    rest *= np.divide(1.0 - own, rest.sum(axis=1), out=np.zeros(len(rows)), where=rest.sum(axis=1) > 0)[:, None]
    rest[np.arange(len(rows)), role[rows]] = own
    out[rows] = rest
    return out


def _written(X: Floats, mine: Flags, given: Floats) -> Floats | float:
    """Give what the rows ``mine`` say of all; who was likelier to be drawn is drawn more often, so 1 / q weighs."""
    q = given[mine]
    low, high = q.min(), q.max()
    if high - low < 1e-9 or len(q) < LEAST or not X.shape[1]:
        return float(len(q) / (1 / q).sum())
    model = HistGradientBoostingRegressor(max_iter=60, max_leaf_nodes=8, early_stopping=False, random_state=0)
    with threadpool_limits(1):
        model.fit(X[mine], q, sample_weight=1 / q)
        return np.asarray(np.clip(model.predict(X), low, high))
