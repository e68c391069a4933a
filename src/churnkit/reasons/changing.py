"""Why scores moved: the parts of each account's move, which add up to it, and the move in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit

from churnkit.display import Drawable
from churnkit.errors import RequestError, UnknownAccount
from churnkit.features.expressions import Aggregate
from churnkit.reasons.choosing import per_unit
from churnkit.reasons.kernel import by_group
from churnkit.reasons.moves import headline
from churnkit.reasons.path import CALIBRATION, FACTS, MODEL, PEERS, STEPS, TIME, Path
from churnkit.reasons.words import Language

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from churnkit.features import FeatureSet
    from churnkit.reasons.groups import Groups
    from churnkit.reasons.moves import Lately
    from churnkit.timeline import Span

ACCOUNT = "what happened"
"""The source of a part that new facts and the passage of time make together."""

_OTHERS = {PEERS: "peers moved", MODEL: "new model", CALIBRATION: "new calibration"}
_COLUMNS = ("account_id", "place", "source", "theme", "feature", "sentence", "effect", "points", TIME, FACTS)
_KEPT = 1e-12  # log-odds below which a part is nothing but rounding


@dataclass(frozen=True, eq=False, repr=False)
class ChangeReasons(Drawable):
    """Why scores moved between two moments, for every account scored at both.

    Attributes
    ----------
    frame
        One row per account and part, the strongest first: account_id; place; source (``"what happened"``: new facts
        and the passage of time together, by theme; ``"peers"``, ``"model"``, ``"calibration"``); theme; feature (the
        one that carries most of the part); sentence; effect (log-odds); points (of probability: 0.01 is one
        percentage point); time and facts (log-odds, the two of which ``effect`` is made).
    totals
        One row per account, in the order of the later scores: account_id; log_odds_before, log_odds;
        probability_before, probability; time, facts, peers, model, calibration (log-odds: they add up to the move);
        shown and rest (they do, too); points (the move of the probability); sentence.
    elsewhere
        Accounts in one of the two scores only: account_id; scored (``"before"`` or ``"after"``); reason.
    before, after
        The two moments, microseconds UTC.
    horizon
        The main horizon.
    path
        What was measured at each station; see :meth:`division`.
    notes
        What a reader should know.
    """

    frame: pd.DataFrame
    totals: pd.DataFrame
    elsewhere: pd.DataFrame
    before: int
    after: int
    horizon: Span
    path: Path
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.totals)

    def of(self, account_id: object) -> pd.DataFrame:
        """Give the parts of one account's move, the strongest first; UnknownAccount where it has none."""
        self._row(account_id)
        return self.frame[self.frame["account_id"] == account_id].reset_index(drop=True)

    def division(self, account_ids: Iterable[object] | None = None) -> pd.DataFrame:
        """Divide moves exactly: one row per account, step and feature whose contribution moved.

        Parameters
        ----------
        account_ids
            Whose; None: everybody's, which is much for a large book.

        Returns
        -------
        DataFrame
            account_id, step (time, facts, peers, model, calibration), feature (empty: the base), effect (log-odds).
            An account's effects add up to the move of its log-odds.
        """
        rows = range(len(self)) if account_ids is None else [self._row(a) for a in account_ids]
        names = np.array(["", *self.path.names], dtype=np.object_)
        found = []
        for row in rows:
            parts = self.path.divided(slice(row, row + 1))
            for step in STEPS:
                effects = np.concatenate([[self.path.bases[step]], parts[step][0]])
                moved = effects != 0
                data = {"step": step, "feature": names[moved], "effect": effects[moved]}
                found.append(pd.DataFrame(data).assign(account_id=self.totals["account_id"].iloc[row]))
        columns = ["account_id", "step", "feature", "effect"]
        return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)

    def _row(self, account_id: object) -> int:
        at = np.flatnonzero((self.totals["account_id"] == account_id).to_numpy())
        if not len(at):
            gone = self.elsewhere[self.elsewhere["account_id"] == account_id]
            if len(gone):
                first = gone.iloc[0]
                raise UnknownAccount(
                    f"account {account_id!r} was scored only {first['scored']} ({first['reason']}), so its score did "
                    "not move; only accounts scored at both moments have parts of a move."
                )
            raise UnknownAccount.named(account_id, self.totals["account_id"])
        return int(at[0])


@dataclass(frozen=True, eq=False)
class Scene:
    """What the words of a change draw on.

    Parameters
    ----------
    features, groups
        The old model's.
    lately
        What facts there were between the moments.
    between
        The two moments, microseconds UTC.
    currency
        ISO code of the currency that money is in; empty where not known.
    """

    features: FeatureSet
    groups: Groups
    lately: Lately
    between: tuple[int, int]
    currency: str = ""


def explain_path(
    path: Path, scene: Scene, account_ids: pd.Index, *, top: int, locale: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Choose and tell the parts of every account's move: the columns of ``frame`` and ``totals``.

    Raises
    ------
    RequestError
        If ``top`` is negative, or there are no words for ``locale``.
    """
    if top < 0:
        raise RequestError(f"explain_change: top={top} is negative; top=3 is usual.")
    language, bases = Language.of(locale, scene.currency), path.bases
    before, after = path.ends()
    tallest: list[pd.DataFrame] = []
    sums = {step: np.empty(len(path)) for step in STEPS}
    for rows in path.chunks():
        parts = path.divided(rows)
        for step in STEPS:
            sums[step][rows] = parts[step].sum(axis=1) + bases[step]
        others = np.stack([sums[step][rows] for step in _OTHERS], axis=1)
        chosen = _Chosen.of(parts, others, scene.groups, top)
        tallest.append(chosen.tall(rows.start, path, scene, language))
    frame = pd.concat(tallest, ignore_index=True) if tallest else pd.DataFrame(columns=["row", *_COLUMNS[1:]])
    frame["points"] = frame["effect"] * per_unit(before, after)[frame["row"].to_numpy(np.int64)]
    totals = _totals(account_ids, (before, after), sums, frame)
    totals["sentence"] = _headlines(totals, frame, scene.between, language)
    frame.insert(0, "account_id", account_ids.take(frame.pop("row").to_numpy(np.int64)))
    frame["sentence"] = [text[:1].upper() + text[1:] + "." for text in frame["sentence"]]
    return frame[list(_COLUMNS)], totals


@dataclass(frozen=True, eq=False)
class _Chosen:
    """The strongest parts of some rows, ``[m, top]`` each; groups first, then the other steps."""

    part: NDArray[np.int64]
    effect: NDArray[np.float64]
    time: NDArray[np.float64]
    facts: NDArray[np.float64]
    feature: NDArray[np.int64]
    groups: int

    @classmethod
    def of(
        cls, parts: dict[str, NDArray[np.float64]], others: NDArray[np.float64], groups: Groups, top: int
    ) -> _Chosen:
        many, p = len(groups.themes), len(groups.names)
        time, facts = (by_group(parts[step][:, :p], groups.group_of, many) for step in (TIME, FACTS))
        effects = np.concatenate([np.where(groups.shown, time + facts, 0.0), others], axis=1)
        order = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :top]
        effect = np.take_along_axis(effects, order, axis=1)
        of_account, inside = order < many, np.minimum(order, many - 1)
        net = (parts[TIME] + parts[FACTS])[:, :p]
        carrier = np.full(order.shape, -1, dtype=np.int64)
        for k in range(order.shape[1]):
            mine = groups.group_of[None, :] == inside[:, k, None]
            strength = np.where(mine, net * np.sign(effect[:, k, None]), -np.inf)
            carrier[:, k] = np.where(of_account[:, k], strength.argmax(axis=1), -1)
        passing, fresh = (np.where(of_account, np.take_along_axis(x, inside, axis=1), 0.0) for x in (time, facts))
        return cls(order, effect, passing, fresh, carrier, many)

    def tall(self, start: int, path: Path, scene: Scene, language: Language) -> pd.DataFrame:
        """Give one row per part that moved something."""
        row, place = np.nonzero(np.abs(self.effect) > _KEPT)
        part, feature = self.part[row, place], self.feature[row, place]
        # facts of other signals move contributions, too, and values of two: only a plain value shows a fact known late
        early, known = (x[row + start, np.maximum(feature, 0)] for x in (path.passed, path.known))
        late = (early != known) & ~(np.isnan(early) & np.isnan(known))
        late &= np.array([isinstance(x, Aggregate) for x in scene.features], dtype=np.bool_)[np.maximum(feature, 0)]
        steps = list(_OTHERS)
        own = part < self.groups
        words = [
            scene.lately.told(r, scene.features[j], j, late=bool(some), language=language)
            if j >= 0
            else language.text(_OTHERS[steps[g - self.groups]])
            for r, j, g, some in zip((row + start).tolist(), feature.tolist(), part.tolist(), late, strict=True)
        ]
        return pd.DataFrame(
            {
                "row": row + start,
                "place": place + 1,
                "source": [ACCOUNT if o else steps[g - self.groups] for o, g in zip(own, part.tolist(), strict=True)],
                "theme": [scene.groups.themes[g] if o else "" for o, g in zip(own, part.tolist(), strict=True)],
                "feature": [scene.groups.names[j] if j >= 0 else "" for j in feature.tolist()],
                "sentence": words,
                "effect": self.effect[row, place],
                TIME: self.time[row, place],
                FACTS: self.facts[row, place],
            }
        )


def _totals(
    account_ids: pd.Index,
    ends: tuple[NDArray[np.float64], NDArray[np.float64]],
    sums: dict[str, NDArray[np.float64]],
    frame: pd.DataFrame,
) -> pd.DataFrame:
    before, after = ends
    shown = np.bincount(frame["row"].to_numpy(np.int64), frame["effect"].to_numpy(np.float64), len(before))
    move = after - before
    return pd.DataFrame(
        {
            "account_id": account_ids,
            "log_odds_before": before,
            "log_odds": after,
            "probability_before": expit(before),
            "probability": expit(after),
            **sums,
            "shown": shown,
            "rest": move - shown,
            "points": expit(after) - expit(before),
        }
    )


def _headlines(totals: pd.DataFrame, frame: pd.DataFrame, between: tuple[int, int], language: Language) -> list[str]:
    parts: list[list[tuple[float, str]]] = [[] for _ in range(len(totals))]
    for row, points, words in zip(frame["row"], frame["points"], frame["sentence"], strict=True):
        parts[row].append((points, words))
    ends = zip(totals["probability_before"], totals["probability"], strict=True)
    return [headline(end, mine, between, language) for end, mine in zip(ends, parts, strict=True)]
