"""How the columns of an office's list become features: renamed, recoded, or from a birthday.

A mapping is declared, in a TOML file or in Python, and kept with the lottery, so that verification
can read the same list in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mitwirkung.errors import Finding, InputError
from mitwirkung.names import clean, fold, nearest
from mitwirkung.toml_files import model_findings, read_toml, unknown_key

OLDEST = 120

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?")
_GERMAN = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
_EXCEL = re.compile(r"\d{5}")  # days since 30 December 1899, from 1927 on; four digits are a year
_YEAR = re.compile(r"\d{4}")
_AGE = re.compile(r"\d{1,3}")

AgeRange = tuple[Annotated[int, Field(ge=0, le=OLDEST)], Annotated[int, Field(ge=0, le=OLDEST)]]
"""The first and the last age of a group, in whole years."""


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AgeGroups(_Declared):
    """Age groups from a birth date, a year of birth or an age: name one of these columns.

    Attributes:
        birth_date: column of dates: 1980-02-29, 29.2.1980, or Excel's number of days.
        birth_year: column of years; the age is that reached in the year of `on`.
        age: column of ages in whole years.
        on: the day on which people are as old as counts; not needed for `age`.
        groups: group to its first and last age, both belonging to it: `{"16-29": (16, 29)}`.
    """

    birth_date: str | None = None
    birth_year: str | None = None
    age: str | None = None
    on: date | None = None
    groups: dict[str, AgeRange] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        sources = [name for name in (self.birth_date, self.birth_year, self.age) if name]
        if len(sources) != 1:
            raise ValueError("name one column, as birth_date, birth_year or age")
        if self.on is None and self.age is None:
            raise ValueError("on is missing: the day on which people are as old as counts")
        before = -1
        for name, (first, last) in sorted(self.groups.items(), key=lambda group: group[1]):
            if first > last:
                raise ValueError(f"the group {name!r} ends before it begins")
            if first <= before:
                raise ValueError(f"the group {name!r} begins inside of another one")
            before = last
        return self

    @property
    def column(self) -> str:
        """The column that the ages come from."""
        return self.birth_date or self.birth_year or self.age or ""

    def group_of(self, age: int) -> str | None:
        """The group that an age belongs to, None if it is in none."""
        return next((name for name, (a, b) in self.groups.items() if a <= age <= b), None)


class FeatureSource(_Declared):
    """Where the answers to one feature come from.

    Attributes:
        column: the column; that with the name of the feature if not given.
        values: what is written there to what it means: `{"w": "weiblich"}`. What it means may
            be written too. `""` says what a blank means.
        unlisted: what becomes of everything else: "refuse" (an error), "keep" (as it is) or
            "blank" (like no answer).
        exact: whether case and blanks count when spellings are compared.
        age_groups: in place of all these, age groups.
    """

    column: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    unlisted: Literal["refuse", "keep", "blank"] = "refuse"
    exact: bool = False
    age_groups: AgeGroups | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.age_groups is not None and self.model_dump(
            exclude={"age_groups"}, exclude_defaults=True
        ):
            raise ValueError("beside age_groups nothing else can be said")
        known: dict[str, str] = {}
        for written, meant in self.values.items():
            if not clean(meant):
                raise ValueError(f"{written!r} has no meaning; leave it out, or see unlisted")
            if known.setdefault(self.key(written), clean(meant)) != clean(meant):
                raise ValueError(f"{written!r} is given two meanings")
        return self

    def key(self, text: str) -> str:
        """What two spellings of one answer have in common."""
        return clean(text) if self.exact else fold(text)

    def meanings(self) -> dict[str, str]:
        """Key to meaning; a meaning stands for itself unless it was given another."""
        themselves = {self.key(meant): clean(meant) for meant in self.values.values()}
        return {**themselves, **{self.key(w): clean(m) for w, m in self.values.items()}}


class FeatureMapping(_Declared):
    """The features that are not simply columns of the list: by name, where each comes from."""

    features: dict[str, FeatureSource] = Field(min_length=1)


def read_mapping(path: str | Path) -> FeatureMapping:
    """The mapping in a TOML file: a heading `[features.NAME]` for each feature.

    Raises:
        InputError: with everything that is wrong in it.
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    data = read_toml(path)
    findings = [
        unknown_key(key, list(FeatureMapping.model_fields), path.name)
        for key in data
        if key not in FeatureMapping.model_fields
    ]
    features = data.get("features", {})
    if not isinstance(features, Mapping) or not features:
        findings.append(Finding("mapping-empty", {}, path.name))
        raise InputError.of(findings)
    sources = {}
    for name, source in features.items():
        try:
            sources[name] = FeatureSource.model_validate(source)
        except ValidationError as error:
            section = f"features.{name}"
            findings += model_findings(error, FeatureSource, file=path.name, section=section)
    if findings:
        raise InputError.of(findings)
    return FeatureMapping(features=sources)


@dataclass(frozen=True, repr=False)
class Mapped:
    """Columns with the features of a mapping, and what could not be mapped."""

    columns: dict[str, tuple[str, ...]]
    errors: tuple[Finding, ...]


def map_columns(
    columns: Mapping[str, Sequence[str]],
    mapping: FeatureMapping,
    rows: Sequence[int],
    *,
    labels: Sequence[str] | None = None,
    file: str | None = None,
) -> Mapped:
    """The columns with those of the mapped features.

    A feature takes the place of the column with its name if it comes from that; else it comes
    behind the columns, features by name. All other columns stay.

    Args:
        columns: name to cells, one for each row.
        mapping: the features.
        rows, file: the places of the cells, for the findings.
        labels: what the columns are called in findings, if their names may be personal.
    """
    column_of = {fold(name): name for name in columns}
    found = {name: tuple(cells) for name, cells in columns.items()}
    errors: list[Finding] = []
    for feature, source in sorted(mapping.features.items()):
        groups = source.age_groups
        wanted = groups.column if groups else source.column or feature
        column = column_of.get(fold(wanted))
        taken = column_of.get(fold(feature))
        if column is None:
            errors.append(_no_column(feature, wanted, list(labels or columns), file))
            continue
        if taken not in (None, column):
            params = {"feature": feature, "source": column}
            errors.append(Finding("mapping-column-taken", params, file, column=taken))
            continue
        read = _recoder(source) if groups is None else _grouper(groups)
        answers = {cell: read(cell) for cell in dict.fromkeys(columns[column])}
        for row, cell in zip(rows, columns[column], strict=True):
            answer = answers[cell]
            if isinstance(answer, _Wrong):
                params = {"feature": feature, **answer.params}
                errors.append(Finding(answer.code, params, file, row, column))
        cells = tuple("" if isinstance(a := answers[c], _Wrong) else a for c in columns[column])
        if taken is None:
            found[clean(feature)] = cells
        else:
            found[taken] = cells
    return Mapped(found, tuple(errors))


@dataclass(frozen=True)
class _Wrong:
    code: str
    params: Mapping[str, Any]


_Read = Callable[[str], "str | _Wrong"]


def _no_column(feature: str, wanted: str, available: list[str], file: str | None) -> Finding:
    params = {"feature": feature, "column": wanted, "available": available}
    meant = nearest(wanted, available)
    if meant is None:
        return Finding("mapping-column-unknown", params, file)
    return Finding("mapping-column-unknown-nearest", {**params, "nearest": meant}, file)


def _recoder(source: FeatureSource) -> _Read:
    meanings = source.meanings()
    listed = list(dict.fromkeys([*source.values, *source.values.values()]))

    def read(cell: str) -> str | _Wrong:
        meant = meanings.get(source.key(cell))
        if meant is not None:
            return meant
        if not source.values or source.unlisted == "keep" or not clean(cell):
            return clean(cell)
        if source.unlisted == "blank":
            return ""
        near = nearest(cell, [text for text in listed if text])
        if near is None:
            return _Wrong("mapping-value", {"listed": listed})
        return _Wrong("mapping-value-nearest", {"listed": listed, "nearest": near})

    return read


# --- ages ------------------------------------------------------------------------------------


def _grouper(groups: AgeGroups) -> _Read:
    allowed = list(groups.groups)

    def read(cell: str) -> str | _Wrong:
        text = clean(cell)
        if not text:
            return ""
        age = _age(text, groups)
        if isinstance(age, _Wrong):
            return age
        if age > OLDEST:
            return _Wrong("age-too-old", {"oldest": OLDEST})
        group = groups.group_of(age)
        return _Wrong("age-no-group", {"groups": allowed}) if group is None else group

    return read


def _age(text: str, groups: AgeGroups) -> int | _Wrong:
    if groups.on is None or groups.age is not None:
        return int(text) if _AGE.fullmatch(text) else _Wrong("age-wrong", {"oldest": OLDEST})
    if groups.birth_year is not None:
        if not _YEAR.fullmatch(text):
            return _Wrong("birth-year-wrong", {})
        age = groups.on.year - int(text)
    else:
        born = birth_date(text)
        if born is None:
            return _Wrong("birth-date-wrong", {})
        age = -1 if born > groups.on else age_on(groups.on, born)
    return age if age >= 0 else _Wrong("birth-in-future", {"on": groups.on.isoformat()})


def age_on(day: date, born: date) -> int:
    """Whole years of age on a day.

    Who was born on 29 February is a year older from 1 March on where there is no such day, since
    a year of life ends with the day before the birthday (BGB, sections 187 (2) and 188 (2)).
    """
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def birth_date(text: str) -> date | None:
    """A date as offices write it: 1980-02-29, 29.02.1980, or the number of days of Excel."""
    if _EXCEL.fullmatch(text):
        return date(1899, 12, 30) + timedelta(days=int(text))
    iso, german = _ISO.fullmatch(text), _GERMAN.fullmatch(text)
    try:
        if iso:
            return date(*map(int, iso.groups()))
        if german:
            return date(*map(int, reversed(german.groups())))
    except ValueError:
        pass  # there is no such day
    return None
