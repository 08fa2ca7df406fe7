"""A Faker provider: residents of a German city who do not exist, in the columns of the example."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from faker.providers import BaseProvider

from mitwirkung.examples import dortmund
from mitwirkung.lottery.apportionment import read_population
from mitwirkung.names import fold

Population = Mapping[str, Mapping[str, int]]
"""Feature to value to how many people, as `mitwirkung.read_population` returns it."""

Postcodes = Mapping[str, Sequence[str]]
"""District to its postcodes."""

COUNTED = date(2023, 12, 31)
"""The day of the population that ships."""

ADULT = (18, 90)
EMAIL_DOMAIN = "example.org"  # kept for examples, nobody gets mail there (RFC 2606)

_FIRST_NAMES = {"w": "first_name_female", "f": "first_name_female", "m": "first_name_male"}


@dataclass(frozen=True)
class _City:
    """Counts and postcodes, and which features have to fit to other columns."""

    population: Population
    postcodes: Postcodes

    def feature(self, *names: str) -> str:
        """The feature of one of these names as the population spells it; blank if there is none."""
        return next((feature for feature in self.population if fold(feature) in names), "")

    @property
    def gender(self) -> str:
        return self.feature("geschlecht", "gender")

    @property
    def age(self) -> str:
        return self.feature("altersgruppe", "alter")

    @property
    def district(self) -> str:
        return self.feature("stadtbezirk", "stadtteil", "bezirk", "ortsteil")


class ResidentProvider(BaseProvider):
    """Residents of Dortmund, or of a city whose counts are given: `fake.add_provider(...)`.

        fake = Faker("de_DE")
        fake.add_provider(ResidentProvider)
        fake.seed_instance(2026)
        applicants = mw.read_applicants(fake.residents(200), id="ID")

    Each feature of the population is answered in proportion to its counts, independently of the
    others. First name and `Geschlecht`, birth date and `Altersgruppe`, postcode and district fit
    together. Without a seed of yours they are others in every run.
    """

    def resident(
        self,
        population: Population | None = None,
        *,
        postcodes: Postcodes | None = None,
        on: date = COUNTED,
        without_email: float = 0.1,
    ) -> dict[str, str]:
        """One resident: name, address, e-mail, birth date, and an answer to each feature.

        Args:
            population: the counts of another city than Dortmund.
            postcodes: those of its districts; a district without gets one that no place has.
            on: the day on which birth dates and age groups agree.
            without_email: the share of people who have no e-mail address.
        """
        return self._home(1, _city(population, postcodes), on, without_email)[0]

    def residents(
        self,
        count: int,
        population: Population | None = None,
        *,
        households: float = 0.1,
        postcodes: Postcodes | None = None,
        on: date = COUNTED,
        without_email: float = 0.1,
    ) -> list[dict[str, str]]:
        """Many residents with ids in the column `ID`, in no order.

        Addresses (`Straße` and `PLZ`) are equal inside of a household alone, and no two people
        have one e-mail address.

        Args:
            count: how many.
            households: the share of people who live with one other of them.
            population, postcodes, on, without_email: see `resident`.
        """
        city = _city(population, postcodes)
        couples = round(count * households / 2)
        found: list[dict[str, str]] = []
        taken: set[tuple[str, str]] = set()
        for size in [2] * couples + [1] * (count - 2 * couples):
            home = self._home(size, city, on, without_email)
            while _address(home[0]) in taken:
                home = self._home(size, city, on, without_email)
            taken.add(_address(home[0]))
            found += home
        self.generator.random.shuffle(found)
        _number_emails(found)
        return [{"ID": f"{number:05}", **person} for number, person in enumerate(found, 1)]

    def _home(self, size: int, city: _City, on: date, without_email: float) -> list[dict[str, str]]:
        """The people of one household, without ids."""
        family = str(self.generator.last_name())
        home = [self._person(family, city, on, without_email)]
        shared = ("Straße", "PLZ", city.district)
        for _ in range(size - 1):
            last = family if self._happens(0.7) else str(self.generator.last_name())
            mate = self._person(last, city, on, without_email)
            home.append(mate | {name: home[0][name] for name in shared if name})
        return home

    def _person(self, last: str, city: _City, on: date, without_email: float) -> dict[str, str]:
        answers = {
            feature: self.random_elements(OrderedDict(counts), 1, use_weighting=True)[0]
            for feature, counts in city.population.items()
        }
        gender = fold(answers.get(city.gender, ""))
        first = str(getattr(self.generator, _FIRST_NAMES.get(gender[:1], "first_name_nonbinary"))())
        return {
            "Vorname": first,
            "Nachname": last,
            "Straße": f"{self.generator.street_name()} {self.random_int(1, 120)}",
            "PLZ": self._postcode(city, answers.get(city.district, "")),
            "E-Mail": "" if self._happens(without_email) else email_address(first, last),
            "Geburtsdatum": self._birth_date(answers.get(city.age, ""), on).isoformat(),
            **answers,
        }

    def _happens(self, chance: float) -> bool:
        return bool(self.generator.random.random() < chance)

    def _postcode(self, city: _City, district: str) -> str:
        if known := city.postcodes.get(district):
            return str(self.random_element(known))
        # no German postcode begins with two zeros
        return f"{1 + list(city.population.get(city.district, [district])).index(district):05}"

    def _birth_date(self, age_group: str, on: date) -> date:
        youngest, oldest = ages(age_group)
        age = self.random_int(youngest, oldest)
        first = _years_before(on, age + 1) + timedelta(days=1)
        last = _years_before(on, age)
        return first + timedelta(days=self.random_int(0, (last - first).days))


def _city(population: Population | None, postcodes: Postcodes | None) -> _City:
    if population is None:
        return _City(dortmund_population(), postcodes or dortmund_postcodes())
    return _City(population, postcodes or {})


@cache
def dortmund_population() -> Population:
    """The counts that ship: see the README of the example."""
    return read_population(dortmund() / "bevoelkerung.csv")


@cache
def dortmund_postcodes() -> Postcodes:
    """The postcodes of each district, as they occur among the applicants of the example."""
    found: dict[str, set[str]] = {}
    with (dortmund() / "bewerbungen.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            found.setdefault(row["Stadtbezirk"], set()).update(filter(None, [row["PLZ"]]))
    return {district: sorted(codes) for district, codes in sorted(found.items())}


def ages(age_group: str) -> tuple[int, int]:
    """The youngest and the oldest of an age group, in whole years: `18 bis 29`, `65 und älter`."""
    numbers = [int(number) for number in re.findall("[0-9]+", age_group)]
    words = fold(age_group).split()
    if len(numbers) > 1:
        return min(numbers), max(numbers)
    if not numbers:
        return ADULT
    (limit,) = numbers
    if "unter" in words:
        return 0, max(0, limit - 1)
    if "bis" in words:
        return 0, limit
    return limit, max(limit, ADULT[1])


def email_address(first: str, last: str) -> str:
    """An address in a domain that is kept for examples."""
    spelled = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", " ": "-"})
    text = unicodedata.normalize("NFC", f"{first}.{last}".lower()).translate(spelled)
    local = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return f"{local}@{EMAIL_DOMAIN}"


def _number_emails(people: Sequence[dict[str, str]]) -> None:
    """Give equal addresses a number, so that none occurs twice."""
    seen: set[str] = set()
    for person in people:
        address, number = person["E-Mail"], 1
        local = address.partition("@")[0]
        while address and address in seen:
            number += 1
            address = f"{local}{number}@{EMAIL_DOMAIN}"
        person["E-Mail"] = address
        seen.add(address)


def _address(person: Mapping[str, str]) -> tuple[str, str]:
    return fold(person["Straße"]), person["PLZ"]


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
