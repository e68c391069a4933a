"""The same learner for a flat table, as a scikit-learn estimator."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_array, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import assert_all_finite, check_is_fitted

from churnkit.errors import PossibleLeak
from churnkit.learning import LearnerSettings, Rows, fit_blend
from churnkit.learning.choosing import FOLDS
from churnkit.learning.flat import FlatColumns, plain_labels, same_rows
from churnkit.learning.leaks import Asked, suspects
from churnkit.learning.rows import account_folds
from churnkit.snapshots import Fold
from churnkit.timeline import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from churnkit.learning import Blend

    Floats = NDArray[np.float64]

_HORIZON = Span.of("1d")
"""A flat table has one answer per row; the learner wants a name for its horizon."""

# scikit-learn 1.6 renamed the argument.
_FINITE = (
    "ensure_all_finite" if "ensure_all_finite" in inspect.signature(check_array).parameters else "force_all_finite"
)


class ChurnClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Calibrated probabilities of leaving from one flat table, one row per account.

    Numbers, booleans, missing cells, categories and texts are taken as they are. Equal rows stay together in
    the folds that choose and calibrate.

    Parameters
    ----------
    positive
        The label that means "left"; silence takes the second of ``classes_``. It is what is counted as an event;
        probabilities and decisions follow ``classes_`` either way.
    bags, trees, leaves, learning_rate, prior_rate, tune
        As in :class:`~churnkit.learning.LearnerSettings`.
    monotone
        Column name to +1 (risk never falls as it rises) or -1.
    random_state
        Seeds every draw.
    n_jobs
        Models fitted side by side; silence takes the processors that the process may use.

    Attributes
    ----------
    classes_
        The two labels, sorted.
    n_features_in_, feature_names_in_
        What was learnt from.
    blend_
        The fitted learner: ``blend_.rung``, ``blend_.evidence``, ``blend_.notes``.
    columns_
        How each column is read.
    suspects_
        Columns that alone almost decide the label or are filled in with it, with the evidence.

    Examples
    --------
    >>> ChurnClassifier(bags=3).get_params()["bags"]
    3
    """

    def __init__(  # noqa: PLR0913 - scikit-learn asks for every setting by name
        self,
        *,
        positive: Any = None,
        bags: int = 5,
        trees: int = 500,
        leaves: int | None = None,
        learning_rate: float | None = None,
        prior_rate: float | None = None,
        monotone: Mapping[str, Literal[-1, 1]] | None = None,
        tune: int | None = None,
        random_state: int | np.random.RandomState | None = 7,
        n_jobs: int | None = None,
    ) -> None:
        self.positive = positive
        self.bags = bags
        self.trees = trees
        self.leaves = leaves
        self.learning_rate = learning_rate
        self.prior_rate = prior_rate
        self.monotone = monotone
        self.tune = tune
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: pd.DataFrame | ArrayLike, y: ArrayLike, *, groups: ArrayLike | None = None) -> Self:
        """Learn.

        Parameters
        ----------
        X
            Table of n rows and p columns.
        y
            n labels, of two classes.
        groups
            n marks of rows that belong together (several rows of one account): they share a fold and a bag.
            Silence: equal rows do.

        Raises
        ------
        ValueError
            If y has not two classes or misses some labels, lengths disagree or a number is infinite.
        TypeError
            If a column holds times, or the table is sparse.

        Warns
        -----
        FewChurnEvents
            Below 75 rows of either class.
        PossibleLeak
            If a column alone almost decides the label, or is filled in with it.
        """
        frame = self._table(X, reset=True)
        left = self._answers(y)
        check_consistent_length(frame, left)
        columns = FlatColumns.of(frame)
        matrix = columns.matrix(frame)
        # Equal rows are accounts of their own, each an event or none; only the folds must not part them.
        account = np.arange(len(frame)) if groups is None else pd.factorize(column_or_1d(groups))[0].astype(np.int64)
        together = same_rows(matrix) if groups is None else account
        check_consistent_length(frame, account)
        rows = Rows(
            X=matrix,
            y=left[:, None].astype(np.int8),
            horizons=(_HORIZON,),
            names=columns.names,
            account=account,
            cutoff=np.zeros(len(frame), dtype=np.int64),
            categorical=columns.categorical,
        )
        settings = self._settings()
        self.suspects_ = _suspects(rows, together)
        folds = [Fold(*sides) for sides in account_folds(together, rows.y, FOLDS, settings.seed)]
        self.columns_: FlatColumns = columns
        self.blend_: Blend = fit_blend(rows, folds=folds, settings=settings)
        return self

    def decision_function(self, X: pd.DataFrame | ArrayLike) -> Floats:
        """Give the calibrated log-odds of ``classes_[1]``, float64 [n]."""
        check_is_fitted(self)
        log_odds = self.blend_.log_odds(self._matrix(X))[:, 0]
        return log_odds if self._rises else -log_odds

    def predict_proba(self, X: pd.DataFrame | ArrayLike) -> Floats:
        """Give the probability of each class, float64 [n, 2]."""
        second = self.decision_function(X)
        return np.column_stack([expit(-second), expit(second)])

    def predict(self, X: pd.DataFrame | ArrayLike) -> NDArray[Any]:
        """Give the likelier class of every row."""
        second = self.decision_function(X) > 0
        likelier: NDArray[Any] = self.classes_[second.astype(np.int64)]
        return likelier

    def explain(self, X: pd.DataFrame | ArrayLike) -> pd.DataFrame:
        """Divide the log-odds of ``positive`` exactly among the columns.

        Returns
        -------
        DataFrame
            Row labels of X; ``(base)``, the log-odds of nobody in particular, then one column per feature. A
            row's sum is its calibrated log-odds, to 1e-9.
        """
        from churnkit.reasons import contributions

        check_is_fitted(self)
        parts, base = contributions(self.blend_, self._matrix(X), _HORIZON)
        index = X.index if isinstance(X, pd.DataFrame) else None
        frame = pd.DataFrame(parts, columns=list(self.columns_.names), index=index)
        frame.insert(0, "(base)", base, allow_duplicates=True)
        return frame

    @property
    def _rises(self) -> bool:
        """Whether the learner's events are those of the second class."""
        return self.positive is None or bool(self.positive == self.classes_[1])

    def _matrix(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float32]:
        return self.columns_.matrix(self._table(X, reset=False))

    def _settings(self) -> LearnerSettings:
        seed = self.random_state
        if seed is None or isinstance(seed, np.random.RandomState):
            seed = int(check_random_state(seed).randint(2**31 - 1))
        return LearnerSettings(
            seed=int(seed),
            bags=self.bags,
            trees=self.trees,
            leaves=self.leaves,
            learning_rate=self.learning_rate,
            prior_rate=self.prior_rate,
            monotone=dict(self.monotone or {}),
            tune=self.tune,
            threads=None if self.n_jobs is None or self.n_jobs < 0 else self.n_jobs,
            # Equal rows of a flat table are alike accounts, not one account seen twice.
            overlap_weights=False,
        )

    def _table(self, X: Any, *, reset: bool) -> pd.DataFrame:
        """Check a table and remember, or compare, its columns."""
        frame = X if isinstance(X, pd.DataFrame) or not hasattr(X, "to_pandas") else X.to_pandas()
        if isinstance(frame, pd.DataFrame):
            for what, n in (("sample(s)", len(frame)), ("feature(s)", frame.shape[1])):
                if not n:
                    raise ValueError(
                        f"Found array with 0 {what} (shape={frame.shape}) while a minimum of 1 is required."
                    )
            if not frame.columns.is_unique:
                raise ValueError(f"columns {list(frame.columns[frame.columns.duplicated()])} stand twice: rename them.")
            _remember(self, frame, reset=reset)
            return frame
        array = check_array(X, dtype=None, estimator=self, input_name="X", **{_FINITE: "allow-nan"})
        _remember(self, array, reset=reset)
        return pd.DataFrame(array, columns=[f"x{j}" for j in range(array.shape[1])])

    def _answers(self, y: Any) -> NDArray[np.bool_]:
        """Check the labels, set ``classes_``, and mark who left."""
        if y is None:
            raise ValueError("ChurnClassifier requires y to be passed, but the target y is None.")
        column_or_1d(y, warn=True)
        y = column_or_1d(plain_labels(y))
        if y.dtype.kind == "f":
            assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        if type_of_target(y, input_name="y") != "binary":
            raise ValueError(f"Only binary classification is supported. The type of the target is {type_of_target(y)}.")
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y holds one class only, {self.classes_.tolist()[0]!r}; two are needed to tell them apart."
            )
        if self.positive is not None and self.positive not in self.classes_:
            raise ValueError(f"positive={self.positive!r} is none of the classes {self.classes_.tolist()}.")
        return np.asarray(y == self.classes_[1 if self._rises else 0])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    def _more_tags(self) -> dict[str, object]:
        """Say the same to scikit-learn 1.5."""
        few = "asks for both classes among the answers on 20 rows, where the evidence ladder allows the base rate alone"
        return {
            "binary_only": True,
            "allow_nan": True,
            "X_types": ["2darray", "categorical", "string"],
            "_xfail_checks": {"check_classifiers_classes": few},
        }


def _suspects(rows: Rows, people: NDArray[np.int64]) -> tuple[str, ...]:
    """Look at every column alone, and warn of those that know too much."""
    found = suspects(
        Asked.of(rows.X, rows.y[:, 0], people, rows.cutoff, names=rows.names, categorical=rows.categorical)
    )
    if found:
        told = "; ".join(map(str, found))
        warnings.warn(
            f"ChurnClassifier: {len(found)} of {len(rows.names)} columns may know too much. {told}. Keep them only if "
            "they are known before the label is, else drop them.",
            PossibleLeak,
            stacklevel=3,
        )
    return tuple(map(str, found))


def _remember(estimator: ChurnClassifier, X: Any, *, reset: bool) -> None:
    """Set or compare ``n_features_in_`` and ``feature_names_in_``."""
    try:
        from sklearn.utils.validation import validate_data
    except ImportError:  # scikit-learn 1.5
        estimator._check_feature_names(X, reset=reset)  # noqa: SLF001 - its name in 1.5
        estimator._check_n_features(X, reset=reset)  # noqa: SLF001 - its name in 1.5
    else:
        validate_data(estimator, X, reset=reset, skip_check_array=True)
