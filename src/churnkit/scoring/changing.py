"""Explaining a move of scores: measure the stations of the path, then divide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnkit.errors import RequestError, WrongModel
from churnkit.features import compute
from churnkit.history.silence import silent_after
from churnkit.reasons import currency_of
from churnkit.reasons.changing import ChangeReasons, Scene, explain_path
from churnkit.reasons.moves import Lately
from churnkit.reasons.path import Path

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from churnkit.features import Book
    from churnkit.history import History
    from churnkit.scoring.model import ChurnModel
    from churnkit.scoring.scores import Scores


def explain_change(  # noqa: PLR0913 - the model's public verb, with both models told apart
    new: ChurnModel, old: ChurnModel, before: Scores, after: Scores, history: History, *, top: int, locale: str
) -> ChangeReasons:
    """Divide the move of each account's log-odds; see :meth:`ChurnModel.explain_change`."""
    _check(new, old, before, after)
    ids = pd.Index(after.frame["account_id"])
    both = ids[ids.isin(before.frame["account_id"])]
    if not len(both):
        raise RequestError(
            f"explain_change: no account is in both scores ({before.moment}: {len(before)}, {after.moment}: "
            f"{len(after)}); give scores of the same company."
        )
    path = _measured(new, old, before, after, history, both)
    code = _codes(history, both)
    between = before.as_of, after.as_of
    lately = Lately.of(old.features, history, code, between)
    scene = Scene(old.features, old.groups, lately, between, currency_of(history))
    frame, totals = explain_path(path, scene, both, top=top, locale=locale)
    return ChangeReasons(
        frame=frame,
        totals=totals,
        elsewhere=pd.concat([_only(before, after, "before"), _only(after, before, "after")], ignore_index=True),
        before=before.as_of,
        after=after.as_of,
        horizon=new.horizon,
        path=path,
        notes=_notes(path),
    )


def _check(new: ChurnModel, old: ChurnModel, before: Scores, after: Scores) -> None:
    if new.recipe.churn != old.recipe.churn:
        raise WrongModel(
            f"explain_change: the recipes differ: before {old.recipe.churn!r}, after {new.recipe.churn!r}. Their "
            "probabilities answer different questions; compare scores of models with one churn definition."
        )
    for scores, model, name in ((before, old, "before"), (after, new, "after")):
        if scores.model_id != model.model_id:
            cure = "pass before_model= the model that made them" if name == "before" else "call it on their own model"
            raise WrongModel(
                f"explain_change: the scores {name} are of model {scores.model_id}, not of {model.model_id}; {cure}."
            )
    if after.as_of <= before.as_of:
        raise RequestError(
            f"explain_change: the scores before are of {before.moment}, those after of {after.moment}; "
            "give the earlier ones first."
        )


def _measured(
    new: ChurnModel, old: ChurnModel, before: Scores, after: Scores, history: History, both: pd.Index
) -> Path:
    """Measure the features of every station of the path."""
    then, now = before.as_of, after.as_of
    code = _codes(history, both)
    first = before.measured(old, None if before.matrix is not None else history).values[_places(before, both)]
    again = _values(old, history, code, then, before.book)
    silent = silent_after(history, then)
    passed = _values(old, silent, _codes(silent, both), now, before.book)
    known = _values(old, history, code, now, before.book)
    fresh = after.measured(new, None if after.matrix is not None else history).values[_places(after, both)]
    last = _values(old, history, code, now, after.book if new is old else _peers(old, after, history))
    return Path(
        old=old.blend,
        new=old.blend if new is old else new.blend,
        horizon=new.horizon,
        then=first,
        again=first if np.array_equal(first, again, equal_nan=True) else again,
        passed=passed,
        known=known,
        now=known if np.array_equal(known, last, equal_nan=True) else last,
        fresh=fresh,
    )


def _values(model: ChurnModel, history: History, code: NDArray[np.int32], at: int, book: Book) -> NDArray[np.float32]:
    cutoff = np.full(len(code), at, dtype=np.int64)
    return compute(model.features, history, account=code, cutoff=cutoff, books={at: book}).values


def _peers(model: ChurnModel, scores: Scores, history: History) -> Book:
    """Make the book of another model's scores as this model needs it."""
    code = _codes(history, pd.Index(scores.frame["account_id"]))
    cutoff = np.full(len(code), scores.as_of, dtype=np.int64)
    return compute(model.features, history, account=code, cutoff=cutoff).books[scores.as_of]


def _codes(history: History, ids: pd.Index) -> NDArray[np.int32]:
    return np.array([history.code(one) for one in ids], dtype=np.int32)


def _places(scores: Scores, ids: pd.Index) -> NDArray[np.int64]:
    found: NDArray[np.int64] = pd.Index(scores.frame["account_id"]).get_indexer(ids)
    return found


def _only(one: Scores, other: Scores, name: str) -> pd.DataFrame:
    """Accounts of one scores that the other has not, with the reason why."""
    ids = one.frame["account_id"]
    ids = ids[~ids.isin(other.frame["account_id"])].reset_index(drop=True)
    why = dict(zip(other.excluded["account_id"], other.excluded["reason"], strict=True))
    missing = "not opened yet" if name == "after" else "not in the later scores"
    reasons = [str(why.get(one_id, missing)) for one_id in ids]
    return pd.DataFrame({"account_id": ids, "scored": name, "reason": pd.Series(reasons, dtype=object)})


def _notes(path: Path) -> tuple[str, ...]:
    if path.again is path.then:
        return ()
    off = (path.again != path.then) & ~(np.isnan(path.again) & np.isnan(path.then))
    said = f"{int(off.any(axis=1).sum()):,} accounts had facts of that time that came in late or were corrected since"
    return (f"{said}; these count as new facts.",)
