"""Queries said to the driver itself: with a short one SQLAlchemy is busy longer than PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """The driver's own connection.

    Raises:
        sqlalchemy.exc.PendingRollbackError: it was lost.
    """
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def say(
    connection: Connection, query: str, values: Sequence[object], *, binary: bool = False
) -> psycopg.Cursor[Any]:
    """Say a query; the driver prepares those that it hears often.

    Args:
        binary: for large bodies, which come in half as many bytes.

    Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy would.
    """
    try:
        return driver(connection).execute(query.encode(), values, binary=binary)
    except psycopg.Error as error:
        raise in_words_of_sqlalchemy(connection, error) from None


def say_at_once(
    connection: Connection, *queries: tuple[str, Sequence[object]]
) -> list[list[tuple[Any, ...]]]:
    """Say several queries, each with its values, without waiting for an answer in between.

    Returns:
        The rows of each.

    Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy would; what comes after a failure is not done.
    """
    own = driver(connection)
    try:
        with own.pipeline():
            cursors = [
                own.execute(query.encode(), values, prepare=None if values else False)
                for query, values in queries  # there is nothing to prepare in COMMIT
            ]
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]
    except psycopg.Error as error:
        raise in_words_of_sqlalchemy(connection, error) from None


def say_plainly(connection: Connection, queries: str) -> None:
    """Say queries without values in one message, and hear none of their rows."""
    try:
        driver(connection).execute(queries.encode())
    except psycopg.Error as error:
        raise in_words_of_sqlalchemy(connection, error) from None


def in_words_of_sqlalchemy(connection: Connection, error: psycopg.Error) -> DBAPIError:
    """What to raise in the place of an error of the driver; a lost connection is let go."""
    if driver(connection).broken:
        connection.invalidate()
    kind = IntegrityError if isinstance(error, psycopg.IntegrityError) else DBAPIError
    return kind(None, None, error)
