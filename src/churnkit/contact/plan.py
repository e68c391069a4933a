"""The contact plan: whom first, by whom, for how long, and what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.contact.capacity import Solution, solve
from churnkit.contact.choices import Choices, all_choices
from churnkit.contact.contact_plan import ContactPlan
from churnkit.contact.crew import read_crew
from churnkit.contact.exploring import draw_explored
from churnkit.contact.policies import ByNetSaving, Policy
from churnkit.contact.problem import Must, Problem
from churnkit.contact.roster import read_roster
from churnkit.contact.rules import SIZES, ContactRules
from churnkit.contact.scene import Scene, Verdict
from churnkit.contact.shortfall import down_the_list
from churnkit.contact.standing import draw_holdout, earlier_draws, find_standing
from churnkit.contact.telling import tell
from churnkit.contact.value import value_at_stake
from churnkit.errors import BadPlan, WrongModel
from churnkit.timeline import as_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.crew import Capacity
    from churnkit.history import History
    from churnkit.reasons import Reasons
    from churnkit.scoring import Scores

    Positions = NDArray[np.int64]

MOST_WEEKS = 13
"""A quarter: beyond it a plan rests on scores that are too old."""


def plan_contacts(  # noqa: PLR0913 - the fixed public signature
    scores: Scores,
    reasons: Reasons | None,
    history: History,
    *,
    policy: Policy | None = None,
    rules: ContactRules | None = None,
    capacity: Capacity = None,
    previous: ContactPlan | None = None,
    weeks: int = 1,
    explore: float = 0.0,
) -> ContactPlan:
    """Plan whom to contact in the coming week, or weeks.

    Parameters
    ----------
    scores, reasons
        Of one model at one moment; reasons may be None (every call then wears the general hat).
    history
        The history that was scored: owners, do-not-contact marks, contacts known by then, managers.
    policy
        ``ByNetSaving()`` unless given.
    rules
        ``ContactRules()`` unless given.
    capacity
        A whole number: so many contacts for the whole list, hours do not count. A mapping: hours by
        manager_id, 0 for those not named. None: the managers' ``weekly_capacity_hours``; without them 10
        contacts for each manager_id (or for the book).
    previous
        The plan before this one: draws of its holdout stay, and the list tells what has changed since.
    weeks
        How many weeks are planned at once, each with the whole capacity: who is called when is chosen so that the
        total of what calls save in their weeks is greatest (policies that optimise; column ``week`` from 1).
    explore
        Share of the capacity, below 1, for accounts off the list drawn by lot, with recorded propensities, so that
        the effect on others than those on the list can be learnt.

    Returns
    -------
    ContactPlan
        Every scored or excluded account with its rank, or the reason why it is not on the list.

    Raises
    ------
    BadPlan
        If capacity, rules or policy cannot be met, or ``previous`` is no plan that can come before this one.
    UnknownAccount, WrongModel
        If scores or reasons do not belong to the history, or not to each other.
    """
    policy, rules = policy or ByNetSaving(), rules or ContactRules()
    if not isinstance(policy, Policy):
        raise BadPlan(
            f"policy: a {type(policy).__name__} is not a policy. Pass ByNetSaving(), ByValueAtRisk() or ByRisk()."
        )
    if not isinstance(rules, ContactRules):
        raise BadPlan(f"rules: a {type(rules).__name__} is not a ContactRules. Pass ContactRules(holdout=.1) or such.")
    _check_asked(weeks, explore, policy)
    _check_reasons(reasons, scores)
    _check_previous(previous, scores)
    roster = read_roster(scores, reasons, history).left_alone(policy.effect_rule(), history)
    stake = value_at_stake(policy.value_rule(), roster, history)
    crew = read_crew(roster, history, rules, capacity)
    standing = find_standing(roster, history, rules)
    size = rules.size(stake.amount)
    names = np.array(SIZES, dtype=object)[size]
    earlier = earlier_draws(history, None if previous is None else previous.decisions, roster.as_of)
    holdout = draw_holdout(roster, earlier, rules, eligible=standing.eligible, size=names)
    choices = all_choices(roster, crew, stake, rules=rules, policy=policy, weeks=weeks)
    scene = Scene(scores, reasons, history, roster, stake, crew, standing, holdout, choices, names, weeks, explore)
    verdict = draw_explored(scene, decide(scene, policy, rules), policy, rules)
    return tell(scene, verdict, policy=policy, rules=rules, previous=previous)


def _check_asked(weeks: int, explore: float, policy: Policy) -> None:
    if isinstance(weeks, bool) or not isinstance(weeks, int | np.integer) or not 1 <= weeks <= MOST_WEEKS:
        raise BadPlan(f"weeks={weeks!r}: give a whole number from 1 to {MOST_WEEKS}.")
    if weeks > 1 and not policy.optimises:
        raise BadPlan(
            f"weeks={weeks}: {type(policy).__name__} only sorts and cannot choose weeks; pass ByNetSaving() or weeks=1."
        )
    if isinstance(explore, bool) or not isinstance(explore, float | int | np.number) or not 0 <= explore < 1:
        raise BadPlan(f"explore={explore!r}: give a share of the capacity from 0 to below 1, for example .1.")
    if explore and weeks > 1:
        raise BadPlan(f"explore={explore:g} with weeks={weeks}: draw one week at a time; pass weeks=1 or explore=0.")


def _check_reasons(reasons: Reasons | None, scores: Scores) -> None:
    """Refuse reasons of another moment or model than the scores, as far as they know theirs."""
    moment, model = getattr(reasons, "as_of", None), getattr(reasons, "model_id", "")
    if moment is not None and moment != int(scores.as_of):
        raise WrongModel(
            f"reasons: they are of {as_text(moment)}, the scores of {as_text(int(scores.as_of))}. Pass the reasons "
            "that model.explain(scores) gave for these scores."
        )
    if model and model != scores.model_id:
        raise WrongModel(
            f"reasons: they are of model {model}, the scores of {scores.model_id}. Pass the reasons "
            "that model.explain(scores) gave for these scores."
        )


def _check_previous(previous: ContactPlan | None, scores: Scores) -> None:
    """Refuse what cannot be the plan before this one: nothing that is told since then would be true."""
    if previous is None:
        return
    cure = "Pass the plan that was made before this one, or leave previous= out."
    if not isinstance(previous, ContactPlan):
        raise BadPlan(f"previous: a {type(previous).__name__} is not a ContactPlan. {cure}")
    if previous.as_of >= int(scores.as_of):
        raise BadPlan(
            f"previous: a plan as of {as_text(previous.as_of)} is not before these scores, of "
            f"{as_text(int(scores.as_of))}. {cure}"
        )
    if previous.horizon != scores.horizon:
        raise BadPlan(
            f"previous: its probabilities are of leaving within {previous.horizon}, those of the scores within "
            f"{scores.horizon}, so no change can be told. {cure}"
        )
    now = pd.concat([scores.frame["account_id"], scores.excluded["account_id"]]).astype(str)
    before = previous.frame["account_id"].astype(str)
    if len(now) and len(before) and not before.isin(now).any():
        raise BadPlan(f"previous: none of its {len(before):,} accounts is among the {len(now):,} scored. {cure}")


def decide(scene: Scene, policy: Policy, rules: ContactRules) -> Verdict:
    """Choose the calls: once for all who may be called, then anew without those held out.

    Whom the first list names and the lot has not held out stays on the second; the time of the others goes
    to whom it is worth most.
    """
    problem, at = _problem(scene, policy, rules)
    found = _run(problem, policy)
    held = scene.holdout.held[problem.row]
    on_list = np.zeros(len(scene.roster), dtype=np.bool_)
    on_list[problem.row[found.chosen]] = True
    listed = at[found.chosen]
    stays, gap = found.chosen[~held[found.chosen]], found.gap
    if len(stays) < len(found.chosen):
        free = ~held & ~np.isin(problem.row, problem.row[stays])
        more = _run(problem.only(free, problem.left(stays), musts=()), policy)  # who is held out counts as covered
        kept = float(problem.worth[stays].sum())
        chosen = np.sort(np.r_[stays, np.flatnonzero(free)[more.chosen]])
        found = Solution(chosen, more.price, kept + more.total, kept + more.bound)
    return Verdict(at[found.chosen], listed, on_list, found.price * problem.scale, max(gap, found.gap))


def _run(problem: Problem, policy: Policy) -> Solution:
    """Solve, or go down the list where the policy does not optimise (nothing is priced then)."""
    if policy.optimises:
        return solve(problem)
    chosen = down_the_list(problem)
    total = float(problem.worth[chosen].sum())
    return Solution(chosen, np.full(len(problem.limit), np.nan), total, total)


def _problem(scene: Scene, policy: Policy, rules: ContactRules) -> tuple[Problem, Positions]:
    """State the problem over all calls that may be made; give with it their positions among the choices."""
    choices, crew, n = scene.choices, scene.crew, len(scene.roster)
    may = scene.standing.eligible & ~scene.lacking(policy)
    at = np.flatnonzero(may[choices.row] & (choices.pool >= 0) & np.isfinite(choices.worth))
    gains = np.zeros(n, dtype=np.bool_)
    gains[choices.row[at[choices.worth[at] > 0]]] = True
    own = n + np.arange(n)
    scale = 60.0 if crew.unit == "hours" else 1.0
    problem = Problem(
        row=choices.row[at],
        pool=choices.pool[at],
        use=choices.use[at],
        worth=choices.worth[at],
        limit=np.tile(crew.limit * scale * (1 - scene.explore), scene.weeks),
        unit=np.where(gains & rules.parents_together, scene.roster.parent, own),
        musts=_musts(scene, rules, choices, at) if rules.coverage else (),
        counted=crew.unit,
        names=crew.pool_ids,
        spared=scene.explore,
    )
    return problem, at


def _musts(scene: Scene, rules: ContactRules, choices: Choices, at: Positions) -> tuple[Must, ...]:
    callable_rows = np.unique(choices.row[at])
    large = callable_rows[scene.size[callable_rows] == "large"]
    owner = scene.crew.owner[large]
    found = []
    for manager in np.unique(owner):
        rows = large[owner == manager]
        who = scene.crew.ids[manager] if manager >= 0 else "no manager"
        found.append(Must(rows, int(np.ceil(rules.coverage * len(rows) - 1e-9)), who))
    return tuple(found)
