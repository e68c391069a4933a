"""What was written, as a number: a pluggable score of texts that never leave the machine.

The default of the extra ``text`` is the English lexicon of Pattern (De Smedt and Daelemans 2012), as
TextBlob ships it: single words and their negation and emphasis, from -1 (bad) to 1 (good). It knows no
irony, no other language and no trade's own words ("ticket closed" says nothing to it); a text without
a word of the lexicon has no score. Use it as a hint beside the survey's own score, not in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from churnkit.errors import RequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Scorer: TypeAlias = Callable[[Sequence[str]], Sequence[float]]
"""From texts to one score each; NaN where a text cannot be scored."""


@dataclass(frozen=True)
class Tone:
    """A scorer, applied once to every distinct text."""

    scorer: Scorer

    @classmethod
    def of(cls, text: Scorer | Literal["lexicon"] | None) -> Tone | None:
        """Take what the caller gave: a callable, ``"lexicon"``, or None for no scores."""
        if text is None:
            return None
        if text == "lexicon":
            return cls(lexicon())
        if not callable(text):
            raise RequestError(f'text={text!r} is neither a callable from texts to scores nor "lexicon".')
        return cls(text)

    def score(self, codes: NDArray[np.int32], words: NDArray[np.object_]) -> NDArray[np.float64]:
        """Score texts given as positions among the distinct ones; NaN where there is none."""
        used = np.unique(codes[codes >= 0])
        scores = np.full(len(words) + 1, np.nan)
        if len(used):
            given = np.asarray(list(self.scorer([str(w) for w in words[used]])), dtype=np.float64)
            if given.shape != (len(used),):
                raise RequestError(
                    f"text= gave scores of shape {given.shape} for {len(used):,} texts; give one number for each."
                )
            scores[used] = np.where(np.isfinite(given), given, np.nan)
        return np.asarray(scores[codes], dtype=np.float64)


def lexicon() -> Scorer:
    """Give the lexicon scorer of the extra ``text``; English only, nothing is downloaded.

    Raises
    ------
    RequestError
        If the extra is not installed.
    """
    try:
        analyzer = import_module("textblob.en.sentiments").PatternAnalyzer()
    except ImportError as problem:
        raise RequestError(
            'text="lexicon" needs the extra `text`: pip install "churnkit-retention[text]". '
            "Or pass a callable of your own."
        ) from problem

    def scores(texts: Sequence[str]) -> list[float]:
        found = (analyzer.analyze(t, keep_assessments=True) for t in texts)
        return [float(s.polarity) if s.assessments else float("nan") for s in found]

    return scores
