from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnkit.errors import BadRows, EmptyTable, MissingColumn, MissingTable, RequestError, RowsSetAside, UnknownAccount
from churnkit.history import History, read_history
from churnkit.timeline import DAY, moment
from support import company
from support.small import small

pytestmark = pytest.mark.filterwarnings("ignore::churnkit.errors.RowsSetAside")


def test_a_missing_table_is_named():
    with pytest.raises(MissingTable, match="activity: the table is missing"):
        History(accounts=small()["accounts"])


def test_missing_columns_of_all_tables_come_in_one_message():
    tables = small(
        accounts=pd.DataFrame({"account": ["a"], "opened_at": ["2025-01-01"]}),
        activity=pd.DataFrame({"account_id": ["a"], "occured_at": ["2025-01-01"]}),
    )
    with pytest.raises(MissingColumn) as caught:
        History(**tables)
    for words in (
        "accounts: missing column account_id (did you mean 'account'?)",
        "activity: missing columns",
        "occured_at",
    ):
        assert words in str(caught.value)


def test_an_unknown_table_name_is_refused():
    with pytest.raises(RequestError, match="did you mean 'tickets'"):
        History(**small(), ticket=company.tickets())


def test_duplicate_account_ids_are_refused():
    with pytest.raises(BadRows, match=r'accounts.account_id: 1 of 3 rows repeat an id \(first: row 3, "a"\)'):
        History(**small(accounts=pd.DataFrame({"account_id": ["a", "b", "a"], "opened_at": ["2025-01-01"] * 3})))


def test_an_empty_table_is_refused():
    with pytest.raises(EmptyTable, match="activity: none of 0 rows"):
        History(**small(activity=small()["activity"].iloc[:0]))


def test_unreadable_times_are_set_aside_with_table_column_count_example_and_cure():
    activity = pd.DataFrame(
        {
            "account_id": ["a", "a", "b"],
            "occurred_at": ["2025-02-01", "31/02/2026", "2025-02-03"],
            "event": ["login"] * 3,
        }
    )
    with pytest.warns(RowsSetAside, match="1 rows were set aside"):
        history = History(**small(activity=activity))
    assert history.rejected.to_dict("records") == [
        {
            "table": "activity",
            "row": 2,
            "column": "occurred_at",
            "reason": "cannot be read as a time",
            "value": "31/02/2026",
        }
    ]
    assert (
        'activity.occurred_at: 1 of 3 rows cannot be read as a time (first: row 2, "31/02/2026"). '
        "Set aside in history.rejected; fix the source or pass dayfirst=True." in [str(n) for n in history.notes]
    )


def test_dayfirst_reads_them():
    activity = pd.DataFrame({"account_id": ["a"], "occurred_at": ["03/02/2025 09:30"], "event": ["login"]})
    history = History(**small(activity=activity), dayfirst=True)
    assert history.signals.occurred[0] == moment("2025-02-03T09:30")


def test_rows_of_unknown_accounts_are_set_aside():
    activity = pd.concat([small()["activity"], pd.DataFrame(
        {"account_id": ["zz"], "occurred_at": ["2025-02-03"], "event": ["login"]})])  # fmt: skip
    history = History(**small(activity=activity))
    assert history.rejected["value"].tolist() == ["zz"]
    assert history.rows["activity"] == (3, 2)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-02-01 10:00", "2025-02-01T09:00Z"),  # naive: Berlin winter time
        ("2025-07-01 10:00", "2025-07-01T08:00Z"),
        ("2025-02-01T10:00:00+05:00", "2025-02-01T05:00Z"),
        ("2025-02-01", "2025-01-31T23:00Z"),
        ("2025-02-01T10:00:00.123456Z", "2025-02-01T10:00:00.123456Z"),
    ],
)
def test_times_end_in_utc(value, expected):
    activity = pd.DataFrame({"account_id": ["a"], "occurred_at": [value], "event": ["login"]})
    history = History(**small(activity=activity), timezone="Europe/Berlin")
    assert history.signals.occurred[0] == moment(expected)


@pytest.mark.parametrize("scale", [1, 1_000, 1_000_000, 1_000_000_000])
def test_epochs_of_any_unit(scale):
    activity = pd.DataFrame({"account_id": ["a"], "occurred_at": [1_738_404_000 * scale], "event": ["login"]})
    assert History(**small(activity=activity)).signals.occurred[0] == moment("2025-02-01T10:00Z")


def test_mixed_zones_in_one_column():
    activity = pd.DataFrame(
        {"account_id": ["a"] * 2, "occurred_at": ["2025-02-01T10:00Z", "2025-02-01T10:00"], "event": ["login"] * 2}
    )
    history = History(**small(activity=activity), timezone="America/New_York")
    assert history.signals.occurred[:2].tolist() == [moment("2025-02-01T10:00Z"), moment("2025-02-01T15:00Z")]


@pytest.mark.parametrize("library", ["polars", "pyarrow", "lazy"])
def test_every_frame_library_gives_the_same_history(library):
    convert = {"polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas, "lazy": lambda f: pl.from_pandas(f).lazy()}[
        library
    ]
    plain = History(**company.tables())
    other = History(**{name: convert(frame) for name, frame in company.tables().items()})
    for column in ("account", "signal", "occurred", "known", "label", "actor"):
        np.testing.assert_array_equal(getattr(plain.signals, column), getattr(other.signals, column))
    np.testing.assert_array_equal(plain.signals.value, other.signals.value)


@pytest.mark.parametrize("ending", ["parquet", "csv", "csv.gz"])
def test_files_read_like_frames(tmp_path, ending):
    for name, frame in company.tables().items():
        path = tmp_path / f"{name}.{ending}"
        frame.to_parquet(path) if ending == "parquet" else frame.to_csv(path, index=False)
    read, given_ = read_history(tmp_path), History(**company.tables())
    for column in ("account", "signal", "occurred", "known"):
        np.testing.assert_array_equal(getattr(read.signals, column), getattr(given_.signals, column))
    np.testing.assert_array_equal(read.signals.value, given_.signals.value)


def test_integer_ids_stay_integers():
    tables = small(
        accounts=pd.DataFrame({"account_id": [7, 12], "opened_at": ["2025-01-01"] * 2}),
        activity=pd.DataFrame({"account_id": ["12", "7"], "occurred_at": ["2025-02-01"] * 2, "event": ["login"] * 2}),
    )
    history = History(**tables)
    assert history.account_ids.tolist() == [7, 12]
    assert history.signals.account[:2].tolist() == [1, 0]
    assert history.code(12) == history.code("12") == 1


def test_an_unknown_account_gets_a_near_miss():
    with pytest.raises(UnknownAccount, match=r"no account 'adda' \(did you mean 'ada'"):
        History(**company.tables()).code("adda")


def test_one_stray_future_row_does_not_move_the_end():
    frame = pd.DataFrame(
        {"account_id": ["a"] * 60, "occurred_at": pd.date_range("2025-01-01", periods=60), "event": ["x"] * 60}
    )
    frame.loc[59, "occurred_at"] = pd.Timestamp("2031-01-01")
    history = History(**small(activity=frame))
    assert history.observed_until["activity"] == moment("2025-02-28")


def test_a_table_that_stops_before_the_cutoff_is_told(six):
    tables = company.tables()
    tables["tickets"] = tables["tickets"].iloc[:2]
    history = History(**tables, observed_until={"tickets": "2025-03-21"})
    assert history.ended_early("tickets", moment("2025-03-22"))
    assert not history.ended_early("tickets", moment("2025-03-21"))
    assert not six.ended_early("tickets", moment("2025-06-30"))


def test_a_booked_end_does_not_move_the_end_of_the_record():
    tables = company.tables()
    tables["subscriptions"].loc[0, "ended_at"] = company.at("2027-01-01")
    assert History(**tables).observed_until["subscriptions"] < moment("2025-07-01")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "zz", "", None]),
            st.sampled_from(["2025-02-01", "2025-02-01T10:00Z", "soon", "", None, "1500-01-01"]),
            st.sampled_from(["login", "", None, "export"]),
            st.sampled_from(["1", "x", "", None, "inf"]),
        ),
        max_size=25,
    )
)
def test_read_is_used_plus_set_aside(rows):
    rows = [*rows, ("a", "2025-02-01", "login", "1")]
    frame = pd.DataFrame(rows, columns=["account_id", "occurred_at", "event", "value"], dtype=object)
    history = History(**small(activity=frame))
    read, used = history.rows["activity"]
    rejected = history.rejected[history.rejected["table"] == "activity"]
    good = [r for r in rows if r[0] in ("a", "b") and r[1] in ("2025-02-01", "2025-02-01T10:00Z") and r[2]]
    assert read == len(rows) == used + len(rejected)
    assert (
        used
        == len(good)
        == int((history.signals.pick(["login"]) | (history.signals.signal == _code(history, "export"))).sum())
    )
    assert rejected["row"].is_unique


def _code(history, name):
    return history.signals.names.index(name) if name in history.signals.names else -1


def test_signals_of_the_six(six):
    signals = six.signals

    def rows(name, account):
        mine = signals.pick([name]) & (signals.account == six.code(account))
        order = np.argsort(signals.occurred[mine])
        value = signals.value[mine][order]
        return [(int(t), None if np.isnan(v) else v) for t, v in zip(signals.occurred[mine][order], value, strict=True)]

    noon = DAY // 2
    assert rows("mrr", "cyd") == [
        (moment("2024-06-01") + noon, 50.0), (moment("2025-03-15") + noon, 0.0), (moment("2025-05-20") + noon, 60.0),
    ]  # fmt: skip
    assert rows("nps_asked", "dot") == [(moment("2025-02-05") + noon, None)]
    assert rows("nps", "bob") == [(moment("2025-02-05") + noon, 3.0), (moment("2025-05-05") + noon, 2.0)]
    assert rows("ticket_resolved", "bob") == [(moment("2025-03-03") + noon, 48.0)]
    # An annual term from 2024-06-01 noon ends a year later; the second begins then, since she is still there.
    assert rows("renewal_due", "ada") == [
        (moment("2024-06-01") + noon, moment("2025-06-01") / DAY + 0.5),
        (moment("2025-06-01") + noon, moment("2026-06-01") / DAY + 0.5),
    ]
    assert len(rows("renewal_due", "bob")) == 1  # gone before the second term


def test_an_end_recorded_late_is_known_late(six):
    signals = six.signals
    mine = signals.pick(["notice_given"]) & (signals.account == six.code("fay"))
    assert signals.known[mine].tolist() == [moment("2025-05-05T12:00")]


def test_the_last_version_known_counts():
    tables = company.tables()
    rows = tables["subscriptions"]
    upgrade = rows[rows["subscription_id"] == "s1"].assign(mrr=150.0, seats=9, recorded_at=company.at("2025-03-01"))
    tables["subscriptions"] = pd.concat([rows, upgrade], ignore_index=True)
    history = History(**tables)
    signals = history.signals
    mine = signals.pick(["mrr"]) & (signals.account == history.code("ada"))
    assert list(zip(signals.occurred[mine], signals.value[mine], strict=True)) == [
        (moment("2024-06-01T12:00"), 100.0), (moment("2025-03-01T12:00"), 150.0),
    ]  # fmt: skip
