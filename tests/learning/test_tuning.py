"""The search keeps the folds, the seed and the budget, and is never worse than the defaults on the folds."""

from __future__ import annotations

import logging
import sys

import numpy as np
import optuna
import pytest

from churnkit.errors import RequestError
from churnkit.learning import LearnerSettings, fit_blend
from churnkit.learning.choosing import Job, choose_boosted, choose_linear
from support.books import flat

QUICK = {"bags": 2, "trees": 60}


def chosen(rows, **settings):
    job = Job.prepare(rows, (), LearnerSettings(**QUICK, **settings))
    return choose_boosted(job, choose_linear(job))


@pytest.fixture(scope="module")
def rows():
    return flat(700, level=-1.0, mixed=True).rows


def test_it_is_never_worse_than_the_defaults_on_the_folds(rows):
    plain, one, many = chosen(rows), chosen(rows, tune=1), chosen(rows, tune=8)
    assert one.losses.min() == plain.losses.min()  # trial 0 is the defaults
    assert one.shape == plain.shape
    assert many.losses.min() <= plain.losses.min()
    assert many.shape.rounds * 2 <= 60
    assert many.shape.rounds * 2 * many.shape.leaves <= 500 * 31


def test_the_same_seed_finds_the_same_for_one_thread_or_two(rows):
    one, two = (fit_blend(rows, settings=LearnerSettings(**QUICK, tune=5, threads=t)) for t in (1, 2))
    assert one.notes == two.notes
    assert np.array_equal(one.probability(rows.X), two.probability(rows.X))


def test_the_notes_say_what_was_chosen(rows):
    (note,) = (n for n in fit_blend(rows, settings=LearnerSettings(**QUICK, tune=8)).notes if "Tuned" in n)
    assert note.startswith("Tuned over 8 trials: ")
    assert "num_leaves" in note or "the defaults on the folds, which are kept" in note


def test_what_is_set_is_not_searched(rows):
    shape = chosen(rows, tune=5, leaves=7, learning_rate=0.4).shape
    assert (shape.leaves, shape.learning_rate) == (7, 0.4)


def test_where_no_tree_is_tried_nothing_is_tuned(rows):
    notes = fit_blend(rows, settings=LearnerSettings(bags=0, tune=5)).notes
    assert any(note.startswith("Nothing was tuned") for note in notes)


def test_optuna_keeps_silent_and_its_log_is_left_as_it_was(rows, caplog, monkeypatch):
    before = optuna.logging.get_verbosity()
    monkeypatch.setattr(logging.getLogger("optuna"), "handlers", [caplog.handler])
    chosen(rows, tune=2)
    assert caplog.records == []
    assert optuna.logging.get_verbosity() == before == logging.INFO


def test_only_a_terminal_sees_a_bar(rows, capfd, monkeypatch):
    chosen(rows, tune=2)
    assert capfd.readouterr() == ("", "")
    monkeypatch.setattr("churnkit.display.on_terminal", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    chosen(rows, tune=2)
    out, err = capfd.readouterr()
    assert out == ""
    assert "Tuning" in err


def test_without_the_extra_the_cure_is_named(rows, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(RequestError, match=r'pip install "churnkit-retention\[tune\]"'):
        fit_blend(rows, settings=LearnerSettings(**QUICK, tune=3))
    fit_blend(rows, settings=LearnerSettings(**QUICK))
