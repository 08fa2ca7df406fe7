"""`mitwirkung give-up`: an attempt that does not count, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mitwirkung import folders
from mitwirkung.cli.terminal import reported, say, screen, wrong_call


@reported
def give_up(
    folder: Annotated[Path, typer.Argument(help="Folder of the lottery to give up.")],
    reason: Annotated[str, typer.Option(help="Why, in a line; it is published.")] = "",
) -> None:
    """Give a lottery up, drawn or not; the reason is published, and the next attempt names it."""
    if not reason.strip():
        raise wrong_call("An attempt is given up with a reason: --reason TEXT.")
    written = folders.give_up_folder(folder, reason)
    text = say("Attempt {attempt} is given up. Publish {file}; the facts of the next attempt say:")
    path = folder / written.file_name
    screen.print(text.format(attempt=written.attempt, file=path), markup=False)
    screen.print(f'attempt = {written.attempt + 1}\nprevious = "{written.digest}"', markup=False)
