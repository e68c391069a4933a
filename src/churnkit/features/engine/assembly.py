"""Flat tables of a program, gathered piece by piece; equal pieces are kept once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from churnkit.features.engine import arithmetic as does
from churnkit.features.engine.aggregates import KINDS
from churnkit.features.engine.desk import Program
from churnkit.timeline import NEVER, zone_offsets

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from churnkit.history.signals import Signals

Test: TypeAlias = tuple[tuple[int, int], ...]
"""A test as postfix code: operation and argument."""


@dataclass(frozen=True)
class Listed:
    """A list of facts: signal codes and the test they pass (empty: none)."""

    signals: frozenset[int]
    test: Test


@dataclass(frozen=True)
class Measured:
    """An aggregate of a list over a window; ``start`` and ``end`` are slots."""

    function: str
    listed: Listed
    start: int
    end: int


@dataclass
class Assembly:
    """A program being put together.

    Every method that gives a register, slot, constant, set or column finds an equal one again.
    """

    signals: Signals
    registers: int = 0
    slots: dict[int | None, int] = field(default_factory=lambda: {None: 0})
    measured: dict[Measured, int] = field(default_factory=dict)
    steps: dict[tuple[int, ...], int] = field(default_factory=dict)
    constants: dict[float, int] = field(default_factory=dict)
    label_sets: dict[tuple[bool, ...], int] = field(default_factory=dict)
    columns: dict[Hashable, tuple[int, NDArray[np.float64]]] = field(default_factory=dict)

    def slot(self, micros: int | None) -> int:
        """Give the slot of a boundary so long before the cutoff; None is the beginning of time."""
        return self.slots.setdefault(micros, len(self.slots))

    def constant(self, value: float) -> int:
        """Give the place of a number; NaN finds itself again only by identity, which does no harm."""
        return self.constants.setdefault(float(value), len(self.constants))

    def label_set(self, meant: Sequence[bool]) -> int:
        """Give the place of a set of labels: for no label, then each label, whether it is meant."""
        return self.label_sets.setdefault(tuple(meant), len(self.label_sets))

    def column(self, key: Hashable, values: NDArray[np.float64]) -> int:
        """Give the place of a column of the accounts."""
        return self.columns.setdefault(key, (len(self.columns), values))[0]

    def measure(self, measured: Measured) -> int:
        """Give the register of an aggregate."""
        if measured not in self.measured:
            self.measured[measured] = self._register()
        return self.measured[measured]

    def step(self, operation: int, *arguments: int) -> int:
        """Give the register of an operation on registers, or on a constant or column."""
        key = (operation, *arguments)
        if key not in self.steps:
            self.steps[key] = self._register()
        return self.steps[key]

    def number(self, value: float) -> int:
        """Give a register that holds a number."""
        return self.step(does.CONSTANT, self.constant(value))

    def _register(self) -> int:
        self.registers += 1
        return self.registers - 1

    def finish(self, output: Sequence[int], *, timezone: str) -> tuple[Program, list[Listed]]:
        """Lay all pieces out as tables, and name the lists in them.

        Parameters
        ----------
        output
            The register of each feature.
        timezone
            Whose midnights divide days.
        """
        groups: dict[Listed, list[Measured]] = {}
        for one in self.measured:
            groups.setdefault(one.listed, []).append(one)
        lists, by_list = list(groups), list(groups.values())
        tests = list(dict.fromkeys(one.test for one in lists if one.test))
        used = [sorted({s for m in group for s in (m.start, m.end)}) for group in by_list]
        aggregates = [(KINDS[m.function].number, m.start, m.end, self.measured[m]) for group in by_list for m in group]
        plain = timezone == "UTC"
        starts, offsets = (np.zeros(1, np.int64),) * 2 if plain else zone_offsets(timezone, *self.signals.reach)
        names = len(self.signals.names)
        slot_edges, aggregate_edges = _edges(used), _edges(by_list)
        rows = [
            (
                next(iter(one.signals)) if len(one.signals) == 1 else -1,
                tests.index(one.test) if one.test else -1,
                _needs(group),
                NEVER,
                *slot_edges[k : k + 2],
                *aggregate_edges[k : k + 2],
            )
            for k, (one, group) in enumerate(groups.items())
        ]
        program = Program(
            lists=_table(rows, 8),
            member=_table([[s in one.signals for s in range(names)] for one in lists], names, np.bool_),
            slot_of=_ints([slot for slots in used for slot in slots]),
            aggregates=_table(aggregates, 4),
            slot=_ints([micros or 0 for micros in self.slots]),
            test=_edges(tests),
            test_code=_table([step for test in tests for step in test], 2),
            constant=np.array(list(self.constants), dtype=np.float64),
            label_set=_table(list(self.label_sets), len(self.signals.labels) + 1, np.bool_),
            code=_table([(k[0], r, *k[1:], *(0,) * (4 - len(k))) for k, r in self.steps.items()], 5),
            column=_table([values for _, values in self.columns.values()], self._accounts(), np.float64),
            output=_ints(output),
            zone=np.array([starts, offsets]),
        )
        return program, lists

    def _accounts(self) -> int:
        return max((len(values) for _, values in self.columns.values()), default=0)


def _needs(group: Sequence[Measured]) -> int:
    needs = 0
    for one in group:
        needs |= KINDS[one.function].needs
    return needs


def _ints(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _edges(groups: Sequence[Sequence[object]]) -> NDArray[np.int64]:
    """Where each group begins once all are joined, and where the last one ends."""
    return np.cumsum([0, *(len(group) for group in groups)]).astype(np.int64)


def _table(rows: Sequence[object], width: int, dtype: type[np.generic] = np.int64) -> NDArray[Any]:
    """Two dimensions also where there is no row."""
    return np.ascontiguousarray(np.array(rows, dtype=dtype).reshape(len(rows), width))
