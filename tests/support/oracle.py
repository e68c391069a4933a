"""A slow, naive reading of every feature, straight from the definitions: what the engine is held against.

It takes one expression, one account and one cutoff at a time, in plain Python over the rows of
``history.signals``. It knows nothing of the engine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import mean, stdev
from zoneinfo import ZoneInfo

import numpy as np

from churnkit.features import expressions as e
from churnkit.features.conditions import AllOf, AnyOf, LabelTest, Not

DAY = 86_400_000_000
NAN = math.nan
COMPARE = {
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
}


@dataclass(frozen=True)
class Fact:
    """One row of the signals, in words."""

    signal: str
    occurred: int
    known: int
    value: float
    label: str | None
    actor: int

    @property
    def order(self) -> tuple:
        """The total order, so that the order of the input never shows."""
        missing = math.isnan(self.value)
        return (self.occurred, self.known, self.signal, missing, 0.0 if missing else self.value)


def facts_of(history, account: int) -> list[Fact]:
    """Every fact of one account, in the total order."""
    s = history.signals
    rows = []
    for i in np.flatnonzero(s.account == account):
        occurred = int(s.occurred[i])
        code = -1 if s.label is None else int(s.label[i])
        rows.append(
            Fact(
                signal=s.names[s.signal[i]],
                occurred=occurred,
                known=occurred if s.known is None else int(s.known[i]),
                value=NAN if s.value is None else float(s.value[i]),
                label=None if code < 0 else s.labels[code],
                actor=-1 if s.actor is None else int(s.actor[i]),
            )
        )
    codes = {name: code for code, name in enumerate(s.names)}
    return sorted(rows, key=lambda f: (f.order[0], f.order[1], codes[f.signal], *f.order[3:]))


def passes(test, fact: Fact) -> bool:
    """Whether a fact passes a condition."""
    if isinstance(test, AllOf):
        return all(passes(t, fact) for t in test.tests)
    if isinstance(test, AnyOf):
        return any(passes(t, fact) for t in test.tests)
    if isinstance(test, Not):
        return not passes(test.test, fact)
    if isinstance(test, LabelTest):
        return fact.label is not None and (fact.label in test.labels) == (test.sign == "==")
    return not math.isnan(fact.value) and COMPARE[test.sign](fact.value, test.limit)


def aggregate(x: e.Aggregate, history, facts: list[Fact], cutoff: int) -> float:
    """One aggregate of one account at one cutoff."""
    signals = x.signals or tuple(n for n in history.signals.names if history.signals.tables[n] == "activity")
    end = cutoff - x.ending.micros
    if any(history.ended_early(history.signals.tables[s], end) for s in signals):
        return NAN
    start = -math.inf if x.window is None else end - x.window.micros
    known = [f for f in facts if f.occurred < cutoff and f.known < cutoff and f.signal in signals]
    inside = [f for f in known if start <= f.occurred < end]
    taken = [f for f in inside if x.where is None or passes(x.where, f)]
    if x.function == "share":
        return len(taken) / len(inside) if inside else NAN
    return FUNCTIONS[x.function](taken, end, cutoff, history)


def local_day(fact: Fact, history) -> object:
    """The calendar day of a fact in the history's time zone."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=fact.occurred)
    return moment.astimezone(ZoneInfo(history.timezone)).date()


def values(facts: list[Fact]) -> list[float]:
    """The values that there are."""
    return [f.value for f in facts if not math.isnan(f.value)]


def gaps(facts: list[Fact]) -> list[float]:
    """Days between successive facts."""
    return [(b.occurred - a.occurred) / DAY for a, b in pairwise(facts)]


def slope(facts: list[Fact]) -> float:
    """Least squares of value on days."""
    points = [(f.occurred, f.value) for f in facts if not math.isnan(f.value)]
    if len({t for t, _ in points}) < 2:
        return NAN
    days = [(t - points[0][0]) / DAY for t, _ in points]
    x, y = mean(days), mean(v for _, v in points)
    up = math.fsum((d - x) * (v - y) for d, (_, v) in zip(days, points, strict=True))
    return up / math.fsum((d - x) ** 2 for d in days)


def main_user(facts: list[Fact], end: int) -> float:
    """Days since the last fact of who has the most, of several of who was seen last."""
    named = [f for f in facts if f.actor >= 0]
    if not named:
        return NAN
    seen = {f.actor: (sum(g.actor == f.actor for g in named), place) for place, f in enumerate(named)}
    _, place = max(seen.values())
    return (end - named[place].occurred) / DAY


FUNCTIONS = {
    "count": lambda facts, *_: float(len(facts)),
    "total": lambda facts, *_: math.fsum(values(facts)),
    "mean": lambda facts, *_: math.fsum(values(facts)) / len(values(facts)) if values(facts) else NAN,
    "minimum": lambda facts, *_: min(values(facts), default=NAN),
    "maximum": lambda facts, *_: max(values(facts), default=NAN),
    "std": lambda facts, *_: stdev(values(facts)) if len(values(facts)) > 1 else NAN,
    "latest": lambda facts, *_: values(facts)[-1] if values(facts) else NAN,
    "earliest": lambda facts, *_: values(facts)[0] if values(facts) else NAN,
    "days_since": lambda facts, end, *_: (end - facts[-1].occurred) / DAY if facts else NAN,
    "days_until": lambda facts, _, cutoff, *__: values(facts)[-1] - cutoff / DAY if values(facts) else NAN,
    "active_days": lambda facts, _, __, history: float(len({local_day(f, history) for f in facts})),
    "actors": lambda facts, *_: float(len({f.actor for f in facts if f.actor >= 0})),
    "days_since_main_user": lambda facts, end, *_: main_user(facts, end),
    "gap_mean": lambda facts, *_: mean(gaps(facts)) if len(facts) > 1 else NAN,
    "gap_std": lambda facts, *_: stdev(gaps(facts)) if len(facts) > 2 else NAN,
    "slope": lambda facts, *_: slope(facts),
}


def value_of(x: e.Expression, history, account: int, cutoff: int, facts: list[Fact] | None = None) -> float:  # noqa: PLR0911
    """The float64 value of any expression but those of the book."""
    facts = facts_of(history, account) if facts is None else facts
    part = [value_of(p, history, account, cutoff, facts) for p in x.parts]
    if isinstance(x, e.Aggregate):
        return aggregate(x, history, facts, cutoff)
    if isinstance(x, e.Attribute):
        return attribute(x, history.accounts[x.column].iloc[account])
    if isinstance(x, e.Tenure):
        return (cutoff - int(history.opened[account])) / DAY
    if isinstance(x, e.Constant):
        return x.value
    if isinstance(x, e.Choose):
        then, otherwise, condition = part
        return NAN if math.isnan(condition) else then if condition else otherwise
    if any(math.isnan(p) for p in part):
        return NAN
    if isinstance(x, e.Comparison):
        return float(COMPARE[x.sign](*part))
    if isinstance(x, e.Apply):
        return applied(x, part[0])
    if isinstance(x, e.Arithmetic):
        left, right = part
        if x.sign == "/":
            return left / right if right else NAN
        return {"+": left + right, "-": left - right, "*": left * right}[x.sign]
    raise TypeError(x)


def attribute(x: e.Attribute, held: object) -> float:
    """A number, or the position of a category."""
    if held is None or held != held:  # noqa: PLR0124 - NaN alone differs from itself
        return NAN
    if x.categories is None:
        return float(held)
    text = str(int(held)) if isinstance(held, float) and held.is_integer() else str(held)
    return float(x.categories.index(text)) if text in x.categories else NAN


def applied(x: e.Apply, value: float) -> float:
    """A function of one value."""
    if x.function == "log1p":
        return math.log1p(value) if value > -1 else NAN
    if x.function == "abs":
        return abs(value)
    value = value if x.low is None else max(value, x.low)
    return value if x.high is None else min(value, x.high)


def evaluate(features, history, *, account, cutoff, threads=None) -> np.ndarray:
    """Every feature of every row, float32 as the engine gives it."""
    facts = {int(a): facts_of(history, int(a)) for a in np.unique(account)}
    rows = [
        [value_of(x, history, int(a), int(c), facts[int(a)]) for x in features]
        for a, c in zip(account, cutoff, strict=True)
    ]
    with np.errstate(over="ignore"):
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(features)).astype(np.float32)


def ranks(values, members) -> np.ndarray:
    """For each value the share of the members below it, ties counted half; NaN where it or all members are missing."""
    members = [m for m in members if not math.isnan(m)]
    found = [
        NAN
        if math.isnan(v) or not members
        else (sum(m < v for m in members) + 0.5 * sum(m == v for m in members)) / len(members)
        for v in values
    ]
    return np.array(found, dtype=np.float32)
