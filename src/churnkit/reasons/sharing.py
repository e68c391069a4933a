"""Contributions handed to shap's plots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from churnkit.errors import WrongModel
from churnkit.reasons.exact import Explainer

if TYPE_CHECKING:
    from churnkit.features import FeatureMatrix
    from churnkit.learning.blend import Blend
    from churnkit.timeline import Span


def shap_explanation(blend: Blend, matrix: FeatureMatrix, *, horizon: Span | str, threads: int | None = None) -> Any:
    """Give a ``shap.Explanation``, for shap's waterfall, beeswarm and bar plots.

    Parameters
    ----------
    blend
        The fitted learner.
    matrix
        Features of the accounts.
    horizon
        One of the blend's horizons.
    threads
        How many threads share the rows.

    Returns
    -------
    shap.Explanation
        values float64 ``[n, p]`` and base_values float64 ``[n]`` on the calibrated log-odds scale, data as computed.

    Raises
    ------
    WrongModel
        If the features are not those of the model.
    """
    from shap import Explanation  # heavy, and needed for plots alone

    if tuple(matrix.names) != tuple(blend.names):
        raise WrongModel(
            "reasons: the features are not those of the model; explain with the model that made the scores."
        )
    explainer = Explainer.of(blend, horizon)
    return Explanation(
        values=explainer.contributions(matrix.values, threads),
        base_values=np.full(len(matrix.values), explainer.base),
        data=matrix.values,
        feature_names=list(matrix.names),
    )
