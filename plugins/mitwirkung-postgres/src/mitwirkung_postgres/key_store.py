"""Secrets in PostgreSQL: those of a few people by one statement, which is a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from sqlalchemy import Connection

from mitwirkung import KeyName, SqlKeyStore
from mitwirkung_postgres.bulk import FEW, in_list
from mitwirkung_postgres.driver import say


class PostgresKeyStore(SqlKeyStore):
    """Says the same as `SqlKeyStore` in fewer words, where few are meant."""

    def add(self, secrets: Mapping[KeyName, bytes]) -> dict[KeyName, bytes]:
        if not 0 < len(secrets) <= FEW:
            return super().add(secrets)
        names = sorted(secrets)  # in the table's order: nobody waits for who waits for them
        rows = ", ".join(["(%s, %s, %s, %s)"] * len(names))
        named = in_list(_READ, 3, len(names))
        values = [*chain.from_iterable((*name, secrets[name]) for name in names)]
        values += chain.from_iterable(names)

        def work(connection: Connection) -> dict[KeyName, bytes]:
            found = {KeyName(*row[:3]): row[3] for row in say(connection, query, values)}
            if len(found) < len(names):  # somebody kept one of them at the same moment
                found |= _read(connection, [name for name in names if name not in found])
            return {name: secret for name, secret in found.items() if secret is not None}

        query = _ADD.format(rows=rows, named=named)
        return self._database.read(work)

    def get(self, names: Iterable[KeyName]) -> dict[KeyName, bytes]:
        wanted = list(names)
        if len(wanted) > FEW:
            return super().get(wanted)
        return self._database.read(lambda connection: _read(connection, wanted))


_ADD = """
WITH new AS (INSERT INTO keys (event, person, compartment, secret) VALUES {rows}
ON CONFLICT DO NOTHING RETURNING event, person, compartment)
SELECT *, NULL FROM new UNION ALL {named}
"""
_READ = """
SELECT event, person, compartment, secret FROM keys WHERE (event, person, compartment) IN
"""


def _read(connection: Connection, names: Sequence[KeyName]) -> dict[KeyName, bytes]:
    if not names:
        return {}
    rows = say(connection, in_list(_READ, 3, len(names)), [*chain.from_iterable(names)])
    return {KeyName(*parts): secret for *parts, secret in rows}
