"""ChurnModel: the fitted whole, from history to scores, reasons and a bundle on disk."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnkit.display import Drawable
from churnkit.errors import RequestError, UnknownAccount
from churnkit.features import Book, FeatureMatrix, FeatureSet, compute
from churnkit.labels import standing
from churnkit.learning import Blend
from churnkit.reasons import Explainer, Groups, Reasons, currency_of, explain, importance
from churnkit.scoring import fitting
from churnkit.scoring.bundle import hashes, read_manifest, write_bundle
from churnkit.scoring.card import ModelCard
from churnkit.scoring.changing import explain_change
from churnkit.scoring.recipe import Recipe
from churnkit.scoring.risk import AccountRisk, ReasonLine
from churnkit.scoring.scores import Scores
from churnkit.snapshots import cohort
from churnkit.timeline import DAY, Cutoff, Span, as_datetime, as_text, as_timestamps, moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.learning import Prediction
    from churnkit.reasons import ChangeReasons

EARLIER = 28 * DAY
"""How far back reasons look for the account's own earlier value: whole weeks, as the catalogue's windows are."""


@dataclass(frozen=True, eq=False, repr=False)
class ChurnModel(Drawable):
    """A fitted model of leaving.

    Attributes
    ----------
    recipe
        What was learnt, features included.
    blend
        The learner: calibrated log-odds per horizon, additive over features.
    groups
        Which features are one reason; fixed at fit.
    card
        Facts about the model.
    book
        Peers' values at the last training cutoff.
    model_id
        First twelve hex digits of the content's SHA-256: equal models, equal ids.
    """

    recipe: Recipe
    blend: Blend
    groups: Groups
    card: ModelCard
    book: Book
    model_id: str

    @classmethod
    def fit(cls, recipe: Recipe, history: History, cutoffs: Iterable[Cutoff | int]) -> ChurnModel:
        """Learn from many cutoffs.

        Parameters
        ----------
        recipe
            Churn definition, horizons, features (None: the catalogue) and learner settings.
        history
            What happened.
        cutoffs
            Moments in the past, one row per account and cutoff: ``monthly_cutoffs("2024-07", "2025-09")``.

        Returns
        -------
        ChurnModel
            With few churn events it stands on a lower rung of evidence, and says so.

        Warns
        -----
        FewChurnEvents
            If there are too few leaving accounts for more than a base rate or a logistic.

        Raises
        ------
        RequestError
            If cutoffs are out of reach, or no label is mature.
        """
        parts = fitting.fit(recipe, history, cutoffs)
        model_id = _identify(parts.recipe, parts.blend)
        return cls(parts.recipe, parts.blend, parts.groups, parts.card, parts.book, model_id)

    @property
    def horizon(self) -> Span:
        """The main horizon."""
        return self.recipe.churn.horizon

    @property
    def features(self) -> FeatureSet:
        """The features, resolved when the model was fitted."""
        assert self.recipe.features is not None
        return self.recipe.features

    def score(self, history: History, at: Cutoff | int) -> Scores:
        """Score every account in the population at one moment.

        Parameters
        ----------
        history
            Facts known before ``at`` count; later ones do not, so an old list comes out as it was.
        at
            The cutoff; at most shortly after the record's end.

        Returns
        -------
        Scores

        Raises
        ------
        CutoffOutOfReach
            If ``at`` lies outside the record.
        """
        cutoff = moment(at, history.timezone)
        history.check_reach(np.array([cutoff]))
        people = cohort(history, self.recipe.churn, cutoff)
        if not len(people.account):
            raise RequestError(
                f"at {as_text(cutoff)} no account is in the population of {self.recipe.churn!r}; choose another moment."
            )
        matrix = compute(self.features, history, account=people.account, cutoff=people.cutoffs)
        predicted = self.blend.predict(matrix.values)
        order = np.argsort(-predicted.log_odds[:, self.blend.main], kind="stable")
        frame = self._frame(history.account_ids[people.account], cutoff, predicted)
        return Scores(
            frame=frame.iloc[order].reset_index(drop=True),
            excluded=people.excluded,
            book=matrix.books[cutoff],
            as_of=cutoff,
            horizon=self.horizon,
            model_id=self.model_id,
            notes=fitting.silent_tables(self.features, history, cutoff),
            refit_spread=predicted.refit_spread[order],
            matrix=_take(matrix, order),
            history=history,
            model=self,
        )

    def explain(self, scores: Scores, *, history: History | None = None, top: int = 3, locale: str = "en") -> Reasons:
        """Say why, exactly: base and contributions add up to the calibrated log-odds that rank.

        Parameters
        ----------
        scores
            Of this model.
        history
            Needed only where ``scores`` were read from disk.
        top
            Reasons per account.
        locale
            Language and number forms of the sentences.

        Raises
        ------
        WrongModel
            If the scores are another model's, or the history is not the one that they were made from.
        """
        matrix = scores.measured(self, history)
        told = history if history is not None else scores.history
        assert told is not None
        reasons = self._explain(matrix, told, scores.book, top=top, locale=locale)
        return replace(reasons, as_of=scores.as_of, model_id=self.model_id)

    def explain_change(
        self,
        before: Scores,
        after: Scores,
        history: History,
        before_model: ChurnModel | None = None,
        *,
        top: int = 3,
        locale: str = "en",
    ) -> ChangeReasons:
        """Say why scores moved, exactly: the parts add up to the move of each account's log-odds.

        The path: old model on the facts known then -> the same facts at the later moment (passage of time) -> with
        the new facts -> beside the peers of now -> new model -> new calibration.

        Parameters
        ----------
        before, after
            Scores at two moments; ``after`` is of this model.
        history
            What has happened until ``after``.
        before_model
            The model of ``before``; None: this one.
        top
            Parts per account.
        locale
            Language and number forms of the sentences.

        Raises
        ------
        WrongModel
            If scores are of other models, the recipes' churn definitions differ, or scores read from disk were made
            from another history.
        RequestError
            If ``before`` is not the earlier one, or no account is in both.
        """
        return explain_change(self, before_model or self, before, after, history, top=top, locale=locale)

    def importance(self, scores: Scores, history: History | None = None) -> pd.DataFrame:
        """Say what moves the scores most, by theme, signal and feature, with 90 % intervals.

        Parameters
        ----------
        scores
            Of this model.
        history
            Needed only where ``scores`` were read from disk.

        Returns
        -------
        DataFrame
            level (``"theme"``, ``"signal"`` or ``"feature"``), name, theme, importance (mean over accounts of the
            absolute contribution, log-odds), low, high, share (of its level); see :func:`churnkit.reasons.importance`.

        Raises
        ------
        WrongModel
            If the scores are another model's, or the history is not the one that they were made from.
        """
        explainer = Explainer.of(self.blend, self.horizon)
        return importance(explainer, scores.measured(self, history).values, self.groups)

    def assess(
        self, history: History, account_id: Any, *, at: Cutoff | int, book: Book | None = None, top: int = 3
    ) -> AccountRisk:
        """Score and explain one account, for a service.

        Parameters
        ----------
        history
            May hold this account alone, if a ``book`` is there.
        account_id
            As in the accounts table.
        at
            The cutoff.
        book
            Peers' values, as in ``scores.book``; None: those of the last training cutoff.
        top
            How many reasons.

        Raises
        ------
        UnknownAccount
            If there is no such account, or it is not in the population at that moment.
        """
        cutoff = moment(at, history.timezone)
        history.check_reach(np.array([cutoff]))
        code = history.code(account_id)
        found = standing(history, self.recipe.churn, cutoff)
        if not found.inside[code]:
            raise UnknownAccount(
                f"account {account_id!r} is not in the population at {as_text(cutoff)} ({found.why[code]}), "
                "so it has no probability of leaving."
            )
        peers = book or self.book
        rows = np.array([code], dtype=np.int32), np.array([cutoff], dtype=np.int64)
        matrix = compute(self.features, history, account=rows[0], cutoff=rows[1], books={cutoff: peers})
        frame = self._frame(history.account_ids[rows[0]], cutoff, self.blend.predict(matrix.values))
        reasons = self._explain(matrix, history, peers, top=top, locale="en")
        return self._risk(frame.iloc[0], reasons, peers)

    def save(self, folder: str | Path) -> Path:
        """Write the model as a bundle without pickle; an older bundle there is replaced."""

        def fill(path: Path) -> None:
            self.blend.to_files(path / "learner")
            self.groups.write(path / "groups.json")
            self.book.write(path / "book.npz")

        manifest = {
            "model_id": self.model_id,
            "recipe": self.recipe.to_dict(),
            "card": self.card.model_dump(mode="json"),
        }
        return write_bundle(folder, manifest, fill)

    @classmethod
    def load(cls, folder: str | Path) -> ChurnModel:
        """Read a bundle; the scores are equal to the bit.

        Raises
        ------
        BundleError
            If files are missing or altered, or the schema is another one.
        """
        manifest, folder = read_manifest(folder), Path(folder)
        return cls(
            recipe=Recipe.from_dict(manifest["recipe"]),
            blend=Blend.from_files(folder / "learner"),
            groups=Groups.read(folder / "groups.json"),
            card=ModelCard.model_validate(manifest["card"]),
            book=Book.read(folder / "book.npz"),
            model_id=str(manifest["model_id"]),
        )

    def _frame(self, ids: pd.Index, cutoff: int, predicted: Prediction) -> pd.DataFrame:
        main = self.blend.main
        columns: dict[str, Any] = {
            "account_id": ids.infer_objects(),
            "as_of": as_timestamps(np.full(len(ids), cutoff, dtype=np.int64)),
            "probability": predicted.probability[:, main],
        }
        for j, horizon in enumerate(self.blend.horizons):
            columns[f"probability_{horizon}"] = predicted.probability[:, j]
        columns |= {"low": predicted.low, "high": predicted.high, "log_odds": predicted.log_odds[:, main]}
        return pd.DataFrame(columns).assign(rung=self.blend.rung, model_id=self.model_id)

    def _explain(self, matrix: FeatureMatrix, history: History, book: Book, *, top: int, locale: str) -> Reasons:
        cutoff = int(matrix.cutoff[0])
        before = np.full(len(matrix.account), cutoff - EARLIER, dtype=np.int64)
        earlier = compute(self.features, history, account=matrix.account, cutoff=before, books={cutoff - EARLIER: book})
        return explain(
            self.blend,
            matrix,
            earlier,
            horizon=self.horizon,
            groups=self.groups,
            account_ids=history.account_ids[matrix.account],
            top=top,
            locale=locale,
            currency=currency_of(history),
        )

    def _risk(self, row: pd.Series, reasons: Reasons, book: Book) -> AccountRisk:
        sums, lines = reasons.totals.iloc[0], reasons.frame.to_dict("records")
        return AccountRisk(
            account_id=str(row["account_id"]),
            as_of=row["as_of"].to_pydatetime(),
            horizon=str(self.horizon),
            probability=float(row["probability"]),
            probabilities={str(h): float(row[f"probability_{h}"]) for h in self.blend.horizons},
            low=float(row["low"]),
            high=float(row["high"]),
            log_odds=float(row["log_odds"]),
            rung=str(row["rung"]),
            model_id=self.model_id,
            book_as_of=as_datetime(book.cutoff),
            **{name: float(sums[name]) for name in ("base", "base_probability", "rest", "rest_points")},
            reasons=tuple(ReasonLine(**{k: r[k] for k in ReasonLine.model_fields}) for r in lines),
        )


def _take(matrix: FeatureMatrix, order: NDArray[np.int64]) -> FeatureMatrix:
    return replace(
        matrix,
        values=np.ascontiguousarray(matrix.values[order]),
        account=matrix.account[order],
        cutoff=matrix.cutoff[order],
    )


def _identify(recipe: Recipe, blend: Blend) -> str:
    """Name a model after its content."""
    with tempfile.TemporaryDirectory() as scratch:
        blend.to_files(Path(scratch))
        content = {"recipe": recipe.to_dict(), "files": hashes(Path(scratch))}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
