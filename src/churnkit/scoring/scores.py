"""Scores: one calibrated probability per account of the population."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from churnkit.display import Drawable
from churnkit.errors import BundleError
from churnkit.features import Book
from churnkit.timeline import Span, as_text

if TYPE_CHECKING:
    from churnkit.features import FeatureMatrix
    from churnkit.history import History


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
    matrix, history
        What was scored, kept for explaining; None after reading from disk.
    """

    frame: pd.DataFrame
    excluded: pd.DataFrame
    book: Book
    as_of: int
    horizon: Span
    model_id: str
    notes: tuple[str, ...] = ()
    matrix: FeatureMatrix | None = None
    history: History | None = None

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def moment(self) -> str:
        """The moment in words."""
        return as_text(self.as_of)

    def write(self, folder: str | Path) -> Path:
        """Write scores.parquet, excluded.parquet, the book and a manifest into a folder."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.frame.to_parquet(folder / "scores.parquet", index=False)
        self.excluded.to_parquet(folder / "excluded.parquet", index=False)
        self.book.write(folder / "book.npz")
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
            return cls(
                frame=pd.read_parquet(folder / "scores.parquet"),
                excluded=pd.read_parquet(folder / "excluded.parquet"),
                book=Book.read(folder / "book.npz"),
                as_of=int(manifest["as_of"]),
                horizon=Span.of(manifest["horizon"]),
                model_id=str(manifest["model_id"]),
                notes=tuple(manifest["notes"]),
            )
        except (OSError, KeyError, ValueError) as problem:
            raise BundleError(
                f"{folder}: not a folder of scores ({problem}). `churnkit score` writes one."
            ) from problem
