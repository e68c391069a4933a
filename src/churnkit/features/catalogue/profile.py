"""Profile: what the account is, and how long it has been here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from churnkit.features import verbs as f
from churnkit.features.catalogue.events import event_features
from churnkit.features.catalogue.scene import FEW, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from churnkit.features.base import Expression

MOST_CATEGORIES = 24
"""More kinds than this are rather names than categories."""


def profile(scene: Scene) -> Iterator[Expression]:
    """Tenure and attributes."""
    yield f.tenure()
    for column in scene.history.attributes:
        values = known(scene, column)
        if pd.api.types.is_numeric_dtype(values):
            yield f.attribute(column)
        elif (kinds := categories(values)) and len(kinds) <= MOST_CATEGORIES:
            yield f.attribute(column, categories=kinds)
    for event in scene.events_of("profile"):
        yield from event_features(scene, event)


def categories(values: pd.Series) -> tuple[str, ...]:
    """Give the kinds that at least a few accounts are of, sorted."""
    counts = values.dropna().astype(str).value_counts()
    least = min(FEW, max(1, len(values) // 10))
    return tuple(sorted(str(kind) for kind in counts.index[counts >= least]))


def left_out(scene: Scene) -> tuple[str, ...]:
    """Attributes that have no feature, since they are rather names than categories."""
    columns = {c: known(scene, c) for c in scene.history.attributes}
    texts = {c: values for c, values in columns.items() if not pd.api.types.is_numeric_dtype(values)}
    return tuple(c for c, values in texts.items() if not 0 < len(categories(values)) <= MOST_CATEGORIES)


def known(scene: Scene, column: str) -> pd.Series:
    """Give an attribute of the accounts that had opened by the last cutoff."""
    return scene.history.accounts.loc[scene.history.opened < scene.cutoffs[-1], column]
