"""The organiser's facts as a TOML file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mitwirkung.errors import Finding, InputError, SourceRefused, UnknownSource
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.sources import RandomnessSource, finding_in
from mitwirkung.toml_files import model_findings, read_toml

MakeSource = Callable[[str, Mapping[str, Any]], RandomnessSource]
REQUIRED = ("template", "earliest", "latest", "fallback")
"""What fixes a seed beforehand; whoever names a source states all of it."""


def read_facts(path: str | Path, source: MakeSource | None = None) -> Facts:
    """The facts in a TOML file; `sample_facts` shows one.

    Args:
        path: the file.
        source: makes a source of randomness from its name and settings. With it the template and
            the fallback of the seed may be `{ numbers = { event = "...", count = 6, ... } }`.

    Raises:
        InputError: with everything that is wrong in it.
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    data = read_toml(path)
    errors = [] if source is None else list(_word(data, source, path.name))
    try:
        facts = Facts.model_validate(data)
    except ValidationError as error:
        errors += model_findings(error, Facts, file=path.name)
    if errors:
        raise InputError.of(errors)
    return facts


def _word(data: dict[str, Any], source: MakeSource, file: str) -> Iterator[Finding]:
    """Put templates in the place of sources; what is wrong with these."""
    seed = data.get("seed")
    if not isinstance(seed, dict):
        return
    for name in ("template", "fallback"):
        asked = seed.get(name)
        if not isinstance(asked, dict):
            continue
        del seed[name]
        key = f"seed.{name}"
        if len(asked) != 1 or not all(isinstance(each, dict) for each in asked.values()):
            yield Finding("source-one", {"key": key}, file)
            continue
        ((kind, settings),) = asked.items()
        try:
            seed[name] = source(kind, settings).template()
        except SourceRefused as error:
            yield from finding_in(error, f"{key}.{kind}", file)
        except UnknownSource as error:
            yield Finding(error.code, error.params, file)
        missing = [each for each in REQUIRED if each not in data["seed"] and each != name]
        if missing:
            yield Finding("source-incomplete", {"key": key, "missing": missing}, file)


def sample_facts() -> str:
    """A commented sample of the file, as `mitwirkung lottery --sample-facts` writes it."""
    return (resources.files("mitwirkung.lottery") / "facts-sample.toml").read_text("utf-8")
