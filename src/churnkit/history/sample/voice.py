"""Voice: surveys, answered or not, and what is written beside the score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.history.sample import figures as fig
from churnkit.history.sample.ledger import HOUR, MINUTE, WEEK, minutes
from churnkit.timeline import DAY, NEVER

if TYPE_CHECKING:
    from churnkit.history.sample.dice import Dice
    from churnkit.history.sample.scene import Scene
    from churnkit.history.sample.state import Floats, Ints

METRICS = ("nps", "csat", "ces")
NPS, CSAT, CES = range(3)
NO_COMMENT = -1
_LONGEST_REPLY_DAYS = 21.0
_TWO, _THREE = 6, 15  # from this many seats two users are asked, and three


class Voice:
    """Surveys, and the last score that a manager has seen of each account."""

    def __init__(self, scene: Scene, dice: Dice) -> None:
        n = len(scene.state)
        self._scene, self._dice = scene, dice
        self._phase = dice.whole(0, fig.NPS_EVERY_WEEKS, n)
        self.last_nps = np.full(n, np.nan)

    def week(self, now: int, week: int, keen: Ints) -> None:
        """Ask for the quarter's score, and once for the effort of getting started."""
        dice, state, contracts = self._dice, self._scene.state, self._scene.contracts
        settled = state.alive & (contracts.began < now - 4 * WEEK)
        due = np.flatnonzero(settled & ((week + self._phase) % fig.NPS_EVERY_WEEKS == 0))
        asked = 1 + (contracts.seats[due] >= _TWO) + (contracts.seats[due] >= _THREE)
        account = np.repeat(due, asked)
        nth = np.arange(len(account)) - np.repeat(np.cumsum(asked) - asked, asked)
        user = np.where(nth == 0, keen[account], nth + 1)
        sent = now + DAY + minutes(dice.between(8.0 * HOUR, 10.0 * HOUR, len(account)))
        gone = (nth == 0) & state.champion_gone[account]
        self._ask(NPS, account, user, sent, chance=np.where(gone, -99.0, fig.NPS_ANSWERS))
        onboarded = np.where(contracts.number == 1, contracts.began, NEVER - DAY * 100) + fig.CES_DAYS * DAY
        first = np.flatnonzero(state.alive & (onboarded >= now) & (onboarded < now + WEEK))
        at = np.full(len(first), now + 2 * DAY + 9 * HOUR)
        self._ask(CES, first, keen[first], at, chance=np.full(len(first), fig.NPS_ANSWERS))

    def after_ticket(self, account: Ints, user: Ints, resolved: Ints, hours: Floats) -> None:
        """Ask how a case went, an hour after it is solved; a slow solution costs points."""
        asked = self._dice.chance(fig.CSAT_ASKED, len(account))
        slow = np.log(hours[asked] / fig.RESOLVE_HOURS)
        chance = np.full(int(asked.sum()), fig.CSAT_ANSWERS)
        self._ask(CSAT, account[asked], user[asked], resolved[asked] + HOUR, chance=chance, slow=slow)

    def _ask(
        self, metric: int, account: Ints, user: Ints, sent: Ints, *, chance: Floats, slow: Floats | float = 0.0
    ) -> None:
        """Send a survey: who is unhappy, or no longer there, answers less, and lower."""
        dice, state, contracts = self._dice, self._scene.state, self._scene.contracts
        n = len(account)
        mood, disuse = state.unhappy[account], 1.0 - state.engagement[account]
        log_odds = chance + self._scene.company.reply[account]
        log_odds = log_odds + fig.ANSWER_UNHAPPY * mood + fig.ANSWER_DISUSE * disuse
        replied = sent + minutes(dice.exponential(fig.REPLY_DAYS * DAY, n)) + MINUTE
        answers = dice.chance(1.0 / (1.0 + np.exp(-log_odds)), n) & (replied < sent + _LONGEST_REPLY_DAYS * DAY)
        answers &= contracts.covers(account, replied)
        score = self._score(metric, account, slow)
        late = answers & dice.chance(fig.LATE_SCORES, n)
        delay = minutes(dice.between(DAY, 10.0 * DAY, n))
        comment = np.where(dice.chance(fig.COMMENT_SHARE, n) & answers, dice.whole(0, 60, n), NO_COMMENT)
        asked = contracts.covers(account, sent)
        if metric == NPS:
            self.last_nps[account[answers]] = score[answers]
        columns = {
            "account": account,
            "at": np.where(answers, replied, sent),
            "metric": np.full(n, metric),
            "score": np.where(answers, score, np.nan),
            "sent": sent,
            "comment": comment,
            "grievance": np.where(state.level[account] > 0.3, state.cause[account], fig.NONE),
            "user": user,
            "recorded": np.where(late, replied + delay, NEVER),
        }
        self._scene.ledger.add("satisfaction", **{name: values[asked] for name, values in columns.items()})

    def _score(self, metric: int, account: Ints, slow: Floats | float) -> Floats:
        """Give the score that each account would answer."""
        dice, state, n = self._dice, self._scene.state, len(account)
        mood = (state.unhappy[account] + state.level[account]) / 2.0  # a grudge speaks before it acts
        lean = self._scene.company.bias[account]
        noise = dice.normal(n)
        if metric == NPS:
            felt = fig.NPS_CONTENT + fig.NPS_UNHAPPY * mood + lean + fig.NPS_SPREAD * noise
            low, high = 0, 10
        elif metric == CSAT:
            felt = 4.4 - 1.3 * mood + 0.25 * lean - 0.30 * slow + 0.75 * noise
            low, high = 1, 5
        else:
            felt = 5.6 - 2.2 * mood + 0.4 * lean + 1.0 * noise
            low, high = 1, 7
        thoughtless = dice.chance(fig.NPS_AT_RANDOM, n)
        anything = dice.whole(low, high + 1, n)
        return np.where(thoughtless, anything, np.clip(np.floor(felt + 0.5), low, high)).astype(np.float64)
