"""Contracts as dated facts: starts, ends, notice, worth and renewals, each at the moment it could be known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from churnkit.history.contracts import add_months
from churnkit.history.versions import came, changed
from churnkit.timeline import DAY, NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history.contracts import Contracts
    from churnkit.history.facts import Facts

    Ints = NDArray[np.int64]

_SLACK = 7 * DAY
"""How far a booked renewal may lie behind the end of its term."""


def add_contracts(facts: Facts, contracts: Contracts, until: int, gap: int) -> None:
    """Contracts start, are worth something, renew, change and end.

    An end followed within ``gap`` by a new start of the same account is no end, but one continuous
    subscription (an upgrade booked as cancel-and-rebuy). Since nobody can tell one from the other before
    the gap has passed, an end is known when it has; until then the account's worth stands as it was.
    """

    def named(name: str) -> int:
        return facts.name(name, "subscriptions", "billing" if name == "mrr" else "contract")

    again = rebought(contracts, gap)
    first = contracts.first & ~_continued(contracts, gap)
    facts.add(
        named("subscription_started"), contracts.account[first], contracts.started[first], value=contracts.mrr[first]
    )
    notice = np.where(contracts.left != contracts.ended, contracts.left, NEVER)
    _add_moments(facts, named("notice_given"), contracts, notice, contracts.versions.known(notice))
    ended = np.where(again == NEVER, contracts.ended, NEVER)
    _add_moments(facts, named("subscription_ended"), contracts, ended, _after_gap(contracts, gap))
    closed = np.where(again == NEVER, _after_gap(contracts, gap), np.maximum(again, contracts.ended_known))
    for name, amount in (("mrr", contracts.mrr), ("seats", contracts.seats)):
        if not np.isnan(amount).all():
            account, at, known, total = totals(contracts, amount, closed)
            facts.add(named(name), account, at, known=known, value=total)
    _add_states(facts, named, contracts)
    account, at, end = renewals(contracts, until)
    if len(at):
        facts.add(named("renewal_due"), account, at, value=end)


def _add_moments(facts: Facts, signal: int, contracts: Contracts, moment: Ints, known: Ints) -> None:
    rows = came(contracts.versions, moment, np.where(moment == NEVER, NEVER, known))
    words = facts.label_codes(contracts.reason[rows])
    facts.add(signal, contracts.account[rows], moment[rows], known=known[rows], label=words)


def _add_states(facts: Facts, named: Any, contracts: Contracts) -> None:
    """Term, renewal by itself and plan hold from a version's start; a later version counts where it differs."""
    versions = contracts.versions
    live = versions.since < versions.until
    for name, values in (("term_months", contracts.term), ("auto_renew", contracts.auto_renew)):
        rows = ~np.isnan(values) & (versions.first | changed(versions, np.nan_to_num(values, nan=-1.0))) & live
        if rows.any():
            facts.add(named(name), contracts.account[rows], contracts.since[rows], value=values[rows])
    rows = np.array([p is not None for p in contracts.plan], dtype=np.bool_)
    rows &= (versions.first | changed(versions, np.array([str(p) for p in contracts.plan], dtype=object))) & live
    if rows.any():
        words = facts.label_codes(contracts.plan[rows])
        facts.add(named("plan"), contracts.account[rows], contracts.since[rows], label=words)


def rebought(contracts: Contracts, gap: int) -> Ints:
    """Give for every version the start that follows its end within ``gap`` (NEVER: none does)."""
    ended = contracts.ended
    first = np.flatnonzero(contracts.first)
    account, started = contracts.account[first], contracts.started[first]
    order = np.lexsort((started, account))
    account, started, item = account[order], started[order], contracts.subscription[first][order]
    found = np.full(len(ended), NEVER, dtype=np.int64)
    rows = np.flatnonzero(ended != NEVER)
    low = np.searchsorted(account, contracts.account[rows], side="left")
    high = np.searchsorted(account, contracts.account[rows], side="right")
    for i, start, stop in zip(rows, low, high, strict=True):
        for j in range(start, stop):
            if item[j] != contracts.subscription[i] and ended[i] <= started[j] <= ended[i] + gap:
                found[i] = started[j]
                break
    return found


def _continued(contracts: Contracts, gap: int) -> NDArray[np.bool_]:
    """Starts that continue a contract of the same account whose end was known by then."""
    again = rebought(contracts, gap)
    sure = (again != NEVER) & (contracts.ended_known <= again) & (again < contracts.until)
    pairs = set(zip(contracts.account[sure].tolist(), again[sure].tolist(), strict=True))
    here = zip(contracts.account.tolist(), contracts.started.tolist(), strict=True)
    return np.array([p in pairs for p in here], dtype=np.bool_)


def _after_gap(contracts: Contracts, gap: int) -> Ints:
    known = contracts.ended_known
    ended = np.where(contracts.ended == NEVER, 0, contracts.ended)
    return np.where(contracts.ended == NEVER, NEVER, np.maximum(known, ended + gap))


def totals(
    contracts: Contracts, amount: NDArray[np.float64], closed: Ints
) -> tuple[NDArray[np.int32], Ints, Ints, NDArray[np.float64]]:
    """Give the account's total (of mrr, of seats) after each change, as known then.

    Parameters
    ----------
    closed
        When the end of each version counts (NEVER: it does not).

    Returns
    -------
    account, occurred, known, total
        A change is dated by when it occurred, unless another was seen in between; then by when it was known.
    """
    there = ~np.isnan(amount)
    ends = np.minimum(contracts.until, closed)
    closing = there & (ends != NEVER)
    account = np.r_[contracts.account[there], contracts.account[closing]]
    known = np.r_[contracts.since[there], np.maximum(ends, contracts.since)[closing]]
    real = np.where(closed < contracts.until, np.minimum(contracts.ended, ends), ends)
    real = np.r_[contracts.since[there], np.maximum(real, contracts.since)[closing]]
    step = np.r_[np.where(there, amount, 0.0)[there], -amount[closing]]
    order = np.lexsort((real, known, account))
    account, known, real, step = account[order], known[order], real[order], step[order]
    running = np.cumsum(step)
    fresh = np.r_[True, account[1:] != account[:-1]][: len(account)]
    before = np.where(fresh, running - step, 0.0)
    base = before[np.maximum.accumulate(np.where(fresh, np.arange(len(account)), 0))] if len(account) else before
    total = np.round(running - base, 6)
    last = np.r_[(account[1:] != account[:-1]) | (known[1:] != known[:-1]), True][: len(account)]
    account, known, real, total = account[last], known[last], real[last], total[last]
    moved = np.r_[True, (account[1:] != account[:-1]) | (total[1:] != total[:-1])][: len(account)]
    account, known, real, total = account[moved], known[moved], real[moved], total[moved]
    return account, _dated(account, real, known), known, total


def _dated(account: NDArray[np.int32], real: Ints, known: Ints) -> Ints:
    """Date changes so that, of those known, the last one known is also the last one dated."""
    dated = real.copy()
    for i in np.flatnonzero(np.r_[False, account[1:] == account[:-1]][: len(account)]):
        if dated[i] <= dated[i - 1]:
            dated[i] = known[i]
    return dated


def renewals(contracts: Contracts, until: int) -> tuple[NDArray[np.int32], Ints, NDArray[np.float64]]:
    """Give for every term that began while a version ran when it began and when it ends.

    A booked ``renews_at`` is trusted within the first term of its version; later terms are the start plus
    whole terms. Without a term it is trusted only where it was recorded by the version's start. A version
    that changes nothing about the next renewal adds no fact.

    Returns
    -------
    account, moment, value
        Codes, when the term began, and its end in days since 1970.
    """
    versions = contracts.versions
    gone = np.minimum(contracts.left_known, contracts.ended_known)
    stop = np.minimum(np.minimum(gone, versions.until), until)
    months = np.nan_to_num(contracts.term, nan=0.0).astype(np.int64)
    at = versions.since.copy()
    due, steps = _next_term(versions.began, months, at, np.ones(len(at), dtype=np.int64), at < stop)
    booked = contracts.renews
    sure = (versions.recorded != NEVER) & (versions.recorded <= versions.began + DAY)
    within = np.where(months > 0, booked <= np.where(months > 0, due, 0) + _SLACK, sure)
    due = np.where((booked != NEVER) & (booked > at) & (within | ~versions.first), booked, due)
    live = (at < stop) & (due != NEVER)
    found = [(np.flatnonzero(live), at[live], due[live])]
    while (live := live & (due < stop) & (months > 0)).any():
        at = np.where(live, due, at)
        ahead, steps = _next_term(versions.began, months, at, steps + live, live)
        due = np.where(live, ahead, due)
        found.append((np.flatnonzero(live), at[live], due[live]))
    row, at, due = (np.concatenate([f[i] for f in found]) for i in range(3))
    order = np.lexsort((at, row))
    row, at, due = row[order], at[order], due[order]
    item = versions.item[row]
    same = np.r_[False, (item[1:] == item[:-1]) & (due[1:] == due[:-1])][: len(row)]
    row, at, due = row[~same], at[~same], due[~same]
    return contracts.account[row], at, due / DAY


def _next_term(began: Ints, months: Ints, at: Ints, steps: Ints, live: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Give the first end of a whole term after ``at`` (NEVER without a term), and how many terms that is."""
    steps = steps.copy()
    while (behind := live & (months > 0) & (add_months(began, steps * months) <= at)).any():
        steps[behind] += 1
    return np.where(months > 0, add_months(began, steps * months), NEVER), steps
