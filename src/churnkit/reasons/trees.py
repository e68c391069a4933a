"""LightGBM's trees as flat arrays, with LightGBM's own decisions.

A booster's text holds its trees one by one; here they stand in a few long arrays, which is what the
kernel reads. A child that is zero or more is a node, a child below zero is the leaf ``~child``.

The decision at a node is LightGBM's (``Tree::NumericalDecision`` and ``Tree::CategoricalDecision`` in
its ``tree.h``): values are float32, thresholds float64; a missing value goes where the node says, or
counts as zero where the column had none in training; a category goes left if its bit is set.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from churnkit.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

BELOW, BELOW_OR_MISSING, ZERO_MISSING, CATEGORY = 0, 1, 2, 3
"""How a node decides: x <= threshold; that, or x is missing; that, but zero counts as missing; a set of categories."""

VERSIONS = ("v3", "v4")
"""Versions of LightGBM's text that are read here."""

_CATEGORICAL, _DEFAULT_LEFT, _MISSING_ZERO = 1, 2, 1
_ZERO = np.float64(np.float32(1e-35))  # LightGBM's kZeroThreshold


@dataclass(frozen=True)
class Trees:
    """Trees in flat arrays; every tree's output is one of its leaf values, and trees add up.

    Parameters
    ----------
    columns
        How many columns the trees were grown on.
    roots
        Per tree its first node, or ``~leaf``.
    column, threshold, kind
        Per node what it asks (``kind`` is one of the constants above).
    left, right
        Per node its children.
    share
        Per node the share of its training rows that went left (its cover ratio), in [0, 1].
    zero_left
        Per node whether a missing value (and, by ``kind``, zero) goes left.
    word, words
        Per node where its category bits start in ``bits``, and how many 32-bit words they are.
    bits
        Sets of categories, 32 to a word.
    value
        Per leaf its value.
    beyond
        What these arrays do not tell, in words: ``"linear leaves"``, a text newer than this reader; else empty.
    """

    columns: int
    roots: NDArray[np.int32]
    column: NDArray[np.int32]
    threshold: NDArray[np.float64]
    kind: NDArray[np.uint8]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    share: NDArray[np.float64]
    zero_left: NDArray[np.bool_]
    word: NDArray[np.int32]
    words: NDArray[np.int32]
    bits: NDArray[np.uint32]
    value: NDArray[np.float64]
    beyond: str = ""

    def goes_left(self, node: int, x: np.float32 | float) -> bool:
        """Whether a value goes left at a node."""
        kind, missing = self.kind[node], bool(np.isnan(x))
        if kind == CATEGORY:
            if missing or not -1 < x < 32 * self.words[node]:
                return False
            at = int(x)
            return bool(self.bits[self.word[node] + at // 32] >> np.uint32(at % 32) & 1)
        if missing or (kind == ZERO_MISSING and abs(float(x)) <= _ZERO):
            return bool(self.zero_left[node])
        return bool(float(x) <= self.threshold[node])

    def base(self) -> float:
        """Give what the trees say of nobody in particular: the mean of the leaves, weighted by cover."""
        total = 0.0
        for root in self.roots:
            stack = [(int(root), 1.0)]
            while stack:
                at, weight = stack.pop()
                if at < 0:
                    total += weight * float(self.value[~at])
                else:
                    share = float(self.share[at])
                    stack += [(int(self.left[at]), weight * share), (int(self.right[at]), weight * (1.0 - share))]
        return total

    def scaled(self, factor: float) -> Trees:
        """Give the same trees with every leaf value times ``factor``."""
        return replace(self, value=self.value * factor)


def conditioned(trees: Trees, column: int, value: float) -> Trees:
    """Give the trees as they are for whoever has ``value`` in ``column``.

    Every split on the column is resolved: its parent leads straight to the branch that ``value`` takes.
    The cover ratios of all other splits stay as they are, so the base is one number per value, and the
    column can never be a reason.
    """
    target = np.arange(len(trees.column), dtype=np.int32)
    for node in np.flatnonzero(trees.column == column):
        at = int(node)
        while at >= 0 and trees.column[at] == column:
            at = int((trees.left if trees.goes_left(at, value) else trees.right)[at])
        target[node] = at

    def led(child: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.where(child >= 0, target[np.maximum(child, 0)] if len(target) else child, child).astype(np.int32)

    return replace(trees, roots=led(trees.roots), left=led(trees.left), right=led(trees.right))


def joined(several: Sequence[Trees]) -> Trees:
    """Put several sets of trees, grown on the same columns, behind one another."""
    node = np.cumsum([0] + [len(t.column) for t in several])
    leaf = np.cumsum([0] + [len(t.value) for t in several])
    word = np.cumsum([0] + [len(t.bits) for t in several])

    def moved(name: str) -> NDArray[np.int32]:
        parts = [getattr(t, name) for t in several]
        shifted = [np.where(p >= 0, p + node[i], p - leaf[i]) for i, p in enumerate(parts)]
        return np.concatenate(shifted).astype(np.int32)

    plain = {
        name: np.concatenate([getattr(t, name) for t in several])
        for name in ("column", "threshold", "kind", "share", "zero_left", "words", "bits", "value")
    }
    return Trees(
        columns=max(t.columns for t in several),
        roots=moved("roots"),
        left=moved("left"),
        right=moved("right"),
        word=np.concatenate([t.word + word[i] for i, t in enumerate(several)]).astype(np.int32),
        beyond=next((t.beyond for t in several if t.beyond), ""),
        **plain,
    )


def read_trees(text: str) -> Trees:
    """Read the trees out of a LightGBM booster's text; added up they give its raw score.

    Raises
    ------
    BundleError
        If the text is not a booster's, or it has several outputs per row.
    """
    head, _, rest = text.partition("\nTree=")
    header = dict(_fields(head))
    if "max_feature_idx" not in header:
        raise BundleError("booster: the text is not a LightGBM model (no max_feature_idx); save the model again.")
    if header.get("num_tree_per_iteration", "1") != "1":
        raise BundleError("booster: several outputs per row; a churn model has one.")
    columns = int(header["max_feature_idx"]) + 1
    if header.get("version", VERSIONS[-1]) not in VERSIONS:
        return _leaf(0.0, columns, beyond=f"a text of version {header['version']}")
    body = rest.partition("\nend of trees")[0]
    several = [_tree(dict(_fields(part)), columns) for part in body.split("\nTree=")] if rest else []
    return joined(several) if several else _leaf(0.0, columns)


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, _, value = line.partition("=")
        yield key, value


def _leaf(value: float, columns: int, *, beyond: str = "") -> Trees:
    ints, floats = np.empty(0, np.int32), np.empty(0)
    return Trees(
        columns=columns,
        roots=np.array([-1], np.int32),
        column=ints,
        threshold=floats,
        kind=np.empty(0, np.uint8),
        left=ints,
        right=ints,
        share=floats,
        zero_left=np.empty(0, bool),
        word=ints,
        words=ints,
        bits=np.empty(0, np.uint32),
        value=np.array([value]),
        beyond=beyond,
    )


def _tree(fields: dict[str, str], columns: int) -> Trees:
    def ints(key: str) -> NDArray[np.int64]:
        return np.array(fields.get(key, "").split(), dtype=np.int64)

    value = np.array(fields["leaf_value"].split(), dtype=np.float64)
    beyond = "linear leaves" if fields.get("is_linear", "0") == "1" else ""
    if len(value) == 1:
        return _leaf(float(value[0]), columns, beyond=beyond)
    decision, left, right = ints("decision_type"), ints("left_child"), ints("right_child")
    threshold = np.array(fields["threshold"].split(), dtype=np.float64)
    category = (decision & _CATEGORICAL) > 0
    missing = decision >> 2 & 3
    default = (decision & _DEFAULT_LEFT) > 0
    # without missing values in training a missing value counts as zero
    zero_left = np.where(missing == 0, threshold >= 0.0, default)
    kind = np.where(zero_left, BELOW_OR_MISSING, BELOW)
    kind = np.where(category, CATEGORY, np.where(missing == _MISSING_ZERO, ZERO_MISSING, kind))
    which, bounds = np.where(category, threshold, 0).astype(np.int64), ints("cat_boundaries")
    start = bounds[which] if len(bounds) else np.zeros_like(which)
    return Trees(
        columns=columns,
        roots=np.zeros(1, np.int32),
        column=ints("split_feature").astype(np.int32),
        threshold=np.where(category, 0.0, threshold),
        kind=kind.astype(np.uint8),
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        share=_shares(left, right, ints("internal_count"), ints("leaf_count")),
        zero_left=zero_left & ~category,
        word=np.where(category, start, 0).astype(np.int32),
        words=np.where(category, bounds[which + 1] - start if len(bounds) else 0, 0).astype(np.int32),
        bits=ints("cat_threshold").astype(np.uint32),
        value=value,
        beyond=beyond,
    )


def _shares(
    left: NDArray[np.int64], right: NDArray[np.int64], node: NDArray[np.int64], leaf: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Give the share of rows that went left; a node that no row reached counts both sides alike."""

    def rows(child: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.where(child >= 0, node[np.maximum(child, 0)], leaf[np.maximum(~child, 0)]).astype(np.float64)

    to_left, both = rows(left), rows(left) + rows(right)
    return np.where(both > 0, to_left / np.where(both > 0, both, 1.0), 0.5)
