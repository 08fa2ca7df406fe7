"""The hooks. They only ever gain arguments."""

from __future__ import annotations

import pluggy

from mitwirkung.lottery.sources import RandomnessSource
from mitwirkung.lottery.strategy import SelectionStrategy
from mitwirkung.notifications.channel import NotificationChannel
from mitwirkung.storage.backend import StorageBackend

PROJECT = "mitwirkung"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_selection_strategies() -> list[type[SelectionStrategy]]:
    """Selection strategies, as classes.

    Example:
        ```
        @hookimpl
        def register_selection_strategies():
            return [FirstComeStrategy]
        ```
    """
    return []


@hookspec
def register_randomness_sources() -> list[type[RandomnessSource]]:
    """Public events that a seed can come from, as classes.

    Example:
        ```
        @hookimpl
        def register_randomness_sources():
            return [SuperSixSource]
        ```
    """
    return []


@hookspec
def register_storage_backends() -> list[type[StorageBackend]]:
    """Places where events are kept, as classes.

    Example:
        ```
        @hookimpl
        def register_storage_backends():
            return [PostgresBackend]
        ```
    """
    return []


@hookspec
def register_notification_channels() -> list[type[NotificationChannel]]:
    """Ways on which messages reach people, as classes.

    Example:
        ```
        @hookimpl
        def register_notification_channels():
            return [LetterChannel]
        ```
    """
    return []
