"""What the README shows works: its session runs, its commands exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import churnkit as ck
from churnkit.cli import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SESSION = re.search(r"## A notebook session\n+```python\n(.*?)```", README, re.DOTALL)[1]
COMMANDS = re.findall(r"^\$ (churnkit .*)$", README, re.MULTILINE)


def test_every_public_name_of_the_session_exists():
    used = set(re.findall(r"\bck\.(\w+)", SESSION))
    assert used >= {"read_history", "Recipe", "ChurnModel", "evaluate", "plan_contacts"}
    for name in used:
        assert hasattr(ck, name)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_knows_its_options(command):
    words = shlex.split(command)[1:]
    shown = CliRunner().invoke(app, [words[0], "--help"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    assert shown.exit_code == 0
    for option in (w for w in words if w.startswith("--")):
        assert option in re.sub(r"\x1b\[[0-9;]*m", "", shown.output)


def test_the_readme_never_installs_from_the_index():
    assert "pip install churnkit" not in README
    assert "churnkit-retention" in README


@pytest.mark.slow
def test_the_session_runs(tmp_path, monkeypatch):
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    told: dict[str, object] = {}
    exec(compile(SESSION, "README.md", "exec"), told)
    assert (tmp_path / "monday.html").stat().st_size > 10_000
    assert (tmp_path / "models" / "2026-06" / "manifest.json").is_file()
