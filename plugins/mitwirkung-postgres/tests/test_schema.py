"""The schema in the database: made once, never by those who may not, never that of others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from places import backend, settings
from psycopg.conninfo import conninfo_to_dict
from server import Server

import mitwirkung as mw
from mitwirkung_postgres import PostgresBackend
from mitwirkung_postgres.__main__ import main

EVENT = "buergerdialog-2020"
KINDS = [mw.RecordKind("application", ("state",))]
NOON = mw.JournalEntry(datetime(2020, 11, 27, 12, 0, tzinfo=UTC), "clerk", "told")

OPEN = """
import sys, json, mitwirkung as mw
from mitwirkung_postgres import PostgresBackend
kinds = [mw.RecordKind("application", ("state",))]
made = PostgresBackend(json.loads(sys.argv[1]))
sys.stdin.readline()
made.open(kinds).close()
"""


def schema_of(database: str) -> str:
    return f"{conninfo_to_dict(database)['application_name']}_r"


def application(key: str, state: str) -> mw.Record:
    return mw.Record(EVENT, "application", key, b"body", {"state": state})


def test_processes_that_open_at_once_make_one_schema(server: Server, database: str) -> None:
    command = [sys.executable, "-c", OPEN, json.dumps(settings(database))]
    pipes: Any = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(3)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    rows = server.sql(f"SELECT version_num FROM {schema_of(database)}.mitwirkung_schema")
    assert rows == [("records_0001",)]


def test_a_newer_schema_and_that_of_another_program_are_left_alone(
    server: Server, database: str
) -> None:
    schema = schema_of(database)
    server.sql(f"CREATE SCHEMA {schema}", f"CREATE TABLE {schema}.theirs (x int)")
    with pytest.raises(mw.StorageUnfit, match="another program"):
        backend(database).open(KINDS)
    server.sql(f"DROP TABLE {schema}.theirs")
    backend(database).open(KINDS).close()
    server.sql(f"UPDATE {schema}.mitwirkung_schema SET version_num = 'records_9999'")
    with pytest.raises(mw.StorageUnfit, match="newer version of mitwirkung"):
        backend(database).open(KINDS)


LATER = """
from alembic import op
revision, down_revision = "records_0002", "records_0001"
def upgrade():
    op.execute("SELECT pg_sleep(0.5)")
    op.execute("ALTER TABLE journal ADD COLUMN later text NOT NULL DEFAULT 'x'")
"""
UPGRADE = """
from mitwirkung.storage.sql import schema
schema.NEWEST["records"] = "records_0002"
schema.MIGRATIONS["records"].append(sys.argv[2])
"""


def test_two_processes_upgrade_a_database_of_the_first_schema_at_once(
    server: Server, database: str, tmp_path: Path
) -> None:
    """By a migration that fails if it runs twice. What was there stays readable, and those who are
    older than the schema are told so."""
    (tmp_path / "0002_later.py").write_text(LATER)
    with backend(database).open(KINDS) as storage, storage.transaction(EVENT) as transaction:
        transaction.add(application("a", "received"))
        transaction.append(NOON)
    first, *rest = OPEN.splitlines(keepends=True)[1:]
    code = first + UPGRADE + "".join(rest)
    command = [sys.executable, "-c", code, json.dumps(settings(database)), str(tmp_path)]
    pipes: Any = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(2)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    schema = schema_of(database)
    assert server.sql(f"SELECT version_num FROM {schema}.mitwirkung_schema") == [("records_0002",)]
    assert server.sql(f"SELECT what, later FROM {schema}.journal") == [("told", "x")]
    assert server.sql(f"SELECT key FROM {schema}.records") == [("a",)]
    with pytest.raises(mw.StorageUnfit, match="newer version of mitwirkung"):
        backend(database).open(KINDS)


@pytest.mark.parametrize("part", ["records", "keys"])
def test_migrations_make_the_tables_that_the_code_uses(database: str, part: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from mitwirkung.storage.sql import tables

    with backend(database).open([]) as storage:
        place = storage.records if part == "records" else storage._keys
        assert place is not None
        with place.reading() as connection:
            options = {"version_table": tables.VERSION_TABLE}
            context = MigrationContext.configure(connection, opts=options)
            metadata = tables.kept if part == "records" else tables.locked
            assert compare_metadata(context, metadata) == []


def test_a_search_by_an_index_field_uses_an_index(server: Server, database: str) -> None:
    schema = schema_of(database)
    with backend(database).open(KINDS) as storage:
        with storage.transaction(EVENT) as transaction:
            transaction.add_all(application(f"k{i:05}", f"s{i}") for i in range(5000))
        server.sql(f"ANALYZE {schema}.records")
        with storage.transaction(EVENT) as transaction:
            assert [each.key for each in transaction.find("application", state="s7")] == ["k00007"]
            assert transaction.count("application", state=None) == 0
    used = server.sql(
        "SELECT pg_stat_force_next_flush()",
        f"SELECT idx_scan FROM pg_stat_all_indexes WHERE schemaname = '{schema}' "
        "AND indexrelname = 'ix_application__state'",
    )
    assert used == [(2,)]


@pytest.fixture
def city(server: Server) -> Iterator[Server]:
    """A server with a database in which the roles that ship were made."""
    server.sql("CREATE DATABASE city")
    server.sql(said("roles"), database="city")
    yield server
    server.sql("DROP DATABASE city WITH (FORCE)")
    server.sql("DROP ROLE mitwirkung_owner", "DROP ROLE mitwirkung_app")


def said(what: str) -> str:
    command = [sys.executable, "-m", "mitwirkung_postgres", what]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_roles_with_the_least_privilege(city: Server) -> None:
    as_app = PostgresBackend({"server": city.conninfo("city", "mitwirkung_app")})
    with pytest.raises(mw.StorageUnfit) as told:
        as_app.open(KINDS)
    assert told.value.code == "storage-not-allowed"
    PostgresBackend({"server": city.conninfo("city", "mitwirkung_owner")}).open(KINDS).close()
    city.sql(said("grants"), database="city", user="mitwirkung_owner")

    name = mw.KeyName(EVENT, "p", "profile")
    with as_app.open(KINDS) as storage:
        with storage.transaction(EVENT, exclusive=True) as transaction:
            transaction.add_all([application("a", "x"), application("b", "x")])
            transaction.append(NOON)
        with storage.transaction(EVENT) as transaction:
            found = transaction.get("application", "a")
            assert found is not None
            transaction.replace(found)
            transaction.remove("application", "b")
        storage.keys().add({name: b"secret"})
        storage.keys().destroy([name])
        storage.compact()
    with pytest.raises(mw.StorageUnfit) as told:
        as_app.open([*KINDS, mw.RecordKind("letter", ("sent",))])  # a new index
    assert told.value.code == "storage-not-allowed"
    for forbidden in (
        "UPDATE mitwirkung.journal SET actor = 'x'",
        "DELETE FROM mitwirkung.journal",
        "UPDATE mitwirkung.mitwirkung_schema SET version_num = 'x'",
        "DROP TABLE mitwirkung.records",
        "CREATE TABLE mitwirkung.t (x int)",
        "TRUNCATE mitwirkung_keys.keys",
        "UPDATE mitwirkung_keys.keys SET secret = ''",
    ):
        with pytest.raises(Exception, match=r"permission denied|must be owner"):
            city.sql(forbidden, database="city", user="mitwirkung_app")


def test_only_the_sql_that_ships_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["users"]) == 2
    assert "roles | grants" in capsys.readouterr().err
