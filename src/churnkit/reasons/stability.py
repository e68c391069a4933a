"""How far reasons outlast a refit on other accounts.

Every bag of a blend was learnt from its own draw of accounts, and every draw of the logistic part's coefficients is
one that other accounts of the same book might have given; so their spread tells which reasons a learner fitted anew
would move, and how they would move together. It does not tell how far: a whole blend moves less than one of its
bags, since it is the mean of several, and a penalised fit less than its posterior is wide. ``OF_BAGS`` and
``OF_DRAWS`` say how much less, as measured on the SaaS sample against refits on redrawn accounts
(``benchmarks/reasons.py --stability``, which also judges them on a company that they were not set on). Drawn refits
with that spread then tell in what share of them a reason keeps its sign and its place among the strongest of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.reasons.kernel import by_group, outlast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.reasons.groups import Groups
    from churnkit.reasons.kernel import Picked

SHAKY = 0.5
"""Share of refits below which a reason counts as one that flips."""

OF_BAGS, OF_DRAWS = 0.65, 0.3
"""Spread of a refitted learner over that of the refits within it: bags, or draws of a logistic part alone."""

DRAWS = 64
"""Drawn refits, in pairs that mirror each other (more where a blend has more bags than half of it)."""


@dataclass(frozen=True, eq=False)
class Stability:
    """What refits say of chosen reasons.

    Parameters
    ----------
    share
        float64 ``[n, places]``, the share of refits in which each reason stays; NaN where the blend holds fewer
        than two refits.
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

    def judge(
        self,
        rows: slice,
        picked: Picked,
        whole: NDArray[np.float64],
        refits: Sequence[NDArray[np.float64]],
        *,
        groups: Groups,
        spread: float,
    ) -> None:
        """Judge the reasons of some rows by the contributions ``[m, p]`` of the blend and of the refits in it.

        Parameters
        ----------
        rows
            Where they stand.
        picked
            Their reasons.
        whole, refits
            Contributions.
        groups
            Which features are one reason.
        spread
            ``OF_BAGS`` or ``OF_DRAWS``.
        """
        if len(refits) < 2 or not picked.effect.size:
            return
        many, shown = len(groups.themes), groups.shown
        apart = np.stack([by_group(parts, groups.group_of, many) for parts in refits])
        apart -= apart.mean(axis=0)
        share, first = np.empty(picked.effect.shape), np.empty(len(whole))
        sums = by_group(whole, groups.group_of, many) * shown
        outlast(sums, apart * shown, _draws(len(refits), spread), picked, share, first)
        self.share[rows] = np.where(picked.effect != 0, share, np.nan)
        self.first[rows] = np.where(picked.effect[:, 0] > 0, first, np.nan)

    def notes(self) -> tuple[str, ...]:
        """Say in words how far the first reasons outlast a refit."""
        known = self.first[~np.isnan(self.first)]
        if not len(known):
            return ()
        shaky = float((self.share[~np.isnan(self.share)] < SHAKY).mean())
        said = (
            "Stability: were the model learnt anew from other accounts of this kind, an account's first reason would "
            f"stay the first in about {known.mean():.0%} of cases; {shaky:.0%} of the reasons would more likely than "
            'not lose their sign or place (column "stable" below 0.5).'
        )
        return (said,)


def _draws(refits: int, spread: float) -> NDArray[np.float64]:
    """Give weights ``[k, refits]`` by which deviations add up to a drawn refit's; the same for every row.

    Normal draws, made orthogonal: over them the spread of every account is exactly ``spread`` times its refits'.
    """
    half = max(DRAWS // 2, refits)
    whitened = np.linalg.qr(np.random.default_rng(0).normal(size=(half, refits)))[0] * np.sqrt(half)
    draws: NDArray[np.float64] = np.concatenate([whitened, -whitened]) * (spread / np.sqrt(refits - 1))
    return draws
