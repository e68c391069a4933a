"""ContactEffect: what a contact does, as far as the past can tell, and the declared prior where it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from churnkit.contact.doubly_robust import Estimate, estimate
from churnkit.contact.effect import GENERAL, AnyEffect, DeclaredEffect, Effect
from churnkit.contact.leaving import Leaving
from churnkit.contact.leaving import facts as known
from churnkit.contact.roles import NO_THEME, one_kind
from churnkit.contact.shrinking import CELLS, declared, shrink
from churnkit.contact.signs import ASLEEP, KINDS
from churnkit.contact.trial import ASSUMED, OBSERVATIONAL, Trial, read_trial
from churnkit.errors import BadPlan
from churnkit.tables import ROLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.effect import Codes, Floats, Kinds
    from churnkit.contact.roster import Roster
    from churnkit.history import History
    from churnkit.scoring import ChurnModel

LEAST_CONTACTS, LEAST_LEAVERS = 100, 20
"""With fewer contacts, or fewer leavers among all decisions, nothing is estimated."""
TOLD = 0.5
"""A cell is told by the evidence where that has taken at least so much of its variance."""
_Z90 = 1.6448536269514722


class Cell(BaseModel):
    """What is known of one role and one kind of account.

    Attributes
    ----------
    share
        Share of leavers that a call keeps; below 0: a call makes more of them leave.
    error
        Standard deviation of the share.
    evidence
        The rung.
    contacts, leavers, expected
        Of the decisions behind it: contacts, how many of these left, how many would have without.
    estimate, estimate_error
        What the decisions alone say; None where there were no contacts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str
    theme: str
    share: float
    error: float = Field(ge=0)
    evidence: str
    contacts: int = 0
    leavers: int = 0
    expected: float = 0.0
    estimate: float | None = None
    estimate_error: float | None = None


class ContactEffect(Effect):
    """A measured effect: p0 - p1 = share kept x p0, by role and by theme of trouble.

    Themes are the kinds of :mod:`churnkit.contact.signs`: the troubles, "asleep", "untroubled", or "no sign" where
    the history shows none; an account has a share of each. Made by :meth:`fit`.

    Parameters
    ----------
    rung
        The strongest evidence in it: "randomised", "randomised, controls reconstructed", "observational" or "assumed".
    cells
        One for each role and theme.
    covariance
        Of the cells' shares.
    leaving
        Who would leave without a call; None: the score says so alone.
    facts
        Sentences: decisions used and left out, what can be told and what not.
    """

    tells_roles: ClassVar[bool] = True
    reads_signs: ClassVar[bool] = True
    kind: Literal["measured"] = "measured"
    rung: str
    prior: AnyEffect = Field(default_factory=DeclaredEffect)
    cells: tuple[Cell, ...] = Field(min_length=len(ROLES) * len(KINDS), max_length=len(ROLES) * len(KINDS))
    covariance: tuple[tuple[float, ...], ...]
    pooled: float | None = None
    pooled_error: float | None = None
    leaving: Leaving | None = None
    facts: tuple[str, ...] = ()

    @classmethod
    def fit(cls, model: ChurnModel, history: History, *, prior: Effect | None = None) -> ContactEffect:
        """Learn from past decisions what a contact does.

        Decisions by lot, where there are any, else contacts by lot with their controls reconstructed, else
        decisions of judgement, else contacts of judgement beside accounts of the same manager that were not called;
        intention to treat: what is measured is the decision to call, carried out or not, beside what was done later
        anyway. Where there is too little evidence the declared prior stands, and that is said.

        Parameters
        ----------
        model
            Its churn definition is the outcome, its features at ``decided_at`` are the covariates.
        history
            With a ``decisions`` or a ``contacts`` table.
        prior
            What is assumed before any evidence; None: ``DeclaredEffect()``.
        """
        before, features = prior or DeclaredEffect(), tuple(model.features)
        leaving = Leaving.learn(model, history, kept=_usual(before))
        trial = read_trial(history, model.recipe.churn, features)
        why = _too_little(trial)
        found = cls._assumed(before, why) if trial is None or why else cls.of(trial, estimate(trial), before)
        if leaving is None:
            return found
        return found.model_copy(update={"leaving": leaving, "facts": (*found.facts, leaving.told())})

    @classmethod
    def of(cls, trial: Trial, found: Estimate, prior: Effect) -> ContactEffect:
        """Weigh an estimate against a prior."""
        after = shrink(declared(prior), found.share, found.covariance)
        kept = np.diag(after.covariance) / after.before
        rung = np.where(kept <= 1 - TOLD, trial.rung, ASSUMED)
        cells = tuple(
            _cell(i, float(after.share[i]), float(after.covariance[i, i]), str(rung[i]), found)
            for i in range(len(after.share))
        )
        return cls(
            rung=trial.rung,
            prior=prior,
            cells=cells,
            covariance=tuple(tuple(float(v) for v in row) for row in after.covariance),
            pooled=found.pooled,
            pooled_error=found.pooled_error,
            facts=_facts(trial, found, cells),
        )

    @classmethod
    def _assumed(cls, prior: Effect, why: str) -> ContactEffect:
        nothing = np.full(len(ROLES) * len(KINDS), np.nan)
        after = shrink(declared(prior), nothing, np.full((len(nothing),) * 2, np.nan))
        cells = tuple(
            _cell(i, float(s), float(after.before[i]), ASSUMED, None) for i, s in enumerate(after.share.tolist())
        )
        covariance = tuple(tuple(float(v) for v in row) for row in after.covariance)
        return cls(rung=ASSUMED, prior=prior, cells=cells, covariance=covariance, facts=(why,))

    def as_declared(self) -> ContactEffect:
        """Give the prior in place of what was measured; who would leave without a call stays learnt."""
        found = self._assumed(self.prior, "what calls do was not looked for: the declared prior stands, assumed.")
        told = () if self.leaving is None else (self.leaving.told(),)
        return found.model_copy(update={"leaving": self.leaving, "facts": (*found.facts, *told)})

    @property
    def table(self) -> pd.DataFrame:
        """The cells, one row each, with the 90 % interval of the share kept."""
        frame = pd.DataFrame([c.model_dump() for c in self.cells])
        frame.insert(4, "high", frame["share"] + _Z90 * frame["error"])
        frame.insert(4, "low", frame["share"] - _Z90 * frame["error"])
        return frame

    def saved(self, probability: Floats, role: Codes, theme: Kinds) -> Floats:
        """Give share kept x p0, the mean over the kinds; p1 is held within [0, 1]."""
        share = np.array([c.share for c in self.cells]).reshape(CELLS)[role]
        share = (share * _shares(theme)).sum(axis=1)
        return np.asarray(np.clip(share * probability, probability - 1.0, probability))

    def fits(self) -> NDArray[np.bool_]:
        """Tell which hat fits which kind, bool [roles, kinds]: as declared, unless it is sure to be otherwise.

        Were it left to estimates that may lie on either side of nothing, hats would be worn by luck. Sure is what the
        90 % interval of a share, or of its difference from the general hat's, says; where nothing was declared
        either way, the estimate counts.
        """
        share, before = np.array([c.share for c in self.cells]).reshape(CELLS), declared(self.prior).reshape(CELLS)
        noise = np.array(self.covariance).reshape(CELLS * 2)
        kind = np.arange(len(KINDS))
        own = np.stack([noise[r, kind, r, kind] for r in range(len(ROLES))])
        both = np.stack([noise[r, kind, GENERAL, kind] for r in range(len(ROLES))])
        keeps = _sign(share, own, before) > 0
        better = _sign(share - share[GENERAL], own + own[GENERAL] - 2 * both, before - before[GENERAL]) >= 0
        return np.asarray(keeps & better)

    def without_call(self, roster: Roster, history: History) -> Floats:
        """Give p0 by signs and score, where :attr:`leaving` was learnt and the signs tell anything of an account."""
        if self.leaving is None or roster.signs is None:
            return roster.probability
        told = np.flatnonzero(roster.signs.told & np.isfinite(roster.probability))
        moment = np.full(len(told), roster.as_of, dtype=np.int64)
        p0 = roster.probability.copy()
        p0[told] = self.leaving.beside(p0[told], known(history, roster.account[told], moment, roster.signs.of(told)))
        return p0

    def common_error(self) -> float | None:
        """Give by how much those most at risk were off together in the past, where it was measured."""
        return None if self.leaving is None else self.leaving.off

    def evidence(self, role: Codes, theme: Kinds) -> NDArray[np.object_]:
        """Name the rung of every row's cell, that of its likeliest kind."""
        cell = np.asarray(role, dtype=np.int64) * len(KINDS) + _shares(theme).argmax(axis=1)
        return np.asarray(np.array([c.evidence for c in self.cells], dtype=object)[cell])

    def spread(self, role: Codes, theme: Kinds) -> Floats:
        """Give the standard deviation of each row's share kept."""
        out, kinds, covariance = np.zeros(len(role)), _shares(theme), np.array(self.covariance)
        for number in np.unique(role):
            rows = np.asarray(role) == number
            mine = slice(int(number) * len(KINDS), (int(number) + 1) * len(KINDS))
            out[rows] = np.einsum("ik,kl,il->i", kinds[rows], covariance[mine, mine], kinds[rows])
        return np.sqrt(np.maximum(out, 0.0))

    def total_spread(self, weight: Floats, role: Codes, theme: Kinds) -> float:
        """Give the standard deviation of ``sum(weight x share kept)``, errors of one cell being common to its rows."""
        total = np.zeros(CELLS)
        np.add.at(total, np.asarray(role, dtype=np.int64), np.asarray(weight)[:, None] * _shares(theme))
        return float(np.sqrt(max(total.ravel() @ np.array(self.covariance) @ total.ravel(), 0.0)))

    def told(self) -> str:
        """Say in a few sentences what is known and what is not."""
        return "effect of a contact: " + " ".join(self.facts)

    def write(self, path: str | Path) -> Path:
        """Write the effect as JSON."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read what :meth:`write` wrote.

        Raises
        ------
        BadPlan
            If the file holds no effect.
        """
        try:
            return cls(**json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, BadPlan) as problem:
            raise BadPlan(
                f"{path}: no effect of a contact can be read here ({problem}). Write one with effect.write()."
            ) from problem


def _sign(found: Floats, variance: Floats, before: Floats) -> Floats:
    """Give the sign of an estimate that is sure, else of what was declared; of the estimate where that was nothing."""
    sure = np.abs(found) > _Z90 * np.sqrt(np.maximum(variance, 0.0))
    return np.asarray(np.sign(np.where(sure | (before == 0), found, before)))


def _usual(prior: Effect) -> float:
    """Give the share of leavers whom a call keeps as declared, on average over the hats, whatever the trouble."""
    role = np.arange(len(ROLES), dtype=np.int8)
    return float(prior.saved(np.ones(len(role)), role, np.full(len(role), NO_THEME, dtype=np.int8)).mean())


def _shares(theme: Kinds) -> Floats:
    """Give shares of kinds [n, kinds], also for codes."""
    return one_kind(np.asarray(theme, dtype=np.int8)) if np.ndim(theme) == 1 else np.asarray(theme)


def _cell(i: int, share: float, variance: float, evidence: str, found: Estimate | None) -> Cell:
    role, theme = ROLES[i // len(KINDS)], KINDS[i % len(KINDS)]
    known = {"role": role, "theme": theme, "share": share, "error": float(np.sqrt(max(variance, 0.0)))}
    if found is None:
        return Cell(**known, evidence=evidence)
    seen = bool(np.isfinite(found.share[i]))
    return Cell(
        **known,
        evidence=evidence,
        contacts=int(found.contacts[i]),
        leavers=int(found.leavers[i]),
        expected=float(found.expected[i]),
        estimate=float(found.share[i]) if seen else None,
        estimate_error=float(np.sqrt(found.covariance[i, i])) if seen else None,
    )


def _too_little(trial: Trial | None) -> str:
    """Say why nothing can be estimated; empty where it can."""
    stands = "so the declared prior stands: assumed, not measured"
    if trial is None:
        return f"no decisions or contacts with a known outcome, some called and some not, are in the history, {stands}."
    contacts, leavers = int(trial.contact.sum()), int(trial.left.sum())
    if contacts < LEAST_CONTACTS or leavers < LEAST_LEAVERS:
        return (
            f"{contacts:,} contacts and {leavers:,} leavers among {len(trial):,} decisions are too few to estimate "
            f"from (at least {LEAST_CONTACTS} and {LEAST_LEAVERS}), {stands}."
        )
    return ""


def _facts(trial: Trial, found: Estimate, cells: tuple[Cell, ...]) -> tuple[str, ...]:
    low, high = (found.pooled + z * found.pooled_error for z in (-_Z90, _Z90))
    measured = (
        f"{trial.rung}: from {int(trial.contact.sum()):,} contacts among {len(trial):,} decisions, a decision to call "
        f"keeps {found.pooled:.0%} of those who would leave (90% interval {low:.0%} to {high:.0%})."
    )
    if found.apart < 1:
        measured += (
            f" Those not called were called later: the two sides were {found.apart:.2f} calls apart, by which the "
            "difference was divided (a later call is taken to do, for the rest of the horizon, what this one does)."
        )
    facts = [measured, *([trial.assumption] if trial.assumption else [])]
    if trial.immature or trial.outside:
        facts.append(
            f"Left out: {trial.immature:,} decisions whose outcome is not known yet, {trial.outside:,} outside the "
            "population."
        )
    if trial.certain:
        facts.append(
            f"{trial.certain:,} decisions by lot had a propensity of 0 or 1, or none: nobody could have decided "
            "otherwise, so they tell nothing and were skipped."
        )
    if trial.repeated:
        facts.append(
            f"{trial.repeated:,} decisions repeat a draw of the holdout that still held; a draw is counted once, when "
            "it was made."
        )
    if trial.rung == OBSERVATIONAL:
        facts.append(
            f"Propensities were estimated; {found.left_out:,} decisions had no counterpart and were left out. "
            f"Something unseen that goes with both being called and leaving {e_value(1 - found.pooled):.1f} times as "
            "often could explain all of it (E-value, VanderWeele and Ding 2017)."
        )
    told = sum(c.evidence != ASSUMED for c in cells)
    facts.append(
        f"Of {len(cells)} combinations of role and theme {told} are told by it (through role or theme where their own "
        "contacts are few); the others lean on what was declared."
    )
    harmed = sorted({c.theme for c in cells if c.share < 0 and c.evidence != ASSUMED})
    if harmed:
        facts.append(f"Calls in some roles make accounts leave: theme {', '.join(harmed)}.")
    return tuple(facts)


def e_value(ratio: float) -> float:
    """Give how strong unseen confounding must be, as a risk ratio, to explain a risk ratio away.

    References
    ----------
    VanderWeele and Ding (2017), Sensitivity analysis in observational research, Annals of Internal Medicine 167.
    """
    ratio = max(ratio, 1e-6)
    away = max(ratio, 1 / ratio)
    return float(away + np.sqrt(away * (away - 1)))


__all__ = ["ASLEEP", "Cell", "ContactEffect", "e_value"]
