"""What a source table must hold: the data contract, as declarations that the door checks.

Only ``accounts`` and ``activity`` are needed. A column that is not listed here is ignored and noted,
except in ``accounts``, where it is an attribute of the account (something that never changes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["account", "id", "time", "number", "flag", "text"]


@dataclass(frozen=True)
class Column:
    """One column of a source table.

    Attributes
    ----------
    name
        Its name in the table.
    kind
        How it is read: ``account`` (must be in accounts), ``id``, ``time``, ``number``, ``flag``, ``text``.
    needed
        Whether the table is refused without it, and a row set aside where it is empty.
    low, high
        The closed interval outside which a number does not count.
    words
        The only texts allowed; empty: any.
    """

    name: str
    kind: Kind
    needed: bool = False
    low: float = float("-inf")
    high: float = float("inf")
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One source table.

    Attributes
    ----------
    name, what
        The file's name, and one line on what a row is.
    columns
        Its columns, the needed ones first.
    needed
        Whether there is no history without it.
    recorded
        The time columns whose last value shows how far the record goes.
    planned
        Time columns that may lie ahead of the record (a booked end); they show how far the record
        goes only where another column has been there too.
    """

    name: str
    what: str
    columns: tuple[Column, ...]
    needed: bool = False
    recorded: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        """Give a column by its name; None where the contract has none."""
        return next((c for c in self.columns if c.name == name), None)

    @property
    def needed_columns(self) -> tuple[str, ...]:
        """Names of the columns without which the table is refused."""
        return tuple(c.name for c in self.columns if c.needed)


def _account(name: str = "account_id") -> Column:
    return Column(name, "account", needed=True)


def _time(name: str, *, needed: bool = False) -> Column:
    return Column(name, "time", needed=needed)


def _number(name: str, low: float = float("-inf"), high: float = float("inf")) -> Column:
    return Column(name, "number", low=low, high=high)


def _text(name: str, *, needed: bool = False, words: tuple[str, ...] = ()) -> Column:
    return Column(name, "text", needed=needed, words=words)


def _id(name: str, *, needed: bool = False) -> Column:
    return Column(name, "id", needed=needed)


ROLES = ("sales", "service", "technical", "financial")
"""The four hats of an account manager."""

ACCOUNTS = Table(
    "accounts",
    "a client; every further column is an attribute that never changes",
    (
        _id("account_id", needed=True),
        _time("opened_at", needed=True),
        _text("name"),
        _id("manager_id"),
        _id("parent_id"),
        Column("do_not_contact", "flag"),
    ),
    needed=True,
    recorded=("opened_at",),
)
ACTIVITY = Table(
    "activity",
    "something that an account did",
    (
        _account(),
        _time("occurred_at", needed=True),
        _text("event", needed=True),
        _number("value"),
        _id("user_id"),
        _time("recorded_at"),
    ),
    needed=True,
    recorded=("occurred_at", "recorded_at"),
)
SATISFACTION = Table(
    "satisfaction",
    "a survey: asked, and perhaps answered (an empty score: asked and not answered)",
    (
        _account(),
        _time("occurred_at", needed=True),
        _text("metric", needed=True),
        _number("score"),
        _time("sent_at"),
        _text("comment"),
        _id("user_id"),
        _time("recorded_at"),
    ),
    recorded=("occurred_at", "recorded_at"),
)
TICKETS = Table(
    "tickets",
    "a support case",
    (
        _account(),
        _time("opened_at", needed=True),
        _time("resolved_at"),
        _text("severity"),
        _text("category"),
        Column("reopened", "flag"),
        _id("ticket_id"),
        _text("comment"),
        _time("recorded_at"),
    ),
    recorded=("opened_at", "recorded_at"),
    planned=("resolved_at",),
)
SUBSCRIPTIONS = Table(
    "subscriptions",
    "a contract, or a version of one (several rows of one subscription_id)",
    (
        _account(),
        _time("started_at", needed=True),
        _time("ended_at"),
        _time("cancelled_at"),
        _text("end_reason", words=("voluntary", "involuntary", "other")),
        _time("renews_at"),
        _number("term_months", 0),
        _text("term"),
        _number("mrr"),
        _text("currency"),
        _text("plan"),
        _number("seats", 0),
        Column("auto_renew", "flag"),
        _id("subscription_id"),
        _time("recorded_at"),
    ),
    recorded=("cancelled_at", "recorded_at"),
    planned=("started_at", "ended_at"),
)
DECISIONS = Table(
    "decisions",
    "one eligible account at one decision moment, contacted or not",
    (
        _account(),
        _time("decided_at", needed=True),
        Column("contact", "flag", needed=True),
        _text("assignment", needed=True, words=("random", "judgement")),
        _number("propensity", 0, 1),
        _text("role", words=ROLES),
        _number("role_propensity", 0, 1),
        _time("until"),
        _text("stratum"),
        Column("on_list", "flag"),
        _id("manager_id"),
        _id("plan_id"),
        _time("recorded_at"),
    ),
    recorded=("decided_at", "recorded_at"),
)
CONTACTS = Table(
    "contacts",
    "a contact that was carried out",
    (
        _account(),
        _time("contacted_at", needed=True),
        _id("manager_id"),
        _text("role", words=ROLES),
        _number("minutes", 0),
        _text("channel"),
        _text("assignment", words=("random", "judgement")),
        _number("propensity", 0, 1),
        _text("outcome"),
        _time("decided_at"),
        _time("recorded_at"),
    ),
    recorded=("contacted_at", "recorded_at"),
)
MANAGERS = Table(
    "managers",
    "an account manager, or somebody above",
    (
        _id("manager_id", needed=True),
        _text("name"),
        _id("reports_to"),
        _number("weekly_capacity_hours", 0),
        *(_number(f"skill_{role}", 0) for role in ROLES),
    ),
)

CONTRACT: dict[str, Table] = {
    t.name: t for t in (ACCOUNTS, ACTIVITY, SATISFACTION, TICKETS, SUBSCRIPTIONS, DECISIONS, CONTACTS, MANAGERS)
}
"""The data contract: every table that a history may have, by name."""
