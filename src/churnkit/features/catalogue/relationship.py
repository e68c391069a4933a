"""Relationship: who from us spoke with them, how often, how lately."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.features import verbs as f
from churnkit.features.catalogue.events import event_features
from churnkit.features.conditions import label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from churnkit.features.base import Expression
    from churnkit.features.catalogue.scene import Scene


def relationship(scene: Scene) -> Iterator[Expression]:
    """Contacts by managers, and events between people."""
    if scene.has("contacted"):
        yield from contacts(scene)
    for event in scene.events_of("relationship"):
        yield from event_features(scene, event)


def managers(scene: Scene) -> Iterator[Expression]:
    """Whether the manager who speaks with them is still the same: contacts say, with their date, who it was."""
    for window in ("182d", "364d"):
        if scene.fits(window):
            days = window.removesuffix("d")
            yield f.actors("contacted", window).named(
                f"managers_in_touch_{window}", phrase=f"managers in touch in the last {days} days"
            )
    if scene.fits("364d"):
        usual = f.days_since_main_user("contacted", "364d")
        yield usual.named("days_since_usual_manager", phrase="days since the last contact with the usual manager")
        yield (usual - f.days_since("contacted")).named(
            "contact_without_usual_manager", phrase="days in which only other managers than the usual one were in touch"
        )


def contacts(scene: Scene) -> Iterator[Expression]:
    """How often, how long ago, how long, and in which role."""
    yield f.days_since("contacted")
    yield f.days_since("contacted") / f.gap_mean("contacted")
    for window in (w for w in scene.windows if w != "7d"):
        yield f.count("contacted", window)
    if scene.fits("84d", "84d"):
        yield f.count("contacted", "84d") - f.count("contacted", "84d", ending="84d")
    if "contacted" in scene.valued:
        yield f.total("contacted", "84d")
        yield f.mean("contacted", "182d")
        yield f.latest("contacted")
    if "contacted" in scene.acted:
        yield from managers(scene)
    for role in scene.labels.get("contacted", ()):
        yield f.count("contacted", "182d", where=label == role)
        yield f.days_since("contacted", where=label == role)
