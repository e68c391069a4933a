"""All of scikit-learn's own checks of an estimator."""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from churnkit.scoring.estimator import ChurnClassifier


@pytest.mark.filterwarnings("ignore::churnkit.errors.FewChurnEvents")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([ChurnClassifier(bags=2, trees=20, n_jobs=1)])
def test_scikit_learn_finds_nothing(estimator, check):
    check(estimator)
