"""Usage: how much, how regularly, how broadly, and whether that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.features import verbs as f
from churnkit.features.catalogue.events import event_features

if TYPE_CHECKING:
    from collections.abc import Iterator

    from churnkit.features.base import Expression
    from churnkit.features.catalogue.scene import Scene

_EVENTS = 8
"""Events that have features of their own; all others count in the sums."""

_MAIN = 3
"""Of these, events whose rhythm and change are told too."""

_KINDS = 20
"""Events that breadth goes over."""


def usage(scene: Scene) -> Iterator[Expression]:
    """Everything about what the account does."""
    if not scene.usage_events:
        return
    yield from level(scene)
    yield from rhythm(scene)
    yield from trend(scene)
    yield from season(scene)
    yield from breadth(scene)
    if set(scene.usage_events) & scene.acted:
        yield from users(scene)
    if set(scene.usage_events) & scene.valued:
        yield from worth(scene)
    if len(scene.usage_events) > 1:
        for k, event in enumerate(kinds(scene)[:_EVENTS]):
            yield from each(scene, event, main=k < _MAIN)
    for event in scene.events_of("usage"):
        if event not in scene.usage_events:
            yield from event_features(scene, event)


def level(scene: Scene) -> Iterator[Expression]:
    """How much."""
    for window in scene.windows:
        yield scene.usage("count", window)
        yield scene.usage("active_days", window)
    if scene.fits("28d"):
        yield f.rank_among(scene.usage("count", "28d"))
        yield f.rank_among(scene.usage("active_days", "28d"))


def rhythm(scene: Scene) -> Iterator[Expression]:
    """How regularly, and whether the silence is long by the account's own measure."""
    yield scene.usage("days_since")
    yield scene.usage("gap_mean")
    yield scene.usage("gap_std")
    yield scene.usage("days_since") / scene.usage("gap_mean")
    yield (scene.usage("days_since") - scene.usage("gap_mean")) / scene.usage("gap_std")
    yield f.rank_among(scene.usage("days_since"))
    if scene.fits("182d"):
        yield scene.usage("gap_mean", "182d")
        yield scene.usage("days_since") / scene.usage("gap_mean", "182d")
        yield scene.usage("gap_mean", "84d") / scene.usage("gap_mean", "182d")
    if scene.fits("84d"):
        yield scene.usage("gap_std", "84d")


def trend(scene: Scene) -> Iterator[Expression]:
    """Whether it grows or fades, at several spans."""
    for short, long in scene.spans:
        yield scene.usage("count", short) / scene.usage("count", long)
        yield scene.usage("active_days", short) / scene.usage("active_days", long)
    for window in ("28d", "84d"):
        if scene.fits(window, window):
            yield scene.usage("count", window) - scene.usage("count", window, ending=window)
            yield scene.usage("count", window) / scene.usage("count", window, ending=window)
            yield scene.usage("active_days", window) - scene.usage("active_days", window, ending=window)
    if scene.fits("28d", "84d"):
        yield scene.usage("count", "28d") / scene.usage("count", "84d", ending="28d")


def season(scene: Scene) -> Iterator[Expression]:
    """The same against the book in the same weeks, and against the same weeks a year ago."""
    if scene.fits("28d", "28d"):
        now, before = scene.usage("count", "28d"), scene.usage("count", "28d", ending="28d")
        yield f.from_book(f.log1p(now))
        yield f.from_book(f.log1p(now) - f.log1p(before))
        yield f.rank_among(now - before)
    if scene.fits("7d", "28d"):
        yield f.from_book(scene.usage("count", "7d") / scene.usage("count", "28d"))
    if scene.fits("364d", "28d"):
        yield scene.usage("count", "28d") / scene.usage("count", "28d", ending="336d")
        yield scene.usage("count", "84d") - scene.usage("count", "84d", ending="280d")


def breadth(scene: Scene) -> Iterator[Expression]:
    """How many kinds of event."""
    events = kinds(scene)[:_KINDS]
    if len(events) < 2:
        return
    for window in (w for w in scene.windows if w != "7d"):
        yield _breadth(events, window)
    if scene.fits("84d"):
        yield _breadth(events, "28d") - _breadth(events, "84d")


def users(scene: Scene) -> Iterator[Expression]:
    """How many people, how much each, and whether they stay."""
    for window in (w for w in scene.windows if w != "7d"):
        yield scene.usage("actors", window)
    for short, long in scene.spans:
        yield scene.usage("actors", short) / scene.usage("actors", long)
    for window in ("28d", "84d"):
        if scene.fits(window, window):
            yield scene.usage("actors", window) - scene.usage("actors", window, ending=window)
    if scene.fits("28d"):
        yield f.rank_among(scene.usage("actors", "28d"))
        yield scene.usage("count", "28d") / scene.usage("actors", "28d")
    if scene.fits("182d"):
        yield from main_user(scene)
    if scene.has("seats") and scene.fits("28d"):
        used = scene.usage("actors", "28d") / f.latest("seats")
        yield used.named("seats_used_28d", phrase="share of paid seats in use in the last 28 days")
        if scene.fits("28d", "28d"):
            before = scene.usage("actors", "28d", ending="28d") / f.latest("seats", ending="28d")
            yield (used - before).named(
                "seats_used_change_28d", phrase="change of the share of paid seats in use, against 28 days before"
            )


def main_user(scene: Scene) -> Iterator[Expression]:
    """Whether the person who used it most is still there, while others may be."""
    gone = scene.usage("days_since_main_user", "182d")
    yield gone
    yield (gone - scene.usage("days_since")).named(
        "others_without_main_user_182d", phrase="days that others went on without the most active user"
    )


def worth(scene: Scene) -> Iterator[Expression]:
    """What the values of events say, where they carry some."""
    for event in [e for e in kinds(scene) if e in scene.valued][:4]:
        yield f.latest(event)
        yield f.mean(event)
        yield f.maximum(event)
        yield f.mean(event, "84d") / f.mean(event)
        yield f.latest(event) / f.mean(event)
        yield f.rank_among(f.total(event))
        for window in (w for w in scene.windows if w != "7d"):
            yield f.total(event, window)
            yield f.mean(event, window)
            if scene.fits(window, window):
                yield f.total(event, window) - f.total(event, window, ending=window)
        if scene.fits("182d"):
            yield f.slope(event, "182d")
            yield f.std(event, "182d")
            yield f.total(event, "28d") / f.total(event, "182d")


def each(scene: Scene, event: str, *, main: bool) -> Iterator[Expression]:
    """One event of several."""
    yield f.days_since(event)
    if scene.fits("84d"):
        yield f.count(event, "84d")
        yield f.count(event, "28d") / f.count(event, "84d")
        yield f.count(event, "84d") / scene.usage("count", "84d")
    if not main:
        return
    yield f.days_since(event) / f.gap_mean(event)
    if scene.fits("28d", "28d"):
        yield f.count(event, "28d")
        yield f.count(event, "28d") - f.count(event, "28d", ending="28d")


def kinds(scene: Scene) -> tuple[str, ...]:
    """Activity events about usage that enough accounts show, the most frequent first."""
    return tuple(s for s in scene.of("usage") if s in scene.usage_events)


def _breadth(events: tuple[str, ...], window: str) -> Expression:
    found: Expression = f.count(events[0], window) > 0
    for event in events[1:]:
        found = found + (f.count(event, window) > 0)
    days = window.removesuffix("d")
    return found.named(f"kinds_of_usage_{window}", phrase=f"kinds of activity in the last {days} days")
