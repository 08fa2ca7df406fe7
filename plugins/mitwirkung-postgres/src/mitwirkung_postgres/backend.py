"""Storage in PostgreSQL: a schema of records and journals, and another of the keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mitwirkung import RecordKind, SqlBackend, Transaction
from mitwirkung_postgres.settings import PostgresSettings

if TYPE_CHECKING:
    from mitwirkung_postgres.database import PostgresDatabase
    from mitwirkung_postgres.key_store import PostgresKeyStore


class PostgresBackend(SqlBackend):
    """Records in a schema of a PostgreSQL database, the keys of their bodies in another.

    Any number of processes on any number of machines may use it at once.
    """

    name = "postgresql"
    Settings = PostgresSettings
    settings: PostgresSettings

    def open_records(self) -> PostgresDatabase:
        from mitwirkung_postgres.database import PostgresDatabase

        said = self.settings
        return PostgresDatabase(said.server, said.password, said.records, "records", said)

    def open_keys(self) -> PostgresDatabase:
        from mitwirkung_postgres.database import PostgresDatabase

        said = self.settings
        if said.keys_server is None:
            return PostgresDatabase(said.server, said.password, said.keys, "keys", said)
        return PostgresDatabase(said.keys_server, said.keys_password, said.keys, "keys", said)

    def keys(self) -> PostgresKeyStore:
        from mitwirkung_postgres.key_store import PostgresKeyStore

        assert self._keys is not None
        return PostgresKeyStore(self._keys)

    @contextmanager
    def begin(
        self, event: str, kinds: Mapping[str, RecordKind], *, exclusive: bool, writes: bool
    ) -> Iterator[Transaction]:
        from mitwirkung_postgres.database import PostgresDatabase
        from mitwirkung_postgres.transaction import event_transaction

        assert isinstance(self.records, PostgresDatabase)
        shared = {"exclusive": exclusive, "writes": writes}
        with event_transaction(self.records, event, kinds, **shared) as transaction:
            yield transaction
