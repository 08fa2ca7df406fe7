"""Secrets of keys in a database of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, delete, select

from mitwirkung.storage.keys import KeyName, KeyStore
from mitwirkung.storage.sql.bulk import insert_many
from mitwirkung.storage.sql.sqlite_file import SqliteFile
from mitwirkung.storage.sql.tables import keys

_NAMED = (
    keys.c.event == bindparam("of_event"),
    keys.c.person == bindparam("of_person"),
    keys.c.compartment == bindparam("of_compartment"),
)
MANY = 1000
"""People who are named in one query."""


class SqlKeyStore(KeyStore):
    """Secrets in a file; each method is a transaction."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def add(self, secrets: Mapping[KeyName, bytes]) -> dict[KeyName, bytes]:
        rows = ((*name, secrets[name]) for name in sorted(secrets))  # in the order of the table
        with self._file.writing() as connection:
            inserted = insert_many(connection, keys, rows, ending="ON CONFLICT DO NOTHING")
            if inserted == len(secrets):
                return {}
            kept = _read(connection, secrets)
        return {name: secret for name, secret in kept.items() if secret != secrets[name]}

    def get(self, names: Iterable[KeyName]) -> dict[KeyName, bytes]:
        with self._file.reading() as connection:
            return _read(connection, names)

    def destroy(self, names: Iterable[KeyName]) -> None:
        rows = [{f"of_{part}": text for part, text in name._asdict().items()} for name in names]
        if rows:
            with self._file.writing() as connection:
                connection.execute(delete(keys).where(*_NAMED), rows)

    def names(self, event: str) -> list[KeyName]:
        query = select(keys.c.event, keys.c.person, keys.c.compartment).where(keys.c.event == event)
        with self._file.reading() as connection:
            return sorted(KeyName(*row) for row in connection.execute(query))

    def compact(self) -> None:
        self._file.compact()


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
