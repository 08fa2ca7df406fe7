"""Fields that nearly every event asks, ready to use, with words in German and English.

Cities change what they need: every key of a field can be given beside `ready`. What is asked with
a consent of its own brings that consent, and is shown only to who gave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mitwirkung.people import Purpose

_LOTTERY = [
    Purpose.SELECTION,
    Purpose.SELECTION_REPORT,
    Purpose.REPLACEMENT,
    Purpose.GROUP_BALANCE,
]
_NOT_STATED = {
    "value": "keine Angabe",
    "label": {"de": "keine Angabe", "en": "prefer not to say"},
    "not_stated": True,
}
_QUOTA_HELP = {
    "de": "Damit die Ausgelosten die Stadt abbilden.",
    "en": "So that those who are drawn mirror the city.",
}

READY: Mapping[str, dict[str, Any]] = {
    "given-name": {
        "name": "given_name",
        "kind": "text",
        "label": {"de": "Vorname", "en": "First name"},
        "question": {"de": "Wie ist Ihr Vorname?", "en": "What is your first name?"},
        "required": True,
        "purposes": [Purpose.CONTACT],
    },
    "family-name": {
        "name": "family_name",
        "kind": "text",
        "label": {"de": "Nachname", "en": "Last name"},
        "question": {
            "de": "Wie ist Ihr Nachname? Bitte buchstabieren Sie ihn.",
            "en": "What is your last name? Please spell it.",
        },
        "required": True,
        "purposes": [Purpose.CONTACT],
    },
    "contact": {
        "name": "contact",
        "kind": "contact",
        "label": {"de": "Wie wir Sie erreichen", "en": "How we can reach you"},
        "help": {
            "de": "Ein Weg genügt: E-Mail, Telefon oder Post.",
            "en": "One way is enough: e-mail, telephone or letter.",
        },
        "question": {
            "de": "Wie können wir Sie erreichen: per Post, am Telefon oder per E-Mail?",
            "en": "How can we reach you: by letter, by telephone or by e-mail?",
        },
        "required": True,
        "purposes": [Purpose.CONTACT],
    },
    "age-group": {
        "name": "age_group",
        "kind": "choice",
        "feature": "Altersgruppe",
        "label": {"de": "Altersgruppe", "en": "Age group"},
        "help": _QUOTA_HELP,
        "question": {"de": "In welcher Altersgruppe sind Sie?", "en": "Which is your age group?"},
        "required": True,
        "purposes": _LOTTERY,
        "options": [
            {"value": "16 bis 29", "label": {"de": "16 bis 29", "en": "16 to 29"}},
            {"value": "30 bis 44", "label": {"de": "30 bis 44", "en": "30 to 44"}},
            {"value": "45 bis 64", "label": {"de": "45 bis 64", "en": "45 to 64"}},
            {"value": "65 und älter", "label": {"de": "65 und älter", "en": "65 and older"}},
        ],
    },
    "birth-year": {
        "name": "birth_year",
        "kind": "number",
        "feature": "Altersgruppe",
        "label": {"de": "Geburtsjahr", "en": "Year of birth"},
        "help": {
            "de": "Vier Ziffern. Daraus wird Ihre Altersgruppe.",
            "en": "Four digits. Your age group is made of it.",
        },
        "question": {
            "de": "In welchem Jahr sind Sie geboren?",
            "en": "In which year were you born?",
        },
        "required": True,
        "purposes": _LOTTERY,
        "minimum": 1900,
        "maximum": 2100,
        "age_groups": {
            "16 bis 29": [16, 29],
            "30 bis 44": [30, 44],
            "45 bis 64": [45, 64],
            "65 und älter": [65, 120],
        },
    },
    "gender": {
        "name": "gender",
        "kind": "choice",
        "feature": "Geschlecht",
        "label": {"de": "Geschlecht", "en": "Gender"},
        "help": _QUOTA_HELP,
        "question": {"de": "Welches Geschlecht haben Sie?", "en": "What is your gender?"},
        "required": True,
        "purposes": _LOTTERY,
        "options": [
            {"value": "weiblich", "label": {"de": "weiblich", "en": "female"}},
            {"value": "männlich", "label": {"de": "männlich", "en": "male"}},
            {"value": "divers", "label": {"de": "divers", "en": "diverse"}},
            _NOT_STATED,
        ],
    },
    "city-district": {
        "name": "city_district",
        "kind": "choice",
        "feature": "Stadtbezirk",
        "label": {"de": "Stadtbezirk", "en": "City district"},
        "help": _QUOTA_HELP,
        "question": {
            "de": "In welchem Stadtbezirk wohnen Sie?",
            "en": "In which city district do you live?",
        },
        "required": True,
        "purposes": _LOTTERY,
    },
    "education": {
        "name": "education",
        "kind": "choice",
        "feature": "Bildung",
        "label": {"de": "Höchster Bildungsabschluss", "en": "Highest level of education"},
        "question": {
            "de": "Welcher ist Ihr höchster Bildungsabschluss?",
            "en": "What is your highest level of education?",
        },
        "own_consent": True,
        "purposes": _LOTTERY,
        "options": [
            {
                "value": "ohne oder Hauptschule",
                "label": {"de": "ohne oder Hauptschule", "en": "none or lower secondary"},
            },
            {
                "value": "mittlerer Abschluss",
                "label": {"de": "mittlerer Abschluss", "en": "intermediate secondary"},
            },
            {"value": "Abitur", "label": {"de": "Abitur", "en": "upper secondary"}},
            {"value": "Hochschule", "label": {"de": "Hochschule", "en": "university"}},
            _NOT_STATED,
        ],
    },
    "migration-background": {
        "name": "migration_background",
        "kind": "yes_no",
        "feature": "Migrationshintergrund",
        "label": {"de": "Migrationshintergrund", "en": "Migration background"},
        "help": {
            "de": "Sie selbst oder mindestens ein Elternteil wurden nicht mit deutscher "
            "Staatsangehörigkeit geboren.",
            "en": "You yourself, or one of your parents at least, were not born with German "
            "citizenship.",
        },
        "question": {
            "de": "Wurden Sie selbst oder mindestens ein Elternteil ohne deutsche "
            "Staatsangehörigkeit geboren?",
            "en": "Were you yourself, or one of your parents at least, born without German "
            "citizenship?",
        },
        "own_consent": True,
        "special": True,
        "purposes": _LOTTERY,
    },
    "household": {
        "name": "household",
        "kind": "choice",
        "feature": "Haushalt",
        "label": {"de": "Haushalt", "en": "Household"},
        "question": {"de": "Mit wem wohnen Sie zusammen?", "en": "Whom do you live with?"},
        "own_consent": True,
        "purposes": _LOTTERY,
        "options": [
            {"value": "allein", "label": {"de": "allein", "en": "alone"}},
            {
                "value": "mit Erwachsenen",
                "label": {"de": "mit Erwachsenen", "en": "with adults"},
            },
            {
                "value": "mit Kindern",
                "label": {
                    "de": "mit Kindern unter 18 Jahren",
                    "en": "with children under the age of 18",
                },
            },
            _NOT_STATED,
        ],
    },
}
"""Name to the keys of the field."""

CONSENT_ENDING = "_consent"


def consent_for(field: Mapping[str, Any]) -> dict[str, Any]:
    """The consent that a ready field asks for first."""
    label, purposes = field["label"], field["purposes"]
    return {
        "name": f"{field['name']}{CONSENT_ENDING}",
        "kind": "consent",
        "label": {
            "de": f"Ich bin einverstanden, dass meine Angabe „{label['de']}“ für das Losverfahren "
            "verwendet wird. Sie ist freiwillig; ich kann das jederzeit widerrufen.",
            "en": f"I agree that my answer to “{label['en']}” is used for the lottery. It is "
            "voluntary; I can take this back at any time.",
        },
        "purposes": purposes,
        "covers": [field["name"]],
    }
