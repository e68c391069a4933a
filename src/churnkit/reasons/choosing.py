"""From many contributions to a few reasons per account, and what each of them is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit

from churnkit.errors import WrongModel
from churnkit.features.expressions import Aggregate
from churnkit.reasons.companions import companions
from churnkit.reasons.groups import medians
from churnkit.reasons.kernel import NOTHING, Picked, over_chunks, pick
from churnkit.reasons.stability import Stability
from churnkit.reasons.words import Language, Seen, teller
from churnkit.timeline import NEVER, as_timestamps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.features import Expression, FeatureMatrix
    from churnkit.reasons.exact import Explainer
    from churnkit.reasons.groups import Groups
    from churnkit.reasons.words.tellers import Teller

ENOUGH = 30
"""Accounts looked at together that make peers; with fewer, the medians of training stand in."""


@dataclass(frozen=True, eq=False)
class Facts:
    """What sentences draw on.

    Parameters
    ----------
    matrix
        Features of the accounts, now.
    earlier
        The same rows at an earlier moment, or None.
    groups
        Which features are one reason, and the medians of training.
    currency
        ISO code of the currency that money is in; empty where not known.
    """

    matrix: FeatureMatrix
    earlier: FeatureMatrix | None
    groups: Groups
    currency: str = ""

    def check(self, names: tuple[str, ...]) -> None:
        """Refuse facts that do not belong to a model with these features.

        Raises
        ------
        WrongModel
            If features or rows do not fit.
        """
        given = {"features": tuple(self.matrix.names), "groups": self.groups.names}
        if self.earlier is not None:
            given["earlier features"] = tuple(self.earlier.names)
        for what, found in given.items():
            if found != names:
                strange = sorted(set(found) ^ set(names)) or ["their order"]
                raise WrongModel(
                    f"reasons: the {what} are not those of the model ({len(strange)} differ, first: {strange[0]}); "
                    "explain with the model that made the scores."
                )
        if self.earlier is not None and len(self.earlier.values) != len(self.matrix.values):
            raise WrongModel(
                f"reasons: {len(self.matrix.values):,} rows now and {len(self.earlier.values):,} earlier; "
                "compute both for the same accounts."
            )

    @cached_property
    def peers(self) -> NDArray[np.float64]:
        """Each feature's median over the accounts, or over those of training where there are too few."""
        values = self.matrix.values
        return medians(values) if len(values) >= ENOUGH else self.groups.typical

    def values(
        self, row: NDArray[np.int64], feature: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Give features (positions) of rows: now, earlier and among peers."""
        now = self.matrix.values[row, feature].astype(np.float64)
        past = (
            np.full(len(row), np.nan) if self.earlier is None else self.earlier.values[row, feature].astype(np.float64)
        )
        return now, past, self.peers[feature]


@dataclass(frozen=True, eq=False)
class Telling:
    """Tells features of rows in sentences.

    Parameters
    ----------
    facts
        What they draw on.
    tellers
        Per feature what tells it, found when it is first needed.
    helper
        Per feature the position of the one that helps to tell it, or -1.
    locale
        Language and number forms.
    """

    facts: Facts
    tellers: dict[int, Teller]
    helper: NDArray[np.int64]
    locale: str

    @classmethod
    def of(cls, facts: Facts, locale: str) -> Telling:
        """Make ready; RequestError if there are no words for the locale."""
        Language.of(locale)
        _ = facts.peers  # found once, before threads ask for it
        return cls(facts, {}, np.array(companions(facts.matrix.features), dtype=np.int64), locale)

    def __call__(self, row: NDArray[np.int64], feature: NDArray[np.int64]) -> NDArray[np.object_]:
        """Tell features (positions) of rows."""
        facts, matrix, (now, past, peers) = self.facts, self.facts.matrix, self.facts.values(row, feature)
        helper = self.helper[feature]
        aid = np.where(helper < 0, np.nan, matrix.values[row, np.maximum(helper, 0)].astype(np.float64))
        then: list[int | None] = [None] * len(row) if facts.earlier is None else facts.earlier.cutoff[row].tolist()
        columns = (feature, now, past, peers, matrix.cutoff[row], aid)
        out = np.empty(len(row), np.object_)
        # the one number that helps is an age or a usual gap, whichever the sentence knows
        out[:] = [
            self._teller(j)(Seen(value, earlier, among, at, before, help_, help_))
            for j, value, earlier, among, at, help_, before in zip(*(c.tolist() for c in columns), then, strict=True)
        ]
        return out

    def _teller(self, feature: int) -> Teller:
        found = self.tellers.get(feature)
        if found is None:
            found = teller(self.facts.matrix.features[feature], self.locale, self.facts.currency)
            self.tellers[feature] = found
        return found


@dataclass(frozen=True, eq=False)
class Chosen:
    """What the kernel chose and its words, ``[n, places]`` each, log-odds ``[n]``, and what refits say of it."""

    effect: NDArray[np.float64]
    group: NDArray[np.int64]
    feature: NDArray[np.int64]
    sentence: NDArray[np.object_]
    log_odds: NDArray[np.float64]
    stability: Stability


def choose(
    explainer: Explainer, facts: Facts, raising: int, lowering: int, *, locale: str = "en", threads: int | None = None
) -> Chosen:
    """Choose and tell each account's reasons chunk by chunk, so that all contributions are never in memory at once."""
    X, groups = facts.matrix.values, facts.groups
    shape = (len(X), raising + lowering)
    empty = np.zeros(shape), np.empty(shape, np.int64), np.empty(shape, np.int64), np.empty(shape, np.object_)
    out = Chosen(*empty, np.empty(len(X)), Stability.unknown(*shape))
    shown, tell = groups.shown, Telling.of(facts, locale)

    def work(rows: slice) -> None:
        parts, refits = explainer.refitted(X[rows])
        into = Picked(out.effect[rows], out.group[rows], out.feature[rows])
        out.log_odds[rows] = explainer.base + pick(parts, groups.group_of, shown, raising, lowering, into)
        out.stability.judge(rows, into, parts, refits, groups=groups, spread=explainer.spread)
        row, place = np.nonzero(into.group != NOTHING)
        # one thread tells while the kernel of another computes
        out.sentence[rows][row, place] = tell(row + rows.start, into.feature[row, place])

    over_chunks(len(X), work, threads)
    return out


def tall(facts: Facts, chosen: Chosen, base: float) -> pd.DataFrame:
    """Give one row per reason: ``row`` (of the account) and the columns of ``reasons.frame`` but account_id."""
    row, place = np.nonzero(chosen.group != NOTHING)
    feature, group, effect = chosen.feature[row, place], chosen.group[row, place], chosen.effect[row, place]
    matrix, groups = facts.matrix, facts.groups
    now, past, peers = facts.values(row, feature)
    return pd.DataFrame(
        {
            "row": row,
            "place": place + 1,
            "theme": _named(groups.themes, group),
            "feature": _named(matrix.names, feature),
            "sentence": chosen.sentence[row, place],
            "effect": effect,
            "points": effect * per_unit(base, chosen.log_odds)[row],
            "value": now,
            "earlier": past,
            "peers": peers,
            "direction": np.where(effect > 0, "raises", "lowers"),
            "action": _named(groups.actions, group),
            "stable": chosen.stability.share[row, place],
            **_dates(matrix.features, feature, matrix.cutoff[row]),
        }
    )


def _dates(
    features: Sequence[Expression], feature: NDArray[np.int64], cutoff: NDArray[np.int64]
) -> dict[str, pd.DatetimeIndex]:
    """Give the first and last moment of what each feature looks at; empty where it reaches back to the beginning."""
    spans = [_reach(x) for x in features]
    far = np.array([NEVER if a is None else a for a, _ in spans], dtype=np.int64)[feature]
    near = np.array([b for _, b in spans], dtype=np.int64)[feature]
    start = np.where(far == NEVER, NEVER, cutoff - np.where(far == NEVER, 0, far))
    return {"from": as_timestamps(start), "to": as_timestamps(cutoff - near)}


def _reach(feature: Expression) -> tuple[int | None, int]:
    """Give how long before the cutoff a feature begins to look (None: at the beginning) and ends."""
    leaves = [part for part in feature.walk() if isinstance(part, Aggregate)]
    ends = [part.ending.micros for part in leaves]
    if not leaves or any(part.window is None for part in leaves):
        return None, min(ends, default=0)
    return max(end + part.window.micros for part, end in zip(leaves, ends, strict=True) if part.window), min(ends)


def _named(names: Sequence[str], at: NDArray[np.int64]) -> NDArray[np.object_]:
    found: NDArray[np.object_] = np.array(names, dtype=np.object_)[at]
    return found


def totals(chosen: Chosen, base: float) -> pd.DataFrame:
    """Give one row per account: what is shown and what is not, adding up to the log-odds."""
    shown = chosen.effect.sum(axis=1)
    rest = chosen.log_odds - base - shown
    return pd.DataFrame(
        {
            "log_odds": chosen.log_odds,
            "probability": expit(chosen.log_odds),
            "base": base,
            "base_probability": expit(base),
            "shown": shown,
            "rest": rest,
            "rest_points": rest * per_unit(base, chosen.log_odds),
        }
    )


def per_unit(base: float | NDArray[np.float64], log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the points of probability per unit of log-odds: the slope of the chord from the base to the account."""
    low, apart = expit(base), log_odds - base
    near = np.abs(apart) < 1e-6  # there the chord is its tangent
    chord: NDArray[np.float64] = np.where(near, low * (1 - low), (expit(log_odds) - low) / np.where(near, 1.0, apart))
    return chord
