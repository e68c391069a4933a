"""Arithmetic on whole columns, for compounds that hold features of the book; the rules are the engine's."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from churnkit.features.expressions import Apply, Arithmetic, Choose, Comparison, FromBook, RankAmong

if TYPE_CHECKING:
    from collections.abc import Callable

    from churnkit.features.base import Expression

Floats: TypeAlias = NDArray[np.float64]

_SIGNS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def combined(x: Expression, leaf: Callable[[Expression], NDArray[np.float32]]) -> NDArray[np.float32]:
    """Work out a compound; ``leaf`` gives the columns of features of the book and of parts that hold none."""

    def column(part: Expression) -> Floats:
        if isinstance(part, RankAmong | FromBook) or not _holds_book(part):
            return leaf(part).astype(np.float64)
        return _apply(part, [column(p) for p in part.parts])

    if isinstance(x, RankAmong | FromBook):
        return leaf(x)
    with np.errstate(all="ignore"):
        return column(x).astype(np.float32)


def _holds_book(x: Expression) -> bool:
    return any(isinstance(each, RankAmong | FromBook) for each in x.walk())


@singledispatch
def _apply(x: Expression, parts: list[Floats]) -> Floats:
    raise TypeError(x, parts)


@_apply.register
def _(x: Arithmetic, parts: list[Floats]) -> Floats:
    left, right = parts
    return _SIGNS[x.sign](left, np.where(right == 0, np.nan, right) if x.sign == "/" else right)


@_apply.register
def _(x: Comparison, parts: list[Floats]) -> Floats:
    left, right = parts
    return np.where(np.isnan(left) | np.isnan(right), np.nan, _SIGNS[x.sign](left, right))


@_apply.register
def _(x: Apply, parts: list[Floats]) -> Floats:
    (arg,) = parts
    if x.function == "log1p":
        return np.where(arg > -1, np.log1p(arg), np.nan)
    if x.function == "abs":
        return np.abs(arg)
    arg = arg if x.low is None else np.maximum(arg, x.low)
    return arg if x.high is None else np.minimum(arg, x.high)


@_apply.register
def _(_: Choose, parts: list[Floats]) -> Floats:
    then, otherwise, condition = parts
    return np.where(np.isnan(condition), np.nan, np.where(condition != 0, then, otherwise))
