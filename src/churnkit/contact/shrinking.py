"""Shrinking: what the evidence says of a cell, a role and all calls, weighed against what was declared before.

The share of leavers that a call keeps is one number per cell (role x kind of account). Before the evidence the
cells are normal about the declared prior, with five independent parts: its height, one common to all calls, one to
a role, one to a kind, and one of the cell itself. Where a call may mend something all cells have one height; those
of accounts asleep, and of untroubled ones, have each their own: what a trial says of the few who sleep, with all its
noise, tells little of what a call keeps that has something to mend. What a trial says of the
cells, with its covariance, then gives the posterior in closed form (Lindley and Smith 1972, JRSS B 34). A cell
about which the trial says little takes after its role, a role after all calls, all calls after the prior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.roles import fit_of_roles
from churnkit.contact.signs import ASLEEP, KINDS, UNTROUBLED
from churnkit.history.signals import THEMES
from churnkit.tables import ROLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.effect import Effect

    Floats = NDArray[np.float64]

CELLS = (len(ROLES), len(KINDS))
SPREAD = {"height": 2 / 3, "all": 0.02, "role": 0.02, "kind": 0.02, "cell": 0.02}
"""Standard deviations before any evidence. The height is a multiple of what was declared: what calls keep in a
trouble that they fit may be nothing, or twice the .30 that the literature assumes, and all cells with it; which hat
fits which trouble is surer than that. The others are shares of leavers: together .04, a cell more or less than its
height gives it. Held fixed: choosing them by the likelihood of a trial of a thousand contacts follows its luck."""

HARM = {UNTROUBLED: 0.1, ASLEEP: 0.5}
"""Share of the risk that a call adds where it has nothing to mend. It reminds who is asleep of a contract: in the
experiment of Ascarza, Iyengar and Schleicher (2016) calls raised 6.4 % of leavers to 10.0 %, more than half as many
again, over all who were called, asleep or not. Or it raises the matter of money with somebody who is content: a
judgement."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Shares of leavers kept, cell by cell (roles x kinds, row by row).

    Attributes
    ----------
    share
        float64 [cells].
    covariance
        float64 [cells, cells].
    before
        Variances [cells] before the evidence.
    """

    share: Floats
    covariance: Floats
    before: Floats


def declared(prior: Effect) -> Floats:
    """Give what is expected of every cell before the evidence.

    Full in the fitting hat, less in others (:func:`churnkit.contact.roles.fit_of_roles`). Where a call has nothing to
    mend, in a special hat or of accounts asleep, ``HARM`` is expected: unlike a mere assumption, a measured effect may
    name accounts as harmed, and the evidence moves it.
    """
    role = np.repeat(np.arange(len(ROLES)), len(KINDS)).astype(np.int8)
    kind = np.tile(np.arange(len(KINDS)), len(ROLES))
    theme = np.where(kind < len(THEMES), kind, -1).astype(np.int8)
    fit = fit_of_roles()[kind, role]
    harm = np.array([HARM.get(k, 0.0) for k in kind.tolist()])
    return np.asarray(prior.saved(np.ones(len(role)), role, theme) * fit - np.where(fit == 0, harm, 0.0))


def spread_before(prior: Floats) -> Floats:
    """Give the covariance of the cells before the evidence, about declared shares [cells]."""
    role = np.repeat(np.arange(len(ROLES)), len(KINDS))
    kind = np.tile(np.arange(len(KINDS)), len(ROLES))
    idle = np.where(np.isin(kind, list(HARM)), kind, -1)  # of troubles, which a call may mend, all are alike
    same = {
        "height": np.outer(prior, prior) * (idle[:, None] == idle),
        "all": np.ones((len(role), len(role))),
        "role": role[:, None] == role,
        "kind": kind[:, None] == kind,
        "cell": np.eye(len(role)),
    }
    return np.asarray(sum(SPREAD[name] ** 2 * where for name, where in same.items()))


def shrink(prior: Floats, estimate: Floats, covariance: Floats) -> Posterior:
    """Weigh estimates against the prior.

    Parameters
    ----------
    prior
        float64 [cells], declared shares.
    estimate, covariance
        float64 [cells] and [cells, cells] of the evidence; NaN where a cell has none.
    """
    seen = np.flatnonzero(np.isfinite(estimate))
    if not len(seen):
        before = spread_before(prior)
        return Posterior(prior, before, np.diag(before))
    off, noise = estimate[seen] - prior[seen], covariance[np.ix_(seen, seen)]
    before = spread_before(prior)
    gain = np.linalg.solve(before[np.ix_(seen, seen)] + noise, before[seen]).T
    after = before - gain @ before[seen]
    return Posterior(prior + gain @ off, (after + after.T) / 2, np.diag(before))
