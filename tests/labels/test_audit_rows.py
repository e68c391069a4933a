"""The audit names the row of the source, as history.rejected counts rows, whatever was set aside or cut before it."""

from __future__ import annotations

import pandas as pd
import pytest

from churnkit.errors import RowsSetAside
from churnkit.history import History, read_history
from churnkit.labels import Cancelled, NotRenewed, audit
from support.small import small

# Row 1 of a stranger and row 3 without a readable start are set aside. The end of s1 is told by row 4 alone, its later
# version; that of s2 by row 5.
ROWS = [
    ("zed", "s9", "2025-01-01", None, None),
    ("a", "s1", "2025-01-01", None, "2025-01-01"),
    ("b", "s8", "soon", None, None),
    ("a", "s1", "2025-01-01", "2025-04-10", "2025-04-02"),
    ("b", "s2", "2025-01-02", "2025-05-01", None),
]
SUBSCRIPTIONS = pd.DataFrame(
    ROWS, columns=["account_id", "subscription_id", "started_at", "ended_at", "recorded_at"]
).assign(mrr=10.0)
END = "2025-12-31"


def made(subscriptions=SUBSCRIPTIONS, **changes):
    with pytest.warns(RowsSetAside):
        return History(**small(subscriptions=subscriptions, **changes), observed_until=END)


def rows(history, definition=None):
    definition = definition or Cancelled()
    frame = audit(history, definition, ["2025-03-01"]).frame
    frame = frame[(frame["horizon"] == str(definition.horizon)) & frame["row"].notna()]
    return dict(zip(frame["account_id"], frame["row"], strict=True))


@pytest.mark.parametrize("definition", [Cancelled(), NotRenewed()], ids=repr)
def test_rows_set_aside_are_counted(definition):
    history = made()
    assert history.rejected["row"].tolist() == [1, 3]
    assert rows(history, definition) == {"a": 4, "b": 5}


def test_the_order_of_the_source_is_kept():
    assert rows(made(SUBSCRIPTIONS.iloc[::-1])) == {"b": 1, "a": 2}


def test_broken_lines_of_a_file_are_counted(tmp_path):
    for name, frame in small().items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    lines = SUBSCRIPTIONS.to_csv(index=False).splitlines()
    lines.insert(2, "a,s1,2025-01-01,,,10,what,is,this")
    (tmp_path / "subscriptions.csv").write_text("\n".join(lines))
    with pytest.warns(RowsSetAside):
        history = read_history(tmp_path, observed_until=END)
    assert history.rejected["row"].tolist() == [1, 2, 4]
    assert rows(history) == {"a": 5, "b": 6}


def test_a_cut_history_still_names_the_source():
    # b's contract starts after the cut and lies before a's rows: positions change, numbers do not.
    late = SUBSCRIPTIONS.iloc[[0, 4, 1, 2, 3]].copy()
    late.loc[4, ["started_at", "ended_at"]] = ["2025-11-01", None]
    whole = made(late)
    cut = whole.known_at("2025-10-01")
    assert rows(whole) == rows(cut) == {"a": 5}
    assert len(cut.subscriptions) == 2 < len(whole.subscriptions)
    assert rows(cut.known_at("2025-09-01")) == {"a": 5}


def test_logos_still_name_the_source():
    accounts = small()["accounts"].assign(parent_id=[None, "a"])
    # The logo is covered until b's contract ends.
    assert rows(made(accounts=accounts).by_parent()) == {"a": 5}


def test_no_number_is_in_the_tables_or_the_features():
    history = made()
    assert set(history.subscriptions) == {"account", *SUBSCRIPTIONS}
    assert history.subscriptions.index.tolist() == [0, 1, 2]
    assert not [n for n in history.signals.names if "row" in n]


def test_silence_audits_every_month_of_the_record():
    history = made()
    frame = audit(history, Cancelled()).frame
    # The first fact is the login of 2025-02-01 at 10; from b's end, 2025-05-01 at midnight, on nobody is left to ask.
    assert frame["cutoff"].drop_duplicates().dt.strftime("%m-%d").tolist() == ["03-01", "04-01", "05-01"]


def test_a_record_shorter_than_a_month_is_audited_at_its_end():
    with pytest.warns(RowsSetAside):
        short = History(**small(subscriptions=SUBSCRIPTIONS), observed_until="2025-02-03")
    assert audit(short, Cancelled()).frame["cutoff"].unique().tolist() == [pd.Timestamp("2025-02-03", tz="UTC")]
