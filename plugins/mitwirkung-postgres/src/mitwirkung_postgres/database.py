"""A schema in a PostgreSQL database: its connections, locks and schema changes, and what is left of
what was removed.

The driver commits nothing by itself: BEGIN and COMMIT are said here, since a lock of a session has
to be had before a transaction takes its snapshot.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, Table, create_engine

from mitwirkung import SqlDatabase, StorageBusy, StorageUnfit
from mitwirkung_postgres import bulk
from mitwirkung_postgres.driver import driver, say_at_once, say_plainly
from mitwirkung_postgres.errors import (
    REPEATABLE,
    DatabaseError,
    in_our_words,
    is_lost,
    is_refused,
)
from mitwirkung_postgres.settings import PostgresSettings

T = TypeVar("T")

_NOTICES_A_DEAD_SERVER = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""What libpq is told if the settings say nothing else; without it a query waits for hours when the
network goes away."""


class PostgresDatabase(SqlDatabase):
    """A schema and its connections.

    Args:
        server, password: where it is.
        schema: its name.
        table: the table out of which things are removed.
        settings: for the rest.

    Raises:
        StorageUnfit: the server refuses the connection, or the database is not in UTF-8.
        StorageBusy: the server is not reached within the patience.
    """

    def __init__(
        self,
        server: str,
        password: SecretStr | None,
        schema: str,
        table: str,
        settings: PostgresSettings,
    ) -> None:
        self._schema = schema
        self._table = table
        self._settings = settings
        self._engine = _engine(server, password, schema, settings)
        try:
            encoding = self.read(lambda c: c.exec_driver_sql("SHOW server_encoding").scalar_one())
            if encoding != "UTF8":
                raise StorageUnfit("storage-encoding", encoding=encoding)
        except BaseException:
            self.close()
            raise

    # what the core asks

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self.told(), self.begun("BEGIN") as connection:
            yield connection
            self.commit(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.told(), self.begun() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """One process at a time; the schema is made if it is not there."""
        asked = f"SELECT count(*) FROM pg_namespace WHERE nspname = '{self._schema}'"
        with self.writing() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({self.lock('schema')})")
            if not connection.exec_driver_sql(asked).scalar_one():
                connection.exec_driver_sql(f"CREATE SCHEMA {self._schema}")
            yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        return self._repeated(lambda: SqlDatabase.write(self, work))

    def read(self, work: Callable[[Connection], T]) -> T:
        return self._repeated(lambda: SqlDatabase.read(self, work))

    def insert_many(
        self, connection: Connection, table: Table, rows: Any, *, missing: bool = False
    ) -> int:
        return bulk.insert_many(connection, table, rows, missing=missing)

    def compact(self) -> None:
        """Write the table anew, without what was removed, and end the write-ahead log, which holds
        it too, as far as the role may.

        It takes as long as the table is large, and nobody reads or writes in it meanwhile.
        """
        with self.told(), self.begun() as connection:
            say = connection.exec_driver_sql
            if not say(_MAY_REWRITE.format(table=self._table)).scalar_one():
                raise StorageUnfit("storage-not-allowed")
            self._wait_for_older_snapshots(connection)
            say("SET statement_timeout = 0")
            try:
                say(f"VACUUM (FULL) {self._table}")
                if say(_MAY_END_THE_LOG).scalar_one():
                    say("SELECT pg_switch_wal()")
                    say("CHECKPOINT")
            finally:
                if not connection.invalidated:
                    say("RESET statement_timeout")

    def close(self) -> None:
        self._engine.dispose()

    # for transactions of events

    def lock(self, *name: str) -> int:
        """The number of an advisory lock. Two names with one number only wait for each other."""
        whole = "\0".join(("mitwirkung", self._schema, *name))
        return int.from_bytes(hashlib.sha256(whole.encode()).digest()[:8], signed=True)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Errors of the database in our words."""
        try:
            yield
        except DatabaseError as error:
            raise in_our_words(error, self._settings) from None

    @contextmanager
    def begun(self, *first: str, last: str = "") -> Iterator[Connection]:
        """A connection on which `first` was said. If anything is raised, what is not committed is
        taken back, and `last` is said."""
        connection = self._connected(first)
        try:
            yield connection
        except BaseException:
            self._let_go(connection, last)
            raise
        self._let_go(connection)

    def commit(
        self,
        connection: Connection,
        more: str = "",
        before: tuple[str, Sequence[object]] | None = None,
    ) -> None:
        """Say `before`, commit, and say `more`, without waiting for an answer in between.

        Raises:
            StorageBusy: `storage-in-doubt` if the connection is lost meanwhile; or a query failed
                before and somebody went on all the same: PostgreSQL would then answer COMMIT with
                a rollback, and no error.
        """
        if driver(connection).info.transaction_status is TransactionStatus.INERROR:
            raise StorageBusy("storage-clash")
        try:
            if before is None:
                say_plainly(connection, f"COMMIT; {more}")
            else:
                words = [(each, ()) for each in ("COMMIT", more) if each]
                say_at_once(connection, before, *words)
        except DatabaseError as error:
            if is_lost(error):
                raise StorageBusy("storage-in-doubt") from None
            raise

    def _connected(self, first: Sequence[str]) -> Connection:
        """Nothing is done yet, so a connection that turns out to be dead is replaced."""
        until, pause = time.monotonic() + self._settings.patience, 0.02
        while True:
            connection = None
            try:
                connection = self._engine.connect()
                for statement in first:
                    say_plainly(connection, statement)
                return connection
            except DatabaseError as error:
                if connection is not None:
                    self._let_go(connection)
                if not is_lost(error):
                    raise
                if connection is None and is_refused(error):
                    raise StorageUnfit("storage-login") from None
                if time.monotonic() + pause > until:
                    seconds = self._settings.patience
                    raise StorageBusy("storage-unreachable", seconds=seconds) from None
            except BaseException:
                if connection is not None:
                    self._let_go(connection)
                raise
            time.sleep(pause)
            pause = min(2 * pause, 1)

    def _let_go(self, connection: Connection, last: str = "") -> None:
        try:
            if connection.invalidated:
                self._engine.dispose()  # the others are most likely dead too
                return
            if driver(connection).info.transaction_status is not TransactionStatus.IDLE:
                say_plainly(connection, f"ROLLBACK; {last}")
            elif last:
                say_plainly(connection, last)
        except BaseException as error:
            if not connection.invalidated:
                connection.invalidate()  # with it the server gives up its transaction and locks
            if not isinstance(error, DatabaseError):
                raise
        finally:
            connection.close()

    def _repeated(self, work: Callable[[], T]) -> T:
        until = time.monotonic() + self._settings.patience
        while True:
            try:
                return work()
            except StorageBusy as busy:
                if busy.code not in REPEATABLE or time.monotonic() > until:
                    raise
            time.sleep(0.02)

    def _wait_for_older_snapshots(self, connection: Connection) -> None:
        """A table that is written anew keeps what a transaction somewhere in the database may still
        look at."""
        say = connection.exec_driver_sql
        number = say("SELECT pg_current_xact_id()::xid::text").scalar_one()
        until = time.monotonic() + self._settings.patience
        while say(_OLDER.format(number=number)).scalar_one():
            if time.monotonic() > until:
                raise StorageBusy("storage-busy", seconds=self._settings.patience)
            time.sleep(0.05)


_OLDER = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
AND greatest(age(backend_xmin), age(backend_xid)) >= age('{number}'::xid)
"""
_MAY_REWRITE = """
SELECT CASE WHEN current_setting('server_version_num')::int >= 170000
THEN has_table_privilege('{table}', 'MAINTAIN') ELSE pg_has_role(relowner, 'USAGE') END
FROM pg_class WHERE oid = '{table}'::regclass
"""
_MAY_END_THE_LOG = """
SELECT has_function_privilege('pg_switch_wal()', 'EXECUTE') AND EXISTS (SELECT FROM pg_roles
WHERE rolname IN ('pg_checkpoint', current_user) AND pg_has_role(oid, 'USAGE')
AND (rolname = 'pg_checkpoint' OR rolsuper))
"""


def _engine(
    server: str, password: SecretStr | None, schema: str, settings: PostgresSettings
) -> Engine:
    stated = conninfo_to_dict(server)
    options = {
        "search_path": schema,
        "timezone": "UTC",
        "lock_timeout": settings.patience * 1000,
        "statement_timeout": settings.longest * 1000,
        "idle_in_transaction_session_timeout": settings.longest * 1000,
    }
    said = " ".join(f"-c {name}={value}" for name, value in options.items())
    parts: dict[str, Any] = {
        **_NOTICES_A_DEAD_SERVER,
        "application_name": "mitwirkung",
        **stated,
        "options": f"{stated.get('options') or ''} {said}".strip(),
        "client_encoding": "utf8",
    }
    if password is not None:
        parts["password"] = password.get_secret_value()
    return create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(autocommit=True, **parts),
        pool_size=settings.connections,
        max_overflow=0,
        pool_timeout=settings.patience,
        pool_reset_on_return=None,  # what is left open is taken back here
        use_native_hstore=False,
        hide_parameters=True,  # an error that is logged holds nothing of what was to be written
    )
