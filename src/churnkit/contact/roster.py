"""The roster: every scored account, in the order of its code, with what a plan reads of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

import numpy as np
import pandas as pd

from churnkit import features as f
from churnkit.contact.roles import NO_THEME, main_theme
from churnkit.contact.signs import ASLEEP, likeliest, read_signs
from churnkit.contact.signs.bills import bills
from churnkit.errors import UnknownAccount, WrongModel
from churnkit.timeline import Span

if TYPE_CHECKING:
    from weakref import ReferenceType

    from numpy.typing import NDArray

    from churnkit.contact.effect import Effect, Kinds
    from churnkit.contact.signs import Signs
    from churnkit.history import History
    from churnkit.reasons import Reasons
    from churnkit.scoring import Scores

    Floats = NDArray[np.float64]

NOBODY = -1
_HORIZON = re.compile(r"probability_(\d+[hdw])")
_Z90 = 1.6448536269514722
"""A 90 % interval ends so many standard deviations from the middle."""


@dataclass(frozen=True, eq=False)
class Roster:
    """Scored accounts by ascending code; every array has one position per account.

    Attributes
    ----------
    frame
        ``scores.frame`` in this order.
    account
        int32 codes in the history. ``ids``: their account_id.
    as_of, horizon
        The moment of the scores (microseconds UTC) and the main horizon.
    probability
        P(leave within the main horizon), as scored.
    uncalled
        p0: the same without a call, as the effect has it (:meth:`Effect.without_call`).
    horizons, chances
        Days, ascending, and P(leave within each) without a call [n, h], the main one among them.
    spread
        Standard deviation of the log-odds, from the 90 % interval; 0 where there is none.
    refit_spread
        Standard deviation by which the log-odds would move in a model learnt anew: what makes a rank unsure. Where
        the scores do not say, ``spread``.
    manager
        Positions in ``manager_ids``; -1: the account has none.
    parent
        Accounts of one parent share a number; those without one have a number of their own.
    theme
        int8, position in ``THEMES``: the likeliest trouble by the signs, without signs what speaks most for leaving;
        -1: nothing.
    ends
        Days until the contract ends by itself (it does not renew unless it is signed again), where that lies within
        the main horizon; else NaN.
    kinds, signs
        float64 [n, kinds]: how likely each kind is, and the signs behind it (:mod:`churnkit.contact.signs`); None where
        the history shows none.
    bills
        float64 [n, weeks ahead]: P(the contract ends within so many weeks because of a bill that is owed), 0 where none
        is; None where nothing is known of bills.
    """

    frame: pd.DataFrame
    account: NDArray[np.int32]
    ids: NDArray[np.object_]
    as_of: int
    horizon: Span
    probability: Floats
    uncalled: Floats
    horizons: Floats
    chances: Floats
    spread: Floats
    refit_spread: Floats
    manager: NDArray[np.int64]
    manager_ids: tuple[str, ...]
    parent: NDArray[np.int64]
    theme: NDArray[np.int8]
    kinds: Floats | None
    ends: Floats
    signs: Signs | None = None
    bills: Floats | None = None

    def unpaid(self, row: NDArray[np.int64], weeks: int) -> Floats:
        """Give P(left within some weeks because of a bill that is owed).

        Whoever owes and leaves is taken to leave when contracts ended of bills as old: p0 says how many, the past when.
        """
        if self.bills is None:
            return np.zeros(len(row))
        bills = self.bills[row]
        by_then, last = bills[:, min(weeks, bills.shape[1]) - 1], bills[:, -1]
        share = np.divide(by_then, last, out=np.zeros(len(row)), where=last > 0)
        return np.asarray(share * self.uncalled[row])

    def left_alone(self, effect: Effect, history: History) -> Roster:
        """Take p0 from an effect; the odds of every horizon change by the same factor."""
        p0 = effect.without_call(self, history)
        more = (_log_odds(p0) - _log_odds(self.uncalled))[:, None]
        moved = 1.0 / (1.0 + np.exp(-(_log_odds(self.chances) + more)))
        chances = np.where(self.horizons == self.horizon.days, p0[:, None], moved)
        chances = np.where(more == 0, self.chances, np.maximum.accumulate(chances, axis=1))
        return replace(self, uncalled=np.where(more[:, 0] == 0, self.uncalled, p0), chances=chances)

    def of_trouble(self, effect: Effect) -> Kinds:
        """Give what an effect tells accounts apart by: shares of kinds, or codes of themes."""
        if not effect.reads_signs:
            return self.theme
        if self.kinds is not None:
            return self.kinds
        return np.full(len(self), NO_THEME, dtype=np.int8) if effect.tells_roles else self.theme

    def __len__(self) -> int:
        return len(self.account)


def read_roster(scores: Scores, reasons: Reasons | None, history: History) -> Roster:
    """Bring scores, reasons and accounts together.

    Raises
    ------
    UnknownAccount
        If the history does not know a scored account.
    WrongModel
        If the reasons speak of none of the scored accounts.
    """
    frame = scores.frame
    codes = _codes(frame["account_id"], history)
    order = np.argsort(codes, kind="stable")
    frame, codes = frame.iloc[order].reset_index(drop=True), codes[order]
    probability = frame["probability"].to_numpy(dtype=np.float64)
    horizons, chances = _chances(frame, scores.horizon, probability)
    accounts = history.accounts
    manager_ids, manager = _numbered(accounts, "manager_id", codes)
    _, parent = _numbered(accounts, "parent_id", codes)
    told = None if reasons is None else reasons.frame
    ids = pd.Index(frame["account_id"])
    if told is not None and len(told) and len(ids) and not ids.isin(told["account_id"]).any():
        raise WrongModel(
            f"reasons: none of the {told['account_id'].nunique():,} accounts explained is among the {len(ids):,} "
            "scored. Pass the reasons that model.explain(scores) gave for these scores."
        )
    signs = _signs(scores, history, codes)
    theme, kinds = _troubles(signs, main_theme(told, ids))
    return Roster(
        frame=frame,
        account=codes,
        ids=ids.to_numpy(dtype=object),
        as_of=int(scores.as_of),
        horizon=scores.horizon,
        probability=probability,
        uncalled=probability,
        horizons=horizons,
        chances=chances,
        spread=_spread(frame),
        refit_spread=_spread(frame) if scores.refit_spread is None else scores.refit_spread[order],
        manager=manager,
        manager_ids=manager_ids,
        parent=np.where(parent < 0, len(frame) + np.arange(len(frame)), parent),
        theme=theme,
        kinds=kinds,
        ends=_ends(history, codes, int(scores.as_of), scores.horizon.days),
        signs=signs,
        bills=_unpaid(signs, history, int(scores.as_of)),
    )


_READ: WeakKeyDictionary[Scores, tuple[ReferenceType[History], NDArray[np.int32], Signs | None]] = WeakKeyDictionary()


def _signs(scores: Scores, history: History, codes: NDArray[np.int32]) -> Signs | None:
    """Read the signs of scored accounts; once for all plans of the same scores and history."""
    before = _READ.get(scores)
    if before is not None and before[0]() is history and np.array_equal(before[1], codes):
        return before[2]
    signs = read_signs(history, codes, np.full(len(codes), int(scores.as_of), dtype=np.int64))
    _READ[scores] = (ref(history), codes, signs)
    return signs


def _unpaid(signs: Signs | None, history: History, now: int) -> Floats | None:
    """Give P(the contract ends within 1, 2, ... weeks because of a bill), where past bills tell."""
    if signs is None or not signs.owes.any():
        return None
    past = bills(history, now)
    return None if past is None else past.ends(signs.owed)


def _troubles(signs: Signs | None, from_reasons: NDArray[np.int8]) -> tuple[NDArray[np.int8], Floats | None]:
    """Give the likeliest theme of every account and the shares of kinds, None without signs."""
    if signs is None:
        return from_reasons, None
    kinds = signs.kinds
    sign = likeliest(kinds)
    theme = np.where((sign >= 0) & (sign < ASLEEP), sign, from_reasons).astype(np.int8)
    return theme, kinds


def _ends(history: History, codes: NDArray[np.int32], as_of: int, within: float) -> Floats:
    if not {"auto_renew", "renewal_due"} <= set(history.signals.names) or not len(codes):
        return np.full(len(codes), np.nan)
    asked = [f.latest("auto_renew"), f.days_until("renewal_due")]
    values = f.compute(asked, history, account=codes, cutoff=np.full(len(codes), as_of, dtype=np.int64)).values
    renews, days = values[:, 0], values[:, 1].astype(np.float64)
    return np.where((renews == 0) & (days >= 0) & (days < within), days, np.nan)


def _codes(ids: pd.Series, history: History) -> NDArray[np.int32]:
    keys = pd.Index(history.account_ids.astype(str))
    codes = keys.get_indexer(ids.astype(str))
    if (codes < 0).any():
        raise UnknownAccount.named(ids.iloc[int(np.argmax(codes < 0))], keys)
    return np.asarray(codes, dtype=np.int32)


def _numbered(
    accounts: pd.DataFrame, column: str, codes: NDArray[np.int32]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Number the texts of a column in their alphabetical order; -1 where empty or absent."""
    if column not in accounts:
        return (), np.full(len(codes), NOBODY, dtype=np.int64)
    values = accounts[column]
    present = values.notna().to_numpy()
    names, at = np.unique(values[present].astype(str).to_numpy(dtype=object).astype(str), return_inverse=True)
    every = np.full(len(accounts), NOBODY, dtype=np.int64)
    every[present] = at
    return tuple(str(n) for n in names), every[codes]


def _chances(frame: pd.DataFrame, horizon: Span, probability: Floats) -> tuple[Floats, Floats]:
    columns = {horizon.days: probability}
    for name in frame.columns:
        if found := _HORIZON.fullmatch(str(name)):
            columns.setdefault(Span.of(found[1]).days, frame[name].to_numpy(dtype=np.float64))
    days = sorted(columns)
    table = np.column_stack([columns[d] for d in days]) if len(frame) else np.zeros((0, len(days)))
    return np.array(days), np.maximum.accumulate(table, axis=1)


def _spread(frame: pd.DataFrame) -> Floats:
    if "low" not in frame or "high" not in frame:
        return np.zeros(len(frame))
    low, high = (_log_odds(frame[name].to_numpy(dtype=np.float64)) for name in ("low", "high"))
    return np.nan_to_num(np.maximum(high - low, 0.0) / (2 * _Z90))


def _log_odds(probability: Floats) -> Floats:
    inside = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def with_spread(probability: Floats, spread: Floats, noise: Floats) -> Floats:
    """Move probabilities by ``noise`` standard deviations of their log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-(_log_odds(probability) + spread * noise))))
