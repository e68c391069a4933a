"""The command line as a user meets it, in this process: exit code, what it says, what it complains of."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from churnkit.cli import main
from support import company

if TYPE_CHECKING:
    from pathlib import Path

LEARN = "2025-02-01:2025-04-01/1w"
"""Cutoffs from which the six-account company can be learnt with a horizon of 30 days."""
AT = "2025-06-01"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


class Shell:
    """Run commands in a folder of their own, on a terminal of a hundred columns whatever one is there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._patch, self._capture = folder, monkeypatch, capsys
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COLUMNS", "100")

    def __call__(self, *words: str) -> Said:
        self._patch.setattr(sys, "argv", ["churnkit", *words])
        with pytest.raises(SystemExit) as left:
            main()
        said = self._capture.readouterr()
        return Said(int(left.value.code or 0), said.out, said.err)


def write_company(folder: Path, **changed: object) -> Path:
    """Write the six-account company as CSV; None leaves a table out, text is written as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in (company.tables() | changed).items():
        if isinstance(table, str):
            (folder / f"{name}.csv").write_text(table, encoding="utf-8")
        elif table is not None:
            table.to_csv(folder / f"{name}.csv", index=False)
    return folder
