"""Choices: every way in which an account could be called, by whom and in which role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.effect import GENERAL
from churnkit.contact.policies import Calls
from churnkit.contact.roles import fitting_role
from churnkit.contact.roster import NOBODY
from churnkit.contact.waiting import WEEK, left_by, rest_after, saving_after
from churnkit.tables import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from churnkit.contact.crew import Crew
    from churnkit.contact.effect import Effect
    from churnkit.contact.policies import Policy
    from churnkit.contact.roster import Roster
    from churnkit.contact.rules import ContactRules
    from churnkit.contact.value import Stake

    Floats = NDArray[np.float64]

OWN_FIRST = 1e-6
"""So much of its worth a call loses with somebody other than the own manager: it decides between equals only."""


@dataclass(frozen=True, eq=False)
class Choices:
    """One position per way of calling an account.

    Attributes
    ----------
    row
        Position in the roster.
    taker
        Position in the crew; -1: nobody in particular.
    pool, use
        From which pool the call is taken (-1: there is none), and how much of it (minutes, or 1 contact).
    role
        int8, position in ``ROLES``.
    minutes
        How long it takes.
    calls
        What is expected of it.
    worth
        What it is worth to the policy.
    week
        In which week it is made, 0 the coming one.
    unfit
        bool: in no hat is a call likely enough to help (``ContactRules.least_fit``), so that it is worth nothing.
    pools
        How many pools one week has.
    """

    row: NDArray[np.int64]
    taker: NDArray[np.int64]
    pool: NDArray[np.int64]
    use: Floats
    role: NDArray[np.int8]
    minutes: Floats
    calls: Calls
    worth: Floats
    week: NDArray[np.int64]
    unfit: NDArray[np.bool_]
    pools: int

    def __len__(self) -> int:
        return len(self.row)


def all_choices(
    roster: Roster, crew: Crew, stake: Stake, *, rules: ContactRules, policy: Policy, weeks: int = 1
) -> Choices:
    """List every way of calling every account, sorted by account.

    The role is the one that fits the account's trouble best, unless the effect tells roles apart: then every role is a
    choice that is likely enough to fit (``ContactRules.least_fit``). The own manager takes the call; where the skill
    is lacking, the next above who has it and time; where there is none, the own manager all the same. Assistants and
    specialists of the team with the skill may take it instead. Over several weeks every call is a choice in each of
    them; each pool has its number plus that of the week times the number of pools.
    """
    n = len(roster)
    effect = policy.effect_rule()
    told, worn = effect.tells_roles, _worn(roster, effect, rules.least_fit.by_role())
    last = np.full(n, GENERAL, dtype=np.int8) if told else _one_role(roster, effect, worn)
    unfit = np.asarray(~(worn.any(axis=1) if told else worn[np.arange(n), last]))
    worn[unfit, last[unfit]] = True  # it stays a choice, worth nothing
    parts = []
    for fixed in range(len(ROLES)) if told else [NOBODY]:
        role = np.full(n, fixed, dtype=np.int8) if told else last
        parts += [(rows, takers, role[rows]) for rows, takers in _takers(crew, rules, role)]
    row, taker, role = (np.concatenate(p) for p in zip(*parts, strict=True))
    order = np.argsort(row, kind="stable")
    order = order[worn[row[order], role[order]]]
    row, taker, role = (np.repeat(part[order], weeks) for part in (row, taker, role))
    week = np.tile(np.arange(weeks), len(order))
    minutes = rules.minutes_of(rules.size(stake.amount))[row, role]
    calls = expected(roster, policy, stake, Ways(row, role, minutes / 60 * rules.hourly_cost, week))
    worth = np.nan_to_num(policy.worth(calls), nan=-np.inf)
    worth = np.where(unfit[row], np.minimum(worth, 0.0), worth)
    pool = crew.pool[taker]
    return Choices(
        row=row,
        taker=taker,
        pool=np.where(pool == NOBODY, NOBODY, pool + week * len(crew.limit)),
        use=minutes if crew.unit == "hours" else np.ones(len(row)),
        role=role,
        minutes=minutes,
        calls=calls,
        worth=np.where((taker == crew.owner[row]) | (worth <= 0), worth, worth * (1 - OWN_FIRST)),
        week=week,
        unfit=unfit[row],
        pools=len(crew.limit),
    )


def _worn(roster: Roster, effect: Effect, least: Floats) -> NDArray[np.bool_]:
    """Tell which hats are likely enough to fit (``least`` [roles]), bool [n, roles].

    Which hat fits which kind is :meth:`Effect.fits`; a trouble that is passing counts as none.
    """
    out = np.ones((len(roster), len(ROLES)), dtype=np.bool_)
    if roster.signs is None or not effect.reads_signs or not len(roster):
        return out
    told = roster.signs.told
    out[told] = roster.signs.lasting[told] @ effect.fits().T >= least
    return out


def _one_role(roster: Roster, effect: Effect, worn: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Give the hat of each account where the effect does not tell hats apart."""
    best = fitting_role(roster.theme) if roster.kinds is None else effect.best_role(roster.kinds)
    return np.where(worn[np.arange(len(best)), best], best, GENERAL).astype(np.int8)


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways of calling: row of the roster, role, cost in money and week, one position per way."""

    row: NDArray[np.int64]
    role: NDArray[np.int8]
    cost: Floats
    week: NDArray[np.int64]


def expected(roster: Roster, policy: Policy, stake: Stake, ways: Ways) -> Calls:
    """Tell what is expected of calls: saved, net saving and what waiting another week costs.

    Of a call in a later week all is seen from today: an account that has left by then is not called.
    """
    found = [np.zeros(len(ways.row)) for _ in range(4)]
    for number in np.unique(ways.week):
        at = np.flatnonzero(ways.week == number)
        mine = Ways(ways.row[at], ways.role[at], ways.cost[at], ways.week[at])
        for whole, piece in zip(found, _expected_in(roster, policy, stake, mine, week=int(number)), strict=True):
            whole[at] = piece
    saved, value, cost, waiting = found
    return Calls(roster.uncalled[ways.row], saved, value, cost, waiting)


def _expected_in(
    roster: Roster, policy: Policy, stake: Stake, ways: Ways, *, week: int
) -> tuple[Floats, Floats, Floats, Floats]:
    effect, row, role = policy.effect_rule(), ways.row, ways.role
    theme = roster.of_trouble(effect)[row]
    value, cost = stake.amount[row], ways.cost if stake.is_money else np.zeros(len(row))

    def saved(probability: Floats) -> Floats:
        return effect.saved(probability, role, theme)

    end, ends = roster.uncalled[row], roster.ends[row]

    def gone(weeks: int) -> Floats:
        if weeks == 0:
            return np.zeros(len(row))
        left = np.minimum(left_by(weeks * WEEK, roster.horizons, roster.chances[row], ends), end)
        return np.maximum(left, roster.unpaid(row, weeks))

    def lost(weeks: int) -> Floats:
        return np.maximum(gone(weeks), roster.unpaid(row, weeks + 1))

    now = saving_after(end, gone(week), lost(week), saved, value=value, cost=cost)
    later = saving_after(end, gone(week + 1), lost(week + 1), saved, value=value, cost=cost)
    here = 1.0 - gone(week)
    return here * saved(rest_after(end, gone(week), lost(week))), value, here * cost, now - later


def _takers(
    crew: Crew, rules: ContactRules, role: NDArray[np.int8]
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Give (rows, takers): first the own line, then assistants."""
    rows = np.arange(len(role))
    m = len(crew.ids)
    ahead = np.full((m + 1, len(ROLES)), NOBODY, dtype=np.int64)
    for manager in range(m):
        above = crew.line(manager)[1:] if rules.escalate else []
        for r in range(len(ROLES)):
            able = (w for w in above if crew.skilled[w, r] and _has_time(crew, w))
            ahead[manager, r] = manager if crew.skilled[manager, r] else next(able, manager)
    first = ahead[crew.owner, role]
    if not rules.assistants:
        return [(rows, first)]
    helped = [(mine, np.full(len(mine), helper)) for helper, mine in _helped(crew, role)]
    skilled = np.vstack([crew.skilled, np.ones((1, len(ROLES)), dtype=np.bool_)])[first, role]
    alone = ~np.isin(rows, np.concatenate([np.zeros(0, dtype=np.int64), *(mine for mine, _ in helped)]))
    return [(rows[skilled | alone], first[skilled | alone]), *helped]


def _helped(crew: Crew, role: NDArray[np.int8]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Give who has neither accounts nor reports, and the accounts whose calls he may take."""
    above = np.append(crew.boss, NOBODY)[crew.owner]  # of whom each account's manager reports to
    free = np.setdiff1d(np.flatnonzero(crew.boss >= 0), np.concatenate([crew.owner, crew.boss]))
    for helper in free.tolist():
        boss, own_pool = crew.boss[helper], crew.pool[crew.owner]
        near = (crew.owner == boss) | (above == boss)
        mine = np.flatnonzero(near & crew.skilled[helper][role] & (own_pool != crew.pool[helper]))
        if _has_time(crew, helper) and len(mine):
            yield helper, mine


def _has_time(crew: Crew, manager: int) -> bool:
    pool = int(crew.pool[manager])
    return pool != NOBODY and bool(crew.limit[pool] > 0)
