"""The conservation law: of every table, read = used + set aside, and each used row makes its facts once."""

from __future__ import annotations

import warnings

import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from churnkit.errors import RowsSetAside
from churnkit.history import History, read_history
from churnkit.tables import CONTRACT

CELLS = {
    "account": ["a", "b", " a ", "zz", "", None],
    "id": ["x1", "x2", "", None],
    "time": ["2025-02-01", "2025-02-01T10:00Z", "soon", "9999-12-31", "0001-01-01", "1500-05-05", "", None],
    "number": ["1", "0.5", "-3", "x", "inf", "1,5", "", None],
    "flag": ["yes", "0", "maybe", "", None],
    "text": ["login", "random", "voluntary", "sales", "nps", " ", "", None],
}
ACCOUNTS = pd.DataFrame({"account_id": ["a", "b"], "opened_at": ["2025-01-01"] * 2})
ACTIVITY = pd.DataFrame({"account_id": ["a"], "occurred_at": ["2025-02-01"], "event": ["login"]})


@st.composite
def dirty_table(draw):
    spec = CONTRACT[draw(st.sampled_from([n for n in CONTRACT if n not in ("accounts", "managers")]))]
    there = [c for c in spec.columns if c.needed or draw(st.booleans())]
    n = draw(st.integers(0, 12))
    data = {c.name: draw(st.lists(st.sampled_from(CELLS[c.kind]), min_size=n, max_size=n)) for c in there}
    return spec.name, pd.DataFrame(data, dtype=object)


def made(table, frame):
    tables = {"accounts": ACCOUNTS, "activity": ACTIVITY, table: frame}
    if table == "activity":
        tables["activity"] = pd.concat([frame, ACTIVITY], ignore_index=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RowsSetAside)
        return History(**tables)


@given(dirty_table())
def test_read_is_used_plus_set_aside(drawn):
    table, frame = drawn
    history = made(table, frame)
    read, used = history.rows[table]
    aside = history.rejected[history.rejected["table"] == table]
    assert read == len(frame) + (table == "activity")
    assert read == used + len(aside)
    assert aside["row"].is_unique
    assert aside["row"].between(1, read).all()
    kept = getattr(history, table, None)
    assert kept is None or len(kept) == used
    once = {"activity": None, "contacts": ["contacted"], "satisfaction": "_asked"}
    if table in once:
        signals = history.signals
        names = [n for n in signals.names if signals.tables[n] == table]
        if table == "satisfaction":
            names = [n for n in names if n.endswith("_asked")]
        assert int(signals.pick(names).sum() if names else 0) == used


@given(st.lists(st.sampled_from(["a,2025-02-01,login", "a,2025-02-01", "b,x,login", "zz,2025-02-01,login",
                                 "a,2025-02-01,login,4,5", '"a",2025-02-02,"log\nin"', "",
                                 "a,2025-02-01,"]), max_size=20))  # fmt: skip
def test_of_a_file_too(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("crm")
    ACCOUNTS.to_csv(folder / "accounts.csv", index=False)
    lines = ["account_id,occurred_at,event", *rows, "a,2025-03-01,login"]
    (folder / "activity.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RowsSetAside)
        history = read_history(folder)
    good = [r for r in rows if r in ("a,2025-02-01,login", '"a",2025-02-02,"log\nin"')]
    bad = [i + 1 for i, r in enumerate(r for r in rows if r) if r not in good]
    assert history.rows["activity"] == (len([r for r in rows if r]) + 1, len(good) + 1)
    assert history.rejected["row"].tolist() == bad


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(1, 4))
def test_the_order_and_the_cut_of_a_table_do_not_matter(events, chunks):
    frame = pd.DataFrame(
        {"account_id": ["a", "b", "a", "zz"], "occurred_at": ["2025-02-01"] * 4, "event": list("wxyz")}
    )
    frame = frame.iloc[events]
    size = max(1, len(frame) // chunks)
    pieces = [pa.Table.from_pandas(frame.iloc[i : i + size], preserve_index=False) for i in range(0, len(frame), size)]
    first = pa.Table.from_pandas(ACTIVITY, preserve_index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RowsSetAside)
        whole = History(accounts=ACCOUNTS, activity=pd.concat([ACTIVITY, frame]))
        cut = History(accounts=ACCOUNTS, activity=pa.concat_tables([first, *pieces]))
    assert whole.signals.names == cut.signals.names
    assert whole.signals.signal.tolist() == cut.signals.signal.tolist()
    assert whole.rejected.to_dict("records") == cut.rejected.to_dict("records")
