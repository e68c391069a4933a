"""Queries: SQLite and DuckDB, and a real PostgreSQL server that the test starts itself."""

from __future__ import annotations

import uuid

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from churnkit.errors import DataError, RequestError, UnreadableFile
from churnkit.history import History, read_history
from churnkit.timeline import moment
from support import company, postgres

QUERIES = {name: f"select * from {name}" for name in company.tables()}


def assert_same(read, given):
    for column in ("account", "signal", "occurred", "known"):
        np.testing.assert_array_equal(getattr(read.signals, column), getattr(given.signals, column))
    np.testing.assert_array_equal(read.signals.value, given.signals.value)
    assert read.observed_until == given.observed_until


@pytest.fixture(scope="module")
def expected():
    return History(**company.tables())


@pytest.fixture
def sqlite(tmp_path):
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    engine = sa.create_engine(url)
    for name, frame in company.tables().items():
        frame.to_sql(name, engine, index=False)
    yield url
    engine.dispose()


def test_sqlite_by_url_engine_and_connection(sqlite, expected):
    assert_same(read_history(QUERIES, connection=sqlite), expected)
    engine = sa.create_engine(sqlite)
    assert_same(read_history({n: n for n in QUERIES}, connection=engine), expected)  # by the names of tables
    with engine.connect() as opened:
        assert_same(read_history(QUERIES, connection=opened), expected)
        assert opened.execute(sa.text("select 1")).scalar() == 1  # the caller's connection stays open
    engine.dispose()


def test_duckdb_connection_and_relations(expected):
    connection = duckdb.connect()
    for name, frame in company.tables().items():
        connection.register(f"{name}_frame", frame)
        connection.execute(f"create table {name} as select * from {name}_frame")
    assert_same(read_history(QUERIES, connection=connection), expected)
    assert_same(History(**{n: connection.table(n) for n in QUERIES}), expected)
    with pytest.raises(UnreadableFile, match=r"activity: its query cannot be run \(Catalog Error"):
        read_history({**QUERIES, "activity": "select * from actvity"}, connection=connection)
    connection.close()


def test_what_is_asked_wrongly_is_told(sqlite):
    with pytest.raises(UnreadableFile, match=r"activity: its query cannot be run \(no such table: actvity\)"):
        read_history({**QUERIES, "activity": "actvity"}, connection=sqlite)
    with pytest.raises(DataError, match="gives column 'account_id' twice"):
        read_history({**QUERIES, "activity": "select account_id, account_id from activity"}, connection=sqlite)
    with pytest.raises(RequestError, match="no SQLAlchemy URL"):
        read_history(QUERIES, connection="not a url")
    with pytest.raises(UnreadableFile, match="a query needs connection="):
        read_history(QUERIES)


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("psycopg", reason="the driver psycopg (extra `sql`) is not installed")
    if postgres.binaries() is None:
        pytest.skip("no PostgreSQL binaries (initdb, postgres) are installed")
    with postgres.server() as url:
        yield url


def test_postgresql_gives_the_same_history(server, expected):
    engine = sa.create_engine(server)
    for name, frame in company.tables().items():
        frame.to_sql(name, engine, index=False)
    assert_same(read_history(QUERIES, connection=server), expected)
    assert_same(read_history({n: f"public.{n}" for n in QUERIES}, connection=engine), expected)
    engine.dispose()


def test_postgresql_types(server):
    ids = [uuid.UUID(int=1), uuid.UUID(int=2)]
    engine = sa.create_engine(server)
    with engine.begin() as run:
        run.execute(sa.text("create table clients (id uuid, since date, tags jsonb, big numeric(20, 0), note text[])"))
        insert = sa.text("insert into clients values (:i, :d, '{\"a\": 1}', 12345678901234567890, array['x'])")
        run.execute(insert, [{"i": i, "d": "2025-01-01"} for i in ids])
        run.execute(sa.text("create table events (client uuid, at timestamptz, what varchar(9), amount numeric(9, 2))"))
        insert = sa.text("insert into events values (:i, :t, 'login', :v)")
        rows = [(ids[0], "2025-02-01 10:00+02", "1.50"), (ids[1], "2025-02-01 10:00-05", None)]
        run.execute(insert, [{"i": i, "t": t, "v": v} for i, t, v in rows])
    history = read_history(
        {"accounts": "clients", "activity": "select * from events order by client"},
        connection=engine,
        rename={"accounts": {"id": "account_id", "since": "opened_at"},
                "activity": {"client": "account_id", "at": "occurred_at", "what": "event", "amount": "value"}},
    )  # fmt: skip
    engine.dispose()
    assert history.account_ids.tolist() == [str(i) for i in ids]
    assert history.code(ids[1]) == 1
    assert history.signals.occurred[:2].tolist() == [moment("2025-02-01T08:00Z"), moment("2025-02-01T15:00Z")]
    np.testing.assert_array_equal(history.signals.value[:2], [1.5, np.nan])
    assert history.accounts["big"].tolist() == [pytest.approx(12345678901234567890)] * 2


def test_postgresql_refuses_in_one_typed_error_without_the_password(server):
    secret = server.replace("tester@", "nobody_here:hush@")
    with pytest.raises(UnreadableFile) as caught:
        read_history(QUERIES, connection=secret)
    assert "hush" not in str(caught.value)
    with pytest.raises(UnreadableFile, match=r"relation .* does not exist"):
        read_history({**QUERIES, "tickets": "select * from nowhere"}, connection=server)


def test_many_rows_come_in_blocks(sqlite):
    engine = sa.create_engine(sqlite)
    many = pd.DataFrame(
        {"account_id": "ada", "occurred_at": "2025-02-01", "event": "login", "value": [None] * 60_000 + [1.5]}
    )
    many.to_sql("many", engine, index=False)
    history = read_history({"accounts": "accounts", "activity": "many"}, connection=engine)
    engine.dispose()
    assert history.rows["activity"] == (60_001, 60_001)
    assert np.nansum(history.signals.value) == 1.5
