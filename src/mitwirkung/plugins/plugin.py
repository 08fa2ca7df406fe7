"""One plugin: what it is, what it contributes, or why it is not used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from mitwirkung.errors import MitwirkungError, NameConflict
from mitwirkung.lottery.sources import RandomnessSource
from mitwirkung.lottery.strategy import SelectionStrategy
from mitwirkung.notifications.channel import NotificationChannel
from mitwirkung.storage.backend import StorageBackend

Kind = Literal["strategies", "sources", "backends", "channels"]
"""What plugins contribute: the attributes of `Plugin` that hold classes with a name."""

Status = Literal["active", "blocked", "failed"]


@dataclass(frozen=True)
class Plugin:
    """A plugin and its state.

    Attributes:
        name: that of its entry point.
        distribution, version: who brings it; `version` is empty for a module given by hand.
        module: the module that implements its hooks.
        status: `active`, `blocked` (never imported) or `failed`.
        failure: why it is blocked or failed; its `__cause__` is what the plugin raised.
        hooks: names of the hooks that it implements.
        strategies, sources, backends, channels: what it contributes.
        conflicts: names that it shares with others.
    """

    name: str
    distribution: str
    version: str
    module: str
    status: Status = "active"
    failure: MitwirkungError | None = None
    hooks: tuple[str, ...] = ()
    strategies: tuple[type[SelectionStrategy], ...] = ()
    sources: tuple[type[RandomnessSource], ...] = ()
    backends: tuple[type[StorageBackend], ...] = ()
    channels: tuple[type[NotificationChannel], ...] = ()
    conflicts: tuple[NameConflict, ...] = ()

    @property
    def owner(self) -> str:
        """Distribution and version, as errors name them."""
        return f"{self.distribution} {self.version}".strip()

    @property
    def described(self) -> str:
        """Name and owner, as errors name them."""
        return f"{self.name!r} of {self.owner}"

    def as_json(self) -> dict[str, Any]:
        """Plain data, with English sentences."""
        return {
            "name": self.name,
            "distribution": self.distribution,
            "version": self.version,
            "module": self.module,
            "status": self.status,
            "reason": None if self.failure is None else str(self.failure),
            "code": None if self.failure is None else self.failure.code,
            "hooks": list(self.hooks),
            "strategies": [strategy.name for strategy in self.strategies],
            "sources": [source.name for source in self.sources],
            "backends": [backend.name for backend in self.backends],
            "channels": [channel.name for channel in self.channels],
            "conflicts": [str(conflict) for conflict in self.conflicts],
        }
