"""Real data that nobody of this project made, as the benchmarks read it (see SOURCES.md beside the data)."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = [up / "shared" / "data" for up in (ROOT.parent, ROOT.parent.parent)]
ABSENT = "open data: the shared folder with the five open sets is not beside this checkout"


def folder() -> Path:
    """Find the data, or skip with the reason."""
    for place in PLACES:
        if place.is_dir():
            return place
    pytest.skip(ABSENT)


def _open_sets():
    """Load ``benchmarks/open_sets.py``, which is in no package."""
    spec = util.spec_from_file_location("open_sets", ROOT / "benchmarks" / "open_sets.py")
    module = sys.modules[spec.name] = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


open_sets = _open_sets()
FLAT = tuple(open_sets.FLAT)


def flat(name: str):
    """Read a flat table."""
    return open_sets.FLAT[name](folder())


def events(name: str, **how: bool):
    """Read dated facts."""
    return open_sets.EVENTS[name](folder(), **how)
