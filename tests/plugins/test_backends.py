"""Storage backends come through the door of all plugins."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from mitwirkung.app import Mitwirkung
from mitwirkung.errors import (
    BackendFailed,
    BackendRefused,
    NameConflict,
    PluginFailed,
    UnknownBackend,
)
from mitwirkung.plugins.hookspecs import hookimpl
from mitwirkung.settings import Settings
from mitwirkung.storage.backend import StorageBackend
from mitwirkung.storage.memory import MemoryBackend
from mitwirkung.storage.records import RecordKind

NOBODY = {"MITWIRKUNG_BLOCK_PLUGINS": "*"}


class DiaryBackend(MemoryBackend):
    """Records in memory, under another name."""

    name = "diary"


def module_with(*backends: Any) -> ModuleType:
    module = ModuleType("a_plugin")

    def register_storage_backends() -> Any:
        return list(backends)

    module.register_storage_backends = hookimpl(register_storage_backends)  # type: ignore[attr-defined]
    return module


def alone(*backends: Any, settings: Any = None) -> Mitwirkung:
    read = Settings.from_data(settings or {})
    return Mitwirkung(read, plugins=[module_with(*backends)], environ=NOBODY)


def test_what_ships_and_what_a_program_adds() -> None:
    app = alone(DiaryBackend)
    assert list(app.backends()) == ["diary", "memory", "sqlite"]
    plugin = app.plugins()[1]
    assert plugin.hooks == ("register_storage_backends",)
    assert plugin.as_json()["backends"] == ["diary"]


def test_the_settings_choose_what_is_used() -> None:
    section = {"use": "diary", "diary": {"patience": 7}}
    backend = alone(DiaryBackend, settings={"storage": section}).backend()
    assert isinstance(backend, DiaryBackend)
    assert backend.settings.patience == 7
    with backend.open([RecordKind("application")]) as storage:
        assert storage.events() == []


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(UnknownBackend, match="did you mean 'sqlite'"):
        alone().backend("sqlit")
    with pytest.raises(BackendRefused, match="patience"):
        alone().backend("memory", settings={"patience": 0})
    with pytest.raises(NameConflict, match="'sqlite'"):
        alone(type("Taken", (DiaryBackend,), {"name": "sqlite"}))


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        (DiaryBackend(), "is no class"),
        (type("Spaced", (DiaryBackend,), {"name": "A B"}), "name"),
        (type("Reserved", (DiaryBackend,), {"name": "use"}), "reserved"),
        (type("Unset", (DiaryBackend,), {"Settings": dict}), "BackendSettings"),
        (type("Abstract", (StorageBackend,), {"name": "abstract"}), "define all_events, begin"),
    ],
)
def test_what_a_hook_returns_is_looked_at(backend: Any, reason: str) -> None:
    with pytest.raises(PluginFailed, match=reason):
        alone(backend)


def test_one_that_breaks_is_told_with_its_plugin() -> None:
    class Broken(DiaryBackend):
        """It cannot be made."""

        name = "broken"

        def __init__(self, settings: Any = None) -> None:
            raise OSError("of a secret place")

    with pytest.raises(BackendFailed, match="'broken' of 'a_plugin' of a_plugin failed") as caught:
        alone(Broken).backend("broken")
    assert "secret" not in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
