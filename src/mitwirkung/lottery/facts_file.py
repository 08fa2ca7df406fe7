"""The organiser's facts as a TOML file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from mitwirkung.errors import InputError
from mitwirkung.lottery.facts import Facts
from mitwirkung.toml_files import model_findings, read_toml


def read_facts(path: str | Path) -> Facts:
    """The facts in a TOML file; `sample_facts` shows one.

    Raises:
        InputError: with everything that is wrong in it.
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    try:
        return Facts.model_validate(read_toml(path))
    except ValidationError as error:
        raise InputError.of(model_findings(error, Facts, file=path.name)) from None


def sample_facts() -> str:
    """A commented sample of the file, as `mitwirkung lottery --sample-facts` writes it."""
    return (resources.files("mitwirkung.lottery") / "facts-sample.toml").read_text("utf-8")
