"""Writes the dirty files of this folder again: ``python tests/history/dirty/make.py``.

What each must come to stands in ``expected.toml``; ``test_dirty.py`` puts each in the place of a clean table.
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
HEAD = "account_id,occurred_at,event,value\n"
ROWS = "a,2025-02-01T10:00Z,login,1\nb,2025-02-02T10:00Z,login,2\na,2025-02-03T10:00Z,export,3\n"
UMLAUT = "a,2025-02-01,Prüfung,1\nb,2025-02-02,Prüfung,2\n"


def lines(*rows: str, head: str = HEAD, end: str = "\n") -> bytes:
    return (head.strip() + end + end.join(rows) + end).encode()


def contracts(*rows: str) -> bytes:
    return lines(*rows, head="account_id,started_at,ended_at,mrr,seats,end_reason")


TEXTS: dict[str, bytes] = {
    "activity-windows-1252.csv": (HEAD + UMLAUT).encode("cp1252"),
    "activity-latin-1-controls.csv": (HEAD + UMLAUT).encode("cp1252") + b"a,2025-02-04,\x81,1\n",
    "activity-utf-16.csv": (HEAD + UMLAUT).encode("utf-16"),
    "activity-utf-16-without-mark.csv": (HEAD + UMLAUT).encode("utf-16-le"),
    "activity-utf-8-mark.csv": b"\xef\xbb\xbf" + (HEAD + ROWS).encode(),
    "activity-zero-bytes.csv": (HEAD + ROWS).encode().replace(b"export", b"ex\x00port"),
    "activity-rows-too-short.csv": lines("a,2025-02-01,login,1", "b,2025-02-02", "a,2025-02-03,login,3"),
    "activity-rows-too-long.csv": lines("a,2025-02-01,login,1", "b,2025-02-02,login,2,5,6", "a,2025-02-03,login,"),
    "activity-unquoted-comma.csv": lines("a,2025-02-01,login,1,50", "b,2025-02-02,login,2"),
    "activity-open-quote.csv": lines("a,2025-02-01,login,1", 'b,2025-02-02,"login,2', "a,2025-02-03,login,3"),
    "activity-line-break-in-cell.csv": lines('a,2025-02-01,"log\nin",1', "b,2025-02-02,login,2"),
    "activity-blank-lines.csv": lines("", "a,2025-02-01,login,1", "", "", "b,2025-02-02,login,2", ""),
    "activity-carriage-returns.csv": lines("a,2025-02-01,login,1", "b,2025-02-02,login,2", end="\r"),
    "activity-windows-line-ends.csv": lines("a,2025-02-01,login,1", "b,2025-02-02,login,2", end="\r\n"),
    "activity-tabs.csv": lines("a,2025-02-01,login,1", "b,2025-02-02,login,2").replace(b",", b"\t"),
    "activity-bars.txt": lines("a,2025-02-01,login,1", "b,2025-02-02,login,2").replace(b",", b"|"),
    "activity-header-with-spaces.csv": lines("a,2025-02-01,login,1", head=" account_id , occurred_at,event ,value"),
    "activity-decimal-commas.csv": b"account_id;occurred_at;event;value\n"
        b"a;2025-02-01;login;1,5\nb;2025-02-02;login;1.234,5\n",
    "activity-thousands.csv": lines('a,2025-02-01,login,"1,234.5"', 'b,2025-02-02,login,"1,234,567"'),
    "activity-mixed-decimals.csv": lines('a,2025-02-01,login,"1,5"', "b,2025-02-02,login,2.5"),
    "activity-not-a-number.csv": lines("a,2025-02-01,login,NaN", "b,2025-02-02,login,inf",
                                       "a,2025-02-03,login,-Infinity",
                                       "b,2025-02-04,login,12 EUR"),
    "activity-scientific-ids.csv": lines("1.23457E+11,2025-02-01,login,1", "a,2025-02-02,login,2"),
    "activity-ids-with-spaces.csv": lines(" a ,2025-02-01,login,1", "b\u00a0,2025-02-02,login,2"),
    "activity-ids-in-capitals.csv": lines("A,2025-02-01,login,1", "b,2025-02-02,login,2"),
    "activity-unknown-ids.csv": lines("zz,2025-02-01,login,1", "b,2025-02-02,login,2"),
    "activity-empty-cells.csv": lines(",2025-02-01,login,1", "a,,login,2", "b,2025-02-03,,3", "b,2025-02-04,login,"),
    "activity-words-for-nothing.csv": lines("NULL,2025-02-01,login,1", "a,N/A,login,2", "b,2025-02-03,nan,3",
                                            "b,2025-02-04,login,None"),
    "activity-empty.csv": b"",
    "activity-only-blanks.csv": b" \n \n",
    "activity-header-only.csv": HEAD.encode(),
    "activity-no-header.csv": ROWS.encode(),
    "activity-misspelt-column.csv": lines("a,2025-02-01,login,1", head="account_id,occured_at,event,value"),
    "activity-column-twice.csv": lines("a,2025-02-01,login,b", head="account_id,occurred_at,event,account_id"),
    "activity-all-duplicates.csv": lines(*["a,2025-02-01T10:00Z,login,1"] * 6),
    "activity-mixed-times.csv": lines("a,2025-02-01,login,1", "b,2025-02-01T10:00:00+02:00,login,2",
                                      "a,01.02.2025,login,3",
                                      "b,Feb 1 2025,login,4", "a,2025-02-30,login,5", "b,20250201,login,6"),
    "activity-days-first.csv": lines("a,01/02/2025,login,1", "b,28/02/2025 09:30,login,2"),
    "activity-year-0001.csv": lines("a,0001-01-01,login,1", "b,2025-02-02,login,2"),
    "activity-year-9999.csv": lines("a,9999-12-31,login,1", "b,2025-02-02,login,2"),
    "activity-epoch-seconds.csv": lines("a,1738404000,login,1", "b,1738404060.5,login,2"),
    "activity-epoch-milliseconds.csv": lines("a,1738404000000,login,1", "b,1738404060000,login,2"),
    "activity-spreadsheet-days.csv": lines("a,45689.5,login,1", "b,45690,login,2"),
    "activity-clocks-change.csv": lines("a,2025-03-30 02:30,login,1", "b,2025-10-26 02:30,login,2",
                                        "a,2025-07-01,login,3"),
    "activity-one-row-from-the-future.csv": lines(*[f"a,2025-02-{d:02d},login,1" for d in range(1, 29)],
                                                  "b,2031-01-01,login,1"),
    "accounts-id-twice.csv": b"account_id,opened_at\na,2025-01-01\nb,2025-01-02\na,2025-01-03\n",
    "accounts-scientific-ids.csv": b"account_id,opened_at\n1.23457E+11,2025-01-01\n1.23457E+11,2025-01-02\n",
    "accounts-empty-id.csv": b"account_id,opened_at\na,2025-01-01\nb,2025-01-02\n,2025-01-03\n",
    "accounts-unreadable-opening.csv": b"account_id,opened_at\na,2025-01-01\nb,long ago\n",
    "subscriptions-never-ends.csv": contracts("a,2025-01-01,9999-12-31,10,1,", "b,2025-01-01,0001-01-01,20,1,",
                                              "b,2025-01-02,2999-01-01 00:00:00,5,1,"),
    "subscriptions-odd-words.csv": contracts("a,2025-01-01,2025-02-01,10,-4,Voluntary",
                                                "b,2025-01-01,2025-03-01,x,2,price"),
    "subscriptions-unreadable-end.csv": contracts("a,2025-01-01,soon,10,1,", "b,2025-01-01,,10,1,"),
    "satisfaction-words-for-scores.csv": b"account_id,occurred_at,metric,score\n"
        b"a,2025-02-01,nps,9\nb,2025-02-01,nps,good\n",
    "tickets-reopened-maybe.csv": b"account_id,opened_at,resolved_at,reopened\n"
        b"a,2025-02-01,2025-02-02,maybe\nb,2025-02-01,,1\n",
    "decisions-impossible-chances.csv": (
        b"account_id,decided_at,contact,assignment,propensity\na,2025-02-01,yes,random,1.5\n"
        b"b,2025-02-01,no,by lot,0.5\nb,2025-02-02,perhaps,random,0.5\n"
    ),
    "contacts-negative-minutes.csv": b"account_id,contacted_at,minutes,role\n"
        b"a,2025-02-01,-5,sales\nb,2025-02-01,10,boss\n",
    "managers-hours-in-words.csv": b"manager_id,weekly_capacity_hours\nm1,40h\nm2,20\n",
}  # fmt: skip


def times(*stamps: str) -> list[datetime]:
    return [datetime.fromisoformat(s).replace(tzinfo=UTC) for s in stamps]


def table(**columns: object) -> pa.Table:
    plain = {"account_id": ["a", "b"], "occurred_at": times("2025-02-01", "2025-02-02"), "event": ["login", "login"]}
    return pa.table({**plain, **columns})


def parquet() -> dict[str, pa.Table]:
    wide = pa.Table.from_arrays(
        [pa.array(["a"]), pa.array(times("2025-02-01")), pa.array(["login"]), pa.array(["b"])],
        names=["account_id", "occurred_at", "event", "account_id"],
    )
    return {
        "activity-column-twice.parquet": wide,
        "activity-times-as-text.parquet": table(occurred_at=["2025-02-01", "2025-02-02T10:00+01:00"]),
        "activity-times-of-day.parquet": table(occurred_at=pa.array([time(10), time(11)])),
        "activity-times-in-lists.parquet": table(occurred_at=[times("2025-02-01"), times("2025-02-02")]),
        "activity-ids-in-structs.parquet": table(account_id=[{"id": "a"}, {"id": "b"}]),
        "activity-numbers-as-dates.parquet": table(value=pa.array([1, 2], pa.date32())),
        "activity-flags-as-numbers.parquet": table(value=[True, False]),
        "activity-dictionaries.parquet": table(
            account_id=pa.array(["a", "b"]).dictionary_encode(), event=pa.array(["login", None]).dictionary_encode()
        ),
        "activity-large-texts.parquet": table(account_id=pa.array(["a", "b"], pa.large_string())),
        "activity-bytes-as-ids.parquet": table(account_id=pa.array([b"a", b"b"])),
        "activity-decimals.parquet": table(value=pa.array([Decimal("1.50"), None], pa.decimal128(9, 2))),
        "activity-no-times-at-all.parquet": table(occurred_at=pa.nulls(2)),
        "activity-nanoseconds.parquet": table(occurred_at=pa.array([1738404000123456789, None], pa.timestamp("ns"))),
        "activity-dates.parquet": table(occurred_at=pa.array([20_000, 20_001], pa.date32())),
        "activity-no-rows.parquet": table().slice(0, 0),
    }


def write(folder: Path = HERE) -> list[str]:
    """Write every file; give their names."""
    for name, data in TEXTS.items():
        (folder / name).write_bytes(data)
    for name, data in parquet().items():
        pq.write_table(data, folder / name)
    zipped = gzip.compress((HEAD + ROWS * 400).encode(), mtime=0)
    (folder / "activity-zipped.csv.gz").write_bytes(zipped)
    (folder / "activity-zip-cut-short.csv.gz").write_bytes(zipped[: len(zipped) // 2])
    (folder / "activity-zip-in-name-only.csv.gz").write_bytes((HEAD + ROWS).encode())
    whole = (folder / "activity-large-texts.parquet").read_bytes()
    (folder / "activity-cut-short.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "activity-parquet-in-name-only.parquet").write_bytes((HEAD + ROWS).encode())
    (folder / "activity-empty.parquet").write_bytes(b"")
    return sorted(p.name for p in folder.iterdir() if p.suffix not in (".py", ".toml") and p.is_file())


if __name__ == "__main__":
    write()
