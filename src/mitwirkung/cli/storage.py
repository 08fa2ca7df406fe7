"""`mitwirkung storage`: where events are kept, as a whole."""

from __future__ import annotations

from typing import Annotated

import typer

from mitwirkung.cli.desk import opened
from mitwirkung.cli.options import SettingsFile
from mitwirkung.cli.terminal import line, reported, wrong_call

storage_commands = typer.Typer(
    help="The storage as a whole: bring its schema up to date, copy it.", no_args_is_help=True
)


@storage_commands.command()
@reported
def migrate(settings_file: SettingsFile = None) -> None:
    """Make the storage of the settings, or bring its schema up to date."""
    with opened(settings_file) as app:
        events = app.events()
    line("The storage is up to date; events: {events}", events=len(events))


@storage_commands.command()
@reported
def copy(
    source: Annotated[str, typer.Argument(help="Backend from which: sqlite, say.")],
    target: Annotated[str, typer.Argument(help="Backend to which: postgresql, say.")],
    settings_file: SettingsFile = None,
) -> None:
    """Copy all events with their journals and keys, and compare both sides record by record.

    Each backend is used as its section in the settings says. Nobody should work with the source
    meanwhile. An interrupted copy is completed by repeating it.
    """
    if source == target:
        raise wrong_call("Source and target are the same backend.")
    with opened(settings_file) as app:
        copied = app.copy_storage(source, target)
    line(
        "Copied and compared: {events} events, {records} records, {entries} entries, {keys} keys.",
        events=copied.events,
        records=copied.records,
        entries=copied.entries,
        keys=copied.keys,
    )
