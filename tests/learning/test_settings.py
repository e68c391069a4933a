"""Settings are checked where they are written."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from churnkit.learning import LearnerSettings
from churnkit.learning.boosted import Shape


def test_defaults_keep_the_budget_of_trees():
    for shape in Shape.candidates(LearnerSettings(), 10_000):
        assert shape.rounds * 5 * shape.leaves <= 500 * 31
        assert shape.rounds * 5 <= 500


@pytest.mark.parametrize("bags", [0, 1, 3, 7, 50])
@pytest.mark.parametrize(("leaves", "trees"), [(None, 500), (31, 500), (63, 246), (255, 60), (8, 50), (2, 7_000)])
def test_all_bags_together_never_pass_the_trees_that_were_set(bags, leaves, trees):
    shapes = Shape.candidates(LearnerSettings(bags=bags, leaves=leaves, trees=trees), 10_000)
    for shape in shapes:
        assert shape.rounds >= 1
        assert shape.rounds * bags <= trees
        assert shape.rounds * bags * shape.leaves <= 500 * 31 < 300 * 63


def test_a_tree_for_each_bag_is_the_least():
    (shape,) = Shape.candidates(LearnerSettings(bags=5, trees=5, leaves=31), 100)
    assert shape.rounds == 1


def test_large_books_try_one_shape():
    assert len(Shape.candidates(LearnerSettings(), 10**6)) == 1


def test_what_is_set_is_tried_alone():
    (shape,) = Shape.candidates(LearnerSettings(leaves=63, trees=240, bags=4), 100)
    assert (shape.leaves, shape.rounds) == (63, 60)


def test_sharp_leaves_rest_on_fewer_rows_and_are_less_shrunken():
    blunt, sharp = (Shape(24, 0.1, 10, sharp=s).parameters for s in (False, True))
    for name in ("min_data_in_leaf", "min_sum_hessian_in_leaf", "lambda_l2"):
        assert sharp[name] < blunt[name]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"leaves": 63, "trees": 500}, "at most 246 trees"),
        ({"trees": 3}, r"3 trees for 5 bags: .* at least trees=5, or bags=3"),
        ({"l2": (1.0, -1.0)}, "positive"),
        ({"bags": -1}, "greater than or equal to 0"),
        ({"monotone": {"x": 2}}, "Input should be -1 or 1"),
        ({"leafs": 3}, "Extra inputs"),
    ],
)
def test_wrong_settings_are_refused(wrong, words):
    with pytest.raises(ValidationError, match=words):
        LearnerSettings(**wrong)


def test_settings_survive_json():
    settings = LearnerSettings(monotone={"tenure": -1}, l2=(1.0, 9.0))
    assert LearnerSettings.model_validate_json(settings.model_dump_json()) == settings
