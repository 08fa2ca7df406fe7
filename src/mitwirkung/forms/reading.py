"""A form from a TOML file or from data of its shape, with everything that is wrong at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from mitwirkung.errors import Finding, InputError
from mitwirkung.forms.declaration import Form, FormField, FormHead, form_findings
from mitwirkung.forms.ready import READY, consent_for
from mitwirkung.names import nearest
from mitwirkung.toml_files import model_findings, read_toml


class _FormFile(FormHead):
    """A form before its fields are looked at."""

    fields: list[dict[str, Any]] = Field(min_length=1)


def read_form(path: str | Path) -> Form:
    """The form in a TOML file: a table `[[fields]]` for each question.

    Raises:
        InputError: with everything that is wrong in it.
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    return form_from(read_toml(path), file=path.name)


def form_from(data: Mapping[str, Any], *, file: str | None = None) -> Form:
    """The form in data of the shape of the file.

    In place of a field may stand `ready` with the name of a ready one, and whatever is to be
    different from it.

    Raises:
        InputError: with everything that is wrong in it.
    """
    found: list[Finding] = []
    head = None
    try:
        head = _FormFile.model_validate(data)
    except ValidationError as error:
        found += model_findings(error, _FormFile, file=file)
    listed = data.get("fields")
    fields: list[FormField] = []
    for number, item in enumerate(listed if isinstance(listed, (list, tuple)) else [], start=1):
        if not isinstance(item, Mapping):
            continue  # told with the head
        name = item.get("name", item.get("ready"))
        section = f"fields.{name if isinstance(name, str) else number}"
        for each in _expanded(item, section, file, found):
            try:
                fields.append(FormField.model_validate(each))
            except ValidationError as error:
                found += model_findings(error, FormField, file=file, section=section)
    told = {"languages": (), "title": {}, "intro": {}} if head is None else head.model_dump()
    found += form_findings(
        fields, told["languages"], title=told["title"], intro=told["intro"], file=file
    )
    if found or head is None:
        raise InputError.of(found)
    return Form(**{**head.model_dump(exclude={"fields"}), "fields": tuple(fields)})


def _expanded(
    item: Mapping[str, Any], section: str, file: str | None, found: list[Finding]
) -> list[dict[str, Any]]:
    """The fields that an entry stands for: itself, or a ready one with the consent it needs."""
    if "ready" not in item:
        return [dict(item)]
    name = item["ready"]
    if not isinstance(name, str) or name not in READY:
        params = {"key": f"{section}.ready", "available": sorted(READY)}
        meant = nearest(name, READY) if isinstance(name, str) else None
        if meant is None:
            found.append(Finding("form-ready-unknown", params, file))
        else:
            found.append(Finding("form-ready-unknown-nearest", {**params, "nearest": meant}, file))
        return []
    field = {**READY[name], **{key: value for key, value in item.items() if key != "ready"}}
    if not field.get("own_consent") or "shown_if" in item:
        return [field]
    consent = consent_for({**field, "label": {**READY[name]["label"], **_table(field["label"])}})
    return [consent, {**field, "shown_if": {"field": consent["name"], "any_of": [True]}}]


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def ready_field(name: str, **changed: Any) -> tuple[FormField, ...]:
    """A ready field, behind the consent that it needs.

    Args:
        changed: the keys of the field that are to be different.

    Raises:
        InputError: with everything that is wrong.
    """
    found: list[Finding] = []
    fields = []
    for each in _expanded({"ready": name, **changed}, f"fields.{name}", None, found):
        try:
            fields.append(FormField.model_validate(each))
        except ValidationError as error:
            found += model_findings(error, FormField, section=f"fields.{name}")
    if found:
        raise InputError.of(found)
    return tuple(fields)
