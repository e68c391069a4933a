"""Who there is: the accounts that ever open, with their traits, and the people who look after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from churnkit.history.contracts import add_months
from churnkit.history.sample import figures as fig
from churnkit.history.sample.names import account_name, person_name
from churnkit.history.sample.state import State
from churnkit.tables import ROLES
from churnkit.timeline import DAY, SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history.sample.dice import Dice
    from churnkit.history.sample.state import Flags, Floats, Ints

WEEK = 7 * DAY
MINUTE = 60 * SECOND
_DIRECTOR_SPAN = 6


@dataclass(frozen=True, eq=False)
class Company:
    """Accounts in the order in which they open, and managers.

    Attributes
    ----------
    ids, names
        Texts; ``managers`` gives the position of each account's manager.
    industry, region, size, channel
        Positions in the lists of ``figures``.
    seats
        At the beginning of the contract (or of the simulation, if later).
    parent
        Number of the group that an account belongs to; -1: none.
    bias, reply, rhythm
        Own leaning of its scores, own log-odds of answering, own multiple of usage.
    """

    ids: NDArray[np.object_]
    names: NDArray[np.object_]
    opened: Ints
    industry: Ints
    region: Ints
    size: Ints
    channel: Ints
    seats: Ints
    parent: Ints
    do_not_contact: Flags
    managers: Ints
    bias: Floats
    reply: Floats
    rhythm: Floats
    staff: Staff


@dataclass(frozen=True, eq=False)
class Staff:
    """Managers: those with accounts first, then assistants, directors and the head of all.

    Attributes
    ----------
    boss
        Position of whom each reports to; -1: nobody.
    hours
        For contacts, a week.
    skill
        float64 [m, 4], 0 to 5, by role.
    owners
        How many of them have accounts.
    """

    ids: NDArray[np.object_]
    names: NDArray[np.object_]
    boss: Ints
    hours: Floats
    skill: Floats
    owners: int


def found(accounts: int, *, begin: int, weeks: int, dice: Dice) -> tuple[Company, State]:
    """Found a company with so many accounts at ``begin``, and all that open within ``weeks``.

    Returns
    -------
    Company, State
        Accounts sorted by when they open; none of them is alive yet.
    """
    opened = _openings(accounts, begin=begin, weeks=weeks, dice=dice)
    n = len(opened)
    industry, region = dice.pick(fig.INDUSTRY_SHARES, n), dice.pick(fig.REGION_SHARES, n)
    size, channel = dice.pick(fig.SIZE_SHARES, n), dice.pick(fig.CHANNEL_SHARES, n)
    seats = np.floor(fig.SEATS_MEDIAN[size] * np.exp(fig.SEATS_SPREAD * dice.normal(n)) + 0.5).astype(np.int64)
    staff = hire(max(1, -(-accounts // fig.ACCOUNTS_PER_MANAGER)), dice)
    company = Company(
        ids=np.array([f"C{10_001 + i}" for i in range(n)], dtype=object),
        names=np.array([account_name(i, fig.INDUSTRIES[k]) for i, k in enumerate(industry)], dtype=object),
        opened=opened,
        industry=industry,
        region=region,
        size=size,
        channel=channel,
        seats=np.clip(seats, 1, fig.SEATS_MOST),
        parent=_groups(n, dice),
        do_not_contact=dice.chance(fig.DO_NOT_CONTACT_SHARE, n),
        managers=dice.whole(0, staff.owners, n),
        bias=fig.NPS_OWN * dice.normal(n),
        reply=fig.ANSWER_SPREAD * dice.normal(n),
        rhythm=np.exp(fig.RHYTHM_SPREAD * dice.normal(n)),
        staff=staff,
    )
    return company, _untouched(company, begin, dice)


def _openings(accounts: int, *, begin: int, weeks: int, dice: Dice) -> Ints:
    """Give when every account opens: in office hours; the old ones since up to four years."""
    age = 1.0 - np.exp(-fig.OLDEST_DAYS / fig.MEAN_TENURE_DAYS)
    days = -fig.MEAN_TENURE_DAYS * np.log(1.0 - age * dice.uniform(accounts))
    old = begin - np.floor(days * DAY).astype(np.int64)
    counts = dice.poisson(np.full(weeks, fig.OPENINGS * accounts))
    starts = begin + WEEK * np.repeat(np.arange(weeks), counts)
    new = starts + np.floor(dice.uniform(len(starts)) * 5).astype(np.int64) * DAY
    days_of_opening = np.concatenate([old, new]) // DAY * DAY
    minutes = np.floor(dice.between(8 * 60, 18 * 60, len(days_of_opening))).astype(np.int64)
    return np.sort(days_of_opening + minutes * MINUTE)


def _groups(n: int, dice: Dice) -> Ints:
    """Put a few accounts into groups of two to four; those of a group opened at different times."""
    order = np.argsort(dice.uniform(n), kind="stable")
    parent = np.full(n, -1, dtype=np.int64)
    sizes = dice.whole(2, fig.PARENT_MOST + 1, n)
    at = group = 0
    while at + sizes[group] <= fig.PARENT_SHARE * n:
        parent[order[at : at + sizes[group]]] = group
        at += int(sizes[group])
        group += 1
    return parent


def _untouched(company: Company, begin: int, dice: Dice) -> State:
    n = len(company.opened)
    annual = dice.chance(fig.ANNUAL_SHARE[company.size], n)
    offset = fig.SIZE_LOG_HAZARD[company.size] + fig.CHANNEL_LOG_HAZARD[company.channel]
    years = np.maximum(0, (begin - company.opened) // (365 * DAY))
    anniversary = add_months(company.opened // DAY * DAY, 12 * (years + 1))
    anniversary = np.where(anniversary < begin, add_months(anniversary, np.full(n, 12)), anniversary)

    untroubled: dict[str, Any] = {name: np.zeros(n) for name in ("increase", "depth", "level", "unhappy", "warmth")}
    flags = ("alive", "notice", "announced", "healing", "dormant", "champion_gone", "helped")
    untroubled |= {name: np.zeros(n, dtype=np.bool_) for name in flags}
    untroubled |= {name: np.zeros(n, dtype=np.int64) for name in ("cause", "unpaid")}
    return State(
        opened=company.opened,
        annual=annual,
        auto_renew=~annual | dice.chance(fig.AUTO_RENEW_SHARE, n),
        offset=offset + fig.FRAILTY * dice.normal(n),
        openness=dice.between(*fig.OPENNESS, n),
        touchy=dice.between(0.4, 1.6, n),
        prone=np.exp(fig.TICKETS_SPREAD * dice.normal(n)),
        stays_if_called=~dice.chance(fig.PUSHED_SHARE, n),
        anniversary=anniversary,
        engagement=np.ones(n),
        **untroubled,
    )


def hire(owners: int, dice: Dice) -> Staff:
    """Hire account managers, an assistant for every six, a director for every six, and a head.

    Most managers are good at one or two of the four roles; assistants are technicians and have no
    accounts of their own.
    """
    directors = -(-owners // _DIRECTOR_SPAN)
    assistants = directors
    n = owners + assistants + directors + 1
    skill = np.floor(dice.between(0.0, 3.0, n * len(ROLES))).reshape(n, len(ROLES))
    skill[:, ROLES.index("service")] += 1
    best = dice.pick((0.35, 0.30, 0.20, 0.15), n)
    skill[np.arange(n), best] = 4.0 + np.floor(dice.between(0.0, 2.0, n))
    head, first_director = n - 1, owners + assistants
    boss = np.full(n, -1, dtype=np.int64)
    boss[:owners] = first_director + np.arange(owners) // _DIRECTOR_SPAN
    boss[owners:first_director] = first_director + np.arange(assistants)
    boss[first_director:head] = head
    skill[owners:first_director] = [0.0, 2.0, 5.0, 0.0]
    skill[first_director:] = np.maximum(skill[first_director:], 3.0)
    hours = 4.0 + 0.5 * np.floor(dice.between(0.0, 9.0, n))
    hours[first_director:head] = 3.0
    hours[head] = 1.0
    return Staff(
        ids=np.array([f"M{101 + i}" for i in range(n)], dtype=object),
        names=np.array([person_name(i) for i in range(n)], dtype=object),
        boss=boss,
        hours=hours,
        skill=np.minimum(skill, 5.0),
        owners=owners,
    )
