"""`mitwirkung schema`: the JSON Schemas of the files."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mitwirkung import schemas
from mitwirkung.cli.terminal import reported, screen


@reported
def schema(
    name: Annotated[
        str | None, typer.Argument(help="A file, as lottery.json; else a list.")
    ] = None,
) -> None:
    """Print the JSON Schema of a file, or list the files that have one."""
    if name is None:
        screen.print("\n".join(schemas.schema_names()), markup=False)
    else:
        text = json.dumps(schemas.schema(name), ensure_ascii=False, indent=2)
        screen.print(text, markup=False)
