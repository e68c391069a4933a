"""Fifty sentences on the sample, read by eye once and kept in ``sentences.txt``.

When words, catalogue or sample change on purpose, write them anew and read them again:
``PYTHONPATH=tests python tests/reasons/test_sentences.py``.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

import churnkit as ck
from churnkit.features import catalogue, compute
from churnkit.reasons.choosing import Facts, Telling
from churnkit.reasons.currency import currency_of
from churnkit.reasons.groups import Groups
from churnkit.timeline import DAY, moment

KEPT = Path(__file__).with_name("sentences.txt")
SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "saas"
NOW = moment("2026-03-01")
MANY = 50


PLAIN_WORDS = (
    "slope",
    " std",
    "mean ",
    "log1p",
    "because",
    "due to",
    " caus",
    " nan",
    "_",
    "therefore",
    "{",
    "}",
    "  ",
)


@lru_cache
def telling():
    """What tells every feature of the catalogue for every live account of the sample."""
    history = ck.read_history(SAMPLE)
    live = np.flatnonzero(ck.Cancelled(horizon="90d").standing(history, NOW).inside).astype(np.int32)
    features = catalogue(history)
    now, then = (
        compute(features, history, account=live, cutoff=np.full(len(live), at)) for at in (NOW, NOW - 28 * DAY)
    )
    return Telling.of(Facts(now, then, Groups.fit(now), currency_of(history)), "en")


def sentences():
    """Tell fifty features, evenly over the catalogue, each of an account that has a value there."""
    now = telling().facts.matrix
    chosen = np.linspace(0, len(now.features) - 1, MANY).astype(np.int64)
    rows = []
    for k, feature in enumerate(chosen):
        known = np.flatnonzero(~np.isnan(now.values[:, feature]) & (now.values[:, feature] != 0))
        rows.append(known[k * 31 % len(known)] if len(known) else 0)
    texts = telling()(np.array(rows), chosen)
    return [f"{now.features[j].name}: {text}" for j, text in zip(chosen, texts, strict=True)]


def test_sentences_are_as_they_were_read():
    assert sentences() == KEPT.read_text(encoding="utf-8").splitlines()


def test_no_jargon_and_no_cause():
    """Every feature of the catalogue, each told of many accounts, with values and without."""
    count = len(telling().facts.matrix.features)
    rows = np.arange(0, len(telling().facts.matrix.values), 25)
    texts = telling()(np.repeat(rows, count), np.tile(np.arange(count), len(rows)))
    for text in texts:
        assert text.endswith("."), text
        assert not text[0].islower(), text
        for word in PLAIN_WORDS:
            assert word not in f" {text.lower()} ", (word, text)


if __name__ == "__main__":
    KEPT.write_text("\n".join(sentences()) + "\n", encoding="utf-8")
