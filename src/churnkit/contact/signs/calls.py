"""Calls that were made: a trouble may begin to pass after one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.roles import WITHOUT_REASON, fit_of_roles
from churnkit.contact.signs.dated import Dated
from churnkit.contact.signs.states import TROUBLES
from churnkit.history.signals import THEMES
from churnkit.tables import ROLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History

CURES = 0.25
"""Share of troubles that begin to pass in the week of a call in the general hat; twice as many where the hat fits, a
third where it does not (:func:`churnkit.contact.roles.fit_of_roles`)."""
_IN_VAIN = re.compile(
    r"not reach|no answer|unanswered|voice ?-?mail|voice box|unreach|unavailable|no show|missed|busy", re.IGNORECASE
)


def calls(history: History) -> Dated:
    """Read the calls that reached somebody, by the role in which they were made; unknown: the general one."""
    frame = history.contacts
    if frame is None:
        return Dated.of(None, "contacted_at", np.empty(0, dtype=np.int64), len(ROLES))
    role = np.full(len(frame), ROLES.index(WITHOUT_REASON), dtype=np.int64)
    if "role" in frame:
        place = {name: i for i, name in enumerate(ROLES)}
        role = np.array([place.get(str(r), place[WITHOUT_REASON]) for r in frame["role"]], dtype=np.int64)
    if "outcome" in frame:
        in_vain = [bool(_IN_VAIN.search(str(o))) for o in frame["outcome"]]
        role = np.where(in_vain, -1, role)
    return Dated.of(frame, "contacted_at", role, len(ROLES))


def cured(called: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give P(a trouble begins to pass because of the calls of a week), [n, weeks, troubles], of calls by role."""
    fit = fit_of_roles()[[THEMES.index(t) for t in TROUBLES]]
    return np.asarray(1.0 - np.exp(called @ np.log1p(-CURES * fit).T))
