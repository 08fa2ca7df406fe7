"""Storage in two SQLite files: the records with their journals, and the keys of their bodies."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from mitwirkung.storage.backend import BackendSettings
from mitwirkung.storage.sql.backend import SqlBackend
from mitwirkung.storage.sql.database import SqlDatabase


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


class SqliteBackend(SqlBackend):
    """Records in one SQLite file, the keys of their bodies in another.

    One writer at a time is what SQLite has, so every transaction is exclusive.
    """

    name = "sqlite"
    Settings = SqliteSettings
    settings: SqliteSettings

    def open_records(self) -> SqlDatabase:
        return self._file(self.settings.path)

    def open_keys(self) -> SqlDatabase:
        return self._file(self.settings.keys)

    def _file(self, path: str) -> SqlDatabase:
        from mitwirkung.storage.sql.sqlite_file import SqliteFile

        return SqliteFile(Path(path), self.settings.patience)
