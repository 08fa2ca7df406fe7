"""The organiser's facts as a TOML file."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from mitwirkung.errors import Finding, InputError
from mitwirkung.lottery.facts import Facts


def read_facts(path: str | Path) -> Facts:
    """The facts in a TOML file; `sample_facts` shows one.

    Raises:
        InputError: with everything that is wrong in it.
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        finding = Finding("facts-unreadable", {"reason": str(error)}, file=path.name)
        raise InputError.of([finding]) from None
    try:
        return Facts.model_validate(data)
    except ValidationError as errors:
        findings = [
            Finding(
                "facts-wrong",
                {"key": ".".join(map(str, error["loc"])) or "file", "reason": error["msg"]},
                file=path.name,
            )
            for error in errors.errors(include_input=False, include_url=False)
        ]
        raise InputError.of(findings) from None


def sample_facts() -> str:
    """A commented sample of the file, as `mitwirkung lottery --sample-facts` writes it."""
    return (resources.files("mitwirkung.lottery") / "facts-sample.toml").read_text("utf-8")
