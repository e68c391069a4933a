"""Trees laid out as a flat program: one line per step of the way down and up again.

A tree is walked depth first. Each node is entered on the way down and left on the way up; a node with
two inner children is turned at in between, and a node with two leaves is done in one step. Leaves have
no step of their own. Working values stand in numbered slots, reused as soon as they are free; of two
inner children the one that needs more slots goes first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.reasons.trees import Trees


BOTH, ENTER, LEAVE_LEAF, TURN, LEAVE = range(5)
"""Steps: two leaves; on the way down; on the way up beside a leaf; between two inner children; up from both."""

STEP, SLOT, COLUMN, KIND, DEPTH, BEFORE, TABLE, KEPT, WORD, WORDS = range(10)
"""What the whole numbers of a line mean; BEFORE is where the nearest earlier split on the feature stands (or -1)."""

LINE, NUMBERS = 10, 4
"""How many whole numbers and floats a line has."""

FLIPPED = 4
"""Added to a node's kind if its children have changed places."""

THRESHOLD, SHARE, VALUE, DIFFERENCE = range(4)
"""What the floats of a line mean."""

PAD = 8
"""Tables are padded to whole registers."""


@dataclass(frozen=True)
class Program:
    """Trees as the kernel reads them; every array is owned by the program and written once.

    Parameters
    ----------
    columns
        How many columns a row has.
    base
        What the trees say of nobody in particular.
    lines, numbers
        Per step whole numbers and floats (the constants above).
    first, length, points
        Per tree where its lines start, how many they are, and its quadrature points.
    tables
        Rows of e and g (see :mod:`churnkit.reasons.kernel`), ``PAD``-padded, where TABLE points to.
    weights
        Per tree the quadrature weights.
    bits
        Sets of categories.
    slots, depth
        Room that a row needs: numbers in slots, and the deepest node.
    """

    columns: int
    base: float
    lines: NDArray[np.int64]
    numbers: NDArray[np.float64]
    first: NDArray[np.int64]
    length: NDArray[np.int64]
    points: NDArray[np.int64]
    tables: NDArray[np.float64]
    weights: NDArray[np.float64]
    bits: NDArray[np.uint32]
    slots: int
    depth: int


@dataclass(frozen=True)
class _Line:
    """One line: whole numbers and floats."""

    line: list[int]
    numbers: list[float]


@dataclass(frozen=True)
class _Visit:
    """A node to be visited; ``above`` tells of each feature on its path where its u stands, w' and its line."""

    node: int
    slot: int
    depth: int
    above: dict[int, tuple[int, float, int]]


@dataclass
class _Lines:
    """The lines of one tree in the making."""

    lines: list[list[int]] = field(default_factory=list)
    numbers: list[list[float]] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)  # w' of each repeated split
    features: int = 0  # the most features on one path
    slots: int = 1
    depth: int = 1


def lowered(trees: Trees) -> Program:
    """Lay trees out as a program; the trees must not be linear."""
    nodes = _Nodes(trees)
    parts, points, tables, weights, room = [], [], [], [], 0
    for root in trees.roots.tolist():
        part = nodes.lines(root)
        count = max(1, (part.features + 1) // 2)
        table, weight = _tables(np.array(part.ratios), count)
        for line in part.lines:
            line[TABLE] = room + line[TABLE] * table.shape[1]
        room += table.size
        parts.append(part)
        points.append(count)
        tables.append(table.ravel())
        weights.append(weight)
    count_of = [len(part.lines) for part in parts]
    wide = np.zeros((len(weights), -(-max(points, default=1) // PAD) * PAD))
    for at, weight in enumerate(weights):
        wide[at, : len(weight)] = weight
    return Program(
        columns=trees.columns,
        base=trees.base(),
        lines=np.array([line for part in parts for line in part.lines], dtype=np.int64).ravel(),
        numbers=np.array([n for part in parts for n in part.numbers], dtype=np.float64).ravel(),
        first=np.cumsum([0, *count_of], dtype=np.int64)[:-1],
        length=np.array(count_of, dtype=np.int64),
        points=np.array(points, dtype=np.int64),
        tables=np.concatenate(tables) if tables else np.zeros(1),
        weights=wide,
        bits=trees.bits if len(trees.bits) else np.zeros(1, np.uint32),
        slots=max((part.slots * n for part, n in zip(parts, points, strict=True)), default=1),
        depth=max((part.depth for part in parts), default=1),
    )


def _tables(ratios: NDArray[np.float64], points: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give per ratio w' the numbers e and g at each quadrature point; row 0 is for a first meeting (w' = 1)."""
    t, weight = np.polynomial.legendre.leggauss(points)
    t, weight = (t + 1.0) / 2.0, weight / 2.0
    wide = -(-points // PAD) * PAD
    table = np.zeros((1 + len(ratios), 2 * wide))
    before = np.concatenate([[1.0], ratios])[:, None]
    below = before + t * (1.0 - before)
    table[:, :points] = t / below
    table[:, wide : wide + points] = before / below**2
    table[0, :points], table[0, wide : wide + points] = t, 1.0
    return table, weight


class _Nodes:
    """The nodes of many trees as lists, which Python reads faster than arrays."""

    def __init__(self, trees: Trees) -> None:
        self.column, self.kind = trees.column.tolist(), trees.kind.tolist()
        self.left, self.right = trees.left.tolist(), trees.right.tolist()
        self.threshold, self.share = trees.threshold.tolist(), trees.share.tolist()
        self.word = np.where(trees.kind == 2, trees.zero_left, trees.word).tolist()
        self.words, self.value = trees.words.tolist(), trees.value.tolist()

    def lines(self, root: int) -> _Lines:
        """Walk one tree."""
        out = _Lines()
        if root < 0:
            return out
        need = self._need(root)
        todo: list[_Visit | _Line] = [_Visit(root, 0, 0, {})]
        while todo:
            item = todo.pop()
            if isinstance(item, _Visit):
                todo += reversed(self._steps(item, out, need))
            else:
                out.lines.append(item.line)
                out.numbers.append(item.numbers)
        return out

    def _need(self, root: int) -> dict[int, int]:
        """Give the slots that each node's subtree uses."""
        order, need = [root], dict[int, int]()
        for at in order:
            order += [child for child in (self.left[at], self.right[at]) if child >= 0]
        for at in reversed(order):
            one, two = sorted((need.get(self.left[at], 0), need.get(self.right[at], 0)))
            need[at] = max(two + 1, one + 2) if one else two + 1
        return need

    def _steps(self, visit: _Visit, out: _Lines, need: dict[int, int]) -> list[_Visit | _Line]:
        """Write a node's first line, and give what is to follow."""
        node, slot, depth = visit.node, visit.slot, visit.depth
        column, share, kind = self.column[node], self.share[node], self.kind[node]
        left, right = self.left[node], self.right[node]
        if need.get(left, 0) < need.get(right, 0):
            left, right, share, kind = right, left, 1.0 - share, kind + FLIPPED
        before, ratio, table = -1, 1.0, 0
        if column in visit.above:
            before, ratio, earlier = visit.above[column]
            out.lines[earlier][KEPT] = 1
            out.ratios.append(ratio)
            table = len(out.ratios)
        at = len(out.lines)
        first = visit.above | {column: (2 * depth, ratio * share, at)}
        second = visit.above | {column: (2 * depth + 1, ratio * (1.0 - share), at)}
        out.features = max(out.features, len(first))
        out.slots = max(out.slots, slot + 1 + (left >= 0) + (right >= 0))
        out.depth = max(out.depth, depth + 1)
        rest = [slot, column, kind, depth, before, table, 0, self.word[node], self.words[node]]

        def line(step: int, value: float = 0.0, difference: float = 0.0) -> _Line:
            return _Line([step, *rest], [self.threshold[node], share, value, difference])

        if left < 0:
            apart = self.value[~left] - self.value[~right]
            return [line(BOTH, self.value[~right] + share * apart, apart)]
        down: list[_Visit | _Line] = [line(ENTER), _Visit(left, slot + 1, depth + 1, first)]
        if right < 0:
            return [*down, line(LEAVE_LEAF, self.value[~right])]
        return [*down, line(TURN), _Visit(right, slot + 2, depth + 1, second), line(LEAVE)]
