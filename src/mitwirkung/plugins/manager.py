"""A plugin manager of one's own: nothing is registered globally."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, cached_property
from types import ModuleType
from typing import Any, get_args

from mitwirkung.errors import (
    BackendFailed,
    ChannelFailed,
    MitwirkungError,
    NameConflict,
    PluginBlocked,
    PluginFailed,
    SourceFailed,
    StrategyFailed,
    UnknownBackend,
    UnknownChannel,
    UnknownSource,
    UnknownStrategy,
)
from mitwirkung.lottery.progress import Watch
from mitwirkung.lottery.sources import RandomnessSource
from mitwirkung.lottery.strategy import SelectionStrategy
from mitwirkung.notifications.channel import NotificationChannel
from mitwirkung.plugins import builtin
from mitwirkung.plugins.discovery import canonical, installed_plugins, installed_version
from mitwirkung.plugins.loading import load, register
from mitwirkung.plugins.plugin import Kind, Plugin
from mitwirkung.storage.backend import StorageBackend

ALL = "*"

UNKNOWN = {
    "strategies": UnknownStrategy,
    "sources": UnknownSource,
    "backends": UnknownBackend,
    "channels": UnknownChannel,
}
"""What is raised where nobody has a name."""


@cache
def _shipped() -> Plugin:
    """What ships: the same for every manager."""
    return register(builtin, Plugin("builtin", "mitwirkung", "", builtin.__name__))


class PluginManager:
    """Knows what ships, what a program adds, and what is installed.

    Installed plugins are looked for only when a name is asked for that nothing else has, or when
    all are listed. Until then nothing of them is imported.

    Args:
        blocked: distributions or entry points that are never imported (`*` is all of them), and
            the place that says so.
    """

    def __init__(self, blocked: Mapping[str, str] | None = None) -> None:
        self._blocked = {canonical(name): place for name, place in (blocked or {}).items()}
        self._present: list[Plugin] = []
        self._present.append(_shipped())

    def register(self, module: ModuleType, *, name: str, distribution: str = "") -> None:
        """Add a module with hook implementations, as a program does with its own.

        Raises:
            PluginFailed: it cannot be used.
            NameConflict: it claims a name that is taken.
        """
        plugin = Plugin(name, distribution or module.__name__, "", module.__name__)
        registered = register(module, plugin)
        for kind, name in _names(registered):
            owners = [kept.described for kept in self._present if _has(kept, kind, name)]
            if owners:
                raise NameConflict.between(name, [*owners, registered.described])
        self._present.append(registered)

    def plugins(self) -> tuple[Plugin, ...]:
        """All plugins and their state: what ships and what was added first, then the installed."""
        present = (
            replace(plugin, version=installed_version(plugin.distribution))
            for plugin in self._present
        )
        return (*present, *self._installed)

    def strategies(self) -> Mapping[str, type[SelectionStrategy]]:
        """All strategies that can be asked for by name, sorted by it."""
        return self._all("strategies")

    def sources(self) -> Mapping[str, type[RandomnessSource]]:
        """All sources of randomness that can be asked for by name, sorted by it."""
        return self._all("sources")

    def backends(self) -> Mapping[str, type[StorageBackend]]:
        """All storage backends that can be asked for by name, sorted by it."""
        return self._all("backends")

    def channels(self) -> Mapping[str, type[NotificationChannel]]:
        """All notification channels that can be asked for by name, sorted by it."""
        return self._all("channels")

    def _all(self, kind: Kind) -> dict[str, Any]:
        claimed = {each.name for plugin in self.plugins() for each in getattr(plugin, kind)}
        found = {}
        for name in sorted(claimed):
            owners = self._owners(kind, name)
            if len(owners) == 1:
                found[name] = _named(owners[0], kind, name)
        return found

    def strategy(self, name: str) -> type[SelectionStrategy]:
        """The strategy of that name, and no other.

        Raises:
            UnknownStrategy: there is none; lists what there is.
            PluginFailed, PluginBlocked: the plugin of that name cannot be used.
            NameConflict: several plugins claim the name.
        """
        strategy: type[SelectionStrategy] = self.named("strategies", name)
        return strategy

    def named(self, kind: Kind, name: str) -> Any:
        """The class of that kind and name; raises what `strategy` does."""
        return _named(self.owner(name, kind), kind, name)

    def source(self, name: str, settings: Mapping[str, Any]) -> RandomnessSource:
        """The source of randomness of that name with its settings.

        Raises:
            UnknownSource: there is none; lists what there is.
            PluginFailed, PluginBlocked, NameConflict: see `strategy`.
            SourceRefused: the settings are wrong.
            SourceFailed: it broke when it was made.
        """
        source: RandomnessSource = self._made(
            "sources", name, settings, SourceFailed("source-failed", name=name)
        )
        return source

    def backend(self, name: str, settings: Mapping[str, Any]) -> StorageBackend:
        """The storage backend of that name with its settings; it is not open yet.

        Raises:
            UnknownBackend: there is none; lists what there is.
            PluginFailed, PluginBlocked, NameConflict: see `strategy`.
            BackendRefused: the settings are wrong.
            BackendFailed: it broke when it was made.
        """
        backend: StorageBackend = self._made(
            "backends", name, settings, BackendFailed("backend-failed", name=name)
        )
        return backend

    def channel(self, name: str, settings: Mapping[str, Any]) -> NotificationChannel:
        """The notification channel of that name with its settings; it is not open yet.

        Raises:
            UnknownChannel: there is none; lists what there is.
            PluginFailed, PluginBlocked, NameConflict: see `strategy`.
            ChannelRefused: the settings are wrong.
            ChannelFailed: it broke when it was made.
        """
        channel: NotificationChannel = self._made(
            "channels", name, settings, ChannelFailed("channel-failed", name=name)
        )
        return channel

    def _made(
        self, kind: Kind, name: str, settings: Mapping[str, Any], told: MitwirkungError
    ) -> Any:
        owner = self.owner(name, kind)
        with unbroken(name, owner, told):
            return _named(owner, kind, name)(dict(settings))

    def make(
        self, name: str, settings: Mapping[str, Any], watch: Watch | None = None
    ) -> SelectionStrategy:
        """The strategy of that name with its settings; raises what `strategy` does, and

        Raises:
            StrategyRefused: the settings are wrong.
            StrategyFailed: it broke when it was made.
        """
        with unbroken(name, self.owner(name)):
            return self.strategy(name)(dict(settings), watch)

    def owner(self, name: str, kind: Kind = "strategies") -> Plugin:
        """The plugin that contributes what has that name; raises what `strategy` does."""
        owners = self._owners(kind, name)
        if len(owners) > 1:
            raise NameConflict.between(name, [plugin.described for plugin in owners])
        if owners:
            return owners[0]
        for plugin in self._installed:
            if plugin.name == name and isinstance(plugin.failure, PluginFailed | PluginBlocked):
                failure = plugin.failure
                raise type(failure)(failure.code, **failure.params) from failure.__cause__
        inactive = [plugin.name for plugin in self._installed if plugin.status != "active"]
        raise UNKNOWN[kind].named(name, list(self._all(kind)), inactive)

    def _owners(self, kind: Kind, name: str) -> list[Plugin]:
        """Who contributes a name; what ships or was added keeps its own, whoever claims it too."""
        present = [plugin for plugin in self._present if _has(plugin, kind, name)]
        return present or [plugin for plugin in self._installed if _has(plugin, kind, name)]

    @cached_property
    def _installed(self) -> tuple[Plugin, ...]:
        """The installed plugins, each loaded on its own, with the names that they share."""
        loaded = []
        for found in installed_plugins():
            plugin = Plugin(found.name, found.distribution, found.version, found.value)
            place = self._blocking(plugin)
            if place is None:
                loaded.append(load(plugin))
            else:
                failure = PluginBlocked("plugin-blocked", plugin=plugin.described, by=place)
                loaded.append(replace(plugin, status="blocked", failure=failure))
        return tuple(
            replace(plugin, conflicts=tuple(self._conflicts(plugin, loaded))) for plugin in loaded
        )

    def _blocking(self, plugin: Plugin) -> str | None:
        """The place that blocks a plugin, None if it is not blocked."""
        for name in (ALL, canonical(plugin.name), canonical(plugin.distribution)):
            if name in self._blocked:
                return self._blocked[name]
        return None

    def _conflicts(self, plugin: Plugin, installed: list[Plugin]) -> Iterator[NameConflict]:
        for kind, name in _names(plugin):
            owners = [each.described for each in installed if _has(each, kind, name)]
            kept = [each.described for each in self._present if _has(each, kind, name)]
            keeper = kept[0] if kept else None
            if len(owners) > 1 or keeper:
                yield NameConflict.between(name, owners, keeper)


@contextmanager
def unbroken(name: str, owner: Plugin, told: MitwirkungError | None = None) -> Iterator[None]:
    """Whatever the code of a strategy raises in here, but our errors, becomes a `StrategyFailed`.

    Or, for another kind of plugin, an error like `told`.

    That may be an exit too: nobody may take a broken lottery for a finished one.
    """
    try:
        yield
    except MitwirkungError:
        raise
    except (Exception, SystemExit) as error:
        failure = told or StrategyFailed("strategy-failed", name=name)
        params = {**failure.params, "plugin": owner.described, "error": type(error).__name__}
        raise type(failure)(failure.code, **params) from error


def _names(plugin: Plugin) -> Iterator[tuple[Kind, str]]:
    """Everything that a plugin contributes: its kind and name."""
    for kind in get_args(Kind):
        for each in getattr(plugin, kind):
            yield kind, each.name


def _has(plugin: Plugin, kind: Kind, name: str) -> bool:
    return (kind, name) in _names(plugin)


def _named(plugin: Plugin, kind: Kind, name: str) -> Any:
    return next(each for each in getattr(plugin, kind) if each.name == name)
