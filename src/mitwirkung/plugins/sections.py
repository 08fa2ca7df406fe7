"""The plugins' own sections of the settings, checked against their settings models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mitwirkung.errors import (
    BackendFailed,
    BackendRefused,
    ChannelFailed,
    ChannelRefused,
    Finding,
    InputError,
    NameConflict,
    PluginBlocked,
    PluginFailed,
    StrategyFailed,
    StrategyRefused,
    UnknownBackend,
    UnknownChannel,
    UnknownStrategy,
)
from mitwirkung.lottery.strategy import is_secret
from mitwirkung.names import nearest
from mitwirkung.plugins.manager import PluginManager
from mitwirkung.plugins.plugin import Kind
from mitwirkung.settings import PluginSettings, Section, Settings

CANNOT_BE_MADE = (
    PluginFailed,
    PluginBlocked,
    NameConflict,
    StrategyFailed,
    BackendFailed,
    ChannelFailed,
)


@dataclass(frozen=True)
class _Heading:
    """A part of the settings whose sections belong to one kind of plugin."""

    name: str
    kind: Kind
    use: tuple[str, ...]
    sections: Mapping[str, Section]
    make: Callable[[str, Section], Any]


def check_sections(settings: Settings, plugins: PluginManager) -> None:
    """Refuse settings that strategies, storage and channels do not understand, all errors at once.

    Installed plugins are loaded only if a section names something that does not ship. The section
    of one whose plugin is blocked or failed is passed over, unless it is the one in use.

    Raises:
        InputError: with everything that is wrong in the sections.
        UnknownStrategy, UnknownBackend, UnknownChannel, PluginFailed, PluginBlocked, NameConflict:
            the strategy, backend or channel in use cannot be had.
    """
    selection, storage = settings.selection, settings.storage
    notifications = settings.notifications
    headings = (
        _Heading(
            "selection",
            "strategies",
            (selection.use,),
            selection.sections,
            lambda name, section: plugins.make(name, dict(section)),
        ),
        _Heading("storage", "backends", (storage.use,), storage.sections, plugins.backend),
        _Heading(
            "notifications",
            "channels",
            notifications.use,
            notifications.sections,
            plugins.channel,
        ),
    )
    errors = [
        finding for heading in headings for finding in _wrong_below(heading, plugins, settings.file)
    ]
    if errors:
        raise InputError.of(errors)


def _wrong_below(heading: _Heading, plugins: PluginManager, file: str | None) -> Iterator[Finding]:
    """What is wrong in the sections of one heading."""
    for name in heading.use:
        plugins.named(heading.kind, name)
    for name, section in heading.sections.items():
        place = f"{heading.name}.{name}"
        try:
            model = plugins.named(heading.kind, name).Settings
            yield from _in_the_open(model, place, section, file)
            heading.make(name, section)
        except (StrategyRefused, BackendRefused, ChannelRefused) as error:
            yield from _in_section(error, place, file)
        except CANNOT_BE_MADE:
            if name in heading.use:
                raise
        except (UnknownStrategy, UnknownBackend, UnknownChannel) as error:
            available = error.params["available"]
            # it may belong to a plugin that could not be asked, unless it is likely misspelt
            if nearest(name, available) or not error.params["plugins"]:
                yield _unknown(place, name, available, file)


def _in_the_open(
    model: type[PluginSettings], place: str, section: Section, file: str | None
) -> Iterator[Finding]:
    """Secrets that are written down in the settings."""
    for key, field in model.model_fields.items():
        if is_secret(field) and isinstance(section.get(key), str):
            yield Finding("key-in-the-open", {"key": f"{place}.{key}"}, file)


def _in_section(
    error: StrategyRefused | BackendRefused | ChannelRefused, place: str, file: str | None
) -> Iterator[Finding]:
    """What a plugin finds in its settings, told by the keys of the file."""
    in_its_own_words = Finding(error.code, error.params)
    for finding in error.params.get("findings", [in_its_own_words]):
        params = dict(finding.params)
        if "key" in params:
            params["key"] = f"{place}.{params['key']}"
        yield Finding(finding.code, params, file)


def _unknown(place: str, name: str, available: list[str], file: str | None) -> Finding:
    params = {"section": place, "name": name, "available": available}
    meant = nearest(name, available)
    if meant is None:
        return Finding("section-unknown", params, file)
    return Finding("section-unknown-nearest", {**params, "nearest": meant}, file)
