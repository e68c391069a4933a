"""Which accounts there are: ids of any kind, matched once per distinct value."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from churnkit.errors import BadRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from churnkit.history.door import Admitted

_WHOLE = re.compile(r"[+]?0*(\d+)(?:\.0+)?")
_SPOILT = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")


class Keys:
    """The account ids, as texts, in code order.

    Attributes
    ----------
    index
        The ids as texts.
    ids
        The ids as shown: integers where every id is one in the source, texts otherwise.
    """

    def __init__(self, texts: Sequence[str], *, whole: bool = False) -> None:
        self.index = pd.Index(np.asarray(texts, dtype=object), dtype=object)
        whole = whole and all(len(t) < len(str(2**63)) for t in self.index)  # what int64 holds for sure
        self.ids = pd.Index(self.index.astype("int64"), name="account_id") if whole else self.index.rename("account_id")
        self.whole = whole
        self._uuids: dict[str, int] | None = None

    @classmethod
    def of(cls, accounts: Admitted) -> Keys:
        """Take the ids of the accounts table.

        Raises
        ------
        BadRows
            If an id comes more than once.
        """
        cells = accounts.cells["account_id"]
        codes, used = cells.values, accounts.used
        twice = pd.Series(codes).duplicated().to_numpy() & used & (codes >= 0)
        if twice.any():
            first = int(np.argmax(twice))
            spoilt = _SPOILT.fullmatch(str(cells.objects()[first])) is not None
            raise BadRows(
                f"accounts.account_id: {int(twice.sum()):,} of {accounts.rows:,} rows repeat an id "
                f'(first: row {accounts.source.row_numbers(np.array([first]))[0]:,}, "{cells.objects()[first]}"). '
                + ("A spreadsheet has cut these ids; export them as text. " if spoilt else "")
                + "Keep one row per account; what changes over time belongs in a dated table."
            )
        kind = accounts.source.column("account_id").type
        return cls(accounts.values("account_id"), whole=pa.types.is_integer(kind))

    def column(self, codes: NDArray[np.int32] | None = None) -> pd.Series:
        """Give the ids of accounts as a column; all, in code order, or those of codes."""
        ids = self.ids.to_numpy()
        return pd.Series(ids if codes is None else ids[codes], dtype=ids.dtype)

    def match(self, table: Admitted, column: str, source: Any) -> None:
        """Give every row its account code; set aside rows of unknown accounts."""
        cells = table.cells[column]
        assert cells.words is not None
        known = self.codes(cells.words)
        codes = np.append(known, np.int32(-1))[cells.values]
        table.account = codes
        table.release(column)
        unknown = (codes < 0) & ~cells.empty
        if unknown.any():
            table.set_aside(
                unknown,
                column,
                "name an account that is not in accounts",
                cure=self._cure(cells.words[known < 0]),
                cells=source,
            )

    def codes(self, words: Any) -> NDArray[np.int32]:
        """Give the codes of ids (-1: none): as they are, as whole numbers, or as UUIDs however written."""
        known: NDArray[np.int32] = self.index.get_indexer(pd.Index(words, dtype=object)).astype(np.int32)
        for i in np.flatnonzero(known < 0):
            known[i] = self._read_otherwise(str(words[i]))
        return known

    def _read_otherwise(self, word: str) -> int:
        if self.whole and (found := _WHOLE.fullmatch(word)):
            return int(self.index.get_indexer([found[1]])[0])
        if (canonical := _canonical(word)) is None:
            return -1
        if self._uuids is None:
            read = ((_canonical(t), i) for i, t in enumerate(self.index))
            self._uuids = {t: i for t, i in read if t is not None}
        return self._uuids.get(canonical, -1)

    def _cure(self, words: Any) -> str:
        """Say what would let unknown ids in."""
        plain = "add it to accounts, or leave it out on purpose."
        if any(_SPOILT.fullmatch(str(w)) for w in words[:1000]):
            return "a spreadsheet has cut ids such as 1.23E+11; export them as text."
        lower = {str(t).lower() for t in self.index}
        alike = [w for w in words if str(w).lower() in lower]
        if alike:
            return f'{len(alike):,} ids differ from one in accounts only in case ("{alike[0]}"); write them alike.'
        bare = {str(t).lstrip("0") for t in self.index}
        padded = [w for w in words if str(w).lstrip("0") in bare]
        if padded:
            told = f'{len(padded):,} ids differ from one in accounts only in leading zeros ("{padded[0]}")'
            return f"{told}; write them alike."
        return plain


def _canonical(word: str) -> str | None:
    """Give a UUID in lower case with hyphens; None where it is none."""
    bare = word.strip("{}").replace("-", "")
    if len(bare) != 32:
        return None
    try:
        return str(uuid.UUID(hex=bare))
    except ValueError:
        return None
