"""Noun phrases of differences and ratios, where a plainer one than "a less b" is to be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.features.aggregate import Aggregate
from churnkit.features.nouns import length

if TYPE_CHECKING:
    from churnkit.features.base import Expression


def difference(left: Expression, right: Expression) -> str:
    """Say ``left - right``."""
    if isinstance(left, Aggregate) and isinstance(right, Aggregate) and _alike(left, right):
        what = left.told("")
        if left.window == right.window and right.ending > left.ending:
            if left.window is None:
                return f"change of {what} since {length(right.ending)} ago"
            if not left.ending.micros and right.ending == left.window:
                return f"change of {what} in the last {length(left.window)} against the {length(left.window)} before"
            return f"change of {what} in {length(left.window)} since {length(right.ending)} ago"
    return f"{left.phrase} less {right.phrase}"


def ratio(left: Expression, right: Expression) -> str:
    """Say ``left / right``."""
    if isinstance(left, Aggregate) and isinstance(right, Aggregate) and _alike(left, right) and left.window:
        if right.window is not None and right.window > left.window and left.ending == right.ending:
            adds_up = left.kind.silence == 0
            return f"{left.phrase} {'as a share of those in' if adds_up else 'against'} the last {length(right.window)}"
        if right.window == left.window and right.ending == left.window and not left.ending.micros:
            return f"{left.phrase} as a multiple of the {length(left.window)} before"
    return f"ratio of {left.phrase} to {right.phrase}"


def _alike(left: Aggregate, right: Aggregate) -> bool:
    mine, other = ((a.function, a.signals, a.where) for a in (left, right))
    return mine == other
