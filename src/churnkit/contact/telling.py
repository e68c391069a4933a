"""Telling a plan: why each account is where it is, what was decided, and what should be known beside it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.contact.contact_plan import ContactPlan
from churnkit.contact.interval import of_total
from churnkit.contact.listing import list_accounts, list_managers, since, with_excluded
from churnkit.contact.standing import CONTACT, DATA, HELD, NO_GAIN, OVER
from churnkit.display import amount, is_currency
from churnkit.tables import ROLES
from churnkit.timeline import DAY, as_text, as_timestamps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.policies import Policy
    from churnkit.contact.roster import Roster
    from churnkit.contact.rules import ContactRules
    from churnkit.contact.scene import Scene, Verdict

    Texts = NDArray[np.object_]


EXPLORED = "drawn by lot, to learn what calls do off the list"
LATE = 0.25
"""From here on the share of contracts that end before a call works is said where a call is worth nothing."""


def tell(
    scene: Scene, verdict: Verdict, *, policy: Policy, rules: ContactRules, previous: ContactPlan | None
) -> ContactPlan:
    """Write a verdict down."""
    status, why = _statuses(scene, verdict, policy)
    frame = list_accounts(scene, verdict, policy, seed=rules.seed, status=status, why=why)
    frame = since(frame, None if previous is None else previous.frame)
    decisions = _decisions(scene, verdict, rules, called=status == CONTACT)
    plan_id = _plan_id(scene, decisions, policy, rules)
    frame["run_id"] = pd.Series([plan_id] * len(frame), dtype=object)
    return ContactPlan(
        frame=with_excluded(frame, scene.scores.excluded),
        managers=list_managers(scene, verdict),
        decisions=decisions.assign(plan_id=pd.Series([plan_id] * len(decisions), dtype=object)),
        notes=_notes(scene, verdict, policy, rules, status=status),
        plan_id=plan_id,
        as_of=scene.roster.as_of,
        horizon=scene.roster.horizon,
        model_id=scene.scores.model_id,
        policy=policy,
        rules=rules,
        unit=scene.stake.unit,
        gap=verdict.gap,
        interval=of_total(scene, policy, verdict.calls),
        scores=scene.scores,
        reasons=scene.reasons,
        history=scene.history,
    )


def _statuses(scene: Scene, verdict: Verdict, policy: Policy) -> tuple[Texts, Texts]:
    """Say for every account whether it is called, and why not."""
    status, why = scene.standing.status.copy(), scene.standing.why.copy()
    choices, lacking, held = scene.choices, scene.lacking(policy), scene.holdout.held
    called = np.zeros(len(status), dtype=np.bool_)
    called[choices.row[verdict.calls]] = True
    by_lot = set() if verdict.drawn is None else set(choices.row[verdict.drawn.calls].tolist())
    for i in np.flatnonzero(status == ""):
        at = int(scene.best[i])
        if called[i]:
            status[i], why[i] = CONTACT, EXPLORED if i in by_lot else ""
        elif lacking[i]:
            status[i], why[i] = DATA, _lacking_text(scene, int(i))
        elif held[i]:
            listed = "would have been called" if verdict.on_list[i] else "would not have been called either"
            status[i], why[i] = HELD, f"held out until {_day(int(scene.holdout.until[i]))}; {listed}"
        elif choices.worth[at] <= 0:
            status[i], why[i] = NO_GAIN, _no_gain_text(scene, at)
        else:
            status[i], why[i] = OVER, _over_text(scene, at)
    return status, why


def _day(micros: int) -> str:
    return as_text(micros // DAY * DAY)


def _lacking_text(scene: Scene, i: int) -> str:
    owner = int(scene.crew.owner[i])
    if np.isnan(scene.roster.probability[i]):
        return "its probability of leaving is not known"
    if scene.unowned[i]:
        return (
            "no manager is named for it"
            if owner < 0
            else f"its manager {scene.crew.ids[owner]} is not in the managers table"
        )
    return "its value at stake is not known"


def _no_gain_text(scene: Scene, at: int) -> str:
    calls = scene.choices.calls
    gross = float(calls.saved[at] * calls.value[at])
    if gross < 0:
        points = -100 * float(calls.saved[at])
        return (
            f"a call is expected to push it out: its probability of leaving would rise by {points:.1f} points; "
            "leave it alone"
        )
    if scene.choices.unfit[at]:
        return "in no hat is a call likely enough to help, whatever it might save: see the signs"
    saved, cost = (amount(x, scene.stake.unit, digits=2) for x in (gross, float(calls.cost[at])))
    return f"a call is expected to save {saved} and costs {cost}{_late_text(scene.roster, int(scene.choices.row[at]))}"


def _late_text(roster: Roster, row: int) -> str:
    """Say so where a call comes too late for many, because of a bill that nobody pays."""
    soon = 0.0 if roster.bills is None else float(roster.bills[row, 0])
    if soon < LATE:
        return ""
    return f"; with a bill owed that long {soon:.0%} of contracts have ended within the week, before a call works"


def _over_text(scene: Scene, at: int) -> str:
    crew = scene.crew
    pool = int(scene.choices.pool[at]) % len(crew.limit)
    limit = float(crew.limit[pool])
    whose = crew.pool_ids[pool] if pool < len(crew.pool_ids) else ""
    name = dict(zip(crew.ids, crew.names, strict=True)).get(whose)
    whose = f"{name} ({whose})" if name else whose
    if limit == 0:
        return f"{whose or 'the list'} has no {crew.unit}"
    what = f"{limit:,.0f} contacts" if crew.unit == "contacts" else _hours(limit)
    return f"other accounts take the {what} of {whose or 'the list'}"


def _hours(hours: float) -> str:
    return f"{hours:,.1f}".removesuffix(".0") + (" hour" if hours == 1 else " hours")


def _decisions(scene: Scene, verdict: Verdict, rules: ContactRules, *, called: NDArray[np.bool_]) -> pd.DataFrame:
    """One row per eligible account: by lot for those on the list (if there is a holdout), by judgement else."""
    roster, choices = scene.roster, scene.choices
    shown = scene.best.copy()
    shown[choices.row[verdict.listed]] = verdict.listed
    shown[choices.row[verdict.calls]] = verdict.calls
    rows = np.flatnonzero(scene.standing.eligible)
    on_list = verdict.on_list[rows]
    by_lot = on_list & (rules.holdout > 0)
    contact = called[rows]
    names = np.array([*scene.crew.ids, None], dtype=object)
    taker = np.where(contact, choices.taker[shown[rows]], scene.crew.owner[rows])
    until = np.where(by_lot, scene.holdout.until[rows], roster.as_of + roster.horizon.micros)
    propensity = np.where(by_lot, 1 - rules.holdout, np.nan)
    if verdict.drawn is not None:
        explored = np.isfinite(verdict.drawn.propensity[rows])
        by_lot = by_lot | explored
        propensity = np.where(explored, verdict.drawn.propensity[rows], propensity)
    return pd.DataFrame(
        {
            "account_id": roster.frame["account_id"].iloc[rows].reset_index(drop=True),
            "decided_at": as_timestamps(np.full(len(rows), roster.as_of)),
            "contact": contact,
            "assignment": pd.Series(np.where(by_lot, "random", "judgement"), dtype=object),
            "propensity": propensity,
            "role": pd.Series(np.array(ROLES, dtype=object)[choices.role[shown[rows]]], dtype=object),
            "role_propensity": np.where(by_lot, 1.0, np.nan),
            "until": as_timestamps(until),
            "stratum": pd.Series(scene.holdout.stratum[rows], dtype=object),
            "on_list": on_list,
            "manager_id": pd.Series(names[taker], dtype=object),
        }
    )


def _plan_id(scene: Scene, decisions: pd.DataFrame, policy: Policy, rules: ContactRules) -> str:
    made = decisions[["account_id", "contact", "on_list", "role", "manager_id"]].to_csv(index=False)
    parts = (scene.scores.model_id, scene.roster.as_of, policy.model_dump_json(), rules.model_dump_json(), made)
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:12]


def _notes(scene: Scene, verdict: Verdict, policy: Policy, rules: ContactRules, *, status: Texts) -> tuple[str, ...]:
    effect = policy.effect_rule()
    notes = [*scene.stake.notes, effect.told(), *scene.crew.notes]
    if scene.stake.is_money:
        cost = amount(rules.hourly_cost, scene.stake.unit, digits=0 if float(rules.hourly_cost).is_integer() else 2)
        money = "" if is_currency(scene.stake.unit) else ", in the money of the values"
        notes.append(f"cost of a call: {cost} an hour of a manager's time{money}.")
    if policy.optimises:
        better = f"by more than {verdict.gap:.2%}" if verdict.gap else "at all"
        notes.append(f"proven: within these limits no list is worth more {better}.")
    if scene.reasons is None and not effect.tells_roles:
        notes.append(
            "roles: no reasons were given, so every call wears the general hat (service), but where a sign of trouble "
            "stands out."
        )
    if rules.holdout:
        held = int(((status == HELD) & verdict.on_list).sum())
        notes.append(
            f"holdout: {held} of {int(verdict.on_list.sum())} accounts on the list are not called, "
            f"by lot ({rules.holdout:.0%})."
        )
    if verdict.drawn is not None:
        notes.append(
            f"exploring: {len(verdict.drawn.calls)} of {int(verdict.drawn.candidate.sum())} accounts off the list are "
            f"called by lot, in {scene.explore:.0%} of the capacity; their propensities stand in the decisions."
        )
    data = int((status == DATA).sum())
    if data:
        notes.append(f"data: {data} accounts could not be planned for want of data; status_why says which.")
    notes.extend(_harm_note(scene, policy))
    notes.extend(_skill_note(scene, verdict))
    notes.extend(_value_note(scene, verdict))
    notes.append(
        "how sure a place is (top_k_probability) is about a model learnt anew from other accounts, whose scores are "
        "taken to move independently of each other; what a week's wait costs (cost_of_waiting) takes the hazard as "
        "constant between horizons, and as a step at the end of contracts that end by themselves."
    )
    return tuple(notes)


def _harm_note(scene: Scene, policy: Policy) -> list[str]:
    """Name accounts that every call is expected to push out."""
    saved = scene.choices.calls.saved[scene.best]
    harmed = scene.standing.eligible & (saved < 0)
    if not policy.optimises or not harmed.any():
        return []
    first = ", ".join(str(i) for i in scene.roster.ids[harmed][:3])
    return [f"left alone: {int(harmed.sum())} accounts that a call is expected to push out (first: {first})."]


def _skill_note(scene: Scene, verdict: Verdict) -> list[str]:
    choices, crew = scene.choices, scene.crew
    taker, role = choices.taker[verdict.calls], choices.role[verdict.calls]
    without = (taker >= 0) & ~np.vstack([crew.skilled, np.ones((1, len(ROLES)), dtype=np.bool_)])[taker, role]
    if not without.any():
        return []
    count = int(without.sum())
    return [f"skills: {count} calls want a skill that nobody in the line has; the own manager takes them."]


SAME, LEAST = 0.9, 5
"""From so large a share in common, of at least so many calls, a list cannot be told from one sorted by value."""


def _value_note(scene: Scene, verdict: Verdict) -> list[str]:
    """Name the managers whose accounts on the list are just their most valuable ones."""
    alike = []
    called = np.zeros(len(scene.roster), dtype=np.bool_)
    called[scene.choices.row[verdict.calls]] = True
    worth = np.where(scene.standing.eligible, np.nan_to_num(scene.stake.amount, nan=-1.0), -np.inf)
    for manager in np.unique(scene.crew.owner):
        mine = np.flatnonzero(scene.crew.owner == manager)
        k, eligible = int(called[mine].sum()), int(scene.standing.eligible[mine].sum())
        top = mine[np.argsort(-worth[mine], kind="stable")[:k]]
        if LEAST <= k < eligible and called[top].mean() >= SAME:
            who = scene.crew.names[manager] or scene.crew.ids[manager] if manager >= 0 else "accounts without manager"
            alike.append(f"{who} ({int(called[top].sum())} of {k})")
    if not alike:
        return []
    return [f"no better than sorting by value, as far as it shows: the most valuable accounts of {', '.join(alike)}."]
