"""Backtest: models and lists as they would have been made, retraining included, judged by what came after."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnkit.display import tracked
from churnkit.errors import HorizonError, RequestError
from churnkit.labels import label
from churnkit.scoring import rivals, words
from churnkit.scoring.evaluation import SHARE, EvaluationReport, check_share, immature, records, told
from churnkit.scoring.measuring import OURS, Judged, Ranking
from churnkit.scoring.model import ChurnModel
from churnkit.timeline import DAY, Cutoff, Span, as_text, as_timestamps, moments, months_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.scoring.recipe import Recipe

WARMING = 84 * DAY
"""Where nothing else is said, learning begins so long after the first fact: windows reach back from there."""


@dataclass(frozen=True, eq=False, repr=False)
class BacktestReport(EvaluationReport):
    """How good the lists would have been, each made with what was known at its moment and nothing else.

    Attributes
    ----------
    lists
        Every list: cutoff, account_id, place (from 1), probability, listed (within the first ``share``), left.
    fits
        Every model: fitted_at, model_id, lists (made with it), rung, snapshots, events (accounts seen leaving within
        the main horizon), boosted_share, last_label (until when what it learnt from reaches).

    All else is as in :class:`~churnkit.scoring.EvaluationReport`; ``model_id`` is the last model's.
    """

    lists: pd.DataFrame = field(default_factory=pd.DataFrame)
    fits: pd.DataFrame = field(default_factory=pd.DataFrame)

    def to_dict(self) -> dict[str, object]:
        """Give the report as plain data for JSON."""
        lists = self.lists.assign(cutoff=self.lists["cutoff"].astype(str))
        return super().to_dict() | {"lists": records(lists), "fits": records(self.fits)}

    @classmethod
    def from_dict(cls, data: dict[str, object]) -> BacktestReport:
        """Read what :meth:`to_dict` gave."""
        rest = {k: v for k, v in data.items() if k not in ("lists", "fits")}
        lists = pd.DataFrame(data["lists"])
        lists["cutoff"] = pd.to_datetime(lists["cutoff"], utc=True)
        plain = EvaluationReport.from_dict(rest)
        return cls(**vars(plain), lists=lists, fits=pd.DataFrame(data["fits"]))


def backtest(  # noqa: PLR0913 - a replay has a beginning, a rhythm and a length
    recipe: Recipe,
    history: History,
    cutoffs: Iterable[Cutoff | int],
    *,
    learn: Iterable[Cutoff | int] | None = None,
    retrain: Span | str = "28d",
    share: float = SHARE,
    by: str | None = None,
) -> BacktestReport:
    """Replay retraining and listing, and judge the lists by who left.

    At each cutoff the history is cut to what was known then; a model is fitted on it (or the last one kept, if it is
    younger than ``retrain``), and the list is made with it. So labels that had not matured, facts recorded later and
    leaves not yet known take no part, in the rivals as little as in the model.

    Parameters
    ----------
    recipe
        What to learn. Without features each fit takes the catalogue of what was known then.
    history
        What happened, up to the end of the horizons of the lists.
    cutoffs
        Moments at which a list is made: monthly, weekly.
    learn
        Moments to learn from; at each fit those before it count. None: the first of every month from twelve weeks
        after the first fact on.
    retrain
        A model that is so old is fitted anew.
    share
        Length of each list, as a share of its book (above 0, at most 1).
    by
        An attribute of the accounts by whose values the figures are given too; None: none.

    Returns
    -------
    BacktestReport
        Figures pooled over the lists and list by list, with 90 % intervals over redrawn accounts, beside the rivals
        of :func:`churnkit.evaluate`.

    Warns
    -----
    ChurnkitWarning
        What the fits warned of, each kind once.

    Raises
    ------
    HorizonError
        If no list's horizon is over yet, or no moment is old enough to be learnt from at any of them.
    RequestError
        If no moment to learn from lies before the last list.
    """
    check_share(share)
    at = moments(cutoffs, history.timezone)
    history.check_reach(at)
    taught = _to_learn_from(history, at, learn)
    age = Span.of(retrain).micros
    judged = [int(c) for c in at if (label(history, recipe.churn, [c], (recipe.churn.horizon,)).y >= 0).any()]
    if not judged:
        raise immature(history, recipe.churn, int(at[0]))
    replay = _Replay(recipe, history, taught, age, share)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for cutoff in tracked(judged, "replaying the lists"):
            replay.list_at(cutoff)
    _warn_once(caught)
    return replay.report(left_out=len(at) - len(judged), by=by)


def _to_learn_from(history: History, at: NDArray[np.int64], learn: Iterable[Cutoff | int] | None) -> NDArray[np.int64]:
    first, last = history.first_moment, int(at.max())
    taught = (
        months_within(first + WARMING, last, history.timezone) if learn is None else moments(learn, history.timezone)
    )
    if not (taught < last).any():
        raise RequestError(
            f"backtest: no moment to learn from lies before {as_text(last)}, the last list; the first fact is of "
            f"{as_text(first)}. Make later lists, or pass learn= with earlier moments."
        )
    return taught


def _warn_once(caught: Sequence[warnings.WarningMessage]) -> None:
    """Pass on what the fits warned of, the last of each kind."""
    last = {w.category: str(w.message) for w in caught}
    counts = {c: sum(w.category is c for w in caught) for c in last}
    for category, message in last.items():
        often = f" ({counts[category]} times in this backtest; this is the last)" if counts[category] > 1 else ""
        warnings.warn(message + often, category, stacklevel=3)


@dataclass(eq=False)
class _Replay:
    """A replay on its way: the model of the moment, and the lists made so far."""

    recipe: Recipe
    history: History
    taught: NDArray[np.int64]
    age: int
    share: float
    model: ChurnModel | None = None
    beside: rivals.Taught = field(default_factory=lambda: rivals.Taught({}))
    fitted_at: int = 0
    parts: list[dict[str, Any]] = field(default_factory=list)
    fits: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def list_at(self, cutoff: int) -> None:
        """Make one list with what was known then, and look up who left."""
        then = self.history.known_at(cutoff)
        if not self._fit(then, cutoff):
            self.skipped.append(cutoff)
            return
        assert self.model is not None
        self.fits[-1]["lists"] += 1
        scores = self.model.score(then, cutoff)
        codes = np.array([self.history.code(a) for a in scores.frame["account_id"]], dtype=np.int32)
        found = label(self.history, self.recipe.churn, [cutoff], (self.recipe.churn.horizon,))
        y = np.full(len(self.history.accounts), -1, dtype=np.int8)
        y[found.account] = found.y[:, 0]
        rows = np.flatnonzero(y[codes] >= 0)
        if not len(rows):
            return
        self.parts.append(self._judged(then, scores, rows, codes, y[codes]))

    def _fit(self, then: History, cutoff: int) -> bool:
        """Fit anew where the last model is too old; False where nothing can be learnt yet."""
        if self.model is not None and cutoff - self.fitted_at < self.age:
            return True
        moments_then = self.taught[(self.taught < cutoff) & (self.taught > then.first_moment)]
        if not len(moments_then):
            return False
        try:
            self.model = ChurnModel.fit(self.recipe, then, moments_then.tolist())
        except HorizonError:
            if self.model is None:
                return False
            raise
        self.beside = rivals.teach(self.model, then)
        self.fitted_at, card = cutoff, self.model.card
        self.fits.append(
            {
                "fitted_at": as_text(cutoff),
                "model_id": self.model.model_id,
                "lists": 0,
                "rung": card.rung,
                "snapshots": card.snapshots,
                "events": card.events[str(self.model.horizon)],
                "boosted_share": card.boosted_share,
                "last_label": card.learnt_until,
            }
        )
        return True

    def _judged(
        self, then: History, scores: Any, rows: NDArray[np.int64], codes: NDArray[np.int32], y: NDArray[np.int8]
    ) -> dict[str, Any]:
        """Put one list beside those of the rivals, all with what was known then."""
        assert self.model is not None
        matrix = scores.matrix
        rules, value = rivals.rules(then, matrix.account[rows], matrix.cutoff[rows])
        self.notes += [n for n in self.beside.notes if n not in self.notes]
        log_odds = scores.frame["log_odds"].to_numpy()[rows]
        return {
            "account": codes[rows],
            "account_id": scores.frame["account_id"].iloc[rows],
            "cutoff": matrix.cutoff[rows],
            "y": y[rows],
            "value": value,
            "rankings": {OURS: Ranking(log_odds, log_odds), **rules, **self.beside.rank(matrix.values[rows])},
            "probability": scores.frame["probability"].to_numpy()[rows],
        }

    def report(self, *, left_out: int, by: str | None) -> BacktestReport:
        """Pool the lists and tell them."""
        if not self.parts or self.model is None:
            raise HorizonError(
                f"backtest: at none of the {len(self.skipped)} list(s) was a moment to learn from so old that all "
                f"leaves within {self.recipe.churn.horizon} of it were known. Make later lists, or pass learn= with "
                "earlier moments."
            )
        judged = self._pooled()
        whole = told(judged, self.history, self.model, by=by)
        listed = self._lists(judged)
        per_list = whole["per_cutoff"]
        first, *rest = whole["words"]
        whole["words"] = (first, words.of_replay(per_list, fits=len(self.fits)), *rest)
        return BacktestReport(
            **whole,
            notes=tuple(self._notes(left_out)),
            lists=listed,
            fits=pd.DataFrame(self.fits),
        )

    def _pooled(self) -> Judged:
        every = [set(p["rankings"]) for p in self.parts]
        names = [n for n in self.parts[-1]["rankings"] if all(n in there for there in every)]
        valued = all(p["value"] is not None for p in self.parts)
        return Judged(
            y=np.concatenate([p["y"] for p in self.parts]),
            account=np.concatenate([p["account"] for p in self.parts]),
            cutoff=np.concatenate([p["cutoff"] for p in self.parts]),
            rankings={n: _joined([p["rankings"][n] for p in self.parts]) for n in names},
            value=np.concatenate([p["value"] for p in self.parts]) if valued else None,
            share=self.share,
            seed=0,
        )

    def _lists(self, judged: Judged) -> pd.DataFrame:
        score = judged.rankings[OURS].score
        place = pd.Series(-score).groupby(judged.cutoff).rank(method="first").astype(int).to_numpy()
        size = pd.Series(score).groupby(judged.cutoff).transform("size").to_numpy()
        frame = pd.DataFrame(
            {
                "cutoff": as_timestamps(judged.cutoff),
                "account_id": pd.concat([p["account_id"] for p in self.parts], ignore_index=True),
                "place": place,
                "probability": np.concatenate([p["probability"] for p in self.parts]),
                "listed": place <= np.ceil(self.share * size),
                "left": judged.y == 1,
            }
        )
        return frame.sort_values(["cutoff", "place"], ignore_index=True)

    def _notes(self, left_out: int) -> list[str]:
        notes = list(self.notes)
        if self.skipped:
            which, are = ("1 list", "is") if len(self.skipped) == 1 else (f"{len(self.skipped)} lists", "are")
            notes.append(f"{which} from {as_text(self.skipped[0])} on {are} left out: nothing could be learnt yet.")
        if left_out == 1:
            notes.append("1 later list is left out: its horizon is not over yet.")
        elif left_out:
            notes.append(f"{left_out} later lists are left out: their horizon is not over yet.")
        return notes


def _joined(parts: Sequence[Ranking]) -> Ranking:
    log_odds = [p.log_odds for p in parts if p.log_odds is not None]
    return Ranking(
        np.concatenate([p.score for p in parts]), np.concatenate(log_odds) if len(log_odds) == len(parts) else None
    )
