"""Templates: each renders in each language as text and HTML, and what is put in stays data."""

from __future__ import annotations

import html.parser
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mitwirkung.notifications.templates import COMMON, Templates, TemplateUnfit
from mitwirkung.notifications.wording import out_of

KINDS = (
    *("application_incomplete", "application_received", "data_erased", "deadline_extended"),
    *("evaluation_request", "event_cancelled", "not_selected", "offer_expired", "reminder"),
    *("replacement_offered", "reserve_place", "results_published", "seat_confirmed"),
    *("seat_offered", "test_message"),
)
LANGUAGES = ("de", "en")

FACTS: dict[str, Any] = {
    "name": "Mina Özdemir",
    "event_title": "Bürgerdialog",
    "event_mode": "hybrid",
    "event_places": ("Rathaus", "Depot"),
    "event_begins": date(2020, 10, 24),
    "event_ends": date(2020, 11, 28),
    "sender": {
        "name": "Stadt Dortmund",
        "address": ("Friedensplatz 1", "44135 Dortmund"),
        "phone": "0231 500",
        "email": "dialog@stadt.example",
        "website": "https://stadt.example",
        "imprint": "Amt für Beteiligung",
    },
    "reference": "K7QM-4X2P",
    "today": date(2020, 9, 28),
    "answers": (("Geburtsjahr", "1987"), ("Bezirk", "Nord")),
    "receipt_token": "0f3a9c7e",
    "deadline": date(2020, 9, 27),
    "missing": ("Bezirk",),
    "until": date(2020, 10, 9),
    "before": date(2020, 9, 20),
    "reason": "Briefe kamen zu spät.",
    "reply_link": "https://stadt.example/a/Kq3vX9",
    "reply_code": "7KQ4M-X9T2P",
    "chance": Fraction(3, 10),
    "seats": 75,
    "applied": 1312,
    "record_place": "https://stadt.example/los",
    "access": "Raum 1\nDurchwahl 5",
    "calendar": True,
    "link": "https://stadt.example/fragen",
    "place": "https://stadt.example/ergebnis",
    "answer": "Der Rat stimmt zu.",
    "what": ("Name",),
    "on": date(2021, 1, 28),
}


class Shape(html.parser.HTMLParser):
    """Whether tags are closed in order, and what stands between and in them."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_every_kind_is_there_in_every_language() -> None:
    assert Templates().kinds() == list(KINDS)
    assert all(Templates().language_for(kind, each) == each for kind in KINDS for each in LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["analogue", "digital", "hybrid"])
@pytest.mark.parametrize("full", [True, False])
def test_each_renders_with_all_and_with_the_least(
    kind: str, language: str, mode: str, full: bool
) -> None:
    templates = Templates()
    needed = {
        name
        for name in templates.needs(kind, language)
        if templates.flaws(kind, language, {**FACTS, name: None})
    }
    facts = {name: value for name, value in FACTS.items() if full or name in COMMON | needed}
    facts |= {"event_mode": mode}
    if not full:
        facts |= {"event_places": (), "sender": {}, "event_ends": FACTS["event_begins"]}
    assert templates.flaws(kind, language, facts) == []
    done = templates.write(kind, language, facts)
    assert (done.language, done.fallback) == (language, False)
    assert "\n" not in done.subject
    assert done.subject.strip()
    assert FACTS["name"] in done.text
    for sign in ("{", "}", "**", "None", "  ,", "->", "\ue000", "Fraction", "date("):
        assert sign not in done.text + done.subject, sign
    shape = Shape(done.html)
    assert dict(shape.tags)["html"] == {"lang": language, "dir": "ltr"}
    said = "".join("".join(shape.words).split())
    for word in done.text.split():
        assert word.removesuffix(":") in said or word in ("***", "-"), word


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_each_declares_what_it_needs(kind: str, language: str) -> None:
    """Both languages the same; without one of the needed facts it is found before anything goes
    out; nothing undeclared is used."""
    templates = Templates()
    assert templates.needs(kind, language) == templates.needs(kind, "de")
    bare = {name: FACTS[name] for name in COMMON}
    findings = templates.flaws(kind, language, bare)
    required = {name for finding in findings for name in finding.params["names"]}
    assert required <= templates.needs(kind, language)
    for name in required:
        less = {each: value for each, value in FACTS.items() if each != name}
        (finding,) = templates.flaws(kind, language, less)
        assert (finding.code, finding.params["names"]) == ("template-placeholder", [name])
        with pytest.raises(TemplateUnfit, match=name):
            templates.write(kind, language, less)


def test_an_offer_is_no_receipt_and_says_until_when() -> None:
    for language, words, day in (
        ("de", "erst sicher, wenn Sie zusagen", "Freitag, 9. Oktober 2020"),
        ("en", "yours only once you accept", "Friday, October 9, 2020"),
    ):
        done = Templates().write("seat_offered", language, FACTS)
        assert words in done.text
        assert day in done.text
        assert day in done.subject
        for shown in (FACTS["reply_link"], FACTS["reply_code"], FACTS["sender"]["phone"]):
            assert shown in done.text
            assert shown in done.html


def test_the_chance_stands_in_plain_words() -> None:
    assert "etwa 3 von 10" in Templates().write("not_selected", "de", FACTS).text
    assert "about 3 in 10" in Templates().write("not_selected", "en", FACTS).text
    assert "1.312 Menschen" in Templates().write("not_selected", "de", FACTS).text
    one = {**FACTS, "applied": 1, "seats": 1}
    alone = Templates().write("not_selected", "de", one).text
    assert "1 Platz. Beworben hat sich 1 Mensch." in alone


@example(Fraction(200, 201))
@given(st.fractions(min_value=0, max_value=1))
def test_chances_are_near_and_never_a_false_zero_or_one(chance: Fraction) -> None:
    part, whole = out_of(chance)
    assert 0 <= part <= whole <= 1000
    assert abs(Fraction(part, whole) - chance) <= max(Fraction(1, 200), Fraction(1, 1000))
    assert (part == 0) == (chance == 0)
    assert (part == whole) == (chance == 1)


HARMFUL = (
    "<script>alert(1)</script>",
    "**fett** ## Titel",
    "x\n\n-> Klick | https://evil.example",
    "{{ sender }} {% raw %}",
    '" onclick="x',
    "\ue0000\ue001",
    "A\u202eb",
    "عائشة",
    "😀" * 100,
)


@pytest.mark.parametrize("value", HARMFUL)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_put_in_stays_data(kind: str, value: str) -> None:
    texts = {name: value for name, given in FACTS.items() if type(given) is str}
    facts = {**FACTS, **texts, "event_mode": "digital", "answers": ((value, value),)}
    facts |= {"sender": {**FACTS["sender"], "name": value}, "missing": (value,), "what": (value,)}
    plain, evil = Templates().write(kind, "de", FACTS), Templates().write(kind, "de", facts)
    tags = Shape(evil.html).tags
    assert {tag for tag, _ in tags} <= {tag for tag, _ in Shape(plain.html).tags} | {"br"}
    for tag, attributes in tags:
        assert "onclick" not in attributes
        if tag == "a":
            assert "evil" not in str(attributes["href"])
    assert "\n" not in evil.subject
    if value.startswith("{{"):
        assert value in evil.text


def test_values_that_turn_the_direction_are_isolated() -> None:
    done = Templates().write("seat_offered", "de", {**FACTS, "name": "عائشة"})
    assert "Guten Tag \u2068عائشة\u2069," in done.text
    assert '<bdi class="whole">عائشة</bdi>' in done.html
    assert "\u2068" not in Templates().write("seat_offered", "de", FACTS).text


def test_another_language_says_so_at_the_top() -> None:
    done = Templates().write("seat_offered", "tr", FACTS)
    assert (done.language, done.fallback) == ("de", True)
    first, second = done.text.split("\n\n")[:2]
    assert "Türkisch" in first
    assert "Turkish" in second
    assert 'class="notice"' in done.html
    english = Templates().write("seat_offered", "tr", FACTS, ["tr", "en"])
    assert english.language == "en"
    assert Templates().write("seat_offered", "de-simple", FACTS).fallback


# --- templates of one's own --------------------------------------------------------------------


def own(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


OWN = '{% extends "_frame.j2" %}\n{% block subject %}Hier: {{ event_title }}{% endblock %}\n'


def test_those_of_the_event_go_before_those_of_the_city_before_what_ships(tmp_path: Path) -> None:
    own(tmp_path, "de/reminder.j2", OWN + "{% block body %}Von der Stadt.{% endblock %}")
    own(tmp_path, "dialog/de/reminder.j2", OWN + "{% block body %}Zum Dialog.{% endblock %}")
    own(tmp_path, "de/party.j2", OWN + "{% block body %}Ein Fest.{% endblock %}")
    city, event = Templates(tmp_path), Templates(tmp_path, event="dialog")
    assert "Von der Stadt." in city.write("reminder", "de", FACTS).text
    assert "Zum Dialog." in event.write("reminder", "de", FACTS).text
    assert city.write("reminder", "de", FACTS).subject == "Hier: Bürgerdialog"
    assert "Ein Fest." in event.write("party", "de", FACTS).text
    assert "party" in city.kinds()
    assert "your answer" in city.write("reminder", "en", FACTS).text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{% block subject %}", "template-syntax"),
        ("{{ name | nonsense }}" + OWN, "template-syntax"),
        (OWN.replace("_frame", "_nothing"), "template-part-missing"),
        (OWN + "{% block body %}{{ untli }}{% endblock %}", "template-undeclared"),
        ("{% block body %}{% endblock %}", "template-without-subject"),
        (OWN + "{% block body %}{{ sender.fax }}{% endblock %}", "template-undefined"),
        (OWN + "{% block body %}{{ today | day | day }}{% endblock %}", "template-broken"),
        (OWN + "{% block body %}{{ ''.__class__.__mro__ }}{% endblock %}", "template-broken"),
        (OWN + "{% block body %}{{ event_title | safe }}{% endblock %}", "template-syntax"),
        ("{# needs: until #}" + OWN, "template-placeholder"),
    ],
)
def test_what_is_wrong_is_found_before_anything_goes_out(
    tmp_path: Path, text: str, code: str
) -> None:
    own(tmp_path, "de/reminder.j2", text)
    facts = {name: FACTS[name] for name in COMMON}
    templates = Templates(tmp_path)
    findings = templates.flaws("reminder", "de", facts)
    assert [each.code for each in findings] == [code]
    assert findings[0].file is not None
    assert "Mina" not in findings[0].describe()
    with pytest.raises(TemplateUnfit) as caught:
        templates.write("reminder", "de", facts)
    assert [each.code for each in caught.value.findings] == [code]
    assert "Mina" not in str(caught.value)


def test_not_utf8_and_no_template_at_all(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "reminder.j2").write_bytes(b"\xff\xfe\xfa")
    assert [e.code for e in Templates(tmp_path).flaws("reminder", "de", FACTS)] == [
        "template-not-utf8"
    ]
    assert [e.code for e in Templates().flaws("nothing", "de", FACTS)] == ["template-missing"]
    with pytest.raises(TemplateUnfit, match="nothing"):
        Templates().needs("nothing", "de")
