"""What the kernel cannot take goes to LightGBM, which is said; what LightGBM refuses, too, is refused."""

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from churnkit.errors import WrongModel
from churnkit.learning import LearnerSettings, Rows, fit_blend
from churnkit.reasons import Explainer, Groups, contributions, explain
from churnkit.reasons.handed import Handed
from churnkit.reasons.kernel import Program
from support.forests import awkward
from support.learnt import FEATURES, HORIZONS, blend, matrix, rows


def newer(model):
    """The same model, as if a later LightGBM had written it in a text that the reader does not know."""
    return replace(model, boosters=tuple(text.replace("version=v4", "version=v9") for text in model.boosters))


@pytest.fixture(scope="module")
def single():
    """A blend of one horizon, so that no tree asks for it."""
    X, y = rows()
    given = Rows(
        X=X,
        y=y[:, 2:],
        horizons=HORIZONS[2:],
        names=FEATURES.names,
        account=np.arange(len(X)),
        cutoff=np.zeros(len(X), np.int64),
        categorical=(len(FEATURES) - 1,),
    )
    fitted = fit_blend(given, settings=LearnerSettings(bags=2, trees=40))
    assert fitted.boosters
    return replace(fitted, weight=0.6)


def test_handed_over_contributions_are_the_kernels(single):
    X = rows(seed=8)[0][:300]
    kernel, handed = Explainer.of(single, "90d"), Explainer.of(newer(single), "90d")
    assert isinstance(kernel.program, Program)
    assert isinstance(handed.program, Handed)
    assert handed.base == pytest.approx(kernel.base, abs=1e-12)
    assert np.abs(handed.contributions(X) - kernel.contributions(X)).max() < 1e-9
    assert np.abs(handed.base + handed.contributions(X).sum(axis=1) - single.log_odds(X)[:, 0]).max() < 1e-9
    for one, two in zip(handed.refitted(X)[1], kernel.refitted(X)[1], strict=True):
        assert np.abs(one - two).max() < 1e-9
    assert handed.contributions(X[:0]).shape == (0, len(FEATURES))


def test_handing_over_is_said(single):
    now = matrix(rows(seed=8)[0][:40])
    ids, groups = pd.RangeIndex(40), Groups.fit(now)
    told = explain(newer(single), now, None, horizon="90d", groups=groups, account_ids=ids)
    assert "LightGBM's pred_contrib gave the contributions" in told.notes[0]
    assert "a text of version v9" in told.notes[0]
    kernels = explain(single, now, None, horizon="90d", groups=groups, account_ids=ids)
    assert not any("pred_contrib" in note for note in kernels.notes)
    assert (told.frame["sentence"] == kernels.frame["sentence"]).all()


def test_trees_that_ask_for_the_horizon_cannot_be_handed_over():
    with pytest.raises(WrongModel, match="cannot be conditioned; fit the model with one horizon"):
        contributions(newer(blend()), rows()[0][:3], "60d")


def test_lightgbm_itself_refuses_linear_leaves(single):
    """The day that this turns red, linear leaves are handed over like the rest."""
    X = awkward(400, len(FEATURES) + 1, missing=0.0)
    data = lgb.Dataset(X, (X[:, 0] > 0).astype(int), params={"linear_tree": True})
    settings = {"objective": "binary", "linear_tree": True, "verbose": -1, "num_leaves": 5, "num_threads": 1}
    linear = lgb.train(settings, data, 3)
    with pytest.raises(lgb.basic.LightGBMError, match="not implemented for linear trees"):
        linear.predict(X[:2], pred_contrib=True)
    model = replace(single, boosters=(linear.model_to_string(),))
    with pytest.raises(WrongModel, match=r"linear leaves, for which no exact contributions.*without linear_tree"):
        contributions(model, X[:2, :-1], "90d")
