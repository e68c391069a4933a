"""Examples in docstrings run and give what they say."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import churnkit

ROOT = Path(churnkit.__file__).parent
SHOWING = sorted(
    ".".join(("churnkit", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for path in ROOT.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


def test_some_docstrings_show_examples():
    assert len(SHOWING) >= 3


@pytest.mark.parametrize("name", SHOWING)
def test_examples_in_docstrings(name):
    failed, tried = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert tried
    assert not failed
