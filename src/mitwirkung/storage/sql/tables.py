"""The tables of a database, and those of the keys, which lie in another one.

They are made by `migrations`; what the kinds declare is indexed when a database is opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    literal_column,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from mitwirkung.storage.records import RecordKind

VERSION_TABLE = "mitwirkung_schema"

PLAIN = Text().with_variant(Text(collation="C"), "postgresql")
"""A text in the order of code points, which is that of the bytes of UTF-8."""

WHOLE = BigInteger().with_variant(Integer(), "sqlite")


class UtcTime(TypeDecorator[datetime]):
    """A time in UTC: SQLite drops the time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        time: datetime = value
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


kept = MetaData()

records = Table(
    "records",
    kept,
    Column("event", PLAIN, nullable=False),
    Column("kind", PLAIN, nullable=False),
    Column("key", PLAIN, nullable=False),
    Column("version", WHOLE, nullable=False),
    Column("fields", JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("event", "kind", "key"),
)

journal = Table(
    "journal",
    kept,
    Column("event", PLAIN, nullable=False),
    Column("number", WHOLE, nullable=False),
    Column("time", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text),
    Column("params", JSON, nullable=False),
    Column("previous", Text),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("event", "number"),
)

locked = MetaData()

keys = Table(
    "keys",
    locked,
    Column("event", PLAIN, nullable=False),
    Column("person", PLAIN, nullable=False),
    Column("compartment", PLAIN, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    PrimaryKeyConstraint("event", "person", "compartment"),
    sqlite_with_rowid=False,
)


class _Searched(TypeDecorator[Any]):
    """What an index field is compared with: in PostgreSQL as JSON, where "1" is not 1 either."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return JSONB() if dialect.name == "postgresql" else NullType()

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        return self


class indexed(FunctionElement[Any]):  # noqa: N801 - reads like a function of SQL
    """The value of an index field inside `fields`; each dialect has its own words for it."""

    inherit_cache = True
    type = _Searched()


@compiles(indexed, "sqlite")
def _indexed_in_sqlite(element: indexed, compiler: Any, **options: Any) -> str:
    fields, name = element.clauses
    column = compiler.process(fields, **options)
    return f"json_extract({column}, '$.{name.name}')"


@compiles(indexed, "postgresql")
def _indexed_in_postgresql(element: indexed, compiler: Any, **options: Any) -> str:
    fields, name = element.clauses
    column = compiler.process(fields, **options)
    return f"NULLIF({column} -> '{name.name}', 'null'::jsonb)"


def field(name: str, table: Table = records) -> ColumnElement[Any]:
    """An index field as it is compared. Its name was checked: it is a plain word."""
    return indexed(table.c.fields, literal_column(name))


def of_kind(kind: str, table: Table = records) -> ColumnElement[bool]:
    """`kind = 'application'`, in these very words: with a parameter no partial index is used."""
    if not re.fullmatch(r"\w+", kind):
        raise ValueError("the name of a kind is a plain word")
    return table.c.kind == literal_column(f"'{kind}'")


def declared_indexes(kind: RecordKind) -> Iterator[Index]:
    """The database's indexes for a kind: one for each of its fields, over its own records alone.

    Made for a copy of the table: SQLAlchemy would count them to the schema of every database.
    """
    table = records.to_metadata(MetaData())
    for name in kind.index:
        yield Index(
            f"ix_{kind.name}__{name}",
            table.c.event,
            field(name, table),
            table.c.key,
            sqlite_where=of_kind(kind.name, table),
            postgresql_where=of_kind(kind.name, table),
        )
