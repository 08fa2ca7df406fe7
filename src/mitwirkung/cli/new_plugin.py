"""`mitwirkung new-plugin`: the start of a distribution that adds to the library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mitwirkung.cli.terminal import reported, say, screen
from mitwirkung.plugins.scaffold import KINDS, PREFIX, plugin_files, plugin_name, write_plugin

NEXT_STEPS = ("python -m pip install --editable . --group test", "python -m pytest")


@reported
def new_plugin(
    name: Annotated[str, typer.Argument(help="Lowercase letters, digits and hyphens.")],
    kind: Annotated[str, typer.Option(help=f"What it adds: {', '.join(KINDS)}.")] = KINDS[0],
    out: Annotated[
        Path | None, typer.Option("--out", help=f"Folder to write, else {PREFIX}NAME.")
    ] = None,
) -> None:
    """Write a plugin to start from: a strategy with a setting, its tests, all to publish it."""
    files = plugin_files(name, kind)
    folder = out or Path(PREFIX + plugin_name(name))
    write_plugin(files, folder)
    text = say("The plugin is in {folder}. Go there, and install and test it:")
    lines = [text.format(folder=folder), *(f"  {step}" for step in NEXT_STEPS)]
    lines.append(say("README.md tells how to use and to publish it."))
    screen.print("\n".join(lines), markup=False)
