"""Dated facts being gathered, table by table, until they are signals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnkit.errors import BadRows
from churnkit.history.signals import Signals

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_NAMES = int(np.iinfo(np.int16).max)
_DTYPES: dict[str, tuple[Any, Any]] = {
    "account": (np.int32, 0),
    "signal": (np.int16, 0),
    "known": (np.int64, 0),
    "occurred": (np.int64, 0),
    "value": (np.float64, np.nan),
    "label": (np.int32, -1),
    "actor": (np.int32, -1),
}


@dataclass(eq=False)
class Facts:
    """Signals being gathered, one block of rows at a time."""

    names: dict[str, int] = field(default_factory=dict)
    themes: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    actors: pd.Index = field(default_factory=lambda: pd.Index([], dtype=object))
    blocks: list[dict[str, Any]] = field(default_factory=list)

    def name(self, signal: str, table: str, theme: str) -> int:
        """Give the code of a signal, new or not.

        Raises
        ------
        BadRows
            If there are more names than signals can have.
        """
        if signal not in self.names:
            if len(self.names) >= MOST_NAMES:
                raise BadRows(
                    f"{table}: more than {MOST_NAMES:,} different names of events; an event is a kind of thing "
                    f'(login, export), not "{signal}". Put what differs into value or user_id.'
                )
            self.names[signal] = len(self.names)
            self.themes[signal], self.tables[signal] = theme, table
        return self.names[signal]

    def add(self, signal: Any, account: NDArray[np.int32], occurred: NDArray[np.int64], **more: Any) -> None:
        """Add rows; ``signal`` is a code or one per row, further columns come where there are some."""
        if len(account):
            codes = (
                np.full(len(account), signal, np.int16) if np.isscalar(signal) else signal.astype(np.int16, copy=False)
            )
            self.blocks.append(
                {"rows": len(account), "signal": codes, "account": account, "occurred": occurred, **more}
            )

    def label_codes(self, words: Any) -> NDArray[np.int32]:
        """Give codes for texts (None: -1), shared by all signals."""
        codes, found = pd.factorize(pd.Series(words, dtype=object))
        return self.shared_labels(codes.astype(np.int32), np.asarray(found, dtype=object))

    def shared_labels(self, codes: NDArray[np.int32], words: NDArray[np.object_]) -> NDArray[np.int32]:
        """Give the shared codes of texts that are positions among distinct words already."""
        used = np.unique(codes)
        shared = np.full(len(words) + 1, -1, dtype=np.int32)
        for i in used[used >= 0]:
            shared[i] = self.labels.setdefault(str(words[i]), len(self.labels))
        return np.asarray(shared[codes], dtype=np.int32)

    def shared_actors(self, codes: NDArray[np.int32], words: NDArray[np.object_]) -> NDArray[np.int32]:
        """Give the shared codes of people, told apart over all tables."""
        named = pd.Index(words, dtype=object)
        if not len(self.actors):
            self.actors = named
            return codes
        self.actors = self.actors.append(named[~named.isin(self.actors)])
        shared = np.append(self.actors.get_indexer(named).astype(np.int32), np.int32(-1))
        return np.asarray(shared[codes], dtype=np.int32)

    def signals(self) -> Signals:
        """Join all blocks, column by column, letting go of each as it is joined; what no block has is None."""
        rows = sum(b["rows"] for b in self.blocks)
        ready = {column: self._joined(column, rows) for column in _DTYPES}
        return Signals(
            names=tuple(self.names),
            labels=tuple(self.labels),
            themes=dict(self.themes),
            tables=dict(self.tables),
            **ready,
        )

    def _joined(self, column: str, rows: int) -> Any:
        dtype, nothing = _DTYPES[column]
        if not any(column in b for b in self.blocks):
            return np.empty(0, dtype) if column in ("account", "signal", "occurred") else None
        if len(self.blocks) == 1:
            return np.ascontiguousarray(self.blocks[0].pop(column), dtype=dtype)
        out = np.empty(rows, dtype=dtype)
        at = 0
        for block in self.blocks:
            end = at + block["rows"]
            if column in block:
                out[at:end] = block.pop(column)
            elif column == "known":
                out[at:end] = block["occurred"]
            else:
                out[at:end] = nothing
            at = end
        return out
