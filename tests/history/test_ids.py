"""Ids of every kind, matched between tables that write them differently."""

from __future__ import annotations

import uuid

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from churnkit.history import History
from support.small import small

UUIDS = [uuid.UUID(int=10**30 + i) for i in range(2)]
BIG = pa.array([2**63, 2**63 + 1], pa.uint64())
TEXT = [str(u) for u in UUIDS]


def with_ids(accounts, activity):
    def column(values):
        return values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)

    one = pa.table({"account_id": column(accounts), "opened_at": ["2025-01-01"] * 2})
    two = pa.table({"account_id": column(activity), "occurred_at": ["2025-02-01"] * 2, "event": ["login"] * 2})
    return History(accounts=one, activity=two)


@pytest.mark.parametrize(
    ("accounts", "activity", "shown"),
    [
        (["x", "y"], ["x", "y"], ["x", "y"]),
        ([7, 12], [7, 12], [7, 12]),
        ([7, 12], ["7", "12"], [7, 12]),
        ([7, 12], ["007", "12.0"], [7, 12]),
        ([7, 12], [7.0, 12.0], [7, 12]),
        (["7", "12"], [7, 12], ["7", "12"]),
        (["007", "012"], ["007", "012"], ["007", "012"]),
        (pa.array([7, 12], pa.uint8()), pa.array([7, 12], pa.int64()), [7, 12]),
        (pa.array([7, 12]).cast(pa.decimal128(20, 0)), [7, 12], ["7", "12"]),
        (BIG, BIG, [str(2**63), str(2**63 + 1)]),
        (TEXT, TEXT, TEXT),
        (TEXT, [t.upper() for t in TEXT], TEXT),
        (TEXT, [u.hex for u in UUIDS], TEXT),
        (TEXT, ["{" + t + "}" for t in TEXT], TEXT),
        (pa.array([u.bytes for u in UUIDS], pa.binary(16)), TEXT, TEXT),
        (TEXT, pa.array([u.bytes for u in UUIDS], pa.binary(16)), TEXT),
        (pa.array(TEXT).dictionary_encode(), pa.array(TEXT, pa.large_string()), TEXT),
    ],
)  # fmt: skip
def test_ids_match(accounts, activity, shown):
    history = with_ids(accounts, activity)
    assert history.account_ids.tolist() == shown
    assert history.accounts["account_id"].tolist() == shown
    assert history.signals.account[:2].tolist() == [0, 1]
    assert history.code(shown[1]) == 1
    assert len(history.rejected) == 0


def test_uuid_objects_in_pandas():
    tables = small(
        accounts=pd.DataFrame({"account_id": UUIDS, "opened_at": ["2025-01-01"] * 2}),
        activity=pd.DataFrame({"account_id": UUIDS, "occurred_at": ["2025-02-01"] * 2, "event": ["login"] * 2}),
    )
    assert History(**tables).account_ids.tolist() == TEXT


@pytest.mark.filterwarnings("ignore::churnkit.errors.RowsSetAside")
@pytest.mark.parametrize(
    ("ids", "cure"),
    [
        (["A", "B"], "2 ids differ from one in accounts only in case"),
        (["00a", "b"], "1 ids differ from one in accounts only in leading zeros"),
        (["1.2E+11", "b"], "a spreadsheet has cut ids"),
        (["zz", "b"], "add it to accounts"),
    ],
)
def test_ids_that_do_not_match_say_why(ids, cure):
    activity = pd.DataFrame({"account_id": [*ids, "b"], "occurred_at": ["2025-02-01"] * 3, "event": ["login"] * 3})
    notes = [str(n) for n in History(**small(activity=activity)).notes]
    assert any(cure in n for n in notes), notes


def test_frames_keep_ids_and_codes_side_by_side():
    tickets = pd.DataFrame({"account_id": ["b", "a"], "opened_at": ["2025-02-01"] * 2})
    history = History(**small(tickets=tickets))
    assert history.tickets["account_id"].tolist() == ["b", "a"]
    np.testing.assert_array_equal(history.tickets["account"], [1, 0])
