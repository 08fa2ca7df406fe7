"""What goes wrong in a database: waited for, taken back as a whole, told with a code."""

from __future__ import annotations

import logging
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from places import backend, settings
from proxy import Cut, Proxy, TlsDoor
from psycopg.conninfo import conninfo_to_dict
from server import Server
from sqlalchemy.exc import DBAPIError

import mitwirkung as mw
from mitwirkung_postgres import PostgresBackend

EVENT = "buergerdialog-2020"
KINDS = [mw.RecordKind("application", ("state",))]
NOON = datetime(2020, 11, 27, 12, 0, tzinfo=UTC)


def application(key: str, state: str = "received") -> mw.Record:
    return mw.Record(EVENT, "application", key, b"body", {"state": state})


def entry(what: str = "told") -> mw.JournalEntry:
    return mw.JournalEntry(NOON, "clerk", what)


def content(storage: mw.StorageBackend) -> tuple[list[str], list[str]]:
    with storage.transaction(EVENT) as transaction:
        entries = list(transaction.journal())
        mw.prove_journal(EVENT, entries)
        keys = [each.key for each in transaction.find("application")]
        return keys, [each.entry.what for each in entries]


def add(storage: mw.StorageBackend, key: str, *, exclusive: bool = False, **told: bool) -> None:
    with storage.transaction(EVENT, exclusive=exclusive) as transaction:
        transaction.add(application(key))
        if told.get("told", True):
            transaction.append(entry(key))


@pytest.fixture
def storage(database: str) -> Iterator[PostgresBackend]:
    with backend(database).open(KINDS) as opened:
        yield opened


def kill_others(server: Server, database: str) -> None:
    name = conninfo_to_dict(database)["application_name"]
    those = f"FROM pg_stat_activity WHERE application_name = '{name}'"
    assert server.sql(f"SELECT pg_terminate_backend(pid, 5000) {those}")


class Thread(threading.Thread):
    """Keeps what its work raised."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work, self.error = work, None
        self.start()

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self.error: BaseException | None = error

    def done(self, seconds: float = 20) -> BaseException | None:
        self.join(seconds)
        assert not self.is_alive()
        return self.error


# --- connections ----------------------------------------------------------------------------------


@pytest.mark.parametrize("exclusive", [False, True])
def test_connections_that_died_meanwhile_are_replaced(
    storage: PostgresBackend, server: Server, database: str, exclusive: bool
) -> None:
    add(storage, "a")
    storage.keys().add({mw.KeyName(EVENT, "p", "c"): b"secret"})
    kill_others(server, database)
    add(storage, "b", exclusive=exclusive)
    kill_others(server, database)
    assert storage.keys().get([mw.KeyName(EVENT, "p", "c")])
    assert storage.events() == [EVENT]
    assert content(storage) == (["a", "b"], ["a", "b"])


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("step", range(4))
def test_a_connection_that_dies_in_a_transaction_takes_it_back(
    storage: PostgresBackend, server: Server, database: str, exclusive: bool, step: int
) -> None:
    def work() -> None:
        with storage.transaction(EVENT, exclusive=exclusive) as transaction:
            steps: list[Callable[[], object]] = [
                lambda: transaction.get("application", "a"),
                lambda: transaction.add(application("b")),
                lambda: transaction.append(entry("b")),
                lambda: transaction.remove("application", "a"),
            ]
            for number, each in enumerate(steps):
                if number == step:
                    kill_others(server, database)
                each()

    add(storage, "a")
    with pytest.raises(mw.StorageBusy) as told:
        work()
    assert told.value.code == "storage-lost"
    assert content(storage) == (["a"], ["a"])


def test_a_connection_that_dies_in_bulk_takes_it_back(
    storage: PostgresBackend, server: Server, database: str
) -> None:
    def many() -> Iterator[mw.Record]:
        for number in range(50_000):
            if number == 20_000:
                kill_others(server, database)
            yield application(f"k{number:06}")

    with pytest.raises(mw.StorageBusy) as told, storage.transaction(EVENT) as transaction:
        transaction.add_all(many())
    assert told.value.code == "storage-lost"
    assert content(storage) == ([], [])


def test_many_records_of_which_one_is_there_are_refused_as_a_whole(
    storage: PostgresBackend,
) -> None:
    with storage.transaction(EVENT) as transaction:
        transaction.add(application("k00700"))
        with pytest.raises(mw.RecordExists):
            transaction.add_all(application(f"k{i:05}") for i in range(1000))
        transaction.add_all(application(f"l{i:05}", "ä\n\\N\t\"'") for i in range(1000))
    with storage.transaction(EVENT) as transaction:
        assert transaction.count("application", state="ä\n\\N\t\"'") == 1000
        assert transaction.count("application") == 1001


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    opened = Proxy(server)
    yield opened
    opened.close()


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_commit_whose_answer_is_lost_is_looked_up(
    server: Server, database: str, proxy: Proxy, exclusive: bool, told: bool, cut: Cut
) -> None:
    with backend(proxy.conninfo(database), patience=5).open(KINDS) as storage:
        add(storage, "a")
        proxy.cut = cut
        if cut == "after" and told:
            add(storage, "b", exclusive=exclusive, told=told)
        else:
            with pytest.raises(mw.StorageBusy) as raised:
                add(storage, "b", exclusive=exclusive, told=told)
            assert raised.value.code == ("storage-lost" if told else "storage-in-doubt")
        assert proxy.cut is None
        for _ in range(100):
            if "b" in content(storage)[0] or cut == "before":
                break
            time.sleep(0.02)  # what was told to nobody may still be under way
        there = ["b"] if cut == "after" else []
        assert content(storage) == (["a", *there], ["a", *(there if told else [])])
        proxy.cut = cut
        assert len(content(storage)[0]) == 1 + len(there)  # who only read has nothing to lose
        proxy.cut = cut
        storage.keys().add({mw.KeyName(EVENT, "p", "c"): b"secret"})
        assert storage.keys().add({mw.KeyName(EVENT, "p", "c"): b"other"}) != {}


def test_a_server_that_restarts_is_waited_for(new_server: Callable[..., Server]) -> None:
    own = new_server()
    with backend(own.conninfo(), patience=2).open(KINDS) as storage:
        add(storage, "a")
        own.stop("immediate")
        with pytest.raises(mw.StorageBusy) as told:
            add(storage, "b")
        assert (told.value.code, told.value.params) == ("storage-unreachable", {"seconds": 2})
        with pytest.raises(mw.StorageBusy):
            backend(own.conninfo(), patience=1).open(KINDS)

    def come_in() -> None:
        with backend(own.conninfo()).open(KINDS) as storage:
            add(storage, "c")

    waiting = Thread(come_in)
    time.sleep(0.3)
    own.start()
    assert waiting.done() is None
    with backend(own.conninfo()).open(KINDS) as storage:
        assert content(storage) == (["a", "c"], ["a", "c"])


def test_a_full_pool_is_told(database: str) -> None:
    with backend(database, connections=1, patience=1).open(KINDS) as storage:
        with storage.transaction(EVENT):
            error = Thread(lambda: add(storage, "a")).done()
        assert isinstance(error, mw.StorageBusy)
        assert error.code == "storage-connections"
        assert error.params == {"connections": 1, "seconds": 1}
        add(storage, "a")


def test_keys_have_connections_of_their_own(database: str) -> None:
    """Else those who hold the last one, and want to seal, would wait for each other."""
    with (
        backend(database, connections=1, patience=1).open(KINDS) as storage,
        storage.transaction(EVENT),
    ):
        assert storage.keys().names(EVENT) == []


def test_errors_of_other_databases_are_not_ours(storage: PostgresBackend) -> None:
    """What a program does beside, in a transaction of ours."""
    with pytest.raises(psycopg.OperationalError), storage.transaction(EVENT):
        raise psycopg.OperationalError("of another server")


# --- what is waited for ---------------------------------------------------------------------------


@pytest.mark.parametrize("holds", [False, True])
@pytest.mark.parametrize("wants", [False, True])
def test_exclusive_is_alone_and_shared_is_not(database: str, holds: bool, wants: bool) -> None:
    with backend(database).open(KINDS) as one, backend(database, patience=1).open(KINDS) as two:
        with one.transaction(EVENT, exclusive=holds) as transaction:
            transaction.add(application("a"))
            with two.transaction("another event", exclusive=True):
                pass
            error = Thread(lambda: add(two, "b", exclusive=wants)).done()
        if not (holds or wants):
            assert error is None
        else:
            assert isinstance(error, mw.StorageBusy)
            assert error.code == "storage-busy"
        assert content(one)[0] == (["a", "b"] if error is None else ["a"])


def test_who_reads_sees_one_moment(database: str) -> None:
    with backend(database).open(KINDS) as one, backend(database).open(KINDS) as two:
        add(one, "a")
        with one.transaction(EVENT) as transaction:
            assert transaction.count("application") == 1
            add(two, "b")
            assert [each.entry.what for each in transaction.journal()] == ["a"]
            assert transaction.count("application") == 1
        assert content(one) == (["a", "b"], ["a", "b"])


def test_entries_of_those_who_write_at_once_are_one_chain(database: str) -> None:
    with backend(database).open(KINDS) as one, backend(database).open(KINDS) as two:
        with one.transaction(EVENT) as transaction:
            transaction.add(application("a"))
            transaction.append(entry("a"))
            other = Thread(lambda: add(two, "b"))
            time.sleep(0.2)
            assert other.is_alive()  # for the entry before its own
            transaction.append(entry("a again"))
        assert other.done() is None
        assert content(one) == (["a", "b"], ["a", "a again", "b"])


def test_a_query_that_takes_too_long_is_stopped(database: str) -> None:
    with (
        backend(database).open(KINDS) as one,
        backend(database, patience=30, longest=1).open(KINDS) as two,
    ):
        with one.transaction(EVENT, exclusive=True):
            error = Thread(lambda: add(two, "b")).done()
        assert isinstance(error, mw.StorageBusy)
        assert (error.code, error.params) == ("storage-slow", {"seconds": 1})
        assert content(one) == ([], [])


def test_of_two_that_wait_for_each_other_one_is_told(database: str) -> None:
    met = threading.Barrier(2, timeout=20)

    def work(storage: mw.StorageBackend, first: str, then: str) -> None:
        with storage.transaction(EVENT) as transaction:
            for number, key in enumerate((first, then)):
                record = transaction.get("application", key)
                assert record is not None
                transaction.replace(replace(record, index={"state": first}))
                if not number:
                    met.wait()

    with backend(database).open(KINDS) as one, backend(database).open(KINDS) as two:
        add(one, "a")
        add(one, "b")
        threads = Thread(lambda: work(one, "a", "b")), Thread(lambda: work(two, "b", "a"))
        errors = [thread.done() for thread in threads]
        (told,) = [error for error in errors if error is not None]
        assert isinstance(told, mw.StorageBusy)
        assert told.code == "storage-clash"
        with one.transaction(EVENT) as transaction:
            states = {each.index["state"] for each in transaction.find("application")}
        assert states == {"b" if errors[0] else "a"}


@pytest.mark.parametrize(
    ("option", "ends"),
    [
        ("default_transaction_isolation=serializable", "COMMIT"),  # 40001
        ("deadlock_timeout=100ms", "SELECT pg_sleep(0); ROLLBACK"),  # 40P01
    ],
)
def test_keys_that_clash_with_others_are_tried_again(
    database: str, server: Server, option: str, ends: str
) -> None:
    """Another session holds one of two keys, and changes it or wants the other one."""
    stated = settings(database, patience=10)
    one, two = (mw.KeyName(EVENT, person, "profile") for person in "ab")
    with PostgresBackend(stated | {"server": f"{database} options='-c {option}'"}).open(
        KINDS
    ) as storage:
        storage.keys().add({one: b"1", two: b"2"})
        before = failures(server)
        with psycopg.connect(database) as other:
            table = f"{stated['keys']}.keys"
            other.execute(f"UPDATE {table} SET secret = secret WHERE person = 'b'")
            thread = Thread(lambda: storage.keys().destroy([one, two]))
            wait_for_a_lock(server)
            if "deadlock" in option:
                other.execute(f"UPDATE {table} SET secret = secret WHERE person = 'a'")
            other.execute(ends) if ends == "COMMIT" else other.rollback()
        assert thread.done() is None
        assert storage.keys().names(EVENT) == []
        assert failures(server) > before


def failures(server: Server) -> int:
    """How often somebody was told 40001 or 40P01 so far."""
    log = server.log()
    return log.count("could not serialize access") + log.count("deadlock detected")


def wait_for_a_lock(server: Server) -> None:
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    until = time.monotonic() + 20
    while not server.sql(waits)[0][0]:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_failure_that_was_swallowed_is_not_committed(storage: PostgresBackend) -> None:
    """PostgreSQL answers COMMIT with a rollback then, and with no error."""

    def work() -> None:
        with storage.transaction(EVENT) as transaction:
            transaction.add(application("a"))
            assert isinstance(transaction, mw.SqlTransaction)
            with pytest.raises(DBAPIError, match="division"):
                transaction._connection.exec_driver_sql("SELECT 1 / 0")

    with pytest.raises(mw.StorageBusy):
        work()
    assert content(storage) == ([], [])


# --- what cannot be used --------------------------------------------------------------------------


def test_a_login_that_fails_is_told_at_once_and_without_secrets(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "Blaukraut-9173"
    for stated in (server.conninfo("no_such_database"), server.conninfo("postgres", "nobody")):
        made = backend(stated, password=secret, patience=600)
        with pytest.raises(mw.StorageUnfit) as told:
            made.open(KINDS)
        assert told.value.code == "storage-login"
        shown = "".join(traceback.format_exception(told.value)) + repr(made.settings) + caplog.text
        assert secret not in shown + str(made.settings.model_dump(mode="json"))


@pytest.fixture
def tls(server: Server, tmp_path: Path) -> Iterator[TlsDoor]:
    opened = TlsDoor(server, tmp_path)
    yield opened
    opened.close()


def test_tls_with_the_right_authority_and_name(tls: TlsDoor, database: str) -> None:
    """The server from pip has no TLS, so a door with a certificate stands before it."""
    with backend(tls.conninfo(database, sslmode="verify-full")).open(KINDS) as storage:
        add(storage, "a")
        assert content(storage) == (["a"], ["a"])
    assert tls.passed > 0


@pytest.mark.parametrize(
    "wrong",
    [{"sslrootcert": "other.pem"}, {"host": "127.0.0.1"}, {"sslrootcert": "none.pem"}],
)
def test_tls_of_another_authority_or_name_is_refused(
    tls: TlsDoor, database: str, wrong: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    stated = tls.conninfo(database, sslmode="verify-full", **wrong)
    with pytest.raises((mw.StorageUnfit, mw.StorageBusy)) as told:
        backend(stated, patience=1, password="Blaukraut-9173").open(KINDS)
    assert told.value.code in ("storage-login", "storage-unreachable")
    assert "Blaukraut" not in str(told.value) + caplog.text
    assert tls.passed == 0


def test_errors_hold_nothing_of_what_was_written(
    storage: PostgresBackend, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    long = "Ostwestfalen" + secrets.token_hex(9000)
    with pytest.raises(mw.RecordUnfit) as told, storage.transaction(EVENT) as transaction:
        transaction.add(application("a", long))
    assert told.value.code == "record-too-long"
    shown = "".join(traceback.format_exception(told.value)) + caplog.text
    assert "Ostwestfalen" not in shown
    assert content(storage) == ([], [])


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"server": "dbname=x password=geheim"}, "a setting of its own"),
        ({"server": "postgresql://u:geheim@h/x"}, "a setting of its own"),
        ({"server": "geheim"}, "no connection string"),
        ({"records": "Not A Schema"}, "records"),
        ({"records": "same", "keys": "same"}, "another schema"),
        ({"keys_password": "geheim"}, "keys_server"),
    ],
)
def test_settings_that_do_not_fit_are_refused(stated: dict[str, str], told: str) -> None:
    with pytest.raises(mw.BackendRefused, match=told) as refused:
        PostgresBackend(stated)
    assert "geheim" not in str(refused.value)


def test_a_database_that_is_not_in_utf8_is_refused(server: Server) -> None:
    server.sql(
        "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0",
    )
    with pytest.raises(mw.StorageUnfit) as told:
        backend(server.conninfo("ascii")).open(KINDS)
    assert (told.value.code, told.value.params) == ("storage-encoding", {"encoding": "SQL_ASCII"})
