"""One SQLite file: how it is opened, locked, emptied of what was erased, and closed.

Write-ahead log; every commit is on the disk when it returns (`synchronous = FULL`); freed pages are
overwritten (`secure_delete`); temporary tables never reach a disk.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError

from mitwirkung.storage.errors import StorageBusy, StorageUnfit
from mitwirkung.storage.sql.database import SqlDatabase

OWNER_ONLY = 0o600

_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
_NO_DATABASE = ("SQLITE_NOTADB", "SQLITE_CORRUPT")


class SqliteFile(SqlDatabase):
    """A database file and its connections.

    Args:
        path: the file; made, for its owner alone, if it is not there. Its folder has to be there.
        patience: seconds to wait for other writers.

    Raises:
        StorageUnfit: it cannot be opened or made, or is no database.
        StorageBusy: another process holds it for too long.
    """

    def __init__(self, path: Path, patience: int) -> None:
        self._path = path
        self._patience = patience
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
        except OSError as error:
            raise StorageUnfit(
                "storage-file", file=str(path), reason=error.strerror or "unknown"
            ) from None
        self._engine = _engine(path, patience)
        with self.reading():  # says now if it is no database
            pass

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction that writes: one at a time in all processes."""
        with self._told(), self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            with _settled(connection):
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection in a transaction that sees the file as it is at its first look."""
        with self._told(), self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN DEFERRED")
            with _settled(connection):
                yield connection

    def compact(self) -> None:
        """Write the file anew without its free pages, and cut the write-ahead log to nothing.

        Raises:
            StorageBusy: somebody reads or writes for too long: the log may be left.
        """
        with self._told(), self._engine.connect() as connection:
            connection.exec_driver_sql("VACUUM")
            busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        if busy:
            raise StorageBusy("storage-busy", seconds=self._patience)

    def close(self) -> None:
        """Close all connections; the last one of all processes removes the write-ahead log."""
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the database in our words."""
        try:
            yield
        except OperationalError as error:
            name = getattr(error.orig, "sqlite_errorname", "")
            if name.startswith(_BUSY):
                raise StorageBusy("storage-busy", seconds=self._patience) from None
            raise self._unfit(error) from error
        except DatabaseError as error:
            if not getattr(error.orig, "sqlite_errorname", "").startswith(_NO_DATABASE):
                raise
            raise self._unfit(error) from error

    def _unfit(self, error: DatabaseError) -> StorageUnfit:
        return StorageUnfit("storage-file", file=str(self._path), reason=str(error.orig))


def _engine(path: Path, patience: int) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": patience, "check_same_thread": False, "isolation_level": None},
        max_overflow=-1,  # threads wait for the file, not for a connection
        hide_parameters=True,  # an error that is logged holds nothing of what was to be written
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _: Any) -> None:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = ON",
            "temp_store = MEMORY",
            "cache_size = -64000",  # 64 MB: a bulk intake fits, so its index pages are written once
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


@contextmanager
def _settled(connection: Connection) -> Iterator[None]:
    """Commit at the end of the block, roll back if it raises anything."""
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
