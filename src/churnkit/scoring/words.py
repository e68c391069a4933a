"""An evaluation in plain words, the most important first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from churnkit.scoring.measuring import OURS
from churnkit.scoring.rivals import SPOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from churnkit.learning.bootstrap import Sampled
    from churnkit.scoring.measuring import Judged, Measured
    from churnkit.timeline import Span

HOPELESS = 100
"""Beyond so many times the accounts at hand nobody waits for more."""

FEW = 5
"""Leavers below which a segment is not spoken of."""


def tell(measured: Measured, judged: Judged, horizon: Span, more: Iterable[str] = ()) -> tuple[str, ...]:
    """Say what the list finds, against chance and against each other ranking, and how sure that is.

    Parameters
    ----------
    measured, judged
        The figures, and the rows that they were measured on.
    horizon
        Within which leaving is meant.
    more
        Sentences on parts of the book, put last.

    Returns
    -------
    tuple of str
        First what the list finds and which rivals it beats; then each rival that it cannot be told from, with the
        accounts that would be needed, and each that is better; then the probabilities.
    """
    people = judged.accounts
    if not judged.leavers:
        return (f"None of these {people:,} accounts left, so no list can be told from another.",)
    others = [name for name in measured if name != OURS]
    verdicts = {name: _verdict(measured[OURS]["recall"] - measured[name]["recall"]) for name in others}
    said = [_first(measured, judged, [n for n in others if verdicts[n] > 0])]
    said += [_not_told(measured, n, people) for n in others if verdicts[n] == 0]
    said += [_worse(measured, n) for n in others if verdicts[n] < 0]
    if others and all(v <= 0 for v in verdicts.values()):
        said.append("At this length the list is not shown to be better than any of what is there without it.")
    said.append(_calibrated(measured[OURS], judged, horizon))
    said += _probabilities(measured, [n for n in others if "log_loss" in measured[n]])
    return (*said, *more)


def _verdict(apart: Sampled) -> int:
    """Better (1), worse (-1), or not told apart (0)."""
    low, high = apart.interval
    return 1 if low > 0 else -1 if high < 0 else 0


def _first(measured: Measured, judged: Judged, beaten: list[str]) -> str:
    lift = measured[OURS]["lift"]
    low, high = lift.interval
    start = f"On these {judged.accounts:,} accounts ({judged.leavers:,} of them left) the first {judged.share:.0%} of "
    if low <= 1 <= high:
        start += (
            f"the list finds {lift.value:.1f} times as many leavers as chance, which cannot be told from chance at "
            f"this size (90% interval {low:.1f} to {high:.1f})"
        )
    else:
        start += (
            f"the list finds {lift.value:.1f} times as many leavers as chance (90% interval {low:.1f} to {high:.1f})"
        )
    return start + "".join(f"{_and(i, len(beaten))}{_times(measured, name)}" for i, name in enumerate(beaten)) + "."


def _and(i: int, of: int) -> str:
    return " and " if i == of - 1 else ", "


def _times(measured: Measured, name: str) -> str:
    ours, theirs = measured[OURS]["recall"].value, measured[name]["recall"].value
    if theirs <= 0:
        return f"leavers where {SPOKEN.get(name, name)} finds none"
    return f"{ours / theirs:.1f} times as many as {SPOKEN.get(name, name)}"


def _not_told(measured: Measured, name: str, people: int) -> str:
    ours, theirs = measured[OURS]["recall"], measured[name]["recall"]
    apart = ours - theirs
    low, high = apart.interval
    return (
        f"It cannot be told from {SPOKEN.get(name, name)} at this size ({ours.value:.0%} of the leavers found against "
        f"{theirs.value:.0%}; difference {100 * low:+.0f} to {100 * high:+.0f} points); {_further(apart, people)}."
    )


def _further(apart: Sampled, people: int) -> str:
    needed = apart.further(people)
    if not math.isfinite(needed) or needed > HOPELESS * people:
        return "no number of accounts that a company has would tell them apart"
    needed = _rounded_up(max(needed, 1))
    which = "better" if apart.value > 0 else "worse"
    more = "1 more account" if needed == 1 else f"{needed:,} more accounts"
    return f"about {more} would be needed to call it {which}"


def _rounded_up(number: float) -> int:
    """Round up to two digits that count."""
    unit = 10.0 ** max(math.floor(math.log10(number)) - 1, 0)
    return int(math.ceil(number / unit) * unit)


def _worse(measured: Measured, name: str) -> str:
    ours, theirs = measured[OURS]["recall"].value, measured[name]["recall"].value
    return f"It finds fewer leavers than {SPOKEN.get(name, name)} ({ours:.0%} against {theirs:.0%}): use that instead."


def _calibrated(ours: dict[str, Sampled], judged: Judged, horizon: Span) -> str:
    seen = float((judged.y == 1).mean())
    promised = seen + ours["calibration_gap"].value
    told = f"{promised:.1%} were given as leaving within {horizon.days:g} days, {seen:.1%} left"
    slope = ours["calibration_slope"].value
    if not np.isfinite(slope):
        return f"{told}; too few to judge the calibration."
    low, high = ours["calibration_slope"].interval
    figure = f"calibration slope {slope:.2f} (90% interval {low:.2f} to {high:.2f}), 1 is right"
    if low <= 1 <= high:
        return f"{told}; the probabilities are well spread ({figure})."
    sure = "too sure of themselves" if slope < 1 else "too cautious"
    return f"{told}; the probabilities are {sure} ({figure})."


def _probabilities(measured: Measured, names: list[str]) -> list[str]:
    """Say whose probabilities are better, by log loss."""
    if not names:
        return []
    ours = measured[OURS]["log_loss"]
    verdicts = {n: _verdict(measured[n]["log_loss"] - ours) for n in names}
    words = {1: "better than those of", 0: "not to be told from those of", -1: "worse than those of"}
    found = []
    for verdict, which in words.items():
        them = [f"{SPOKEN.get(n, n)} ({measured[n]['log_loss'].value:.3f})" for n in names if verdicts[n] == verdict]
        if them:
            found.append(f"{which} {' and '.join(them)}")
    return [f"Its probabilities (log loss {ours.value:.3f}) are {', '.join(found)}."]


def of_segments(segments: pd.DataFrame, by: str | None) -> tuple[str, ...]:
    """Say where in the book the list finds most and least, and where its probabilities are off."""
    if by is None or not len(segments):
        return ()
    ours = segments[(segments["ranking"] == OURS) & (segments["leavers"] >= FEW)]
    wide = ours.pivot_table(index="segment", columns="metric", values="value", sort=False)
    said = []
    if len(wide) > 1:
        best, least = str(wide["lift"].idxmax()), str(wide["lift"].idxmin())
        said.append(
            f"By {by}: the list finds most in {best} ({wide['lift'].max():.1f} times as many leavers as chance) and "
            f"least in {least} ({wide['lift'].min():.1f})."
        )
    gaps = ours[ours["metric"] == "calibration_gap"]
    off = gaps[(gaps["low"] > 0) | (gaps["high"] < 0)]
    if len(off):
        told = [f"{s} (by {100 * v:+.1f} points)" for s, v in zip(off["segment"], off["value"], strict=True)]
        said.append(f"The probabilities are off, beyond the 90% interval, in {', '.join(told)}.")
    return tuple(said)


def of_replay(per_cutoff: pd.DataFrame, *, fits: int) -> str:
    """Say how many lists there were, from how many models, and how often each beat what."""
    lifts = per_cutoff[per_cutoff["metric"] == "lift"].pivot_table(
        index="cutoff", columns="ranking", values="value", sort=False, dropna=False
    )
    lists, told = per_cutoff["cutoff"].nunique(), lifts[lifts[OURS].notna()]
    models = "1 model" if fits == 1 else f"{fits} models"
    start = (
        f"{lists} lists were made from {models}, each with what was known then" if lists > 1 else "One list was made"
    )
    if not len(told):
        return f"{start}; nobody left after any of them."
    won = {"chance": int((told[OURS] > 1).sum())}
    won |= {SPOKEN.get(str(n), str(n)): int((told[OURS] > told[n]).sum()) for n in told.columns if n != OURS}
    times = sorted(set(won.values()), reverse=True)
    more = " and ".join(f"than {_listed([n for n in won if won[n] == k])} in {k}" for k in times)
    return f"{start}; of the {len(told)} after which somebody left, it found more leavers {more}."


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
