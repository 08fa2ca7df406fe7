"""Makes the generated files of the example `mitwirkung/examples/dortmund`, always the same bytes.

    python tools/make_dortmund_example.py [FOLDER]

`bevoelkerung.csv` holds the figures below, `quoten.csv` follows from it, and `bewerbungen.csv`
holds applicants who do not exist. What is real and what is not says the README.md of the folder;
that and `tatsachen.toml` are written by hand.

Who applies is decided by SHA-256 of a fixed text, so it depends on no library. Faker supplies the
names and streets alone. Its lists change with its versions: the bytes in the repository are those
of `FAKER_VERSION`, and `names_in` reads the names back from them, so that everything else can be
made again with any Faker, or with none.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, TypeVar

from mitwirkung.lottery.apportionment import quotas_from_population, read_population
from mitwirkung.lottery.quota_files import write_quotas

FOLDER = Path(__file__).resolve().parents[1] / "src" / "mitwirkung" / "examples" / "dortmund"
MARGIN_HEADER = ("feature", "value", "count", "status", "date", "source")
POPULATION, QUOTAS, APPLICANTS = "bevoelkerung.csv", "quoten.csv", "bewerbungen.csv"

FAKER_VERSION = "40.54.0"
SEED = "mitwirkung-example-dortmund-1"
SEATS = 75
TOLERANCE = 1

T = TypeVar("T")

# --- population: what is known -----------------------------------------------------------------

REGISTER = "Dortmunder Statistik, Bevölkerungsstand (gespeicherte Kopie ohne Adresse)"
TOTAL_2022 = 609_546  # statistikportal.dortmund.de/bevoelkerung/bevoelkerunginzahlen2022
TOTAL_2023 = 612_065  # REGISTER; rounded to 5, as everything of that day
UNDER_18_2022 = Fraction(170, 1000)  # Wikipedia, Stadtbezirk Lütgendortmund
FROM_65_2022 = Fraction(202, 1000)  # the same
MIGRATION_2023 = Fraction(41, 100)  # "about 41 %", WAZ 2024

DISTRICTS_2023: Mapping[str, tuple[int, str] | None] = {
    "Innenstadt-West": (54_215, "Wikipedia, Stadtbezirk Innenstadt-West (Spiegelkopie)"),
    "Innenstadt-Nord": (61_065, REGISTER),
    "Innenstadt-Ost": (58_520, REGISTER),
    "Eving": None,
    "Scharnhorst": (47_185, "https://wikiwand.com/de/Stadtbezirk_Dortmund-Scharnhorst"),
    "Brackel": None,
    "Aplerbeck": (55_685, "https://wikiwand.com/de/articles/Stadtbezirk_Aplerbeck"),
    "Hörde": (57_315, "https://wikiwand.com/de/articles/Stadtbezirk_H%C3%B6rde"),
    "Hombruch": (57_380, REGISTER),
    "Lütgendortmund": None,
    "Huckarde": (36_565, REGISTER),
    "Mengede": None,
}
KNOWN_TWICE_2021 = {"Innenstadt-West": 52_526, "Scharnhorst": 46_396, "Hörde": 56_547}
BRACKEL_2021 = 56_141  # de.wikipedia.org/wiki/Stadtbezirk_Dortmund-Brackel
MENGEDE_2021 = 39_040  # de.wiki.li/Stadtbezirk_Mengede
LUETGENDORTMUND_2022 = 48_530  # Wikipedia, Stadtbezirk Lütgendortmund


@dataclass(frozen=True)
class Margin:
    """A row of bevoelkerung.csv; `status` is real, derived or assumed."""

    feature: str
    value: str
    count: int
    status: str
    date: str
    source: str


def margins() -> list[Margin]:
    """The population by one feature at a time."""
    return [*_gender(), *_age(), *_districts(), *_migration(), *_education()]


def _rounded(number: Fraction, step: int) -> int:
    """The nearest multiple of `step`, halves up."""
    return int((number / step + Fraction(1, 2)) // 1) * step


def _gender() -> list[Margin]:
    no_count = "angenommen, Anteile am Bestand vom 31.12.2023; keine Zahl gefunden"
    return [
        Margin("Geschlecht", "weiblich", 310_000, "assumed", "2023-12-31", no_count),
        Margin("Geschlecht", "männlich", 301_000, "assumed", "2023-12-31", no_count),
        Margin("Geschlecht", "divers", 1_000, "assumed", "2023-12-31", no_count),
    ]


def _age() -> list[Margin]:
    """Adults alone: how many of the young are 16 or 17 is not known."""
    adults = _rounded((1 - UNDER_18_2022) * TOTAL_2022, 1000)
    old = _rounded(FROM_65_2022 * TOTAL_2022, 1000)
    young, middle = 95_000, 124_000
    split = f"angenommene Teilung der {adults - old} von 18 bis 64 (abgeleitet wie die über 64)"
    share = "20,2 % von 609546 (31.12.2022), gerundet; Anteil: Wikipedia, Lütgendortmund"
    day = "2022-12-31"
    return [
        Margin("Altersgruppe", "18 bis 29", young, "assumed", day, split),
        Margin("Altersgruppe", "30 bis 44", middle, "assumed", day, split),
        Margin("Altersgruppe", "45 bis 64", adults - old - young - middle, "assumed", day, split),
        Margin("Altersgruppe", "65 und älter", old, "derived", day, share),
    ]


def _districts() -> list[Margin]:
    """Four are not known for 2023: three are brought forward, Eving is what is left of the city.

    As they were counted in 2021 and 2022 the three would leave 40,424 for Eving, which was said to
    have under 40,000 people; so they grow as the districts did that are known of both years.
    """
    known = {name: found[0] for name, found in DISTRICTS_2023.items() if found}
    growth = Fraction(sum(known[name] for name in KNOWN_TWICE_2021), sum(KNOWN_TWICE_2021.values()))
    since_2021 = "fortgeschrieben wie Innenstadt-West, Scharnhorst und Hörde seither"
    assumed = {
        "Brackel": (
            _rounded(BRACKEL_2021 * growth, 5),
            f"56141 (31.12.2021, de.wikipedia.org/wiki/Stadtbezirk_Dortmund-Brackel), {since_2021}",
        ),
        "Lütgendortmund": (
            _rounded(Fraction(LUETGENDORTMUND_2022 * TOTAL_2023, TOTAL_2022), 5),
            "48530 (31.12.2022, Wikipedia), fortgeschrieben wie die ganze Stadt seither",
        ),
        "Mengede": (
            _rounded(MENGEDE_2021 * growth, 5),
            f"39040 (31.12.2021, de.wiki.li/Stadtbezirk_Mengede), {since_2021}",
        ),
    }
    rest = TOTAL_2023 - sum(known.values()) - sum(count for count, _ in assumed.values())
    assumed["Eving"] = (rest, "Rest der 612065 der ganzen Stadt (Dortmunder Statistik)")
    rows = []
    for name, found in DISTRICTS_2023.items():
        count, source = found or assumed[name]
        status = "real" if found else "assumed"
        rows.append(Margin("Stadtbezirk", name, count, status, "2023-12-31", source))
    return rows


def _migration() -> list[Margin]:
    count = _rounded(MIGRATION_2023 * TOTAL_2023, 1000)
    total = _rounded(Fraction(TOTAL_2023), 1000)
    source = (
        "rund 41 % von 612065, gerundet; Anteil: WAZ 2024 nach dem Statistikamt, "
        "https://app-webview.sparknews.funkemedien.de/nrw-waz/staedte/dortmund/article241760274/"
    )
    rest = "Rest zu rund 612000"
    return [
        Margin("Migrationshintergrund", "ja", count, "derived", "2023-12-31", source),
        Margin("Migrationshintergrund", "nein", total - count, "derived", "2023-12-31", rest),
    ]


def _education() -> list[Margin]:
    no_count = "angenommen, Anteile an rund 506000 Erwachsenen; keine Zahl gefunden"
    unasked = "angenommen: in der Bevölkerung zählt jeder zu einem der Abschlüsse"
    counts = {
        "ohne oder Hauptschule": 140_000,
        "mittlerer Abschluss": 147_000,
        "Abitur": 105_000,
        "Hochschule": 114_000,
        "keine Angabe": 0,
    }
    return [
        Margin("Bildung", value, count, "assumed", "2022-12-31", no_count if count else unasked)
        for value, count in counts.items()
    ]


# --- applicants: nobody real -------------------------------------------------------------------

# How likely each answer is among those who apply; the figures are invented. Men, older people and
# people with a degree apply more often than others.
GENDERS = {"weiblich": 0.465, "männlich": 0.53, "divers": 0.007}
AGES = {"18 bis 29": 0.12, "30 bis 44": 0.22, "45 bis 64": 0.36, "65 und älter": 0.30}
MIGRATION_BY_AGE = {"18 bis 29": 0.38, "30 bis 44": 0.33, "45 bis 64": 0.27, "65 und älter": 0.20}
DEGREES = ("ohne oder Hauptschule", "mittlerer Abschluss", "Abitur", "Hochschule", "keine Angabe")
EDUCATION_BY_AGE = {
    "18 bis 29": (0.09, 0.20, 0.38, 0.32, 0.016),
    "30 bis 44": (0.11, 0.23, 0.20, 0.45, 0.016),
    "45 bis 64": (0.16, 0.26, 0.18, 0.39, 0.016),
    "65 und älter": (0.22, 0.27, 0.15, 0.35, 0.016),
}
# Applications per inhabitant against the city's mean, and postcodes that are usual there. Invented
# the one, from memory the other: neither says anything about a district.
RESPONSE = {
    "Innenstadt-West": (1.45, ("44137", "44149")),
    "Innenstadt-Nord": (0.70, ("44145", "44147")),
    "Innenstadt-Ost": (1.30, ("44135", "44141", "44143")),
    "Eving": (0.75, ("44339",)),
    "Scharnhorst": (0.70, ("44328", "44329")),
    "Brackel": (1.00, ("44309", "44319")),
    "Aplerbeck": (1.15, ("44287", "44289")),
    "Hörde": (1.10, ("44263", "44265", "44269")),
    "Hombruch": (1.25, ("44225", "44227", "44229")),
    "Lütgendortmund": (0.85, ("44379", "44388")),
    "Huckarde": (0.80, ("44369",)),
    "Mengede": (0.85, ("44357", "44359")),
}
NO_EMAIL_BY_AGE = {"18 bis 29": 0.03, "30 bis 44": 0.05, "45 bis 64": 0.09, "65 und älter": 0.24}

SINGLES = 537
EQUAL_COUPLES = 9  # both gave the same answers
MIXED_COUPLES = 21
HEADER = (
    *("ID", "Vorname", "Nachname", "Straße", "PLZ", "E-Mail"),
    *("Geschlecht", "Altersgruppe", "Stadtbezirk", "Migrationshintergrund", "Bildung"),
)


class Dice:
    """Numbers of 0 to 1 from SHA-256 of a text and a counter."""

    def __init__(self, purpose: str) -> None:
        self._text = f"{SEED}/{purpose}"
        self._rolled = 0

    def roll(self) -> float:
        self._rolled += 1
        digest = hashlib.sha256(f"{self._text}/{self._rolled}".encode()).digest()
        return int.from_bytes(digest[:6], "big") / 2**48

    def happens(self, chance: float) -> bool:
        return self.roll() < chance

    def one_of(self, options: Sequence[T]) -> T:
        return options[int(self.roll() * len(options))]

    def pick(self, options: Iterable[T], weights: Iterable[float]) -> T:
        """One of the options, each as likely as its weight says."""
        pairs = list(zip(options, weights, strict=True))
        left = self.roll() * math.fsum(weight for _, weight in pairs)
        for option, weight in pairs:
            left -= weight
            if left < 0:
                return option
        return pairs[-1][0]

    def shuffled(self, items: Iterable[T]) -> list[T]:
        rolled = sorted((self.roll(), i, item) for i, item in enumerate(items))
        return [item for _, _, item in rolled]


class Answers(NamedTuple):
    """What a person answered, in the order of the columns."""

    gender: str
    age: str
    district: str
    migration: str
    education: str


class Applicant(NamedTuple):
    """An applicant without a name; equal `home` is one household, None gave no address."""

    id: str
    home: int | None
    postcode: str
    has_email: bool
    answers: Answers


class Name(NamedTuple):
    """What Faker supplies: made-up names and a street with a number."""

    first: str
    last: str
    street: str


def applicants() -> list[Applicant]:
    """Everyone who applied, by id; ids are given in an order that has to do with nothing."""
    dice = Dice("people")
    homes = [[_answers(dice)] for _ in range(SINGLES)]
    for number in range(EQUAL_COUPLES + MIXED_COUPLES):
        first = _answers(dice)
        homes.append([first, first if number < EQUAL_COUPLES else _partner(dice, first)])
    parent = _answers(dice)._replace(age="45 bis 64", gender="weiblich")
    child = _answers(dice)._replace(age="18 bis 29", district=parent.district, education="Abitur")
    homes.append([parent, _partner(dice, parent), child])

    people = []
    for home, members in enumerate(homes):
        _, postcodes = RESPONSE[members[0].district]
        postcode = dice.one_of(postcodes)
        for answers in members:
            has_email = not dice.happens(NO_EMAIL_BY_AGE[answers.age])
            people.append((home or None, postcode if home else "", has_email, answers))
    return [
        Applicant(f"DO-{number:04}", *person)
        for number, person in enumerate(Dice("order").shuffled(people), 1)
    ]


def _answers(dice: Dice) -> Answers:
    people = {row.value: row.count for row in _districts()}
    age = dice.pick(AGES, AGES.values())
    return Answers(
        gender=dice.pick(GENDERS, GENDERS.values()),
        age=age,
        district=dice.pick(people, (people[name] * RESPONSE[name][0] for name in people)),
        migration="ja" if dice.happens(MIGRATION_BY_AGE[age]) else "nein",
        education=dice.pick(DEGREES, EDUCATION_BY_AGE[age]),
    )


def _partner(dice: Dice, first: Answers) -> Answers:
    """Who lives with `first` and answers alike in much, never in everything."""
    other = _answers(dice)
    gender = {"weiblich": "männlich", "männlich": "weiblich"}.get(first.gender, other.gender)
    partner = Answers(
        gender=gender if dice.happens(0.9) else other.gender,
        age=first.age if dice.happens(0.8) else other.age,
        district=first.district,
        migration=first.migration if dice.happens(0.8) else other.migration,
        education=first.education if dice.happens(0.5) else other.education,
    )
    return partner if partner != first else _partner(dice, first)


def names_from_faker(people: Sequence[Applicant]) -> dict[str, Name]:
    """Names and streets by id, as the installed version of Faker has them."""
    from faker import Faker

    fake = Faker("de_DE")
    fake.seed_instance(SEED)
    first_name = {
        "weiblich": fake.first_name_female,
        "männlich": fake.first_name_male,
        "divers": fake.first_name_nonbinary,
    }
    dice = Dice("houses")
    families: dict[int, tuple[str, str]] = {}
    names: dict[str, Name] = {}
    taken: set[tuple[str, str]] = set()
    for person in people:
        last, street = str(fake.last_name()), ""
        if person.home is not None:
            if person.home not in families:
                while not street or (street.casefold(), person.postcode) in taken:
                    street = f"{fake.street_name()} {1 + int(dice.roll() * 120)}"
                taken.add((street.casefold(), person.postcode))
                families[person.home] = (last, street)
            elif dice.happens(0.7):
                last = families[person.home][0]
            street = families[person.home][1]
        names[person.id] = Name(str(first_name[person.answers.gender]()), last, street)
    return names


def names_in(folder: Path) -> dict[str, Name]:
    """Names and streets by id, as they stand in the bewerbungen.csv of a folder."""
    with (folder / APPLICANTS).open(encoding="utf-8", newline="") as file:
        return {
            row["ID"]: Name(row["Vorname"], row["Nachname"], row["Straße"])
            for row in csv.DictReader(file, delimiter=";")
        }


def _email(name: Name, taken: set[str]) -> str:
    """An address that nobody else has, in the domain that is kept for examples (RFC 2606)."""
    spelling = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", " ": "-"})
    text = unicodedata.normalize("NFC", f"{name.first}.{name.last}".lower()).translate(spelling)
    local = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    address, number = f"{local}@example.org", 1
    while address in taken:
        number += 1
        address = f"{local}{number}@example.org"
    taken.add(address)
    return address


# --- files ---------------------------------------------------------------------------------------


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def write_example(folder: Path, names: Mapping[str, Name] | None = None) -> None:
    """Write the generated files into a folder; names come from Faker unless they are given."""
    (folder / POPULATION).write_bytes(_csv(MARGIN_HEADER, map(astuple, margins()), ","))
    counts = read_population(folder / POPULATION)
    plan = quotas_from_population(counts, seats=SEATS, tolerance=TOLERANCE)
    write_quotas(plan, folder / QUOTAS)

    people = applicants()
    names = names_from_faker(people) if names is None else names
    taken: set[str] = set()
    rows = []
    for person in people:
        name = names[person.id]
        email = _email(name, taken) if person.has_email else ""
        rows.append((person.id, *name, person.postcode, email, *person.answers))
    (folder / APPLICANTS).write_bytes(_csv(HEADER, rows, ";"))


def main() -> None:
    """Write the files into the folder named on the command line, or into the package."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    write_example(folder)


if __name__ == "__main__":
    main()
