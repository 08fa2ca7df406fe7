"""Applications come in the same from every source, or are refused with every error at once."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import traceback
from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import DATA
from mitwirkung.errors import Finding, InputError
from mitwirkung.intake import (
    Applicants,
    clean_all,
    collect_applicants,
    fold_all,
    read_applicants,
)
from mitwirkung.names import clean, fold


def write(folder: Path, text: str, name: str = "bewerbungen.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def places(findings: tuple[Finding, ...]) -> list[tuple[str, int | None, str | None]]:
    assert all(finding.describe() for finding in findings)  # the params fit the text
    return [(finding.code, finding.row, finding.column) for finding in findings]


# --- what is read ----------------------------------------------------------------------------


def test_applicants_are_read_column_by_column(tmp_path: Path) -> None:
    text = "ID;Geschlecht;Straße\n a1 ;weiblich ;Ko\u0308nigsweg 1\n;;\na2;divers;\n"
    applicants = read_applicants(write(tmp_path, text), missing={" straße ": "own value"})
    assert applicants.ids == ("a1", "a2")
    assert applicants.columns == {
        "ID": ("a1", "a2"),
        "Geschlecht": ("weiblich", "divers"),
        "Straße": ("Königsweg 1", ""),
    }
    assert applicants.rows == (2, 4)
    assert applicants.id_column == "ID"
    assert applicants.file == "bewerbungen.csv"
    assert applicants.missing == {"Straße": "own value"}
    assert places(applicants.warnings) == [("rows-blank", 3, None)]


def test_every_source_gives_the_same_applicants(tmp_path: Path) -> None:
    columns = {
        "id": [101, 102, 103],
        "zip": [70173, None, 70174],
        "born": [date(1990, 5, 1), None, date(1985, 12, 31)],
        "gender": ["weiblich", "männlich", "divers"],
        "moved": [True, False, None],
    }
    mappings = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    lines = "\n".join(json.dumps(row, default=str) for row in mappings)
    text = (
        "id,zip,born,gender,moved\n101,70173,1990-05-01,weiblich,true\n"
        "102,,,männlich,false\n103,70174,1985-12-31,divers,\n"
    )
    sources = [
        mappings,
        [dict(reversed(row.items())) for row in mappings],
        iter(mappings),
        pd.DataFrame(columns),
        pl.DataFrame(columns),
        pa.table(columns),
        write(tmp_path, lines, "a.jsonl"),
        write(tmp_path, text),
    ]
    ids, by_column = ("101", "102", "103"), None
    for source in sources:
        applicants = read_applicants(source)
        by_column = by_column or dict(applicants.columns)
        assert applicants.ids == ids
        assert applicants.columns == by_column
        assert not applicants.warnings
    assert read_applicants(mappings) == read_applicants(pd.DataFrame(columns))
    assert read_applicants(mappings) == read_applicants(pl.DataFrame(columns))
    assert read_applicants(mappings) == read_applicants(pa.table(columns))


@given(order=st.permutations(["id", "a", "b", "c"]))
def test_the_order_of_the_columns_does_not_matter(order: list[str]) -> None:
    rows = [{"id": "1", "a": "x", "b": "y", "c": ""}, {"id": "2", "a": "", "b": "z", "c": "w"}]
    permuted = [{name: row[name] for name in order} for row in rows]
    first, second = read_applicants(rows), read_applicants(permuted)
    assert first.ids == second.ids
    assert first.columns == second.columns
    assert tuple(second.columns) == tuple(order)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_columns_are_cleaned_and_folded_as_cells_are(cells: list[str]) -> None:
    assert clean_all(cells) == tuple(map(clean, cells))
    cleaned = clean_all(cells)
    assert list(fold_all(cleaned)) == list(map(fold, cleaned))


def test_the_instances_are_read() -> None:
    for folder in DATA.iterdir():
        if folder.is_dir():
            intake = collect_applicants(folder / "candidates.csv")
            assert intake.applicants
            assert not intake.warnings


# --- the id column ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["id", " ID", "unique_id", "External_ID", "nationbuilder_id"])
def test_common_id_columns_are_found(name: str) -> None:
    assert read_applicants([{"a": "x", name: "7"}]).ids == ("7",)


def test_an_id_column_may_be_named() -> None:
    rows = [{"id": "1", "Los-Nr": "7"}]
    applicants = read_applicants(rows, id="los-nr ")
    assert applicants.ids == ("7",)
    assert applicants.id_column == "Los-Nr"


def test_row_numbers_are_never_ids() -> None:
    intake = collect_applicants([{"Los-Nr": "7", "a": "x"}])
    assert intake.applicants is None
    assert places(intake.errors) == [("id-column-none", None, None)]
    assert "nationbuilder_id" in intake.errors[0].describe()
    frame = pd.DataFrame({"id": ["x"], "a": ["y"]}).set_index("id")
    assert places(collect_applicants(frame).errors) == [("id-column-none", None, None)]


def test_an_unknown_or_doubtful_id_column_lists_what_there_is() -> None:
    (error,) = collect_applicants([{"id": "7", "a": "x"}], id="Nummer").errors
    assert error.code == "id-column-unknown"
    assert error.params == {"name": "Nummer", "available": ["id", "a"]}
    (error,) = collect_applicants([{"external_id": "", "nationbuilder_id": "x"}]).errors
    assert error.code == "id-column-several"
    assert error.params == {"found": ["external_id", "nationbuilder_id"]}


def test_ids_are_present_distinct_and_on_one_line() -> None:
    ids = ["a", " ", "b", "a ", "x\ny", "A", "e\u0301", "\u00e9", "a"]
    intake = collect_applicants([{"id": id, "b": "1"} for id in ids])
    assert places(intake.errors) == [
        ("id-blank", 2, "id"),
        ("id-twice", 4, "id"),
        ("id-line-break", 5, "id"),
        ("id-twice", 8, "id"),
        ("id-twice", 9, "id"),
    ]
    assert [e.params for e in intake.errors if e.code == "id-twice"] == [
        {"first": 1},
        {"first": 7},
        {"first": 1},
    ]


# --- missing answers -------------------------------------------------------------------------


def test_policies_are_matched_folded_and_carried() -> None:
    rows = [{"id": "1", "Bildung": "", "Alter": "", "Ort": ""}]
    missing = {"bildung": "Own Value", " ALTER": "unconstrained", "Ort": "refuse"}
    assert read_applicants(rows, missing=missing).missing == {  # type: ignore[arg-type]
        "Bildung": "own value",
        "Alter": "unconstrained",
        "Ort": "refuse",
    }


def test_policies_that_are_not_right_are_all_named() -> None:
    rows = [{"id": "1", "Bildung": "", "Alter": ""}]
    missing = {"Beruf": "refuse", "Alter": "guess", "Bildung": "refuse", "BILDUNG": "own value"}
    errors = collect_applicants(rows, missing=missing).errors  # type: ignore[arg-type]
    assert places(errors) == [
        ("missing-column-unknown", None, None),
        ("missing-policy-unknown", None, "Alter"),
        ("missing-column-twice", None, "Bildung"),
    ]
    assert errors[0].params["available"] == ["id", "Bildung", "Alter"]
    assert errors[1].params["available"] == ["refuse", "own value", "unconstrained"]


# --- likely duplicates -----------------------------------------------------------------------


def test_people_who_are_likely_the_same_are_warnings() -> None:
    rows = [
        {"id": "1", "Name": "Ann Lee", "E-Mail": "a@x.org", "PLZ": "1", "Adresse": "Weg 1"},
        {"id": "2", "Name": "ann  lee ", "E-Mail": "", "PLZ": "1", "Adresse": "WEG 1"},
        {"id": "3", "Name": "Ann Lee", "E-Mail": "", "PLZ": "2", "Adresse": "Weg 1"},
        {"id": "4", "Name": "Bo", "E-Mail": "A@x.org", "PLZ": "3", "Adresse": "Weg 2"},
        {"id": "5", "Name": "", "E-Mail": "", "PLZ": "1", "Adresse": "Weg 1"},
        {"id": "6", "Name": "", "E-Mail": "", "PLZ": "1", "Adresse": "Weg 1"},
    ]
    warnings = read_applicants(rows).warnings
    assert [(w.code, w.params["columns"], w.params["rows"]) for w in warnings] == [
        ("person-twice", ["E-Mail"], [1, 4]),
        ("person-twice", ["Name", "Adresse", "PLZ"], [1, 2]),
    ]


@pytest.mark.parametrize(
    "columns",
    [
        ("mail",),
        ("Vorname", "Nachname", "Geburtsdatum"),
        ("Vorname", "Name", "PLZ"),
        ("first_name", "last_name", "address1"),
        ("first-name", "last-name", "zip"),
        ("name", "date of birth"),
    ],
)
def test_the_columns_of_a_person_are_known(columns: tuple[str, ...]) -> None:
    rows = [{"id": id, **dict.fromkeys(columns, "x")} for id in ("1", "2", "3")]
    (warning,) = read_applicants(rows).warnings
    assert warning.params == {"count": 3, "columns": list(columns), "rows": [1, 2, 3]}


@pytest.mark.parametrize(
    "columns",
    [
        ("Geschlecht", "Alter", "Bildung", "PLZ", "Adresse"),
        ("name", "Geschlecht"),
        ("Vorname", "Geburtsdatum"),
        ("Nachname", "PLZ"),
    ],
)
def test_equal_features_or_a_bare_name_are_no_reason(columns: tuple[str, ...]) -> None:
    rows = [{"id": id, **dict.fromkeys(columns, "x")} for id in ("1", "2", "3")]
    assert not read_applicants(rows).warnings


def test_a_shared_address_of_thousands_is_one_short_warning() -> None:
    (warning,) = read_applicants([{"id": i, "mail": "x@y.z"} for i in range(5000)]).warnings
    assert warning.params["count"] == 5000
    assert len(warning.describe()) < 200


# --- errors ----------------------------------------------------------------------------------


def test_every_error_of_every_row_comes_at_once(tmp_path: Path) -> None:
    text = 'id,a,a\n1,x,y\n,x,y\n1,x,y\n2,x\n3,x,y,z\n4,"x" y,z\n5,x\0,y\n'
    with pytest.raises(InputError) as caught:
        read_applicants(write(tmp_path, text), missing={"b": "refuse"})
    assert places(caught.value.findings) == [
        ("missing-column-unknown", None, None),
        ("header-twice", 1, "a"),
        ("id-blank", 3, "id"),
        ("id-twice", 4, "id"),
        ("row-short", 5, None),
        ("row-long", 6, None),
        ("row-quotes", 7, None),
        ("cell-character", 8, "a"),
    ]
    assert all(finding.file == "bewerbungen.csv" for finding in caught.value.findings)


def test_many_errors_are_kept_and_a_hundred_printed() -> None:
    with pytest.raises(InputError) as caught:
        read_applicants([{"id": "", "b": "x"} for _ in range(1000)])
    assert len(caught.value.findings) == 1000
    assert len(str(caught.value).splitlines()) == 102


BAD_FILES = {
    "cells": 'id,MARKERS\n1,MARKER\0\nMARKER\n,MARKER\nMARKER,x,MARKER\n2,"MARKER" MARKER\n',
    "ids": "id,name,mail\nMARKER,b,MARKER\nMARKER,b,MARKER\n\n,MARKER,MARKER\n",
    "no header": "17,MARKER,MARKER\n17,MARKER,x\n",
    "no header with mail": "MARKER,MARKER@MARKER.org\nMARKER,x\n",
    "no id": "name,b\nMARKER,MARKER\n",
    "open quote": 'id,b\n1,"MARKER\n2,MARKER\n',
    "json": '{"id": "MARKER"\n{"id": "MARKER", "a": ["MARKER"]}\n"MARKER"\n',
    "encoding": "id,b\n1,MARKERä\n",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_errors_hold_no_personal_data(tmp_path: Path, name: str) -> None:
    text = BAD_FILES[name].replace("MARKERS", "b")
    path = tmp_path / ("a.jsonl" if name == "json" else "a.csv")
    path.write_bytes(text.encode("windows-1252" if name == "encoding" else "utf-8"))
    for options in ({}, {"id": "Nummer", "missing": {"Beruf": "refuse"}}):
        with pytest.raises(InputError) as caught:
            read_applicants(path, **options)  # type: ignore[arg-type]
        error = caught.value
        said = [
            str(error),
            repr(error),
            "".join(traceback.format_exception(error)),
            pickle.dumps(error).decode("latin-1"),
            repr(collect_applicants(path, **options)),  # type: ignore[arg-type]
            *(json.dumps(finding.as_json()) for finding in error.findings),
        ]
        assert not [text for text in said if "MARKER" in text]
        assert error.__cause__ is None
        assert error.__context__ is None
        assert pickle.loads(pickle.dumps(error)).findings == error.findings


def test_a_missing_header_is_said_so(tmp_path: Path) -> None:
    intake = collect_applicants(write(tmp_path, "17,Anna,1990-05-01\n18,Bo,1991-01-01\n"))
    assert places(intake.errors) == [("header-is-data", None, None)]
    assert intake.errors[0].params == {"positions": [1, 3]}


def test_warnings_and_representations_hold_no_personal_data() -> None:
    rows = [{"id": f"MARKER{i}", "mail": "MARKER", "b": "MARKER"} for i in range(2)]
    applicants = read_applicants(rows)
    assert isinstance(applicants, Applicants)
    assert "MARKER" not in repr(applicants) + repr(applicants.warnings)
    assert "MARKER" not in json.dumps([warning.as_json() for warning in applicants.warnings])


# --- cost ------------------------------------------------------------------------------------


def test_reading_a_file_imports_nothing_heavy(tmp_path: Path) -> None:
    path = write(tmp_path, "id,b\n1,2\n")
    code = (
        "import sys; from mitwirkung.intake import read_applicants;"
        f"read_applicants({str(path)!r});"
        "print(sorted({'narwhals', 'pandas', 'numpy', 'polars', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_polars_frame_does_not_import_pandas() -> None:
    code = (
        "import sys, polars; from mitwirkung.intake import read_applicants;"
        "read_applicants(polars.DataFrame({'id': [1], 'b': ['x']}));"
        "print('narwhals' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True False"
