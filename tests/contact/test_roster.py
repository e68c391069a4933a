"""The roster: p0 of an effect moves all horizons alike, and signs are read once for all plans of the same scores."""

import gc
from types import SimpleNamespace

import numpy as np
import pytest

from churnkit.contact import ByRisk, DeclaredEffect, plan_contacts, roster
from churnkit.contact.roster import read_roster
from support import plans as book


def left_alone(p0, **horizons):
    """The book's roster with p0 by account; the others stay as they were."""
    history = book.history()
    before = read_roster(book.scores(**horizons), None, history)
    moved = np.array([p0.get(a, p) for a, p in zip(before.ids, before.uncalled, strict=True)])
    effect = SimpleNamespace(without_call=lambda asked, told: moved if asked is before and told is history else None)
    return before, before.left_alone(effect, history)


THREE = {
    "probability_30d": [0.2, 0.1, 0.3, 0.1, 0.0, 0.1],
    "probability_60d": [0.4, 0.15, 0.6, 0.25, 0.05, 0.2],
    "probability_90d": list(book.PROBABILITY.values()),
}


def test_the_odds_of_all_horizons_change_by_the_same_factor():
    """The odds of a triple from 1 to 3: .25 to .75 and 2/3 to 2. Those of c, 9, become 1: 3/7 / 9, 1.5 / 9."""
    before, after = left_alone({"a": 0.75, "c": 0.5}, **THREE)
    assert after.horizons.tolist() == [30, 60, 90]
    assert after.chances[0] == pytest.approx([0.75 / 1.75, 2 / 3, 0.75])
    assert after.chances[2] == pytest.approx([1 / 22, 1 / 7, 0.5])
    assert after.chances[[0, 2], 2].tolist() == [0.75, 0.5]
    assert after.uncalled[[0, 2]].tolist() == [0.75, 0.5]
    assert before.uncalled.tolist() == after.probability.tolist() == list(book.PROBABILITY.values())


def test_of_whom_the_effect_says_nothing_nothing_changes():
    before, after = left_alone({"a": 0.75}, **THREE)
    assert after.chances[1:].tolist() == before.chances[1:].tolist()
    assert after.uncalled[1:].tolist() == before.uncalled[1:].tolist()
    effect = DeclaredEffect()
    same = before.left_alone(effect, book.history())
    assert same.chances.tolist() == before.chances.tolist()
    assert same.uncalled.tolist() == before.uncalled.tolist()


def test_chances_never_fall_with_the_horizon():
    """Scores of a that fall with it (.6 of an odds of 1.5 in sixty days, .5 in ninety) are straightened, then moved."""
    falling = {**THREE, "probability_60d": [0.6, 0.15, 0.6, 0.25, 0.05, 0.2]}
    _, after = left_alone({"a": 0.75, "b": 0.9, "c": 0.01, "d": 0.0, "e": 1.0}, **falling)
    assert after.chances[0] == pytest.approx([3 / 7, 4.5 / 5.5, 4.5 / 5.5])
    assert (np.diff(after.chances, axis=1) >= 0).all()
    assert ((after.chances >= 0) & (after.chances <= 1)).all()


def test_what_is_not_known_stays_unknown():
    unknown = {**book.PROBABILITY, "b": np.nan}
    scores = book.scores(unknown, **{**THREE, "probability_90d": list(unknown.values())})
    before = read_roster(scores, None, book.history())
    for p0 in (before.uncalled, np.where(before.ids == "a", 0.75, before.uncalled)):
        after = before.left_alone(SimpleNamespace(without_call=lambda *_, p0=p0: p0), book.history())
        assert np.flatnonzero(np.isnan(after.uncalled)).tolist() == [1]
        assert np.isnan(after.chances[1, 2])
        assert np.isfinite(np.delete(after.chances, 1, axis=0)).all()
        assert after.uncalled[0] == p0[0]


@pytest.fixture
def reads(monkeypatch):
    """How often signs are read, each time with so many accounts."""
    seen, real = [], roster.read_signs

    def counted(history, account, cutoff):
        seen.append(len(account))
        return real(history, account, cutoff)

    monkeypatch.setattr(roster, "read_signs", counted)
    return seen


def test_signs_are_read_once_for_all_plans_of_the_same_scores_and_history(reads):
    scores, history = book.scores(), book.history()
    for capacity in (2, 3):
        plan_contacts(scores, None, history, policy=ByRisk(), capacity=capacity)
    assert reads == [6]
    other = book.history()
    plan_contacts(scores, None, other, policy=ByRisk(), capacity=2)
    assert reads == [6, 6]
    plan_contacts(scores, None, other, policy=ByRisk(), capacity=2)
    plan_contacts(book.scores(), None, other, policy=ByRisk(), capacity=2)
    assert reads == [6, 6, 6]
    plan_contacts(book.scores({"a": 0.5, "b": 0.2}), None, other, policy=ByRisk(), capacity=2)
    assert reads == [6, 6, 6, 2]


def test_the_signs_that_were_read_are_given_again(monkeypatch):
    scores, history, found = book.scores(), book.history(), [object(), object()]
    codes = np.arange(6, dtype=np.int32)
    monkeypatch.setattr(roster, "read_signs", lambda *_: found.pop())
    last = found[-1]
    assert roster._signs(scores, history, codes) is last
    assert roster._signs(scores, history, codes.copy()) is last
    assert roster._signs(scores, history, codes[::-1]) is not last


def test_what_was_read_is_forgotten_with_the_scores(reads):
    gc.collect()
    before = len(roster._READ)
    scores = book.scores()
    read_roster(scores, None, book.history())
    assert len(roster._READ) == before + 1
    del scores
    gc.collect()
    assert len(roster._READ) == before
