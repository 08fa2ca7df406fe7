"""Rows into PostgreSQL: a few in one statement, many by COPY."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any

import psycopg
from psycopg.types.json import Json, Jsonb
from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.exc import IntegrityError

from mitwirkung import Record
from mitwirkung_postgres.driver import driver, in_words_of_sqlalchemy, say

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
    statement = _insert_statement(table, missing=missing)
    return say(connection, statement, list(map(list, zip(*rows, strict=True)))).rowcount


@lru_cache
def _insert_statement(table: Table, *, missing: bool) -> str:
    """One statement with an array for each column."""
    types = _types(table)
    sent = ("text" if name in _OF_JSON else name for name in types)
    arrays = ", ".join(f"%s::{s}[]::{name}[]" for s, name in zip(sent, types, strict=True))
    statement = f"INSERT INTO {table.name} SELECT * FROM unnest({arrays})"
    return f"{statement} ON CONFLICT DO NOTHING" if missing else statement


def insert_all(connection: Connection, records: Sequence[Record]) -> bool:
    """Insert a few records of one event in one statement, all or none.

    Returns:
        Whether they are there now; False if one was there before, or comes twice.
    """
    each = [(r.kind, r.key, r.version, json.dumps(dict(r.index)), r.body) for r in records]
    event = records[0].event
    kinds, keys, versions, fields, bodies = (list(column) for column in zip(*each, strict=True))
    columns = (event, kinds, keys, versions, fields, bodies)
    new = say(connection, _INSERT_RECORDS, columns).fetchall()
    if len(new) == len(records):
        return True
    if new:
        kinds, keys = [row[0] for row in new], [row[1] for row in new]
        say(connection, _TAKE_BACK, (event, kinds, keys))
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
    types = _types(table)
    of_json = [(i, _OF_JSON[name]) for i, name in enumerate(types) if name in _OF_JSON]
    try:
        with (
            driver(connection).cursor() as cursor,
            cursor.copy(f"COPY {table.name} FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(types)
            for row in rows:
                values = list(row)
                for i, wrapped in of_json:
                    values[i] = wrapped(values[i], dumps=_as_it_is)
                copy.write_row(values)
        return cursor.rowcount
    except psycopg.Error as error:
        raise in_words_of_sqlalchemy(connection, error) from None


_OF_JSON = {"json": Json, "jsonb": Jsonb}


@lru_cache
def _types(table: Table) -> list[str]:
    """The types of the columns, as PostgreSQL calls them."""
    said = (each.type.compile(dialect()) for each in table.c)
    return [name.partition(" COLLATE")[0].lower() for name in said]


def _as_it_is(text: str) -> str:
    return text
