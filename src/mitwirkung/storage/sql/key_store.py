"""Secrets of keys in a database of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, delete, select

from mitwirkung.storage.keys import KeyName, KeyStore
from mitwirkung.storage.sql.database import SqlDatabase
from mitwirkung.storage.sql.tables import keys

_NAMED = (
    keys.c.event == bindparam("of_event"),
    keys.c.person == bindparam("of_person"),
    keys.c.compartment == bindparam("of_compartment"),
)
MANY = 1000
"""People who are named in one query."""


class SqlKeyStore(KeyStore):
    """Secrets in a database; each method is a transaction that may be repeated."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    def add(self, secrets: Mapping[KeyName, bytes]) -> dict[KeyName, bytes]:
        def work(connection: Connection) -> dict[KeyName, bytes]:
            rows = ((*name, secrets[name]) for name in sorted(secrets))  # in the table's order
            inserted = self._database.insert_many(connection, keys, rows, missing=True)
            return {} if inserted == len(secrets) else _read(connection, secrets)

        kept = self._database.write(work)
        return {name: secret for name, secret in kept.items() if secret != secrets[name]}

    def get(self, names: Iterable[KeyName]) -> dict[KeyName, bytes]:
        wanted = set(names)
        return self._database.read(lambda connection: _read(connection, wanted))

    def destroy(self, names: Iterable[KeyName]) -> None:
        rows = [
            {f"of_{part}": text for part, text in name._asdict().items()} for name in sorted(names)
        ]
        if rows:
            self._database.write(lambda connection: _delete(connection, rows))

    def names(self, event: str) -> list[KeyName]:
        query = select(keys.c.event, keys.c.person, keys.c.compartment).where(keys.c.event == event)
        return self._database.read(
            lambda connection: sorted(KeyName(*row) for row in connection.execute(query))
        )

    def compact(self) -> None:
        self._database.compact()


def _delete(connection: Connection, rows: list[dict[str, str]]) -> None:
    connection.execute(delete(keys).where(*_NAMED), rows)


def _read(connection: Connection, names: Iterable[KeyName]) -> dict[KeyName, bytes]:
    wanted = set(names)
    by_event: dict[str, set[str]] = {}
    for name in wanted:
        by_event.setdefault(name.event, set()).add(name.person)
    found: dict[KeyName, bytes] = {}
    for event, those in by_event.items():
        people = sorted(those)
        for start in range(0, len(people), MANY):
            named = keys.c.person.in_(people[start : start + MANY])
            for *parts, secret in connection.execute(
                select(keys).where(keys.c.event == event, named)
            ):
                name = KeyName(*parts)
                if name in wanted:
                    found[name] = secret
    return found
