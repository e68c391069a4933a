"""The door against its floor: Parquet to a ready History, in time and in memory.

The floor is what any reader must do: ``pyarrow.parquet.read_table`` on the same files, and DuckDB sorting the
same columns by account. Each is timed in a process of its own, the best of several; peak memory is what
the process grew by while reading (``getrusage``), over the Arrow size of the columns used.

    python benchmarks/history.py            # 10 M rows, 100,000 accounts; ids: string, integer, uuid
    python benchmarks/history.py --quick    # 1 M rows, below a minute

The last line printed is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

KINDS = ("string", "integer", "uuid")
UTC = pa.timestamp("us", tz="UTC")
START = 1_704_067_200_000_000  # 2024-01-01
DAY = 86_400_000_000
EVENTS = ("login", "export", "report_run", "record_created", "integration_sync", "user_invited", "payment_failed")


def make(folder: Path, rows: int, accounts: int, kind: str) -> None:
    """Write accounts and, in four part files, activity with every column of the contract."""
    rng = np.random.default_rng(7)
    ids = {
        "string": lambda: pa.array([f"acc-{i:08d}" for i in range(accounts)]),
        "integer": lambda: pa.array(np.arange(10_000, 10_000 + accounts)),
        "uuid": lambda: pa.array([str(uuid.UUID(bytes=rng.bytes(16), version=4)) for _ in range(accounts)]),
    }[kind]()
    users = pa.array([f"user-{i:07d}" for i in range(4 * accounts)])
    events = pa.array(EVENTS)
    folder.joinpath("activity").mkdir(parents=True)
    opened = START - rng.integers(0, 700 * 86_400, accounts) * 1_000_000
    pq.write_table(pa.table({"account_id": ids, "opened_at": pa.array(opened, UTC)}), folder / "accounts.parquet")
    for part in range(4):
        n = rows // 4
        who = rng.integers(0, accounts, n)
        at = START + (part * 182 * 86_400 + np.sort(rng.integers(0, 182 * 86_400, n))) * 1_000_000
        table = {
            "account_id": ids.take(pa.array(who)),
            "occurred_at": pa.array(at, UTC),
            "event": events.take(pa.array(rng.integers(0, len(EVENTS), n))),
            "value": pa.array(rng.gamma(2.0, 2.0, n).round(2)),
            "user_id": users.take(pa.array(4 * who + rng.integers(0, 4, n))),
            "recorded_at": pa.array(at + rng.integers(0, 3_600, n) * 1_000_000, UTC),
        }
        pq.write_table(pa.table(table), folder / "activity" / f"part-{part}.parquet")


def made(folder: Path, rows: str, accounts: str, kind: str) -> dict[str, float]:
    """Write the files from a process of its own: a child's peak memory begins with its parent's."""
    make(folder, int(rows), int(accounts), kind)
    return {}


def files(folder: Path) -> list[Path]:
    return sorted((folder / "activity").glob("*.parquet"))


def floor(folder: Path) -> dict[str, float]:
    """Read everything, and let DuckDB sort it by account."""
    import duckdb

    connection = duckdb.connect()
    start = time.perf_counter()
    table = pq.read_table(files(folder))
    read = time.perf_counter()
    activity_rows = table  # noqa: F841 (DuckDB finds it by its name)
    connection.sql("select * from activity_rows order by account_id").to_arrow_table()
    return {"read": read - start, "sort": time.perf_counter() - read, "arrow": float(table.nbytes)}


def door(folder: Path) -> dict[str, float]:
    """Make a History ready."""
    from churnkit.history import read_history

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    start = time.perf_counter()
    history = read_history(folder)
    taken = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": taken, "facts": float(len(history.signals)), "grown": peak - before, "peak": peak}


def alone(step: str, folder: Path, *more: str) -> dict[str, float]:
    """Run one step in a fresh process."""
    command = [sys.executable, __file__, "--step", step, str(folder), *more]
    shown = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(shown.stdout.splitlines()[-1])


def measure(folder: Path, repeats: int) -> dict[str, float]:
    """Time floor and door in turn, so that a busy machine is busy for both."""
    floors, doors = [], []
    for _ in range(repeats):
        floors.append(alone("floor", folder))
        doors.append(alone("door", folder))
    least = min(f["read"] + f["sort"] for f in floors)
    taken = min(d["seconds"] for d in doors)
    arrow = floors[0]["arrow"]
    return {
        "seconds": round(taken, 2),
        "floor_seconds": round(least, 2),
        "over_floor": round(taken / least, 2),
        "arrow_mb": round(arrow / 1e6),
        "grown_mb": round(max(d["grown"] for d in doors) / 1e6),
        "peak_mb": round(max(d["peak"] for d in doors) / 1e6),
        "memory_over_arrow": round(max(d["grown"] for d in doors) / arrow, 2),
        "whole_process_over_arrow": round(max(d["peak"] for d in doors) / arrow, 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="1 M rows, 10,000 accounts")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        step, folder, *more = given.step
        print(json.dumps({"make": made, "floor": floor, "door": door}[step](Path(folder), *more)))
        return 0
    rows, accounts = (1_000_000, 10_000) if given.quick else (10_000_000, 100_000)
    found = {}
    with tempfile.TemporaryDirectory() as where:
        for kind in KINDS:
            folder = Path(where) / kind
            alone("make", folder, str(rows), str(accounts), kind)
            found[kind] = measure(folder, given.repeats)
            print(f"{kind:8s} " + "  ".join(f"{k} {v}" for k, v in found[kind].items()), flush=True)
    worst = {k: max(f[k] for f in found.values()) for k in ("over_floor", "memory_over_arrow")}
    met = worst["over_floor"] <= 2 and worst["memory_over_arrow"] <= 3
    print(json.dumps({"benchmark": "history", "rows": rows, "accounts": accounts, **worst, "met": met, "ids": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
