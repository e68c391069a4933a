"""Policies: what makes one call better than another. Each is one small class that registers itself."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator, SerializeAsAny

from churnkit.contact.effect import AnyEffect, DeclaredEffect, Effect
from churnkit.contact.value import ValueRule  # noqa: TC001 - pydantic reads it
from churnkit.contact.written import Written, read_kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POLICIES: dict[str, type[Policy]] = {}
"""Every policy by its kind."""


@dataclass(frozen=True, eq=False)
class Calls:
    """What is expected of calls, one position per call; arrays of one shape (or that broadcast to one).

    Attributes
    ----------
    probability
        p0, P(leave within the main horizon) without the call.
    saved
        p0 - p1.
    value, cost
        Value at stake (NaN: unknown) and cost of the call, in the same money.
    waiting
        What waiting a week costs, s(0) - s(1).
    """

    probability: Floats
    saved: Floats
    value: Floats
    cost: Floats
    waiting: Floats

    @property
    def net_saving(self) -> Floats:
        """(p0 - p1) x value - cost."""
        return self.saved * self.value - self.cost


class Policy(Written):
    """Whom to call, and in what order.

    A subclass with ``kind: Literal["..."] = "..."`` registers itself; it must answer :meth:`worth`.
    """

    what: ClassVar[str] = "policy"
    kind: str
    optimises: ClassVar[bool] = False
    """True: the list has the greatest total worth within the hours. False: it goes down the ranking by
    worth, skipping whom there is no time for, as a sorted list is worked off."""
    needs_value: ClassVar[bool] = True
    """Whether an account of unknown value cannot be ranked."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_more: object) -> None:
        kind = cls.model_fields["kind"].default
        if isinstance(kind, str):
            POLICIES[kind] = cls

    @abstractmethod
    def worth(self, calls: Calls) -> Floats:
        """Give what each call is worth to this policy; who is worth nothing (or less) is not called."""

    def urgency(self, calls: Calls) -> Floats:
        """Give by what those on the list are ordered, the greatest first: the worth unless overridden."""
        return self.worth(calls)

    def value_rule(self) -> ValueRule:
        """Give how value at stake is found."""
        return getattr(self, "value", None)

    def effect_rule(self) -> Effect:
        """Give the effect of a contact, by which net savings are told."""
        found: Effect | None = getattr(self, "effect", None)
        return DeclaredEffect() if found is None else found


class ByRisk(Policy):
    """The most likely to leave first: what every list without a notion of value or effect does."""

    kind: Literal["risk"] = "risk"
    needs_value: ClassVar[bool] = False

    def worth(self, calls: Calls) -> Floats:
        """Give p0."""
        return calls.probability


class ByValueAtRisk(Policy):
    """The greatest expected loss first: p0 x value at stake.

    Parameters
    ----------
    value
        None, a column, an expression or a :class:`RemainingValue`.
    """

    kind: Literal["value_at_risk"] = "value_at_risk"
    value: ValueRule = None

    def worth(self, calls: Calls) -> Floats:
        """Give p0 x value."""
        return calls.probability * calls.value


class ByNetSaving(Policy):
    """The greatest total expected net saving within the hours, called in the order of what waiting costs.

    Parameters
    ----------
    value
        Value at stake: None (:class:`RemainingValue` with its defaults), a column, an expression such as
        ``f.latest("mrr") * 12``, or a :class:`RemainingValue` of your own.
    effect
        Effect of a contact; None: ``DeclaredEffect()``, an assumption that is said on every row.
    """

    kind: Literal["net_saving"] = "net_saving"
    optimises: ClassVar[bool] = True
    value: ValueRule = None
    effect: AnyEffect | None = None

    def worth(self, calls: Calls) -> Floats:
        """Give (p0 - p1) x value - cost."""
        return calls.net_saving

    def urgency(self, calls: Calls) -> Floats:
        """Give s(0) - s(1), what waiting a week costs."""
        return calls.waiting


def read_policy(data: Mapping[str, object]) -> Policy:
    """Read a policy from its TOML or JSON form; BadPlan where its kind is unknown."""
    return read_kind(data, POLICIES, "policy")


AnyPolicy = Annotated[SerializeAsAny[Policy], BeforeValidator(lambda v: read_policy(v) if isinstance(v, dict) else v)]
"""A policy as a field: an instance, or its TOML or JSON form."""
