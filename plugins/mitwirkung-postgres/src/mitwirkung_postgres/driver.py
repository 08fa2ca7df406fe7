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


def say(connection: Connection, query: str, values: Sequence[object]) -> psycopg.Cursor[Any]:
    """Say a query; the driver prepares those that it hears often.

    Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy would.
    """
    try:
        return driver(connection).execute(query.encode(), values)
    except psycopg.Error as error:
        raise in_words_of_sqlalchemy(connection, error) from None


def in_words_of_sqlalchemy(connection: Connection, error: psycopg.Error) -> DBAPIError:
    """What to raise in the place of an error of the driver; a lost connection is let go."""
    if driver(connection).broken:
        connection.invalidate()
    kind = IntegrityError if isinstance(error, psycopg.IntegrityError) else DBAPIError
    return kind(None, None, error)
