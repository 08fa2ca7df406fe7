"""Many rows at once, without what SQLAlchemy does with each: it takes longer than SQLite does."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, insert

BATCH = 5000

as_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""JSON as a database keeps it."""


def insert_many(
    connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]], *, ending: str = ""
) -> int:
    """Insert rows, each with a value for every column of the table, as the driver takes it.

    Args:
        connection: in a transaction.
        table: where to.
        rows: taken as they come, `BATCH` at a time.
        ending: what follows the values in the statement.

    Returns:
        How many were inserted.
    """
    statement = f"{insert(table).compile(dialect=connection.dialect)} {ending}"
    inserted, left = 0, iter(rows)
    while batch := list(islice(left, BATCH)):
        inserted += connection.exec_driver_sql(statement, batch).rowcount
    return inserted
