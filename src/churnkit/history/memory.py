"""How much memory a history may take, and whether a table would fit into it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from churnkit.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

FACT = 128
"""Bytes that one fact takes at the most while it is read, grouped and swept."""

_PACKED = 6
"""What a zipped text file comes to, unpacked; logs shrink to a sixth or less."""
_TEXT = 3
"""Bytes in memory per byte of a text file, cells and what is read from them together."""

_SHARE = 0.6
"""Of the free memory a history may take this share before it goes to disk of its own accord."""


class Passing:
    """A folder below TMPDIR that goes when nobody holds it any more, and with the process at the latest."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="churnkit-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(|B|KB|MB|GB|TB|KIB|MIB|GIB|TIB)\s*", re.IGNORECASE)
_LEAST = 64 * 10**6


def read_size(value: int | str) -> int:
    """Read a size in bytes: ``"4GB"`` (10**9), ``"512MiB"`` (2**20), or a whole number of bytes.

    Raises
    ------
    RequestError
        If it is no size, or less than 64 MB, with which nothing could be read.
    """
    found = _SIZE.fullmatch(str(value)) if not isinstance(value, bool) else None
    if found is None:
        raise RequestError(f'memory={value!r} is no size: write "4GB", "512MB" or a number of bytes.')
    unit = found[2].upper().removesuffix("B")
    step = 1024 if unit.endswith("I") else 1000
    size = int(float(found[1]) * step ** " KMGT".index(unit[:1] or " "))
    if size < _LEAST:
        raise RequestError(f"memory={value!r} is {size:,} bytes; reading tables takes {_LEAST:,} at the least.")
    return size


def free_memory() -> int | None:
    """Give the bytes that this process may still take: of the machine, or of its control group; None: unknown."""
    sizes = [size for size in (_of_machine(), _of_group()) if size is not None]
    return min(sizes) if sizes else None


def _of_machine() -> int | None:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        found = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
        return int(found[1]) * 1024 if found else None
    except OSError:
        names = getattr(os, "sysconf_names", {})
        known = "SC_PHYS_PAGES" in names and "SC_PAGE_SIZE" in names
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if known else None


def _of_group() -> int | None:
    try:
        group = Path("/sys/fs/cgroup")
        limit, used = (group / f"memory.{n}" for n in ("max", "current"))
        return max(0, int(limit.read_text(encoding="ascii")) - int(used.read_text(encoding="ascii")))
    except (OSError, ValueError):  # no such group, or no limit: "max"
        return None


def needed(files: Sequence[Path], rows: int) -> int:
    """Estimate what a table takes: by its rows where they are known (Parquet), by its size where not."""
    text = (p for p in files if not p.name.endswith((".parquet", ".pq")))
    size = sum(p.stat().st_size * (_PACKED if p.name.endswith(".gz") else 1) for p in text)
    return rows * FACT + size * _TEXT


def bound_for(need: int) -> int | None:
    """Give the memory to stay within where a table of that size would not fit; None where it does."""
    free = free_memory()
    return None if free is None or need <= _SHARE * free else max(_LEAST, int(_SHARE * free))
