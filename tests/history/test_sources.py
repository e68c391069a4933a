"""Where tables come from: folders, single files, part files, frames; other names; history.toml."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnkit.errors import DataError, MissingColumn, MissingTable, RequestError, UnreadableFile
from churnkit.history import History, Signal, read_history
from churnkit.timeline import moment
from support import company
from support.small import small

pytestmark = pytest.mark.filterwarnings("ignore::churnkit.errors.RowsSetAside")


@pytest.fixture
def folder(tmp_path):
    for name, frame in small().items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


def assert_same(one, other):
    for column in ("account", "signal", "occurred"):
        np.testing.assert_array_equal(getattr(one.signals, column), getattr(other.signals, column))


def test_single_files_lists_folders_and_frames_in_one_mapping(tmp_path):
    tables = company.tables()
    tables["accounts"].to_csv(tmp_path / "kunden.csv", index=False)
    parts = tmp_path / "log" / "year=2025"
    parts.mkdir(parents=True)
    whole = tables["activity"]
    whole.iloc[:30].to_parquet(parts / "a.parquet")
    whole.iloc[30:].to_parquet(parts / "b.parquet")
    tables["tickets"].iloc[:1].to_csv(tmp_path / "t1.csv", index=False)
    tables["tickets"].iloc[1:].to_csv(tmp_path / "t2.csv.gz", index=False)
    read = read_history(
        {
            "accounts": tmp_path / "kunden.csv",
            "activity": str(tmp_path / "log"),
            "tickets": [tmp_path / "t1.csv", tmp_path / "t2.csv.gz"],
            "subscriptions": pl.from_pandas(tables["subscriptions"]),
            "managers": None,
        }
    )
    given = History(**{n: tables[n] for n in ("accounts", "activity", "tickets", "subscriptions")})
    assert_same(read, given)


def test_part_files_of_other_types_and_columns_fit_together(tmp_path, folder):
    (folder / "activity.csv").unlink()
    parts = folder / "activity"
    parts.mkdir()
    one = {"account_id": ["a"], "occurred_at": ["2025-02-01"], "event": ["login"]}
    pq.write_table(pa.table({**one, "value": [1]}), parts / "1.parquet")
    pq.write_table(pa.table({**one, "value": [2.5]}), parts / "2.parquet")
    pq.write_table(
        pa.table({**one, "occurred_at": pa.array([1738404000000000], pa.timestamp("us"))}), parts / "3.parquet"
    )
    history = read_history(folder)
    np.testing.assert_array_equal(history.signals.value[:3], [1, 2.5, np.nan])
    assert history.rows["activity"] == (3, 3)
    assert any("column value is missing in 1 of 3 part files (first: 3.parquet)" in str(n) for n in history.notes)


def test_rows_set_aside_are_numbered_as_in_the_file(folder):
    rows = ["a,2025-02-01,login", "b,2025-02-01", "zz,2025-02-02,login", "a,x,login,1,2", "b,never,login"]
    (folder / "activity.csv").write_text("\n".join(["account_id,occurred_at,event", *rows]))
    aside = read_history(folder).rejected
    assert aside[["row", "column"]].to_numpy().tolist() == [[2, ""], [3, "account_id"], [4, ""], [5, "occurred_at"]]


THEIRS = {"customer": "account_id"}
ACTIVITY = {"ts": "occurred_at", "kind": "event"}


@pytest.fixture
def theirs(tmp_path):
    accounts, activity = small()["accounts"], small()["activity"]
    accounts.rename(columns={"account_id": "customer"}).to_csv(tmp_path / "accounts.csv", index=False)
    names = {"account_id": "customer", "occurred_at": "ts", "event": "kind"}
    activity.rename(columns=names).to_parquet(tmp_path / "activity.parquet")
    return tmp_path


def test_other_names_for_every_table_and_for_one(theirs):
    assert_same(read_history(theirs, rename={**THEIRS, "activity": ACTIVITY}), History(**small()))


def test_history_toml_says_the_same(theirs):
    (theirs / "history.toml").write_text(
        """
        timezone = "Europe/Berlin"
        observed_until = 2025-06-01
        [rename]
        customer = "account_id"
        [rename.activity]
        ts = "occurred_at"
        kind = "event"
        [tables]
        webinar = "other/webinars.csv"
        [signals.webinar]
        time = "attended_at"
        value = "minutes"
        theme = "relationship"
        """
    )
    (theirs / "other").mkdir()
    (theirs / "other" / "webinars.csv").write_text("customer,attended_at,minutes\na,2025-03-01,40\n")
    history = read_history(theirs)
    assert history.timezone == "Europe/Berlin"
    assert history.observed_until["activity"] == moment("2025-05-31T22:00Z")
    assert history.signals.themes["webinar"] == "relationship"
    assert read_history(theirs, timezone="UTC").timezone == "UTC"  # the caller has the last word


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("timezone = Berlin", UnreadableFile, "is not TOML"),
        ('timezon = "UTC"', RequestError, "did you mean 'timezone'"),
        ('dayfirst = "perhaps"', RequestError, "dayfirst"),
        ('[tables]\nactivities = "a.csv"', RequestError, "did you mean 'activity'"),
        ('[signals.x]\ntime = "t"\ntheme = "usge"', RequestError, "did you mean 'usage'"),
        ('[signals.tickets]\ntime = "t"', RequestError, "is a table of the data contract"),
    ],
)
def test_a_history_toml_that_cannot_be_followed(folder, text, error, words):
    (folder / "history.toml").write_text(text)
    with pytest.raises(error, match=words):
        read_history(folder)


@pytest.mark.parametrize(
    ("rename", "error", "words"),
    [
        (
            {"custmer": "account_id"},
            MissingColumn,
            r"rename names column 'custmer', which no table has \(did you mean 'customer'",
        ),
        ({"activity": {"time": "occurred_at"}}, MissingColumn, "activity: rename names column 'time'"),
        ({"activty": {}}, RequestError, "did you mean 'activity'"),
        ({"activity": {"ts": "kind"}}, DataError, "two columns the name 'kind'"),
    ],
)
def test_a_rename_that_cannot_be_followed(theirs, rename, error, words):
    with pytest.raises(error, match=words):
        read_history(theirs, rename=rename)


def webinars(**changes):
    table = {
        "account_id": ["a", "b", "zz"],
        "attended_at": ["2025-03-01", "2025-03-02", "2025-03-03"],
        "minutes": ["40", "x", "1"],
        "kind": ["demo", "intro", "demo"],
        "who": ["u1", None, "u2"],
        "logged": ["2025-03-04", None, "2025-03-04"],
    }
    return pd.DataFrame({**table, **changes})


def test_a_table_of_your_own_is_a_signal():
    signal = Signal(
        time="attended_at", value="minutes", label="kind", actor="who", recorded="logged", theme="relationship"
    )
    history = History(**small(), signals={"webinar": signal}, webinar=webinars())
    signals = history.signals
    mine = signals.pick(["webinar"])
    assert signals.account[mine].tolist() == [0, 1]
    assert signals.known[mine].tolist() == [moment("2025-03-04"), moment("2025-03-02")]
    np.testing.assert_array_equal(signals.value[mine], [40, np.nan])
    assert [signals.labels[i] for i in signals.label[mine]] == ["demo", "intro"]
    assert (signals.actor[mine] >= 0).tolist() == [True, False]
    assert signals.themes["webinar"] == "relationship"
    assert history.rows["webinar"] == (3, 2)
    assert history.rejected["table"].tolist() == ["webinar"]
    assert history.observed_until["webinar"] == moment("2025-03-04")


def test_a_signal_of_your_own_needs_its_table_and_a_name_of_its_own():
    signal = Signal(time="attended_at")
    with pytest.raises(MissingTable, match="webinar: the table is missing"):
        History(**small(), signals={"webinar": signal})
    with pytest.raises(RequestError, match=r"A table of your own needs signals=\{\"webinar\": Signal"):
        History(**small(), webinar=webinars())
    with pytest.raises(RequestError, match="'login' is already the name of a signal made from activity"):
        History(**small(), signals={"login": signal}, login=webinars())
    with pytest.raises(RequestError, match="'text' is an option of History"):
        History(**small(), signals={"text": signal})
    with pytest.raises(MissingColumn, match="missing column when"):
        History(**small(), signals={"webinar": Signal(time="when")}, webinar=webinars())


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ({"accounts": "nowhere.csv"}, UnreadableFile, "there is no file at nowhere.csv"),
        ("nowhere", MissingTable, "nowhere is not a folder"),
        ({"accounts": 7}, DataError, "a int is not a table"),
    ],
)
def test_a_source_that_is_not_there(source, error, words):
    with pytest.raises(error, match=words):
        read_history(source)


def test_an_unknown_option_is_refused(folder):
    with pytest.raises(RequestError, match="did you mean 'timezone'"):
        read_history(folder, timezon="UTC")


def test_two_sources_of_one_table_are_refused(folder):
    small()["activity"].to_parquet(folder / "activity.parquet")
    with pytest.raises(UnreadableFile, match="found more than one source"):
        read_history(folder)
