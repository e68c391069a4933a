"""The dirty corpus: each file ends in a report or in one typed error that names the place; no row is lost."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from churnkit import errors
from churnkit.history import read_history
from churnkit.timeline import moment

DIRTY = Path(__file__).parent / "dirty"
EXPECTED = tomllib.loads((DIRTY / "expected.toml").read_text(encoding="utf-8"))
CLEAN = {
    "accounts": "account_id,opened_at\na,2025-01-01\nb,2025-01-02\n",
    "activity": "account_id,occurred_at,event\na,2025-02-01,login\nb,2025-02-02,login\n",
}

pytestmark = pytest.mark.filterwarnings("ignore::churnkit.errors.RowsSetAside")


def folder_with(name, tmp_path):
    """Put a dirty file in the place of its table, beside clean ones."""
    table = name.split("-")[0]
    for other, text in CLEAN.items():
        if other != table:
            (tmp_path / f"{other}.csv").write_text(text, encoding="utf-8")
    shutil.copy(DIRTY / name, tmp_path / (table + name[name.index(".") :]))
    return table


def test_every_file_has_its_outcome():
    files = {p.name for p in DIRTY.iterdir() if p.suffix not in (".py", ".toml") and p.is_file()}
    assert files == set(EXPECTED)
    assert len(files) >= 40


@pytest.mark.parametrize("name", [n for n, e in EXPECTED.items() if "error" in e])
def test_one_typed_error_names_the_place(name, tmp_path):
    table = folder_with(name, tmp_path)
    with pytest.raises(errors.DataError) as caught:
        read_history(tmp_path, **EXPECTED[name].get("options", {}))
    assert type(caught.value).__name__ == EXPECTED[name]["error"]
    assert str(caught.value).startswith(table)
    for words in EXPECTED[name]["says"]:
        assert words in str(caught.value)


@pytest.mark.parametrize("name", [n for n, e in EXPECTED.items() if "error" not in e])
def test_or_a_report_of_every_row(name, tmp_path):
    expected = EXPECTED[name]
    table = folder_with(name, tmp_path)
    history = read_history(tmp_path, **expected.get("options", {}))
    assert list(history.rows[table]) == expected["rows"]
    aside = history.rejected[history.rejected["table"] == table]
    assert aside[["row", "column", "value"]].to_numpy().tolist() == expected.get("aside", [])
    assert expected["rows"][0] == expected["rows"][1] + len(aside)
    notes = [str(n) for n in history.notes if n.table == table]
    for words in expected.get("says", []):
        assert any(words in n for n in notes), notes
    if "values" in expected:
        np.testing.assert_array_equal(history.signals.value[: expected["rows"][1]], expected["values"])
    if "times" in expected:
        assert history.signals.occurred[: expected["rows"][1]].tolist() == [moment(t + "Z") for t in expected["times"]]
    told = json.loads(history.check().to_json())
    assert {r["table"]: r["set aside"] for r in told["sheets"]["tables"]}[table] == len(aside)
    if expected.get("says") or len(aside):
        assert any(f["table"] == table for f in told["findings"])
