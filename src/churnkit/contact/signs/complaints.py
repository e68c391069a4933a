"""Complaints: what customers write beside a score, by what it is about.

Whoever writes that a price is hard to justify names the trouble better than any trace does. A short list of English
words and phrases tells the theme; what stands beside a score of praise does not count. The words are the
trade's own everyday ones; a comment without any of them, or in another language, says nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from churnkit.contact.signs.dated import Dated
from churnkit.history.signals import THEMES

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from churnkit.history import History

COMPLAINTS = {
    "billing": (
        r"pric(e|es|ing|ey)\b|expensive|overpriced|\bcosts?\b|costly|\bpay(ing|s)? (more|for|too)|\bbudget|invoic|"
        r"\bcheaper|\bfees?\b|\boffers\b|value for money|\bdiscount|\bbilling|\bcharged?\b"
    ),
    "relationship": (
        r"\b(has|have|had) left\b|left (us|the company|the team)|(taken|took|take|taking) (this |it )?over|successor|"
        r"hand(ed)?[ -]?over|(nobody|no one) (here|left|knows)|new (owner|manager|colleague|in this role)|"
        r"colleague who|no longer (here|with us)|changed (jobs|hands)"
    ),
    "support": (
        r"outage|\bdown\b|downtime|unreliable|unstable|crash|\bbugs?\b|buggy|\berrors?\b|broken|incident|\blost\b|"
        r"\bsupport\b|\btickets?\b|\bcase\b|waited|waiting|no (answer|reply|response)|unsolved|unresolved|not solved|"
        r"\bslow\b|\bfails?\b|failed|failure|does not work|doesn't work"
    ),
    "usage": (
        r"complicated|complex|confus|hard to (use|learn|understand)|difficult|too many features|never (got|started)|"
        r"roll(ed|ing)? (it |this )?out|rollout|only (one|two|three|a few|few|i|some)\b|"
        r"(do not|don't|hardly|barely|rarely|not really) us(e|ing)|no time to|training|onboarding|adoption|"
        r"learning curve|unused"
    ),
}
"""What a comment about each theme looks like; the first that is found in this order counts."""
PRAISE = {"nps": (9.0, 10.0), "csat": (5.0, 5.0), "ces": (6.0, 7.0)}
"""Scores that stand beside praise, on the usual scales: promoters (Reichheld 2003, Harvard Business Review 81), five
of five, six or seven of seven. Of other metrics, and other scales, every comment counts."""
_PATTERNS = {theme: re.compile(words, re.IGNORECASE) for theme, words in COMPLAINTS.items()}


def theme_of(comment: str) -> str | None:
    """Give the theme of a comment by its words; None where it has none of them."""
    return next((theme for theme, words in _PATTERNS.items() if words.search(comment)), None)


def complaints(history: History) -> Dated:
    """Read what was written, by its theme; nothing where the history has no comments."""
    frame = history.comments
    if frame is None:
        return Dated.of(None, "occurred_at", np.empty(0, dtype=np.int64), len(THEMES))
    texts, at = np.unique(frame["comment"].astype(str).to_numpy(dtype=object).astype(str), return_inverse=True)
    named = [theme_of(t) for t in texts.tolist()]
    theme = np.array([-1 if t is None else THEMES.index(t) for t in named], dtype=np.int64)[at]
    return Dated.of(frame, "occurred_at", np.where(_praise(frame), -1, theme), len(THEMES))


def _praise(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which comments stand beside a score that praises."""
    out = np.zeros(len(frame), dtype=np.bool_)
    if "score" in frame:
        metric, score = frame["metric"].astype(str).str.lower().to_numpy(), frame["score"].to_numpy(dtype=np.float64)
        for name, (low, high) in PRAISE.items():
            out |= (metric == name) & (score >= low) & (score <= high)
    return out
