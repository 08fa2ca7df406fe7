"""Where the server is, and how long is waited for it."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from mitwirkung import BackendSettings

SCHEMA = r"[a-z_][a-z0-9_]{0,62}"


class PostgresSettings(BackendSettings):
    server: str = "dbname=mitwirkung"
    """The connection, without its password, in the words of libpq: "host=db.example.org
    dbname=mitwirkung user=mitwirkung_app sslmode=verify-full sslrootcert=/etc/ssl/city.pem", or
    as postgresql://... What is left out comes from PGHOST, PGUSER and so on."""
    password: SecretStr | None = None
    """The password; none if the server knows the user by certificate, socket or .pgpass."""
    records: str = Field(default="mitwirkung", pattern=f"^{SCHEMA}$")
    """The schema of records and journals."""
    keys: str = Field(default="mitwirkung_keys", pattern=f"^{SCHEMA}$")
    """The schema of the keys. Back it up apart from the records, and for a shorter time: a copy of
    both reads what was erased since."""
    keys_server: str | None = None
    """The connection to the keys, if they lie in another database or on another server."""
    keys_password: SecretStr | None = None
    """The password for `keys_server`."""
    connections: int = Field(default=10, ge=1, le=1000)
    """Most connections of this process to the records, and as many to the keys."""
    patience: int = Field(default=30, ge=1, le=3600)
    """Seconds to wait for others, for a connection, and for a server that restarts."""
    longest: int = Field(default=300, ge=1, le=86400)
    """Seconds after which the server stops a single query, or a transaction that does nothing."""

    @field_validator("server", "keys_server")
    @classmethod
    def _is_connection(cls, server: str | None) -> str | None:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict

        try:
            stated = conninfo_to_dict(server or "")
        except ProgrammingError:
            stated = None
        if stated is None:
            raise ValueError("this is no connection string of PostgreSQL")
        if "password" in stated:
            raise ValueError("the password has a setting of its own, and comes from outside")
        return server

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.keys_server is None and self.records == self.keys:
            raise ValueError("the keys need another schema than the records")
        if self.keys_server is None and self.keys_password is not None:
            raise ValueError("keys_password is for keys_server, which is not set")
        return self
