"""A table larger than memory: part after part through the door, onto disk, and back by account; nothing differs."""

from __future__ import annotations

import gc

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnkit import errors
from churnkit import features as f
from churnkit.history import History, memory, read_history
from churnkit.history.spool import Spool
from churnkit.history.stored import COLUMNS, StoredSignals
from churnkit.timeline import as_datetime
from history.test_dirty import EXPECTED, folder_with

pytestmark = pytest.mark.filterwarnings("ignore::churnkit.errors.RowsSetAside")

ACTIVITY = [n for n in EXPECTED if n.startswith("activity")]
BOUND = "64MB"
JUDGED_WHOLE = {
    "activity-mixed-decimals.csv": "what a comma means is told by the other cells of the column",
    "activity-mixed-times.csv": "what numbers count is told by their size over the column",
}


@pytest.fixture(autouse=True)
def in_small_parts(monkeypatch):
    """Two rows at a time through the door, five shards on disk."""
    monkeypatch.setattr(Spool, "part_rows", property(lambda self: 2))
    made = Spool.__init__

    def five(self, *given):
        made(self, *given)
        self.shards = 5

    monkeypatch.setattr(Spool, "__init__", five)


def facts(signals):
    """Every fact as a row of names and numbers, people as the first place where they are seen."""
    rows = []
    for part in signals.parts():
        columns = {name: getattr(part, name) for name in COLUMNS}
        frame = pd.DataFrame({n: c for n, c in columns.items() if c is not None and n != "actor"})
        frame["known"] = part.known_or_occurred
        for name, nothing in (("value", np.nan), ("label", -1)):
            frame[name] = frame.get(name, nothing)
        frame["somebody"] = False if part.actor is None else part.actor >= 0
        rows.append(frame.astype({"label": np.int64, "value": np.float64}))
    return pd.concat(rows).sort_values([*rows[0].columns], ignore_index=True)[sorted(rows[0].columns)]


@pytest.mark.parametrize("name", [n for n in ACTIVITY if "error" not in EXPECTED[n] and n not in JUDGED_WHOLE])
def test_every_dirty_file_ends_as_it_does_in_memory(name, tmp_path):
    folder_with(name, tmp_path)
    options = EXPECTED[name].get("options", {})
    here, there = read_history(tmp_path, **options), read_history(tmp_path, memory=BOUND, **options)
    assert isinstance(there.signals, StoredSignals)
    assert there.rows == here.rows
    assert there.observed_until == here.observed_until
    assert there.first_moment == here.first_moment
    pd.testing.assert_frame_equal(there.rejected, here.rejected)
    pd.testing.assert_frame_equal(facts(there.signals), facts(here.signals))
    assert there.signals.names == here.signals.names
    told = [str(n) for n in there.notes]
    for note in here.notes:
        assert str(note) in told


@pytest.mark.parametrize("name", [n for n in ACTIVITY if "error" in EXPECTED[n]])
def test_what_is_refused_in_memory_is_refused(name, tmp_path):
    folder_with(name, tmp_path)
    with pytest.raises(errors.DataError) as caught:
        read_history(tmp_path, memory=BOUND, **EXPECTED[name].get("options", {}))
    assert type(caught.value).__name__ == EXPECTED[name]["error"]


@pytest.mark.parametrize("name", JUDGED_WHOLE)
def test_what_the_whole_column_tells_is_judged_by_part_and_no_row_is_lost(name, tmp_path):
    folder_with(name, tmp_path)
    history = read_history(tmp_path, memory=BOUND, **EXPECTED[name].get("options", {}))
    read, used = history.rows["activity"]
    assert read == EXPECTED[name]["rows"][0] == used + len(history.rejected)


def made(opened="2025-01-01", **more):
    accounts = pd.DataFrame({"account_id": list("abcdefg"), "opened_at": [opened, *["2025-01-01"] * 6]})
    activity = pd.DataFrame(
        {
            "account_id": list("abcabcagg"),
            "occurred_at": [f"2025-02-{d:02d}" for d in range(1, 10)],
            "event": ["login", "export", "login"] * 3,
            "user_id": ["u1", "u2", "u1", "u3", None, "u1", "u3", "u9", "u9"],
        }
    )
    surveys = pd.DataFrame(
        {"account_id": ["a", "g"], "occurred_at": ["2025-02-05"] * 2, "metric": "nps", "score": [9, 3],
         "user_id": ["u1", "u8"]}
    )  # fmt: skip
    return History(accounts=accounts, activity=activity, satisfaction=surveys, observed_until="2025-02-09", **more)


def test_frames_go_to_disk_too_and_people_are_told_apart_over_tables():
    here, there = made(), made(memory=BOUND)
    assert isinstance(there.signals, StoredSignals)
    account = np.arange(7, dtype=np.int32)
    cutoff = np.full(7, here.last_moment)
    wanted = [f.actors(("login", "export", "nps"), "30d"), f.count(window="30d"), f.latest("nps")]
    measured = f.compute(wanted, there, account, cutoff).values
    # a: u1 and u3 on the 1st, 4th and 7th, u1 answered; b: u2; c: u1; g: u9 on the 8th, u8 answered
    # (the last fact, of the 9th, is dated at the cutoff and belongs to the future)
    np.testing.assert_array_equal(measured[:, 0], [2, 1, 1, 0, 0, 0, 2])
    np.testing.assert_array_equal(measured[:, 1], [3, 2, 2, 0, 0, 0, 1])
    np.testing.assert_array_equal(measured, f.compute(wanted, here, account, cutoff).values)


def test_part_files_that_lack_a_column(tmp_path):
    (tmp_path / "activity").mkdir()
    table = pa.table({"account_id": ["a", "b"], "occurred_at": ["2025-02-01", "2025-02-02"], "event": ["login"] * 2})
    pq.write_table(table, tmp_path / "activity/1.parquet")
    more = {"value": [1.5, None], "recorded_at": ["2025-02-09", None], "user_id": ["u", None]}
    pq.write_table(pa.table({**table.to_pydict(), **more}), tmp_path / "activity/2.parquet")
    (tmp_path / "activity/3.csv").write_text("account_id,occurred_at,event\na,2025-02-03,login\nb\nb,2025-02-04,x\n")
    (tmp_path / "accounts.csv").write_text("account_id,opened_at\na,2025-01-01\nb,2025-01-02\n")
    here, there = read_history(tmp_path), read_history(tmp_path, memory=BOUND)
    pd.testing.assert_frame_equal(facts(there.signals), facts(here.signals))
    pd.testing.assert_frame_equal(there.rejected, here.rejected)
    assert there.rejected["row"].tolist() == [6]
    assert there.observed_until == here.observed_until


def test_a_history_as_it_was(tmp_path):
    here, there = made().known_at("2025-02-06"), made(memory=BOUND).known_at("2025-02-06")
    pd.testing.assert_frame_equal(facts(there.signals), facts(here.signals))
    assert len(there.signals) == len(here.signals) == 16  # 5 events, 2 surveys asked and answered, 7 openings


def test_accounts_are_found_again_after_a_cut_has_numbered_them_anew():
    history = made(memory=BOUND, opened="2025-02-20").known_at("2025-02-09")
    assert list(history.account_ids) == list("bcdefg")
    wanted = [f.count(("login", "export"))]
    found = [f.compute(wanted, history, np.array([k]), np.array([history.last_moment])).values[0, 0] for k in range(6)]
    # b on 2 and 5 February, c on 3 and 6, g on the 8th
    assert found == [2, 2, 0, 0, 0, 1]
    cutoff = np.full(6, history.last_moment)
    assert f.compute(wanted, history, np.arange(6), cutoff).values[:, 0].tolist() == found


def test_what_needs_all_facts_at_once_is_refused():
    history = made(memory=BOUND)
    for ask in (history.check, history.by_parent, lambda: history.signals.value):
        with pytest.raises(errors.TooLarge, match=r"needs all facts in memory.*without memory="):
            ask()


@pytest.mark.parametrize(
    ("given", "says"), [("lots", "no size"), ("-1GB", "no size"), ("5MB", "64,000,000"), (True, "no size")]
)
def test_a_bound_that_is_none(given, says):
    with pytest.raises(errors.RequestError, match=says):
        made(memory=given)


def test_sizes():
    assert memory.read_size("4GB") == 4 * 10**9
    assert memory.read_size("512 MiB") == 512 * 2**20
    assert memory.read_size(10**9) == 10**9


def test_files_that_would_not_fit_go_to_disk_of_their_own_accord(tmp_path, monkeypatch):
    folder_with("activity-windows-line-ends.csv", tmp_path)
    assert not isinstance(read_history(tmp_path).signals, StoredSignals)
    monkeypatch.setattr(memory, "free_memory", lambda: 100)
    history = read_history(tmp_path)
    assert isinstance(history.signals, StoredSignals)
    assert any("kept on disk" in str(n) for n in history.notes)


def test_the_folder_s_own_file_may_ask_for_it_and_paths_may_hold_quotes(tmp_path, monkeypatch):
    (tmp_path / "o'neil's").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "o'neil's"))
    folder_with("activity-windows-line-ends.csv", tmp_path)
    (tmp_path / "history.toml").write_text('memory = "64MB"\n')
    history = read_history(tmp_path)
    assert isinstance(history.signals, StoredSignals)
    assert len(facts(history.signals)) == len(history.signals)


def test_the_disk_is_given_back():
    history = made(memory=BOUND)
    then = history.known_at(as_datetime(history.last_moment))
    folder = history.signals.spool.folder
    del history
    gc.collect()
    assert folder.is_dir()
    assert len(then.signals)
    del then
    gc.collect()
    assert not folder.exists()
