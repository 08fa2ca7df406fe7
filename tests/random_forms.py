"""Forms and answers at random: sound ones, and ones with every kind of mistake."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from mitwirkung.forms.declaration import Form, FormField, Kind
from mitwirkung.forms.reading import form_from

PROFILE = ["selection", "replacement"]


def one_language(text: str) -> dict[str, str]:
    return {"de": text}


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """A handful of fields of all kinds, some shown on conditions, some with their own consent."""
    fields: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(Kind))
        field: dict[str, Any] = {
            "name": f"field_{number}",
            "kind": str(kind),
            "label": one_language(f"Feld {number}"),
            "purposes": PROFILE,
            "required": draw(st.booleans()),
        }
        if kind in (Kind.CHOICE, Kind.MULTIPLE_CHOICE):
            field["options"] = ["a", "b", "c"]
        if kind is Kind.TEXT:
            field |= {"multiline": draw(st.booleans()), "max_length": 8}
        if kind is Kind.NUMBER and draw(st.booleans()):
            field |= {"minimum": 0, "maximum": 5}
        if kind is Kind.CONTACT:
            ways = st.sampled_from(["email", "phone", "letter"])
            field["accepts"] = draw(st.lists(ways, min_size=1, max_size=3, unique=True))
        asked = [each for each in fields if each["kind"] in _CONDITIONS]
        if asked and draw(st.booleans()):
            other = draw(st.sampled_from(asked))
            values = other.get("options", [True, False])
            any_of = draw(st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True))
            field["shown_if"] = {"field": other["name"], "any_of": any_of}
        if kind is not Kind.CONSENT and draw(st.integers(0, 3)) == 0:
            consent = {
                "name": f"consent_{number}",
                "kind": "consent",
                "label": one_language("Ja"),
                "purposes": PROFILE,
                "covers": [field["name"]],
            }
            field |= {"own_consent": True, "special": True, "required": False}
            fields.append(consent)
        fields.append(field)
    data = {"name": "random", "version": "1", "languages": ["de"], "title": one_language("Form")}
    return form_from({**data, "fields": fields})


_CONDITIONS = {"choice", "multiple_choice", "yes_no", "consent"}

ANYTHING: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(
            None,
            "",
            " ",
            "a",
            "b",
            "z",
            True,
            False,
            0,
            1,
            3,
            6,
            -1,
            1.0,
            1.5,
            [],
            ["a"],
            ["a", "a"],
        ),
        *(["b", "c"], ["z"], [1], {}, "a\x00b", "a\nb", "too long a text", "2020-09-27"),
        *("2020-02-30", "27.09.2020", [{}], [{"kind": "pigeon"}], [{"address": "a@b.de"}], [None]),
        *("12", "a\tb", "a\ud800"),
    ]
)

EMAIL = {"kind": "email", "address": "ada@example.org"}
PHONE = {"kind": "phone", "number": "0231 1234"}
LETTER = {"kind": "letter", "street": "Hansastraße 1", "postcode": "44137", "place": "Dortmund"}
WRONG_POINTS = [
    {"kind": "email", "address": "nobody"},
    {"kind": "email", "address": "a@b.de\nBcc: all@example.org"},
    {"kind": "phone", "number": "call me"},
    {"kind": "letter", "street": "X", "postcode": "", "place": "Dortmund"},
    {"kind": "letter", "street": "X"},
    {**EMAIL, "more": 1},
    {**LETTER, "country": "Germany"},
]


def likely(field: FormField) -> st.SearchStrategy[Any]:
    """Answers that mostly fit a field alone."""
    match field.kind:
        case Kind.TEXT:
            return st.sampled_from(["abc", "ä ö", " x ", "", "  "])
        case Kind.CHOICE:
            return st.sampled_from(["a", "b", "c"])
        case Kind.MULTIPLE_CHOICE:
            return st.lists(st.sampled_from(["a", "b", "c"]), unique=True)
        case Kind.YES_NO | Kind.CONSENT:
            return st.booleans()
        case Kind.DATE:
            return st.dates(date(1990, 1, 1), date(2030, 1, 1)).map(date.isoformat)
        case Kind.NUMBER:
            return st.integers(0, 5)
        case _:
            points = [p for p in (EMAIL, PHONE, LETTER) if p["kind"] in field.accepts]
            return st.lists(st.sampled_from([*points, *points, *WRONG_POINTS]), max_size=2)


@st.composite
def answers(draw: st.DrawFn, form: Form) -> dict[str, Any]:
    """Answers to a form, right and wrong ones mixed."""
    wrong = draw(st.sampled_from([0, 0, 1, 3]))
    found: dict[str, Any] = {}
    for field in form.fields:
        if draw(st.integers(0, 9)) < (2 if not field.required else 1):
            continue
        mistaken = draw(st.integers(0, 9)) < wrong
        found[field.name] = draw(ANYTHING if mistaken else likely(field))
    if draw(st.integers(0, 9)) < wrong:
        found["nonsense"] = "x"
    return found
