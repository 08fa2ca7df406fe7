"""Excel workbooks, written by another hand than the one that reads them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from mitwirkung.errors import ExtraMissing, Finding, InputError
from mitwirkung.intake import read_applicants
from mitwirkung.lottery.quota_files import read_quotas
from mitwirkung.tables import read_table
from mitwirkung.workbooks import column_letter

Fill = Callable[[Any, Any], None]


def workbook(folder: Path, **sheets: list[list[Any]] | Fill) -> Path:
    """A workbook of sheets: rows of cells, or a function that gets the workbook and its sheet."""
    path = folder / "mappe.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "dd.mm.yyyy"}) as book:
        for name, content in sheets.items():
            sheet = book.add_worksheet(name)
            if callable(content):
                content(book, sheet)
            else:
                for number, cells in enumerate(content):
                    sheet.write_row(number, 0, cells)
    return path


def places(findings: tuple[Finding, ...]) -> list[tuple[str, int | None, str | None]]:
    assert all(finding.describe() for finding in findings)
    return [(finding.code, finding.row, finding.column) for finding in findings]


def test_cells_become_the_texts_that_an_office_means(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        plain = ["id", "PLZ", "Nummer", "seit", "Ja?", "Formel", "Uhrzeit", "Anteil"]
        sheet.write_row(0, 0, plain)
        sheet.write_row(1, 0, [1.0, "01067", 7, date(2000, 2, 29), True])
        sheet.write_formula("F2", '="w"&"eiblich"', None, "weiblich")
        sheet.write_datetime("G2", time(8, 30), book.add_format({"num_format": "hh:mm"}))
        sheet.write_number("H2", 2.5)
        postcode = book.add_format({"num_format": "00000"})
        sheet.write_row(2, 0, [2, None, -7, datetime.combine(date(2000, 2, 29), time(12)), False])
        sheet.write_number("B3", 1067, postcode)
        sheet.write_formula("F3", "=40+2", None, 42)

    table = read_table(workbook(tmp_path, Tabelle1=fill))
    assert not table.findings
    assert table.file == "mappe.xlsx, Tabelle1"
    assert table.rows == [
        (2, ("1", "01067", "7", "2000-02-29", "true", "weiblich", "08:30:00", "2.5")),
        (3, ("2", "01067", "-7", "2000-02-29T12:00:00", "false", "42", "", "")),
    ]


def test_rows_and_columns_without_entries_are_left_out_and_rows_keep_their_numbers(
    tmp_path: Path,
) -> None:
    rows = [
        [],
        [None, "id", None, "Ort", None],
        [None, "1", None, "Hörde", None],
        [None, " "],
        [None, "2", None, "Mitte"],
    ]
    table = read_table(workbook(tmp_path, Tabelle1=rows))
    assert table.columns == ("id", "Ort")
    assert table.rows == [(3, ("1", "Hörde")), (5, ("2", "Mitte"))]
    assert places(table.findings) == [("rows-blank", 4, None)]


word = st.text(st.characters(categories=["L", "N", "P", "Sc"]), min_size=1, max_size=8)


@given(st.lists(st.tuples(word, word), min_size=1, max_size=5))
def test_texts_come_back_as_they_were_written(rows: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "mappe.xlsx")
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("Liste")
            sheet.write_row(0, 0, ["a", "b"])
            for number, cells in enumerate(rows, 1):
                for column, cell in enumerate(cells):
                    sheet.write_string(number, column, cell)
        assert [cells for _, cells in read_table(path).rows] == rows


def test_formatted_cells_far_away_are_no_rows(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_column("A1", ["id", 1])
        sheet.write_blank("XFD1048576", None, book.add_format({"bold": True}))

    table = read_table(workbook(tmp_path, Liste=fill))
    assert (table.columns, table.rows) == (("id",), [(2, ("1",))])
    assert not table.findings


def test_error_cells_have_their_address_and_are_no_blanks(tmp_path: Path) -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write_row("B2", ["id", "Alter"])
        sheet.write_row("B3", [1, 17])
        sheet.write("B4", 2)
        sheet.write_formula("C4", "=NA()", None, "#N/A")
        sheet.write_formula("B5", "=1/0", None, "#DIV/0!")
        sheet.write_number("C5", 5)

    table = read_table(workbook(tmp_path, Liste=fill))
    assert places(table.errors) == [("cell-error", 4, "Alter"), ("cell-error", 5, "id")]
    assert table.errors[0].describe() == (
        "mappe.xlsx, Liste, row 4, column 'Alter': "
        "The cell C4 holds an error (#N/A); correct the formula."
    )
    assert table.rows == [(3, ("1", "17"))]


def test_numbers_that_excel_has_rounded_are_refused(tmp_path: Path) -> None:
    rows = [["id"], [999_999_999_999_999], [1_234_567_890_123_456]]
    table = read_table(workbook(tmp_path, Liste=rows))
    assert table.rows == [(2, ("999999999999999",))]
    assert places(table.errors) == [("cell-not-exact", 3, "id")]


def test_the_columns_of_a_header_are_called_by_their_letters(tmp_path: Path) -> None:
    rows = [[None, "id", "Alter", None, "alter"], [None, 1, 2, "entry", 3]]
    table = read_table(workbook(tmp_path, Liste=rows))
    assert [error.describe() for error in table.errors] == [
        "mappe.xlsx, Liste, row 1: Column D has no name in the header.",
        "mappe.xlsx, Liste, row 1, column 'alter': Columns C and E have the same name.",
    ]


@pytest.mark.parametrize("merged", ["A1:F1", "A1:C1"])
def test_a_title_is_no_header(tmp_path: Path, merged: str) -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.merge_range(merged, "Bewerbungen 2026")
        sheet.write_row("A3", ["id", "Name", "Alter", "PLZ", "Ort", "Ja"])
        sheet.write_row("A4", [1, "A", 20, "44135", "Mitte", "x"])

    table = read_table(workbook(tmp_path, Liste=fill))
    assert places(table.errors) == [("header-is-title", 1, None)]
    assert table.errors[0].params["found"] == 3
    assert "Row 3 seems to name the columns" in table.errors[0].describe()


def test_hidden_rows_are_read_and_told(tmp_path: Path) -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write_column("A1", ["id", 1, 2, 3])
        sheet.set_row(2, options={"hidden": True})

    table = read_table(workbook(tmp_path, Liste=fill))
    assert [cells for _, cells in table.rows] == [("1",), ("2",), ("3",)]
    assert places(table.warnings) == [("rows-hidden", 3, None)]


def test_sheets_are_chosen_by_name_and_the_first_visible_one_otherwise(tmp_path: Path) -> None:
    def hidden(_: Any, sheet: Any) -> None:
        sheet.write_column("A1", ["id", "verborgen"])

    path = tmp_path / "mappe.xlsx"
    with xlsxwriter.Workbook(path) as book:
        first = book.add_worksheet("Alt")
        hidden(book, first)
        book.add_worksheet("Liste").write_column("A1", ["id", "a"])
        book.add_worksheet("Quoten Endstand").write_column("A1", ["id", "b"])
        book.worksheets()[1].activate()
        first.hide()
    assert read_table(path).rows == [(2, ("a",))]
    assert read_table(path, sheet=" quoten  ENDSTAND").rows == [(2, ("b",))]
    assert read_table(path, sheet="Alt").rows == [(2, ("verborgen",))]
    (error,) = read_table(path, sheet="Quote").errors
    assert error.code == "sheet-unknown"
    assert error.describe().endswith("There are: Alt, Liste, Quoten Endstand.")


def test_applicants_and_quotas_of_one_workbook(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        Bewerbungen=[["id", "Alter"], [1, "jung"], [1, "alt"]],
        Quoten=[["feature", "value", "min", "max"], ["Alter", "jung", 0, 1.0]],
    )
    plan = read_quotas(path, sheet="Quoten")
    assert [(q.value, q.min, q.max) for q in plan.features[0].quotas] == [("jung", 0, 1)]
    with pytest.raises(InputError) as refused:
        read_applicants(path)
    (finding,) = refused.value.findings
    assert (finding.code, finding.file, finding.row, finding.column) == (
        "id-twice",
        "mappe.xlsx, Bewerbungen",
        3,
        "id",
    )


def test_what_is_no_workbook_is_said(tmp_path: Path) -> None:
    old, broken, text = tmp_path / "alt.xls", tmp_path / "b.xlsx", tmp_path / "t.csv"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500))
    broken.write_bytes(b"PK\x03\x04 xl/workbook.xml and no more")
    text.write_text("id\n1\n", encoding="utf-8")
    assert places(read_table(old).errors)[0][0] == "file-is-old-workbook"
    assert places(read_table(broken).errors)[0][0] == "workbook-broken"
    assert places(read_table(text, sheet="Liste").errors)[0][0] == "sheet-without-workbook"
    assert places(read_table(workbook(tmp_path, Liste=[])).errors) == [("table-empty", None, None)]


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path, Liste=[["id"], [1]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ExtraMissing, match=r"pip install 'mitwirkung\[excel\]'"):
        read_table(path)


def test_letters_of_columns() -> None:
    letters = [column_letter(position) for position in (1, 26, 27, 52, 53, 702, 703, 16384)]
    assert letters == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"]
