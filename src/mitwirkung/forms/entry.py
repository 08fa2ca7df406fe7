"""Answers as texts: from a row of a table, a posted web form, or typed in from paper."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mitwirkung.forms.declaration import Form, FormField, Kind
from mitwirkung.mapping import birth_date
from mitwirkung.names import clean, fold

YES = frozenset({"ja", "yes", "true", "on", "x", "1", "j", "y"})
NO = frozenset({"nein", "no", "false", "off", "0", "n"})

_WHOLE = re.compile("-?[0-9]{1,18}")  # Python refuses to read thousands of digits

PARTS: Mapping[str, Mapping[str, str]] = {
    "email": {"email": "address"},
    "phone": {"phone": "number"},
    "letter": {
        "street": "street",
        "postcode": "postcode",
        "place": "place",
        "addition": "addition",
        "country": "country",
    },
}
"""Kind of contact point to the ends of its columns (`contact_email`) and what they are in it."""

PART_LABELS: Mapping[str, str] = {
    "email": "E-mail address",
    "phone": "Telephone number",
    "street": "Street and number",
    "postcode": "Postcode",
    "place": "Place",
    "addition": "Addition to the address",
    "country": "Country, as DE",
}
"""The parts of a field of contact in the words that a person reads; German stands in the
catalogue."""


def typed_answers(form: Form, cells: Mapping[str, str]) -> dict[str, Any]:
    """Answers in their types, from texts; a blank one is none.

    A text that fits no type stays as it is, so that `check_answers` tells it with everything else.
    Choices may be given by their value or in the words of any language, several of them separated
    by semicolons; dates as 2020-09-27 or 27.09.2020; yes and no in German or English. A field of
    contact takes the columns `<name>_email`, `_phone`, `_street`, `_postcode`, `_place`,
    `_addition` and `_country`.
    """
    rest = {name: clean(text) for name, text in cells.items() if clean(text)}
    found: dict[str, Any] = {}
    for field in form.fields:
        if field.kind is Kind.CONTACT:
            points = _contact_points(field, rest)
            if points:
                found[field.name] = points
        elif field.name in rest:
            found[field.name] = _typed(field, rest.pop(field.name))
    return {**found, **rest}


def columns_of(form: Form) -> tuple[str, ...]:
    """The columns of a table of answers, in the order of the form."""
    found: list[str] = []
    for field in form.fields:
        if field.kind is Kind.CONTACT:
            ends = [end for kind in field.accepts for end in PARTS[kind]]
            found += [f"{field.name}_{end}" for end in ends]
        else:
            found.append(field.name)
    return tuple(found)


_HEADERS: Mapping[str, tuple[str, ...]] = {
    "email": ("e-mail", "email", "e-mail-adresse"),
    "phone": ("telefon", "telefonnummer", "phone", "telephone"),
    "street": ("straße", "straße und hausnummer", "anschrift", "street", "address"),
    "postcode": ("plz", "postleitzahl", "postcode", "zip"),
    "place": ("ort", "wohnort", "city", "place"),
}
"""How lists call the columns of a field of contact."""


def match_columns(form: Form, headers: Iterable[str]) -> dict[str, str]:
    """Headers of a list to the columns that `typed_answers` takes; others are left out.

    A header is known by the name of the field, its label in any language or its feature; those of
    contact by usual names too. Case and blanks are folded, and what two fields could be is none.
    """
    meant: dict[str, set[str]] = {}
    for column in columns_of(form):
        meant.setdefault(fold(column), set()).add(column)
    for field in form.fields:
        if field.kind is Kind.CONTACT:
            for kind in field.accepts:
                for end in PARTS[kind]:
                    for header in _HEADERS.get(end, ()):
                        meant.setdefault(fold(header), set()).add(f"{field.name}_{end}")
            continue
        for text in filter(None, (*field.label.values(), field.feature)):
            meant.setdefault(fold(text), set()).add(field.name)
    found = {header: meant.get(fold(header), set()) for header in headers}
    return {header: next(iter(columns)) for header, columns in found.items() if len(columns) == 1}


def _contact_points(field: FormField, rest: dict[str, str]) -> list[dict[str, str]]:
    points = []
    for kind in field.accepts:
        parts = {
            part: rest.pop(f"{field.name}_{end}")
            for end, part in PARTS[kind].items()
            if f"{field.name}_{end}" in rest
        }
        if parts:
            points.append({"kind": kind, **parts})
    return points


def _typed(field: FormField, text: str) -> Any:
    match field.kind:
        case Kind.CHOICE:
            return _value(field, text)
        case Kind.MULTIPLE_CHOICE:
            return [_value(field, clean(each)) for each in text.split(";") if clean(each)]
        case Kind.YES_NO | Kind.CONSENT:
            folded = fold(text)
            return True if folded in YES else False if folded in NO else text
        case Kind.NUMBER:
            return int(text) if _WHOLE.fullmatch(text) else text
        case Kind.DATE:
            day = None if text.isdigit() else birth_date(text)
            return day or text
        case _:
            return text


def _value(field: FormField, text: str) -> str:
    for option in field.options:
        if fold(text) in {fold(option.value), *map(fold, option.label.values())}:
            return option.value
    return text
