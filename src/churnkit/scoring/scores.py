"""Scores: one calibrated probability per account of the population."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnkit.display import Drawable
from churnkit.errors import BundleError, WrongModel
from churnkit.features import Book, compute
from churnkit.reasons import shap_explanation
from churnkit.timeline import Span, as_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.features import FeatureMatrix
    from churnkit.history import History
    from churnkit.scoring.model import ChurnModel

SPREAD = "refit_spread.npy"


@dataclass(frozen=True, eq=False, repr=False)
class Scores(Drawable):
    """What a model says of every account in the population at one moment.

    Attributes
    ----------
    frame
        One row per account, most likely to leave first: account_id, as_of, probability (of leaving
        within the main horizon, counted from ``as_of`` + lead), probability_30d … (one per horizon,
        never falling with it), low, high (90 % interval of ``probability``), log_odds, rung, model_id.
    excluded
        Accounts that are not scored: account_id, reason.
    book
        The peers' values at that moment, for scoring one account alone later.
    as_of
        Microseconds UTC; facts known before it count.
    horizon
        The main horizon.
    model_id
        Which model scored.
    notes
        What should be known beside the numbers.
    refit_spread
        float64, as ``frame``: standard deviation by which each log-odds would move, were the model learnt anew from
        other accounts of this kind. Places on a list are as unsure as that, not as ``low`` and ``high`` are wide.
        None: not known.
    matrix, history, model
        What was scored and by what, kept for explaining; None after reading from disk.
    """

    frame: pd.DataFrame
    excluded: pd.DataFrame
    book: Book
    as_of: int
    horizon: Span
    model_id: str
    notes: tuple[str, ...] = ()
    refit_spread: NDArray[np.float64] | None = None
    matrix: FeatureMatrix | None = None
    history: History | None = None
    model: ChurnModel | None = None

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def moment(self) -> str:
        """The moment in words."""
        return as_text(self.as_of)

    def measured(self, model: ChurnModel, history: History | None = None) -> FeatureMatrix:
        """Give the features that were scored, or measure them again.

        Parameters
        ----------
        model
            The model that made these scores.
        history
            Needed only where they were read from disk.

        Raises
        ------
        WrongModel
            If the scores are another model's, or the history is not the one that they were made from.
        """
        if self.model_id != model.model_id:
            raise WrongModel(
                f"the scores are of model {self.model_id}, this is {model.model_id}; explain them with their own model."
            )
        if history is None and self.matrix is not None:
            return self.matrix
        if history is None:
            raise WrongModel("scores read from disk do not hold their facts; pass history= to explain them.")
        codes = np.array([history.code(a) for a in self.frame["account_id"]], dtype=np.int32)
        cutoffs = np.full(len(codes), self.as_of, dtype=np.int64)
        matrix = compute(model.features, history, account=codes, cutoff=cutoffs, books={self.as_of: self.book})
        again = model.blend.log_odds(matrix.values)[:, model.blend.main]
        off = ~np.isclose(again, self.frame["log_odds"], rtol=0, atol=1e-9)
        if off.any():
            first = self.frame["account_id"].iloc[int(np.argmax(off))]
            raise WrongModel(
                f"{int(off.sum())} of {len(off)} accounts score differently on this history (first: {first!r}); "
                "pass the history that the scores were made from."
            )
        return matrix

    def explanation(
        self,
        model: ChurnModel | None = None,
        *,
        history: History | None = None,
        horizon: Span | str | None = None,
    ) -> Any:
        """Give a ``shap.Explanation`` for shap's waterfall, beeswarm and bar plots.

        Parameters
        ----------
        model, history
            The model that scored, and what it scored: needed only where the scores were read from disk.
        horizon
            None: the main one.

        Returns
        -------
        shap.Explanation
            Exact contributions, float64 ``[n, p]`` log-odds, rows as in ``frame``.

        Raises
        ------
        WrongModel
            If the model is not there, or another one.
        """
        asked = model or self.model
        if asked is None:
            raise WrongModel("scores read from disk do not hold their model; pass model= (and history=).")
        matrix = self.measured(asked, history)
        return shap_explanation(asked.blend, matrix, horizon=horizon or self.horizon)

    def write(self, folder: str | Path) -> Path:
        """Write scores.parquet, excluded.parquet, the book, the refit spread and a manifest into a folder."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.frame.to_parquet(folder / "scores.parquet", index=False)
        self.excluded.to_parquet(folder / "excluded.parquet", index=False)
        self.book.write(folder / "book.npz")
        (folder / SPREAD).unlink(missing_ok=True)
        if self.refit_spread is not None:
            np.save(folder / SPREAD, self.refit_spread)
        manifest = {
            "as_of": self.as_of,
            "horizon": str(self.horizon),
            "model_id": self.model_id,
            "notes": list(self.notes),
        }
        (folder / "scores.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        return folder

    @classmethod
    def read(cls, folder: str | Path) -> Scores:
        """Read what :meth:`write` wrote."""
        folder = Path(folder)
        try:
            manifest = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
            frame = pd.read_parquet(folder / "scores.parquet")
            spread = np.load(folder / SPREAD) if (folder / SPREAD).exists() else None
            if spread is not None and spread.shape != (len(frame),):
                raise ValueError(f"{len(spread)} spreads for {len(frame)} scores")
            return cls(
                frame=frame,
                excluded=pd.read_parquet(folder / "excluded.parquet"),
                book=Book.read(folder / "book.npz"),
                as_of=int(manifest["as_of"]),
                horizon=Span.of(manifest["horizon"]),
                model_id=str(manifest["model_id"]),
                notes=tuple(manifest["notes"]),
                refit_spread=spread,
            )
        except (OSError, KeyError, ValueError) as problem:
            raise BundleError(
                f"{folder}: not a folder of scores ({problem}). `churnkit score` writes one."
            ) from problem
