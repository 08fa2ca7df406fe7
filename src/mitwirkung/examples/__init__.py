"""Example data that ship with the library: made-up people, and a city's real figures.

`dortmund/` is modelled on the digital citizens' dialogue of Dortmund in 2020 with its 75 seats. Its
README.md says what is real, derived, assumed and made up.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from mitwirkung.lottery.folder import FolderOccupied, check_same

DORTMUND_FILES = (
    "README.md",
    "bevoelkerung.csv",
    "bewerbungen.csv",
    "formular.toml",
    "quoten.csv",
    "tatsachen.toml",
    "veranstaltung.toml",
)

# Invented, and meant to look it: these are not the numbers of that day.
DORTMUND_SEED = "Lotto 6 aus 49 vom 2020-10-10: 1 2 3 4 5 6"
"""A seed in the wording that tatsachen.toml fixes; the numbers are invented for the example."""


def dortmund() -> Path:
    """The folder of the example, to be read: `dortmund() / "quoten.csv"`."""
    return Path(__file__).parent / "dortmund"


def copy_dortmund(target: str | PathLike[str], *, force: bool = False) -> Path:
    """Copy the files of the example into a folder, made if need be, and return its path.

    Other files in it are left alone.

    Raises:
        FolderOccupied: one of the files is there with other content, and no `force` is given.
    """
    folder = Path(target)
    if folder.exists() and not folder.is_dir():
        raise FolderOccupied("folder-is-file", folder=str(folder))
    content = {name: (dortmund() / name).read_bytes() for name in DORTMUND_FILES}
    check_same(folder, content, force=force)
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder
