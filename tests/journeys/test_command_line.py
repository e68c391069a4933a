"""The command line: what one command writes the next one reads; exit codes; help that a newcomer understands."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pandas as pd
import pytest

from churnkit import report
from support.shell import AT, LEARN, write_company

COMMANDS = ("init", "check", "fit", "evaluate", "backtest", "score", "explain", "plan")
"""Every command of the command line."""


def test_the_whole_way(shell, fitted):
    data, until = str(fitted / "data"), ("--observed-until", "2025-07-01")
    assert shell("init", "--horizon", "30d", "recipe.toml").code == 0
    assert shell("check", data).code == 0
    learnt = shell("fit", data, "--recipe", "recipe.toml", "--cutoffs", LEARN, "--model", "models/now")
    assert learnt.code == 0
    assert "rung of evidence" in learnt.out
    assert learnt.err.startswith("warning: learning: 3 accounts are seen to leave")
    assert len(learnt.err.splitlines()) == 1
    judged = shell(
        "evaluate", data, "--model", "models/now", "--cutoffs", "2025-05-10", "--out", "evaluation.json", *until
    )
    assert judged.code == 0
    assert json.loads((shell.folder / "evaluation.json").read_text())["horizon"] == "30d"
    scored = shell("score", data, "--model", "models/now", "--at", AT, "--out", "scores")
    assert scored.code == 0
    assert "Scores of 4 accounts as of 1 June 2025" in scored.out
    why = shell("explain", data, "--model", "models/now", "--scores", "scores", "--out", "reasons.parquet")
    assert why.code == 0
    made = shell(
        "plan", data, "--scores", "scores", "--reasons", "reasons.parquet", "--model", "models/now", "--evaluation",
        "evaluation.json", "--policy", "risk", "--contacts", "2", "--out", "list.csv", "--html", "page.html",
        "--commit", "decided",
    )  # fmt: skip
    assert made.code == 0, made.err
    listed = pd.read_csv(shell.folder / "list.csv")
    assert listed["rank"].notna().sum() == 2
    raised, lowered = listed["reason_1"].notna(), listed["protective_1"].notna()
    assert (raised.sum(), lowered.sum(), (raised & lowered).sum()) == (2, 2, 0)  # one feature, which does either
    assert "written: page.html" in made.out
    page = (shell.folder / "page.html").read_text(encoding="utf-8")
    assert "Model card" in page
    assert "As of 1 June 2025" in page
    assert (shell.folder / "decided" / "decisions.parquet").exists()


def test_lists_are_replayed(shell, fitted):
    data = str(fitted / "data")
    shell("init", "--horizon", "30d", "recipe.toml")
    told = shell(
        "backtest", data, "--cutoffs", "2025-04-15:2025-05-20/1w", "--learn", LEARN, "--by", "region", "--html",
        "trial.html", "--out", "trial.json", "--observed-until", "2025-07-01",
    )  # fmt: skip
    assert told.code == 0, told.err
    assert "6 lists were made from 2 models, each with what was known then" in told.out
    assert "Backtest of the lists as known then" in (shell.folder / "trial.html").read_text(encoding="utf-8")
    assert len(json.loads((shell.folder / "trial.json").read_text())["lists"]) > 6


def test_an_evaluation_is_told_by_segment(shell, fitted):
    data, until = str(fitted / "data"), ("--observed-until", "2025-07-01")
    said = shell(
        "evaluate", data, "--model", str(fitted / "model"), "--cutoffs", "2025-05-10", "--by", "region", *until
    )
    assert said.code == 0, said.err
    wrong = shell(
        "evaluate", data, "--model", str(fitted / "model"), "--cutoffs", "2025-05-10", "--by", "regions", *until
    )
    assert wrong.code == 1
    assert "did you mean 'region'" in wrong.err


def test_reasons_as_csv_are_read_again(shell, fitted):
    data, model = str(fitted / "data"), str(fitted / "model")
    shell("score", data, "--model", model, "--at", AT)
    shell("explain", data, "--model", model, "--out", "reasons.csv")
    assert (
        shell("plan", data, "--reasons", "reasons.csv", "--policy", "value-at-risk", "--out", "list.parquet").code == 0
    )
    listed = pd.read_parquet(shell.folder / "list.parquet")
    assert (listed["reason_1"].notna() ^ listed["protective_1"].notna()).sum() == 4


def test_one_account_is_shown_alone(shell, fitted):
    data, model = str(fitted / "data"), str(fitted / "model")
    shell("score", data, "--model", model, "--at", AT)
    said = shell("explain", data, "--model", model, "--account", "ada")
    assert said.code == 0
    assert said.out.startswith("ada: ")


def test_silence_scores_at_the_end_of_the_record(shell, fitted):
    said = shell("score", str(fitted / "data"), "--model", str(fitted / "model"))
    assert "as of 1 July 2025" in said.out  # the last fact is of 2025-06-30, noon


def test_reasons_of_other_scores_are_refused(shell, fitted):
    data, model = str(fitted / "data"), str(fitted / "model")
    shell("score", data, "--model", model, "--at", AT)
    shell("explain", data, "--model", model, "--out", "reasons.csv")
    shell("score", data, "--model", model, "--at", "2025-06-08")
    said = shell("plan", data, "--reasons", "reasons.csv")
    assert said.code == 1
    assert "reasons.csv: explains scores of 2025-06-01" in said.err
    assert "the scores given are of 2025-06-08" in said.err


def test_check_as_json(shell, fitted):
    told = json.loads(shell("check", str(fitted / "data"), "--json").out)
    tables = {row["table"]: row for row in told["sheets"]["tables"]}
    assert (tables["tickets"]["read"], tables["tickets"]["used"]) == (3, 3)
    assert told["exit_code"] == 0
    assert {"findings", "support", "schema"} <= set(told)


def test_check_ends_with_1_where_something_must_be_mended(shell, fitted, monkeypatch):
    from churnkit.history.check.data_report import DataReport

    monkeypatch.setattr(DataReport, "exit_code", lambda self, **_: 1)
    assert shell("check", str(fitted / "data")).code == 1


def test_a_quiet_recipe(shell):
    said = shell("init", "--churn", "went-quiet", "--days", "60", "--event", "login", "quiet.toml")
    assert said.code == 0
    written = (shell.folder / "quiet.toml").read_text()
    assert 'kind = "went-quiet"' in written
    assert "days = 60" in written
    assert 'horizon = "60d"' in written


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(shell, command):
    said = shell(command, "--help")
    assert said.code == 0
    assert f"churnkit {command}" in " ".join(said.out.split())
    assert "Example:" in said.out


def test_help_names_every_command_and_loads_nothing_heavy():
    code = "import sys, churnkit.cli; print(*{m.split('.')[0] for m in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pandas", "numpy", "lightgbm", "numba", "sklearn", "jinja2"} & set(loaded)


@pytest.mark.parametrize(
    "words", [["chek"], ["fit"], ["score", "data", "--nope"], ["plan", "data", "--policy", "luck"]]
)
def test_usage_is_exit_code_2(shell, words):
    said = shell(*words)
    assert said.code == 2
    assert said.err


def test_quick_help_from_a_shell():
    said = subprocess.run(
        [sys.executable, "-c", "from churnkit.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for command in COMMANDS:
        assert command in said.stdout


def test_what_is_printed_is_what_the_object_prints(shell, fitted):
    from churnkit.history import read_history

    history = read_history(fitted / "data")
    said = shell("check", str(fitted / "data")).out
    assert said == f"{report.text(history)}\n{report.text(history.check())}\n"


SETTINGS = 'timezone = "America/New_York"\nobserved_until = "2025-07-03"\ndayfirst = true\n'
TICKETS = "account_id,opened_at,severity\nada,03/04/2025 12:00,1\n"  # 3 April or 4 March


@pytest.fixture
def beside(tmp_path):
    """Six accounts, with a ``history.toml`` beside their tables."""
    folder = write_company(tmp_path / "beside", tickets=TICKETS)
    (folder / "history.toml").write_text(SETTINGS, encoding="utf-8")
    return str(folder)


def test_what_is_not_said_is_left_to_the_file_beside_the_tables(shell, beside):
    said = shell("check", beside).out
    assert "days in America/New_York" in said
    assert re.search(r"tickets +1 +1 +0 +2025-07-03", said)
    assert re.search(r"1 +2025-04- +2025-04- .*\n.* 03 +03\n", said)  # the one ticket, of 3 April


def test_what_is_said_wins_over_the_file_beside_the_tables(shell, beside):
    said = shell("check", beside, "--timezone", "Asia/Tokyo", "--observed-until", "2025-07-05", "--monthfirst").out
    assert "days in Asia/Tokyo" in said
    assert re.search(r"tickets +1 +1 +0 +2025-07-04", said)  # midnight of the fifth in Tokyo
    assert re.search(r"1 +2025-03- +2025-03- .*\n.* 04 +04\n", said)


def test_cutoffs_are_midnights_of_the_zone_in_the_file(shell, fitted, beside):
    words = ("evaluate", beside, "--model", str(fitted / "model"), "--cutoffs", "2025-05:2025-05")
    assert "(first: 2025-05-01 04:00 UTC) lie before" in shell(*words).err
    assert "(first: 2025-04-30 22:00 UTC) lie before" in shell(*words, "--timezone", "Europe/Berlin").err
