"""How sure a place on the list is: P(in the top k of a model learnt anew), from how far that would move the scores.

A place is unsure where a model taught by other accounts would put somebody else there. How far the truth may lie
from a probability is another and a wider question, which ``low`` and ``high`` answer: what no feature tells, and a
level that is off for all alike, change no rank that a model of these facts would give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.policies import Calls
from churnkit.contact.roster import with_spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.choices import Choices
    from churnkit.contact.policies import Policy
    from churnkit.contact.roster import Roster

    Floats = NDArray[np.float64]

DRAWS = 2_000
_CELLS = 2_000_000
"""Numbers drawn at a time, which bounds the memory."""


def top_k_probability(
    roster: Roster,
    policy: Policy,
    choices: Choices,
    *,
    best: NDArray[np.int64],
    called: NDArray[np.bool_],
    seed: int,
) -> Floats:
    """Give for every candidate the share of draws in which it is among the k best of its pool.

    k is how many of the pool are called. In each of 2,000 seeded draws every account's log-odds moves by a
    normal deviation of its own ``refit_spread``, moves of different accounts being independent, and candidates are
    ranked anew: by worth, a policy that optimises by worth per use of the pool's time.

    Parameters
    ----------
    best
        Positions in ``choices``: one call per candidate.
    called
        bool, whether the candidate is on the list.

    Returns
    -------
    float64, one per position of ``best``.
    """
    found = np.zeros(len(best))
    pool = choices.pool[best]
    pool = np.where(pool < 0, pool, pool % max(choices.pools, 1))
    for number in np.unique(pool):
        mine = np.flatnonzero(pool == number)
        most = int(called[mine].sum())
        if most == len(mine) or most == 0:
            found[mine] = float(most > 0)
            continue
        random = np.random.default_rng([seed, int(roster.as_of) % 2**32, int(number) + 1])
        found[mine] = _share_of_draws(roster, policy, choices, best[mine], most=most, random=random)
    return found


def _share_of_draws(
    roster: Roster, policy: Policy, choices: Choices, at: NDArray[np.int64], *, most: int, random: np.random.Generator
) -> Floats:
    row, role = choices.row[at], choices.role[at]
    effect = policy.effect_rule()
    theme = roster.of_trouble(effect)[row]
    known = roster.uncalled[row]
    in_time = 1.0 - np.divide(roster.unpaid(row, 1), known, out=np.zeros(len(row)), where=known > 0)
    value, cost = choices.calls.value[at], choices.calls.cost[at]
    waiting = choices.calls.waiting[at]
    use = choices.use[at] if policy.optimises else 1.0
    count = np.zeros(len(at))
    step = max(1, min(DRAWS, _CELLS // len(at)))
    for start in range(0, DRAWS, step):
        noise = random.standard_normal((min(step, DRAWS - start), len(at)))
        p0 = with_spread(roster.uncalled[row], roster.refit_spread[row], noise)
        drawn = Calls(p0, effect.saved(p0 * in_time, role, theme), value, cost, waiting)
        worth = np.broadcast_to(np.nan_to_num(policy.worth(drawn), nan=-np.inf), p0.shape) / use
        inside = np.argpartition(-worth, most - 1, axis=1)[:, :most]
        count += np.bincount(inside.ravel(), minlength=len(at))
    return np.asarray(count / DRAWS)
