"""What is particular to SQLite: its files, its schema, processes that meet or are killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mitwirkung.errors import BackendRefused
from mitwirkung.storage.backend import StorageBackend
from mitwirkung.storage.errors import StorageBusy, StorageUnfit
from mitwirkung.storage.journal import JournalEntry, prove_journal
from mitwirkung.storage.records import Record, RecordKind
from mitwirkung.storage.sqlite import SqliteBackend

EVENT = "buergerdialog-2020"
KINDS = [RecordKind("application", ("state",))]
NOON = datetime(2020, 11, 27, 12, 0, tzinfo=UTC)
HELPER = Path(__file__).parent / "other_process.py"


def backend(folder: Path, patience: int = 30) -> SqliteBackend:
    paths = {"path": str(folder / "dialog.db"), "keys": str(folder / "keys.db")}
    return SqliteBackend({**paths, "patience": patience})


def application(key: str, state: str = "received") -> Record:
    return Record(EVENT, "application", key, b"body", {"state": state})


@contextmanager
def other(folder: Path, task: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Another process with the same files; it says a line at each step."""
    command = [sys.executable, str(HELPER), str(folder), task, *words]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def content(storage: StorageBackend) -> dict[str, Any]:
    with storage.transaction(EVENT) as transaction:
        entries = list(transaction.journal())
        prove_journal(EVENT, entries)
        found = {each.key: each.index["state"] for each in transaction.find("application")}
        return {"states": found, "told": [entry.entry.what for entry in entries]}


# --- files ----------------------------------------------------------------------------------------


def test_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    with backend(tmp_path).open(KINDS) as storage:
        with storage.transaction(EVENT) as transaction:
            transaction.add(application("a"))
        files = sorted(tmp_path.iterdir())
        assert {"dialog.db", "dialog.db-wal", "keys.db"} <= {file.name for file in files}
        if sys.platform != "win32":
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        storage.compact()
        assert (tmp_path / "dialog.db-wal").stat().st_size == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["dialog.db", "keys.db"]


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageUnfit, match="nowhere"):
        backend(tmp_path / "nowhere").open(KINDS)
    (tmp_path / "dialog.db").write_bytes(b"no database, but something long enough" * 100)
    with pytest.raises(StorageUnfit, match=r"dialog\.db cannot be used as storage: file is not a"):
        backend(tmp_path).open(KINDS)


def test_a_database_of_another_program_or_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "dialog.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StorageUnfit, match="another program"):
        backend(tmp_path).open(KINDS)
    path.unlink()
    backend(tmp_path).open(KINDS).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE mitwirkung_schema SET version_num = 'records_9999'")
    connection.close()
    with pytest.raises(StorageUnfit, match="newer version of mitwirkung"):
        backend(tmp_path).open(KINDS)


def test_the_keys_need_a_file_of_their_own() -> None:
    with pytest.raises(BackendRefused, match="another file than the records"):
        SqliteBackend({"path": "same.db", "keys": "./same.db"})


# --- schema ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["records", "keys"])
def test_migrations_make_the_tables_that_the_code_uses(tmp_path: Path, part: Any) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from mitwirkung.storage.sql import tables
    from mitwirkung.storage.sql.schema import NEWEST, bring_up_to_date, revision
    from mitwirkung.storage.sql.sqlite_file import SqliteFile

    file = SqliteFile(tmp_path / "a.db", 30)
    with file.writing() as connection:
        bring_up_to_date(connection, part)
    with file.reading() as connection:
        assert revision(connection) == NEWEST[part]
        options = {"version_table": tables.VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        metadata = tables.kept if part == "records" else tables.locked
        assert compare_metadata(context, metadata) == []
    file.close()


def test_a_search_by_an_index_field_uses_an_index(tmp_path: Path) -> None:
    from mitwirkung.storage.sql.sqlite_file import SqliteFile
    from mitwirkung.storage.sql.transaction import SqlTransaction

    backend(tmp_path).open(KINDS).close()
    file = SqliteFile(tmp_path / "dialog.db", 30)
    asked: list[str] = []
    with file.writing() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_trace_callback(asked.append)
        transaction = SqlTransaction(EVENT, {kind.name: kind for kind in KINDS}, file, connection)
        assert list(transaction.find("application", state="received")) == []
        assert transaction.count("application", state=None) == 0
        driver.set_trace_callback(None)
        for query in asked:
            plan = driver.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
            assert "ix_application__state" in plan[0][-1], plan
    assert len(asked) == 2
    file.close()


def test_opening_and_sealing_need_no_alembic_once_the_schema_is_there(tmp_path: Path) -> None:
    backend(tmp_path).open(KINDS).close()
    code = (
        "import sys, mitwirkung.storage.sqlite as s\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        "s.SqliteBackend({'path': 'dialog.db', 'keys': 'keys.db'}).open([]).close()\n"
        "assert 'sqlalchemy' in sys.modules and 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


# --- processes ------------------------------------------------------------------------------------


def test_who_waits_too_long_for_another_process_is_told(tmp_path: Path) -> None:
    with backend(tmp_path, patience=1).open(KINDS) as storage:
        with other(tmp_path, "hold") as process:
            assert line(process) == "holding"
            with pytest.raises(StorageBusy, match="more than 1 seconds"):  # noqa: SIM117
                with storage.transaction(EVENT, exclusive=True):
                    pass
        with storage.transaction(EVENT) as transaction:  # the other one was killed
            transaction.add(application("a"))
        assert content(storage) == {"states": {"a": "received"}, "told": []}


def test_two_processes_that_open_at_once_make_one_schema(tmp_path: Path) -> None:
    with other(tmp_path, "open") as one, other(tmp_path, "open") as two:
        assert (line(one), line(two)) == ("open", "open")


def test_an_exclusive_transaction_is_alone_in_all_processes(tmp_path: Path) -> None:
    """Four processes take seats, one at a time, until there are none: never more than there are."""
    with backend(tmp_path).open(KINDS) as storage:
        with storage.transaction(EVENT) as transaction:
            transaction.add_all(application(f"seat {i:02}", "free") for i in range(30))
        taking = [other(tmp_path, "take", name) for name in "abc"]
        processes = [each.__enter__() for each in taking]
        try:
            counts = [int(line(process)) for process in processes]
        finally:
            for each in taking:
                each.__exit__(None, None, None)
        found = content(storage)
    assert sum(counts) == 30
    assert {name: [*found["states"].values()].count(name) for name in "abc"} == dict(
        zip("abc", counts, strict=True)
    )
    assert len(found["told"]) == 30


def test_a_change_by_another_process_is_told(tmp_path: Path) -> None:
    with backend(tmp_path).open(KINDS) as storage:
        with storage.transaction(EVENT) as transaction:
            transaction.add(application("a"))
        with other(tmp_path, "replace") as process:
            assert line(process) == "read"
            with storage.transaction(EVENT) as transaction:
                record = transaction.get("application", "a")
                assert record is not None
                transaction.replace(record)
            assert process.stdin is not None
            process.stdin.write("go on\n")
            process.stdin.flush()
            assert line(process) == "StaleRecord"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("step", range(8))
def test_a_process_that_is_killed_leaves_the_state_before_or_after(
    tmp_path: Path, step: int
) -> None:
    """Killed at the first, second, ... step of a transaction that replaces, adds and tells."""
    before = {"states": {"a": "received", "b": "received"}, "told": ["opened"]}
    after = {"states": {"a": "drawn", "c": "received"}, "told": ["opened", "drawn"]}
    with backend(tmp_path).open(KINDS) as storage:
        with storage.transaction(EVENT) as transaction:
            transaction.add_all([application("a"), application("b")])
            transaction.append(JournalEntry(NOON, "clerk", "opened"))
        with other(tmp_path, "draw") as process:
            said = [line(process)]
            for _ in range(step):
                assert process.stdin is not None
                process.stdin.write("go on\n")
                process.stdin.flush()
                said.append(line(process))
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        expected = after if "committed" in said else before
        assert content(storage) == expected
        assert (step >= 6) == (expected is after), said


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("milliseconds", [0, 3, 11, 29, 71])
def test_a_process_that_is_killed_at_any_moment_leaves_no_half(
    tmp_path: Path, milliseconds: int
) -> None:
    """It moves all applications on and tells so, over and over, until it is killed."""
    with backend(tmp_path).open(KINDS) as storage:
        with storage.transaction(EVENT) as transaction:
            transaction.add_all(application(f"k{i:03}", "0") for i in range(50))
        with other(tmp_path, "move") as process:
            assert line(process) == "moving"
            time.sleep(milliseconds / 1000)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        found = content(storage)
    assert len(found["states"]) == 50
    assert {*found["states"].values()} == {str(len(found["told"]))}
