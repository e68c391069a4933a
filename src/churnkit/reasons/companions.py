"""Features that help to tell another one: how old a last value is, how long the usual gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.features.expressions import Aggregate, Arithmetic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from churnkit.features.expressions import Expression

NONE = -1

_HELPERS = {"latest": "days_since", "days_since": "gap_mean"}


def companions(features: Sequence[Expression]) -> list[int]:
    """Give per feature the position of the feature that helps to tell it, or ``NONE``.

    A last value is helped by the days since the last such fact, those by the mean days between such facts, and
    a silence counted in the spread of gaps by its days: of the same signals under the same condition, up to the
    same moment; of several the one with the longest window.
    """
    found: dict[tuple[object, ...], tuple[float, int]] = {}
    for at, feature in enumerate(features):
        if isinstance(feature, Aggregate):
            length = float("inf") if feature.window is None else float(feature.window.micros)
            key = _key(feature, feature.function)
            if length > found.get(key, (0.0, NONE))[0]:
                found[key] = (length, at)
    return [_helper(feature, found) for feature in features]


def _key(feature: Aggregate, function: str) -> tuple[object, ...]:
    return (function, feature.signals, feature.where, feature.ending)


def _helper(feature: Expression, found: dict[tuple[object, ...], tuple[float, int]]) -> int:
    if isinstance(feature, Aggregate) and feature.function in _HELPERS:
        return found.get(_key(feature, _HELPERS[feature.function]), (0.0, NONE))[1]
    if isinstance(feature, Arithmetic) and isinstance(feature.right, Aggregate) and feature.right.function == "gap_std":
        return found.get(_key(feature.right, "days_since"), (0.0, NONE))[1]
    return NONE
