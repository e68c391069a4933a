"""The truth: what really troubles each account, when it would leave, and what a contact would do.

Kept apart from the tables: nothing here may reach the library, and :meth:`Sample.write` never writes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.errors import RequestError
from churnkit.history.sample import figures as fig
from churnkit.history.sample import trouble
from churnkit.history.sample.company import WEEK
from churnkit.history.sample.contracts import turn_year
from churnkit.history.sample.dice import Dice
from churnkit.history.sample.state import Luck
from churnkit.tables import ROLES
from churnkit.timeline import Span, as_text, as_timestamps, moment

if TYPE_CHECKING:
    from churnkit.history.sample.state import Flags, Floats, Ints, State
    from churnkit.history.sample.world import World
    from churnkit.timeline import Cutoff

_MOST_YEARS, _DISCOUNT = 5.0, 0.10  # a life is counted for five years at most, at 10 % a year


class Truth:
    """What only the maker of the sample knows.

    Attributes
    ----------
    effects
        One row per role and cause: ``cure`` (probability that the trouble starts to pass) and ``warmth``
        (change of the log hazard at once).
    """

    def __init__(self, world: World, *, start: int, end: int, exported: Flags) -> None:
        self._world, self._start, self._end, self._exported = world, start, end, exported

    @property
    def weekly(self) -> pd.DataFrame:
        """One row per account and week without notice.

        Columns: account_id, week (its beginning), cause, trouble, unhappy, dormant, and ``hazard``: P(the
        account leaves within the week), no contact being made in it.
        """
        rows = self._world.scene.ledger.columns("truth")
        keep = (rows["week"] >= self._start) & self._exported[rows["account"]]
        rows = {name: values[keep] for name, values in rows.items()}
        return pd.DataFrame(
            {
                "account_id": self._world.scene.company.ids[rows["account"]],
                "week": as_timestamps(rows["week"]),
                "cause": np.array(fig.CAUSES, dtype=object)[rows["cause"]],
                **{name: rows[name] for name in ("trouble", "unhappy", "dormant", "hazard")},
            }
        )

    @property
    def effects(self) -> pd.DataFrame:
        """What a contact does to a trouble, by role and cause, before the account's own openness."""
        role, cause = np.repeat(ROLES, len(fig.CAUSES)), np.tile(fig.CAUSES, len(ROLES))
        return pd.DataFrame({"role": role, "cause": cause, "cure": fig.CURE.ravel(), "warmth": fig.WARMTH.ravel()})

    @property
    def moments(self) -> pd.DatetimeIndex:
        """The moments for which :meth:`outlook` can be asked."""
        kept = [m for m in sorted(self._world.kept) if self._start <= m <= self._end]
        return as_timestamps(np.array(kept, dtype=np.int64))

    def outlook(
        self, at: Cutoff | int | None = None, *, horizon: Span | str = "90d", paths: int = 64, seed: int = 0
    ) -> pd.DataFrame:
        """Say what would become of every account that is under contract without notice at a moment.

        Its future is lived ``paths`` times from its true state on, without a contact and with one of each
        role in the first week, with the same luck; the probability is the mean over the paths of one minus
        the product of the weekly probabilities of staying. The contact is one that is carried out and
        reaches somebody; of planned ones ``(1 - NOT_MADE) x (1 - NOT_REACHED)`` of ``figures`` do.

        Parameters
        ----------
        at
            One of :attr:`moments`, or a moment in the week after one; None: the end of the record.
        horizon
            Within which an account leaves or not.

        Returns
        -------
        DataFrame
            account_id; cause, dormant; ``p0`` and ``p_<role>``: P(leave within the horizon) without and
            with the contact; ``effect_<role>``: p0 less that (below zero: the call harms); ``value``: EUR that
            are kept if the account stays past the horizon.

        Raises
        ------
        RequestError
            If no state was kept for that moment.
        """
        kept = self._kept_at(self._end if at is None else moment(at))
        state = self._world.kept[kept]
        who = np.flatnonzero(state.alive & ~state.notice & self._exported)
        leaves = self._leaves(state.rows(who), kept, Span.of(horizon), Dice(seed, "outlook"), paths)
        frame = {
            "account_id": self._world.scene.company.ids[who],
            "cause": np.array(fig.CAUSES, dtype=object)[state.cause[who]],
            "dormant": state.dormant[who],
            "p0": leaves[0],
            **{f"p_{role}": leaves[1 + i] for i, role in enumerate(ROLES)},
            **{f"effect_{role}": leaves[0] - leaves[1 + i] for i, role in enumerate(ROLES)},
            "value": self._value(who, kept),
        }
        return pd.DataFrame(frame)

    def _kept_at(self, now: int) -> int:
        """Give the beginning of the week around a moment, if its state was kept."""
        kept = max((m for m in self._world.kept if m <= now < m + WEEK), default=None)
        if kept is None:
            told = ", ".join(as_text(m) for m in sorted(self._world.kept)[-3:])
            raise RequestError(f"no hidden state was kept at {as_text(now)}; ask for one of .moments (last: {told}).")
        return kept

    def _leaves(self, state: State, now: int, horizon: Span, dice: Dice, paths: int) -> list[Floats]:
        """Give P(leave) without a contact, then with one of each role."""
        n, arms = len(state), [None, *range(len(ROLES))]
        total = [np.zeros(n) for _ in arms]
        for _ in range(paths):
            lucks = [Luck.draw(dice, n) for _ in range(-(-horizon.micros // WEEK))]
            for i, role in enumerate(arms):
                total[i] += 1.0 - _stay(state.copy(), now, horizon, lucks, role)
        return [t / paths for t in total]

    def _value(self, who: Ints, at: int) -> Floats:
        """Give margin x what it pays x its segment's expected life, discounted, five years at most."""
        rows = self._world.scene.ledger.columns("truth")
        scene = self._world.scene
        segment = 2 * scene.company.size + scene.state.annual
        sums = np.bincount(segment[rows["account"]], weights=rows["hazard"], minlength=2 * len(fig.SIZE_BANDS))
        counts = np.maximum(np.bincount(segment[rows["account"]], minlength=2 * len(fig.SIZE_BANDS)), 1)
        yearly = -np.log1p(-(sums / counts)) * 365.0 / 7.0 + _DISCOUNT
        years = (1.0 - np.exp(-yearly * _MOST_YEARS)) / yearly
        return np.asarray(fig.MARGIN * 12.0 * self._paid(at)[who] * years[segment[who]])

    def _paid(self, at: int) -> Floats:
        """Give EUR a month of every account at a moment."""
        rows = self._world.scene.ledger.columns("subscriptions")
        mrr = np.zeros(len(self._exported))
        known = np.flatnonzero(rows["recorded"] < at)
        order = known[np.argsort(rows["recorded"][known], kind="stable")]
        mrr[rows["account"][order]] = rows["mrr"][order]
        return mrr


def _stay(state: State, now: int, horizon: Span, lucks: list[Luck], role: int | None) -> Floats:
    """Live through the weeks of the horizon on one path; give the product of the probabilities of staying."""
    stays = np.ones(len(state))
    everybody = np.arange(len(state))
    for week, luck in enumerate(lucks):
        start = now + week * WEEK
        part = min(1.0, (now + horizon.micros - start) / WEEK)
        hit = luck.incident < fig.INCIDENT_WEEKS * fig.INCIDENT_REACH
        trouble.strike(state, start, luck, hit=hit, told=trouble.announce(state, start, luck))
        trouble.live(state, luck)
        stays *= (1.0 - trouble.leaves_this_week(state, start)) ** part
        trouble.dun(state, luck)
        turn_year(state, start)
        if week == 0 and role is not None:
            trouble.touch(state, everybody, np.full(len(state), role), luck)
    return stays
