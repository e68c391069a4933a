"""Comments as numbers: any callable, and the lexicon of the extra."""

from __future__ import annotations

import socket
import sys

import numpy as np
import pandas as pd
import pytest

from churnkit.errors import RequestError
from churnkit.history import History
from churnkit.timeline import moment
from support.small import small

SURVEYS = {
    "account_id": ["a", "b", "a", "b"],
    "occurred_at": ["2025-02-01", "2025-02-02", "2025-02-03", "2025-02-04"],
    "metric": ["nps"] * 4,
    "score": [9, 1, None, 5],
    "comment": ["great", "awful", None, "great"],
    "recorded_at": ["2025-02-01", "2025-02-09", None, None],
}
TICKETS = {"account_id": ["a", "b"], "opened_at": ["2025-02-01", "2025-02-02"], "comment": ["awful", ""]}


def with_comments(text):
    return History(**small(satisfaction=pd.DataFrame(SURVEYS), tickets=pd.DataFrame(TICKETS)), text=text)


def test_any_callable_from_texts_to_scores():
    asked = []

    def scorer(texts):
        asked.append(list(texts))
        return [len(t) / 10 for t in texts]

    signals = with_comments(scorer).signals
    tone = signals.pick(["comment_tone"])
    assert signals.value[tone].tolist() == [0.5, 0.5, 0.5]
    assert signals.known[tone].tolist() == [moment("2025-02-01"), moment("2025-02-09"), moment("2025-02-04")]
    assert signals.themes["comment_tone"] == "satisfaction"
    assert signals.value[signals.pick(["ticket_tone"])].tolist() == [0.5]
    assert sorted(map(sorted, asked)) == [["awful"], ["awful", "great"]]  # each distinct text once


def test_without_it_comments_are_not_read():
    assert "comment_tone" not in with_comments(None).signals.names


def test_a_text_that_cannot_be_scored_makes_no_fact():
    signals = with_comments(lambda texts: [np.nan if t == "great" else 1.0 for t in texts]).signals
    assert signals.pick(["comment_tone"]).sum() == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [("vader", "neither a callable"), (lambda texts: [1.0], "gave scores of shape"), (7, "neither a callable")],
)
def test_what_is_no_scorer_is_refused(text, words):
    with pytest.raises(RequestError, match=words):
        with_comments(text)


def test_the_lexicon_knows_good_from_bad_and_reaches_for_no_network(monkeypatch):
    pytest.importorskip("textblob", reason="the extra `text` is not installed")

    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    from churnkit.history.tone import lexicon

    good, bad, mild, other, none = lexicon()(
        [
            "I love it, great support!",
            "This is terrible and awfully slow",
            "not good",
            "Das ist schlecht",
            "the invoice",
        ]
    )
    assert good > 0.5
    assert 0 > mild > bad
    assert np.isnan([other, none]).all()
    assert "comment_tone" in with_comments("lexicon").signals.names


def test_without_the_extra_the_cure_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "textblob.en.sentiments", None)
    with pytest.raises(RequestError, match=r"churnkit-retention\[text\]"):
        with_comments("lexicon")
