"""The example of Dortmund: what is real stays real, what is made up fits together."""

from __future__ import annotations

import csv
import importlib.util
import re
import sys
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from types import ModuleType

import faker
import pytest

import mitwirkung as mw
from mitwirkung.examples import DORTMUND_FILES, DORTMUND_SEED, copy_dortmund, dortmund
from mitwirkung.lottery.folder import FolderOccupied
from mitwirkung.lottery.randomness import parse_template

TOOL = Path(__file__).resolve().parents[2] / "tools" / "make_dortmund_example.py"
GENERATED = ("bevoelkerung.csv", "quoten.csv", "bewerbungen.csv")
FEATURES = ["Geschlecht", "Altersgruppe", "Stadtbezirk", "Migrationshintergrund", "Bildung"]
HOUSEHOLD = ["Straße", "PLZ"]

# Residents' register of Dortmund, 31 December 2023, as published.
REAL_DISTRICTS = {
    "Innenstadt-West": 54_215,
    "Innenstadt-Nord": 61_065,
    "Innenstadt-Ost": 58_520,
    "Scharnhorst": 47_185,
    "Aplerbeck": 55_685,
    "Hörde": 57_315,
    "Hombruch": 57_380,
    "Huckarde": 36_565,
}
CITY_2023 = 612_065
CITY_2022 = 609_546


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_dortmund_example", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_dortmund(tmp_path_factory.mktemp("dortmund"))


@pytest.fixture(scope="module")
def margins(folder: Path) -> list[dict[str, str]]:
    with (folder / "bevoelkerung.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def applicants(folder: Path) -> mw.Applicants:
    return mw.read_applicants(folder / "bewerbungen.csv", id="ID")


@pytest.fixture(scope="module")
def problem(folder: Path, applicants: mw.Applicants) -> mw.SelectionProblem:
    quotas = mw.read_quotas(folder / "quoten.csv")
    return mw.SelectionProblem(applicants, quotas, seats=75, household=HOUSEHOLD)


# --- the script ------------------------------------------------------------------------------


def test_all_but_the_names_is_made_again_byte_by_byte(
    tool: ModuleType, folder: Path, tmp_path: Path
) -> None:
    tool.write_example(tmp_path, tool.names_in(folder))
    for name in GENERATED:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_names_are_those_of_the_recorded_faker(
    tool: ModuleType, folder: Path, tmp_path: Path
) -> None:
    """Another version of Faker may have other names; all else has to hold for them too."""
    tool.write_example(tmp_path)
    if faker.VERSION == tool.FAKER_VERSION:
        for name in GENERATED:
            assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name
    people = mw.read_applicants(tmp_path / "bewerbungen.csv", id="ID")
    assert people.warnings == ()
    assert household_sizes(people) == Counter({1: 536, 2: 30, 3: 1})


def test_the_files_are_those_of_the_package() -> None:
    assert sorted(file.name for file in dortmund().iterdir()) == sorted(DORTMUND_FILES)


# --- the population --------------------------------------------------------------------------


def test_every_figure_says_whether_it_is_real(margins: list[dict[str, str]]) -> None:
    assert list(margins[0]) == ["feature", "value", "count", "status", "date", "source"]
    assert list(dict.fromkeys(row["feature"] for row in margins)) == FEATURES
    assert {row["status"] for row in margins} == {"real", "derived", "assumed"}
    assert all(row["source"] for row in margins)
    assert all(date.fromisoformat(row["date"]).year in (2022, 2023) for row in margins)


def test_real_figures_are_the_published_ones_and_no_other_is_called_real(
    margins: list[dict[str, str]],
) -> None:
    real = {row["value"]: int(row["count"]) for row in margins if row["status"] == "real"}
    assert real == REAL_DISTRICTS
    assert {row["date"] for row in margins if row["status"] == "real"} == {"2023-12-31"}


def test_assumed_districts_fill_up_the_city(margins: list[dict[str, str]]) -> None:
    counts = {row["value"]: int(row["count"]) for row in margins if row["feature"] == "Stadtbezirk"}
    assumed = set(counts) - set(REAL_DISTRICTS)
    assert len(counts) == 12
    assert assumed == {"Eving", "Brackel", "Lütgendortmund", "Mengede"}
    assert sum(counts.values()) == CITY_2023
    assert sum(counts[name] for name in assumed) == 184_135
    # Eving had under 40,000 people a year before, and Huckarde is the smallest district.
    assert counts["Huckarde"] < counts["Eving"] < 40_000
    # What was counted last: 2021, 2022, 2021.
    assert 1 < counts["Brackel"] / 56_141 < 1.03
    assert 1 < counts["Lütgendortmund"] / 48_530 < 1.01
    assert 1 < counts["Mengede"] / 39_040 < 1.03


def test_derived_figures_follow_from_published_shares(margins: list[dict[str, str]]) -> None:
    derived = {row["value"]: int(row["count"]) for row in margins if row["status"] == "derived"}
    assert set(derived) == {"65 und älter", "ja", "nein"}
    assert derived["65 und älter"] == round(0.202 * CITY_2022, -3)
    assert derived["ja"] == round(0.41 * CITY_2023, -3)
    assert derived["ja"] + derived["nein"] == round(CITY_2023, -3)
    ages = [int(row["count"]) for row in margins if row["feature"] == "Altersgruppe"]
    assert sum(ages) == round((1 - 0.170) * CITY_2022, -3)


def test_assumed_figures_say_so_in_their_source(margins: list[dict[str, str]]) -> None:
    for row in margins:
        if row["status"] == "assumed" and row["feature"] != "Stadtbezirk":
            assert "angenommen" in row["source"], row
            assert int(row["count"]) % 1000 == 0, row
        elif row["status"] == "assumed":
            assert re.search(r"fortgeschrieben|Rest der 612065", row["source"]), row


def test_quotas_follow_from_the_population(folder: Path) -> None:
    counts = mw.read_population(folder / "bevoelkerung.csv")
    plan = mw.quotas_from_population(counts, seats=75, tolerance=1)
    assert mw.read_quotas(folder / "quoten.csv").features == plan.features
    assert {(q.min, q.max) for f in plan.features for q in f.quotas if q.value == "divers"} == {
        (0, 1)
    }


# --- the applicants --------------------------------------------------------------------------


def household_sizes(people: mw.Applicants) -> Counter[int]:
    addresses = zip(people.columns["Straße"], people.columns["PLZ"], strict=True)
    shared = Counter(address for address in addresses if any(address))
    return Counter(shared.values())


def test_600_people_are_read_without_a_warning(applicants: mw.Applicants) -> None:
    assert len(applicants) == 600
    assert applicants.warnings == ()
    assert list(applicants.columns) == [
        *("ID", "Vorname", "Nachname", "Straße", "PLZ", "E-Mail"),
        *FEATURES,
    ]
    assert applicants.ids == tuple(f"DO-{number:04}" for number in range(1, 601))


def test_nobody_can_be_written_to_by_accident_and_everybody_in_the_story(
    applicants: mw.Applicants,
) -> None:
    emails = applicants.columns["E-Mail"]
    written = [email for email in emails if email]
    assert all(re.fullmatch(r"[a-z0-9.-]+@example\.org", email) for email in written)
    assert len(set(written)) == len(written)
    assert 40 <= emails.count("") <= 90
    streets, postcodes = applicants.columns["Straße"], applicants.columns["PLZ"]
    assert all(map(any, zip(emails, streets, strict=True)))
    assert all(re.fullmatch(r"44[123][0-9]{2}|", postcode) for postcode in postcodes)


def test_households(applicants: mw.Applicants, problem: mw.SelectionProblem) -> None:
    assert household_sizes(applicants) == Counter({1: 536, 2: 30, 3: 1})
    assert applicants.columns["Straße"].count("") == 1
    assert Counter(map(len, problem.lots)) == {1: 537, 2: 30, 3: 1}
    couples = [{problem.profile_of[i] for i in lot} for lot in problem.lots if len(lot) == 2]
    assert Counter(map(len, couples)) == {1: 9, 2: 21}
    for lot in problem.lots:
        assert len({problem.answers(person)["Stadtbezirk"] for person in lot}) == 1


def test_who_applies_is_not_who_lives_there(
    applicants: mw.Applicants, margins: list[dict[str, str]]
) -> None:
    def share(feature: str, value: str) -> tuple[float, float]:
        counts = {r["value"]: int(r["count"]) for r in margins if r["feature"] == feature}
        pool = applicants.columns[feature].count(value) / len(applicants)
        return pool, counts[value] / sum(counts.values())

    for feature, value in [("Bildung", "Hochschule"), ("Altersgruppe", "65 und älter")]:
        pool, city = share(feature, value)
        assert pool > city * 1.1, value
    for feature, value in [("Altersgruppe", "18 bis 29"), ("Migrationshintergrund", "ja")]:
        pool, city = share(feature, value)
        assert pool < city * 0.8, value


def test_every_answer_of_the_quotas_is_given(
    applicants: mw.Applicants, problem: mw.SelectionProblem
) -> None:
    for feature in problem.features:
        given = Counter(applicants.columns[feature.name])
        assert set(given) == set(feature.values)
        assert all(given[quota.value] >= quota.max for quota in feature.quotas)


# --- the facts -------------------------------------------------------------------------------


def test_the_facts_fit_the_pool_and_the_time(folder: Path) -> None:
    facts = mw.read_facts(folder / "tatsachen.toml")
    assert "erfundenen Bewerbungen" in facts.event
    assert facts.counts.expected_pool() == 600
    assert facts.place.startswith("https://example.org/")
    assert "not stated" not in facts.model_dump_json(exclude={"journal"})  # the procedure knows it
    earliest, latest = map(datetime.fromisoformat, (facts.seed.earliest, facts.seed.latest))
    assert earliest.date() == date(2020, 10, 10)
    assert earliest.strftime("%w") == "6"  # Saturday
    assert date(2020, 10, 14).strftime("%w") == "3"  # Wednesday
    assert earliest < latest
    assert date.fromisoformat(facts.quotas.date) < earliest.date()
    assert "2020-10-10" in facts.seed.template
    assert "2020-10-14" in facts.seed.fallback
    assert parse_template(facts.seed.template).fits(DORTMUND_SEED)
    for day in re.findall(r"\d{4}-\d{2}-\d{2}", facts.replacement.schedule):
        assert date.fromisoformat(day) > latest.date()
        assert date.fromisoformat(day).strftime("%w") == "6"


def test_the_readme_says_what_is_made_up(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "**The 600 applicants are synthetic.**" in text
    assert "Die 600 Bewerbungen sind erfunden" in text
    assert "**The figures are younger than the event.**" in text
    assert "they are not those of 10 October 2020" in text


# --- the lottery -----------------------------------------------------------------------------


def test_everybody_has_a_fair_chance(problem: mw.SelectionProblem) -> None:
    chances = mw.solve(problem).chances
    assert len(chances) == 600
    assert sum(chances.values()) == pytest.approx(75)
    assert min(chances.values()) == pytest.approx(0.0776, abs=0.0005)


def test_pots_work_without_households(folder: Path, applicants: mw.Applicants) -> None:
    quotas = mw.read_quotas(folder / "quoten.csv")
    problem = mw.SelectionProblem(applicants, quotas, seats=75)
    chances = mw.solve(problem, "pots", settings={"features": ["Stadtbezirk"]}).chances
    assert sum(chances.values()) == pytest.approx(75)
    assert min(chances.values()) > 0.05


# --- copying ---------------------------------------------------------------------------------


def test_a_copy_can_be_made_twice_but_replaces_nothing_unasked(tmp_path: Path) -> None:
    folder = copy_dortmund(tmp_path / "neu" / "beispiel")
    assert folder == tmp_path / "neu" / "beispiel"
    assert copy_dortmund(str(folder)) == folder
    (folder / "eigenes.txt").write_text("bleibt", encoding="utf-8")
    (folder / "quoten.csv").write_text("feature,value,min,max\n", encoding="utf-8")
    with pytest.raises(FolderOccupied, match=r"quoten\.csv"):
        copy_dortmund(folder)
    copy_dortmund(folder, force=True)
    assert (folder / "quoten.csv").read_bytes() == (dortmund() / "quoten.csv").read_bytes()
    assert (folder / "eigenes.txt").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "datei").write_text("", encoding="utf-8")
    with pytest.raises(FolderOccupied):
        copy_dortmund(tmp_path / "datei")
