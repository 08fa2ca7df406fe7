"""Keys in a database of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, delete, insert, select

from mitwirkung.storage.keys import KeyName, KeyStore
from mitwirkung.storage.sql.sqlite_file import SqliteFile
from mitwirkung.storage.sql.tables import keys

_NAMED = (
    keys.c.event == bindparam("of_event"),
    keys.c.person == bindparam("of_person"),
    keys.c.compartment == bindparam("of_compartment"),
)
FEW = 200
"""Up to so many people of one event are named in a query; of more, all of the event are read."""


class SqlKeyStore(KeyStore):
    """Keys in a file; each method is a transaction."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def add(self, new: Mapping[KeyName, bytes]) -> dict[KeyName, bytes]:
        with self._file.writing() as connection:
            before = _read(connection, new)
            rows = [
                {**name._asdict(), "wrapped": wrapped}
                for name, wrapped in new.items()
                if name not in before
            ]
            if rows:
                connection.execute(insert(keys), rows)
            return before

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
    by_event: dict[str, dict[str, None]] = {}
    wanted = set(names)
    for name in wanted:
        by_event.setdefault(name.event, {})[name.person] = None
    found: dict[KeyName, bytes] = {}
    columns = select(keys.c.event, keys.c.person, keys.c.compartment, keys.c.wrapped)
    for event, people in by_event.items():
        query = columns.where(keys.c.event == event)
        if len(people) <= FEW:
            query = query.where(keys.c.person.in_(list(people)))
        for event_name, person, compartment, wrapped in connection.execute(query):
            name = KeyName(event_name, person, compartment)
            if name in wanted:
                found[name] = wrapped
    return found
