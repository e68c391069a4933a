"""Satisfaction: what clients say, how it moves, and whether they still say anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnkit.features import verbs as f
from churnkit.features.conditions import value
from churnkit.features.naming import token
from churnkit.features.nouns import noun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from churnkit.features.base import Expression
    from churnkit.features.catalogue.scene import Scene


def satisfaction(scene: Scene) -> Iterator[Expression]:
    """Every metric that is asked."""
    signals = scene.of("satisfaction")
    for metric in (s for s in signals if s in scene.valued):
        yield from answers(scene, metric)
        if f"{metric}_asked" in signals:
            yield from asked(scene, metric)
    if "nps" in signals:
        yield from promoters()
    for event in (s for s in signals if s not in scene.valued and not s.endswith("_asked")):
        yield f.count(event, "182d")
        yield f.days_since(event)


def answers(scene: Scene, metric: str) -> Iterator[Expression]:
    """What was answered: last, mean, trend, spread, age, and the distance from the book."""
    yield f.latest(metric)
    yield f.mean(metric)
    yield f.mean(metric, "182d")
    yield f.minimum(metric, "182d")
    yield f.days_since(metric)
    yield f.count(metric, "182d")
    yield f.slope(metric)
    yield f.latest(metric) - f.mean(metric)
    yield f.latest(metric) - f.latest(metric, ending="84d")
    yield f.mean(metric, "182d") - f.mean(metric, ending="182d")
    yield f.from_book(f.latest(metric))
    yield f.rank_among(f.mean(metric, "182d"))
    if metric in scene.acted:
        spread = f.std(metric, "182d")
        yield spread.named(f"disagreement_{token(metric)}_182d", phrase=f"{spread.phrase}, over respondents")


def asked(scene: Scene, metric: str) -> Iterator[Expression]:
    """Whether those who are asked answer."""
    survey = f"{metric}_asked"
    yield f.count(metric) / f.count(survey)
    yield f.count(metric, "182d") / f.count(survey, "182d")
    yield f.days_since(survey)
    yield (f.count(survey, "182d") - f.count(metric, "182d")).named(
        f"unanswered_{token(metric)}_182d", phrase=f"{f.count(survey, '182d').phrase} without an answer"
    )
    # a survey is open while no answer has come since it was sent, or ever
    last = f.where(f.count(metric) > 0, f.days_since(survey) < f.days_since(metric), f.count(survey) > 0)
    yield last.named(f"unanswered_last_{token(metric)}", phrase=f"last {noun(survey).one} without an answer")
    if scene.fits("182d", "182d"):
        now, before = (f.count(metric, "182d", ending=e) / f.count(survey, "182d", ending=e) for e in ("0d", "182d"))
        yield (now - before).named(
            f"answer_rate_change_{token(metric)}_182d", phrase=f"change of the share of {noun(survey).many} answered"
        )


def promoters() -> Iterator[Expression]:
    """The usual groups of the net promoter score (Reichheld 2003): 0 to 6 detractors, 9 and 10 promoters."""
    yield f.share("nps", where=value <= 6)
    yield f.share("nps", where=value >= 9)
