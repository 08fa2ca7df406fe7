"""What ships keeps the contract of storage backends."""

from __future__ import annotations

from pathlib import Path

from mitwirkung.storage.memory import MemoryBackend
from mitwirkung.storage.sqlite import SqliteBackend
from mitwirkung.testing import StorageBackendKit


class TestMemory(StorageBackendKit):
    durable = False

    def make(self, folder: Path) -> MemoryBackend:
        return MemoryBackend({"patience": 60})


class TestSqlite(StorageBackendKit):
    def make(self, folder: Path) -> SqliteBackend:
        paths = {"path": str(folder / "dialog.db"), "keys": str(folder / "keys.db")}
        return SqliteBackend({**paths, "patience": 60})
