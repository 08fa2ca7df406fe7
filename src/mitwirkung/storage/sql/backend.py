"""What backends in SQL share: two databases, of the records and of the keys, brought up to date."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from mitwirkung.storage.backend import StorageBackend, Transaction
from mitwirkung.storage.keys import KeyStore
from mitwirkung.storage.records import RecordKind
from mitwirkung.storage.sql.database import SqlDatabase


class SqlBackend(StorageBackend):
    """Base of backends in SQL: says where both databases are; SQLAlchemy is imported by `open`."""

    @abstractmethod
    def open_records(self) -> SqlDatabase:
        """The database of records and journals."""

    @abstractmethod
    def open_keys(self) -> SqlDatabase:
        """The database of the keys: another one, or another schema that is backed up apart."""

    def connect(self, kinds: Mapping[str, RecordKind]) -> None:
        from mitwirkung.storage.sql.schema import bring_up_to_date, index_kinds

        self.records = self.open_records()
        self._keys: SqlDatabase | None = None
        try:
            self._keys = self.open_keys()
            with self._keys.changing() as connection:
                bring_up_to_date(connection, "keys")
            with self.records.changing() as connection:
                bring_up_to_date(connection, "records")
                index_kinds(connection, kinds.values())
        except BaseException:
            self.disconnect()
            raise

    @contextmanager
    def begin(
        self, event: str, kinds: Mapping[str, RecordKind], *, exclusive: bool, writes: bool
    ) -> Iterator[Transaction]:
        """Every transaction is exclusive, if that is what `writing` means in this database."""
        from mitwirkung.storage.sql.transaction import SqlTransaction

        with self.records.writing() as connection:
            transaction = SqlTransaction(event, kinds, self.records, connection)
            yield transaction
            transaction.write_journal()

    def all_events(self) -> Iterable[str]:
        from mitwirkung.storage.sql.transaction import events_in

        return self.records.read(events_in)

    def keys(self) -> KeyStore:
        from mitwirkung.storage.sql.key_store import SqlKeyStore

        assert self._keys is not None
        return SqlKeyStore(self._keys)

    def purge(self) -> None:
        self.records.compact()

    def disconnect(self) -> None:
        self.records.close()
        if self._keys is not None:
            self._keys.close()
