"""The leak guard: columns that know too much, by what they say of the label on their own.

A leak shows in a single column, so each is looked at alone: cut into at most twenty bins (a missing cell and
every category are bins of their own), each bin with its rate of leaving. Whoever reads a warning should be able to
check it by a table of two columns.

References
----------
Kaufman, Rosset, Perlich and Stitelman (2012), Leakage in data mining, ACM Transactions on Knowledge Discovery from
Data 6(4), article 15.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv

from churnkit.learning.rows import account_folds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.learning.rows import Bools, Floats32, Ints

DECIDES, AFTERWARDS, EDITED, PASSING = (
    "decides the label",
    "fills in after the event",
    "edited after the cutoff",
    "does not last",
)

DECIDING = 0.95
"""AUC of one column alone from which on it almost decides who leaves; on five open sets none is above .81."""

PURE = 0.9
"""Share of leavers that a bin has at least (lower end of 90 %) where it says who leaves."""

FEW = 20
"""Leaving accounts that all of this needs; those in a pure bin, half as many."""

LASTING, NOTABLE, APART = 0.35, 0.65, 0.08
"""A column does not last if its AUC by random split is at least NOTABLE, by time at least APART lower, and keeps no
more than LASTING of its distance from one half."""

BINS = 20
MOST_ROWS = 20_000
SMOOTHING = 10.0
"""Rows at the book's rate that each bin is given beside its own."""

NINETY_NINE = 2.58


@dataclass(frozen=True)
class Suspect:
    """A column that may know too much.

    Parameters
    ----------
    column
        Its name.
    kind
        One of :data:`DECIDES`, :data:`AFTERWARDS`, :data:`EDITED`, :data:`PASSING`.
    evidence
        Why, in numbers.
    """

    column: str
    kind: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.column!r} {self.evidence}"


@dataclass(frozen=True, eq=False)
class Binned:
    """Columns cut into bins.

    Parameters
    ----------
    code : int16 [n, p]
        Bin of each cell; 0 is missing.
    """

    code: NDArray[np.int16]

    @classmethod
    def of(cls, X: Floats32, categorical: Sequence[int] = ()) -> Binned:
        """Cut quantities at their quantiles, which tied values share; categories are bins as they are."""
        code = np.zeros(X.shape, dtype=np.int16)
        for j in range(X.shape[1]):
            column, there = X[:, j], ~np.isnan(X[:, j])
            seen = column[there]
            if not len(seen):
                continue
            if j in categorical:
                code[there, j] = 1 + np.unique(seen, return_inverse=True)[1].reshape(-1)
                continue
            edges = np.unique(np.quantile(seen, np.arange(1, BINS) / BINS, method="inverted_cdf"))
            code[there, j] = 1 + np.searchsorted(edges, seen, side="left")
        return cls(code)


@dataclass(frozen=True, eq=False)
class Asked:
    """Rows with a known answer at the main horizon.

    Parameters
    ----------
    X : float32 [n, p]
    y : bool [n]
    people, cutoff : int64 [n]
    names, categorical
        Of the p columns; positions of those that hold a category's position.
    rows : int64 [n]
        Where they stand among all rows.
    """

    X: Floats32
    y: Bools
    people: Ints
    cutoff: Ints
    names: Sequence[str]
    categorical: Sequence[int]
    rows: Ints

    @classmethod
    def of(  # noqa: PLR0913 - as rows come
        cls,
        X: Floats32,
        y: NDArray[np.int8],
        people: NDArray[np.integer],
        cutoff: NDArray[np.integer],
        *,
        names: Sequence[str],
        categorical: Sequence[int] = (),
        seed: int = 0,
    ) -> Asked:
        """Take the rows whose answer is known; of many accounts, whole ones until 20,000 rows are full."""
        known = y >= 0
        if known.sum() > MOST_ROWS:
            share = MOST_ROWS / float(known.sum())
            known &= np.random.default_rng(seed).random(int(people.max()) + 1)[people] < share
        rows: Ints = np.flatnonzero(known).astype(np.int64)
        who: Ints = people[rows].astype(np.int64)
        when: Ints = cutoff[rows].astype(np.int64)
        return cls(X[rows], y[rows] == 1, who, when, names, categorical, rows)

    def leavers(self, rows: Bools | slice = slice(None)) -> int:
        """How many distinct accounts are seen to leave."""
        return len(np.unique(self.people[rows][self.y[rows]]))


def suspects(asked: Asked, folds: Sequence[tuple[Bools, Bools]] = (), *, seed: int = 0) -> list[Suspect]:
    """Look at every column alone.

    Parameters
    ----------
    asked
        The rows.
    folds
        Time-forward ones (rows that teach, later rows that judge); without them nothing is said of time.

    Returns
    -------
    list of Suspect
        At most one per column, the gravest; none where fewer than twenty accounts are seen to leave, or to stay.
    """
    stayers = len(np.unique(asked.people[~asked.y]))
    if min(asked.leavers(), stayers) < FEW:
        return []
    binned = Binned.of(asked.X, asked.categorical)
    grouped = account_folds(np.unique(asked.people, return_inverse=True)[1], asked.y.astype(np.int8)[:, None], 2, seed)
    found = []
    for j, name in enumerate(asked.names):
        code = binned.code[:, j]
        if code.min() == code.max():
            continue
        by_chance = _auc(code, asked.y, grouped)
        suspect = _fills_in(name, code, asked) or _decides(name, by_chance) or _pure(name, j, code, asked)
        found.append(suspect or _passes(name, code, asked, by_chance, folds))
    return [s for s in found if s is not None]


def _auc(code: NDArray[np.int16], y: Bools, folds: Sequence[tuple[Bools, Bools]]) -> float:
    """Mean AUC, over folds, of a column's bins by their rate of leaving among the rows that teach."""
    size = int(code.max()) + 1
    found, weight = [], []
    for train, test in folds:
        left, all_ = (np.bincount(code[rows], minlength=size) for rows in (train & y, train))
        base = float(left.sum() / max(all_.sum(), 1))
        rate = (left + SMOOTHING * base) / (all_ + SMOOTHING)
        there, gone = (np.bincount(code[rows], minlength=size).astype(float) for rows in (test & ~y, test & y))
        if not there.sum() or not gone.sum():
            continue
        place, where = np.unique(rate, return_inverse=True)
        there, gone = (np.bincount(where.reshape(-1), part, len(place)) for part in (there, gone))
        below = np.cumsum(there) - there / 2
        found.append(float(gone @ below / (gone.sum() * there.sum())))
        weight.append(float(gone.sum()))
    return float(np.average(found, weights=weight)) if found else 0.5


def _decides(name: str, by_chance: float) -> Suspect | None:
    if by_chance < DECIDING:
        return None
    return Suspect(name, DECIDES, f"almost decides who leaves (AUC {by_chance:.3f} alone, on accounts not learnt from)")


def least_share(events: int, of: int) -> float:
    """Lower end of the 90 % interval of a share (Clopper and Pearson 1934); 0 without events."""
    return float(betaincinv(events, of - events + 1, 0.05)) if events else 0.0


def _accounts(asked: Asked, rows: Bools) -> tuple[int, int]:
    """Distinct accounts among some rows, and those of them that are seen to leave there."""
    return len(np.unique(asked.people[rows])), asked.leavers(rows)


def _fills_in(name: str, code: NDArray[np.int16], asked: Asked) -> Suspect | None:
    """Whether the column is filled for leavers alone."""
    filled = code > 0
    if filled.mean() > 0.5:
        return None
    accounts, left = _accounts(asked, filled)
    rate = float(asked.y[filled].mean()) if filled.any() else 0.0
    if left < FEW // 2 or rate < PURE or least_share(left, accounts) < PURE or asked.y.mean() > 0.5:
        return None
    told = f"is filled for {accounts:,} accounts and {left:,} of them left; of all, {asked.y.mean():.1%} left"
    return Suspect(name, AFTERWARDS, f"fills in with the event: it {told}")


def _pure(name: str, j: int, code: NDArray[np.int16], asked: Asked) -> Suspect | None:
    """Whether one bin holds leavers alone."""
    size = int(code.max()) + 1
    left, rows = np.bincount(code[asked.y], minlength=size), np.bincount(code, minlength=size)
    for k in np.flatnonzero((left >= FEW // 2) & (left >= PURE * rows)):
        inside = code == k
        accounts, leavers = _accounts(asked, inside)
        if leavers < FEW // 2 or least_share(leavers, accounts) < PURE or asked.y.mean() > 0.5:
            continue
        words = _range(asked.X[inside, j], categorical=j in asked.categorical)
        told = f"{leavers:,} of {accounts:,} accounts left; of all, {asked.y.mean():.1%}"
        return Suspect(name, DECIDES, f"almost decides who leaves where {words} ({told})")
    return None


def _range(values: Floats32, *, categorical: bool) -> str:
    low, high = (float(np.nanmin(values)), float(np.nanmax(values))) if not np.isnan(values).all() else (np.nan,) * 2
    if np.isnan(low):
        return "it is missing"
    if categorical or low == high:
        return f"it is {'category ' if categorical else ''}{low:g}"
    return f"it lies from {low:g} to {high:g}"


def _passes(
    name: str, code: NDArray[np.int16], asked: Asked, by_chance: float, folds: Sequence[tuple[Bools, Bools]]
) -> Suspect | None:
    """Whether what the column says by random split is gone when it is asked of later cutoffs."""
    if by_chance < NOTABLE or not folds:
        return None
    # A signal that was not recorded at first is no leak: what is not there cannot have been learnt.
    lively = [(a, b) for a, b in folds if (code[a] > 0).mean() >= 0.5 * (code[b] > 0).mean()]
    if not lively:
        return None
    forward = _auc(code, asked.y, lively)
    tested = np.logical_or.reduce([b for _, b in lively])
    error = auc_error(by_chance, asked.leavers(tested), len(np.unique(asked.people[tested])))
    lost = by_chance - forward
    if lost < max(APART, NINETY_NINE * error) or forward - 0.5 > LASTING * (by_chance - 0.5):
        return None
    told = f"AUC {by_chance:.2f} by random split of accounts, {forward:.2f} when learnt on earlier cutoffs"
    return Suspect(name, PASSING, f"does not last: {told}")


def auc_error(auc: float, left: int, accounts: int) -> float:
    """Give the standard error of an AUC (Hanley and McNeil 1982, Radiology 143, 29-36, formula 3)."""
    stayed = accounts - left
    if left < 1 or stayed < 1:
        return float("inf")
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (auc * (1 - auc) + (left - 1) * (q1 - auc**2) + (stayed - 1) * (q2 - auc**2)) / (left * stayed)
    return float(np.sqrt(variance))
