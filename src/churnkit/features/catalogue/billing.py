"""Billing: what is paid, how that moved, and whether payment fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.features import verbs as f
from churnkit.features.catalogue.events import event_features

if TYPE_CHECKING:
    from collections.abc import Iterator

    from churnkit.features.base import Expression
    from churnkit.features.catalogue.scene import Scene


def billing(scene: Scene) -> Iterator[Expression]:
    """Revenue, and every billing event."""
    if scene.has("mrr"):
        yield from revenue(scene)
        yield from price(scene)
    for event in scene.events_of("billing"):
        yield from event_features(scene, event)


def revenue(scene: Scene) -> Iterator[Expression]:
    """What the account pays a month, in all."""
    yield f.latest("mrr")
    yield f.rank_among(f.latest("mrr"))
    yield f.count("mrr")
    yield f.days_since("mrr")
    yield f.latest("mrr") / f.earliest("mrr")
    yield f.latest("mrr") / f.maximum("mrr")
    for window in ("84d", "182d", "364d"):
        if scene.fits(window):
            yield f.latest("mrr") / f.latest("mrr", ending=window)


def price(scene: Scene) -> Iterator[Expression]:
    """What one seat, one user, one day of use costs."""
    if scene.has("seats"):
        yield f.latest("mrr") / f.latest("seats")
        yield f.rank_among(f.latest("mrr") / f.latest("seats"))
        for window in ("84d", "182d", "364d"):
            if scene.fits(window):
                before = f.latest("mrr", ending=window) / f.latest("seats", ending=window)
                yield (f.latest("mrr") / f.latest("seats") / before).named(
                    f"price_per_seat_over_{window}_ago",
                    phrase=f"price per seat against {window.removesuffix('d')} days ago",
                )
    if scene.usage_events and scene.fits("28d"):
        yield f.latest("mrr") / scene.usage("active_days", "28d")
        if set(scene.usage_events) & scene.acted:
            yield f.latest("mrr") / scene.usage("actors", "28d")
