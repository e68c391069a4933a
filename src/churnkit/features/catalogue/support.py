"""Support: how much goes wrong, how badly, and how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.features import verbs as f
from churnkit.features.catalogue.events import event_features
from churnkit.features.conditions import label, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from churnkit.features.base import Expression
    from churnkit.features.catalogue.scene import Scene

_OPENED, _RESOLVED, _REOPENED = "ticket_opened", "ticket_resolved", "ticket_reopened"


def support(scene: Scene) -> Iterator[Expression]:
    """Tickets, and events that mean trouble."""
    if scene.has(_OPENED):
        yield from opened(scene)
        yield from severity(scene)
    if scene.has(_OPENED, _RESOLVED):
        yield from resolved(scene)
    if scene.has(_REOPENED):
        yield f.count(_REOPENED, "182d")
        yield f.days_since(_REOPENED)
        yield f.count(_REOPENED) / f.count(_RESOLVED)
    for event in scene.events_of("support"):
        yield from event_features(scene, event)


def opened(scene: Scene) -> Iterator[Expression]:
    """How many tickets, and of what kind."""
    for window in scene.windows:
        yield f.count(_OPENED, window)
    yield f.days_since(_OPENED)
    yield f.days_since(_OPENED) / f.gap_mean(_OPENED)
    yield f.rank_among(f.count(_OPENED, "84d"))
    yield f.from_book(f.count(_OPENED, "28d"))
    if scene.fits("84d"):
        yield f.count(_OPENED, "28d") / f.count(_OPENED, "84d")
    for window in ("28d", "84d"):
        if scene.fits(window, window):
            yield f.count(_OPENED, window) - f.count(_OPENED, window, ending=window)
    if scene.usage_events:
        yield f.count(_OPENED, "84d") / scene.usage("active_days", "84d")
    for kind in scene.labels.get(_OPENED, ()):
        yield f.count(_OPENED, "84d", where=label == kind)


def severity(scene: Scene) -> Iterator[Expression]:
    """How bad; 3 and 4 are what most help desks call high and urgent."""
    if _OPENED not in scene.valued:
        return
    yield f.mean(_OPENED, "84d")
    yield f.maximum(_OPENED, "84d")
    yield f.mean(_OPENED, "182d") - f.mean(_OPENED)
    yield f.count(_OPENED, "28d", where=value >= 3)
    yield f.count(_OPENED, "84d", where=value >= 3)
    yield f.share(_OPENED, "182d", where=value >= 3)
    yield f.days_since(_OPENED, where=value >= 3)


def resolved(scene: Scene) -> Iterator[Expression]:
    """How many are still open, and how long it takes against the account's own past."""
    yield (f.count(_OPENED) - f.count(_RESOLVED)).named("tickets_open", phrase="tickets still open")
    yield f.count(_OPENED, "28d") - f.count(_RESOLVED, "28d")
    yield f.latest(_RESOLVED)
    yield f.mean(_RESOLVED)
    yield f.mean(_RESOLVED, "84d")
    yield f.maximum(_RESOLVED, "84d")
    yield f.mean(_RESOLVED, "84d") / f.mean(_RESOLVED)
    yield f.latest(_RESOLVED) / f.mean(_RESOLVED)
    yield f.from_book(f.log1p(f.mean(_RESOLVED, "84d")))
    if scene.fits("84d", "84d"):
        yield f.mean(_RESOLVED, "84d") - f.mean(_RESOLVED, "84d", ending="84d")
