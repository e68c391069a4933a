"""From labelled rows to a fitted blend: the folds choose, then all rows teach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from churnkit.errors import RequestError, did_you_mean
from churnkit.learning.blend import Blend
from churnkit.learning.boosted import DRAWN, fit_bags, raw_scores, read_booster
from churnkit.learning.calibration import Affine, SlopeFit, fit_slope
from churnkit.learning.choosing import SHARES, BoostedChoice, Job, LinearChoice, choose_boosted, choose_linear
from churnkit.learning.drift import Forecast, forecast_level
from churnkit.learning.ladder import UNTUNED, base_rate, describe, highest_rung, warn_of_few
from churnkit.learning.linear import Linear, fit_path, posterior_draws, redrawn
from churnkit.learning.measuring import held_figures, of_main
from churnkit.learning.parts import BASE_RATE, BOOSTED, LOGISTIC, Spread
from churnkit.learning.settings import LearnerSettings
from churnkit.learning.tuning import optuna

if TYPE_CHECKING:
    from collections.abc import Sequence

    from churnkit.learning.choosing import Held
    from churnkit.learning.rows import Floats, Ints, Rows, Split

WIDENING = 1.25 * (DRAWN / (1 - DRAWN)) ** 0.5
"""Standard deviation of an estimate over that of a bag's (a draw without replacement hides the rest), and a
quarter more for what all bags have in common."""

UNSEEN, UNSEEN_BY_FEW = 0.8, 0.5
"""Standard deviation of an account's true log-odds around those of accounts that look like it in every table: a mood,
a budget, a rival's offer. One outcome per account cannot show it, so it is declared, by what made-up companies need
whose truth is known (``benchmarks/certainty.py``: without it their 90 % intervals hold 73 to 80 %). On few events the
posterior is as wide as its prior, a whole standard deviation, and half is left to add."""

REFIT, TOGETHER = 1.5, 0.5
"""How far the mean of newly learnt bags moves a row's margin, over the standard deviation of the bags within one model
(these share most of their accounts, but each has dice of its own), and the correlation of that move with the logistic
part's. Both as four refits on redrawn accounts moved the SaaS sample (1.5 and .45); what the logistic part does there
needs no factor (its draws gave 1.07 times the refits' standard deviation). ``benchmarks/certainty.py`` checks them on
other books."""

INDIFFERENT = 1e-5
"""Difference in mean log loss (nats) that no list would show."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the folds say of the blended margin.

    Parameters
    ----------
    share
        Of the boosted part.
    margin : float64 [m]
        Out-of-fold margin at that share.
    fit
        Its slope and levels.
    boosted
        The boosted part's choice; None where it was not tried.
    """

    share: float
    margin: Floats
    fit: SlopeFit
    boosted: BoostedChoice | None = None


def fit_blend(rows: Rows, *, folds: Sequence[Split] = (), settings: LearnerSettings | None = None) -> Blend:
    """Learn calibrated probabilities of leaving within each horizon.

    Parameters
    ----------
    rows
        Labelled snapshots.
    folds
        Rows that teach and rows that judge, time-forward where the history allows. Folds without leavers and
        stayers on both sides are left out; without any, five account-grouped folds are made.
    settings
        Silence takes the defaults.

    Returns
    -------
    Blend
        On the rung that the churn events allow: below 20 the base rate, below 75 a shrunken logistic, from there
        on the blend (of which the boosted part may earn weight 0).

    Warns
    -----
    FewChurnEvents
        Once, below the highest rung.

    Raises
    ------
    RequestError
        If folds overlap, a monotone direction names no feature or a category, or ``tune`` is asked for without its
        extra.
    """
    settings = settings or LearnerSettings()
    _check_directions(rows, settings)
    rung = highest_rung(min(rows.events, rows.stayers))
    if rung != BOOSTED:
        warn_of_few(rows, rung)
    elif settings.tune and settings.bags:
        optuna()  # what is not installed is said before the work begins
    with threadpool_limits(1, "blas"):
        if rung == BASE_RATE:
            return base_rate(rows, settings)
        job = Job.prepare(rows, folds, settings)
        choice = choose_linear(job)
        verdict = _judge(job, choice, boosted=rung == BOOSTED and settings.bags > 0)
        return _refit(job, choice, verdict)


def _check_directions(rows: Rows, settings: LearnerSettings) -> None:
    """Refuse a declared direction of what is no feature, or has no direction."""
    for name in settings.monotone:
        if name not in rows.names:
            near = did_you_mean(name, rows.names)
            raise RequestError(f"settings.monotone: no feature {name!r}{near}; name features as the matrix does.")
        if rows.names.index(name) in rows.categorical:
            raise RequestError(
                f"settings.monotone: {name!r} is a category, and categories neither rise nor fall; declare directions "
                "of quantities alone."
            )


def _judge(job: Job, choice: LinearChoice, *, boosted: bool) -> Verdict:
    """Weigh the parts on the folds."""
    if not boosted:
        return Verdict(0.0, choice.held.linear, choice.held.fit(choice.held.linear))
    found = choose_boosted(job, choice)
    # The least share that is as good as the best: what cannot be told apart is not worth its trees.
    at = int(np.argmax(found.losses <= found.losses.min() + INDIFFERENT))
    return Verdict(SHARES[at], found.held.mixed(SHARES[at]), found.fits[at], found)


def _refit(job: Job, choice: LinearChoice, verdict: Verdict) -> Blend:
    """Fit both parts on all rows, with the penalty, rounds, share and map that the folds chose."""
    rows, tried = job.rows, verdict.boosted
    linear, directions, moves = _refit_linear(job, choice)
    texts: tuple[str, ...] = ()
    if tried is not None and verdict.share > 0:
        texts = fit_bags(tried.stack, rows.people, job.settings, tried.shape)
    spread = Spread(
        directions,
        moves,
        book=_book_variance(rows, texts),
        widening=WIDENING,
        refit=REFIT,
        together=TOGETHER,
        unseen=UNSEEN if tried is not None else UNSEEN_BY_FEW,
    )
    return Blend(
        names=rows.names,
        categorical=rows.categorical,
        horizons=rows.horizons,
        main=rows.main,
        linear=linear,
        boosters=texts,
        weight=verdict.share,
        calibration=_calibrate(choice.held, verdict, _drift(job, linear), _emphasis(job, choice, linear)),
        uncertainty=spread,
        rung=BOOSTED if texts else LOGISTIC,
        evidence=describe(
            rows,
            l2=choice.strength,
            folds=len(job.folds),
            time_forward=job.forward,
            overlap_weights=choice.overlap,
            rounds=tried.shape.rounds if tried else 0,
            leaves=tried.shape.leaves if tried else 0,
            fold_loss=tuple(float(v) for v in tried.losses) if tried else (),
            **_measured(job, choice.held, verdict),
        ),
        notes=_notes(job, choice, tried, dropped=tried is not None and not texts),
    )


def _measured(job: Job, held: Held, verdict: Verdict) -> dict[str, float | None]:
    """Measure what was chosen on the folds that chose it."""
    main = of_main(job.rows.known, job.folds, job.rows.main)
    return held_figures(held.y, verdict.margin, held.group, verdict.fit, main=main)


def _notes(job: Job, choice: LinearChoice, tried: BoostedChoice | None, *, dropped: bool) -> tuple[str, ...]:
    """Say what a reader should know of this fit."""
    rows = job.rows
    unseen = [str(h) for h, seen in zip(rows.horizons, rows.known.T, strict=True) if not seen.any()]
    notes = [tried.searched] if tried is not None and tried.searched else []
    if tried is None and job.settings.tune is not None:
        notes.append(UNTUNED)
    if job.settings.overlap_weights is None and not choice.overlap:
        notes.append(
            "Snapshots of one account whose label windows overlap each count whole: the folds lose less so than with "
            "one weight shared among them."
        )
    if dropped:
        notes.append("The boosted part earned no weight on the folds: the model is the logistic one.")
    if unseen:
        notes.append(f"No answer is known yet within {', '.join(unseen)}: that of the horizon before stands in.")
    return tuple(notes)


def _refit_linear(job: Job, choice: LinearChoice) -> tuple[Linear, Floats, Floats]:
    """Fit the logistic part on all rows, with draws of its coefficients: as they may be, as a refit would move them."""
    task = job.task.weighed(job.weight(overlap=choice.overlap))
    strengths = [s for s in job.settings.l2 if s >= choice.strength]
    fitted = fit_path(task, strengths)[strengths.index(choice.strength)]
    # Snapshots that overlap say much the same: what they teach counts once, whatever the fit itself did.
    judge = job.task.weighed(job.rows.pair_weight(job.rows.fair_weight))
    strength = choice.strength * float(judge.weight.sum() / task.weight.sum())
    moves = redrawn(task, job.rows.people, fitted, choice.strength)
    return Linear(job.columns, task.center, *fitted), posterior_draws(judge, fitted, strength), moves


def _book_variance(rows: Rows, texts: tuple[str, ...]) -> float:
    """Mean variance of the bags' margins at the main horizon, over at most 4,000 rows."""
    if len(texts) < 2:
        return 0.0
    X = rows.X[:: max(1, len(rows.X) // 4000)]
    bags = raw_scores([read_booster(text) for text in texts], X, rows.days[[rows.main]])
    return float(bags[:, :, 0].var(axis=0, ddof=1).mean())


def _emphasis(job: Job, choice: LinearChoice, linear: Linear) -> float:
    """Shift of the log-odds from the rows as they were weighted in teaching to the rows as they are met.

    Overlap weights favour accounts with few snapshots, whose rate is another.
    """
    if not choice.overlap:
        return 0.0
    known = job.rows.known[:, job.rows.main]
    return float(_levels(job, linear, np.zeros(int(known.sum()), np.int64)).levels[0])


def _levels(job: Job, linear: Linear, group: Ints) -> SlopeFit:
    """Level of each group of the known rows at the main horizon, beside what the logistic part says of them."""
    rows = job.rows
    known = rows.known[:, rows.main]
    margin = job.task.scores(linear.coef, linear.steps)[known, rows.main]
    left = (rows.y[known, rows.main] == 1).astype(np.float64)
    return fit_slope(margin, left, rows.fair_weight[known], group, slope_sd=0.0)


def _calibrate(held: Held, verdict: Verdict, ahead: Forecast, emphasis: float = 0.0) -> Affine:
    """Turn the folds' slope and the forecast level into one map.

    A fold's own shift is a thing of that fold (its base rate against the earlier one) and is not followed here;
    what is kept is the change of intercept that the slope itself calls for, so that the mean stays right.
    """
    fit, margin = verdict.fit, verdict.margin
    if not len(margin):
        return Affine(intercept=emphasis, level_variance=ahead.variance)
    straight = fit_slope(margin, held.y, held.weight, held.group, slope_sd=0.0)
    turn = float(np.average(fit.levels - straight.levels, weights=fit.level_information))
    middle = float(np.average(margin, weights=held.weight))
    level_variance = 1.0 / float(fit.level_information.sum()) + ahead.variance
    return Affine(fit.slope, turn + ahead.shift + emphasis, fit.slope_variance, level_variance, middle)


def _drift(job: Job, linear: Linear) -> Forecast:
    """Forecast the book's level at the data's end from its level at each cutoff, beside what the features say."""
    rows = job.rows
    known = rows.known[:, rows.main]
    cutoff = np.asarray(rows.cutoff, dtype=np.int64)[known]
    if len(moments := np.unique(cutoff)) < 4:
        return Forecast()
    fit = _levels(job, linear, np.searchsorted(moments, cutoff))
    return forecast_level(moments, fit.levels, fit.level_information, rows.horizons[rows.main].micros)
