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
    RecordExists,
    RecordKind,
    SqlTransaction,
    StorageBusy,
)
from mitwirkung_postgres.bulk import FEW, insert_all
from mitwirkung_postgres.database import PostgresDatabase
from mitwirkung_postgres.driver import say

_LOAD = """
SELECT kind, key, version, fields, body
FROM unnest(%s::text[], %s::text[]) AS named (kind, key) JOIN records USING (kind, key)
WHERE event = %s
"""
_LAST_ENTRY = """
SELECT number, time, actor, what, subject, params, previous, hash FROM journal
WHERE event = %s ORDER BY number DESC LIMIT 1
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
    ) -> None:
        super().__init__(event, kinds, database, connection)
        self._writes = self._holds_journal = exclusive
        self._journal_lock = database.lock("journal", event)
        self.changed = False
        self.told: ChainedEntry | None = None

    def insert(self, new: Iterable[Record]) -> None:
        """A few in one statement, which takes itself back; many after a savepoint."""
        left = iter(new)
        first = list(islice(left, FEW))
        self._begin_to_write()
        if len(first) == FEW:
            super().insert(chain(first, left))
        elif first and not insert_all(self._connection, first):
            raise RecordExists("record-exists", event=self.event)

    def load(self, kind: str, key: str) -> Record | None:
        found = self.load_all([(kind, key)])
        return found[0] if found else None

    def load_all(self, names: Sequence[tuple[str, str]]) -> list[Record]:
        kinds, keys = [kind for kind, _ in names], [key for _, key in names]
        rows = say(self._connection, _LOAD, (kinds, keys, self.event))
        return [self._read(*row) for row in rows]

    def last_entry(self) -> ChainedEntry | None:
        self.write_journal()
        row = say(self._connection, _LAST_ENTRY, [self.event]).fetchone()
        if row is None:
            return None
        number, *told, previous, digest = row
        return ChainedEntry(self.event, number, JournalEntry(*told), previous, digest)

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
        self._begin_to_write()
        if not self._holds_journal:
            say(self._connection, "SELECT pg_advisory_xact_lock(%s)", [self._journal_lock])
            self._holds_journal = True

    def write_entry(self, entry: ChainedEntry) -> None:
        super().write_entry(entry)
        self.told = entry

    def _begin_to_write(self) -> None:
        self.changed = True
        if not self._writes:
            self._connection.exec_driver_sql("COMMIT; BEGIN")
            self._writes = True


@contextmanager
def event_transaction(
    database: PostgresDatabase, event: str, kinds: Mapping[str, RecordKind], *, exclusive: bool
) -> Iterator[PostgresTransaction]:
    """A transaction of an event; see `StorageBackend.transaction`."""
    lock = database.lock("event", event)
    if exclusive:
        first, last = [f"BEGIN; SELECT pg_advisory_xact_lock({lock})"], ""
    else:
        held = f"SELECT pg_advisory_lock_shared({lock})"
        first = [f"BEGIN; {held}; COMMIT; {SNAPSHOT}"]  # in one breath; the lock stays
        last = f"SELECT pg_advisory_unlock_shared({lock})"
    with database.told():
        try:
            with database.begun(*first, last=last) as connection:
                transaction = PostgresTransaction(
                    event, kinds, database, connection, exclusive=exclusive
                )
                yield transaction
                transaction.write_journal()
                database.commit(connection)
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
