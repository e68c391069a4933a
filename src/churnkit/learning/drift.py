"""How the book's base rate has moved beside what the features explain, and how far to follow it.

Following the latest level is right when the base rate drifts and wrong when it swings with the season;
with less than two cycles of history the two look alike. So the level is a mean-reverting process: its
forecast decays toward no shift, and its uncertainty stays in the interval. From two cycles on a trend and
a season stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit.timeline import DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.learning.rows import Floats

PERSISTENCE = 0.85
"""Share of a level that is left after 30 days: half of it after about four months."""

CYCLES = 2 * 365 - 45
"""Days of cutoffs from which on the same season has been seen twice."""


TREND = 400.0
"""Days over which a trend goes on before it bends back. Drawn worlds of 26 months (a drift, a walk, a jump, a season;
600 each) were all forecast better with it, the drift by a fifth; within one cycle a season was forecast worse."""


@dataclass(frozen=True)
class Forecast:
    """A shift of the log-odds, and its variance."""

    shift: float = 0.0
    variance: float = 0.0


def forecast_level(cutoff: NDArray[np.int64], level: Floats, information: Floats, ahead: int) -> Forecast:
    """Forecast the shift of the log-odds ``ahead`` microseconds after the last cutoff.

    Parameters
    ----------
    cutoff : int64 [T]
        Distinct moments, ascending.
    level : float64 [T]
        Best shift of the log-odds at each cutoff.
    information : float64 [T]
        Inverse variance of each level.
    ahead
        Microseconds from the last cutoff to the moment that is forecast.

    Returns
    -------
    Forecast
        No shift and no variance for fewer than four cutoffs, or where the levels differ no more than their
        own errors explain.

    References
    ----------
    DerSimonian and Laird (1986), Meta-analysis in clinical trials, Controlled Clinical Trials 7, 177-188: the
    variance beyond the errors. Rasmussen and Williams (2006), Gaussian Processes, ch. 2: the forecast.
    """
    if len(cutoff) < 4:
        return Forecast()
    level = level - np.average(level, weights=information)
    freedom = float(information.sum() - information @ information / information.sum())
    spread = max(0.0, float(information @ level**2) - (len(level) - 1)) / freedom
    if spread == 0.0:
        return Forecast()
    day = np.append(cutoff, cutoff[-1] + ahead) / DAY
    kin = spread * _kinship(np.abs(day[:, None] - day[None, :]), seasonal=day[-2] - day[0] >= CYCLES)
    gain = np.linalg.solve(kin[:-1, :-1] + np.diag(1 / information), kin[:-1, -1])
    return Forecast(float(gain @ level), max(spread - float(gain @ kin[:-1, -1]), 0.0))


def _kinship(days: Floats, *, seasonal: bool) -> Floats:
    """Correlation of the level so many days apart; after two cycles half of it is season and a quarter trend."""
    lasting: Floats = PERSISTENCE ** (days / 30)
    if not seasonal:
        return lasting
    season = np.exp(-2 * np.sin(np.pi * days / 365.25) ** 2 / 0.7**2)
    # Matern 3/2: paths have a slope, so a forecast goes on as it went before it bends back to the mean.
    far = np.sqrt(3) * days / TREND
    trend = (1 + far) * np.exp(-far)
    mixed: Floats = 0.25 * lasting + 0.25 * trend + 0.5 * season
    return mixed
