"""What a sentence is made of: a value, and what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan


@dataclass(frozen=True, slots=True)
class Seen:
    """A feature of one account at one moment; NaN is missing.

    Parameters
    ----------
    value, earlier, peers
        Now, at the earlier moment, and the median of the peers now.
    now, before
        The two moments, microseconds UTC; ``before`` is None where there is no earlier moment.
    age
        Days since the last fact of the feature's signals.
    gap
        The account's usual days between such facts.
    """

    value: float
    earlier: float = nan
    peers: float = nan
    now: int = 0
    before: int | None = None
    age: float = nan
    gap: float = nan

    @property
    def missing(self) -> bool:
        """Whether there is no value now."""
        return isnan(self.value)

    @property
    def compared(self) -> bool:
        """Whether there is a value now and an earlier one."""
        return not (isnan(self.value) or isnan(self.earlier) or self.before is None)

    def __post_init__(self) -> None:
        """Without an earlier moment there is no earlier value."""
        if self.before is None and not isnan(self.earlier):
            raise ValueError("an earlier value needs its moment: give before.")
