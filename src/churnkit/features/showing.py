"""Showing: the very facts that a value came from."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnkit.features.binding import activity_signals, bind
from churnkit.features.conditions import AllOf, AnyOf, Condition, LabelTest, Not, ValueTest
from churnkit.features.expressions import Aggregate, Expression
from churnkit.features.naming import SIGNS
from churnkit.timeline import as_timestamps, known_at, moment, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.history import History
    from churnkit.timeline import Cutoff

_COLUMNS = ("aggregate", "occurred_at", "known_at", "signal", "value", "label", "actor")


def explain_value(history: History, account_id: Any, cutoff: Cutoff | int, feature: Expression) -> pd.DataFrame:
    """Show the facts that a feature's value came from.

    Parameters
    ----------
    history
        What happened.
    account_id
        As in the accounts table.
    cutoff
        The moment of the value.
    feature
        Any expression.

    Returns
    -------
    DataFrame
        One row per aggregate and fact that it took, in the order of the expression, then of time:
        aggregate (as it is written), occurred_at, known_at, signal, value, label, actor (a number that
        tells users apart). Functions of values take only facts that have one; ``share`` takes all.

    Raises
    ------
    UnknownAccount, UnknownSignal, UnknownAttribute
        If there is no such thing in the history.
    """
    (bound,) = bind([feature], history)
    code, at = history.code(account_id), moment(cutoff, history.timezone)
    aggregates = dict.fromkeys(e for e in bound.walk() if isinstance(e, Aggregate))
    shown = [_facts(history, code, at, one) for one in aggregates]
    return pd.concat(shown, ignore_index=True) if shown else pd.DataFrame(columns=list(_COLUMNS))


def _facts(history: History, code: int, at: int, one: Aggregate) -> pd.DataFrame:
    (_, signals), *_ = history.signals.shards(np.array([code], dtype=np.int32))
    end = at - one.ending.micros
    known = signals.known_or_occurred
    start = np.iinfo(np.int64).min if one.window is None else end - one.window.micros
    taken = (signals.account == code) & signals.pick(one.signals or activity_signals(history))
    taken &= known_at(signals.occurred, known, at) & within(signals.occurred, start, end)
    rows = np.flatnonzero(taken)
    value = np.full(len(rows), np.nan) if signals.value is None else signals.value[rows]
    label = np.full(len(rows), None, dtype=object)
    if signals.label is not None:
        label[:] = [None if k < 0 else signals.labels[k] for k in signals.label[rows]]
    frame = pd.DataFrame(
        {
            "aggregate": str(one),
            "occurred_at": as_timestamps(signals.occurred[rows]),
            "known_at": as_timestamps(known[rows]),
            "signal": [signals.names[s] for s in signals.signal[rows]],
            "value": value,
            "label": label,
            "actor": -1 if signals.actor is None else signals.actor[rows],
        }
    )
    kept = np.ones(len(rows), dtype=np.bool_)
    if one.where is not None and one.function != "share":
        kept &= _passes(one.where, value, label)
    if one.kind.valued:
        kept &= ~np.isnan(value)
    order = np.lexsort((value, signals.signal[rows], known[rows], signals.occurred[rows]))
    return frame.iloc[order[kept[order]]]


_COMPARE = {"lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal}


@singledispatch
def _passes(test: Condition, value: NDArray[np.float64], label: NDArray[np.object_]) -> NDArray[np.bool_]:
    raise TypeError(test, value, label)


@_passes.register
def _(test: ValueTest, value: Any, label: Any) -> Any:  # noqa: ARG001 - the other test wants it
    word = SIGNS[test.sign]
    if word == "ne":
        return ~np.isnan(value) & (value != test.limit)
    return _COMPARE[word](value, test.limit)


@_passes.register
def _(test: LabelTest, value: Any, label: Any) -> Any:  # noqa: ARG001 - the other test wants it
    named = np.array([one is not None for one in label], dtype=np.bool_)
    return named & (np.isin(label, test.labels) == (test.sign == "=="))


@_passes.register
def _(test: AllOf, value: Any, label: Any) -> Any:
    return np.logical_and.reduce([_passes(t, value, label) for t in test.tests])


@_passes.register
def _(test: AnyOf, value: Any, label: Any) -> Any:
    return np.logical_or.reduce([_passes(t, value, label) for t in test.tests])


@_passes.register
def _(test: Not, value: Any, label: Any) -> Any:
    return ~_passes(test.test, value, label)
