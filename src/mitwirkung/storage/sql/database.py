"""What the storage in SQL asks of a database, whichever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

T = TypeVar("T")


class SqlDatabase(ABC):
    """One database, its connections and its errors.

    All of its methods raise `StorageBusy` and `StorageUnfit`, never errors of SQLAlchemy or of the
    driver, whose texts may hold what was to be written.
    """

    @abstractmethod
    def writing(self) -> AbstractContextManager[Connection]:
        """A connection in a transaction; leaving the block commits, an exception rolls back."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that reads what is committed."""

    def changing(self) -> AbstractContextManager[Connection]:
        """As `writing`, and nobody else is in such a block: here the schema is changed."""
        return self.writing()

    def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives in a transaction. It may be repeated if the connection was lost, so
        doing it twice is the same as doing it once."""
        with self.writing() as connection:
            return work(connection)

    def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` reads; it may be repeated too."""
        with self.reading() as connection:
            return work(connection)

    def insert_many(
        self,
        connection: Connection,
        table: Table,
        rows: Iterable[tuple[Any, ...]],
        *,
        missing: bool = False,
    ) -> int:
        """Insert rows, each with a value for every column of the table, as the driver takes it;
        JSON as text.

        Args:
            connection: in a transaction.
            table: where to.
            rows: taken as they come, not all at once.
            missing: insert only those whose primary key is not there.

        Returns:
            How many were inserted.

        Raises:
            sqlalchemy.exc.IntegrityError: one was there; all are to be rolled back.
        """
        from mitwirkung.storage.sql.bulk import insert_many

        return insert_many(connection, table, rows, missing=missing)

    @abstractmethod
    def compact(self) -> None:
        """See to it that nothing of what was removed is left in any file.

        Raises:
            StorageBusy: others hold it for too long: something may be left.
        """

    @abstractmethod
    def close(self) -> None:
        """Close all connections."""
