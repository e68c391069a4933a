"""How kernels are compiled: without the interpreter's lock, single-threaded, cached on disk."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba

from churnkit import timeline

if TYPE_CHECKING:
    from collections.abc import Callable


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function when it is first called.

    The machine code is cached beside the source or, where that cannot be written, in the user's
    cache directory; where neither can, it is compiled anew in each process.
    """
    return _compiled(function, {})


def inner(function: Callable[..., Any]) -> Any:
    """Compile a function that only kernels call: without the way in from Python, which takes long to compile."""
    return _compiled(function, {"no_cpython_wrapper": True, "no_cfunc_wrapper": True})


def _compiled(function: Callable[..., Any], options: dict[str, bool]) -> Any:
    try:
        compiled = numba.njit(nogil=True, cache=True, error_model="numpy", **options)(function)
    except RuntimeError:  # numba found no directory that it may write to
        return numba.njit(nogil=True, error_model="numpy", **options)(function)
    folders = dict.fromkeys((Path(__file__).parent, Path(function.__code__.co_filename).parent))
    lapse(compiled, (timeline.__file__, *(str(file) for folder in folders for file in sorted(folder.glob("*.py")))))
    return compiled


def lapse(compiled: Any, sources: tuple[str, ...]) -> None:
    """Let cached code lapse when *any* of some sources changes.

    numba looks only at the file of the outermost function, and would keep the old code of what that
    function calls in other files.
    """
    file: Any = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if hasattr(file, "_source_stamp"):
        file._source_stamp = _digest(sources)  # noqa: SLF001 - numba offers no other way


@lru_cache(maxsize=8)
def _digest(sources: tuple[str, ...]) -> str:
    text = b"\0".join(Path(source).read_bytes() for source in sources)
    return hashlib.sha256(text).hexdigest()


known_at = inner(timeline.known_at)
"""The rule of time, compiled from the one place where it is spelled."""

within = inner(timeline.within)
