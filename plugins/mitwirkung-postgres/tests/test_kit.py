"""The backend on the kit of mitwirkung."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from server import Server

import mitwirkung_postgres
from mitwirkung.testing import StorageBackendKit
from mitwirkung_postgres import PostgresBackend, register_storage_backends


class TestPostgres(StorageBackendKit):
    """What every backend has to keep.

    The kit looks for what was removed in every file of a folder. For that test two whole servers
    are put there, one for the records and one for the keys, write-ahead logs and all; otherwise a
    folder is two schemas.
    """

    place: Callable[[Path], dict[str, str]]

    @pytest.fixture(autouse=True)
    def _where(
        self,
        request: pytest.FixtureRequest,
        server: Server,
        new_server: Callable[..., Server],
    ) -> Iterator[None]:
        own: list[Server] = []

        def two_servers(folder: Path) -> dict[str, str]:
            records, keys = new_server(folder / "records"), new_server(folder / "keys")
            own.extend((records, keys))
            for _ in range(9):  # the kit knows files by their names: that of the log is a number
                keys.sql("SELECT pg_switch_wal()", "CREATE TABLE t (x int)", "DROP TABLE t")
            return {"server": records.conninfo(), "keys_server": keys.conninfo()}

        def two_schemas(folder: Path) -> dict[str, str]:
            name = folder.name.lower().replace("-", "_")
            return {"server": server.conninfo(), "records": f"{name}_r", "keys": f"{name}_k"}

        whole = "left_in_any_file" in request.node.name
        type(self).place = staticmethod(two_servers if whole else two_schemas)
        yield
        for each in own:
            each.close()

    def make(self, folder: Path) -> PostgresBackend:
        return PostgresBackend({**type(self).place(folder), "patience": 60})


def test_the_plugin_adds_the_backend() -> None:
    assert register_storage_backends() == [PostgresBackend]


def test_only_public_names_of_the_core_are_used() -> None:
    for path in Path(mitwirkung_postgres.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("mitwirkung."):
                raise AssertionError(f"{path.name} imports from {node.module}")
