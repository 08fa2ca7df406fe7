"""Rows into PostgreSQL: a few in one statement, many by COPY."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any, cast

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import JSON, BigInteger, Connection, LargeBinary, Table
from sqlalchemy.exc import DBAPIError, IntegrityError

from mitwirkung import Record

FEW = 100
BATCH = 10_000


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
        inserted += _copy_missing(connection, table, batch)
    return inserted


def _copy_missing(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> int:
    """Most likely none of so many is there; COPY has no words for those that are."""
    try:
        with connection.begin_nested():
            return _copy(connection, table, rows)
    except IntegrityError:
        return _insert(connection, table, rows, missing=True)


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


def insert_all(connection: Connection, records: Sequence[Record]) -> bool:
    """Insert a few records of one event in one statement, all or none.

    Returns:
        Whether they are there now; False if one was there before, or comes twice.
    """
    each = [(r.kind, r.key, r.version, json.dumps(dict(r.index)), r.body) for r in records]
    event = records[0].event
    kinds, keys, versions, fields, bodies = (list(column) for column in zip(*each, strict=True))
    columns = (event, kinds, keys, versions, fields, bodies)
    new = connection.exec_driver_sql(_INSERT_RECORDS, columns).all()
    if len(new) == len(records):
        return True
    if new:
        kinds, keys = [row[0] for row in new], [row[1] for row in new]
        connection.exec_driver_sql(_TAKE_BACK, (event, kinds, keys))
    return False


_INSERT_RECORDS = """
INSERT INTO records (event, kind, key, version, fields, body)
SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::int8[], %s::text[]::jsonb[], %s::bytea[])
ON CONFLICT DO NOTHING RETURNING kind, key
"""
_TAKE_BACK = """
DELETE FROM records WHERE event = %s
AND (kind, key) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""


def _copy(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> int:
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    of_json = [i for i, each in enumerate(table.c) if isinstance(each.type, JSON)]
    try:
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {table.name} FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types([_name(each.type) for each in table.c])
            for row in rows:
                values = list(row)
                for i in of_json:
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
