"""Rows into PostgreSQL: a few in one statement, many by COPY."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any

import psycopg
from psycopg.types.json import Json, Jsonb
from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

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
    inserted = 0
    for start in range(0, len(rows), FEW):
        few = rows[start : start + FEW]
        statement = insert_statement(table, len(few)) + (ANEW if missing else "")
        inserted += say(connection, statement, [*chain.from_iterable(few)]).rowcount
    return inserted


@lru_cache
def insert_statement(table: Table, number: int) -> str:
    """One statement for a few rows. Its plan hangs on no value, so PostgreSQL makes it once, which
    it does not for arrays."""
    row = ", ".join(f"%s::{name}" for name in _types(table))
    return f"INSERT INTO {table.name} VALUES {', '.join([f'({row})'] * number)}"


ANEW = " ON CONFLICT DO NOTHING"


@lru_cache
def in_list(query: str, width: int, number: int) -> str:
    """A query that ends in IN, with a list of so many rows of so many columns."""
    row = f"({', '.join(['%s'] * width)})"
    return f"{query} ({', '.join([row] * number)})"


def insert_all(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> bool:
    """Insert a few rows of records of one event in one statement, all or none.

    Returns:
        Whether they are there now; False if one was there before, or comes twice.
    """
    statement = _INSERT_RECORDS.format(rows=", ".join([_RECORD] * len(rows)))
    new = say(connection, statement, [*chain.from_iterable(rows)]).fetchall()
    for kind, key in new if len(new) < len(rows) else ():
        say(connection, _TAKE_BACK, (rows[0][0], kind, key))
    return len(new) == len(rows)


_RECORD = "(%s, %s, %s, %s::int8, %s::jsonb, %s)"
_INSERT_RECORDS = """
INSERT INTO records (event, kind, key, version, fields, body) VALUES {rows}
ON CONFLICT DO NOTHING RETURNING kind, key
"""
_TAKE_BACK = "DELETE FROM records WHERE event = %s AND kind = %s AND key = %s"


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


_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
_OF_JSON = {"json": Json, "jsonb": Jsonb}


@lru_cache
def _types(table: Table) -> list[str]:
    """The types of the columns, as PostgreSQL calls them."""
    said = (each.type.compile(_DIALECT) for each in table.c)
    return [name.partition(" COLLATE")[0].lower() for name in said]


def _as_it_is(text: str) -> str:
    return text
