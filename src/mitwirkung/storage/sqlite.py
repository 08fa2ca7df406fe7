"""Storage in two SQLite files: the records with their journals, and the keys of their bodies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from mitwirkung.storage.backend import BackendSettings, StorageBackend, Transaction
from mitwirkung.storage.keys import KeyStore
from mitwirkung.storage.records import RecordKind

if TYPE_CHECKING:
    from mitwirkung.storage.sql.sqlite_file import SqliteFile


class SqliteSettings(BackendSettings):
    path: str = "mitwirkung.db"
    """The file of records and journals, seen from the working directory."""
    keys: str = "mitwirkung-keys.db"
    """The file of the keys. Back it up apart from the records, and for a shorter time: a copy of
    both reads what was erased since."""
    patience: int = Field(default=30, ge=1, le=3600)
    """Seconds to wait for others before giving up."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if Path(self.path).resolve() == Path(self.keys).resolve():
            raise ValueError("the keys need another file than the records")
        return self


class SqliteBackend(StorageBackend):
    """Records in one SQLite file, the keys of their bodies in another."""

    name = "sqlite"
    Settings = SqliteSettings
    settings: SqliteSettings

    def connect(self, kinds: Mapping[str, RecordKind]) -> None:
        from mitwirkung.storage.sql.schema import bring_up_to_date, index_kinds
        from mitwirkung.storage.sql.sqlite_file import SqliteFile

        patience = self.settings.patience
        self._records = SqliteFile(Path(self.settings.path), patience)
        self._key_file: SqliteFile | None = None
        try:
            self._key_file = SqliteFile(Path(self.settings.keys), patience)
            with self._key_file.writing() as connection:
                bring_up_to_date(connection, "keys")
            with self._records.writing() as connection:
                bring_up_to_date(connection, "records")
                index_kinds(connection, kinds.values())
        except BaseException:
            self.disconnect()
            raise

    @contextmanager
    def begin(
        self, event: str, kinds: Mapping[str, RecordKind], *, exclusive: bool
    ) -> Iterator[Transaction]:
        """One writer at a time is what SQLite has, so every transaction is exclusive."""
        from mitwirkung.storage.sql.transaction import SqlTransaction

        with self._records.writing() as connection:
            yield SqlTransaction(event, kinds, connection)

    def all_events(self) -> Iterable[str]:
        from mitwirkung.storage.sql.transaction import events_in

        with self._records.reading() as connection:
            return events_in(connection)

    def keys(self) -> KeyStore:
        from mitwirkung.storage.sql.key_store import SqlKeyStore

        assert self._key_file is not None
        return SqlKeyStore(self._key_file)

    def purge(self) -> None:
        self._records.compact()

    def disconnect(self) -> None:
        self._records.close()
        if self._key_file is not None:
            self._key_file.close()
