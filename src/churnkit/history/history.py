"""History: what happened to every account, checked at the door, dated, in UTC."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from churnkit.display import Drawable
from churnkit.errors import CutoffOutOfReach, RowsSetAside, TooLarge, UnknownAccount
from churnkit.history.assembly import Contents, Orders, assemble
from churnkit.history.door import Reading
from churnkit.history.memory import read_size
from churnkit.history.observed import last_of
from churnkit.history.stored import StoredSignals
from churnkit.history.tone import Tone
from churnkit.timeline import DAY, Span, as_text, moment, zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from churnkit.history.check import DataReport
    from churnkit.history.check.support import Definition
    from churnkit.history.contracts import Contracts
    from churnkit.history.options import Signal
    from churnkit.history.tone import Scorer
    from churnkit.timeline import Cutoff


class History(Drawable):
    """What happened to every account.

    Parameters
    ----------
    **tables
        The tables of the data contract by name: ``accounts`` and ``activity``, and any of
        ``satisfaction``, ``tickets``, ``subscriptions``, ``decisions``, ``contacts``, ``managers``, and those that
        ``signals`` names; each a frame of pandas, polars, pyarrow, DuckDB or anything else that narwhals
        understands.
    timezone
        The zone in which naive times are read, and whose midnights divide days.
    observed_until
        How far the record goes: one moment for every table, or a mapping from table to moment. Found
        from the rows where it is not given.
    dayfirst
        How texts such as ``"03/04/2026"`` are read; None sets them aside.
    signals
        Tables of your own, each of which becomes a signal of its name.
    text
        What scores comments (``comment_tone``, ``ticket_tone``): a callable from texts to numbers, or
        ``"lexicon"`` for the English one of the extra ``text``. None: comments are not read.
    rebuy_gap
        An end followed within this gap by a new start of the same account is one continuous subscription.
    memory
        How much memory the facts of activity may take, such as ``"4GB"``: they are then kept on disk (below
        TMPDIR) by account, and measured one part of the accounts at a time, with the same bytes as result.
        None: in memory, unless the files would not fit.

    Attributes
    ----------
    accounts
        One row per account; the row number is the account's code everywhere inside.
    opened
        int64 moments, by code.
    signals
        Every dated fact.
    subscriptions, tickets, contacts, decisions, managers
        The cleaned tables, with the code in ``account``; None where there is no such table.
    comments
        What was written beside a score: account, account_id, occurred_at, metric, comment, and score and recorded_at
        where there are such columns; None where nothing was.
    attributes
        Columns of ``accounts`` that describe the account and never change.
    rejected
        Every row set aside: table, row (from 1), column, reason, value.
    notes
        What the door decided, in words.
    rows
        For every table how many rows were read and used.

    Raises
    ------
    DataError
        All problems that no default can mend, in one message.
    """

    def __init__(  # noqa: PLR0913 - options of the reader, all by name
        self,
        *,
        timezone: str = "UTC",
        observed_until: Cutoff | Mapping[str, Cutoff] | None = None,
        dayfirst: bool | None = None,
        signals: Mapping[str, Signal] | None = None,
        text: Scorer | Literal["lexicon"] | None = None,
        rebuy_gap: Span | str = "7d",
        memory: int | str | None = None,
        **tables: Any,
    ) -> None:
        zone(timezone)
        orders = Orders(
            Reading(timezone, dayfirst),
            observed_until,
            Span.of(rebuy_gap),
            signals or {},
            Tone.of(text),
            None if memory is None else read_size(memory),
        )
        self._hold(assemble(tables, orders))
        if len(self.rejected):
            warnings.warn(self._set_aside_text(), RowsSetAside, stacklevel=2)

    @classmethod
    def holding(cls, contents: Contents) -> Self:
        """Make a history of what the door, or another history, has made ready."""
        history = cls.__new__(cls)
        cls._hold(history, contents)
        return history

    def _hold(self, contents: Contents) -> None:
        self._contents = contents
        self.timezone = contents.timezone
        self.accounts = contents.accounts
        self.opened = contents.opened
        self.attributes = contents.attributes
        self.subscriptions = contents.frames.get("subscriptions")
        self.tickets = contents.frames.get("tickets")
        self.contacts = contents.frames.get("contacts")
        self.decisions = contents.frames.get("decisions")
        self.comments = contents.frames.get("comments")
        self.managers = contents.managers
        self.signals = contents.signals
        self.notes = contents.notes
        self.rejected = contents.rejected
        self.rows = dict(contents.rows)

    @property
    def account_ids(self) -> pd.Index:
        """Ids in code order."""
        return self._contents.keys.ids

    @property
    def contracts(self) -> Contracts | None:
        """Subscriptions as versions that never show the future; None without the table."""
        return self._contents.contracts

    @property
    def observed_until(self) -> dict[str, int]:
        """For every table the end of its record, in microseconds UTC."""
        return {name: end.until for name, end in self._contents.observed.items()}

    @property
    def last_moment(self) -> int:
        """The latest end of any table's record (accounts and planned moments apart)."""
        return last_of(self._contents.observed)

    @property
    def first_moment(self) -> int:
        """The first fact of the record: openings and contracts apart, which reach back before it."""
        behind = self.signals.tables
        real = [at for name, at in self.signals.first.items() if behind[name] not in ("accounts", "subscriptions")]
        return min(real) if real else int(self.opened.min())

    def pieces(self) -> Iterator[tuple[Self, NDArray[np.bool_]]]:
        """Give the history in pieces that fit into memory, each with the accounts (by code) whose facts it has.

        All else is the same in every piece. There is one piece where all facts are in memory.
        """
        accounts = np.arange(len(self.accounts), dtype=np.int32)
        for rows, part in self.signals.shards(accounts):
            mine = np.zeros(len(accounts), dtype=np.bool_)
            mine[rows] = True
            whole = part is self.signals
            yield (self if whole else self.holding(replace(self._contents, signals=part))), mine

    def ended_early(self, table: str, cutoff: int) -> bool:
        """Whether a table's record stops before a cutoff, beyond its usual silences."""
        end = self._contents.observed.get(table)
        return end is not None and table != "accounts" and cutoff > end.until + end.allowance

    def check_reach(self, cutoffs: NDArray[np.int64]) -> None:
        """Refuse cutoffs that lie before the first fact or after the record."""
        last, first = self.last_moment, self.first_moment
        allowance = max(end.allowance for end in self._contents.observed.values() if end.until == last)
        late = cutoffs[cutoffs > last + max(allowance, DAY)]
        if len(late):
            raise CutoffOutOfReach(
                f"cutoff {as_text(int(late[0]))} is beyond the record, which ends {as_text(last)} "
                f"({len(late)} of {len(cutoffs)} cutoffs). Choose an earlier cutoff, or pass observed_until= "
                "if the record really goes further."
            )
        early = cutoffs[cutoffs <= first]
        if len(early):
            raise CutoffOutOfReach(
                f"cutoff {as_text(int(early[0]))} is not after the first fact, {as_text(first)} "
                f"({len(early)} of {len(cutoffs)} cutoffs): nothing was known then. Choose later cutoffs."
            )

    def code(self, account_id: Any) -> int:
        """Give the code of an account; UnknownAccount where there is none."""
        keys = self._contents.keys
        code = int(keys.codes([str(account_id)])[0])
        if code < 0:
            raise UnknownAccount.named(account_id, keys.index)
        return code

    def known_at(self, at: Cutoff | int) -> History:
        """Give the history exactly as it was at a moment.

        Rows that had not occurred, or were not known, are not there; ends, resolutions and versions that
        were not known yet do not exist. Scoring it at that moment equals scoring the whole history then.

        Raises
        ------
        CutoffOutOfReach
            If no account was open yet.
        """
        from churnkit.history.then import cut

        return self.holding(cut(self._contents, moment(at, self.timezone)))

    def by_parent(self) -> History:
        """Give the history of logos: accounts rolled up to the ``parent_id`` at the top of their line.

        Facts and contracts of all accounts below become the logo's; it opens with its first account, is
        not to be contacted if one of them is not, and keeps the attributes of the parent's own row, else
        those on which all its accounts agree.

        Raises
        ------
        TooLarge
            If the facts lie on disk.
        """
        from churnkit.history.logos import rolled_up

        if isinstance(self.signals, StoredSignals):
            raise TooLarge.at_once("by_parent()")
        return self.holding(rolled_up(self._contents))

    def check(self, churn: Definition | None = None) -> DataReport:
        """Tell everything that is wrong with the tables, and what they can support.

        Parameters
        ----------
        churn
            The churn definition whose events are counted; silence: the ends of contracts, or without
            contracts 90 days without activity.

        Returns
        -------
        DataReport

        Raises
        ------
        TooLarge
            If the facts lie on disk.
        """
        from churnkit.history.check import check

        if isinstance(self.signals, StoredSignals):
            raise TooLarge.at_once("check()")
        return check(self, self._contents, churn)

    def _set_aside_text(self) -> str:
        counts = self.rejected.groupby("table", sort=False).size()
        shown = ", ".join(f"{table} {count:,}" for table, count in counts.items())
        return f"{len(self.rejected):,} rows were set aside ({shown}); see history.rejected and history.notes."
