"""The book: what the peers of an account looked like at one cutoff."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from churnkit.errors import BundleError, WrongModel
from churnkit.timeline import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from churnkit.features.base import Expression

Key = tuple[str, str]
"""What was measured, in content without names, and the attribute that divides the peers (empty: none)."""


@dataclass(frozen=True, eq=False)
class Peers:
    """The values of one feature among peers.

    Attributes
    ----------
    groups
        The peer groups, ascending; one of no name where nothing divides the peers.
    start
        int64[groups + 1]: where each group's values begin.
    values
        float32, ascending within each group; missing ones are left out.
    mean
        Of all values; NaN where there are none.
    """

    groups: tuple[str, ...]
    start: NDArray[np.int64]
    values: NDArray[np.float32]
    mean: float

    @classmethod
    def gather(cls, values: NDArray[np.float32], group: NDArray[np.object_] | None) -> Peers:
        """Sort the values of all accounts, by group where there are groups (None: in no group)."""
        known = ~np.isnan(values)
        if group is None:
            kept = np.sort(values[known])
            return cls(("",), np.array([0, len(kept)], dtype=np.int64), kept, _mean(kept))
        inside = known & np.array([g is not None for g in group], dtype=np.bool_)
        names = tuple(sorted(set(group[inside])))
        blocks = [np.sort(values[inside & (group == name)]) for name in names]
        start = np.cumsum([0, *map(len, blocks)]).astype(np.int64)
        joined = np.concatenate(blocks) if blocks else np.empty(0, np.float32)
        return cls(names, start, joined, _mean(np.sort(values[known])))

    def rank(self, values: NDArray[np.float32], group: NDArray[np.object_] | None) -> NDArray[np.float32]:
        """Give the share of the peers with less, ties counted half; missing where there are no peers."""
        if group is None:
            return _rank(values, self.values)
        ranks = np.full(len(values), np.nan, dtype=np.float32)
        for k, name in enumerate(self.groups):
            mine = group == name
            if mine.any():
                ranks[mine] = _rank(values[mine], self.values[self.start[k] : self.start[k + 1]])
        return ranks


@dataclass(frozen=True, eq=False)
class Book:
    """The peers at one cutoff: for every feature of the book the values of the population.

    With the same book, one account alone gets the same values, to the bit, as in a batch.

    Attributes
    ----------
    cutoff
        Microseconds UTC.
    peers
        By what was measured, and within which attribute.
    """

    cutoff: int
    peers: Mapping[Key, Peers] = field(default_factory=dict)

    def of(self, key: Key) -> Peers:
        """Give the peers' values of a feature; WrongModel where the book does not hold them."""
        if key not in self.peers:
            raise WrongModel(
                f"the book of {as_text(self.cutoff)} holds no values of {key[0]}"
                f"{f' within {key[1]}' if key[1] else ''}; pass a book that was made with the same features."
            )
        return self.peers[key]

    def write(self, path: str | Path) -> Path:
        """Write the book as a compressed npz file, without pickle."""
        path = Path(path)
        keys = list(self.peers)
        entries = [{"of": key[0], "within": key[1], "groups": list(self.peers[key].groups)} for key in keys]
        index = json.dumps({"cutoff": self.cutoff, "peers": entries})
        # Any: numpy would take an array by a free name for its flag allow_pickle
        arrays: dict[str, Any] = {"index": np.frombuffer(index.encode(), dtype=np.uint8)}
        arrays["mean"] = np.array([self.peers[key].mean for key in keys], dtype=np.float64)
        for k, key in enumerate(keys):
            arrays[f"start_{k}"], arrays[f"values_{k}"] = self.peers[key].start, self.peers[key].values
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)
        return path

    @classmethod
    def read(cls, path: str | Path) -> Book:
        """Read what :meth:`write` wrote; BundleError where that is damaged."""
        try:
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                index = json.loads(arrays["index"].tobytes())
                peers = {
                    (str(entry["of"]), str(entry["within"])): Peers(
                        tuple(map(str, entry["groups"])),
                        arrays[f"start_{k}"].astype(np.int64),
                        arrays[f"values_{k}"].astype(np.float32),
                        float(arrays["mean"][k]),
                    )
                    for k, entry in enumerate(index["peers"])
                }
                return cls(int(index["cutoff"]), peers)
        except (OSError, ValueError, KeyError, IndexError, TypeError, EOFError, zipfile.BadZipFile) as problem:
            raise BundleError(f"{path}: the book cannot be read ({problem}); score again to make one.") from problem


def key_of(measured: Expression, within: str | None) -> Key:
    """Name what is measured by its content, whatever it is called."""
    return str(measured), within or ""


def _rank(values: NDArray[np.float32], peers: NDArray[np.float32]) -> NDArray[np.float32]:
    if not len(peers):
        return np.full(len(values), np.nan, dtype=np.float32)
    less = np.searchsorted(peers, values, side="left")
    ranks = (less + np.searchsorted(peers, values, side="right")) / (2.0 * len(peers))
    return np.where(np.isnan(values), np.nan, ranks).astype(np.float32)


def _mean(ascending: NDArray[np.float32]) -> float:
    return float(np.mean(ascending, dtype=np.float64)) if len(ascending) else float("nan")
