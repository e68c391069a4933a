"""Pruning: a feature that says nothing here, or says what another one says, is left out with a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnkit.features.catalogue.scene import moments_text
from churnkit.features.compute import compute
from churnkit.features.feature_set import FeatureSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.features.catalogue.scene import Scene
    from churnkit.features.matrix import FeatureMatrix

_ACCOUNTS = 2_000
"""Accounts per cutoff on which features are tried out."""


def prune(features: FeatureSet, scene: Scene) -> FeatureSet:
    """Leave out what is constant, and all but the first of what rises and falls together everywhere."""
    tried = try_out(features, scene)
    constant, copies, kept = [], [], []
    first: dict[bytes, str] = {}
    for j, feature in enumerate(tried.features):
        print_ = fingerprint(tried.values[:, j])
        if print_ is None:
            constant.append(feature.name)
        elif print_ in first:
            copies.append(f"{feature.name} (as {first[print_]})")
        else:
            first[print_] = feature.name
            kept.append(feature)
    notes = list(tried.features.notes)
    where = f"at {len(tried):,} rows of {moments_text(scene)}"
    if constant:
        notes.append(f"{len(constant)} features are constant {where} and were left out: {_some(constant)}.")
    if copies:
        notes.append(f"{len(copies)} features are copies of others {where} and were left out: {_some(copies)}.")
    return FeatureSet(kept, signals=tried.features.signals, notes=notes)


def try_out(features: FeatureSet, scene: Scene) -> FeatureMatrix:
    """Compute features for some accounts at a few cutoffs."""
    rows = [_opened(scene, int(cutoff)) for cutoff in scene.cutoffs]
    account = np.concatenate(rows).astype(np.int32)
    cutoff = np.repeat(scene.cutoffs, [len(r) for r in rows])
    return compute(features, scene.history, account, cutoff)


def fingerprint(values: NDArray[np.float32]) -> bytes | None:
    """Give what a column shares with every strictly monotone copy of it; None where it is constant.

    A column that is the same wherever it is not missing is constant too: whether a thing has ever been
    is told by its count.
    """
    missing = np.isnan(values)
    distinct, place = np.unique(values[~missing], return_inverse=True)
    if len(distinct) < 2:
        return None
    top = len(distinct) - 1
    if len(place) and 2 * place[np.argmax(2 * place != top)] > top:
        place = top - place
    order = np.full(len(values), -1, dtype=np.int32)
    order[~missing] = place
    return order.tobytes()


def _opened(scene: Scene, cutoff: int) -> NDArray[np.int64]:
    there = np.flatnonzero(scene.history.opened < cutoff)
    return there[:: max(1, -(-len(there) // _ACCOUNTS))]


def _some(names: list[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
