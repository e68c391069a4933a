"""A search for the boosted part's settings, on the same folds and by the same loss as every other choice."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from churnkit.display import progress
from churnkit.errors import RequestError
from churnkit.learning.boosted import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from churnkit.learning.choosing import BoostedChoice
    from churnkit.learning.settings import LearnerSettings

RANGES: dict[str, tuple[float, float]] = {
    "num_leaves": (4, 63),
    "learning_rate": (0.02, 0.3),
    "min_data_in_leaf": (2, 100),
    "min_sum_hessian_in_leaf": (0.05, 10.0),
    "lambda_l2": (0.05, 30.0),
    "feature_fraction": (0.2, 1.0),
}
"""LightGBM's settings that are searched, and between which ends; all but the last on a log scale. The logistic
part's penalty and the share of the trees are not among them: the folds try all of those in any case."""

WHOLE = ("num_leaves", "min_data_in_leaf")
"""Settings that are whole numbers."""


def optuna() -> Any:
    """Import Optuna, which only the search needs."""
    try:
        import optuna as found
    except ImportError as problem:
        raise RequestError('tune= needs the extra `tune`: pip install "churnkit-retention[tune]".') from problem
    return found


def search(first: BoostedChoice, attempt: Callable[[Shape], BoostedChoice], settings: LearnerSettings) -> BoostedChoice:
    """Try settings of the boosted part and keep the best; trial 0 is what the defaults gave.

    Parameters
    ----------
    first
        The defaults' choice: kept unless a trial's blended out-of-fold log loss is lower.
    attempt
        Judges a shape on all folds.
    settings
        ``tune`` trials in all, seeded; leaves or a learning rate that are set are not searched.

    References
    ----------
    Akiba, Sano, Yanase, Ohta and Koyama (2019), Optuna, KDD; its sampler: Bergstra et al. (2011), Algorithms for
    hyper-parameter optimization, NeurIPS.
    """
    trials, library = settings.tune or 0, optuna()
    space = _space(library, settings)
    best, at = first, 0
    with _quiet(library), progress("Tuning", trials) as step:
        study = library.create_study(sampler=library.samplers.TPESampler(seed=settings.seed))
        begin = {**first.stack.parameters, **first.shape.parameters}
        known = {name: begin[name] for name in space}
        study.add_trial(library.trial.create_trial(params=known, distributions=space, value=float(first.losses.min())))
        step(1)
        for i in range(1, trials):
            trial = study.ask(space)
            found = attempt(_shape(trial.params, first.shape, settings))
            study.tell(trial, float(found.losses.min()))
            if found.losses.min() < best.losses.min():
                best, at = found, i
            step(1)
    return replace(best, searched=_told(best, at, first, trials))


def _space(library: Any, settings: LearnerSettings) -> dict[str, Any]:
    """Give Optuna's distributions of what is not set."""
    fixed = {"num_leaves": settings.leaves, "learning_rate": settings.learning_rate}
    whole, real = library.distributions.IntDistribution, library.distributions.FloatDistribution
    return {
        name: whole(int(low), int(high), log=True) if name in WHOLE else real(low, high, log=name != "feature_fraction")
        for name, (low, high) in RANGES.items()
        if not fixed.get(name)
    }


def _shape(drawn: dict[str, Any], first: Shape, settings: LearnerSettings) -> Shape:
    """Make a shape of what was drawn, within the budget of trees."""
    own = dict(drawn)
    leaves, rate = own.pop("num_leaves", first.leaves), own.pop("learning_rate", first.learning_rate)
    return Shape(leaves, rate, Shape.most_rounds(settings, leaves), first.sharp, tuple(own.items()))


def _told(best: BoostedChoice, at: int, first: BoostedChoice, trials: int) -> str:
    """Say what the search found."""
    if trials == 1:
        return "Tuned over 1 trial: that is the defaults, which are kept."
    if not at:
        return f"Tuned over {trials} trials: none was better than the defaults on the folds, which are kept."
    chosen = {**best.stack.parameters, **best.shape.parameters}
    words = ", ".join(f"{name} {chosen[name]:.3g}" for name in RANGES)
    return (
        f"Tuned over {trials} trials: number {at} is used ({words}); log loss on the folds "
        f"{best.losses.min():.4f} against {first.losses.min():.4f} with the defaults. "
        "It was chosen on these folds, so a part of the gain is luck."
    )


@contextmanager
def _quiet(library: Any) -> Iterator[None]:
    """Keep Optuna's own log silent, and leave it as it was."""
    before = library.logging.get_verbosity()
    library.logging.set_verbosity(library.logging.ERROR)
    try:
        yield
    finally:
        library.logging.set_verbosity(before)
