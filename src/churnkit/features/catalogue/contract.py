"""Contract: what was agreed, when it runs out, and how it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.features import verbs as f
from churnkit.features.catalogue.events import event_features
from churnkit.features.conditions import label
from churnkit.features.naming import token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from churnkit.features.base import Expression
    from churnkit.features.catalogue.scene import Scene


def contract(scene: Scene) -> Iterator[Expression]:
    """Terms, seats and plans."""
    if scene.has("renewal_due"):
        yield f.days_until("renewal_due")
        yield f.days_since("renewal_due")
        yield f.count("renewal_due")
    if scene.has("term_months"):
        yield f.latest("term_months")
        yield f.latest("term_months") - f.earliest("term_months")
    if scene.has("renewal_due", "term_months"):
        # 30.4375 days is the mean month of the Gregorian calendar's four-year cycle
        yield (f.days_until("renewal_due") / (f.latest("term_months") * 30.4375)).named(
            "share_of_term_left", phrase="share of the term that is left"
        )
    if scene.has("auto_renew"):
        yield f.latest("auto_renew")
        yield f.latest("auto_renew") - f.latest("auto_renew", ending="84d")
        yield f.days_since("auto_renew")
    if scene.has("seats"):
        yield from seats(scene)
    if scene.has("plan"):
        yield from plans(scene)
    yield from starts(scene)
    for event in scene.events_of("contract"):
        yield from event_features(scene, event)


def seats(scene: Scene) -> Iterator[Expression]:
    """How many seats, and whether they grow."""
    yield f.latest("seats")
    yield f.days_since("seats")
    yield f.latest("seats") / f.earliest("seats")
    yield f.latest("seats") / f.maximum("seats")
    for window in ("84d", "182d", "364d"):
        if scene.fits(window):
            yield f.latest("seats") - f.latest("seats", ending=window)
    if scene.fits("364d"):
        yield f.latest("seats") / f.latest("seats", ending="364d")


def plans(scene: Scene) -> Iterator[Expression]:
    """Which plan, and how often it changed."""
    yield f.count("plan")
    yield f.days_since("plan")
    for plan in scene.labels.get("plan", ()):
        chosen = f.days_since("plan", where=label == plan)
        yield f.where(f.count("plan", where=label == plan) > 0, chosen.equals(f.days_since("plan")), 0).named(
            f"plan_is_{token(plan)}", phrase=f"plan {plan}"
        )


def starts(scene: Scene) -> Iterator[Expression]:
    """Beginnings and ends so far."""
    if scene.has("subscription_started"):
        yield f.count("subscription_started")
        yield f.days_since("subscription_started")
    if scene.has("subscription_started", "subscription_ended"):
        yield f.count("subscription_started") - f.count("subscription_ended")
    for signal in ("subscription_ended", "notice_given"):
        if scene.has(signal):
            yield f.count(signal)
            yield f.days_since(signal)
