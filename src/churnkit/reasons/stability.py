"""How far reasons outlast a refit on other accounts.

Every bag of a blend was learnt from accounts drawn anew, and every draw of the logistic part's coefficients is one
that other accounts of the same book might have given. One bag with one draw is one refit. A reason is as stable as
the share of refits in which it keeps its sign and its place among the strongest of that sign. One bag varies more
than a whole blend learnt anew, so the share errs on the side of caution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.reasons.kernel import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.reasons.groups import Groups
    from churnkit.reasons.kernel import Picked

SHAKY = 0.5
"""Share of refits below which a reason counts as one that flips."""


@dataclass(frozen=True, eq=False)
class Stability:
    """What refits say of chosen reasons.

    Parameters
    ----------
    share
        float64 ``[n, places]``, the share of refits in which each reason stays; NaN without refits.
    first
        float64 ``[n]``, the share of refits in which the strongest raising reason stays the strongest; NaN where
        there is none.
    """

    share: NDArray[np.float64]
    first: NDArray[np.float64]

    @classmethod
    def unknown(cls, rows: int, places: int) -> Stability:
        """Make room for rows."""
        return cls(np.full((rows, places), np.nan), np.full(rows, np.nan))

    def judge(self, rows: slice, picked: Picked, refits: Sequence[NDArray[np.float64]], groups: Groups) -> None:
        """Judge the reasons of some rows by the contributions ``[m, p]`` that each refit gives."""
        if not refits:
            return
        effect, group = picked.effect, np.maximum(picked.group, 0)
        there, sign = picked.group != NOTHING, np.sign(effect)
        raising, lowering = (np.sum(there & (sign == s), axis=1) for s in (1, -1))
        share, first = np.zeros(effect.shape), np.zeros(len(effect))
        for parts in refits:
            sums = by_group(parts, groups.group_of, len(groups.themes))
            for k in range(effect.shape[1]):
                signed = sums * sign[:, k, None]
                own = np.take_along_axis(signed, group[:, k, None], axis=1)
                ahead = ((signed > own) & groups.shown).sum(axis=1)
                places = np.where(sign[:, k] > 0, raising, lowering)
                share[:, k] += (own[:, 0] > 0) & (ahead < places)
                if k == 0:
                    first += (own[:, 0] > 0) & (ahead == 0)
        self.share[rows] = np.where(there, share / len(refits), np.nan)
        if effect.shape[1]:
            self.first[rows] = np.where(effect[:, 0] > 0, first / len(refits), np.nan)

    def notes(self, refits: int) -> tuple[str, ...]:
        """Say in words how far the first reasons outlast a refit."""
        known = self.first[~np.isnan(self.first)]
        if not refits or not len(known):
            return ()
        shaky = float((self.share[~np.isnan(self.share)] < SHAKY).mean())
        said = (
            f"Stability: over {refits} refits on redrawn accounts, an account's first reason stays the first in "
            f"{known.mean():.0%} of cases; {shaky:.0%} of the reasons lose their sign or place in more than half of "
            'the refits (column "stable" below 0.5).'
        )
        return (said,)


def by_group(parts: NDArray[np.float64], group_of: NDArray[np.int64], many: int) -> NDArray[np.float64]:
    """Sum contributions ``[m, p]`` by group, float64 ``[m, many]``."""
    out = np.zeros((len(parts), many))
    for j, g in enumerate(group_of):
        out[:, g] += parts[:, j]
    return out
