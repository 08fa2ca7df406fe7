"""`mitwirkung explain`: one person's chance in plain words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mitwirkung.cli.terminal import language, reported, screen
from mitwirkung.lottery.folder import read_lottery
from mitwirkung.reports.explaining import explain as explanation_of


@reported
def explain(
    lottery: Annotated[Path, typer.Argument(help="Folder of a lottery, with its private file.")],
    person: Annotated[str, typer.Argument(metavar="ID", help="The id of the person.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Explain a person's chance, for the answer to a letter."""
    found = explanation_of(read_lottery(lottery).publication, person)
    if as_json:
        screen.print_json(json.dumps(found.as_data(), ensure_ascii=False))
        return
    screen.print(found.text(language()), markup=False)
