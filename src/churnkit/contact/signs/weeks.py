"""What was seen of each account, week by week up to a moment.

Weeks are counted back from the moment, and all of them are read at it (``ending=``): a fact that came in late stands in
the week in which it happened, and none that was not known yet is seen.
"""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnkit import features as f
from churnkit.contact.signs.bills import owed_weeks
from churnkit.contact.signs.calls import calls, cured
from churnkit.contact.signs.complaints import complaints
from churnkit.contact.signs.keenest import Users
from churnkit.contact.signs.words import FAILURES, TAKEN_OUT, UNPAID, categories, of_theme
from churnkit.timeline import DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.contact.signs.dated import Dated
    from churnkit.contact.signs.keenest import Keenest
    from churnkit.features import Expression
    from churnkit.history import History

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

WEEKS, WEEK = 52, 7
"""How many weeks are looked at, and the days of one."""
YEAR = 365.25
"""Days: prices are looked at once a year, on the day of the contract."""
DEARER = 1.02
"""A price that rises by less is none that rises."""
_ENDS = [f"{WEEK * ago}d" if ago else None for ago in reversed(range(WEEKS))]


@dataclass(frozen=True, eq=False)
class Weeks:
    """Weeks of accounts, the oldest first.

    Attributes
    ----------
    seen
        float64 [n, WEEKS] by name, NaN where nothing was to be seen; names that the history has no signal for are
        absent.
    there
        bool [n, WEEKS], weeks under contract since the record began.
    opened
        bool [n, WEEKS], weeks in which a contract began.
    old
        bool [n], whether the account is older than the first of its weeks that are there.
    forgets
        bool [n], whether its contract goes on by itself for half a year or more.
    said
        float64 [n, WEEKS, themes], complaints by what they are about.
    cured
        float64 [n, WEEKS, troubles], P(a trouble begins to pass because of the calls of a week).
    keenest
        What the most active user did; None where nobody is named.
    """

    seen: dict[str, Floats]
    there: Flags
    opened: Flags
    old: Flags
    forgets: Flags
    said: Floats
    cured: Floats
    keenest: Keenest | None = None

    def __len__(self) -> int:
        return len(self.there)

    def of(self, rows: NDArray[np.int64]) -> Weeks:
        """Give the weeks of some of the accounts."""
        seen = {name: values[rows] for name, values in self.seen.items()}
        whose = None if self.keenest is None else self.keenest.of(rows)
        flags = (self.there[rows], self.opened[rows], self.old[rows], self.forgets[rows])
        return Weeks(seen, *flags, self.said[rows], self.cured[rows], whose)

    def counts(self, name: str) -> Floats:
        """Give a count [n, WEEKS], 0 where nothing was to be seen."""
        return np.where(self.there, np.nan_to_num(self.seen[name]), 0.0)

    @property
    def seats(self) -> Floats:
        """Seats [n, WEEKS], 1 where they are not known."""
        if "seats" not in self.seen:
            return np.ones(self.there.shape)
        return np.maximum(np.nan_to_num(self.seen["seats"], nan=1.0), 1.0)

    def change(self, name: str) -> Floats:
        """Give by what factor a value differs from the week before [n, WEEKS]; 1 where one of them is unknown."""
        value, out = self.seen[name], np.ones(self.there.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            out[:, 1:] = value[:, 1:] / value[:, :-1]
        return np.where(self.there & np.isfinite(out), out, 1.0)

    @property
    def owed(self) -> NDArray[np.int64]:
        """How many weeks running, up to the last one, a bill has been asked for [n]."""
        if "unpaid" not in self.seen:
            return np.zeros(len(self), dtype=np.int64)
        return owed_weeks(self.counts("unpaid") > 0)

    @property
    def dearer(self) -> Floats:
        """By what factor the price of a seat rose in each week [n, WEEKS]; 1 where it did not."""
        if "mrr" not in self.seen:
            return np.ones(self.there.shape)
        rise = self.change("mrr") / (self.change("seats") if "seats" in self.seen else 1.0)
        return np.where(rise > DEARER, rise, 1.0)


@dataclass(frozen=True, eq=False)
class Notes:
    """What is read once for all accounts and moments: complaints, calls that reached somebody, and who did what."""

    said: Dated
    called: Dated
    users: Users

    @classmethod
    def of(cls, history: History) -> Notes:
        """Read them."""
        return cls(complaints(history), calls(history), Users(history, of_theme(history, "usage")))


def read(history: History, account: NDArray[np.int32], cutoff: NDArray[np.int64], notes: Notes | None = None) -> Weeks:
    """Read the weeks before each moment.

    Parameters
    ----------
    account, cutoff
        Codes and moments [n].
    notes
        The history's notes, where they have been read before.
    """
    weekly, at = _weekly(history), _at(history)
    asked = [e for expressions in weekly.values() for e in expressions] + list(at.values())
    values = f.compute(asked, history, account=account, cutoff=cutoff).values.astype(np.float64)
    begins = cutoff[:, None] - (WEEK * np.arange(WEEKS, 0, -1) * DAY)[None, :]
    seen = {}
    for i, name in enumerate(weekly):
        block = values[:, i * WEEKS : (i + 1) * WEEKS]
        seen[name] = np.where(begins >= _began(history, name), block, np.nan)
    now = {name: values[:, len(weekly) * WEEKS + i] for i, name in enumerate(at)}
    age = now["tenure"][:, None] - WEEK * np.arange(WEEKS)[::-1][None, :]
    record = _began(history, "use")
    watched, contract = begins >= record, (age > 0) & _under_contract(seen, age.shape)
    there = watched & contract
    opened = there & (age <= WEEK)
    opened[:, 1:] |= there[:, 1:] & watched[:, :-1] & ~contract[:, :-1]
    if "started" in seen:
        seen["age"] = np.where(np.isfinite(seen["started"]), seen["started"], age)
    else:
        seen["age"] = age
    first = there.argmax(axis=1)
    old = age[np.arange(len(age)), first] > WEEK
    notes = Notes.of(history) if notes is None else notes
    return Weeks(
        seen,
        there,
        opened,
        old,
        _forgets(now, seen),
        notes.said.weekly(account, cutoff, WEEKS),
        cured(notes.called.weekly(account, cutoff, WEEKS)),
        notes.users.keenest(account, cutoff, WEEKS),
    )


def names_troubles(history: History) -> bool:
    """Tell whether a history has anything that can name a trouble: use alone tells none apart."""
    names = {*_activity(history), *_cases(history)}
    priced = {"mrr", "seats"} <= set(history.signals.names)
    return priced or bool(names - {"use", "out"})


def _weekly(history: History) -> dict[str, list[Expression]]:
    """Give the expressions of each name, one for each week, as far as the history has the signals."""
    return _activity(history) | _cases(history) | _voice(history) | _contract(history)


def _activity(history: History) -> dict[str, list[Expression]]:
    usage = of_theme(history, "usage")
    counted = {
        "use": usage,
        "out": tuple(n for n in usage if any(w in n.lower() for w in TAKEN_OUT)),
        "failures": tuple(n for n in of_theme(history, "support") if n in FAILURES),
        "unpaid": tuple(n for n in of_theme(history, "billing") if n in UNPAID),
    }
    return {name: _counts(found) for name, found in counted.items() if found}


def _cases(history: History) -> dict[str, list[Expression]]:
    names, out = set(history.signals.names), dict[str, list["Expression"]]()
    for theme, about in categories(history).items():
        where = functools.reduce(operator.or_, (f.label == word for word in about))
        out[f"case {theme}"] = [f.count("ticket_opened", f"{WEEK}d", ending=e, where=where) for e in _ENDS]
    if out and "ticket_reopened" in names:
        out["reopened"] = _counts(("ticket_reopened",))
    if out and "ticket_resolved" in names:
        out["hours"] = [f.mean("ticket_resolved", f"{WEEK}d", ending=e) for e in _ENDS]
    return out


def _voice(history: History) -> dict[str, list[Expression]]:
    signals, out = history.signals, dict[str, list["Expression"]]()
    for name in signals.names:
        if signals.tables.get(name) == "satisfaction" and f"{name}_asked" in signals.names:
            out[f"score {name}"] = [f.mean(name, f"{WEEK}d", ending=e) for e in _ENDS]
            out[f"answers {name}"], out[f"asked {name}"] = _counts((name,)), _counts((f"{name}_asked",))
    return out


def _contract(history: History) -> dict[str, list[Expression]]:
    names, out = set(history.signals.names), dict[str, list["Expression"]]()
    for name, signal in (("started", "subscription_started"), ("ended", "subscription_ended")):
        if signal in names:
            out[name] = [f.days_since(signal, ending=e) for e in _ENDS]
    for name in sorted({"seats", "mrr"} & names):
        out[name] = [f.latest(name, ending=e) for e in _ENDS]
    return out


def _counts(names: tuple[str, ...]) -> list[Expression]:
    return [f.count(names, f"{WEEK}d", ending=e) for e in _ENDS]


def _at(history: History) -> dict[str, Expression]:
    names = set(history.signals.names)
    terms: dict[str, Expression] = {n: f.latest(n) for n in ("auto_renew", "term_months") if n in names}
    return {**terms, "tenure": f.tenure()}


def _began(history: History, name: str) -> int:
    """Give when the record began from which a name of :func:`_weekly` is read; what is in force has no beginning."""
    if name in ("seats", "mrr", "started", "ended"):
        return 0
    table = "activity" if name in ("use", "out", "failures", "unpaid") else "satisfaction"
    table = "tickets" if name.startswith(("case ", "hours", "reopened")) else table
    signals = history.signals
    return min((at for n, at in signals.first.items() if signals.tables.get(n) == table), default=0)


def _under_contract(seen: dict[str, Floats], shape: tuple[int, ...]) -> Flags:
    """Tell the weeks at whose end the last thing heard of the contract was not that it ended."""
    if "started" not in seen or "ended" not in seen:
        return np.ones(shape, dtype=np.bool_)
    started, ended = seen["started"], seen["ended"]
    return ~(np.isfinite(ended) & ~(started < ended))


def _forgets(now: dict[str, Floats], seen: dict[str, Floats]) -> Flags:
    """Tell whose bill can be forgotten: one pays, the contract goes on by itself, and not from month to month."""
    if "mrr" not in seen:
        return np.zeros(len(now["tenure"]), dtype=np.bool_)
    out = np.isfinite(seen["mrr"][:, -1])
    if "auto_renew" in now:
        out &= now["auto_renew"] == 1
    if "term_months" in now:
        out &= ~(now["term_months"] < 6)
    return out
