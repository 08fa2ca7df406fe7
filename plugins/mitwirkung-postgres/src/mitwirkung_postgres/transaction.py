"""A transaction of one event in PostgreSQL.

An exclusive one holds the event's lock from its beginning to its end, so nobody else's runs beside
it and it reads what is committed.

Shared ones hold the lock together. As long as one only reads, it sees the event as it was at one
moment (REPEATABLE READ): the lock is had before that moment, so nothing exclusive runs then. From
its first change on it sees, query by query, what others have finished; that way an application is
written beside others. Who appends to the journal holds it until the end, since each entry needs
the hash before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection

from mitwirkung import (
    ChainedEntry,
    JournalEntry,
    Record,
    RecordKind,
    SqlTransaction,
    StorageBusy,
)
from mitwirkung_postgres.bulk import FEW, in_list, insert_all
from mitwirkung_postgres.database import PostgresDatabase
from mitwirkung_postgres.driver import say, say_at_once, say_plainly

_LOAD = """
SELECT kind, key, version, fields, body FROM records WHERE (event, kind, key) IN
"""
_LAST_ENTRY = """
SELECT number, time, actor, what, subject, params, previous, hash FROM journal
WHERE event = %s ORDER BY number DESC LIMIT 1
"""

_ENTRY = "(%s, %s, %s, %s, %s, %s, %s, %s, %s)"
_INSERT_ENTRIES = """
INSERT INTO journal (event, number, time, actor, what, subject, params, previous, hash) VALUES
"""

SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresTransaction(SqlTransaction):
    """On a connection that holds the lock of the event."""

    def __init__(
        self,
        event: str,
        kinds: Mapping[str, RecordKind],
        database: PostgresDatabase,
        connection: Connection,
        *,
        exclusive: bool,
        writes: bool,
    ) -> None:
        super().__init__(event, kinds, database, connection)
        self._place = database
        self._writes, self._holds_journal = exclusive or writes, exclusive
        self._journal_lock = database.lock("journal", event)
        self.changed = False
        self.told: ChainedEntry | None = None
        self._head: ChainedEntry | None = None

    def insert_rows(self, rows: Iterable[tuple[Any, ...]]) -> bool:
        """A few in one statement, which takes itself back; many after a savepoint."""
        left = iter(rows)
        first = list(islice(left, FEW))
        self._begin_to_write()
        if len(first) == FEW:
            return super().insert_rows(chain(first, left))
        return not first or insert_all(self._connection, first)

    def load(self, kind: str, key: str) -> Record | None:
        found = self.load_all([(kind, key)])
        return found[0] if found else None

    def load_all(self, names: Sequence[tuple[str, str]]) -> list[Record]:
        found: list[Record] = []
        for start in range(0, len(names), FEW):
            few = names[start : start + FEW]
            values = chain.from_iterable((self.event, *name) for name in few)
            rows = say(self._connection, in_list(_LOAD, 3, len(few)), [*values], binary=True)
            found += [self._read(*row) for row in rows]
        return found

    def last_entry(self) -> ChainedEntry | None:
        self.write_journal()
        if self._head is None:
            return self._entry(say(self._connection, _LAST_ENTRY, [self.event]).fetchall())
        head, self._head = self._head, None
        return head

    def _read(self, kind: str, key: str, version: int, fields: Any, body: bytes) -> Record:
        index = {name: fields.get(name) for name in self._kinds[kind].index}
        return Record(self.event, kind, key, body, index, version)

    def update(self, record: Record, version: int) -> bool:
        self._begin_to_write()
        return super().update(record, version)

    def delete(self, kind: str, key: str) -> bool:
        self._begin_to_write()
        return super().delete(kind, key)

    def hold_journal(self) -> None:
        """The last entry is asked for in the same breath: while this one holds the journal, others
        wait for it."""
        self._begin_to_write()
        if not self._holds_journal:
            held = ("SELECT pg_advisory_xact_lock(%s)", [self._journal_lock])
            _, rows = say_at_once(self._connection, held, (_LAST_ENTRY, [self.event]))
            self._holds_journal, self._head = True, self._entry(rows)

    def write_entry(self, entry: ChainedEntry) -> None:
        super().write_entry(entry)
        self.told = entry

    def commit(self, more: str) -> None:
        """Commit, in one breath with the last entries; see `PostgresDatabase.commit`."""
        if len(self._unwritten) >= FEW:
            self.write_journal()
        rows = self.unwritten_rows()
        statement = f"{_INSERT_ENTRIES} {', '.join([_ENTRY] * len(rows))}"
        before = (statement, [*chain.from_iterable(rows)]) if rows else None
        self._place.commit(self._connection, more, before)

    def _entry(self, rows: Sequence[tuple[Any, ...]]) -> ChainedEntry | None:
        for number, *told, previous, digest in rows:
            return ChainedEntry(self.event, number, JournalEntry(*told), previous, digest)
        return None

    def _begin_to_write(self) -> None:
        self.changed = True
        if not self._writes:
            say_plainly(self._connection, "COMMIT; BEGIN")
            self._writes = True


@contextmanager
def event_transaction(
    database: PostgresDatabase,
    event: str,
    kinds: Mapping[str, RecordKind],
    *,
    exclusive: bool,
    writes: bool,
) -> Iterator[PostgresTransaction]:
    """A transaction of an event; see `StorageBackend.transaction`."""
    lock = database.lock("event", event)
    if exclusive or writes:
        shared = "" if exclusive else "_shared"
        first, last = [f"BEGIN; SELECT pg_advisory_xact_lock{shared}({lock})"], ""
    else:
        held = f"SELECT pg_advisory_lock_shared({lock})"
        first = [f"BEGIN; {held}; COMMIT; {SNAPSHOT}"]  # in one breath; the lock stays
        last = f"SELECT pg_advisory_unlock_shared({lock})"
    with database.told():
        try:
            with database.begun(*first, last=last) as connection:
                transaction = PostgresTransaction(
                    event, kinds, database, connection, exclusive=exclusive, writes=writes
                )
                yield transaction
                transaction.commit(last)
        except StorageBusy as busy:
            if busy.code != "storage-in-doubt":
                raise
            if transaction.changed and not _was_done(database, lock, transaction.told):
                raise StorageBusy("storage-lost") from None


def _was_done(database: PostgresDatabase, lock: int, told: ChainedEntry | None) -> bool:
    """Whether a transaction was committed whose connection was lost in the middle of COMMIT: then
    its last entry stands in the journal.

    Raises:
        StorageBusy: nobody knows, for it wrote none, or the server is away.
    """
    if told is None:
        raise StorageBusy("storage-in-doubt")

    def look(connection: Connection) -> bool:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({lock})")  # it is over
        query = "SELECT hash FROM journal WHERE event = %s AND number = %s"
        found = connection.exec_driver_sql(query, (told.event, told.number)).scalar_one_or_none()
        return bool(found == told.hash)

    try:
        return database.write(look)
    except StorageBusy:
        raise StorageBusy("storage-in-doubt") from None
