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
    connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]], *, missing: bool = False
) -> int:
    """See `SqlDatabase.insert_many`; `BATCH` rows at a time."""
    statement = str(insert(table).compile(dialect=connection.dialect))
    if missing:
        statement += " ON CONFLICT DO NOTHING"
    inserted, left = 0, iter(rows)
    while batch := list(islice(left, BATCH)):
        inserted += connection.exec_driver_sql(statement, batch).rowcount
    return inserted
