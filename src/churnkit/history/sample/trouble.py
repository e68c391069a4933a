"""Trouble: how it comes, deepens and passes, what it does to mood and usage, and who leaves of it.

Each function moves a :class:`State` by one week; the company and the truth about it use the same ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.history.sample import figures as fig
from churnkit.history.sample.dice import choose
from churnkit.timeline import DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history.sample.state import Flags, Floats, Luck, State


def announce(state: State, now: int, luck: Luck) -> NDArray[np.bool_]:
    """Announce the price rises of the renewals to come; give the accounts that hear of theirs this week."""
    ahead = state.anniversary - now
    due = state.alive & ~state.notice & ~state.announced & (ahead > 0) & (ahead <= fig.ANNOUNCED_DAYS * DAY)
    rises = np.array(fig.INCREASES)[choose(np.array(fig.INCREASE_SHARES), luck.rise)]
    state.increase[due] = rises[due]
    state.announced |= due
    return np.asarray(due & (state.increase > 0))


def strike(state: State, now: int, luck: Luck, *, hit: Flags, told: Flags) -> None:
    """Begin new troubles: of accounts hit by an incident, told of a rise, and all others by their luck."""
    free = state.alive & ~state.notice & (state.cause == fig.NONE)
    rise = np.searchsorted(np.array(fig.INCREASES), state.increase)
    fresh = (now >= state.opened) & (now < state.opened + 7 * DAY)
    begins = {
        fig.PRICE: told & (luck.touchy < fig.PRICE_GRUDGE[rise] * state.touchy),
        fig.INCIDENTS: hit & (luck.grudge < fig.INCIDENT_GRUDGE),
        fig.ADOPTION: luck.adoption < np.where(fresh, fig.ADOPTION_FAILS, fig.ADOPTION_FADES),
        fig.CHAMPION: luck.champion < fig.CHAMPION_LEAVES * fig.CHAMPION_MISSED,
        fig.SUPPORT: luck.support < fig.SUPPORT_FAILS * state.prone,
    }
    depth = fig.DEPTH[0] + (fig.DEPTH[1] - fig.DEPTH[0]) * luck.depth
    for cause, who in begins.items():
        now_troubled = free & who
        state.cause[now_troubled] = cause
        state.depth[now_troubled] = depth[now_troubled]
        state.level[now_troubled] = 0.0
        state.healing[now_troubled] = False
        state.champion_gone |= now_troubled & (cause == fig.CHAMPION)
        free &= ~now_troubled


def live(state: State, luck: Luck) -> None:
    """Let a week pass: troubles deepen or pass, mood and usage follow, some doze off, talks are forgotten."""
    troubled = state.cause != fig.NONE
    state.healing |= troubled & (luck.heal < fig.HEALS[state.cause])
    deeper = state.level + fig.RAMP[state.cause] * (state.depth - state.level)
    state.level[:] = np.where(state.healing, state.level * fig.HEALING, deeper)
    over = troubled & state.healing & (state.level < fig.GONE)
    state.champion_gone &= ~(over & (state.cause == fig.CHAMPION))  # somebody new has taken over
    state.cause[over] = fig.NONE
    for values in (state.level, state.depth):
        values[over] = 0.0
    state.healing[over] = False
    jitter = fig.MOOD_NOISE * np.sqrt(12.0) * (luck.mood - 0.5)
    state.unhappy[:] = np.clip(state.unhappy + fig.MOOD_LAG * (state.level - state.unhappy) + jitter, 0.0, 1.5)
    may_doze = state.alive & state.annual & state.auto_renew & ~state.notice & (state.cause == fig.NONE)
    state.dormant |= may_doze & (luck.doze < fig.DOZES_OFF)
    state.dormant &= ~(luck.wake < fig.WAKES)
    goal = np.clip(1.0 - fig.USAGE_LOST[state.cause] * state.level, 0.05, 1.0)
    goal = np.where(state.dormant, fig.DORMANT_USAGE, goal)
    goal = np.where(state.notice, np.minimum(goal, fig.NOTICE_USAGE), goal)
    state.engagement += fig.USAGE_LAG * (goal - state.engagement)
    state.warmth *= 0.5 ** (1.0 / fig.WARMTH_WEEKS)


def pressure(state: State) -> Floats:
    """Give every account's log hazard but for its contract: own offset, mood, disuse, talks, inertia."""
    disuse = np.where(state.dormant, 0.0, 1.0 - state.engagement)
    inertia = np.where(state.dormant, fig.DORMANT_LOG_HAZARD, 0.0)
    felt = fig.UNHAPPY_LOG_HAZARD * state.unhappy + fig.DISUSE_LOG_HAZARD * disuse
    return np.asarray(state.offset + felt + inertia + state.warmth)


def notice_intensity(state: State, now: int) -> Floats:
    """Give the intensity (per week) of giving notice in the week that begins now."""
    ahead = state.anniversary - now
    season = np.where(ahead <= fig.WINDOW_DAYS * DAY, fig.IN_WINDOW, fig.OFF_WINDOW)
    season = np.where(ahead <= fig.NOTICE_DAYS * DAY, fig.TOO_LATE, season)
    by_contract = np.where(state.annual, season, 1.0)
    young = fig.YOUTH_LOG_HAZARD * np.exp(-np.maximum(now - state.opened, 0) / (fig.YOUTH_DAYS * DAY))
    intensity = fig.BASE * by_contract * np.exp(pressure(state) + young)
    return np.where(state.alive & ~state.notice, intensity, 0.0)


def lapse_probability(state: State) -> Floats:
    """Give the probability that a contract without automatic renewal is not signed again at its end."""
    return np.asarray(1.0 - np.exp(-fig.LAPSE * np.exp(fig.LAPSE_SHARE_OF_MOOD * pressure(state))))


def lapsing(state: State, now: int) -> NDArray[np.bool_]:
    """Tell whose term ends within the week without automatic renewal or notice."""
    ends = (state.anniversary >= now) & (state.anniversary < now + 7 * DAY)
    return np.asarray(state.alive & ~state.notice & state.annual & ~state.auto_renew & ends)


def dun(state: State, luck: Luck) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Let payments fail and recover; give who has a failed payment this week, and whose contract ends of it."""
    owing = state.unpaid > 0
    chance = np.where(state.helped, fig.FINANCIAL_RECOVERS, fig.PAYMENT_RECOVERS)
    paid = owing & (luck.recovers < chance)
    fails = state.alive & ~owing & (luck.fails < fig.PAYMENT_FAILS[state.annual.astype(np.int64)])
    state.unpaid[paid] = 0
    state.helped &= ~paid
    state.unpaid[(owing & ~paid) | fails] += 1
    ends = state.alive & (state.unpaid >= fig.PAYMENT_WEEKS)
    state.unpaid[ends] = 0
    return np.asarray((owing & ~paid & ~ends) | fails), np.asarray(ends)


def touch(state: State, who: NDArray[np.int64], role: NDArray[np.int64], luck: Luck) -> None:
    """Let contacts work: cure, warmth, help with what is owed; and a push for some that were dormant."""
    cause = state.cause[who]
    cured = (cause != fig.NONE) & (luck.cure[who] < fig.CURE[role, cause])
    state.healing[who] |= cured
    asleep = state.dormant[who]
    pushed = asleep & ~state.stays_if_called[who]
    shift = np.where(asleep, 0.0, fig.WARMTH[role, cause] * state.openness[who])
    state.warmth[who] += np.where(pushed, fig.PUSHED[role], shift)
    woken = asleep & ~pushed & (luck.woken[who] < fig.WOKEN[role])
    state.dormant[who] &= ~woken
    state.helped[who] |= (role == FINANCIAL) & (state.unpaid[who] > 0)


FINANCIAL = 3
"""Position of the financial hat in ``ROLES``."""


def leaves_this_week(state: State, now: int) -> Floats:
    """Give P(notice, lapse or involuntary end within the week that begins now), nobody being contacted."""
    stays = np.exp(-notice_intensity(state, now))
    stays = stays * np.where(lapsing(state, now), 1.0 - lapse_probability(state), 1.0)
    return np.asarray(1.0 - stays * (1.0 - unpaid_end(state)))


def unpaid_end(state: State) -> Floats:
    """Give P(the contract ends within the week because nothing has been paid)."""
    last = state.alive & ~state.notice & (state.unpaid == fig.PAYMENT_WEEKS - 1)
    chance = np.where(state.helped, fig.FINANCIAL_RECOVERS, fig.PAYMENT_RECOVERS)
    return np.where(last, 1.0 - chance, 0.0)
