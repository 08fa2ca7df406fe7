"""What ships, registered through the hooks that everybody uses."""

from __future__ import annotations

from mitwirkung.lottery.goldilocks import GoldilocksStrategy
from mitwirkung.lottery.leximin import LeximinStrategy
from mitwirkung.lottery.maximin import MaximinStrategy
from mitwirkung.lottery.nash import NashStrategy
from mitwirkung.lottery.pots import PotsStrategy
from mitwirkung.lottery.simple import SimpleStrategy
from mitwirkung.lottery.sources import (
    DiceSource,
    DigitsSource,
    NumbersSource,
    RandomnessSource,
    TextSource,
)
from mitwirkung.lottery.strategy import SelectionStrategy
from mitwirkung.notifications.call_list import CallListChannel
from mitwirkung.notifications.channel import NotificationChannel
from mitwirkung.notifications.email import EmailChannel
from mitwirkung.notifications.folder import FolderChannel
from mitwirkung.plugins.hookspecs import hookimpl
from mitwirkung.storage.backend import StorageBackend
from mitwirkung.storage.memory import MemoryBackend
from mitwirkung.storage.sqlite import SqliteBackend


@hookimpl
def register_selection_strategies() -> list[type[SelectionStrategy]]:
    """The strategies that ship."""
    return [
        GoldilocksStrategy,
        LeximinStrategy,
        MaximinStrategy,
        NashStrategy,
        PotsStrategy,
        SimpleStrategy,
    ]


@hookimpl
def register_randomness_sources() -> list[type[RandomnessSource]]:
    """The sources of randomness that ship."""
    return [DiceSource, DigitsSource, NumbersSource, TextSource]


@hookimpl
def register_storage_backends() -> list[type[StorageBackend]]:
    """The storage backends that ship."""
    return [MemoryBackend, SqliteBackend]


@hookimpl
def register_notification_channels() -> list[type[NotificationChannel]]:
    """The notification channels that ship."""
    return [CallListChannel, EmailChannel, FolderChannel]
