"""Rows into PostgreSQL: a few in one statement, many by COPY."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any, cast

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import JSON, BigInteger, Connection, LargeBinary, Table
from sqlalchemy.exc import DBAPIError, IntegrityError

FEW = 100
BATCH = 5000


def insert_many(
    connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]], *, missing: bool
) -> int:
    """See `SqlDatabase.insert_many`."""
    left = iter(rows)
    first = list(islice(left, FEW))
    if len(first) < FEW:
        return _insert(connection, table, first, missing=missing) if first else 0
    every = chain(first, left)
    if not missing:
        return _copy(connection, table, every)
    inserted = 0
    while batch := list(islice(every, BATCH)):
        inserted += _insert(connection, table, batch, missing=True)
    return inserted


def _insert(
    connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]], *, missing: bool
) -> int:
    """One statement with an array for each column."""
    arrays = ", ".join(f"%s::{_sent_as(each.type)}[]::{_name(each.type)}[]" for each in table.c)
    statement = f"INSERT INTO {table.name} SELECT * FROM unnest({arrays})"
    if missing:
        statement += " ON CONFLICT DO NOTHING"
    columns = tuple([row[i] for row in rows] for i in range(len(table.c)))
    return connection.exec_driver_sql(statement, columns).rowcount


def _copy(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> int:
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    json = [i for i, each in enumerate(table.c) if isinstance(each.type, JSON)]
    try:
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {table.name} FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types([_name(each.type) for each in table.c])
            for row in rows:
                values = list(row)
                for i in json:
                    values[i] = Jsonb(values[i], dumps=_as_it_is)
                copy.write_row(values)
        return cursor.rowcount
    except psycopg.Error as error:  # as SQLAlchemy says it, which knows no COPY
        if driver.broken:
            connection.invalidate()
        kind = IntegrityError if isinstance(error, psycopg.IntegrityError) else DBAPIError
        raise kind(None, None, error) from None


def _name(kind: Any) -> str:
    if isinstance(kind, LargeBinary):
        return "bytea"
    if isinstance(kind, BigInteger):
        return "int8"
    return "jsonb" if isinstance(kind, JSON) else "text"


def _sent_as(kind: Any) -> str:
    name = _name(kind)
    return "text" if name == "jsonb" else name


def _as_it_is(text: str) -> str:
    return text
