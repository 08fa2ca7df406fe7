"""Answers: model, JSON Schema and findings agree; all errors at once; nothing personal in them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import ValidationError

from builders import examples
from mitwirkung.errors import InputError
from mitwirkung.forms.answers import (
    answer_findings,
    answer_model,
    answers_schema,
    by_compartment,
    check_answers,
    consents_in,
    features_in,
    is_shown,
    person_in,
)
from mitwirkung.forms.declaration import Form
from mitwirkung.forms.reading import form_from
from mitwirkung.people import Channel, Compartment, EmailAddress, Purpose, consented
from random_forms import EMAIL, LETTER, PHONE, answers, forms

NOW = datetime(2020, 9, 1, tzinfo=UTC)
FORM = form_from(
    {
        "name": "bewerbung",
        "version": "2020-08-24",
        "title": {"de": "Bewerbung", "en": "Application"},
        "fields": [
            {"ready": "given-name"},
            {"ready": "family-name"},
            {"ready": "contact"},
            {"ready": "birth-year"},
            {"ready": "gender"},
            {"ready": "city-district", "options": ["Nord", "Süd"]},
            {"ready": "migration-background"},
            {
                "name": "topic",
                "kind": "text",
                "label": {"de": "Was ist Ihnen wichtig?", "en": "What matters to you?"},
                "purposes": ["statements"],
            },
        ],
    }
)
SOUND: dict[str, Any] = {
    "given_name": "Ada",
    "family_name": "Lovelace",
    "contact": [LETTER, EMAIL],
    "birth_year": 1990,
    "gender": "weiblich",
    "city_district": "Nord",
    "migration_background_consent": True,
    "migration_background": False,
    "topic": "Radwege",
}


def codes(form: Form, given: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in answer_findings(form, given):
        found.setdefault(finding.column or "", []).append(finding.code)
    return found


@examples(100)
@given(st.data())
def test_model_schema_and_findings_agree(data: st.DataObject) -> None:
    form = data.draw(forms())
    given_answers = data.draw(answers(form))
    schema = answers_schema(form)
    Draft202012Validator.check_schema(schema)
    told = list(
        Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(given_answers)
    )
    found = answer_findings(form, given_answers)
    try:
        answer_model(form).model_validate(given_answers)
        accepted = True
    except ValidationError:
        accepted = False
    assert accepted == (not found) == (not told), (found, told)


@examples(50)
@given(st.data())
def test_sound_answers_survive_json(data: st.DataObject) -> None:
    form = data.draw(forms())
    given_answers = data.draw(answers(form))
    if answer_findings(form, given_answers):
        return
    checked = check_answers(form, given_answers)
    again = json.loads(checked.model_dump_json())
    assert check_answers(form, again) == checked
    for field in form.fields:
        if not is_shown(field, form, dict(checked)):
            assert getattr(checked, field.name) in (None, ())


def test_all_errors_are_told_at_once_in_the_order_of_the_form() -> None:
    wrong = {
        "given_name": "Ada\nBcc: all@example.org",
        "contact": [{"kind": "email", "address": "nobody"}, {"kind": "letter", "street": "X"}],
        "birth_year": 1850,
        "gender": "w",
        "migration_background": True,
        "topic": "x" * 201,
        "topik": "y",
    }
    assert codes(FORM, wrong) == {
        "given_name": ["answer-lines"],
        "family_name": ["answer-needed"],
        "contact": ["answer-email", "answer-part-missing", "answer-part-missing"],
        "birth_year": ["answer-at-least"],
        "gender": ["answer-choice"],
        "city_district": ["answer-needed"],
        "migration_background": ["answer-not-asked"],
        "topic": ["answer-too-long"],
        "topik": ["answer-unknown-nearest"],
    }
    with pytest.raises(InputError) as caught:
        check_answers(FORM, wrong, row=7)
    assert {finding.row for finding in caught.value.findings} == {7}


def test_errors_hold_nothing_that_was_written() -> None:
    secret = "Geheim4711"
    wrong: dict[str, Any] = {field.name: secret for field in FORM.fields}
    wrong["contact"] = [{"kind": secret}, {"kind": "email", "address": secret}]
    wrong[f"{secret} as a key"] = secret
    with pytest.raises(InputError) as caught:
        check_answers(FORM, wrong)
    assert secret not in str(caught.value)
    assert secret not in repr(caught.value.findings)
    sound = answer_model(FORM).model_construct(given_name=secret)
    assert secret not in f"{sound!r} {sound}"
    del wrong[f"{secret} as a key"], wrong["contact"][0]
    with pytest.raises(ValidationError) as raised:
        answer_model(FORM).model_validate(wrong)
    assert secret not in str(raised.value)


def test_what_hangs_on_a_wrong_answer_is_not_judged() -> None:
    assert codes(FORM, {**SOUND, "migration_background_consent": "perhaps"}) == {
        "migration_background_consent": ["answer-yes-no"]
    }


def test_a_special_category_needs_its_consent() -> None:
    (consent, field) = (FORM.field("migration_background_consent"), None)
    data = FORM.model_dump()
    for each in data["fields"]:
        if each["name"] == "migration_background":
            each["shown_if"] = None
            field = each
    assert field is not None
    form = Form.model_validate(data)
    wrong = {**SOUND, consent.name: False}
    assert codes(form, wrong) == {"migration_background": ["answer-without-consent"]}


def test_the_schema_has_the_words_of_the_form() -> None:
    german, english = answers_schema(FORM), answers_schema(FORM, "en")
    assert german["properties"]["birth_year"]["title"] == "Geburtsjahr"
    assert english["properties"]["birth_year"]["title"] == "Year of birth"
    assert english["title"] == "Application"


def test_answers_are_parted_by_compartment() -> None:
    checked = check_answers(FORM, SOUND)
    parts = by_compartment(FORM, checked)
    assert parts[Compartment.PROFILE] == {
        "birth_year": 1990,
        "gender": "weiblich",
        "city_district": "Nord",
        "migration_background": False,
    }
    assert parts[Compartment.STATEMENTS] == {"topic": "Radwege"}
    assert set(parts[Compartment.IDENTITY]) == {"given_name", "family_name", "contact"}
    assert json.loads(json.dumps(parts[Compartment.IDENTITY]))["contact"][1]["kind"] == "email"


def test_the_person_and_the_consents_come_from_the_answers() -> None:
    checked = check_answers(FORM, SOUND)
    person = person_in(FORM, checked)
    assert (person.given_name, person.family_name, person.language) == ("Ada", "Lovelace", "de")
    assert person.contacts[1] == EmailAddress(kind="email", address="ada@example.org")
    assert "Ada" not in repr(person)
    consents = consents_in(FORM, checked, now=NOW, channel=Channel.LETTER)
    field = "migration_background"
    assert {each.text_version for each in consents} == {"2020-08-24"}
    assert consented(consents, Purpose.SELECTION, at=NOW, field=field)
    assert not consented(consents, Purpose.STATEMENTS, at=NOW)
    none = consents_in(
        FORM,
        check_answers(FORM, {k: v for k, v in SOUND.items() if not k.startswith("migration")}),
        now=NOW,
        channel=Channel.WEB,
    )
    assert none == ()


def test_a_person_needs_a_name_and_a_way_to_be_reached() -> None:
    form = form_from(
        {
            "name": "short",
            "version": "1",
            "title": {"de": "Kurz", "en": "Short"},
            "fields": [{"ready": "given-name"}],
        }
    )
    with pytest.raises(InputError) as caught:
        person_in(form, check_answers(form, {"given_name": "Ada"}))
    assert [f.column for f in caught.value.findings] == ["family_name", "contact"]


def test_answers_become_features_as_the_quotas_name_them() -> None:
    on = date(2020, 10, 24)
    assert features_in(FORM, SOUND, on=on) == {
        "Altersgruppe": "30 bis 44",
        "Geschlecht": "weiblich",
        "Stadtbezirk": "Nord",
        "Migrationshintergrund": "nein",
    }
    assert features_in(FORM, {"gender": "keine Angabe"}, on=on)["Geschlecht"] == ""
    with pytest.raises(InputError) as caught:
        features_in(FORM, {"birth_year": 2010}, on=on)
    assert [(f.code, f.column) for f in caught.value.findings] == [("age-no-group", "birth_year")]


def test_a_telephone_alone_will_do() -> None:
    assert not answer_findings(FORM, {**SOUND, "contact": [PHONE]})
    assert codes(FORM, {**SOUND, "contact": []}) == {"contact": ["answer-needed"]}
    assert codes(FORM, {**SOUND, "contact": [{"kind": "pigeon"}]}) == {
        "contact": ["answer-contact-kind"]
    }
    assert codes(FORM, {**SOUND, "contact": "ada@example.org"}) == {"contact": ["answer-contacts"]}
