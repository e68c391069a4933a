"""What the signals that every company has are called, and what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from churnkit.history.signals import EVENT_THEMES

if TYPE_CHECKING:
    from churnkit.timeline import Span


@dataclass(frozen=True)
class Noun:
    """How to speak of a signal.

    Attributes
    ----------
    one, many
        A fact of it, several facts of it.
    value
        The value of a fact.
    unit
        Of the value; empty where not known.
    measure
        A short word for the value in a condition.
    mark
        What stands before a label.
    state
        Whether the last value still holds.
    some
        What stands behind "days with"; empty: ``many``.
    """

    one: str
    many: str
    value: str
    unit: str = ""
    measure: str = "value"
    mark: str = "marked"
    state: bool = False
    some: str = ""


_NOUNS = {
    "opened": Noun("opening of the account", "openings of the account", "opening"),
    "ticket_opened": Noun("ticket opened", "tickets opened", "severity of tickets", "severity", "severity", "about"),
    "ticket_resolved": Noun(
        "ticket resolved", "tickets resolved", "hours to resolve a ticket", "hours", "hours", "about"
    ),
    "ticket_reopened": Noun(
        "ticket reopened", "tickets reopened", "severity of tickets", "severity", "severity", "about"
    ),
    "subscription_started": Noun("contract started", "contracts started", "monthly revenue of new contracts", "money"),
    "subscription_ended": Noun("contract ended", "contracts ended", "value of ended contracts"),
    "notice_given": Noun("notice", "notices", "value of notices"),
    "mrr": Noun("change of monthly revenue", "changes of monthly revenue", "monthly revenue", "money", state=True),
    "seats": Noun("change of seats", "changes of seats", "seats paid for", "seats", state=True),
    "renewal_due": Noun("start of a term", "starts of a term", "the renewal", "days"),
    "term_months": Noun("agreement on a term", "agreements on a term", "months of a term", "months", state=True),
    "auto_renew": Noun(
        "setting of automatic renewal", "settings of automatic renewal", "automatic renewal", "yes or no", state=True
    ),
    "plan": Noun("choice of a plan", "choices of a plan", "plan", mark="of"),
    "contacted": Noun(
        "contact with a manager", "contacts with a manager", "minutes of contact", "minutes", "minutes", "for"
    ),
    "nps": Noun("NPS answer", "NPS answers", "NPS", "points", "score"),
    "csat": Noun("CSAT answer", "CSAT answers", "CSAT", "points", "score"),
    "ces": Noun("CES answer", "CES answers", "CES", "points", "score"),
    "payment_failed": Noun("failed payment", "failed payments", "amount of failed payments", "money", "amount"),
    "invoice_overdue": Noun("overdue invoice", "overdue invoices", "amount of overdue invoices", "money", "amount"),
}
_THEMES = {
    **EVENT_THEMES,
    **dict.fromkeys(("nps", "csat", "ces"), "satisfaction"),
    **dict.fromkeys(("ticket_opened", "ticket_resolved", "ticket_reopened"), "support"),
    **dict.fromkeys(("subscription_started", "subscription_ended", "notice_given", "seats"), "contract"),
    **dict.fromkeys(("renewal_due", "term_months", "auto_renew", "plan"), "contract"),
    "mrr": "billing",
    "opened": "profile",
}


def theme_of(signal: str) -> str:
    """What a signal is about where no history says it."""
    return _THEMES.get(signal, "satisfaction" if signal.endswith("_asked") else "usage")


def noun(signal: str) -> Noun:
    """How to speak of a signal, known or not."""
    if signal in _NOUNS:
        return _NOUNS[signal]
    if signal.endswith("_asked"):
        asked = noun(signal.removesuffix("_asked")).value
        return Noun(f"{asked} survey", f"{asked} surveys", f"{asked} surveys")
    words = signal.replace("_", " ").strip() or signal
    if " " in words or words.endswith(("ed", "s")):
        return Noun(f'"{words}" event', f'"{words}" events', f'value of "{words}"')
    many = f"{words[:-1]}ies" if words.endswith("y") and words[-2:-1] not in "aeiou" else f"{words}s"
    return Noun(words, many, f"{words} value")


def nouns(signals: tuple[str, ...]) -> Noun:
    """How to speak of several signals at once; none: any activity."""
    if not signals or (len(signals) > 2 and {theme_of(s) for s in signals} == {"usage"}):
        return Noun("activity", "activities", "value of activities", some="activity")
    if len(signals) > 2:
        kinds = f"of {len(signals)} kinds"
        return Noun(f"event {kinds}", f"events {kinds}", f"value of events {kinds}")
    each = [noun(s) for s in signals]
    if len(each) == 1:
        return each[0]
    units = {n.unit for n in each}
    return Noun(
        " or ".join(n.one for n in each),
        " and ".join(n.many for n in each),
        " and ".join(n.value for n in each),
        units.pop() if len(units) == 1 else "",
    )


def length(span: Span) -> str:
    """Say a length of time: "30 days", "36 hours"."""
    amount, unit = (span.days, "day") if span.days == int(span.days) else (span.days * 24, "hour")
    return f"{amount:g} {unit}{'' if amount == 1 else 's'}"


def time_phrase(window: Span | None, ending: Span) -> str:
    """Say which window, with a space before it; nothing where it is all that is known."""
    if window is None:
        return f" up to {length(ending)} ago" if ending.micros else ""
    if not ending.micros:
        return f" in the last {length(window)}"
    return f" in the {length(window)} up to {length(ending)} ago"
