"""The evidence ladder: how much may be claimed from so many churn events."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit
from scipy.stats import beta

from churnkit.errors import FewChurnEvents
from churnkit.learning.blend import NINETY, Blend
from churnkit.learning.calibration import Affine
from churnkit.learning.columns import AMOUNT, BEND, PLAIN, Columns
from churnkit.learning.linear import Linear, LogisticTask, fit_path
from churnkit.learning.parts import BASE_RATE, BOOSTED, LOGISTIC, Evidence, Spread

if TYPE_CHECKING:
    from churnkit.learning.rows import Floats, Rows
    from churnkit.learning.settings import LearnerSettings

LOGISTIC_FROM, BOOSTED_FROM = 20, 75
"""Churn events from which on a rung may be climbed."""

EXACT_CELLS = 2_000_000
"""Transformed cells up to which the logistic part is fitted in double precision; beyond, halves of the memory and time
are worth more than digits that no evidence settles."""

SEGMENT_PENALTY = 16.0
"""On the lowest rung a segment's own log-odds have a prior standard deviation of 1/4 around the book's."""

NO_EVENT = -20.0
"""Log-odds that stand for a rate of zero: 2 in a thousand million."""


UNTUNED = "Nothing was tuned: only the boosted part has settings to search, and it was not tried."
"""What is said where ``tune`` was asked for in vain."""


def highest_rung(events: int) -> str:
    """Highest rung that so many churn events allow; the folds may choose a lower one."""
    if events < LOGISTIC_FROM:
        return BASE_RATE
    return LOGISTIC if events < BOOSTED_FROM else BOOSTED


def warn_of_few(rows: Rows, rung: str) -> None:
    """Say once which rung the model stands on, why, and what would lift it."""
    what, wanted = {
        BASE_RATE: ("the book's rate by segment, shrunken", LOGISTIC_FROM),
        LOGISTIC: ("a shrunken logistic model, no trees", BOOSTED_FROM),
    }[rung]
    seen = f"{rows.events} accounts are" if rows.events <= rows.stayers else f"only {rows.stayers} accounts are not"
    warnings.warn(
        f"learning: {seen} seen to leave, and {wanted} are needed for the next rung; the model stands on the rung "
        f'"{rung}" ({what}) and its intervals are wide. More accounts, earlier cutoffs or a longer horizon would '
        f"lift it.",
        FewChurnEvents,
        stacklevel=3,
    )


def base_rate(rows: Rows, settings: LearnerSettings) -> Blend:
    """Learn the lowest rung: a shrunken rate of the book, moved a little by segment.

    Parameters
    ----------
    rows
        Any number of churn events, none included.
    settings
        ``prior_rate`` and ``prior_strength`` declare what is believed before the data.

    Returns
    -------
    Blend
        Without events and without a declared rate the probability is 0 (to nine digits) and its interval
        ends at the exact upper bound of 95 % (Clopper and Pearson 1934).
    """
    weight = rows.pair_weight(rows.fair_weight)
    known = rows.known[:, rows.main]
    trials = max(float(rows.fair_weight[known].sum()), 1.0)
    # A leave seen within other horizons alone counts as half of one.
    leaves = max(trials * float(rows.y[known, rows.main].mean()), 0.5 if rows.events else 0.0)
    prior = settings.prior_strength if settings.prior_rate is not None else 0.0
    leaves, trials = leaves + prior * (settings.prior_rate or 0.0), trials + prior
    columns = Columns.read(rows.X, rows.categorical if rows.events else (), amounts=False)
    task = logistic_task(rows, columns, weight, settings)
    coef, steps = fit_path(task, [SEGMENT_PENALTY])[0]
    level = float(logit((leaves + 0.5) / (trials + 1.0))) if leaves > 0 else NO_EVENT
    steps = steps - steps[rows.main] + level if leaves > 0 else np.full(len(steps), NO_EVENT)
    rate = float(leaves / trials)
    upper = max(float(beta.ppf(0.95, leaves + 1, max(trials - leaves, 0.5))), float(expit(level)))
    floor = max((float(logit(upper)) - level) / NINETY, 0.0)
    note = f"{rows.events} accounts are seen to leave: the rate of the book is {rate:.2%}, at most {upper:.2%} (95 %)."
    return Blend(
        names=rows.names,
        categorical=rows.categorical,
        horizons=rows.horizons,
        main=rows.main,
        linear=Linear(columns, task.center, coef, steps),
        boosters=(),
        weight=0.0,
        calibration=Affine(),
        uncertainty=Spread(np.zeros((0, len(coef))), np.zeros((0, len(coef))), floor=floor),
        rung=BASE_RATE,
        evidence=describe(rows, l2=SEGMENT_PENALTY),
        notes=(note, UNTUNED) if settings.tune is not None else (note,),
    )


def logistic_task(rows: Rows, columns: Columns, weight: Floats, settings: LearnerSettings) -> LogisticTask:
    """Transform rows once for every logistic fit."""
    Z = columns.design(rows.X) if len(rows.X) * len(columns) <= EXACT_CELLS else columns.design32(rows.X)
    center = Z.mean(axis=0, dtype=np.float64)
    monotone = positions(rows, settings)
    sign = np.array(
        [
            monotone.get(int(f), 0) if kind in (AMOUNT, PLAIN, BEND) else 0
            for f, kind in zip(columns.feature, columns.kind, strict=True)
        ]
    )
    return LogisticTask(Z, center, (rows.y == 1).astype(np.float64), weight, sign.astype(np.int8))


def positions(rows: Rows, settings: LearnerSettings) -> dict[int, int]:
    """Declared monotone directions by column position."""
    at = {name: j for j, name in enumerate(rows.names)}
    return {at[name]: sign for name, sign in settings.monotone.items() if name in at}


def describe(rows: Rows, *, l2: float, **chosen: object) -> Evidence:
    """State what a model was learnt from."""
    known = np.maximum(rows.known.sum(axis=0), 1)
    rates = tuple(float(r) for r in (rows.y == 1).sum(axis=0) / known)
    accounts = len(np.unique(rows.people))
    return Evidence(len(rows.y), accounts, rows.events, rates, l2=l2, **chosen)  # type: ignore[arg-type]  # its fields, by name
