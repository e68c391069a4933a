"""Which of the four hats fits an account's trouble, where no evidence tells the roles apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.kinds import ASLEEP, KINDS, UNTROUBLED
from churnkit.history.signals import THEMES
from churnkit.tables import ROLES

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

ROLE_OF_THEME = {
    "usage": "service",  # slow adoption wants training and care, not a repair
    "satisfaction": "service",
    "support": "technical",  # open or badly solved cases
    "billing": "financial",
    "contract": "sales",  # renewal, price, plan
    "relationship": "sales",
    "profile": "service",  # what an account is cannot be repaired: the general hat
}
"""The hat for each theme of trouble. A judgement; ``ContactEffect`` replaces it where it can tell."""

NO_THEME = -1
WITHOUT_REASON = "service"
"""The hat of an account for which no reason speaks."""

FITTING, GENERAL, UNFITTING = 2.0, 1.0, 1 / 3
"""What a call keeps of a known trouble in the hat that fits it, in the general hat and in another special one, as
multiples of what calls keep on average; over the four hats their mean is near 1. Judgements: with an average of .15
the fitting hat keeps the .30 that the literature assumes of offers (Verbraken, Verbeke and Baesens 2013); care helps
somewhat whatever the trouble is, while an offer made to somebody whose product is broken, or talk of money to somebody
who cannot get started, hardly does."""
_BLIND = 1 / 3
"""The same for another hat than the general one where no trouble is known, and for the general one where there is
none."""

_BY_THEME = np.array([ROLES.index(ROLE_OF_THEME[t]) for t in THEMES] + [ROLES.index(WITHOUT_REASON)], dtype=np.int8)


def main_theme(reasons: pd.DataFrame | None, ids: pd.Index) -> NDArray[np.int8]:
    """Give for every account the theme that speaks most for leaving.

    Parameters
    ----------
    reasons
        ``reasons.frame``: account_id, theme, effect (log-odds); None where no reasons are given.
    ids
        The accounts, in the order of the result.

    Returns
    -------
    int8 [n]
        Positions in ``THEMES``: the theme with the greatest sum of positive effects, of equals the first
        in ``THEMES``; -1 where no reason speaks for leaving.
    """
    sums = np.zeros((len(ids), len(THEMES)))
    if reasons is not None and len(reasons):
        row = ids.get_indexer(reasons["account_id"])
        theme = np.array([THEMES.index(t) if t in THEMES else -1 for t in reasons["theme"]], dtype=np.int64)
        effect = reasons["effect"].to_numpy(dtype=np.float64)
        use = (row >= 0) & (theme >= 0) & (effect > 0)
        np.add.at(sums, (row[use], theme[use]), effect[use])
    found = sums.argmax(axis=1)
    return np.where(sums.max(axis=1) > 0, found, NO_THEME).astype(np.int8)


def fit_of_roles() -> NDArray[np.float64]:
    """Give what each hat keeps of each kind, float64 [kinds, roles], before any evidence: multiples of the average.

    Of a trouble the fitting hat keeps ``FITTING``, the general one ``GENERAL``, others ``UNFITTING``. Of accounts
    asleep nobody is kept by a call; of those that nothing troubles the general hat may keep some, and the others have
    nothing to mend. Where the history shows no signs, the general hat keeps the average.
    """
    fit = np.full((len(KINDS), len(ROLES)), UNFITTING)
    every, general = np.arange(len(THEMES)), ROLES.index(WITHOUT_REASON)
    fit[every, general] = GENERAL
    fit[every, fitting_role(every.astype(np.int8))] = FITTING
    fit[[ASLEEP, UNTROUBLED]] = 0.0
    fit[-1] = _BLIND
    fit[UNTROUBLED, general], fit[-1, general] = _BLIND, 1.0
    return fit


def one_kind(theme: NDArray[np.int8]) -> NDArray[np.float64]:
    """Give the shares of kinds, float64 [n, kinds], of accounts whose kind is known: 1 for that one."""
    return np.eye(len(KINDS))[np.where(np.asarray(theme) < 0, len(KINDS) - 1, theme).astype(np.int64)]


def fitting_role(theme: NDArray[np.int8]) -> NDArray[np.int8]:
    """Give the hat (position in ``ROLES``) that fits each theme; the general one where there is none."""
    return _BY_THEME[theme]
