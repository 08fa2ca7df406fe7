"""A form is declared in TOML or Python; what contradicts itself is told at once, with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mitwirkung.errors import InputError
from mitwirkung.forms.declaration import Form, FormField, Kind
from mitwirkung.forms.reading import form_from, read_form, ready_field
from mitwirkung.forms.ready import READY
from mitwirkung.people import Compartment, Purpose

BOTH = {"de": "Feld", "en": "Field"}
HEAD = {"name": "f", "version": "1", "title": {"de": "Titel", "en": "Title"}}


def field(name: str = "one", kind: str = "text", **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": kind, "label": BOTH, "purposes": ["selection"], **more}


def told(*fields: dict[str, Any], **head: Any) -> list[tuple[str, str]]:
    """Key and code of what is wrong."""
    with pytest.raises(InputError) as caught:
        form_from({**HEAD, **head, "fields": list(fields)}, file="form.toml")
    assert all(finding.file == "form.toml" for finding in caught.value.findings)
    return [(finding.params["key"], finding.code) for finding in caught.value.findings]


YES_NO = field("asked", "yes_no")
CONSENT = field("agreed", "consent", covers=["one"])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([field(), field()], ("fields.one", "form-field-twice")),
        ([field(label={"de": "x"})], ("fields.one.label", "form-words-missing")),
        ([field(help={"en": "x"})], ("fields.one.help", "form-words-missing")),
        (
            [field("c", "choice", options=[{"value": "v", "label": {"de": "x"}}, "w"])],
            ("fields.c.options.v", "form-words-missing"),
        ),
        ([field(options=["a", "b"])], ("fields.one", "form-key-unused")),
        ([field("c", "choice", options=["a"])], ("fields.c", "form-options-few")),
        ([field("c", "choice", options=["a", "b", "A "])], ("fields.c", "form-option-twice")),
        ([field("n", "number", minimum=5, maximum=1)], ("fields.n", "form-bounds-order")),
        ([field("d", "date", minimum=5)], ("fields.d", "form-bounds-kind")),
        ([field(purposes=["contact", "selection"])], ("fields.one", "form-purposes-apart")),
        ([field(purposes=["access"])], ("fields.one", "form-purposes-apart")),
        ([field(purposes=["contact"], feature="x")], ("fields.one", "form-feature-apart")),
        (
            [field(feature="Alter"), field("two", feature="alter")],
            ("fields.two", "form-feature-twice"),
        ),
        (
            [field("n", "number", age_groups={"a": [0, 9]})],
            ("fields.n", "form-groups-without-feature"),
        ),
        (
            [field("n", "number", feature="A", age_groups={"a": [0, 9], "b": [5, 9]})],
            ("fields.n", "form-groups-wrong"),
        ),
        ([field("c", "consent", covers=["x"])], ("fields.c", "form-covers-unknown")),
        (
            [{**CONSENT, "required": True}, field(own_consent=True)],
            ("fields.agreed", "form-consent-forced"),
        ),
        (
            [{**CONSENT, "purposes": ["replacement"]}, field(own_consent=True)],
            ("fields.agreed", "form-consent-narrow"),
        ),
        ([field("c", "consent", special=True)], ("fields.c", "form-consent-of-consent")),
        ([field(special=True)], ("fields.one", "form-special-without-consent")),
        (
            [CONSENT, field(own_consent=True, required=True)],
            ("fields.one", "form-consent-required"),
        ),
        ([field(own_consent=True)], ("fields.one", "form-not-covered")),
        (
            [field(shown_if={"field": "later", "any_of": [True]}), field("later", "yes_no")],
            ("fields.one", "form-condition-field"),
        ),
        (
            [YES_NO, field(shown_if={"field": "asked", "any_of": ["yes"]})],
            ("fields.one", "form-condition-value"),
        ),
        ([{"ready": "gendre"}], ("fields.gendre.ready", "form-ready-unknown-nearest")),
        ([{"ready": 5}], ("fields.1.ready", "form-ready-unknown")),
        ([field(kind="txt")], ("fields.one.kind", "key-choice")),
        ([field(requird=True)], ("fields.one.requird", "key-unknown-nearest")),
        ([{"ready": "city-district"}], ("fields.city_district", "form-options-few")),
    ],
)
def test_what_is_wrong_is_told(fields: list[dict[str, Any]], expected: tuple[str, str]) -> None:
    assert told(*fields) == [expected]


def test_everything_is_told_at_once() -> None:
    found = told(
        field(label={"de": "x"}, requird=True),
        field("c", "choice"),
        field("n", "number", minimum=2, maximum=1),
        {"ready": "nonsense"},
        version="",
        titel="x",
    )
    assert {code for _, code in found} == {
        *("key-wrong", "key-unknown-nearest", "form-ready-unknown"),
        *("form-options-few", "form-bounds-order"),
    }
    assert len(found) == 6


def test_python_is_checked_as_well() -> None:
    fields = tuple(FormField.model_validate(each) for each in (field(), field()))
    with pytest.raises(ValidationError, match="two fields of this name"):
        Form(**HEAD, fields=fields)
    assert Form(**HEAD, fields=fields[:1]).fields[0].kind is Kind.TEXT


FILE = """
name = "bewerbung"
version = "2020-08-24"

[title]
de = "Bewerbung"
en = "Application"

[[fields]]
ready = "gender"

[[fields]]
ready = "city-district"
options = ["Nord", "Süd"]

[[fields]]
ready = "migration-background"
label = { de = "Familiengeschichte", en = "Family history" }
"""


def test_a_form_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "form.toml"
    path.write_text(FILE, encoding="utf-8")
    form = read_form(path)
    assert [each.name for each in form.fields] == [
        *("gender", "city_district"),
        *("migration_background_consent", "migration_background"),
    ]
    assert "„Familiengeschichte“" in form.field("migration_background_consent").label["de"]
    assert Form.model_validate_json(form.model_dump_json()) == form
    path.write_text("fields = 3", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_form(path)
    assert {f.params["key"] for f in caught.value.findings} == {
        *("name", "version", "title", "fields"),
    }


def test_ready_fields_are_those_that_were_promised() -> None:
    assert set(READY) == {
        *("given-name", "family-name", "contact", "age-group", "birth-year", "gender"),
        *("city-district", "education", "migration-background", "household"),
    }
    gender = ready_field("gender")[0]
    assert [option.value for option in gender.options][2:] == ["divers", "keine Angabe"]
    assert gender.options[3].not_stated
    for name in ("education", "migration-background", "household"):
        consent, asked = ready_field(name)
        assert (consent.kind, consent.covers) == (Kind.CONSENT, (asked.name,))
        assert asked.own_consent
        assert not asked.required
        assert asked.compartment is Compartment.PROFILE
    assert ready_field("migration-background")[1].special
    with pytest.raises(InputError):
        ready_field("nothing")
    with pytest.raises(InputError):
        ready_field("gender", kind="nonsense")


@pytest.mark.parametrize("name", sorted(READY))
def test_each_ready_field_is_sound_alone(name: str) -> None:
    more = {"options": ["Nord", "Süd"]} if name == "city-district" else {}
    form = Form(**HEAD, fields=ready_field(name, **more))
    for each in form.fields:
        assert each.question or each.kind is Kind.CONSENT
        assert set(each.label) == {"de", "en"}
        assert Purpose.ACCESS not in each.purposes
