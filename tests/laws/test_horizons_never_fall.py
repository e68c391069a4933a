"""P(30 d) <= P(60 d) <= P(90 d) <= P(180 d): of every definition, on every rung, for rows like and unlike any seen."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import churnkit as ck
from churnkit import features as f
from churnkit.errors import FewChurnEvents
from churnkit.learning import LearnerSettings

HORIZONS = ["30d", "60d", "90d", "180d"]
FEATURES = [
    f.count("login", "30d"),
    f.days_since("login"),
    f.count("login", "30d") / f.count("login", "90d"),
    f.latest("nps"),
    f.tenure(),
    f.attribute("industry"),
]
CUTOFFS = ck.monthly_cutoffs("2024-09", "2025-06")
FEW = ck.monthly_cutoffs("2024-12", "2024-12")
TREES, NO_TREES = LearnerSettings(bags=2, trees=60, threads=1), LearnerSettings(bags=0)


@pytest.mark.parametrize(
    ("churn", "learner", "cutoffs", "rung"),
    [
        (ck.Cancelled(horizon="180d"), TREES, CUTOFFS, "boosted"),
        (ck.Cancelled(horizon="180d"), NO_TREES, CUTOFFS, "logistic"),
        (ck.Cancelled(horizon="180d", voluntary_only=True, lead="14d"), TREES, CUTOFFS, "boosted"),
        (ck.NotRenewed(horizon="180d", grace="14d"), TREES, CUTOFFS, None),
        (ck.Shrunk(of="seats", horizon="180d"), TREES, CUTOFFS, None),
        (ck.WentQuiet(days=21, horizon="180d"), TREES, CUTOFFS, None),
        (ck.Shrunk(of="seats", share=1.0, horizon="180d", stay="90d"), TREES, FEW, None),
    ],
    ids=["cancelled", "logistic", "voluntary, lead", "not renewed", "shrunk", "quiet", "few"],
)
def test_probabilities_never_fall_with_the_horizon(saas, churn, learner, cutoffs, rung):
    horizons = [h for h in HORIZONS if ck.Recipe(churn=churn).churn.shortest <= type(churn.horizon).of(h)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewChurnEvents)
        model = ck.ChurnModel.fit(ck.Recipe(churn=churn, features=FEATURES, learner=learner), saas, cutoffs)
    assert rung is None or model.blend.rung == rung
    frame = model.score(saas, "2025-09-01").frame
    told = frame[[f"probability_{h}" for h in horizons]].to_numpy()
    assert told.shape[1] >= 3
    assert (np.diff(told, axis=1) >= 0).all()
    assert (told[:, -1] > told[:, 0]).any()
    rng = np.random.default_rng(0)
    strange = (rng.standard_cauchy((2_000, len(FEATURES))) * 1e3).astype(np.float32)
    strange[rng.random(strange.shape) < 0.3] = np.nan
    assert (np.diff(model.blend.probability(strange), axis=1) >= 0).all()
