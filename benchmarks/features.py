"""How fast features of many cutoffs are, beside polars, pandas and DuckDB written well.

    python benchmarks/features.py [--quick | --full] [--json]

All sides start from the same Arrow table in memory (account, moment, event, value, user; in the order of
time, as a log is written) and end in one float32 matrix with a row per cutoff and account. Inside the clock
ours makes signals of the table's columns, groups and sweeps; nothing is kept from run to run. Rivals check
nothing either; ``ours, checked`` goes through all checks of ``History``. The rivals reduce the log to days
once, which these windows allow, and share that between cutoffs. Values are compared. The fastest of several
rounds counts, sides taking turns within a round.

``--full`` adds 50 M events: in memory, and from Parquet within 4 GB of memory, the facts on disk, each in a
process of its own; the bytes of both matrices are compared. The last line is one JSON object; ``--json`` prints
nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather
import pyarrow.parquet

from churnkit import features as f
from churnkit.history import History, Signals, read_history
from churnkit.timeline import DAY, HOUR, as_datetime, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

USAGE = tuple(f"event_{k:02d}" for k in range(11))
EVENTS = (*USAGE, "survey")
WINDOWS = (7, 30, 90, 180)
NOW = moment("2026-06-01")
RECORD = 730
GOALS = {
    "vs_polars_12": "at least 12, aim 20",
    "vs_pandas_12": "at least 17, aim 30",
    "vs_duckdb_12": "",
    "vs_polars_1": "at least 1.5",
    "cutoffs_12_over_1": "at most 1.5",
    "least_12_over_1": "what it would be if the other cutoffs cost no more than the floor",
    "over_floor": "at most 6, aim 3",
    "peak_gib": "at most 2.5",
    "equal": "true",
    "vs_polars_12_door": "",
    "vs_polars_12_more": "",
    "one_account_ms": "below 1",
    "first_compile_s": "at most 30",
}

CHECKED = "ours, checked"

FULL = {
    "seconds_50m": "",
    "peak_gib_50m": "",
    "seconds_50m_in_4gb": "",
    "peak_gib_50m_in_4gb": "at most 3.73 (4 GB)",
    "equal_50m": "true",
}


def cutoffs(count: int) -> np.ndarray:
    """Midnights 30 days apart, the last one at the end of the record."""
    return np.array([NOW - 30 * DAY * k for k in range(count)][::-1], dtype=np.int64)


def log(events: int, accounts: int, seed: int = 0) -> pa.Table:
    """A log of sessions: an account comes on a day and leaves some facts; few accounts make most of them."""
    rng = np.random.default_rng(seed)
    weight = rng.gamma(0.8, size=accounts)
    sessions = events // 4
    account = rng.choice(accounts, sessions, p=weight / weight.sum()).astype(np.int32)
    begin = NOW - RECORD * DAY + rng.integers(0, RECORD, sessions) * DAY + rng.integers(6 * HOUR, 20 * HOUR, sessions)
    user = (account * 8 + rng.integers(0, 8, sessions)).astype(np.int32)
    occurred = np.repeat(begin, 4) + rng.integers(0, 2 * HOUR, 4 * sessions)
    order = np.argsort(occurred)
    often = np.array([*(1 / np.arange(2, 13)), 0.05])
    kind = rng.choice(len(EVENTS), 4 * sessions, p=often / often.sum())
    value = np.where(kind == 11, rng.integers(0, 11, len(kind)), np.round(rng.gamma(2.0, 3.0, len(kind)), 2))
    return pa.table(
        {
            "account_id": pa.array(np.repeat(account, 4)[order]),
            "occurred_at": pa.array(occurred[order], type=pa.timestamp("us", tz="UTC")),
            "event": pa.DictionaryArray.from_arrays(pa.array(kind.astype(np.int8)[order]), pa.array(EVENTS)),
            "value": pa.array(value[order]),
            "user_id": pa.array(np.repeat(user, 4)[order]),
        }
    )


def book(accounts: int) -> pa.Table:
    """The accounts table."""
    opened = np.full(accounts, NOW - RECORD * DAY)
    return pa.table(
        {"account_id": np.arange(accounts, dtype=np.int32), "opened_at": pa.array(opened, pa.timestamp("us", "UTC"))}
    )


def measures(more: bool) -> list[f.Expression]:
    """The features, in the order in which the rivals give them."""
    windowed = [f.count, f.total, f.active_days, *([f.minimum, f.std, f.slope, f.actors] if more else [])]
    found: list[f.Expression] = [verb(e, f"{w}d") for verb in windowed for w in WINDOWS for e in EVENTS]
    found += [verb(e) for verb in (f.days_since, f.gap_mean) for e in EVENTS]
    found += [f.count(e, "30d") / f.count(e, "90d") for e in USAGE[:4]]
    return [*found, f.latest("survey"), f.mean("survey", "180d")]


def owners(accounts: int) -> History:
    """The accounts, through the door, with hardly any event: the log comes to them inside the clock."""
    return History(accounts=book(accounts), activity=log(4 * len(EVENTS), accounts), observed_until=as_datetime(NOW))


def ours(table: pa.Table, people: History, cuts: np.ndarray, more: bool = False) -> np.ndarray:
    """From the Arrow table to the matrix."""
    signals = Signals(
        names=EVENTS,
        account=table["account_id"].to_numpy(),
        signal=table["event"].combine_chunks().indices.to_numpy().astype(np.int16),
        occurred=table["occurred_at"].cast(pa.int64()).to_numpy(),
        value=table["value"].to_numpy(),
        actor=table["user_id"].to_numpy() if more else None,
        tables=dict.fromkeys(EVENTS, "activity"),
    )
    return matrix(History.holding(replace(people._contents, signals=signals)), cuts, more)  # noqa: SLF001 - no door


def ours_checked(table: pa.Table, people: History, cuts: np.ndarray) -> np.ndarray:
    """The same through the door with all its checks."""
    columns = table.select(["account_id", "occurred_at", "event", "value"])
    return matrix(History(accounts=book(len(people.accounts)), activity=columns, observed_until=as_datetime(NOW)), cuts)


def matrix(history: History, cuts: np.ndarray, more: bool = False) -> np.ndarray:
    """Features of all accounts at all cutoffs."""
    n = len(history.accounts)
    account = np.tile(np.arange(n, dtype=np.int32), len(cuts))
    return f.compute(measures(more), history, account, np.repeat(cuts, n)).values


class Layout:
    """Where rivals put what they have found: one block of the matrix per cutoff."""

    def __init__(self, accounts: int, cuts: np.ndarray, more: bool) -> None:
        windowed = 7 if more else 3
        self.accounts, self.cuts = accounts, cuts
        every = len(WINDOWS) * len(EVENTS)
        # counts, sums and days, and at the end of the rest users: nobody is 0, all else is missing
        self.zeros = [*range(3 * every), *range(6 * every, windowed * every)]
        self.width = windowed * every + 2 * len(EVENTS) + 6
        self.out = np.empty((len(cuts) * accounts, self.width), dtype=np.float32)

    def block(self, k: int) -> np.ndarray:
        """The rows of cutoff ``k``, silent until something is put there."""
        rows = self.out[k * self.accounts : (k + 1) * self.accounts]
        rows.fill(np.nan)
        rows[:, self.zeros] = 0
        return rows

    def put(self, rows: np.ndarray, found: dict[str, np.ndarray], cut: int, names: Sequence[str]) -> None:
        """Scatter what was found by account and event: windowed numbers, then ages and gaps, then trends."""
        account, event, kinds = found["account"], found["event"].astype(np.int64), len(EVENTS)
        for k, name in enumerate(names):
            rows[account, k * kinds + event] = np.nan_to_num(found[name]) if "users" in name else found[name]
        at = len(names) * kinds
        rows[account, at + event] = (cut - found["last"]) / DAY
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = (found["last"] - found["first"]) / DAY / (found["n"] - 1)
            rows[account, at + kinds + event] = np.where(found["n"] > 1, gap, np.nan)
            at += 2 * kinds
            for k in range(4):
                days_30, days_90 = rows[:, kinds + k].astype(np.float64), rows[:, 2 * kinds + k].astype(np.float64)
                rows[:, at + k] = np.where(days_90 > 0, days_30 / days_90, np.nan)
            half_year = rows[:, 3 * kinds + 11].astype(np.float64)
            total = rows[:, 7 * kinds + 11]
            rows[:, at + 5] = np.where(half_year > 0, total / half_year, np.nan)
        survey = event == 11
        rows[account[survey], at + 4] = found["latest"][survey]


NAMES = [f"{what}_{w}" for what in ("count", "total", "active") for w in WINDOWS]
MORE = [f"{what}_{w}" for what in ("least", "std", "slope", "users") for w in WINDOWS]


def in_polars(table: pa.Table, people: History, cuts: np.ndarray, more: bool = False) -> np.ndarray:
    """Lazy polars: days once, then one grouping per cutoff for all windows."""
    layout = Layout(len(people.accounts), cuts, more)
    events = (
        pl.from_arrow(table)
        .lazy()
        .with_columns(
            event=pl.col("event").cast(pl.Enum(EVENTS)).to_physical(), micros=pl.col("occurred_at").cast(pl.Int64)
        )
    )
    return _in_polars(events, layout, more)


def _in_polars(events: pl.LazyFrame, layout: Layout, more: bool) -> np.ndarray:
    keys = ["account_id", "event"]
    daily = (
        events.with_columns(day=(pl.col("micros") // DAY).cast(pl.Int32))
        .group_by(*keys, "day")
        .agg(
            n=pl.len(),
            total=pl.col("value").sum(),
            first=pl.col("micros").min(),
            last=pl.col("micros").max(),
            latest=pl.col("value").sort_by("micros").last() if more else pl.col("value").last(),
        )
        .collect()
        .lazy()
    )
    for k, cut in enumerate(layout.cuts.tolist()):
        today, asked = cut // DAY, {}
        for w in WINDOWS:
            inside = pl.col("day") >= today - w
            asked[f"count_{w}"] = pl.col("n").filter(inside).sum()
            asked[f"total_{w}"] = pl.col("total").filter(inside).sum()
            asked[f"active_{w}"] = inside.sum()
        found = (
            daily.filter(pl.col("day") < today)
            .group_by(*keys)
            .agg(
                n=pl.col("n").sum(),
                first=pl.col("first").min(),
                last=pl.col("last").max(),
                latest=pl.col("latest").sort_by("day").last(),
                **asked,
            )
        )
        if more:
            found = found.join(_more_in_polars(events, cut, keys), on=keys, how="left")
        columns = found.collect().to_dict()
        arrays = {name: column.to_numpy() for name, column in columns.items()}
        arrays["account"] = arrays.pop("account_id")
        layout.put(layout.block(k), arrays, cut, [*NAMES, *MORE] if more else NAMES)
    return layout.out


def _more_in_polars(events: pl.LazyFrame, cut: int, keys: list[str]) -> pl.LazyFrame:
    """What days cannot give: from the log itself."""
    asked = {}
    day = (pl.col("micros") - cut) / DAY
    for w in WINDOWS:
        inside = pl.col("micros") >= cut - w * DAY
        asked[f"least_{w}"] = pl.col("value").filter(inside).min()
        asked[f"std_{w}"] = pl.col("value").filter(inside).std()
        asked[f"slope_{w}"] = pl.cov(day.filter(inside), pl.col("value").filter(inside)) / day.filter(inside).var()
        asked[f"users_{w}"] = pl.col("user_id").filter(inside).n_unique().cast(pl.Float64)
    longest = cut - WINDOWS[-1] * DAY
    return events.filter((pl.col("micros") >= longest) & (pl.col("micros") < cut)).group_by(*keys).agg(**asked)


def in_pandas(table: pa.Table, people: History, cuts: np.ndarray) -> np.ndarray:
    """Pandas on whole-number keys: days once, then one grouping per cutoff and window."""
    layout, kinds = Layout(len(people.accounts), cuts, False), len(EVENTS)
    micros = table["occurred_at"].cast(pa.int64()).to_numpy()
    event = table["event"].combine_chunks().indices.to_numpy().astype(np.int64)
    days = int(micros.max() // DAY) + 1
    who = table["account_id"].to_numpy().astype(np.int64) * kinds + event
    frame = pd.DataFrame({"key": who * days + micros // DAY, "value": table["value"].to_numpy(), "micros": micros})
    grouped = frame.groupby("key", sort=True)
    moments = grouped["micros"].agg(["min", "max"])
    values = grouped["value"].agg(["sum", "last", "size"])
    index = moments.index.to_numpy()
    daily = pd.DataFrame({"who": index // days, "day": index % days, "total": values["sum"].to_numpy()})
    daily["n"], daily["latest"] = values["size"].to_numpy(), values["last"].to_numpy()
    daily["first"], daily["last"] = moments["min"].to_numpy(), moments["max"].to_numpy()
    for k, cut in enumerate(cuts.tolist()):
        today = cut // DAY
        past = daily[daily["day"] < today]
        whole = past.groupby("who", sort=True).agg(
            n=("n", "sum"), first=("first", "min"), last=("last", "max"), latest=("latest", "last")
        )
        found = {name: whole[name].to_numpy() for name in whole}
        found["account"], found["event"] = whole.index.to_numpy() // kinds, whole.index.to_numpy() % kinds
        for w in WINDOWS:
            recent = past[past["day"] >= today - w].groupby("who", sort=True)
            sums, active = recent[["n", "total"]].sum(), recent.size()
            at = np.searchsorted(whole.index.to_numpy(), sums.index.to_numpy())
            for name, column in (("count", sums["n"]), ("total", sums["total"]), ("active", active)):
                found[f"{name}_{w}"] = np.zeros(len(whole))
                found[f"{name}_{w}"][at] = column.to_numpy()
        layout.put(layout.block(k), found, cut, NAMES)
    return layout.out


def in_duckdb(table: pa.Table, people: History, cuts: np.ndarray) -> np.ndarray:
    """DuckDB: days once, then one query per cutoff."""
    layout = Layout(len(people.accounts), cuts, False)
    codes = table["event"].combine_chunks().indices
    log_table = table.select(["account_id", "occurred_at", "value"]).append_column("event", codes)  # noqa: F841
    base = duckdb.connect()
    base.execute("SET TimeZone = 'UTC'")
    base.execute(
        "CREATE TABLE daily AS SELECT account_id AS account, event, epoch_us(occurred_at) // 86400000000 AS day, "
        "count(*) AS n, sum(value) AS total, min(epoch_us(occurred_at)) AS first, max(epoch_us(occurred_at)) AS last, "
        "arg_max(value, occurred_at) AS latest FROM log_table GROUP BY ALL"
    )
    for k, cut in enumerate(cuts.tolist()):
        today = cut // DAY
        asked = ", ".join(
            f"coalesce(sum(n) FILTER (day >= {today - w}), 0)::DOUBLE AS count_{w}, "
            f"coalesce(sum(total) FILTER (day >= {today - w}), 0)::DOUBLE AS total_{w}, "
            f"count(*) FILTER (day >= {today - w}) AS active_{w}"
            for w in WINDOWS
        )
        found = base.execute(
            f"SELECT account, event, sum(n)::DOUBLE AS n, min(first) AS first, max(last) AS last, "
            f"arg_max(latest, day) AS latest, {asked} FROM daily WHERE day < {today} GROUP BY account, event"
        ).fetchnumpy()
        layout.put(layout.block(k), found, cut, NAMES)
    return layout.out


def floor(table: pa.Table, people: History, cuts: np.ndarray) -> np.ndarray:
    """What any way must do: read the columns, and write a matrix of that size."""
    log_table = table  # noqa: F841
    duckdb.sql("SELECT max(account_id), max(epoch_us(occurred_at)), count(event), sum(value) FROM log_table").fetchall()
    out = np.empty((len(people.accounts) * len(cuts), len(measures(False))), dtype=np.float32)
    out.fill(0)
    return out


def differs(a: np.ndarray, b: np.ndarray, more: bool = False) -> str:
    """Say where two matrices differ by more than rounding in float32; empty where nowhere."""
    names = [m.name for m in measures(more)]
    for j, name in enumerate(names):
        loose = {"rtol": 2e-4, "atol": 1e-4} if "slope" in name or "std" in name else {"rtol": 1e-6, "atol": 0.0}
        same = np.isclose(a[:, j], b[:, j], equal_nan=True, **loose)
        if not same.all():
            row = int(np.argmin(same))
            return f"{name}: {(~same).sum()} of {len(a)} rows (row {row}: {a[row, j]!r} and {b[row, j]!r})"
    return ""


def timed(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    began = time.perf_counter()
    out = work()
    return time.perf_counter() - began, out


def race(sides: dict[str, Callable[[], np.ndarray]], rounds: int, say: Callable[..., None]) -> dict[str, float]:
    """Best seconds of every side, which take turns; ``differ`` tells whether any did not give the same values.

    Short sides, which one hiccup of the machine doubles, have three times the rounds; ``CHECKED``, which is compared
    with nothing, has one.
    """
    best: dict[str, float] = {}
    for k in range(3 * rounds):
        reference = None
        for name, work in sides.items():
            if k and (name == CHECKED or best[name] > 30 or (k >= rounds and best[name] > 2)):
                continue  # so is a slow side
            seconds, out = timed(work)
            best[name] = min(best.get(name, np.inf), seconds)
            if k == 0 and name != "floor":
                reference = out if reference is None else reference
                wrong = differs(reference, out, more="more" in name)
                if wrong:
                    say(f"{name} differs: {wrong}")
                    best["differ"] = 1.0
            del out
        del reference
    for name, seconds in best.items():
        say(f"  {name:<28} {seconds:8.3f} s")
    return best


def alone(argument: str, folder: str, **environment: str) -> dict[str, Any]:
    """Run a part of this file in a process of its own."""
    script = [sys.executable, __file__, "--part", argument, folder]
    done = subprocess.run(script, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return json.loads(done.stdout.splitlines()[-1])


def part_peak(folder: str) -> dict[str, float]:
    """Peak memory of a process that has the table in memory and makes the matrix."""
    table = pa.feather.read_table(f"{folder}/log.feather", memory_map=False)
    people = owners(pc.max(table["account_id"]).as_py() + 1)
    seconds, _ = timed(lambda: ours(table, people, cutoffs(12)))
    return {"peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, "seconds": seconds}


def part_large(folder: str) -> dict[str, object]:
    """From Parquet to the matrix, within ``BOUND`` where it is set in the environment."""
    bound = os.environ.get("BOUND")
    began = time.perf_counter()
    history = read_history(folder, observed_until=as_datetime(NOW), memory=bound)
    values = matrix(history, cutoffs(12))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"seconds": seconds, "peak_gib": peak, "digest": hashlib.sha256(values).hexdigest()}


def part_compile(_folder: str) -> dict[str, float]:
    """Seconds that the first call takes beyond the second, over all aggregates and both ways of ordering rows."""
    table, accounts = log(40_000, 1000), book(1000)
    every = measures(True) + [verb("survey") for verb in (f.maximum, f.earliest, f.gap_std, f.days_until, f.mean)]
    every += [f.count("survey", "30d", where=f.value >= 3), f.log1p(f.count("survey")), f.tenure()]

    def run() -> np.ndarray:
        history = History(accounts=accounts, activity=table, observed_until=as_datetime(NOW))
        rows = np.tile(np.arange(1000, dtype=np.int32), 12), np.repeat(cutoffs(12), 1000)
        return f.compute(every, history, *rows).values

    first, second = timed(run)[0], timed(run)[0]
    return {"first_compile_s": first - second}


def one_account() -> float:
    """Milliseconds for one account with 2,000 events and the whole catalogue, with a Book given."""
    from churnkit.history.sample import generate

    tables = dict(generate(accounts=200, months=16).tables)
    activity = tables["activity"]
    one = activity["account_id"].iloc[0]
    mine, rest = activity[activity["account_id"] == one], activity[activity["account_id"] != one]
    tables["activity"] = pd.concat([rest, pd.concat([mine] * (2000 // len(mine) + 1)).head(2000)])
    history = History(**tables)
    measured, cutoff = f.catalogue(history), history.last_moment
    everyone = np.arange(len(history.accounts), dtype=np.int32)
    books = f.compute(measured, history, everyone, np.full(len(everyone), cutoff)).books
    row = np.array([history.code(one)], dtype=np.int32), np.array([cutoff])
    spent = [timed(lambda: f.compute(measured, history, *row, books=books, threads=1).values)[0] for _ in range(300)]
    return float(np.median(spent)) * 1000


def through_the_door(folder: str, rounds: int, say: Callable[..., None]) -> float:
    """From Parquet on disk: ours with all checks, polars with none."""

    def from_files() -> np.ndarray:
        return matrix(read_history(folder, observed_until=as_datetime(NOW)), cutoffs(12))

    def polars_from_files() -> np.ndarray:
        events = pl.scan_parquet(f"{folder}/activity.parquet").with_columns(
            event=pl.col("event").cast(pl.Enum(EVENTS)).to_physical(), micros=pl.col("occurred_at").cast(pl.Int64)
        )
        accounts = pl.scan_parquet(f"{folder}/accounts.parquet").select(pl.len()).collect().item()
        return _in_polars(events, Layout(accounts, cutoffs(12), False), False)

    best = race({"ours from Parquet": from_files, "polars from Parquet": polars_from_files}, rounds, say)
    return best["polars from Parquet"] / best["ours from Parquet"]


def large(events: int, accounts: int, say: Callable[..., None]) -> dict[str, object]:
    """50 M events from Parquet, in memory and within 4 GB."""
    with tempfile.TemporaryDirectory() as folder:
        pa.parquet.write_table(log(events, accounts), f"{folder}/activity.parquet")
        pa.parquet.write_table(book(accounts), f"{folder}/accounts.parquet")
        whole, bound = alone("large", folder), alone("large", folder, BOUND="4GB")
    for name, found in (("in memory", whole), ("within 4 GB", bound)):
        say(f"{events:,} events {name:<14} {found['seconds']:8.1f} s {found['peak_gib']:6.2f} GiB")
    return {
        "seconds_50m": round(whole["seconds"], 1),
        "peak_gib_50m": round(whole["peak_gib"], 2),
        "seconds_50m_in_4gb": round(bound["seconds"], 1),
        "peak_gib_50m_in_4gb": round(bound["peak_gib"], 2),
        "equal_50m": whole["digest"] == bound["digest"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", nargs=2)
    asked = parser.parse_args()
    if asked.part:
        parts = {"peak": part_peak, "compile": part_compile, "large": part_large}
        print(json.dumps(parts[asked.part[0]](asked.part[1])))
        return

    def say(*words: object) -> None:
        if not asked.json:
            print(*words, flush=True)

    result = measure(400_000 if asked.quick else 10_000_000, 4000 if asked.quick else 100_000, say, rounds=3)
    if asked.full:
        result |= large(50_000_000, 100_000, say)
    say("" if not asked.quick else "goals are for the default size:")
    for name, goal in {**GOALS, **(FULL if asked.full else {})}.items():
        say(f"{name:<20} {result[name]!s:<10} {goal}")
    print(json.dumps(result))


def measure(events: int, accounts: int, say: Callable[..., None], rounds: int) -> dict[str, object]:
    """Run everything and gather the figures."""
    table, people = log(events, accounts), owners(accounts)
    say(f"{events:,} events, {accounts:,} accounts, {len(measures(False))} features, {os.cpu_count()} processors")
    result: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        result |= alone("compile", folder, NUMBA_CACHE_DIR=f"{folder}/cache")
        pa.feather.write_feather(table, f"{folder}/log.feather", compression="uncompressed")
        ours(log(4000, 100), owners(100), cutoffs(12), more=True)  # compiled, or found compiled
        result["peak_gib"] = round(alone("peak", folder)["peak_gib"], 2)
        sides = {
            "ours": ours,
            CHECKED: ours_checked,
            "polars": in_polars,
            "pandas": in_pandas,
            "duckdb": in_duckdb,
            "floor": floor,
        }
        best = {}
        for count in (1, 12):
            cuts = cutoffs(count)
            say(f"{count} cutoff(s):")
            best[count] = race({n: lambda w=w, c=cuts: w(table, people, c) for n, w in sides.items()}, rounds, say)
        say("12 cutoffs, with users, spread, slope and minimum:")
        rich = {"ours more": ours, "polars more": in_polars}
        more = race({n: lambda w=w: w(table, people, cutoffs(12), True) for n, w in rich.items()}, 1, say)
        pa.parquet.write_table(table, f"{folder}/activity.parquet")
        pa.parquet.write_table(book(accounts), f"{folder}/accounts.parquet")
        say("12 cutoffs, from Parquet:")
        result["vs_polars_12_door"] = round(through_the_door(folder, 1, say), 1)
    one, twelve = best[1], best[12]
    for rival in ("polars", "pandas", "duckdb"):
        result[f"vs_{rival}_12"] = round(twelve[rival] / twelve["ours"], 1)
    result |= {
        "vs_polars_1": round(one["polars"] / one["ours"], 2),
        "cutoffs_12_over_1": round(twelve["ours"] / one["ours"], 2),
        "least_12_over_1": round((one["ours"] + twelve["floor"] - one["floor"]) / one["ours"], 2),
        "over_floor": round(twelve["ours"] / twelve["floor"], 2),
        "vs_polars_12_more": round(more["polars more"] / more["ours more"], 1),
        "equal": not any("differ" in found for found in (one, twelve, more)),
        "one_account_ms": round(one_account(), 3),
        "first_compile_s": round(float(str(result["first_compile_s"])), 1),
        "seconds": round(twelve["ours"], 3),
        "seconds_1": round(one["ours"], 3),
        "seconds_checked": round(twelve[CHECKED], 3),
        "seconds_checked_1": round(one[CHECKED], 3),
    }
    return result


if __name__ == "__main__":
    main()
