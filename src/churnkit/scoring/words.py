"""An evaluation in plain words, the most important first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.learning.bootstrap import Sampled
    from churnkit.scoring.model import ChurnModel

OURS = "churnkit"

_SPOKEN = {
    "value-sorted": "sorting by value",
    "last NPS": "sorting by the last NPS",
    "recency rule": "the recency rule",
}


def tell(
    measured: dict[str, dict[str, Sampled]],
    model: ChurnModel,
    *,
    y: NDArray[np.int8],
    account: NDArray[np.int32],
    share: float,
) -> tuple[str, ...]:
    """Say what the list finds, against chance and against each other ranking, and how sure that is."""
    leavers = len(np.unique(account[y == 1]))
    people = len(np.unique(account))
    if not leavers:
        return (f"None of these {people:,} accounts left, so no list can be told from another.",)
    lift = measured[OURS]["lift"]
    low, high = lift.interval
    first = (
        f"On these {people:,} accounts ({leavers:,} of them left) the first {share:.0%} of the list finds "
        f"{lift.value:.1f} times as many leavers as chance (90% interval {low:.1f} to {high:.1f})."
    )
    said = [first]
    said += [_against(name, measured) for name in measured if name != OURS]
    said.append(_calibrated(model, y, float(measured[OURS]["calibration_slope"].value)))
    return tuple(said)


def _against(name: str, measured: dict[str, dict[str, Sampled]]) -> str:
    ours, theirs = measured[OURS]["recall"], measured[name]["recall"]
    apart = ours - theirs
    low, high = apart.interval
    ratio = ours.value / theirs.value if theirs.value > 0 else float("inf")
    times = f"{ratio:.1f} times as many leavers as" if np.isfinite(ratio) else "leavers where none are found by"
    rival = _SPOKEN.get(name, name)
    if low > 0:
        return f"It finds {times} {rival}."
    if high < 0:
        return f"It finds fewer leavers than {rival} ({ours.value:.0%} against {theirs.value:.0%}): use that instead."
    return (
        f"It cannot be told from {rival} at this size ({ours.value:.0%} of the leavers found against "
        f"{theirs.value:.0%}; difference {low:+.0%} to {high:+.0%})."
    )


def _calibrated(model: ChurnModel, y: NDArray[np.int8], slope: float) -> str:
    seen = float((y == 1).mean())
    told = f"{seen:.1%} of the snapshots left within {model.horizon.days:g} days"
    if not np.isfinite(slope):
        return f"{told}; too few to judge the calibration."
    if 0.8 <= slope <= 1.25:
        return f"{told}; the probabilities are well spread (calibration slope {slope:.2f}, 1 is right)."
    sure = "too sure of themselves" if slope < 1 else "too cautious"
    return f"{told}; the probabilities are {sure} (calibration slope {slope:.2f}, 1 is right)."
