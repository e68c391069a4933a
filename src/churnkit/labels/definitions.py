"""What a churn definition is, and what it must answer; the small classes register themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from churnkit.errors import BadRecipe, HorizonError, did_you_mean
from churnkit.timeline import NEVER, Span, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from churnkit.history import History

DEFINITIONS: dict[str, type[ChurnDefinition]] = {}
"""Every churn definition by its kind."""

USUAL_HORIZONS = tuple(Span.of(d) for d in (30, 60, 90, 180))


@dataclass(frozen=True, eq=False)
class Standing:
    """Who is asked at a cutoff, as known then.

    Attributes
    ----------
    inside
        bool per account code: in the population.
    why
        Text per account code for those outside; empty for those inside.
    """

    inside: NDArray[np.bool_]
    why: NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Source:
    """What leaves were read from.

    Attributes
    ----------
    row
        int64, the number (from 1) of the row in the source table, counted as in ``history.rejected``; -1 where
        no single row decides.
    told
        Text: the fact, with its date.
    """

    row: NDArray[np.int64]
    told: NDArray[np.object_]


class ChurnDefinition(BaseModel, ABC):
    """When an account has left: the population, the moment of leaving, and the horizon that ranks.

    Parameters
    ----------
    horizon
        The main horizon: P(leave within it) ranks the list and is evaluated.
    lead
        Leaves count from ``cutoff + lead`` on; who leaves inside the lead is dropped from training
        and counted. Zero: every leave from the cutoff on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(default="", frozen=True)
    horizon: Span = Span.of("90d")
    lead: Span = Span.of(0)

    source: ClassVar[str] = ""
    """The table of :attr:`table`, where it is the same for every definition of the class."""

    def __init_subclass__(cls, kind: str = "", **more: object) -> None:
        super().__init_subclass__(**more)  # type: ignore[arg-type]  # for pydantic, which checks them
        if kind:
            DEFINITIONS[kind] = cls

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.horizon.micros <= 0:
            raise ValueError('horizon must be longer than zero, for example "90d"')
        return self

    @property
    def table(self) -> str:
        """The source table that labels come from; its own end decides which labels are mature."""
        return self.source

    @property
    def meaning(self) -> str:
        """When an account has left, in words."""
        return f"{type(self).__name__}, by a definition of your own"

    @property
    def population(self) -> str:
        """Who can leave at a cutoff, in words."""
        return "the accounts that the definition lets in"

    @property
    def shortest(self) -> Span:
        """The shortest horizon that the definition can answer."""
        return Span.of("1h")

    def horizons(self, chosen: tuple[Span, ...] | None = None) -> tuple[Span, ...]:
        """Give the horizons that are learnt: those chosen, or the usual ones up to the main one, and it.

        Raises
        ------
        HorizonError
            If one is shorter than the definition can answer, or longer than the main one.
        """
        wanted = chosen or tuple(h for h in USUAL_HORIZONS if self.shortest <= h < self.horizon)
        found = tuple(sorted({*wanted, self.horizon}))
        short = [str(h) for h in found if h < self.shortest]
        if short:
            raise HorizonError(
                f"horizon {short[0]} is shorter than {self.shortest}, the shortest that {self!r} can answer; "
                f"choose {self.shortest} or longer."
            )
        if found[-1] > self.horizon:
            raise HorizonError(f"horizon {found[-1]} is longer than the main one, {self.horizon}; raise the main one.")
        return found

    def changed(self, **settings: object) -> Self:
        """Give the definition with some settings changed, checked like any other."""
        return type(self).model_validate(self.model_dump(mode="json") | settings)

    @abstractmethod
    def check(self, history: History) -> None:
        """Refuse a history that cannot answer the definition."""

    @abstractmethod
    def standing(self, history: History, cutoff: int) -> Standing:
        """Tell who is asked at a cutoff, as known then."""

    @abstractmethod
    def next_leave(self, history: History, start: int) -> NDArray[np.int64]:
        """Give for every account its first leave at or after a moment, in hindsight (NEVER: none).

        A leave at moment ``t`` counts within a horizon h from the start if ``t < start + h``.
        """

    def next_lost(self, history: History, start: int) -> NDArray[np.int64]:
        """Give every account's first leave of a kind that is neither churn nor staying (NEVER: none).

        From then on the label is unknown, unless a leave came before.
        """
        del start
        return np.full(len(history.accounts), NEVER, dtype=np.int64)

    def sources(self, history: History, account: NDArray[np.int32], at: NDArray[np.int64]) -> Source:
        """Tell what the leaves of some accounts at some moments (NEVER: none) were read from."""
        del history, account
        told = np.array(["" if t == NEVER else as_text(int(t)) for t in at], dtype=object)
        return Source(np.full(len(at), -1, dtype=np.int64), told)

    def variants(self) -> tuple[tuple[str, ChurnDefinition], ...]:
        """Give the definition with one setting changed at a time, in words; for the sensitivity of the rate."""
        return ()

    def gone_unknown(self, history: History, cutoff: int) -> NDArray[np.bool_]:
        """Accounts that had left before the cutoff, which was known only later; none unless overridden."""
        del cutoff
        return np.zeros(len(history.accounts), dtype=np.bool_)

    def delay(self, history: History) -> int:
        """The reporting delay of the label's source, in microseconds: its 99th percentile."""
        del history
        return 0


def percentile_99(delays: NDArray[np.int64]) -> int:
    """Give the 99th percentile of recording delays, rounded up to a whole second; 0 where there are none."""
    return int(np.ceil(np.quantile(delays, 0.99) / 1e6) * 1e6) if len(delays) else 0


def read_definition(data: Mapping[str, object]) -> ChurnDefinition:
    """Read a definition from its TOML or JSON form."""
    kind = str(data.get("kind", ""))
    if kind not in DEFINITIONS:
        raise BadRecipe(
            f"churn kind {kind!r} is unknown{did_you_mean(kind, DEFINITIONS)}; there are {', '.join(DEFINITIONS)}."
        )
    return DEFINITIONS[kind].model_validate(data)


AnyDefinition = SerializeAsAny[ChurnDefinition]
