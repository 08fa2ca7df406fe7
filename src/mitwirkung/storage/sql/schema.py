"""Brings a database to the schema of this version, by Alembic without a configuration file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from sqlalchemy import Connection, inspect, text
from sqlalchemy.schema import CreateIndex

from mitwirkung.storage.errors import StorageUnfit
from mitwirkung.storage.records import RecordKind
from mitwirkung.storage.sql.tables import VERSION_TABLE, declared_indexes

Part = Literal["records", "keys"]

NEWEST: dict[Part, str] = {"records": "records_0001", "keys": "keys_0001"}
"""The newest migration of each database: one that has it needs no Alembic to be opened."""

MIGRATIONS: dict[Part, list[str]] = {
    "records": ["mitwirkung.storage.sql:migrations/records"],
    "keys": ["mitwirkung.storage.sql:migrations/keys"],
}
"""Where those of each database stand."""


def revision(connection: Connection) -> str | None:
    """The migration that a database is at; None for an empty one."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()


def bring_up_to_date(connection: Connection, part: Part) -> None:
    """Run the migrations that are missing; the connection is in a transaction that is exclusive.

    Raises:
        StorageUnfit: the database is that of a newer version, or of another program.
    """
    found = revision(connection)
    if found == NEWEST[part]:
        return
    if found is None and inspect(connection).get_table_names():
        raise StorageUnfit("storage-other-program")

    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(
        attributes={"connection": connection, "version_table": VERSION_TABLE},
    )
    config.set_main_option("script_location", "mitwirkung.storage.sql:migrations")
    config.set_main_option("version_locations", "\n".join(MIGRATIONS[part]))
    config.set_main_option("path_separator", "newline")
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise StorageUnfit("storage-newer", revision=found) from None


def index_kinds(connection: Connection, kinds: Iterable[RecordKind]) -> None:
    """Make the indexes that the kinds declare and the database does not have.

    It is asked first which are there: only who owns a table may say CREATE INDEX IF NOT EXISTS.
    """
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
        "postgresql": "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
    }[connection.dialect.name]
    there = set(connection.execute(text(catalogue)).scalars())
    for kind in kinds:
        for index in declared_indexes(kind):
            if index.name not in there:
                connection.execute(CreateIndex(index))
