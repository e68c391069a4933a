"""The crew: who may call, for how long, with which skills, and who stands above whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from churnkit.contact.roster import NOBODY
from churnkit.errors import BadPlan, did_you_mean
from churnkit.tables import ROLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.roster import Roster
    from churnkit.contact.rules import ContactRules
    from churnkit.history import History

    Floats = NDArray[np.float64]

Capacity: TypeAlias = "int | Mapping[str, float] | None"
"""A number of contacts for the whole list, hours by manager_id, or None: the managers' own hours."""

CONTACTS_EACH = 10
"""Contacts for each manager where no hours are known: two a working day for a week."""


@dataclass(frozen=True, eq=False)
class Crew:
    """Who may call.

    Attributes
    ----------
    ids, names
        Managers: those of the accounts and those of the managers table, by ascending id.
    owner
        For every account of the roster its own manager; -1: none.
    boss
        Position of whom each reports to; -1: nobody.
    skilled
        bool [m, roles].
    pool
        For every manager (and, last, for accounts without one) the pool that a call is taken from;
        -1: there is none.
    limit
        float64 [pools]: hours or contacts.
    pool_ids
        The manager of each pool; "" for the pool of accounts without manager, or the book's.
    unit
        "hours" or "contacts".
    hired
        bool [m]: whether the manager is known to work here (or nobody says who does).
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    owner: NDArray[np.int64]
    boss: NDArray[np.int64]
    skilled: NDArray[np.bool_]
    pool: NDArray[np.int64]
    limit: Floats
    pool_ids: tuple[str, ...]
    unit: str
    hired: NDArray[np.bool_]
    notes: tuple[str, ...]

    def line(self, manager: int) -> list[int]:
        """Give a manager and everybody above, nearest first; a circle ends where it closes."""
        line: list[int] = []
        while manager != NOBODY and manager not in line:
            line.append(manager)
            manager = int(self.boss[manager])
        return line


def read_crew(roster: Roster, history: History, rules: ContactRules, capacity: Capacity) -> Crew:
    """Find who may call and for how long.

    Raises
    ------
    BadPlan
        If the capacity names an unknown manager, is negative, or is not a number or a mapping.
    """
    table = history.managers
    if table is not None:
        table = table.drop_duplicates("manager_id", keep="last")
    listed = [] if table is None else [str(m) for m in table["manager_id"]]
    ids = tuple(sorted({*listed, *roster.manager_ids}))
    at = pd.Index(listed).get_indexer(list(ids)) if listed else np.full(len(ids), NOBODY)
    notes: list[str] = []
    boss = _bosses(table, ids, at, notes)
    limit, pool, unit, pool_ids = _limits(table, ids, at, capacity, notes)
    names = tuple("" if table is None or i < 0 or "name" not in table else _text(table["name"].iloc[i]) for i in at)
    hired = (at >= 0) if unit == "hours" and not isinstance(capacity, Mapping) else np.ones(len(ids), dtype=np.bool_)
    return Crew(
        ids=ids,
        names=names,
        owner=np.append(pd.Index(ids).get_indexer(list(roster.manager_ids)), NOBODY)[roster.manager],
        boss=boss,
        skilled=_skills(table, at, rules.least_skill),
        pool=pool,
        limit=limit,
        pool_ids=pool_ids,
        unit=unit,
        hired=np.asarray(hired),
        notes=tuple(notes),
    )


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _bosses(
    table: pd.DataFrame | None, ids: tuple[str, ...], at: NDArray[np.int64], notes: list[str]
) -> NDArray[np.int64]:
    boss = np.full(len(ids), NOBODY, dtype=np.int64)
    if table is None or "reports_to" not in table:
        return boss
    named = [_text(table["reports_to"].iloc[i]) if i >= 0 else "" for i in at]
    boss = pd.Index(ids).get_indexer(named).astype(np.int64)
    unknown = [n for n, b in zip(named, boss, strict=True) if n and b < 0]
    if unknown:
        notes.append(
            f"managers: {len(unknown)} report to nobody in the table (first: {unknown[0]!r}); the line ends there."
        )
    for start in range(len(ids)):
        seen, here = [start], int(boss[start])
        while here not in (NOBODY, *seen):
            seen.append(here)
            here = int(boss[here])
        if here == start:
            circle = " > ".join(ids[i] for i in [*seen, start])
            notes.append(f"managers: reports_to runs in a circle ({circle}); escalation stops where it closes.")
            break
    return np.asarray(boss)


def _skills(table: pd.DataFrame | None, at: NDArray[np.int64], least: float) -> NDArray[np.bool_]:
    """A skill is there from ``least`` of the best in the house; all are there where the table has no such column."""
    skilled = np.ones((len(at), len(ROLES)), dtype=np.bool_)
    for column, role in enumerate(ROLES):
        if table is None or f"skill_{role}" not in table:
            continue
        level = table[f"skill_{role}"].to_numpy(dtype=np.float64)
        best = np.nanmax(level) if np.isfinite(level).any() else 0.0
        own = np.where(at >= 0, level[at], 0.0)
        skilled[:, column] = (np.nan_to_num(own) >= least * best) & (np.nan_to_num(own) > 0)
    return skilled


def _limits(
    table: pd.DataFrame | None, ids: tuple[str, ...], at: NDArray[np.int64], capacity: Capacity, notes: list[str]
) -> tuple[Floats, NDArray[np.int64], str, tuple[str, ...]]:
    """Give the limit of each pool, the pool of each manager (last: of nobody), the unit and the pools' ids."""
    own = np.arange(len(ids) + 1)
    if isinstance(capacity, Mapping):
        hours = _given_hours(capacity, ids, notes)
        return hours, np.append(own[:-1], NOBODY), "hours", ids
    if capacity is not None:
        if isinstance(capacity, bool) or not isinstance(capacity, int | np.integer) or capacity < 0:
            raise BadPlan(
                f"capacity {capacity!r} is neither a number of contacts (a whole number from 0) nor hours "
                'by manager_id. Pass capacity=20 or capacity={"anna": 12.5}.'
            )
        return np.array([float(capacity)]), np.zeros(len(ids) + 1, dtype=np.int64), "contacts", ("",)
    if table is not None and "weekly_capacity_hours" in table and table["weekly_capacity_hours"].notna().any():
        weekly = table["weekly_capacity_hours"].to_numpy(dtype=np.float64)
        hours = np.where(at >= 0, weekly[at], 0.0)
        unknown = np.isnan(hours)
        if unknown.any():
            first = ids[int(np.argmax(unknown))]
            notes.append(
                f"managers: {int(unknown.sum())} have no weekly_capacity_hours (first: {first}) and were given none."
            )
        return np.nan_to_num(hours), np.append(own[:-1], NOBODY), "hours", ids
    notes.append(
        f"capacity: no hours are known, so {CONTACTS_EACH} contacts for "
        f"{'each manager' if ids else 'the book'}. Pass capacity=, or a managers table with weekly_capacity_hours."
    )
    return np.full(len(ids) + 1, float(CONTACTS_EACH)), own, "contacts", (*ids, "")


def _given_hours(capacity: Mapping[str, float], ids: tuple[str, ...], notes: list[str]) -> Floats:
    given = {}
    for who, hours in capacity.items():
        try:
            given[str(who)] = float(hours)
        except (TypeError, ValueError) as problem:
            raise BadPlan(f"capacity: {str(who)!r} has {hours!r} hours; give a number from 0.") from problem
    for name, hours in given.items():
        if name not in ids:
            raise BadPlan(
                f"capacity: no manager {name!r}{did_you_mean(name, ids)}; there are {', '.join(ids[:20]) or 'none'}."
            )
        if not (np.isfinite(hours) and hours >= 0):
            raise BadPlan(f"capacity: {name!r} has {hours:g} hours; give a number from 0.")
    absent = [i for i in ids if i not in given]
    if absent:
        notes.append(f"capacity: {len(absent)} managers were given no hours (first: {absent[0]}); their time is 0.")
    return np.array([given.get(i, 0.0) for i in ids])
