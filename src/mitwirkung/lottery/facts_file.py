"""The organiser's facts as a TOML file."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ValidationError

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
    except UnicodeDecodeError:
        raise InputError.of([Finding("facts-not-utf8", {}, file=path.name)]) from None
    except tomllib.TOMLDecodeError as error:
        finding = Finding("facts-unreadable", {"reason": str(error)}, file=path.name)
        raise InputError.of([finding]) from None
    try:
        return Facts.model_validate(data)
    except ValidationError as error:
        raise InputError.of(_findings(error, path.name)) from None


def _findings(error: ValidationError, file: str) -> list[Finding]:
    """One finding per key, in the words of the file instead of pydantic's."""
    found: dict[str, Finding] = {}
    for item in error.errors(include_input=False, include_url=False):
        key, model = _key(item["loc"])
        if item["type"] == "extra_forbidden":
            known = list(model.model_fields)
            finding = Finding("facts-key-unknown", {"key": key, "available": known}, file=file)
        else:
            known_reason = _REASONS.get(item["type"], "").format(**item.get("ctx", {}))
            reason = known_reason or item["msg"].removeprefix("Value error, ").rstrip(".")
            finding = Finding("facts-wrong", {"key": key or "file", "reason": reason}, file=file)
        found.setdefault(key, finding)
    return list(found.values())


_REASONS = {
    "int_type": "write a whole number",
    "greater_than_equal": "write a whole number of at least {ge}",
    "string_type": "write a text in quotation marks",
    "dict_type": "write a number for each reason, below a heading of their own",
    "model_type": "write keys and values below a heading of their own",
}


def _key(location: tuple[int | str, ...]) -> tuple[str, type[BaseModel]]:
    """The path of a key in the file, without what pydantic adds, and the model that holds it."""
    model: type[BaseModel] = Facts
    path = []
    for step in map(str, location):
        path.append(step)
        field = model.model_fields.get(step)
        inner = None if field is None else field.annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            break
        model = inner
    return ".".join(path), model


def sample_facts() -> str:
    """A commented sample of the file, as `mitwirkung lottery --sample-facts` writes it."""
    return (resources.files("mitwirkung.lottery") / "facts-sample.toml").read_text("utf-8")
