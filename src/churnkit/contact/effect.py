"""What a contact does to the probability of leaving."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

import numpy as np
from pydantic import BeforeValidator, Field, SerializeAsAny, field_validator

from churnkit.contact.roles import WITHOUT_REASON, fit_of_roles, one_kind
from churnkit.contact.signs import KINDS
from churnkit.contact.written import Written, read_kind
from churnkit.history.signals import THEMES
from churnkit.tables import ROLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.roster import Roster
    from churnkit.history import History

    Floats: TypeAlias = NDArray[np.float64]
    Codes: TypeAlias = NDArray[np.int8]
    Kinds: TypeAlias = NDArray[np.int8] | NDArray[np.float64]

EFFECTS: dict[str, type[Effect]] = {}
"""Every kind of effect."""

DEFAULT_PRIOR = 0.15
"""Share of leavers whom a call keeps, where nobody has declared or measured it.

The literature on churn metrics assumes that .30 of would-be leavers accept an offer (the mean of Beta(6, 14);
Verbraken, Verbeke and Baesens 2013, IEEE TKDE 25(5), after Neslin et al. 2006). Field experiments found
campaigns near zero or harmful where targeting was by risk (Ascarza 2018, JMR 55(1)). Half the assumption is
taken. It scales the money and draws the line at the cost of a call; the ranking hardly depends on it.
"""
GENERAL = ROLES.index(WITHOUT_REASON)
"""Position of the general hat."""
_EQUAL = 1e-9
"""A smaller difference between hats is none."""
PRIOR_SPREAD = 0.1
"""Standard deviation of a declared share: from next to nothing to the .30 that the literature assumes."""


class Effect(Written):
    """How much a contact lowers P(leave within the main horizon), and how that is known.

    A subclass with ``kind="..."`` registers itself. What it must answer: :meth:`saved` and
    :meth:`evidence`. Roles and themes are codes, positions in ``ROLES`` and ``THEMES`` (-1: no theme); an effect
    that reads signs is given shares of kinds instead of themes.
    """

    what: ClassVar[str] = "effect"
    kind: str
    tells_roles: ClassVar[bool] = False
    """Whether :meth:`saved` differs by role; if not, the role comes from the account's trouble."""
    reads_signs: ClassVar[bool] = False
    """Whether it takes, for ``theme``, how likely each kind of trouble is (float64 [n, kinds],
    :func:`churnkit.contact.signs.likely`) or only the account's theme (codes), from signs or reasons."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_more: object) -> None:
        kind = cls.model_fields["kind"].default
        if isinstance(kind, str):
            EFFECTS[kind] = cls

    @abstractmethod
    def saved(self, probability: Floats, role: Codes, theme: Kinds) -> Floats:
        """Give p0 - p1, shaped as ``probability`` (the last axis runs over accounts); negative: a call harms.

        Parameters
        ----------
        probability
            float64 [..., n], p0: P(leave) without a contact, in [0, 1].
        role, theme
            int8 [n]; of an effect that reads signs ``theme`` may also be shares of kinds, float64 [n, kinds].
        """

    @abstractmethod
    def evidence(self, role: Codes, theme: Kinds) -> NDArray[np.object_]:
        """Name for every row the evidence behind :meth:`saved`: "assumed", "randomised", ..."""

    def without_call(self, roster: Roster, history: History) -> Floats:
        """Give p0 of every account, float64 [n]: the score's probability unless something better was learnt."""
        del history
        return roster.probability

    def common_error(self) -> float | None:
        """Give the standard deviation of what all p0 are off by together, as a share of them; None: not measured."""
        return None

    def fits(self) -> NDArray[np.bool_]:
        """Tell which hat fits which kind, bool [roles, kinds]: it keeps any, and no fewer than the general one."""
        each, one = np.eye(len(KINDS)), np.ones(len(KINDS))
        kept = np.stack([self.saved(one, np.full(len(KINDS), r, dtype=np.int8), each) for r in range(len(ROLES))])
        return np.asarray((kept > 0) & (kept >= kept[GENERAL]))

    def best_role(self, kinds: Floats) -> Codes:
        """Give the hat that fits each account best, int8 [n], for shares of kinds [n, kinds]."""
        return _best(kinds @ fit_of_roles())

    def spread(self, role: Codes, theme: Kinds) -> Floats:
        """Give the standard deviation of p0 - p1 as a share of p0, float64 [n]; ``PRIOR_SPREAD`` unless measured."""
        del theme
        return np.full(len(role), PRIOR_SPREAD)

    def total_spread(self, weight: Floats, role: Codes, theme: Kinds) -> float:
        """Give the standard deviation of ``sum(weight x share)``; an error of the prior is common to all rows."""
        return float(np.abs(weight @ self.spread(role, theme)))

    @abstractmethod
    def told(self) -> str:
        """Say in one sentence what is known and what is not."""


class DeclaredEffect(Effect):
    """A declared share of leavers whom a call keeps: p1 = p0 x (1 - prior).

    Where signs tell how likely each trouble is, the prior is what calls keep on average: a call in the hat that fits
    keeps twice as many, in the general hat as many, in another a third, and of accounts that are asleep none
    (:func:`fit_of_roles`). It can name no account as harmed by a call.

    Parameters
    ----------
    prior
        In [0, 1]; 0: calls do nothing.
    by_theme
        Priors of single themes of trouble, where they differ: ``{"billing": 0.3}``.
    source
        Where the prior comes from; shown beside the plan.
    """

    reads_signs: ClassVar[bool] = True
    kind: Literal["declared"] = "declared"
    prior: float = Field(default=DEFAULT_PRIOR, ge=0, le=1)
    by_theme: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    source: str = ""

    @field_validator("by_theme")
    @classmethod
    def _known_themes(cls, value: dict[str, float]) -> dict[str, float]:
        unknown = [t for t in value if t not in THEMES]
        if unknown:
            raise ValueError(f"no theme {unknown[0]!r}; there are {', '.join(THEMES)}")
        return value

    def saved(self, probability: Floats, role: Codes, theme: Kinds) -> Floats:
        """Give p0 x prior of the account's theme (codes), or of its kinds as far as the hat fits them (shares)."""
        if np.ndim(theme) == 1:
            theme = one_kind(np.asarray(theme, dtype=np.int8))
            return np.asarray(probability * (theme @ self._priors))
        share = (self._priors[:, None] * fit_of_roles())[:, role].T
        return np.asarray(probability * (theme * share).sum(axis=1))

    def best_role(self, kinds: Floats) -> Codes:
        """Give the hat in which a call keeps most, int8 [n]."""
        return _best(kinds @ (self._priors[:, None] * fit_of_roles()))

    @property
    def _priors(self) -> Floats:
        return np.array([self.by_theme.get(k, self.prior) for k in KINDS])

    def evidence(self, role: Codes, theme: Kinds) -> NDArray[np.object_]:
        """Say "assumed" on every row."""
        del theme
        return np.full(len(role), "assumed", dtype=object)

    def told(self) -> str:
        """Say what was declared, and by whom."""
        default = (
            "half of the .30 that churn metrics assume (Verbraken et al. 2013), since field experiments found less "
            "(Ascarza 2018)"
        )
        source = self.source or (default if self.prior == DEFAULT_PRIOR else "declared")
        themes = "".join(f", {share:.0%} where the trouble is {theme}" for theme, share in self.by_theme.items())
        return (
            f"effect of a contact: assumed, not measured: a call keeps {self.prior:.0%} of those who would "
            f"leave{themes} ({source}). Where signs tell the trouble, the hat that fits keeps twice as many, and "
            "accounts asleep are left alone. An assumed effect can name no account as harmed by a call."
        )


def _best(share: Floats) -> Codes:
    """Give the role of the greatest share; the general hat where all are equal."""
    share = share.copy()
    share[:, GENERAL] += _EQUAL
    return np.asarray(share.argmax(axis=1), dtype=np.int8)


def _read(value: object) -> object:
    return read_kind(value, EFFECTS, "effect") if isinstance(value, dict) else value


AnyEffect = Annotated[SerializeAsAny[Effect], BeforeValidator(_read)]
"""An effect as a field: an instance, or its TOML or JSON form."""
