"""Value at stake: what is kept if an account stays past the horizon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field, PlainSerializer

from churnkit.contact.segments import segments
from churnkit.contact.written import Written, read_kind
from churnkit.errors import BadPlan, did_you_mean
from churnkit.timeline import DAY, Span, known_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.roster import Roster
    from churnkit.history import History

    Floats = NDArray[np.float64]

MONTH = 365.25 / 12
YEAR = 365 * DAY
PLAIN = "money, as in the data"
"""The unit where no currency is named."""

SPENDING = ("order", "purchase", "sale", "transaction", "payment", "invoice_paid", "invoice", "revenue", "spend")
"""Activity events whose value is money, the first that a history has counts."""

SUBSCRIPTION_MARGIN = 0.8
"""Gross margin of subscription income: near what software companies report; a service with more people has less."""
SALES_MARGIN = 0.4
"""Gross margin of sales: a judgement between grocery and fashion; your own figure is better."""

SHRINKAGE = 50.0
"""A segment of so many accounts weighs as much as the whole book in its own rate of leaving."""
YOUNGEST = 90 * DAY
"""What a younger account spent is scaled to a year as if it were so old: a first order is no habit."""


@dataclass(frozen=True, eq=False)
class Stake:
    """Value at stake of every account.

    Attributes
    ----------
    amount
        float64 [n], never negative; NaN where nothing is known.
    unit
        What it is counted in: a currency, "money", or "accounts".
    is_money
        Whether the cost of a call can be taken off.
    notes
        What was assumed, mended and counted, in words.
    """

    amount: Floats
    unit: str
    is_money: bool
    notes: tuple[str, ...]


class RemainingValue(Written):
    """What an account pays, times margin and expected remaining life, discounted.

    ``margin x pays per month x (1 - exp(-(hazard + rate) x cap)) / (hazard + rate)``, with the monthly
    hazard of the account's *segment* (its own raised hazard would count the risk twice) and the monthly rate
    ``log(1 + discount) / 12``. The segment's hazard is that of its mean probability of leaving within the
    main horizon, shrunk towards the book's by ``SHRINKAGE`` accounts.

    What an account pays per month is the sum of its running contracts (``mrr``) as known at the moment; in a
    history without contracts, what its spending events brought in the last 365 days, over 12 (of a younger
    account: over its age, of at least 90 days).

    Parameters
    ----------
    margin
        Share of income kept after the cost of serving; None: .8 of contracts, .4 of sales.
    discount
        Per year. Default .1, a usual cost of capital.
    cap
        Life beyond it does not count: nobody knows a market longer. Default three years.
    segment
        Attribute of accounts that divides the book; None: ``segment`` where there is such an attribute, else
        contracts are told apart by term and by the quarter of the book in which what they pay lies. "book": the
        whole book is one segment, as it is without contracts.
    """

    what: ClassVar[str] = "value"
    kind: Literal["remaining"] = "remaining"
    margin: float | None = Field(default=None, gt=0, le=1)
    discount: float = Field(default=0.1, ge=0, allow_inf_nan=False)
    cap: Span = Span.of("1095d")
    segment: str | None = None

    def stake(self, roster: Roster, history: History) -> Stake:
        """Give the value at stake of every account of a roster."""
        pays, source, unit = _monthly_income(roster, history)
        if pays is None:
            note = (
                "value at stake: the history has neither contracts with mrr nor an event with money "
                f"({', '.join(SPENDING[:3])} ...), so every account counts 1 and a call costs nothing. Pass value=."
            )
            return Stake(np.ones(len(roster)), "accounts", is_money=False, notes=(note,))
        margin = self.margin or (SUBSCRIPTION_MARGIN if source == "mrr" else SALES_MARGIN)
        alike = segments(self.segment, pays if source == "mrr" else None, roster, history)
        life = self.life(roster.probability, roster.horizon.days, alike.code)
        described = (
            f"value at stake: {margin:.0%} margin of {source} x expected months at the rate of leaving of "
            f"{alike.whose} (here {_range(life)}), "
            f"discounted at {self.discount:.0%} a year, at most {self.cap.days:.0f} days; in {unit}."
        )
        return Stake(margin * pays * life, unit, is_money=True, notes=(described,))

    def life(self, probability: Floats, days: float, segment: NDArray[np.int64]) -> Floats:
        """Give the discounted expected months to come at the segment's hazard.

        Parameters
        ----------
        probability
            float64 [n], P(leave within ``days``).
        segment
            int64 [n], codes from 0.
        """
        known = ~np.isnan(probability)
        if not known.any():
            return np.full(len(probability), np.nan)
        size = np.bincount(segment[known], minlength=segment.max() + 1)
        total = np.bincount(segment[known], probability[known], minlength=len(size))
        mean = (total + SHRINKAGE * probability[known].mean()) / (size + SHRINKAGE)
        hazard = -np.log1p(-np.minimum(mean, 1 - 1e-9)) / (days / MONTH)
        fall = hazard + np.log1p(self.discount) / 12
        cap = self.cap.days / MONTH
        months = np.where(fall > 0, -np.expm1(-fall * cap) / np.where(fall > 0, fall, 1.0), cap)
        return np.asarray(months[segment])


def _range(months: Floats) -> str:
    if not np.isfinite(months).any():
        return "none"
    low, high = np.nanmin(months), np.nanmax(months)
    return f"{low:.1f}" if high - low < 0.05 else f"{low:.1f} to {high:.1f}"


def _monthly_income(roster: Roster, history: History) -> tuple[Floats | None, str, str]:
    """What each account pays per month (NaN: unknown), where that comes from, and the unit."""
    contracts = history.contracts
    if contracts is not None and not np.isnan(contracts.mrr).all():
        rows = contracts.unended(roster.as_of) & ~np.isnan(contracts.mrr)
        n = len(history.accounts)
        total = np.bincount(contracts.account[rows], contracts.mrr[rows], minlength=n)
        there = np.bincount(contracts.account[rows], minlength=n) > 0
        return np.where(there, total, np.nan)[roster.account], "mrr", _currency(history)
    name = _spending(history)
    if name is None:
        return None, "", ""
    spent = np.zeros(len(history.accounts))
    for part in history.signals.parts():
        if part.value is not None:
            rows = part.pick([name]) & known_at(part.occurred, part.known_or_occurred, roster.as_of)
            rows &= (part.occurred >= roster.as_of - YEAR) & ~np.isnan(part.value)
            spent += np.bincount(part.account[rows], part.value[rows], minlength=len(spent))
    spent = spent[roster.account]
    age = np.clip(roster.as_of - history.opened[roster.account], YOUNGEST, YEAR)
    return spent / (age / DAY / MONTH), f"{name} values of the last 365 days", PLAIN


def _spending(history: History) -> str | None:
    signals = history.signals
    for name in SPENDING:
        if name in signals.names and signals.tables.get(name, "activity") == "activity":
            values = (part.value[part.pick([name])] for part in signals.parts() if part.value is not None)
            if any(not np.isnan(value).all() for value in values if len(value)):
                return name
    return None


def _currencies(history: History) -> list[str]:
    frame = history.subscriptions
    if frame is None or "currency" not in frame:
        return []
    return sorted(frame["currency"].dropna().astype(str).str.upper().unique())


def _currency(history: History) -> str:
    found = _currencies(history)
    if not found:
        return PLAIN
    return found[0] if len(found) == 1 else f"mixed currencies ({', '.join(found)}) added as they are"


def _taken_as(history: History) -> tuple[str, str]:
    """Give the unit of a value that does not name its own, and say what it is taken as."""
    found = _currencies(history)
    if len(found) == 1:
        return found[0], f"taken as {found[0]}, the currency of the contracts"
    return PLAIN, f"taken as {PLAIN}: the cost of a call is taken off it"


def value_at_stake(value: ValueRule, roster: Roster, history: History) -> Stake:
    """Find the value at stake: a rule, an expression over features, or a column by name.

    Negative values count as 0 (nothing is lost), missing and infinite ones as unknown; both are counted in
    the notes.

    Raises
    ------
    BadPlan
        If there is no such column.
    """
    if value is None:
        value = RemainingValue()
    if isinstance(value, RemainingValue):
        stake = value.stake(roster, history)
    elif isinstance(value, str):
        unit, said = _taken_as(history)
        stake = Stake(_column(value, roster, history), unit, True, (f"value at stake: column {value}, {said}.",))
    else:
        from churnkit.features import compute

        cutoffs = np.full(len(roster), roster.as_of, dtype=np.int64)
        amount = compute([value], history, roster.account, cutoffs).values[:, 0].astype(np.float64)
        unit, said = _taken_as(history)
        if "mrr" in value.signals_used:
            unit = _currency(history)
            said = f"in {unit}"
        stake = Stake(amount, unit, True, (f"value at stake: {value}, {said}.",))
    amount = np.where(np.isfinite(stake.amount), stake.amount, np.nan)
    negative, missing = amount < 0, np.isnan(amount)
    notes = list(stake.notes)
    for rows, what in (
        (negative, "negative: counted as 0"),
        (missing, "unknown: not on the list of a policy that needs it"),
    ):
        if rows.any():
            first = roster.ids[int(np.argmax(rows))]
            notes.append(f"value at stake: {int(rows.sum()):,} of {len(roster):,} accounts {what} (first: {first}).")
    return Stake(np.where(negative, 0.0, amount), stake.unit, stake.is_money, tuple(notes))


def _column(name: str, roster: Roster, history: History) -> Floats:
    for frame, at in ((history.accounts, roster.account), (roster.frame, np.arange(len(roster)))):
        if name in frame:
            return np.asarray(pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64)[at])
    known = [*history.attributes, *roster.frame.columns]
    raise BadPlan(
        f"value: neither accounts nor the scores have a column {name!r}{did_you_mean(name, known)}. "
        'Name one, or pass an expression such as f.latest("mrr") * 12.'
    )


def _read(value: object) -> object:
    if isinstance(value, dict) and "kind" in value:
        return read_kind(value, {"remaining": RemainingValue}, "value")
    if isinstance(value, dict):
        from churnkit.features import read_expression

        return read_expression(value)
    if value is None or isinstance(value, str | RemainingValue):
        return value
    from churnkit.features import Expression

    if not isinstance(value, Expression):
        raise ValueError(
            f"a {type(value).__name__} tells no value; give a column's name, an expression such as "
            'f.latest("mrr") * 12, or RemainingValue(...)'
        )
    return value


def _write(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return value.model_dump(mode="json") if isinstance(value, RemainingValue) else value.to_dict()


ValueRule: TypeAlias = Annotated[Any, BeforeValidator(_read), PlainSerializer(_write)]
"""A value as a field: None (the default rule), a column's name, a RemainingValue, or a feature expression."""
