"""Columns of an office's list become features: renamed, recoded, derived; every fault at once."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mitwirkung.errors import Finding, InputError
from mitwirkung.intake import Applicants, collect_applicants, read_applicants
from mitwirkung.mapping import (
    AgeGroups,
    FeatureMapping,
    FeatureSource,
    age_on,
    birth_date,
    read_mapping,
)

DAY = date(2026, 12, 5)
GROUPS: dict[str, tuple[int, int]] = {"16-29": (16, 29), "30-59": (30, 59), "60+": (60, 120)}


def mapping(**features: FeatureSource) -> FeatureMapping:
    return FeatureMapping(features=features)


def ages(**source: Any) -> FeatureMapping:
    return mapping(Alter=FeatureSource(age_groups=AgeGroups(groups=GROUPS, **source)))


def read(rows: list[dict[str, Any]], declared: FeatureMapping, **options: Any) -> Applicants:
    numbered = [{"id": f"p{i}", **row} for i, row in enumerate(rows)]
    return read_applicants(numbered, mapping=declared, **options)


def refused(rows: list[dict[str, Any]], declared: FeatureMapping) -> tuple[Finding, ...]:
    numbered = [{"id": f"p{i}", **row} for i, row in enumerate(rows)]
    errors = collect_applicants(numbered, mapping=declared).errors
    assert all(error.describe() for error in errors)
    return errors


def group(cell: object, **source: Any) -> str:
    name = next(iter(source))
    return read([{source[name]: cell}], ages(**source)).columns["Alter"][0]


# --- names and values ------------------------------------------------------------------------


def test_columns_are_renamed_and_values_recoded() -> None:
    gender = FeatureSource(column="Anrede", values={"w": "weiblich", "Frau": "weiblich", "m": "m."})
    rows = [{"Anrede": "W "}, {"Anrede": "frau"}, {"Anrede": "WEIBLICH"}, {"Anrede": "M."}]
    applicants = read(rows, mapping(Geschlecht=gender))
    assert applicants.columns["Geschlecht"] == ("weiblich", "weiblich", "weiblich", "m.")
    assert applicants.columns["Anrede"] == ("W", "frau", "WEIBLICH", "M.")
    assert list(applicants.columns) == ["id", "Anrede", "Geschlecht"]


def test_a_feature_takes_the_place_of_its_own_column() -> None:
    district = FeatureSource(values={"44135": "Mitte", "44263": "Hörde"})
    applicants = read([{"plz": "44263", "x": "1"}], mapping(PLZ=district))
    assert list(applicants.columns.items()) == [
        ("id", ("p0",)),
        ("plz", ("Hörde",)),
        ("x", ("1",)),
    ]


@pytest.mark.parametrize(
    ("unlisted", "becomes"), [("keep", "Divers"), ("blank", ""), ("refuse", None)]
)
def test_values_that_are_not_listed(unlisted: Any, becomes: str | None) -> None:
    declared = mapping(g=FeatureSource(values={"w": "weiblich"}, unlisted=unlisted))
    rows = [{"g": "w"}, {"g": "Divers"}]
    if becomes is None:
        (error,) = refused(rows, declared)
        assert (error.code, error.row, error.column) == ("mapping-value", 2, "g")
        assert "Divers" not in error.describe()
    else:
        assert read(rows, declared).columns["g"] == ("weiblich", becomes)


def test_the_nearest_listed_value_is_named() -> None:
    declared = mapping(g=FeatureSource(values={"weibl.": "weiblich", "m": "männlich"}))
    (error,) = refused([{"g": "weiblcih"}], declared)
    assert (error.code, error.params["nearest"]) == ("mapping-value-nearest", "weiblich")


def test_exact_spellings() -> None:
    declared = mapping(g=FeatureSource(values={"a": "klein", "A": "groß"}, exact=True))
    assert read([{"g": "a"}, {"g": "A"}], declared).columns["g"] == ("klein", "groß")


def test_blanks_stay_blank_unless_they_are_listed() -> None:
    rows = [{"g": "w"}, {"g": " "}]
    plain = mapping(g=FeatureSource(values={"w": "weiblich"}))
    assert read(rows, plain).columns["g"] == ("weiblich", "")
    listed = mapping(g=FeatureSource(values={"w": "weiblich", "": "keine Angabe"}))
    assert read(rows, listed).columns["g"] == ("weiblich", "keine Angabe")


def test_missing_answers_may_be_declared_for_a_made_feature() -> None:
    declared = mapping(Geschlecht=FeatureSource(column="Anrede", values={"w": "weiblich"}))
    applicants = read([{"Anrede": ""}], declared, missing={"geschlecht": "own value"})
    assert applicants.missing == {"Geschlecht": "own value"}


def test_columns_that_are_not_there_and_names_that_are_taken() -> None:
    declared = mapping(
        Geschlecht=FeatureSource(column="Anreda"),
        Ort=FeatureSource(column="Anrede"),
        Z=FeatureSource(column="xyz"),
    )
    errors = refused([{"Anrede": "w", "Ort": "Mitte"}], declared)
    assert [(error.code, error.column) for error in errors] == [
        ("mapping-column-unknown-nearest", None),
        ("mapping-column-taken", "Ort"),
        ("mapping-column-unknown", None),
    ]
    assert errors[0].params["nearest"] == "Anrede"


# --- ages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["1980-02-29", "29.02.1980", "29.2.1980", "29. 2. 1980", "29280"])
def test_dates_as_offices_write_them(text: str) -> None:
    assert birth_date(text) == date(1980, 2, 29)


@pytest.mark.parametrize(
    "text",
    [
        "29.02.80",
        "30.02.1980",
        "1979-02-29",
        "02/29/1980",
        "1980",
        "Februar 1980",
        "1980-02-29 12:30",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    (error,) = refused([{"geboren": text}], ages(birth_date="geboren", on=DAY))
    assert (error.code, error.row, error.column) == ("birth-date-wrong", 1, "geboren")
    assert text not in error.describe() or text == "1980"


@given(st.dates(date(1927, 5, 18), date(2100, 1, 1)))
def test_every_day_is_read_in_all_three_forms(day: date) -> None:
    serial = str((day - date(1899, 12, 30)).days)
    assert birth_date(day.isoformat()) == birth_date(f"{day:%d.%m.%Y}") == birth_date(serial) == day


@given(st.dates(date(1900, 1, 1), date(2000, 1, 1)), st.integers(0, 100))
def test_an_age_begins_with_the_birthday(born: date, age: int) -> None:
    try:
        birthday = born.replace(year=born.year + age)
    except ValueError:
        birthday = date(born.year + age, 3, 1)
    assert age_on(birthday, born) == age
    assert age_on(birthday - timedelta(days=1), born) == age - 1


def test_born_on_29_february() -> None:
    born = date(2008, 2, 29)
    assert age_on(date(2026, 2, 28), born) == 17
    assert age_on(date(2026, 3, 1), born) == 18
    assert age_on(date(2028, 2, 28), born) == 19
    assert age_on(date(2028, 2, 29), born) == 20


def test_both_ends_belong_to_a_group() -> None:
    assert group("05.12.2010", birth_date="geboren", on=DAY) == "16-29"  # 16 on the day
    assert group("06.12.1996", birth_date="geboren", on=DAY) == "16-29"  # 30 the day after
    assert group("05.12.1996", birth_date="geboren", on=DAY) == "30-59"
    assert group(date(1966, 12, 5), birth_date="geboren", on=DAY) == "60+"
    assert group("05.12.1906", birth_date="geboren", on=DAY) == "60+"  # 120


def test_years_and_ages() -> None:
    assert group("1997", birth_year="Jahrgang", on=DAY) == "16-29"
    assert group(1996, birth_year="Jahrgang", on=DAY) == "30-59"
    assert group("29", age="Jahre") == "16-29"
    assert group("", age="Jahre") == ""


def test_ages_that_cannot_be() -> None:
    cells = ["2026-12-06", "1905-12-05", "2010-12-06", "2026-12-05"]
    errors = refused([{"geboren": cell} for cell in cells], ages(birth_date="geboren", on=DAY))
    assert [(error.code, error.row) for error in errors] == [
        ("birth-in-future", 1),
        ("age-too-old", 2),
        ("age-no-group", 3),
        ("age-no-group", 4),
    ]
    years = refused([{"J": "2027"}, {"J": "80"}], ages(birth_year="J", on=DAY))
    assert [error.code for error in years] == ["birth-in-future", "birth-year-wrong"]
    stated = refused([{"J": "121"}, {"J": "zwanzig"}, {"J": "-3"}], ages(age="J"))
    assert [error.code for error in stated] == ["age-too-old", "age-wrong", "age-wrong"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"groups": GROUPS},
        {"groups": GROUPS, "age": "a", "birth_year": "b", "on": DAY},
        {"groups": GROUPS, "birth_date": "a"},
        {"groups": {"a": (1, 5), "b": (5, 9)}, "age": "a"},
        {"groups": {"a": (5, 1)}, "age": "a"},
        {"groups": {}, "age": "a"},
        {"groups": {"a": (0, 121)}, "age": "a"},
    ],
)
def test_groups_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AgeGroups.model_validate(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"values": {"w": "weiblich", "W ": "anders"}},
        {"values": {"w": " "}},
        {"column": "x", "age_groups": {"age": "a", "groups": {"a": (0, 9)}}},
    ],
)
def test_sources_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FeatureSource.model_validate(wrong)


# --- the file --------------------------------------------------------------------------------


def test_a_file_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(
        """
        [features.Geschlecht]
        column = "Anrede"
        values = { w = "weiblich", m = "männlich" }

        [features.Alter.age_groups]
        birth_date = "geboren"
        on = 2026-12-05
        groups = { "16-29" = [16, 29], "30-59" = [30, 59], "60+" = [60, 120] }
        """,
        encoding="utf-8",
    )
    assert read_mapping(path) == mapping(
        Geschlecht=FeatureSource(column="Anrede", values={"w": "weiblich", "m": "männlich"}),
        Alter=FeatureSource(age_groups=AgeGroups(birth_date="geboren", on=DAY, groups=GROUPS)),
    )


def test_every_fault_of_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(
        """
        feature = 1
        [features.A]
        colum = "x"
        unlisted = "drop"
        [features.B]
        values = { w = 3 }
        """,
        encoding="utf-8",
    )
    with pytest.raises(InputError) as refusal:
        read_mapping(path)
    found = [(finding.code, finding.params["key"]) for finding in refusal.value.findings]
    assert found == [
        ("key-unknown-nearest", "feature"),
        ("key-choice", "features.A.unlisted"),
        ("key-unknown-nearest", "features.A.colum"),
        ("key-text", "features.B.values"),
    ]
    path.write_text("", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_mapping(path)
    assert [finding.code for finding in refusal.value.findings] == ["mapping-empty"]
