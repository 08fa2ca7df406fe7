"""A transaction in SQL: nothing here depends on the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select, union, update
from sqlalchemy.exc import IntegrityError

from mitwirkung.storage.backend import Match, Transaction
from mitwirkung.storage.errors import RecordExists
from mitwirkung.storage.journal import ChainedEntry, JournalEntry
from mitwirkung.storage.records import Record, RecordKind
from mitwirkung.storage.sql.bulk import as_text
from mitwirkung.storage.sql.database import SqlDatabase
from mitwirkung.storage.sql.tables import field, journal, of_kind, records

MANY = 500
"""Records that are named in one query, and entries that are written by one."""

_CHANGE = (
    update(records)
    .where(
        records.c.event == bindparam("of_event"),
        records.c.kind == bindparam("of_kind"),
        records.c.key == bindparam("of_key"),
        records.c.version == bindparam("of_version"),
    )
    .values(
        version=bindparam("to_version"), fields=bindparam("to_fields"), body=bindparam("to_body")
    )
)


class SqlTransaction(Transaction):
    """On a connection that has begun, and is committed or rolled back by who made it."""

    def __init__(
        self,
        event: str,
        kinds: Mapping[str, RecordKind],
        database: SqlDatabase,
        connection: Connection,
    ) -> None:
        super().__init__(event, kinds)
        self._database = database
        self._connection = connection
        self._unwritten: list[ChainedEntry] = []

    def insert(self, new: Iterable[Record]) -> None:
        if not self.insert_rows(map(_record_row, new)):
            raise RecordExists("record-exists", event=self.event)

    def insert_rows(self, rows: Iterable[tuple[Any, ...]]) -> bool:
        """Insert rows of the table of records, all or none; False if one was there before."""
        try:
            with self._connection.begin_nested():
                self._database.insert_many(self._connection, records, rows)
        except IntegrityError:
            return False
        return True

    def load(self, kind: str, key: str) -> Record | None:
        row = self._connection.execute(select(records).where(*self._one(kind, key))).one_or_none()
        return None if row is None else self._record(row)

    def load_all(self, names: Sequence[tuple[str, str]]) -> Iterable[Record]:
        keys: dict[str, list[str]] = {}
        for kind, key in names:
            keys.setdefault(kind, []).append(key)
        for kind, those in keys.items():
            for start in range(0, len(those), MANY):
                named = records.c.key.in_(those[start : start + MANY])
                query = select(records).where(
                    records.c.event == self.event, records.c.kind == kind, named
                )
                yield from map(self._record, self._connection.execute(query))

    def load_page(self, kind: str, match: Match, after: str, limit: int) -> Sequence[Record]:
        query = (
            select(records)
            .where(*self._matching(kind, match), records.c.key > after)
            .order_by(records.c.key)
            .limit(limit)
        )
        return [self._record(row) for row in self._connection.execute(query)]

    def number_of(self, kind: str, match: Match) -> int:
        query = select(func.count()).select_from(records).where(*self._matching(kind, match))
        return self._connection.execute(query).scalar_one()

    def update(self, record: Record, version: int) -> bool:
        changed = self._connection.execute(
            update(records)
            .where(*self._one(record.kind, record.key), records.c.version == version)
            .values(version=record.version, fields=dict(record.index), body=record.body)
        )
        return changed.rowcount == 1

    def update_all(self, changes: Sequence[tuple[Record, int]]) -> bool:
        rows = [
            {
                "of_event": self.event,
                "of_kind": record.kind,
                "of_key": record.key,
                "of_version": version,
                "to_version": record.version,
                "to_fields": dict(record.index),
                "to_body": record.body,
            }
            for record, version in changes
        ]
        return self._connection.execute(_CHANGE, rows).rowcount == len(rows)

    def delete(self, kind: str, key: str) -> bool:
        gone = self._connection.execute(delete(records).where(*self._one(kind, key)))
        return gone.rowcount == 1

    def write_entry(self, entry: ChainedEntry) -> None:
        """Kept until somebody looks, or the transaction ends: many are written at once."""
        self._unwritten.append(entry)
        if len(self._unwritten) == MANY:
            self.write_journal()

    def write_journal(self) -> None:
        """Write the entries that were appended; whoever commits calls this before."""
        if rows := self.unwritten_rows():
            self._database.insert_many(self._connection, journal, rows)

    def unwritten_rows(self) -> list[tuple[Any, ...]]:
        """The rows of entries that were appended, for who writes them now."""
        entries, self._unwritten = self._unwritten, []
        dialect = self._connection.dialect
        kept = journal.c.time.type.dialect_impl(dialect).bind_processor(dialect)
        return [_entry_row(each, kept(each.entry.time) if kept else None) for each in entries]

    def last_entry(self) -> ChainedEntry | None:
        self.write_journal()
        query = (
            select(journal)
            .where(journal.c.event == self.event)
            .order_by(journal.c.number.desc())
            .limit(1)
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _entry(row)

    def load_entries(self, after: int, limit: int) -> Sequence[ChainedEntry]:
        self.write_journal()
        query = (
            select(journal)
            .where(journal.c.event == self.event, journal.c.number > after)
            .order_by(journal.c.number)
            .limit(limit)
        )
        return [_entry(row) for row in self._connection.execute(query)]

    def _one(self, kind: str, key: str) -> tuple[Any, ...]:
        return (
            records.c.event == self.event,
            records.c.kind == kind,
            records.c.key == key,
        )

    def _matching(self, kind: str, match: Match) -> list[Any]:
        terms: list[Any] = [records.c.event == self.event, of_kind(kind)]
        for name in sorted(match):
            value = match[name]
            terms.append(field(name).is_(None) if value is None else field(name) == value)
        return terms

    def _record(self, row: Row[Any]) -> Record:
        fields = row.fields
        index = {name: fields.get(name) for name in self._kinds[row.kind].index}
        return Record(row.event, row.kind, row.key, row.body, index, row.version)


def events_in(connection: Connection) -> list[str]:
    """The events of which there is a record or a journal."""
    query = union(select(records.c.event), select(journal.c.event))
    return list(connection.execute(query).scalars())


def _entry(row: Row[Any]) -> ChainedEntry:
    told = JournalEntry(row.time, row.actor, row.what, row.subject, row.params)
    return ChainedEntry(row.event, row.number, told, row.previous, row.hash)


def _entry_row(link: ChainedEntry, time: object) -> tuple[object, ...]:
    told = link.entry
    what = (time or told.time, told.actor, told.what, told.subject, as_text(dict(told.params)))
    return (link.event, link.number, *what, link.previous, link.hash)


def _record_row(record: Record) -> tuple[object, ...]:
    """A row of the table of records, as the driver takes it."""
    fields = as_text(dict(record.index))
    return record.event, record.kind, record.key, record.version, fields, record.body
