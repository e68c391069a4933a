"""The ledger: facts as they happen, in blocks of plain columns, joined once at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from churnkit.history.sample.company import MINUTE, WEEK
from churnkit.history.sample.figures import OFFICE_HOURS
from churnkit.timeline import DAY, HOUR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history.sample.dice import Dice, Floats
    from churnkit.history.sample.state import Ints


class Ledger:
    """Rows of every table, gathered block by block; one block is one week's facts of one kind."""

    def __init__(self) -> None:
        self._blocks: dict[str, list[dict[str, NDArray[Any]]]] = {}

    def add(self, table: str, **columns: NDArray[Any]) -> None:
        """Add rows; all blocks of a table have the same columns."""
        if len(next(iter(columns.values()))) or table not in self._blocks:
            self._blocks.setdefault(table, []).append(columns)

    def columns(self, table: str) -> dict[str, NDArray[Any]]:
        """Join the blocks of a table, in the order in which they were added."""
        blocks = self._blocks[table]
        joined = {name: np.concatenate([b[name] for b in blocks]) for name in blocks[0]}
        self._blocks[table] = [joined]
        return joined


def office_moments(now: int, weekdays: tuple[float, ...], hours: Ints, dice: Dice) -> Ints:
    """Draw moments of the week that begins now, in office hours, most of them in their middle.

    Parameters
    ----------
    now
        The beginning of the week.
    weekdays
        Shares of Monday to Sunday.
    hours
        Of each moment to draw, the hours by which its place is ahead of UTC.
    """
    n = len(hours)
    monday = (now // DAY + 3) % 7  # 1970-01-01 was a Thursday
    day = dice.pick(np.roll(np.array(weekdays), -monday), n)
    low, high = OFFICE_HOURS
    clock = low + (high - low) * (dice.uniform(n) + dice.uniform(n)) / 2.0 - hours
    return now + day * DAY + minutes(clock * HOUR)


def minutes(micros: Floats) -> Ints:
    """Cut lengths of time down to whole minutes."""
    return np.asarray(np.floor(micros / MINUTE).astype(np.int64) * MINUTE)


__all__ = ["DAY", "HOUR", "MINUTE", "WEEK", "Ledger", "minutes", "office_moments"]
