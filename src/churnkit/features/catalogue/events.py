"""Features of an activity event that is not usage: a failed payment, a complaint, a meeting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.features import verbs as f

if TYPE_CHECKING:
    from collections.abc import Iterator

    from churnkit.features.base import Expression
    from churnkit.features.catalogue.scene import Scene


def event_features(scene: Scene, event: str) -> Iterator[Expression]:
    """How often, how lately, how much."""
    yield f.days_since(event)
    for window in (w for w in scene.windows if w != "7d"):
        yield f.count(event, window)
    if scene.fits("84d", "84d"):
        yield f.count(event, "84d") - f.count(event, "84d", ending="84d")
    if event in scene.valued:
        yield f.latest(event)
        yield f.total(event, "84d")
