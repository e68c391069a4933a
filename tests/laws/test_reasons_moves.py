"""Law: along the path from one score to another all parts add up to the move, whatever the two models are."""

from dataclasses import replace

import numpy as np
import pytest

from churnkit.learning.calibration import Affine
from churnkit.reasons.path import CALIBRATION, FACTS, MODEL, PEERS, STEPS, TIME, Path
from support.learnt import HORIZONS, blend, rows


def stations(n=300):
    """Six measurements of the same accounts, any values at all."""
    return [rows(seed=seed)[0][:n] for seed in range(10, 16)]


def path(old, new, **more):
    names = ("then", "again", "passed", "known", "now", "fresh")
    given = dict(zip(names, stations(), strict=True)) | more
    return Path(old=old, new=new, horizon=HORIZONS[1], **given)


def sums(one):
    parts = one.divided(slice(0, len(one)))
    return {step: parts[step].sum(axis=1) + one.bases[step] for step in STEPS}


def models():
    old = blend()
    yield "one model", old, old
    yield "new calibration", old, replace(old, calibration=Affine(slope=0.7, intercept=0.4))
    yield "logistic alone", old, replace(old, weight=0.0, boosters=())
    yield "trees alone", old, replace(old, weight=1.0)


@pytest.mark.parametrize(("old", "new"), [pytest.param(o, n, id=name) for name, o, n in models()])
def test_parts_add_up(old, new):
    one = path(old, new) if old is not new else path(old, new, fresh=stations()[4])
    before, after = one.ends()
    found = sums(one)
    assert np.abs(sum(found.values()) - (after - before)).max() < 1e-9


def test_a_new_calibration_is_only_a_new_calibration():
    old = blend()
    new = replace(old, calibration=Affine(slope=0.7, intercept=0.4))
    still = stations()[0]
    one = path(old, new, **dict.fromkeys(("then", "again", "passed", "known", "now", "fresh"), still))
    found = sums(one)
    for step in (TIME, FACTS, PEERS, MODEL):
        assert np.abs(found[step]).max() < 1e-12
    margin = old.margin(still)[:, 1]
    by_hand = new.calibration(margin) - old.calibration(margin)
    np.testing.assert_allclose(found[CALIBRATION], by_hand, atol=1e-9)


def test_each_step_sees_its_own_stations():
    """A step is nothing where its two stations agree."""
    a, b, c, d, e, _ = stations()
    same = {
        TIME: {"again": a, "passed": a, "then": a, "known": c, "now": d, "fresh": d},
        FACTS: {"then": a, "again": a, "passed": b, "known": b, "now": c, "fresh": c},
        PEERS: {"then": a, "again": b, "passed": c, "known": d, "now": d, "fresh": d},
    }
    for step, given in same.items():
        found = sums(path(*[blend()] * 2, **given))
        for other in (TIME, FACTS, PEERS):
            assert (np.abs(found[other]).max() < 1e-12) == (other == step), (step, other)
    late = sums(path(*[blend()] * 2, then=a, again=e, passed=e, known=e, now=e, fresh=e))
    assert np.abs(late[FACTS]).max() > 0.01  # facts of then that came in late are new facts
