"""Time passing without a fact: the history as it was known at a moment, whose records still go on after it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from churnkit.history.history import History
from churnkit.history.then import cut
from churnkit.timeline import moment

if TYPE_CHECKING:
    from churnkit.timeline import Cutoff


def silent_after(history: History, at: Cutoff | int) -> History:
    """Give what was known at a moment, followed by silence until where the records of ``history`` end.

    Unlike :meth:`History.known_at`, whose records end at the moment and which refuses later cutoffs, windows
    slide here over a time in which nothing happens.

    Raises
    ------
    CutoffOutOfReach
        If no account was open yet.
    """
    whole = history._contents  # noqa: SLF001 - of this very room
    return History.holding(replace(cut(whole, moment(at, history.timezone)), observed=whole.observed))
