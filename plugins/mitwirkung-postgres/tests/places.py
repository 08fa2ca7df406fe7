"""Backends in the schemas of a test."""

from __future__ import annotations

from typing import Any

from psycopg.conninfo import conninfo_to_dict

from mitwirkung_postgres import PostgresBackend


def settings(server: str, **more: Any) -> dict[str, Any]:
    """Settings for the connection of the fixture `database`: its schemas are the test's own."""
    name = conninfo_to_dict(server).get("application_name")
    schemas = {"records": f"{name}_r", "keys": f"{name}_k"} if name else {}
    return {"server": server, **schemas, **more}


def backend(server: str, **more: Any) -> PostgresBackend:
    return PostgresBackend(settings(server, **more))
