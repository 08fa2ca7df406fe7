"""`mitwirkung init`: the settings and the storage of a new installation."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from mitwirkung.app import Mitwirkung
from mitwirkung.cli.terminal import line, reported, screen, wrong_call
from mitwirkung.settings import SETTINGS_FILE, Settings
from mitwirkung.storage.keys import KEY_BYTES

VARIABLE = "MITWIRKUNG_MASTER_KEY"

SAMPLE = f"""# Settings of mitwirkung; `mitwirkung settings --sample` shows all that can be set.

[storage]
use = "sqlite"
master_key = {{ "$env" = "{VARIABLE}" }}   # never in this file
erasures = "mitwirkung-erasures.jsonl"   # never restored with a backup

[storage.sqlite]
path = "mitwirkung.db"
keys = "mitwirkung-keys.db"   # backed up apart from the records, and for a shorter time
"""


@reported
def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the installation.")] = Path(),
) -> None:
    """Write the settings, make the storage, and print a master key to be kept in a safe place."""
    path = folder / SETTINGS_FILE
    if path.exists():
        raise wrong_call("There are settings in this folder already.")
    folder.mkdir(parents=True, exist_ok=True)
    made = os.environ.get(VARIABLE) or secrets.token_hex(KEY_BYTES)
    path.write_text(SAMPLE, encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)  # the files of the storage are named from there
    try:
        with Mitwirkung(Settings.load(environ={**os.environ, VARIABLE: made})) as app:
            app.vault()
    finally:
        os.chdir(before)
    screen.print(str(path), markup=False)
    if VARIABLE in os.environ:
        return
    line("Keep this master key safe; without it nobody can read what people told:")
    screen.print(f"export {VARIABLE}={made}", markup=False)
