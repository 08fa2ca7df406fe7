"""Storage in PostgreSQL, as a plugin of mitwirkung."""

from __future__ import annotations

from mitwirkung import StorageBackend, hookimpl
from mitwirkung_postgres.backend import PostgresBackend as PostgresBackend


@hookimpl
def register_storage_backends() -> list[type[StorageBackend]]:
    """The backend `postgresql`."""
    return [PostgresBackend]
