"""TOML files that people write by hand, and what is wrong in them in the words of the file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails, to_jsonable_python

from mitwirkung.errors import Finding, InputError
from mitwirkung.messages import Reason
from mitwirkung.names import nearest

# pydantic's type of error -> our code; its own sentences are English alone and speak of Python
_CODES = {
    "missing": "key-missing",
    "int_type": "key-whole-number",
    "int_parsing": "key-whole-number",
    "int_from_float": "key-whole-number",
    "greater_than_equal": "key-at-least",
    "less_than_equal": "key-at-most",
    "string_type": "key-text",
    "bool_type": "key-truth",
    "bool_parsing": "key-truth",
    "tuple_type": "key-list",
    "list_type": "key-list",
    "dict_type": "key-table",
    "mapping_type": "key-table",
    "model_type": "key-table",
    "literal_error": "key-choice",
    "enum": "key-choice",
}


def read_toml(path: str | Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        InputError: it is not UTF-8, or not TOML.
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError.of([Finding("toml-not-utf8", {}, file=path.name)]) from None
    except tomllib.TOMLDecodeError as error:
        finding = Finding("toml-unreadable", {"reason": str(error)}, file=path.name)
        raise InputError.of([finding]) from None


def model_findings(
    error: ValidationError,
    model: type[BaseModel],
    *,
    data: Mapping[str, Any] | None = None,
    file: str | None = None,
    section: str = "",
) -> list[Finding]:
    """One finding per key.

    Args:
        error: what validating `data` as `model` raised.
        data: to tell a secret from the environment in a place that takes none.
        file: the name of the file, for the findings.
        section: the heading that `data` stands below, as `selection.pots`.
    """
    found: dict[str, Finding] = {}
    for item in error.errors(include_input=False, include_url=False):
        path, holder = _place(item["loc"], model)
        key = ".".join([section, *path] if section else path)
        if item["type"] == "extra_forbidden":
            finding = unknown_key(key, list(holder.model_fields), file)
        elif item["type"].endswith("_type") and _is_secret(data, item["loc"]):
            finding = Finding("key-not-secret", {"key": key}, file)
        else:
            context = to_jsonable_python(item.get("ctx", {}), fallback=str)
            reason = value_error_of(item) or item["msg"].removeprefix("Value error, ").rstrip(".")
            params = {**context, "key": key or "file", "reason": reason}
            finding = Finding(_CODES.get(item["type"], "key-wrong"), params, file)
        found.setdefault(key, finding)
    return list(found.values())


def value_error_of(item: ErrorDetails) -> Reason | None:
    """What a validator of ours said, if one of `ValidationError.errors` is that, in a way that can
    be said in every language."""
    error = item.get("ctx", {}).get("error")
    said = error.args[0] if isinstance(error, ValueError) and error.args else None
    return said if isinstance(said, Reason) else None


def unknown_key(key: str, known: Sequence[str], file: str | None) -> Finding:
    """A key that nobody knows, with the nearest of those that may stand in its place."""
    params = {"key": key, "available": list(known)}
    meant = nearest(key.rpartition(".")[2], known)
    if meant is None:
        return Finding("key-unknown", params, file)
    return Finding("key-unknown-nearest", {**params, "nearest": meant}, file)


def _place(
    location: tuple[int | str, ...], model: type[BaseModel]
) -> tuple[list[str], type[BaseModel]]:
    """The path of a key in the file, without what pydantic adds, and the model that holds it."""
    path = []
    for step in map(str, location):
        path.append(step)
        field = model.model_fields.get(step)
        inner = None if field is None else field.annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            break
        model = inner
    return path, model


def _is_secret(data: Any, location: tuple[int | str, ...]) -> bool:
    for step in location:
        if isinstance(data, Mapping):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int):
            data = data[step]
    return isinstance(data, SecretStr)
