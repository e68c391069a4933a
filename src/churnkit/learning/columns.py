"""Columns of the logistic part: each one is made of one feature, so that reasons stay exact.

A quantity becomes its signed logarithm and itself, standardised by median and quartiles and clipped, so that a heavy
tail cannot rule, and up to three bends, how far it lies above each of three quantiles, so that its line need not be
straight; a missing value is the median, with a mark of its own; a category is one mark per level.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from churnkit.learning.rows import Floats, Floats32

AMOUNT, PLAIN, BEND, MISSING, LEVEL = 0, 1, 2, 3, 4
"""Kinds of column: signed log of a quantity, the quantity itself, how far it lies above a knot, mark of a missing
value, mark of a level."""

KNOTS = (0.2, 0.5, 0.8)
"""Quantiles at which the line of a quantity may bend."""

FEWEST = 8
"""Distinct values below which a quantity has no bends."""

CLIP = 4.0
"""Robust standard deviations beyond which a quantity counts as no more extreme."""

SAMPLE = 20_000
"""Rows that medians and quartiles are read from: enough for the third digit."""

LEVELS = 40
"""Most levels of one category that get a mark; the rarer ones share the base."""

RARE = 10
"""Fewest rows on either side of a mark."""

Kinds: TypeAlias = NDArray[np.int8]


def signed_log(x: NDArray[np.floating]) -> Floats:
    """``sign(x) * log(1 + |x|)`` in float64."""
    wide = np.asarray(x, dtype=np.float64)
    return np.sign(wide) * np.log1p(np.abs(wide))


@dataclass(frozen=True, eq=False)
class Columns:
    """How features become the logistic part's columns.

    Parameters
    ----------
    feature : int32 [k]
        The one feature that each column is made of.
    kind : int8 [k]
        :data:`AMOUNT`, :data:`PLAIN`, :data:`BEND`, :data:`MISSING` or :data:`LEVEL`, in this order.
    middle, scale : float64 [k]
        Of a quantity: ``z = clip((signed_log(x) - middle) / scale)``, or the same of x itself; of a bend the same of
        x, 0 below the knot ``middle``; else 0 and 1.
    level : float64 [k]
        Of a level: the category position that is marked; else 0.
    """

    feature: NDArray[np.int32]
    kind: Kinds
    middle: Floats
    scale: Floats
    level: Floats

    def __len__(self) -> int:
        return len(self.feature)

    @classmethod
    def read(cls, X: Floats32, categorical: tuple[int, ...], *, amounts: bool = True) -> Columns:
        """Choose the columns for a matrix; what does not vary gets none.

        Parameters
        ----------
        X : float32 [n, p]
            NaN is missing; infinite counts as the most extreme.
        categorical
            Positions of categories.
        amounts
            Whether quantities count at all (on the lowest rung only categories do).
        """
        rows: list[tuple[int, int, float, float, float]] = []
        sample = X[:: max(1, len(X) // SAMPLE)]
        for j in range(X.shape[1]):
            if j in categorical:
                rows += [(j, LEVEL, 0.0, 1.0, level) for level in _levels(X[:, j])]
            elif amounts:
                for kind in (AMOUNT, PLAIN):
                    found = _middle_and_scale(signed_log(sample[:, j]) if kind == AMOUNT else sample[:, j])
                    rows += [(j, kind, *found, 0.0)] if found is not None else []
                rows += [(j, BEND, knot, scale, 0.0) for knot, scale in _bends(sample[:, j])]
            if amounts or j in categorical:
                gone = int(np.isnan(X[:, j]).sum())
                rows += [(j, MISSING, 0.0, 1.0, 0.0)] if RARE <= gone <= len(X) - RARE else []
        rows.sort(key=lambda row: row[1])
        table = np.array(rows, dtype=np.float64).reshape(-1, 5).T
        return cls(table[0].astype(np.int32), table[1].astype(np.int8), table[2], table[3], table[4])

    def design(self, X: Floats32) -> Floats:
        """Transform features to columns, float64 [n, k]; a row's values do not depend on the other rows."""
        z = np.empty((len(X), len(self)))
        logs, plain, amounts, marks = np.searchsorted(self.kind, [PLAIN, BEND, MISSING, LEVEL])
        if amounts:
            part = X[:, self.feature[:amounts]].astype(np.float64)
            part[:, :logs] = signed_log(part[:, :logs])
            part -= self.middle[:amounts]
            part /= self.scale[:amounts]
            np.maximum(part[:, plain:], 0.0, out=part[:, plain:])
            np.clip(np.nan_to_num(part, nan=0.0, posinf=CLIP, neginf=-CLIP), -CLIP, CLIP, out=z[:, :amounts])
        z[:, amounts:marks] = np.isnan(X[:, self.feature[amounts:marks]])
        z[:, marks:] = X[:, self.feature[marks:]] == self.level[marks:]
        return z

    def design32(self, X: Floats32, *, block: int = 4096) -> Floats32:
        """Transform in blocks to float32, for fitting."""
        z = np.empty((len(X), len(self)), dtype=np.float32)
        for start in range(0, len(X), block):
            z[start : start + block] = self.design(X[start : start + block])
        return z

    def to_dict(self) -> dict[str, list[float]]:
        """Write as plain lists; floats survive JSON exactly."""
        return {f.name: getattr(self, f.name).tolist() for f in fields(self)}

    @classmethod
    def from_dict(cls, plain: dict[str, list[float]]) -> Columns:
        """Read what :meth:`to_dict` wrote."""
        return cls(
            np.array(plain["feature"], np.int32),
            np.array(plain["kind"], np.int8),
            *(np.array(plain[name], np.float64) for name in ("middle", "scale", "level")),
        )


def _levels(column: Floats32) -> list[float]:
    """Levels common enough for a mark, most common first; a level that every row has says nothing."""
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    common = [i for i in np.argsort(-counts, kind="stable")[:LEVELS] if RARE <= counts[i] <= len(column) - RARE]
    return [float(values[i]) for i in common]


def _middle_and_scale(column: NDArray[np.floating]) -> tuple[float, float] | None:
    """Median and robust spread of what is finite; None where it does not vary."""
    seen = np.sort(column[np.isfinite(column)].astype(np.float64))
    if len(seen) < RARE or seen[0] == seen[-1]:
        return None
    low, middle, high = seen[[len(seen) // 4, len(seen) // 2, (3 * len(seen)) // 4]]
    # Half the rows at one value (a rare count) leave no quartile range: the plain spread then stands in.
    scale = max((high - low) / 1.349, 0.5 * float(seen.std()))
    return float(middle), float(scale)


def _bends(column: NDArray[np.floating]) -> list[tuple[float, float]]:
    """Knots inside what is seen, with the quantity's own scale; none for a quantity of few values."""
    found, seen = _middle_and_scale(column), np.sort(column[np.isfinite(column)].astype(np.float64))
    if found is None or len(np.unique(seen)) < FEWEST:
        return []
    knots = np.unique(seen[[int(q * (len(seen) - 1)) for q in KNOTS]])
    return [(float(knot), found[1]) for knot in knots if seen[0] < knot < seen[-1]]
