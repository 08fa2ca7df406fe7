"""Every kind of source becomes the same rows of texts, and what is wrong has its place."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Literal
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mitwirkung.errors import Finding
from mitwirkung.tables import Table, read_table


def write(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def places(findings: tuple[Finding, ...]) -> list[tuple[str, int | None, str | None]]:
    assert all(finding.describe() for finding in findings)  # the params fit the text
    return [(finding.code, finding.row, finding.column) for finding in findings]


def texts(table: Table) -> list[tuple[str, ...]]:
    assert not table.errors
    return [cells for _, cells in table.rows]


# --- CSV -------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_csv_of_every_kind_is_read(
    tmp_path: Path, delimiter: str, line_end: str, mark: bytes
) -> None:
    lines = [["id", " Straße "], ["1", "a"], ["2", "b"]]
    text = "".join(delimiter.join(cells) + line_end for cells in lines)
    table = read_table(write(tmp_path, mark + text.encode()))
    assert table == Table(("id", "Straße"), [(2, ("1", "a")), (3, ("2", "b"))], "table.csv")


cell = st.text(
    st.characters(codec="windows-1252", exclude_characters="\0"), max_size=8
) | st.sampled_from(['"', '""', "a;b", "a,b", "a\tb", "a\nb", "a\r\nb", "'", " a "])
name = st.text(st.characters(codec="windows-1252", categories=["L"]), min_size=1, max_size=8)


@given(
    header=st.lists(name, min_size=2, max_size=5, unique_by=lambda text: text.casefold()),
    data=st.data(),
    delimiter=st.sampled_from([",", ";", "\t"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "windows-1252", "utf-16"]),
)
def test_what_a_csv_writer_writes_is_read_again(
    tmp_path_factory: pytest.TempPathFactory,
    header: list[str],
    data: st.DataObject,
    delimiter: str,
    quoting: Literal[0, 1],
    encoding: str,
) -> None:
    row = st.lists(cell, min_size=len(header), max_size=len(header))
    filled = row.filter(lambda cells: any(text.strip() for text in cells))
    rows = data.draw(st.lists(filled, min_size=1, max_size=6))
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, quoting=quoting).writerows([header, *rows])
    path = write(tmp_path_factory.mktemp("csv"), buffer.getvalue().encode(encoding))
    table = read_table(path, encoding=None if encoding.startswith("utf-8") else encoding)
    stripped = [tuple(text.strip() for text in cells) for _, cells in table.rows]
    assert not table.errors
    assert len(table.columns) == len(header)
    assert stripped == [tuple(text.strip() for text in cells) for cells in rows]
    assert [number for number, _ in table.rows] == list(range(2, len(rows) + 2))


def test_delimiters_inside_a_header_do_not_mislead(tmp_path: Path) -> None:
    text = "id;Alter (18-29, 30-44, 45-59);Ort\n1;18-29;Köln\n2;30-44;Bonn\n"
    table = read_table(write(tmp_path, text))
    assert table.columns == ("id", "Alter (18-29, 30-44, 45-59)", "Ort")
    assert texts(read_table(write(tmp_path, 'id;"a,b,c"\n1;2\n'))) == [("1", "2")]
    assert texts(read_table(write(tmp_path, '"a;b",c\n1;2,3\n'))) == [("1;2", "3")]


def test_a_single_column_needs_no_delimiter(tmp_path: Path) -> None:
    assert texts(read_table(write(tmp_path, "id\n1\n2\n"))) == [("1",), ("2",)]


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path: Path) -> None:
    text = '\nid,text\n1,"two\nlines"\n\n , \n2,b\n'
    table = read_table(write(tmp_path, text))
    assert table.rows == [(3, ("1", "two\nlines")), (6, ("2", "b"))]
    assert places(table.warnings) == [("rows-blank", 1, None)]
    assert table.warnings[0].params == {"count": 3, "rows": [1, 4, 5]}


def test_many_blank_rows_are_one_warning(tmp_path: Path) -> None:
    (warning,) = read_table(write(tmp_path, "id,b\n1,2\n" + ",\n" * 5000)).warnings
    assert warning.params["count"] == 5000
    assert len(warning.describe()) < 200


def test_ragged_rows_are_errors_that_say_what_is_expected(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3\n"))
    assert places(table.errors) == [("row-short", 3, None), ("row-long", 4, None)]
    assert [error.params for error in table.errors] == [
        {"found": 2, "expected": 3},
        {"found": 4, "expected": 3},
    ]
    assert [number for number, _ in table.rows] == [2, 5]


def test_headers_that_are_equal_or_missing_are_errors(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "id,Ort, ORT ,,x\n1,2,3,4,5\n"))
    assert places(table.errors) == [("header-twice", 1, "ORT"), ("header-blank", 1, None)]
    assert table.errors[0].params == {"first": 2, "second": 3}
    assert table.errors[1].params == {"position": 4}


def test_columns_that_were_only_formatted_are_dropped(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a;b;;\n1;2;;\n3;4\n5;6; \n"))
    assert table.columns == ("a", "b")
    assert texts(table) == [("1", "2"), ("3", "4"), ("5", "6")]
    table = read_table(write(tmp_path, "a;b;\n1;2;3\n"))
    assert places(table.errors) == [("header-blank", 1, None)]


def test_quotation_marks_that_do_not_match_do_not_swallow_rows(tmp_path: Path) -> None:
    text = 'a,b\n1,"x" y\n2,fine\n3,"open\n4,fine\n'
    table = read_table(write(tmp_path, text))
    assert places(table.errors) == [("row-quotes", 2, None), ("row-quotes", 4, None)]
    assert table.rows == [(3, ("2", "fine"))]
    table = read_table(write(tmp_path, '"a,b\n1,2\n'))
    assert places(table.errors) == [("row-quotes", 1, None)]


def test_nul_is_refused_where_it_stands(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a,b\n1,2\n1,x\0y\n"))
    assert places(table.errors) == [("cell-character", 3, "b")]
    table = read_table(write(tmp_path, "a,b\0\n1,2\n"))
    assert places(table.errors) == [("cell-character", 1, None)]


@pytest.mark.parametrize(
    ("content", "code"),
    [("", "table-empty"), ("\n \n", "table-empty"), ("a,b\n", "table-no-rows")],
)
@pytest.mark.parametrize("ending", [".csv", ".txt", ""])
def test_a_file_without_rows_is_an_error(
    tmp_path: Path, content: str, code: str, ending: str
) -> None:
    assert places(read_table(write(tmp_path, content, f"t{ending}")).errors) == [(code, None, None)]


# --- encodings -------------------------------------------------------------------------------


def test_another_encoding_has_to_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "id;Straße\n1;a\n2;Köln\n".encode("windows-1252"))
    (error,) = read_table(path).errors
    assert places((error,)) == [("encoding-wrong", 1, None)]
    assert "windows-1252" in error.describe()
    assert texts(read_table(path, encoding="Windows-1252")) == [("1", "a"), ("2", "Köln")]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_decoding_error_names_the_line(tmp_path: Path, line_end: str) -> None:
    text = line_end.join(["id;Ort", "1;Bonn", "2;Köln", "3;Köln"])
    (error,) = read_table(write(tmp_path, text.encode("windows-1252"))).errors
    assert (error.row, error.params["line"]) == (3, 3)


def test_proposals_fit_the_file(tmp_path: Path) -> None:
    (error,) = read_table(write(tmp_path, "id;b\n".encode("utf-16"))).errors
    assert error.params["proposed"] == "utf-16"
    (error,) = read_table(write(tmp_path, "id;\u201d\n".encode()), encoding="cp1252").errors
    assert error.params["proposed"] == "utf-8"


@pytest.mark.parametrize("encoding", ["klingon", "hex", "a\0b"])
def test_an_unknown_encoding_is_an_error(tmp_path: Path, encoding: str) -> None:
    table = read_table(write(tmp_path, "a\n1\n"), encoding=encoding)
    assert places(table.errors) == [("encoding-unknown", None, None)]


def test_files_that_cannot_be_opened_are_findings_without_the_path(tmp_path: Path) -> None:
    missing, folder = read_table(tmp_path / "no.csv"), read_table(tmp_path)
    assert places(missing.errors) == [("file-missing", None, None)]
    assert places(folder.errors) == [("file-unreadable", None, None)]
    assert missing.file == "no.csv"
    assert str(tmp_path) not in missing.errors[0].describe() + folder.errors[0].describe()


def test_an_archive_is_no_table(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, b"PK\x03\x04\xff", "t.xlsx"))
    assert places(table.errors) == [("file-is-archive", None, None)]


def test_a_text_where_a_path_belongs_is_not_repeated() -> None:
    (error,) = read_table("id,name\n1,MARKER").errors
    assert error.code == "source-is-text"
    assert "MARKER" not in repr(error)


# --- JSON lines ------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["t.jsonl", "t.ndjson", "t.json", "t", "t.data"])
def test_json_lines_are_read(tmp_path: Path, file: str) -> None:
    lines = [
        '{"id": 1, "a": "x\u2028y"}',
        "",
        '{"a": null, "id": 2.0, "b": true}\r',
        '{" ID ": "3"}',
    ]
    table = read_table(write(tmp_path, "\n".join(lines) + "\n", file))
    assert table.columns == ("id", "a", "b")
    assert table.rows == [
        (1, ("1", "x\u2028y", "")),
        (3, ("2", "", "true")),
        (4, ("3", "", "")),
    ]
    assert places(table.warnings) == [("rows-blank", 2, None)]


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    lines = [
        '{"a": 1}',
        "[1]",
        "{",
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1}, "c": [1]}',
        "9" * 5000,
        '{"a": "\\ud800"}',
        '{"a": 1, "A": 2}',
        '{"a": 1e300}',
        "[" * 100_000,
    ]
    table = read_table(write(tmp_path, "\n".join(lines), "t.jsonl"))
    assert places(table.errors) == [
        ("row-not-object", 2, None),
        ("row-not-object", 3, None),
        ("row-not-object", 4, None),
        ("cell-not-text", 5, "a"),
        ("cell-not-text", 5, "c"),
        ("row-not-object", 6, None),
        ("cell-character", 7, "a"),
        ("column-twice", 8, "a"),
        ("cell-not-exact", 9, "a"),
        ("row-not-object", 10, None),
    ]


# --- mappings --------------------------------------------------------------------------------


class Answer(Enum):
    YES = "ja"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (math.nan, ""),
        (Decimal("NaN"), ""),
        (pd.NA, ""),
        (pd.NaT, ""),
        (np.datetime64("NaT", "s"), ""),
        (True, "true"),
        (np.False_, "false"),
        (12, "12"),
        (np.int64(12), "12"),
        (12.0, "12"),
        (np.float32(0.5), "0.5"),
        (-0.0, "0"),
        (12.5, "12.5"),
        (Decimal("12.00"), "12"),
        (Decimal("12.50"), "12.5"),
        (2**80, str(2**80)),
        (date(1990, 5, 1), "1990-05-01"),
        (datetime(1990, 5, 1), "1990-05-01"),  # noqa: DTZ001
        (datetime(1990, 5, 1, 12, 30), "1990-05-01T12:30:00"),  # noqa: DTZ001
        (datetime(1990, 5, 1, tzinfo=UTC), "1990-05-01T00:00:00+00:00"),
        (pd.Timestamp(1990, 5, 1), "1990-05-01"),
        (np.datetime64("1990-05-01", "ns"), "1990-05-01"),
        (time(12, 30), "12:30:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Answer.YES, "ja"),
        (np.str_("ja"), "ja"),
    ],
)
def test_cells_become_text(value: object, text: str) -> None:
    assert texts(read_table([{"id": "1", "a": value}])) == [("1", text)]


@pytest.mark.parametrize(
    "value",
    [
        ["MARKER"],
        {"MARKER": 1},
        ("MARKER",),
        b"MARKER",
        object(),
        math.inf,
        Decimal("sNaN"),
        Decimal("1e999999"),
        pytest.param(10**5000, id="huge"),
        np.array([1, 2]),
    ],
)
def test_cells_that_are_no_text_are_errors(value: object) -> None:
    table = read_table([{"id": "1", "a": value}])
    assert places(table.errors) == [("cell-not-text", 1, "a")]
    assert "MARKER" not in repr(table.findings)


def test_mappings_may_differ_in_order_and_keys() -> None:
    table = read_table(iter([{"a": "1", "b": "2"}, {"c": "3", "a": "4"}, {}, {"B ": "5"}]))
    assert table.columns == ("a", "b", "c")
    assert table.rows == [(1, ("1", "2", "")), (2, ("4", "", "3")), (4, ("", "5", ""))]
    assert table.file is None


def test_a_dict_reader_may_be_passed() -> None:
    rows = csv.DictReader(io.StringIO("a,b\n1,2\n1,2,3,4\n1\n"))
    table = read_table(rows)
    assert places(table.errors) == [("row-long", 2, None)]
    assert table.errors[0].params == {"found": 4, "expected": 2}


def test_rows_that_are_no_mappings_are_named() -> None:
    assert places(read_table([{"a": 1}, "MARKER", None]).errors) == [  # type: ignore[list-item]
        ("row-not-mapping", 2, None),
        ("row-not-mapping", 3, None),
    ]
    assert places(read_table([]).errors) == [("table-empty", None, None)]


@pytest.mark.parametrize("source", [b"a,b", {"a": [1]}, io.StringIO("a\n1"), 3, None])
def test_other_sources_are_type_errors(source: object) -> None:
    with pytest.raises(TypeError, match="expected a path, mappings or a data frame"):
        read_table(source)  # type: ignore[arg-type]


# --- data frames -----------------------------------------------------------------------------

COLUMNS = {
    "id": [1, 2, 3],
    "zip": [70173, None, 70174],
    "born": [date(1990, 5, 1), date(1985, 12, 31), None],
    "moved": [True, None, False],
    "name": ["Ä", None, " b "],
    "share": [0.5, 2.0, None],
}
MAPPINGS = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
EXPECTED = [
    ("1", "70173", "1990-05-01", "true", "Ä", "0.5"),
    ("2", "", "1985-12-31", "", "", "2"),
    ("3", "70174", "", "false", " b ", ""),
]


@pytest.mark.parametrize(
    "frame",
    [
        MAPPINGS,
        pd.DataFrame(COLUMNS),
        pd.DataFrame(COLUMNS).assign(born=lambda frame: pd.to_datetime(frame["born"])),
        pd.DataFrame(COLUMNS).convert_dtypes(),
        pl.DataFrame(COLUMNS),
        pl.LazyFrame(COLUMNS),
        pa.table(COLUMNS),
        pl.DataFrame(COLUMNS).with_columns(pl.col("name").cast(pl.Categorical)),
        pd.DataFrame(COLUMNS, index=[7, 8, 9]).astype({"name": "category"}),
    ],
    ids=lambda frame: f"{type(frame).__module__}.{type(frame).__name__}",
)
def test_every_frame_gives_the_same_rows(frame: object) -> None:
    table = read_table(frame)  # type: ignore[arg-type]
    assert table.columns == tuple(COLUMNS)
    assert table.rows == list(enumerate(EXPECTED, 1))
    assert not table.findings


def test_frames_are_checked_like_files() -> None:
    frame = pl.DataFrame({"a": [1, None, 3], "b": [[1], None, [3]]})
    table = read_table(frame)
    assert places(table.errors) == [("cell-not-text", 1, "b"), ("cell-not-text", 3, "b")]
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert places(read_table(twice).errors) == [("header-twice", None, "a")]
    twice_in_arrow = pa.table([[1], [2]], names=["a", "a"])
    assert places(read_table(twice_in_arrow).errors) == [("header-twice", None, "a")]
    assert places(read_table(pl.DataFrame({"a": []})).errors) == [("table-no-rows", None, None)]
    assert texts(read_table(pd.DataFrame({1: ["x"], "b": ["y"]}))) == [("x", "y")]


def test_numbers_that_a_frame_rounded_are_refused() -> None:
    frame = pd.DataFrame({"id": [2**60, None], "b": ["x", "y"]})
    assert places(read_table(frame).errors) == [("cell-not-exact", 1, "id")]


@pytest.mark.parametrize("source", [pd.Series([1]), pl.Series([1])])
def test_what_is_no_frame_is_a_type_error(source: object) -> None:
    with pytest.raises(TypeError, match="Series"):
        read_table(source)  # type: ignore[arg-type]


# --- all sources alike -----------------------------------------------------------------------


@example([["a b", " "]])
@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))).map(
            lambda cells: [*cells, "", ""][:2]
        ),
        min_size=1,
        max_size=5,
    ).filter(lambda rows: any(text.strip() for row in rows for text in row))
)
def test_json_and_mappings_agree(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    mappings = [dict(zip("ab", row, strict=True)) for row in rows]
    text = "\n".join(map(json.dumps, mappings))
    table = read_table(write(tmp_path_factory.mktemp("json"), text, "t.jsonl"))
    assert not table.errors
    assert table.rows == read_table(mappings).rows


def test_a_missing_header_is_not_printed(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "17,anna@example.org,MARKER,MARKER\n18,b,c\n"))
    assert table.labels == ("#1", "#2", "#3", "#4")
    assert "MARKER" not in repr(table.findings) + repr(table)


@given(content=st.binary() | st.text("\"',;\t\r\n ab{}:1[]\0\ufeff").map(str.encode))
@pytest.mark.parametrize("ending", ["csv", "jsonl", "data"])
def test_any_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, ending: str, content: bytes
) -> None:
    table = read_table(write(tmp_path_factory.mktemp("any"), content, f"t.{ending}"))
    assert table.errors or table.rows
    assert all(len(cells) == len(table.columns) for _, cells in table.rows)
    assert all(finding.describe() for finding in table.findings)
