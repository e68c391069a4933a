"""What a plan reads of an account at a moment is what was known then, and nothing else."""

from types import SimpleNamespace

import numpy as np
import pytest

from churnkit.contact import EFFECTS, ByRisk, ContactEffect, plan_contacts
from churnkit.contact.signs import trouble
from churnkit.history import History
from churnkit.history.sample import generate
from churnkit.labels import Cancelled
from churnkit.timeline import moment
from support import plans as book

MOMENTS = ("2025-02-01", "2025-07-15")


@pytest.fixture(scope="module")
def company():
    return History(**generate(60, 15, seed=3, start="2024-06-01").tables)


@pytest.mark.parametrize("at", MOMENTS)
def test_signs_of_trouble(company, at):
    now = moment(at)
    then = company.known_at(at)
    ids = then.account_ids
    codes = np.array([company.code(i) for i in ids], dtype=np.int32)
    cutoff = np.full(len(ids), now)
    found = trouble(company, codes, cutoff)
    assert found.tolist() == trouble(then, np.arange(len(ids), dtype=np.int32), cutoff).tolist()
    assert len(set(found.tolist())) > 2  # something is told apart


@pytest.mark.parametrize("at", MOMENTS)
def test_the_whole_list(company, at):
    then = company.known_at(at)
    chosen = then.account_ids[::3]
    scores = book.scores(dict(zip(chosen, np.linspace(0.1, 0.6, len(chosen)), strict=True)), as_of=at)
    made = [plan_contacts(scores, None, h, policy=ByRisk(), capacity=5).frame for h in (company, then)]
    one, two = (frame.drop(columns=["observed_until", "do_not_contact"], errors="ignore") for frame in made)
    assert one.columns.equals(two.columns)
    for name in one.columns:
        assert one[name].equals(two[name]), name


@pytest.mark.parametrize("kind", list(EFFECTS))
def test_every_effect_comes_back_from_json_and_answers_row_by_row(kind):
    made = {"measured": lambda: ContactEffect.fit(_model(), book.history())}.get(kind, EFFECTS[kind])()
    again = EFFECTS[kind].model_validate_json(made.model_dump_json())
    role = np.tile(np.arange(4, dtype=np.int8), 3)
    theme = np.repeat(np.array([-1, 0, 3], dtype=np.int8), 4)
    p = np.linspace(0, 1, 12)
    assert again.saved(p, role, theme).tolist() == made.saved(p, role, theme).tolist()
    assert (p - made.saved(p, role, theme) >= -1e-12).all()
    assert (p - made.saved(p, role, theme) <= 1 + 1e-12).all()
    one_by_one = [float(made.saved(p[i : i + 1], role[i : i + 1], theme[i : i + 1])[0]) for i in range(12)]
    assert one_by_one == made.saved(p, role, theme).tolist()
    assert len(made.evidence(role, theme)) == len(made.spread(role, theme)) == 12
    assert made.total_spread(np.ones(12), role, theme) >= 0
    assert made.told()


def _model():
    return SimpleNamespace(recipe=SimpleNamespace(churn=Cancelled()), features=())
