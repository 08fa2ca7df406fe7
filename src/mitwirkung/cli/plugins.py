"""`mitwirkung plugins` and `mitwirkung settings`: what is installed, and what is set."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from mitwirkung.cli.options import SettingsFile
from mitwirkung.cli.terminal import installation, load_settings, reported, say, screen
from mitwirkung.plugins.manager import PluginManager
from mitwirkung.plugins.plugin import Plugin
from mitwirkung.plugins.sample import sample_settings
from mitwirkung.settings import blocked_plugins

HEADS = ("Plugin", "Distribution", "Version", "Status", "Provides")
KINDS = ("Strategies", "Sources", "Storage", "Channels")


@reported
def plugins(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    settings_file: SettingsFile = None,
) -> None:
    """List what ships and what is installed, with its state."""
    with redirect_stdout(sys.stderr):  # a plugin may print while it is imported
        found = _manager(settings_file).plugins()
    if as_json:
        data = [plugin.as_json() for plugin in found]
        screen.print_json(json.dumps(data, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False)
    for head in HEADS:
        table.add_column(say(head), overflow="fold")
    for plugin in found:
        row = (plugin.name, plugin.distribution, plugin.version, say(plugin.status))
        table.add_row(*map(Text, (*row, "\n".join(_provided(plugin)))))
    screen.print(table)
    for plugin in found:
        for sentence in _remarks(plugin):
            screen.print(sentence, markup=False)


def _manager(settings_file: Path | None) -> PluginManager:
    """The plugins alone: a listing has to work while the settings do not."""
    return PluginManager(blocked_plugins(load_settings(settings_file), os.environ))


def _provided(plugin: Plugin) -> Iterator[str]:
    names = (
        [strategy.name for strategy in plugin.strategies],
        [source.name for source in plugin.sources],
        [backend.name for backend in plugin.backends],
        [channel.name for channel in plugin.channels],
    )
    for kind, provided in zip(KINDS, names, strict=True):
        if provided:
            yield f"{say(kind)}: {', '.join(provided)}"


def _remarks(plugin: Plugin) -> list[str]:
    failures = [plugin.failure] if plugin.failure else []
    return [error.describe(say) for error in (*failures, *plugin.conflicts)]


@reported
def settings(
    sample: Annotated[bool, typer.Option("--sample", help="Print a sample of the file.")] = False,
    settings_file: SettingsFile = None,
) -> None:
    """Check the settings and print what is in force; secrets stay hidden."""
    if sample:
        with redirect_stdout(sys.stderr):
            manager = _manager(settings_file)
            sample_text = sample_settings(
                manager.strategies(), manager.backends(), manager.channels(), say
            )
        screen.print(sample_text, markup=False, end="")
        return
    with redirect_stdout(sys.stderr):
        app = installation(settings_file)
    screen.print_json(json.dumps(app.settings_in_force(), ensure_ascii=False))
