"""Computing: plain values come from the engine, features of the book are held against the peers here."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.features.afterwards import combined
from churnkit.features.binding import bind, settled
from churnkit.features.book import Book, Key, Peers, key_of
from churnkit.features.engine import evaluate
from churnkit.features.expressions import Constant, Expression, FromBook, RankAmong
from churnkit.features.matrix import FeatureMatrix
from churnkit.timeline import NEVER

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from churnkit.features.feature_set import FeatureSet
    from churnkit.history import History

_KEPT = 8
"""Plans remembered for one history."""


def compute(
    features: Sequence[Expression],
    history: History,
    account: ArrayLike,
    cutoff: ArrayLike,
    *,
    books: Mapping[int, Book] | None = None,
    threads: int | None = None,
) -> FeatureMatrix:
    """Measure features for accounts at cutoffs, with what was known then.

    Parameters
    ----------
    features
        Expressions of different names.
    history
        What happened.
    account
        Codes, shape (n,): rows of ``history.accounts``.
    cutoff
        Moments, shape (n,): microseconds since 1970 UTC.
    books
        For a cutoff the peers to hold features of the book against; for every other cutoff the peers
        are the rows given here.
    threads
        None: one per processor. The values do not depend on it.

    Returns
    -------
    FeatureMatrix
        float32 ``[n, p]``, rows in the order given. A row's value does not depend on the other rows,
        but for features of the book at cutoffs without a given book.

    Raises
    ------
    UnknownSignal, UnknownAttribute, BadExpression, NameClash
        All that does not fit the history, in one message.
    CutoffOutOfReach
        If a cutoff lies after the record.
    WrongModel
        If a given book was made with other features.
    """
    account, cutoff = np.asarray(account, dtype=np.int32), np.asarray(cutoff, dtype=np.int64)
    if cutoff.size and (last := cutoff.max()) > history.last_moment:
        history.check_reach(np.array([last]))
    plan = _planned(features, history, int(cutoff.max()) if cutoff.size else NEVER)
    values = evaluate(plan.columns, history, account=account, cutoff=cutoff, threads=threads)
    moments = sorted(pd.unique(cutoff).tolist())  # by hashing: rows are many, cutoffs few
    kept = {c: books[c] for c in moments if books and c in books}
    # where nothing is held against peers, the rows of a cutoff need not be found
    rows_of = _by_cutoff(cutoff) if plan.ofbook or plan.shelves else ((c, slice(0)) for c in moments)
    for at, rows in rows_of:
        if at not in kept:
            kept[at] = plan.book(at, values, account, rows)
        if plan.ofbook:
            values[rows] = plan.against(kept[at], values[rows], account[rows])
    width = len(plan.features)
    if values.shape[1] > width:
        values = np.ascontiguousarray(values[:, :width])
    return FeatureMatrix(values, plan.features, account, cutoff, kept)


def _by_cutoff(cutoff: NDArray[np.int64]) -> Iterator[tuple[int, slice | NDArray[np.int64]]]:
    """Give every cutoff and its rows, as a slice where that is all of them."""
    moments, which = np.unique(cutoff, return_inverse=True)
    if len(moments) == 1:
        yield int(moments[0]), slice(None)
        return
    order = np.argsort(which, kind="stable")
    edges = np.searchsorted(which[order], np.arange(len(moments) + 1))
    for k, at in enumerate(moments):
        yield int(at), order[edges[k] : edges[k + 1]]


@dataclass(frozen=True, eq=False)
class _OfBook:
    """A feature of the book, or a compound that holds some.

    Attributes
    ----------
    target
        Its column.
    expression
        The feature.
    column
        For every part of it that the engine measures, the column.
    """

    target: int
    expression: Expression
    column: Mapping[Expression, int]


@dataclass(frozen=True, eq=False)
class _Plan:
    """Features bound to a history and taken apart.

    Attributes
    ----------
    given
        What was asked for, kept alive so that its identity stays its own.
    features
        The bound set.
    columns
        What the engine measures; column ``j`` is feature ``j``, or makes room for it.
    ofbook
        What is worked out afterwards.
    shelves
        For every book entry the column of its values.
    groups
        For every attribute that divides peers, each account's group.
    """

    given: tuple[object, ...]
    features: FeatureSet
    columns: tuple[Expression, ...]
    ofbook: tuple[_OfBook, ...]
    shelves: Mapping[Key, int]
    groups: Mapping[str, NDArray[np.object_]]

    def book(
        self, cutoff: int, values: NDArray[np.float32], account: NDArray[np.int32], rows: slice | NDArray[np.int64]
    ) -> Book:
        """Gather the peers of one cutoff, which are in some rows."""
        return Book(
            cutoff,
            {key: Peers.gather(values[rows, j], self._group(key[1], account[rows])) for key, j in self.shelves.items()},
        )

    def against(self, book: Book, values: NDArray[np.float32], account: NDArray[np.int32]) -> NDArray[np.float32]:
        """Work out the features of the book of one cutoff's rows."""
        done = []
        for one in self.ofbook:
            leaf = partial(self._leaf, book, values, account, one.column)
            done.append((one.target, combined(one.expression, leaf)))
        for target, result in done:
            values[:, target] = result
        return values

    def _leaf(
        self,
        book: Book,
        values: NDArray[np.float32],
        account: NDArray[np.int32],
        column: Mapping[Expression, int],
        x: Expression,
    ) -> NDArray[np.float32]:
        """Give a feature of the book, or a part that the engine has measured."""
        if isinstance(x, RankAmong):
            peers = book.of(key_of(x.arg, x.within))
            return peers.rank(values[:, column[x.arg]], self._group(x.within or "", account))
        if isinstance(x, FromBook):
            apart = values[:, column[x.arg]].astype(np.float64) - book.of(key_of(x.arg, None)).mean
            return apart.astype(np.float32)
        return values[:, column[x]]

    def _group(self, within: str, account: NDArray[np.int32]) -> NDArray[np.object_] | None:
        return self.groups[within][account] if within else None


_plans: weakref.WeakKeyDictionary[History, dict[tuple[int, ...], _Plan]] = weakref.WeakKeyDictionary()


def _planned(features: Sequence[Expression], history: History, last: int) -> _Plan:
    """Plan once for the same features (the very objects) and history: a service asks row by row."""
    origin = getattr(features, "signals", None)
    features = features if isinstance(features, Sequence) else tuple(features)
    key = (id(origin), *map(id, features))
    kept = _plans.setdefault(history, {})
    found = kept.get(key)
    if found is None:
        found = _plan(bind(features, history, before=last), history, (origin, *features))
        if [x.categories for x in found.features] != [x.categories for x in features]:
            return found  # the categories are those of this last cutoff
        for old in list(kept)[: max(0, len(kept) - _KEPT + 1)]:
            kept.pop(old, None)
        kept[key] = found
    return found


def _plan(bound: FeatureSet, history: History, given: tuple[object, ...]) -> _Plan:
    known = bound.signals or {}
    # a feature of the book is worked out in the column of what it measures; a compound gets room of its own
    direct = [_measured(x) if _reads_book(x) else x for x in bound]
    columns = [settled(x, history, known) for x in direct]
    works: list[_OfBook] = []
    shelves: dict[Key, int] = {}
    groups: dict[str, NDArray[np.object_]] = {}
    for j, x in enumerate(bound):
        if not _reads_book(x):
            continue
        places = {direct[j]: j} if isinstance(x, RankAmong | FromBook) else {}
        for leaf in _leaves(x):
            measured = _measured(leaf) if _reads_book(leaf) else leaf
            if measured not in places:
                places[measured] = len(columns)
                columns.append(settled(measured, history, known))
            if not _reads_book(leaf):
                continue
            within = leaf.within if isinstance(leaf, RankAmong) else None
            shelves.setdefault(key_of(measured, within), places[measured])
            if within:
                groups[within] = _groups(history, within)
        works.append(_OfBook(j, x, places))
    return _Plan(given, bound, tuple(columns), tuple(works), shelves, groups)


def _measured(x: Expression) -> Expression:
    """Give what a feature of the book holds against the peers; a compound of several measures nothing itself."""
    return x.arg if isinstance(x, RankAmong | FromBook) else Constant(value=0.0)


def _leaves(x: Expression) -> Iterator[Expression]:
    """Give the features of the book in a compound, and the parts that hold none."""
    if isinstance(x, RankAmong | FromBook) or not _reads_book(x):
        yield x
        return
    for part in x.parts:
        yield from _leaves(part)


def _reads_book(x: Expression) -> bool:
    return any(isinstance(each, RankAmong | FromBook) for each in x.walk())


def _groups(history: History, column: str) -> NDArray[np.object_]:
    """Give each account's peer group as text; None where it has none."""
    values = history.accounts[column].astype(object)
    return np.array([None if v is None or v != v else str(v) for v in values], dtype=object)  # noqa: PLR0124 - NaN is unlike itself
