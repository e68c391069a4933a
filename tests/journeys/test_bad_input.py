"""Bad input: one clear message, no traceback, exit code 1; and one typed error in Python."""

from __future__ import annotations

import pandas as pd
import pytest

import churnkit as ck
from churnkit import errors
from support import company
from support.shell import AT, LEARN, write_company

ACCOUNTS = company.accounts()
ACTIVITY = company.activity()

FAULTS = {
    "missing table": ({"activity": None}, errors.MissingTable, "activity: the table is missing"),
    "missing column": (
        {"activity": ACTIVITY.rename(columns={"occurred_at": "occured_at"})},
        errors.MissingColumn,
        "activity: missing column occurred_at (did you mean 'occured_at'?)",
    ),
    "empty table": ({"activity": ACTIVITY.iloc[:0]}, errors.EmptyTable, "activity: none of 0 rows can be used"),
    "empty file": ({"activity": ""}, errors.DataError, "activity: "),
    "no readable time": (
        {"activity": ACTIVITY.assign(occurred_at="31/02/2026")},
        errors.EmptyTable,
        "cannot be read as a time",
    ),
    "duplicate ids": (
        {"accounts": pd.concat([ACCOUNTS, ACCOUNTS.iloc[:1]])},
        errors.BadRows,
        'accounts.account_id: 1 of 7 rows repeat an id (first: row 7, "ada")',
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_tables_at_fault(shell, fault):
    changed, kind, words = FAULTS[fault]
    write_company(shell.folder / "data", **changed)
    said = shell("check", "data")
    assert said.code == 1
    assert said.out == ""
    assert words in said.err
    assert "Traceback" not in said.err
    assert said.err.startswith("churnkit: ")
    with pytest.raises(kind):
        ck.read_history(shell.folder / "data")


def test_all_faults_come_in_one_message(shell):
    write_company(
        shell.folder / "data", accounts=ACCOUNTS.drop(columns="opened_at"), activity=ACTIVITY.drop(columns="event")
    )
    said = shell("check", "data")
    assert said.code == 1
    assert "accounts: missing column opened_at" in said.err
    assert "activity: missing column event" in said.err


def test_an_unreadable_time_sets_its_row_aside(shell):
    activity = ACTIVITY.assign(occurred_at=ACTIVITY["occurred_at"].astype(str))
    activity.loc[3, "occurred_at"] = "31/02/2026"
    write_company(shell.folder / "data", activity=activity)
    said = shell("check", "data")
    assert said.code == 0
    assert said.err.startswith("warning: 1 rows were set aside (activity 1)")
    assert 'row 4, "31/02/2026"' in said.out


def test_no_such_folder(shell):
    said = shell("check", "nowhere")
    assert (said.code, said.out) == (1, "")
    assert "nowhere is not a folder" in said.err


REQUESTS = {
    "cutoff beyond the record": (["score", "DATA", "--model", "MODEL", "--at", "2026-01-01"], "is beyond the record"),
    "cutoff before the record": (
        ["score", "DATA", "--model", "MODEL", "--at", "2020-01-01"],
        "nothing was known then",
    ),
    "cutoffs beyond the record": (
        ["fit", "DATA", "--recipe", "RECIPE", "--cutoffs", "2025-09:2026-01", "--model", "m"],
        "is beyond the record",
    ),
    "no time": (["score", "DATA", "--model", "MODEL", "--at", "soon"], "'soon' cannot be read as a time"),
    "no weeks": (
        ["fit", "DATA", "--recipe", "RECIPE", "--cutoffs", "2025-01-01:2025-03-01/x", "--model", "m"],
        "number of weeks",
    ),
    "months the wrong way": (
        ["fit", "DATA", "--recipe", "RECIPE", "--cutoffs", "2025-03:2025-01", "--model", "m"],
        "give the earlier month first",
    ),
    "evaluated on what was learnt": (
        ["evaluate", "DATA", "--model", "MODEL", "--cutoffs", "2025-03-01"],
        "Evaluate later cutoffs",
    ),
    "unknown account": (
        ["explain", "DATA", "--model", "MODEL", "--scores", "SCORES", "--account", "eva"],
        "no account 'eva' (did you mean 'eve'?)",
    ),
    "account that has left": (
        ["explain", "DATA", "--model", "MODEL", "--scores", "SCORES", "--account", "fay"],
        "'fay' is not in the population at 2025-06-01",
    ),
    "no model": (["score", "DATA", "--model", "nowhere"], "nowhere: no model here"),
    "no scores": (["plan", "DATA", "--scores", "nowhere"], "nowhere: not a folder of scores"),
    "no reasons": (
        ["plan", "DATA", "--scores", "SCORES", "--reasons", "nowhere.csv"],
        "nowhere.csv: not a file of reasons",
    ),
    "no evaluation": (["plan", "DATA", "--scores", "SCORES", "--evaluation", "RECIPE"], "not an evaluation"),
    "no recipe": (
        ["fit", "DATA", "--recipe", "nowhere.toml", "--cutoffs", LEARN, "--model", "m"],
        "nowhere.toml: there is no such recipe",
    ),
    "recipe of nonsense": (
        ["fit", "DATA", "--recipe", "DATA/accounts.csv", "--cutoffs", LEARN, "--model", "m"],
        "not a TOML file",
    ),
    "recipe there": (["init", "RECIPE"], "there is a recipe already"),
    "horizon of nonsense": (["init", "--horizon", "3x", "new.toml"], "span '3x' cannot be read"),
    "horizon too short": (
        ["init", "--churn", "went-quiet", "--horizon", "30d", "new.toml"],
        "needs a horizon of at least 90 days",
    ),
    "ending": (["plan", "DATA", "--scores", "SCORES", "--out", "list.xlsx"], "choose .csv or .parquet"),
    "value": (["plan", "DATA", "--scores", "SCORES", "--value", "regio"], "did you mean 'region'?"),
    "zone": (["check", "DATA", "--timezone", "Mars/Base"], "timezone 'Mars/Base' is not known"),
}


@pytest.fixture(scope="module")
def places(fitted):
    model = ck.ChurnModel.load(fitted / "model")
    scores = model.score(ck.read_history(fitted / "data"), at=AT).write(fitted / "scores")
    return {"DATA": fitted / "data", "MODEL": fitted / "model", "RECIPE": fitted / "recipe.toml", "SCORES": scores}


@pytest.mark.parametrize("fault", REQUESTS)
def test_requests_at_fault(shell, places, fault):
    words, message = REQUESTS[fault]
    for name, path in places.items():
        words = [w.replace(name, str(path)) for w in words]
    said = shell(*words)
    assert said.code == 1, said.out
    assert message in said.err
    assert said.err.startswith("churnkit: ")
    assert "Traceback" not in said.err
    assert said.out == ""


def test_a_damaged_model_is_refused(shell, fitted, tmp_path):
    import shutil

    folder = shutil.copytree(fitted / "model", tmp_path / "damaged")
    (folder / "groups.json").write_text("{}")
    said = shell("score", str(fitted / "data"), "--model", str(folder))
    assert said.code == 1
    assert "missing, added or altered (first: groups.json)" in said.err


def test_a_place_that_cannot_be_written_to(shell, places):
    (shell.folder / "file").write_text("x")
    said = shell("score", str(places["DATA"]), "--model", str(places["MODEL"]), "--at", AT, "--out", "file/scores")
    assert said.code == 1
    assert "file" in said.err
    assert "Traceback" not in said.err


def test_too_few_events_is_a_warning_not_an_error(fitted):
    model = ck.ChurnModel.load(fitted / "model")
    assert model.card.rung == "base rate"
    scores = model.score(ck.read_history(fitted / "data"), at=AT)
    assert (scores.frame["low"] < scores.frame["high"]).all()
    assert set(scores.frame["rung"]) == {"base rate"}
