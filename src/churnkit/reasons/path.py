"""The path from an earlier score to a later one, each step divided exactly among features.

The log-odds of an account move along one stated path: the old model on the facts at hand then; on the same facts at
the later moment (passage of time: windows slide, silence lengthens, a renewal nears); with the new facts; beside the
peers as they are now; the new model under the old calibration; the new calibration. Between two stations the move of
each feature is the difference of its contributions, that of the base the difference of bases, so all parts add up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from churnkit.reasons.exact import Explainer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.learning.blend import Blend
    from churnkit.timeline import Span

TIME, FACTS, PEERS, MODEL, CALIBRATION = STEPS = ("time", "facts", "peers", "model", "calibration")
"""The steps of the path, in order."""

_CHUNK = 4096


@dataclass(frozen=True, eq=False)
class Path:
    """What is measured at each station, for the same ``n`` accounts.

    Parameters
    ----------
    old, new
        The learners before and after; the very same object where the model is the same.
    horizon
        The main horizon.
    then
        float32 ``[n, p]``, the old model's features as they were when the accounts were first scored.
    again
        The same from the history given; they differ only where facts of that time came in late or were corrected.
    passed
        With only the facts known then, at the later moment, beside the peers of then.
    known
        With all facts, beside the peers of then.
    now
        With all facts, beside the peers of now.
    fresh
        float32 ``[n, q]``, the new model's features.
    """

    old: Blend
    new: Blend
    horizon: Span
    then: NDArray[np.float32]
    again: NDArray[np.float32]
    passed: NDArray[np.float32]
    known: NDArray[np.float32]
    now: NDArray[np.float32]
    fresh: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.then)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The old model's features, then those that only the new one has."""
        return tuple(dict.fromkeys((*self.old.names, *self.new.names)))

    @cached_property
    def explainers(self) -> tuple[Explainer, Explainer, Explainer]:
        """Of the old model, of the new one under the old calibration, and of the new one."""
        between = replace(self.new, calibration=self.old.calibration)
        return (
            Explainer.of(self.old, self.horizon),
            Explainer.of(between, self.horizon),
            Explainer.of(self.new, self.horizon),
        )

    @property
    def bases(self) -> dict[str, float]:
        """What each step moves the base by, log-odds."""
        old, between, new = (explainer.base for explainer in self.explainers)
        return {TIME: 0.0, FACTS: 0.0, PEERS: 0.0, MODEL: between - old, CALIBRATION: new - between}

    def ends(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Log-odds before and after, float64 ``[n]`` each."""
        at = self.old.horizons.index(self.horizon), self.new.horizons.index(self.horizon)
        return self.old.log_odds(self.then)[:, at[0]], self.new.log_odds(self.fresh)[:, at[1]]

    def chunks(self) -> list[slice]:
        """Rows to be taken together, so that memory stays bounded."""
        return [slice(start, start + _CHUNK) for start in range(0, len(self), _CHUNK)]

    def divided(self, rows: slice) -> dict[str, NDArray[np.float64]]:
        """Divide every step of some rows among the features, float64 ``[m, len(names)]``; the bases are apart."""
        old, between, new = self.explainers
        then = old.contributions(self.then[rows])
        again = then if self.again is self.then else old.contributions(self.again[rows])
        passed, known = old.contributions(self.passed[rows]), old.contributions(self.known[rows])
        # where no feature is held against peers, their moves move nothing
        now = known if self.now is self.known else old.contributions(self.now[rows])
        width = len(self.names) - len(self.old.names)
        steps = {TIME: passed - again, FACTS: (again - then) + (known - passed), PEERS: now - known}
        steps = {step: np.pad(parts, ((0, 0), (0, width))) for step, parts in steps.items()}
        if self.new is self.old:
            none = np.zeros((len(then), len(self.names)))
            return steps | {MODEL: none, CALIBRATION: none}
        fresh = self._placed(between.contributions(self.fresh[rows]))
        last = self._placed(new.contributions(self.fresh[rows]))
        return steps | {MODEL: fresh - np.pad(now, ((0, 0), (0, width))), CALIBRATION: last - fresh}

    def _placed(self, parts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Put the new model's features at their places among all names."""
        place = {name: j for j, name in enumerate(self.names)}
        out = np.zeros((len(parts), len(self.names)))
        out[:, [place[name] for name in self.new.names]] = parts
        return out
