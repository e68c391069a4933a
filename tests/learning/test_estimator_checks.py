"""All of scikit-learn's own checks of an estimator."""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from churnkit.scoring.estimator import ChurnClassifier

# scikit-learn 1.5 hands pytest a generator, which pytest refuses: a list is as good.
EVERY = parametrize_with_checks([ChurnClassifier(bags=2, trees=20, n_jobs=1)]).mark


@pytest.mark.filterwarnings("ignore::churnkit.errors.FewChurnEvents", "ignore::churnkit.errors.PossibleLeak")
@pytest.mark.parametrize(EVERY.args[0], list(EVERY.args[1]), **EVERY.kwargs)
def test_scikit_learn_finds_nothing(estimator, check):
    if getattr(check, "func", check).__name__ == "check_array_api_input":
        return  # skips itself unless the whole process runs under SCIPY_ARRAY_API; such arrays are not taken
    check(estimator)
