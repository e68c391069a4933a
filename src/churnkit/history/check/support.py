"""What the data can support: churn events, mature horizons, the rung of evidence, the effect of contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from churnkit.history.check.data_report import Finding, HorizonSupport, Sheet, Support
from churnkit.timeline import DAY, NEVER, Span, as_datetime, monthly_cutoffs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from churnkit.history.history import History

HORIZONS = (30, 60, 90, 180)
QUIET = 90 * DAY
LOGISTIC_FROM, BOOSTED_FROM = 20, 75
"""Churn events from which the logistic and the boosted rung may be climbed (as in ``learning``)."""
FIRST_LOOK = 30 * DAY
"""A cutoff needs so much history before it to be worth asking at."""


class Definition(Protocol):
    """What a churn definition must be able to say here."""

    @property
    def table(self) -> str:
        """The table that its labels come from."""

    @property
    def lead(self) -> Span:
        """From how long after the cutoff on leaves count."""

    def next_leave(self, history: History, start: int) -> NDArray[np.int64]:
        """Give every account's first leave from a moment on."""

    def delay(self, history: History) -> int:
        """Give the reporting delay."""


def support(history: History, churn: Definition | None) -> Support:
    """Tell what the data can support, for a definition or for the plain one."""
    words, left, end, lead = _leaves(history, churn)
    seen = left < end
    events = int(seen.sum())
    begin = _begin(history, None if churn is None else churn.table)
    exposed = np.where(seen, left, end) - np.maximum(history.opened, begin)
    months = float(np.maximum(exposed, 0).sum()) / (30.4375 * DAY)
    rung, why = _rung(events)
    effect, why_effect = _effect(history)
    return Support(
        churn=words,
        events=events,
        monthly_rate=events / months if months > 0 else None,
        horizons=tuple(_horizon(history, days, begin, (end, lead)) for days in HORIZONS),
        rung=rung,
        why_rung=why,
        effect=effect,
        why_effect=why_effect,
    )


def _leaves(history: History, churn: Definition | None) -> tuple[str, NDArray[np.int64], int, int]:
    """Give which leaves count, in words; every account's first; until when they are known; the lead."""
    if churn is not None:
        end = history.observed_until[churn.table] - churn.delay(history)
        # repr may ask for the drawing room; the class's name and its table are enough here.
        words = f"{type(churn).__name__}, from {churn.table}"
        return words, churn.next_leave(history, _begin(history, churn.table)), end, churn.lead.micros
    contracts = history.contracts
    left = np.full(len(history.accounts), NEVER, dtype=np.int64)
    if contracts is not None and len(contracts.account):
        rows = contracts.final & (contracts.left != NEVER)
        np.minimum.at(left, contracts.account[rows], contracts.left[rows])
        return "contracts ended or notice given", left, history.observed_until["subscriptions"], 0
    signals = history.signals
    rows = signals.pick([n for n in signals.names if signals.tables[n] == "activity"])
    account, occurred = signals.account[rows], signals.occurred[rows]
    order = np.lexsort((occurred, account))
    account, occurred = account[order], occurred[order]
    following = np.where(np.r_[account[1:] != account[:-1], True], NEVER, np.r_[occurred[1:], [NEVER]])
    quiet = following - occurred > QUIET
    np.minimum.at(left, account[quiet], occurred[quiet] + QUIET)
    return "90 days without activity", left, history.observed_until["activity"], 0


def _begin(history: History, table: str | None) -> int:
    """Give the first fact of the table that labels come from; without one named, of all."""
    signals = history.signals
    names = [n for n in signals.names if signals.tables[n] == table]
    occurred = signals.occurred[signals.pick(names)]
    return int(occurred.min()) if len(occurred) else history.first_moment


def _horizon(history: History, days: int, begin: int, ending: tuple[int, int]) -> HorizonSupport:
    """Count monthly cutoffs after the first 30 days whose answer is known by the end of the record."""
    end, lead = ending
    first, last = max(begin, _begin(history, "activity")) + FIRST_LOOK, end - days * DAY - lead
    if last < first or as_datetime(first).strftime("%Y%m") == as_datetime(last).strftime("%Y%m"):
        return HorizonSupport(days, 0, None)
    cutoffs = monthly_cutoffs(as_datetime(first), as_datetime(last), timezone=history.timezone)
    return HorizonSupport(days, len(cutoffs), int(cutoffs[-1].timestamp()) * 1_000_000)


def _rung(events: int) -> tuple[str, str]:
    if events < LOGISTIC_FROM:
        return "base rate", f"{events} accounts are seen to leave; a logistic model needs {LOGISTIC_FROM}."
    if events < BOOSTED_FROM:
        return "logistic", f"{events:,} accounts are seen to leave; trees need {BOOSTED_FROM}."
    return "boosted", f"{events:,} accounts are seen to leave; {BOOSTED_FROM} are enough for trees."


def _effect(history: History) -> tuple[str, str]:
    """Say what the effect of a contact can be learnt from, and with how many rows."""
    decisions, contacts = history.decisions, history.contacts
    if decisions is not None and len(decisions):
        drawn = decisions["assignment"].to_numpy() == "random"
        chance = decisions["propensity"].to_numpy(dtype=np.float64) if "propensity" in decisions else None
        drawn &= False if chance is None else (chance > 0) & (chance < 1)
        called = decisions["contact"].to_numpy(dtype=np.float64) == 1
        if (drawn & called).any() and (drawn & ~called).any():
            n = int((drawn & called).sum())
            return "randomised decisions", f"{n:,} contacted and {int(drawn.sum()) - n:,} not, by lot."
    if contacts is None or not len(contacts):
        return "a declared prior", "no contact is recorded: export contacts, and draw some by lot."
    if "assignment" in contacts and "propensity" in contacts:
        drawn = (contacts["assignment"].to_numpy() == "random") & contacts["propensity"].notna().to_numpy()
        if drawn.any():
            why = f"{int(drawn.sum()):,} contacts by lot with their propensity; who was not called is reconstructed."
            return "randomised, controls reconstructed", why
    why = f"{len(contacts):,} contacts by judgement: only where alike accounts were and were not called."
    return "judgement contacts", why


def support_sheet(found: Support) -> Sheet:
    """Show which horizons are mature."""
    rows = tuple((f"{h.days}d", h.mature_cutoffs, h.last_mature) for h in found.horizons)
    return Sheet("horizons", ("horizon", "mature monthly cutoffs", "last"), ("text", "count", "moment"), rows)


def find_in_support(found: Support) -> Iterator[Finding]:
    """Find what cannot be learnt, or only on a lower rung."""
    if found.rung != "boosted":
        yield Finding(
            "warning", "few-events", "", f"{found.why_rung} The model will stand on the rung {found.rung!r}.",
            "More accounts, a longer history or a longer horizon would lift it.", count=found.events,
        )  # fmt: skip
    immature = [h for h in found.horizons if not h.mature_cutoffs]
    if immature:
        days = ", ".join(str(h.days) for h in immature)
        yield Finding(
            "warning" if len(immature) == len(found.horizons) else "note", "immature", "",
            f"no cutoff is mature at a horizon of {days} days: the record is too short.",
            "Choose a shorter horizon, or export more of the past.",
        )  # fmt: skip
    if found.effect != "randomised decisions":
        yield Finding(
            "note", "effect", "contacts", f"a contact's effect can be learnt from {found.effect}: {found.why_effect}",
            "Draw part of the contacts by lot and write decisions, with propensities.",
        )  # fmt: skip
