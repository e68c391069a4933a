"""The rules of the house: how long a call takes, whom to leave alone, whom not to miss."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from churnkit.contact.written import Written
from churnkit.tables import ROLES
from churnkit.timeline import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZES = ("small", "middle", "large")
UNKNOWN_SIZE = 1
"""An account of unknown value counts as a middle one."""


class RoleMinutes(Written):
    """Minutes of one contact by role: preparing, calling, noting.

    The defaults are a judgement (half an hour to an hour is what a scheduled call books in a calendar):
    put your own beside them.
    """

    sales: float = Field(default=45.0, gt=0, allow_inf_nan=False)
    service: float = Field(default=30.0, gt=0, allow_inf_nan=False)
    technical: float = Field(default=60.0, gt=0, allow_inf_nan=False)
    financial: float = Field(default=30.0, gt=0, allow_inf_nan=False)


class SizeFactors(Written):
    """How much longer a contact takes with a large account, and how much shorter with a small one."""

    small: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    middle: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    large: float = Field(default=1.5, gt=0, allow_inf_nan=False)


class LeastFit(Written):
    """How likely a hat must fit, for it to be worn.

    Whoever is content, or has just come round, and hears of money or of an offer may be pushed out; a technical talk
    that mends nothing is sooner forgiven. The general hat, service, fits all but those whom any call harms, who sleep:
    where it does not fit, and no other does, nobody calls.
    """

    service: float = Field(default=0.75, ge=0, le=1)
    sales: float = Field(default=0.65, ge=0, le=1)
    technical: float = Field(default=0.3, ge=0, le=1)
    financial: float = Field(default=0.65, ge=0, le=1)

    def by_role(self) -> NDArray[np.float64]:
        """Give them in the order of ``ROLES``."""
        return np.array([getattr(self, role) for role in ROLES])


class ContactRules(Written):
    """Rules that every plan keeps.

    Parameters
    ----------
    minutes, size_factors
        Minutes per role, times a factor per account size.
    large_share, small_share
        Large accounts are the ``large_share`` most valuable of the book, small ones the ``small_share``
        least valuable.
    hourly_cost
        Cost of an hour of a manager's time, in the money of the values. Default 60: what an hour of
        management and professional work cost US employers, wages and benefits (60.14, BLS, Employer Costs
        for Employee Compensation, September 2018, state and local government, USDL-18-1941).
    cool_down
        An account contacted within this span before the plan is left alone. Default four weeks: a
        judgement; who has just been called needs time to answer, and calls can harm (Ascarza, Iyengar and
        Schleicher 2016).
    most_contacts, period
        At most so many contacts of one account within ``period``; None: no limit beyond the cool-down.
    holdout
        Share of accounts that are not called, drawn by lot, so that the effect can be measured later. Drawn
        before planning by a seeded hash of the account; a draw that ``decisions`` or ``previous`` knows
        holds until its horizon is over.
    seed
        Seed of the draws.
    coverage
        Share of each manager's own large accounts that must be called, whatever else is worth more.
    escalate
        Whether a call goes up the ``reports_to`` line where the own manager lacks the skill.
    assistants
        Whether people with neither accounts nor reports of their own (assistants, specialists) may take the
        calls of the manager they report to, and of those who report to the same one as they.
    least_skill
        A skill counts as lacking at 0 and below this share of the best in the house. Default .2: on a scale
        to 5 only 0 is lacking.
    least_fit
        A special hat (any but the general one, service) is worn only where it is at least so likely that it mends
        what troubles the account, and no worse than the general one; else the general one is. A trouble that is
        already passing counts as none. The general one is worn where it is at least so likely that a call in it helps
        at all; where no hat is, the account is left alone. A number asks the same of all special hats, and of the
        general one no more than by default. Default: .65 of the hats that speak of money, sales and financial, .3 of
        the technical one, .75 of the general one. 0: the hat that is expected to save most.
    parents_together
        Whether accounts of one parent are called in the same plan or not at all.
    """

    what: ClassVar[str] = "rules"
    minutes: RoleMinutes = Field(default_factory=RoleMinutes)
    size_factors: SizeFactors = Field(default_factory=SizeFactors)
    large_share: float = Field(default=0.1, ge=0, le=1)
    small_share: float = Field(default=0.5, ge=0, le=1)
    hourly_cost: float = Field(default=60.0, ge=0, allow_inf_nan=False)
    cool_down: Span = Span.of("28d")
    most_contacts: int | None = Field(default=None, ge=0)
    period: Span = Span.of("90d")
    holdout: float = Field(default=0.0, ge=0, lt=1)
    seed: int = Field(default=0, ge=0)
    coverage: float = Field(default=0.0, ge=0, le=1)
    escalate: bool = True
    assistants: bool = True
    least_skill: float = Field(default=0.2, ge=0, le=1)
    least_fit: LeastFit = Field(default_factory=LeastFit)
    parents_together: bool = True

    @field_validator("least_fit", mode="before")
    @classmethod
    def _of_all_hats(cls, value: object) -> object:
        one = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not one:
            return value
        service = LeastFit.model_fields["service"].default
        return dict.fromkeys(LeastFit.model_fields, value) | {"service": min(value, service)}

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.large_share + self.small_share > 1:
            raise ValueError("large_share and small_share together are more than 1; lower one of them")
        return self

    def size(self, value: NDArray[np.float64]) -> NDArray[np.int8]:
        """Give the size of each account (position in ``SIZES``) by its value among the book's.

        Of n known values the ``round(large_share x n)`` greatest are large and the ``round(small_share x n)``
        smallest small; equal values have equal sizes, the smaller one.
        """
        size = np.full(len(value), UNKNOWN_SIZE, dtype=np.int8)
        known = np.flatnonzero(np.isfinite(value))
        if len(known):
            inside = np.sort(value[known])
            large, small = round(self.large_share * len(known)), round(self.small_share * len(known))
            if large:
                edge = inside[-large - 1] if large < len(known) else -np.inf
                size[known[value[known] > edge]] = SIZES.index("large")
            if small:
                size[known[value[known] <= inside[small - 1]]] = SIZES.index("small")
        return size

    def minutes_of(self, size: NDArray[np.int8]) -> NDArray[np.float64]:
        """Give minutes [n, roles] for accounts of these sizes."""
        by_role = np.array([getattr(self.minutes, r) for r in ROLES])
        factor = np.array([getattr(self.size_factors, s) for s in SIZES])
        return np.asarray(factor[size][:, None] * by_role)
