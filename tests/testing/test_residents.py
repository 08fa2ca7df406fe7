"""Made-up residents: consistent in themselves, in the shares of a city, the same for a seed."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date

import pytest
from faker import Faker
from faker.providers.person.de_DE import Provider as GermanNames

import mitwirkung as mw
from mitwirkung.examples import dortmund
from mitwirkung.testing import ResidentProvider
from mitwirkung.testing.residents import ages

DAY = date(2024, 2, 29)
TOWN = {
    "Geschlecht": {"Frau": 50, "Mann": 50},
    "Altersgruppe": {"unter 18": 10, "18-64": 30, "65+": 10},
    "Stadtteil": {"Altstadt": 3, "Neustadt": 1},
}


def fake(seed: int = 1) -> Faker:
    made = Faker("de_DE")
    made.add_provider(ResidentProvider)
    made.seed_instance(seed)
    return made


def age_on(day: date, born: str) -> int:
    birth = date.fromisoformat(born)
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def test_residents_have_the_columns_of_the_example() -> None:
    with (dortmund() / "bewerbungen.csv").open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file, delimiter=";"))
    people = fake().residents(3)
    assert [name for name in people[0] if name != "Geburtsdatum"] == header
    assert list(fake().resident()) == list(people[0])[1:]
    assert [person["ID"] for person in people] == ["00001", "00002", "00003"]


def test_a_seed_makes_the_same_residents() -> None:
    assert fake().residents(20) == fake().residents(20)
    assert fake().resident() == fake().resident()
    assert fake(2).residents(20) != fake().residents(20)


def test_answers_have_the_shares_of_the_population() -> None:
    people = fake().residents(3000)
    for feature, counts in mw.read_population(dortmund() / "bevoelkerung.csv").items():
        found = Counter(person[feature] for person in people)
        assert set(found) <= {value for value, count in counts.items() if count}
        for value, count in counts.items():
            share = count / sum(counts.values())
            # six standard deviations of a share among 3000
            allowed = 6 * (share * (1 - share) / len(people)) ** 0.5
            assert abs(found[value] / len(people) - share) <= allowed, value


def test_first_names_fit_the_gender() -> None:
    usual = {"weiblich": GermanNames.first_names_female, "männlich": GermanNames.first_names_male}
    people = fake().residents(400)
    assert {person["Geschlecht"] for person in people} >= set(usual)
    for person in people:
        if person["Geschlecht"] in usual:
            assert person["Vorname"] in usual[person["Geschlecht"]]


@pytest.mark.parametrize("day", [DAY, date(2023, 12, 31), date(2025, 3, 1)])
def test_birth_dates_fit_the_age_group_on_the_day(day: date) -> None:
    groups = {"18 bis 29": (18, 29), "30 bis 44": (30, 44), "45 bis 64": (45, 64)}
    found = set()
    for person in fake().residents(500, on=day):
        low, high = groups.get(person["Altersgruppe"], (65, 200))
        age = age_on(day, person["Geburtsdatum"])
        assert low <= age <= high
        found.add(age)
    assert {18, 29, 30, 44, 45, 64, 65} <= found


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("18 bis 29", (18, 29)),
        ("16-24", (16, 24)),
        ("65 und älter", (65, 90)),
        ("95+", (95, 95)),
        ("unter 18", (0, 17)),
        ("bis 17", (0, 17)),
        ("keine Angabe", (18, 90)),
    ],
)
def test_age_groups_as_cities_write_them(group: str, expected: tuple[int, int]) -> None:
    assert ages(group) == expected


def test_postcodes_are_those_of_the_district() -> None:
    with (dortmund() / "bewerbungen.csv").open(encoding="utf-8", newline="") as file:
        usual = {
            (row["Stadtbezirk"], row["PLZ"])
            for row in csv.DictReader(file, delimiter=";")
            if row["PLZ"]
        }
    found = {(person["Stadtbezirk"], person["PLZ"]) for person in fake().residents(800)}
    assert found == usual


def test_households_are_as_many_as_asked_for_and_share_what_a_home_shares() -> None:
    people = fake().residents(200, households=0.3)
    homes: dict[tuple[str, str], list[dict[str, str]]] = {}
    for person in people:
        homes.setdefault((person["Straße"].casefold(), person["PLZ"]), []).append(person)
    sizes = Counter(map(len, homes.values()))
    assert sizes == {1: 140, 2: 30}
    couples = [home for home in homes.values() if len(home) == 2]
    assert all(one["Stadtbezirk"] == other["Stadtbezirk"] for one, other in couples)
    same_name = sum(one["Nachname"] == other["Nachname"] for one, other in couples)
    assert 10 < same_name < 30
    assert any(one["Geburtsdatum"] != other["Geburtsdatum"] for one, other in couples)


def test_mail_goes_nowhere_and_nobody_needs_it() -> None:
    people = fake().residents(2000, without_email=0.25)
    addresses = [person["E-Mail"] for person in people if person["E-Mail"]]
    assert len(set(addresses)) == len(addresses)
    assert all(address.endswith("@example.org") and address.isascii() for address in addresses)
    assert 0.2 < 1 - len(addresses) / len(people) < 0.3
    assert not any(person["E-Mail"] for person in fake().residents(20, without_email=1))


def test_another_city_by_its_counts() -> None:
    codes = {"Altstadt": ["99998", "99997"]}
    people = fake().residents(300, TOWN, postcodes=codes, on=DAY)
    assert list(people[0])[-3:] == list(TOWN)
    for person in people:
        known = codes["Altstadt"] if person["Stadtteil"] == "Altstadt" else ["00002"]
        assert person["PLZ"] in known
        low, high = ages(person["Altersgruppe"])
        assert low <= age_on(DAY, person["Geburtsdatum"]) <= high
    women = [person["Vorname"] for person in people if person["Geschlecht"] == "Frau"]
    assert len(women) > 100


def test_counts_without_gender_age_or_district_will_do() -> None:
    person = fake().resident({"Interesse": {"ja": 1}})
    assert person["Interesse"] == "ja"
    assert person["PLZ"] == "00001"
    assert 18 <= age_on(date(2023, 12, 31), person["Geburtsdatum"]) <= 90


def test_residents_can_take_part_in_a_lottery() -> None:
    counts = mw.read_population(dortmund() / "bevoelkerung.csv")
    applicants = mw.read_applicants(fake().residents(300), id="ID")
    assert applicants.warnings == ()
    quotas = mw.quotas_from_population(counts, seats=20, tolerance=2)
    problem = mw.SelectionProblem(applicants, quotas, seats=20, household=["Straße", "PLZ"])
    assert len(problem.lots) == 285
    assert mw.solve(problem).problem is problem
