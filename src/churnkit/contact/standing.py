"""Standing: who may be called at all, and who is held out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.timeline import DAY, NEVER, as_text, known_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from churnkit.contact.roster import Roster
    from churnkit.contact.rules import ContactRules
    from churnkit.history import History

CONTACT, OVER, COOL, HELD, NO_CALL, NO_GAIN, DATA, GONE = STATUSES = (
    "contact",
    "over capacity",
    "cool-down",
    "holdout",
    "do-not-contact",
    "no expected gain",
    "data",
    "gone",
)
"""Every status that an account of a plan can have."""


@dataclass(frozen=True, eq=False)
class Standing:
    """Per account of the roster: whether it may be called, and why not.

    Attributes
    ----------
    eligible
        Not in cool-down, not marked do-not-contact.
    status, why
        Status and words of those that are not eligible; empty for the others.
    last_contact
        Moment of the last contact known (NEVER: none).
    """

    eligible: NDArray[np.bool_]
    status: NDArray[np.object_]
    why: NDArray[np.object_]
    last_contact: NDArray[np.int64]


def stamps(frame: pd.DataFrame, column: str) -> NDArray[np.int64]:
    """Read a column of UTC times as microseconds; NEVER where empty or absent."""
    if column not in frame:
        return np.full(len(frame), NEVER, dtype=np.int64)
    values = frame[column]
    micros = values.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64)
    return np.where(values.isna().to_numpy(), NEVER, micros)


def find_standing(roster: Roster, history: History, rules: ContactRules) -> Standing:
    """Tell who may be called, as known at the moment of the scores.

    A contact counts once it was carried out (``contacts``) or decided (``decisions``, contact true).
    """
    n = len(roster)
    status, why = np.full(n, "", dtype=object), np.full(n, "", dtype=object)
    account, at = _past_contacts(history, roster.as_of)
    last = np.full(len(history.accounts), np.iinfo(np.int64).min)
    np.maximum.at(last, account, at)
    last = last[roster.account]
    called = last > np.iinfo(np.int64).min
    if rules.most_contacts is not None:
        recent = at >= roster.as_of - rules.period.micros
        count = np.bincount(account[recent], minlength=len(history.accounts))[roster.account]
        _mark(status, why, count >= rules.most_contacts, COOL, (f"{c} contacts within {rules.period}" for c in count))
    cooling = called & (last > roster.as_of - rules.cool_down.micros)
    _mark(
        status,
        why,
        cooling,
        COOL,
        (_cooling_text(int(t), rules) if c else "" for t, c in zip(last, cooling, strict=True)),
    )
    if "do_not_contact" in history.accounts:
        marked = history.accounts["do_not_contact"].to_numpy(dtype=np.bool_)[roster.account]
        _mark(status, why, marked, NO_CALL, ("marked do-not-contact" for _ in range(n)))
    return Standing(status == "", status, why, np.where(called, last, NEVER))


def _mark(
    status: NDArray[np.object_], why: NDArray[np.object_], rows: NDArray[np.bool_], name: str, words: Iterable[str]
) -> None:
    for i, text in enumerate(words):
        if rows[i]:
            status[i], why[i] = name, text


def _cooling_text(last: int, rules: ContactRules) -> str:
    day = as_text(last // DAY * DAY)
    return f"contacted {day}, cool-down until {as_text((last + rules.cool_down.micros) // DAY * DAY)}"


def _past_contacts(history: History, as_of: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Contacts known at a moment: account codes and times, each contact once a day."""
    accounts, times = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for frame, column in ((history.contacts, "contacted_at"), (history.decisions, "decided_at")):
        if frame is None:
            continue
        occurred, recorded = stamps(frame, column), stamps(frame, "recorded_at")
        known = known_at(occurred, np.where(recorded == NEVER, occurred, np.maximum(occurred, recorded)), as_of)
        if column == "decided_at":
            known &= frame["contact"].to_numpy(dtype=np.float64) == 1
            known &= ~_carried_out(frame, occurred, history)
        accounts.append(frame["account"].to_numpy(dtype=np.int64)[known])
        times.append(occurred[known])
    return np.concatenate(accounts), np.concatenate(times)


def _carried_out(decisions: pd.DataFrame, decided: NDArray[np.int64], history: History) -> NDArray[np.bool_]:
    """Decisions that a contact names (by account and ``decided_at``): counted there, not twice."""
    if history.contacts is None or "decided_at" not in history.contacts:
        return np.zeros(len(decisions), dtype=np.bool_)
    done = pd.MultiIndex.from_arrays([history.contacts["account"].to_numpy(), stamps(history.contacts, "decided_at")])
    asked = pd.MultiIndex.from_arrays([decisions["account"].to_numpy(), decided])
    return np.asarray(asked.isin(done))


@dataclass(frozen=True, eq=False)
class Holdout:
    """Per account of the roster.

    Attributes
    ----------
    held
        Whether the account is held out (if it were to be called).
    until
        When its draw is over, microseconds.
    stratum
        In which group of like accounts it was drawn.
    """

    held: NDArray[np.bool_]
    until: NDArray[np.int64]
    stratum: NDArray[np.object_]


def draw_holdout(
    roster: Roster,
    earlier: pd.DataFrame,
    rules: ContactRules,
    *,
    eligible: NDArray[np.bool_],
    size: NDArray[np.object_],
) -> Holdout:
    """Draw the accounts that are not called, before anything is planned.

    Every account has a number in [0, 1) hashed from seed, period and its id (periods of one horizon, counted
    from 1970). Within each stratum (size by half of the risk) the share with the smallest numbers is held out;
    the fraction left over is rounded at random, so each is held out with probability ``rules.holdout``. An
    account on an earlier list keeps its draw, held out or not, until the horizon of that draw is over, also where
    ``rules.holdout`` is 0 by now; once there is
    such a list all others are drawn anew, by the moment instead of the period: who may be called now depends on
    what the old numbers settled then, and the lot must not.

    Parameters
    ----------
    earlier
        Draws that still hold (:func:`earlier_draws`).
    """
    n = len(roster)
    until = np.full(n, roster.as_of + roster.horizon.micros, dtype=np.int64)
    half = (
        np.where(roster.probability >= np.median(roster.probability), "higher risk", "lower risk") if n else np.zeros(0)
    )
    stratum = np.array([f"{s}, {h}" for s, h in zip(size, half, strict=True)], dtype=object)
    held = np.zeros(n, dtype=np.bool_)
    if rules.holdout == 0 and not len(earlier):
        return Holdout(held, until, stratum)
    period = f"at {roster.as_of}" if len(earlier) else roster.as_of // max(roster.horizon.micros, 1)
    number = np.array([unit_hash(rules.seed, period, i) for i in roster.ids])
    at = pd.Index(earlier["account"]).get_indexer(roster.account)
    before = at >= 0
    held_before = np.append(earlier["held"].to_numpy(dtype=np.bool_), False)[at]
    until_before = np.append(earlier["until"].to_numpy(dtype=np.int64), 0)[at]
    for name in np.unique(stratum[eligible].astype(str)):
        mine = np.flatnonzero(eligible & ~before & (stratum == name))
        wanted = rules.holdout * len(mine)
        most = int(wanted) + (unit_hash(rules.seed, period, f"stratum {name}") < wanted - int(wanted))
        held[mine[np.lexsort((roster.account[mine], number[mine]))][:most]] = True
    return Holdout(np.where(before, held_before, held), np.where(before, until_before, until), stratum)


def earlier_draws(history: History, previous: pd.DataFrame | None, as_of: int) -> pd.DataFrame:
    """Give draws that still hold at a moment, one row per account: account (code), held, until (microseconds).

    These are the random decisions of accounts on a list whose ``until`` has not come, out of the history's
    decisions and those of a previous plan; of several the first.
    """
    rows = []
    for frame in (history.decisions, previous):
        if frame is None or not {"on_list", "until"} <= set(frame.columns):
            continue
        decided, end, recorded = (stamps(frame, c) for c in ("decided_at", "until", "recorded_at"))
        holds = (
            known_at(decided, np.where(recorded == NEVER, decided, recorded), as_of) & (end != NEVER) & (end > as_of)
        )
        holds &= (flags(frame["on_list"]) == 1) & (frame["assignment"] == "random").to_numpy()
        found = pd.DataFrame({"held": flags(frame["contact"]) == 0, "until": end, "decided": decided})
        if "account" in frame:
            found["account"] = frame["account"].to_numpy(dtype=np.int64)
        else:
            found["account"] = pd.Index(history.account_ids.astype(str)).get_indexer(frame["account_id"].astype(str))
        rows.append(found[holds])
    if not rows:
        return pd.DataFrame({"account": [], "held": [], "until": []}).astype(
            {"account": "int64", "held": "bool", "until": "int64"}
        )
    every = pd.concat(rows, ignore_index=True).sort_values("decided", kind="stable")
    return every[every["account"] >= 0].drop_duplicates("account", keep="first")


def flags(column: pd.Series) -> NDArray[np.float64]:
    """Read true and false as 1.0 and 0.0; NaN where empty."""
    return np.array([np.nan if pd.isna(v) else float(v) for v in column], dtype=np.float64)


def unit_hash(seed: int, *parts: object) -> float:
    """Give a number in [0, 1) that depends on nothing but the seed and the parts."""
    digest = hashlib.blake2b("|".join(map(str, (seed, *parts))).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
