"""Fixtures of the journeys: a shell, and a folder in which the six-account company has been fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import churnkit as ck
from churnkit.errors import FewChurnEvents
from support import company
from support.shell import Shell, write_company

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shell(tmp_path, monkeypatch, capsys) -> Shell:
    return Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture(scope="session")
def fitted(tmp_path_factory) -> Path:
    """Six accounts on disk, and a model of them beside: data/, model/, recipe.toml."""
    folder = tmp_path_factory.mktemp("six")
    write_company(folder / "data")
    history = ck.History(**company.tables())
    recipe = ck.Recipe(churn=ck.Cancelled(horizon="30d"))
    recipe.write(folder / "recipe.toml")
    with pytest.warns(FewChurnEvents):
        model = ck.ChurnModel.fit(recipe, history, ck.weekly_cutoffs("2025-02-01", "2025-04-01"))
    model.save(folder / "model")
    return folder
