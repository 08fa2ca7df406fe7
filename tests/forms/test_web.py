"""The page of a form: what it asks, what it says is wrong, and that what it sends is read."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given

from mitwirkung.errors import InputError
from mitwirkung.examples import dortmund
from mitwirkung.forms.answers import answer_findings, check_answers
from mitwirkung.forms.declaration import Form, Kind
from mitwirkung.forms.entry import typed_answers
from mitwirkung.forms.reading import read_form
from mitwirkung.forms.web import sent_cells, web_form
from random_forms import forms


class Page(HTMLParser):
    """Fields, labels and ids of a page; that its elements are closed in order."""

    VOID = ("meta", "input", "br", "link")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fields: list[dict[str, str]] = []
        self.labels: set[str] = set()
        self.ids: list[str] = []
        self.described: list[str] = []
        self.text = ""
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in ("input", "select", "textarea"):
            found["inside"] = " ".join(self.open)
            self.fields.append({"tag": tag, **found})
        if tag == "label" and "for" in found:
            self.labels.add(found["for"])
        if "id" in found:
            self.ids.append(found["id"])
        self.described += found.get("aria-describedby", "").split()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def page(form: Form, **more: object) -> Page:
    return Page(web_form(form, form.languages[0], action="/apply", **more))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def city() -> Form:
    return read_form(dortmund() / "formular.toml")


@given(forms())
def test_every_question_has_a_field_with_its_label(form: Form) -> None:
    found = page(form)
    assert len(set(found.ids)) == len(found.ids)
    assert set(found.described) <= set(found.ids)
    for field in found.fields:
        assert field["id"] in found.labels or "label" in field["inside"].split()
    names = {field["name"] for field in found.fields}
    for asked in form.fields:
        assert any(name == asked.name or name.startswith(f"{asked.name}_") for name in names)


def test_languages_deadline_and_hidden_values(city: Form) -> None:
    found = web_form(
        city, "en", action="/a?b=1&c=2", deadline=date(2020, 9, 27), hidden={"token": '"<x>'}
    )
    assert '<html lang="en">' in found
    assert "Sunday, September 27, 2020" in found
    assert 'action="/a?b=1&amp;c=2"' in found
    assert 'value="&#34;&lt;x&gt;"' in found
    with pytest.raises(LookupError):
        web_form(city, "fr", action="/")


def test_what_is_wrong_stands_above_and_at_the_question_and_what_was_sent_stays(
    city: Form,
) -> None:
    sent = sent_cells(city, [("given_name", "Anna"), ("gender", "weiblich")])
    findings = answer_findings(city, typed_answers(city, sent))
    found = web_form(city, "de", action="/", sent=sent, findings=findings)
    assert '<a href="#question-family_name">Nachname</a>' in found
    assert 'id="family_name-error"' in found
    assert 'value="Anna"' in found
    assert 'value="weiblich" checked' in found
    assert Page(found).text.count("Bitte berichtigen") == 2  # in the title and above


def test_sent_answers_are_read(city: Form) -> None:
    pairs = [
        *(("given_name", "Anna"), ("family_name", "Beispiel")),
        *(("contact_email", ""), ("contact_phone", "0231 1234"), ("contact_street", "")),
        *(("contact_postcode", ""), ("contact_place", ""), ("contact_addition", "")),
        *(("gender", "weiblich"), ("age_group", "30 bis 44"), ("city_district", "Hörde")),
        *(("education_consent", "ja"), ("education", "Abitur")),
    ]
    answers = check_answers(city, typed_answers(city, sent_cells(city, pairs)))
    assert dict(answers)["education"] == "Abitur"


def test_what_the_page_hides_is_not_sent(city: Form) -> None:
    assert "education" not in sent_cells(city, [("education", "Abitur")])
    hides = web_form(city, "de", action="/")
    assert '[id="education_consent-0"]:checked' in hides
    assert "#question-education { display: none }" in hides


def test_several_answers_are_joined() -> None:
    form = Form.model_validate(
        {
            "name": "a",
            "version": "1",
            "languages": ["de"],
            "title": {"de": "A"},
            "fields": [
                {
                    "name": "topics",
                    "kind": "multiple_choice",
                    "label": {"de": "Themen"},
                    "purposes": ["selection"],
                    "options": ["Rad", "Bus", "Fuß"],
                }
            ],
        }
    )
    assert form.fields[0].kind is Kind.MULTIPLE_CHOICE
    cells = sent_cells(form, [("topics", "Fuß"), ("topics", "Rad")])
    assert dict(check_answers(form, typed_answers(form, cells)))["topics"] == ("Rad", "Fuß")
    with pytest.raises(InputError):
        check_answers(form, typed_answers(form, sent_cells(form, [("unknown", "x")])))
