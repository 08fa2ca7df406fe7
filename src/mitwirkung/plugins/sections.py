"""The plugins' own sections of the settings, checked against their settings models."""

from __future__ import annotations

from collections.abc import Iterator

from mitwirkung.errors import (
    Finding,
    InputError,
    NameConflict,
    PluginBlocked,
    PluginFailed,
    StrategyFailed,
    StrategyRefused,
    UnknownStrategy,
)
from mitwirkung.lottery.strategy import SelectionStrategy, is_secret
from mitwirkung.names import nearest
from mitwirkung.plugins.manager import PluginManager
from mitwirkung.settings import Section, Settings


def check_sections(settings: Settings, plugins: PluginManager) -> None:
    """Refuse settings that the strategies do not understand, all errors at once.

    Installed plugins are loaded only if a section names a strategy that does not ship. The section
    of one whose plugin is blocked or failed is passed over, unless it is the strategy in use.

    Raises:
        InputError: with everything that is wrong in the sections.
        UnknownStrategy, PluginFailed, PluginBlocked, NameConflict: the strategy in use cannot be
            had.
    """
    selection = settings.selection
    plugins.strategy(selection.use)
    errors: list[Finding] = []
    for name, section in selection.sections.items():
        try:
            errors += _in_the_open(plugins.strategy(name), name, section, settings.file)
            plugins.make(name, section)
        except StrategyRefused as error:
            errors += _in_section(error, f"selection.{name}", settings.file)
        except (PluginFailed, PluginBlocked, NameConflict, StrategyFailed):
            if name == selection.use:
                raise
        except UnknownStrategy as error:
            available = error.params["available"]
            # it may belong to a plugin that could not be asked, unless it is likely misspelt
            if nearest(name, available) or not error.params["plugins"]:
                errors.append(_unknown(name, available, settings.file))
    if errors:
        raise InputError.of(errors)


def _in_the_open(
    strategy: type[SelectionStrategy], name: str, section: Section, file: str | None
) -> Iterator[Finding]:
    """Secrets that are written down in the settings."""
    for key, field in strategy.Settings.model_fields.items():
        if is_secret(field) and isinstance(section.get(key), str):
            yield Finding("key-in-the-open", {"key": f"selection.{name}.{key}"}, file)


def _in_section(error: StrategyRefused, section: str, file: str | None) -> list[Finding]:
    """What a strategy finds in its settings, told by the keys of the file."""
    found = []
    in_its_own_words = Finding(error.code, error.params)
    for finding in error.params.get("findings", [in_its_own_words]):
        params = dict(finding.params)
        if "key" in params:
            params["key"] = f"{section}.{params['key']}"
        found.append(Finding(finding.code, params, file))
    return found


def _unknown(name: str, available: list[str], file: str | None) -> Finding:
    params = {"section": f"selection.{name}", "name": name, "available": available}
    meant = nearest(name, available)
    if meant is None:
        return Finding("section-unknown", params, file)
    return Finding("section-unknown-nearest", {**params, "nearest": meant}, file)
