"""Paper form and phone script: all that is asked stands there, in order, in both languages."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given

from mitwirkung.forms.declaration import Form, Kind
from mitwirkung.forms.entry import columns_of, match_columns, typed_answers
from mitwirkung.forms.outline import form_outline
from mitwirkung.forms.reading import form_from
from mitwirkung.forms.sheets import WIDTH, paper_form, phone_script
from mitwirkung.people import Purpose
from mitwirkung.retention import Milestone, Retention, RetentionPlan
from random_forms import forms

FORM = form_from(
    {
        "name": "bewerbung",
        "version": "1",
        "title": {"de": "Bewerbung", "en": "Application"},
        "intro": {"de": "Schön, dass Sie mitmachen.", "en": "Good to have you."},
        "fields": [
            {"ready": "given-name"},
            {"ready": "contact"},
            {"ready": "gender"},
            {"ready": "migration-background"},
            {
                "name": "help",
                "kind": "multiple_choice",
                "label": {"de": "Was brauchen Sie?", "en": "What do you need?"},
                "purposes": ["contact"],
                "options": [
                    {"value": "dgs", "label": {"de": "Gebärdensprache", "en": "sign language"}},
                    {"value": "kids", "label": {"de": "Kinderbetreuung", "en": "childcare"}},
                ],
            },
            {
                "name": "ages",
                "kind": "text",
                "multiline": True,
                "label": {"de": "Alter der Kinder", "en": "Ages of the children"},
                "purposes": ["contact"],
                "retention": {"after": "end"},
                "shown_if": {"field": "help", "any_of": ["kids"]},
            },
            {
                "name": "born",
                "kind": "date",
                "label": {"de": "Geburtstag", "en": "Birthday"},
                "purposes": ["contact"],
            },
        ],
    }
)


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("sheet", [paper_form, phone_script])
def test_all_words_stand_there_in_order(sheet: type, language: str) -> None:
    text = sheet(FORM, language)
    assert all(len(line) <= WIDTH for line in text.splitlines())
    flat, at = squeezed(text), 0
    for question in form_outline(FORM, language).questions:
        aloud = sheet is phone_script
        shown = question.question if aloud else question.label
        at = flat.index(f" {question.number}. ", at)
        at = flat.index(squeezed(shown), at)
        for _, label in question.options:
            at = flat.index(f"[ ] {label}", at)


def test_no_word_of_the_other_language_is_left() -> None:
    german = paper_form(FORM, "de") + phone_script(FORM, "de")
    english = paper_form(FORM, "en") + phone_script(FORM, "en")
    for word in ("Please", "agree", "Kept", "Question", " yes", "voluntary", "Thank"):
        assert word not in german
        assert word in english
    for word in ("Bitte", "Frage", "Aufbewahrt", "einverstanden", "[ ] ja", "freiwillig"):
        assert word in german
        assert word not in english


def test_the_sheet_reads_as_a_form() -> None:
    text = paper_form(FORM, "de")
    assert "3.  Geschlecht *\n" in text
    assert "    Bitte eines ankreuzen.\n    [ ] weiblich\n    [ ] männlich\n" in text
    assert "5.  Migrationshintergrund\n    Nur wenn Sie bei Frage 4 einverstanden sind.\n" in text
    assert "Nur wenn Frage 6 mit „Kinderbetreuung“ beantwortet ist." in text
    assert "[ ] ja    [ ] nein" in text
    assert "Tag __ __   Monat __ __   Jahr" in text


def test_purposes_and_times_are_told() -> None:
    plan = RetentionPlan(
        purposes={Purpose.CONTACT: Retention(after=Milestone.END, days=14)},
    )
    text = squeezed(paper_form(FORM, "en", retention=plan))
    assert (
        "- Questions 1, 2, 6, 8: to reach you about your application and your seat. "
        "Kept until 14 days after the event is over." in text
    )
    assert "- Question 7: to reach you about your application and your seat. Kept until the" in text
    assert "You can take it back at any time: online, by letter, by phone" in text
    assert "how long" in paper_form(FORM, "en")


def test_the_sheet_says_until_when_and_where_it_goes() -> None:
    told = {"deadline": date(2020, 9, 27), "return_to": ["Stadt Dortmund", "44122 Dortmund"]}
    text = squeezed(paper_form(FORM, "de", **told))
    assert "muss bis Sonntag, 27. September 2020 hier sein" in text
    assert text.endswith("Bitte zurück an: Stadt Dortmund 44122 Dortmund")
    assert "by Sunday, September 27, 2020;" in squeezed(paper_form(FORM, "en", **told))


def test_a_language_that_is_not_there_is_told() -> None:
    with pytest.raises(LookupError, match="de, en"):
        paper_form(FORM, "tr")
    data = FORM.model_dump()
    for words in [data["title"], data["intro"]]:
        words["tr"] = words["en"]
    turkish = form_from(
        {
            **{"name": "f", "version": "1", "languages": ["tr"], "title": {"tr": "Başvuru"}},
            "fields": [
                {"name": "a", "kind": "text", "label": {"tr": "Ad"}, "purposes": ["contact"]}
            ],
        }
    )
    with pytest.raises(LookupError, match="no texts in 'tr'"):
        phone_script(turkish, "tr")


@given(forms())
def test_every_form_has_its_sheets(form: Form) -> None:
    for sheet in (paper_form(form, "de"), phone_script(form, "de")):
        assert all(f"{number}. " in sheet for number in range(1, len(form.fields) + 1))
    assert len(set(columns_of(form))) == len(columns_of(form))


# --- typing a sheet in -------------------------------------------------------------------------


def test_what_is_typed_in_becomes_answers() -> None:
    assert columns_of(FORM)[:5] == (
        *("given_name", "contact_email", "contact_phone"),
        *("contact_street", "contact_postcode"),
    )
    found = typed_answers(
        FORM,
        {
            "given_name": " Ada ",
            "contact_street": "Hansastr. 1",
            "contact_postcode": "01067",
            "contact_email": "",
            "gender": "Prefer not to say",
            "migration_background_consent": "X",
            "migration_background": "Nein",
            "help": "childcare; Gebärdensprache",
            "born": "27.09.1980",
            "other": "7",
        },
    )
    assert found["contact"] == [
        {"kind": "letter", "street": "Hansastr. 1", "postcode": "01067"},
    ]
    assert (found["given_name"], found["gender"]) == ("Ada", "keine Angabe")
    assert (found["migration_background_consent"], found["migration_background"]) == (True, False)
    assert found["help"] == ["kids", "dgs"]
    assert found["born"].isoformat() == "1980-09-27"
    assert found["other"] == "7"
    # what fits no type stays, for all errors at once
    assert typed_answers(FORM, {"born": "44000", "gender": "w"}) == {
        "born": "44000",
        "gender": "w",
    }
    assert {field.kind for field in FORM.fields} >= {Kind.CONTACT, Kind.DATE}


def test_a_number_may_be_typed_in_at_any_length() -> None:
    words = {"de": "Bewerbung", "en": "Application"}
    fields = [{"ready": "birth-year"}]
    form = form_from({"name": "short", "version": "1", "title": words, "fields": fields})
    assert typed_answers(form, {"birth_year": "1980"}) == {"birth_year": 1980}
    endless = {"birth_year": "9" * 5000}  # more digits than Python reads
    assert typed_answers(form, endless) == endless


def test_headers_of_a_list_are_known() -> None:
    headers = [
        "vorname ",
        "First name",
        "E-Mail",
        "PLZ",
        "Geschlecht",
        "Kommentar",
        "contact_place",
    ]
    assert match_columns(FORM, headers) == {
        "vorname ": "given_name",
        "First name": "given_name",
        "E-Mail": "contact_email",
        "PLZ": "contact_postcode",
        "Geschlecht": "gender",
        "contact_place": "contact_place",
    }
    two = form_from(
        {
            **{"name": "f", "version": "1", "title": {"de": "F", "en": "F"}},
            "fields": [{"ready": "contact"}, {"ready": "contact", "name": "deputy"}],
        }
    )
    assert match_columns(two, ["E-Mail", "deputy_email"]) == {"deputy_email": "deputy_email"}
