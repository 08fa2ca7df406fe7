"""Sheets of Excel workbooks (.xlsx) as rows of typed cells, with what is wrong in a cell.

openpyxl and not python-calamine: that one returns a cell with an error (#N/A) as a blank one, and
forgets the format by which a postcode is shown as 01067 while the cell holds 1067.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from mitwirkung.errors import ExtraMissing
from mitwirkung.names import fold

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

ARCHIVE = b"PK\x03\x04"
"""How .xlsx begins, and .ods and every other ZIP file."""

COMPOUND = b"\xd0\xcf\x11\xe0"
"""How .xls begins, and a workbook that is protected by a password."""

_WORKBOOK_PART = b"xl/workbook"
_LEADING_ZEROS = re.compile(r"0+")  # the format of a postcode: as many digits as zeros
_EXACT = 10**15  # Excel keeps fifteen digits and makes zeros of the others


@dataclass(frozen=True)
class CellError:
    """A cell that holds no value: `code` is what is wrong, `shown` what Excel shows there."""

    code: str
    shown: str = ""


@dataclass(frozen=True, repr=False)
class Sheet:
    """A sheet of a workbook: row numbers as Excel counts them, and the cells from column A on."""

    name: str
    rows: list[tuple[int, list[object]]] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)


class NoSheet(LookupError):
    """There is no sheet of that name; `available` are those there are."""

    def __init__(self, available: list[str]) -> None:
        super().__init__(available)
        self.available = available


class NotAWorkbook(ValueError):
    """The bytes are an archive, but no .xlsx that can be read."""


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are those of an .xlsx file (and not of another archive)."""
    return data.startswith(ARCHIVE) and _WORKBOOK_PART in data


def read_sheet(data: bytes, name: str | None = None) -> Sheet:
    """The cells of a sheet: that of the name (trimmed, case-folded), else the first visible one.

    Formulas count by the value that Excel computed last.

    Raises:
        ExtraMissing: openpyxl is not installed.
        NoSheet: there is no sheet of that name.
        NotAWorkbook: the file is broken.
    """
    book = _open(data)
    sheet = _find(book, name)
    found = Sheet(sheet.title)
    # Only up to the last value: one formatted cell at the foot of a sheet makes a million rows.
    used = [place for place, cell in sheet._cells.items() if cell.value is not None]
    if not used:
        return found
    last_row, last_column = (max(numbers) for numbers in zip(*used, strict=True))
    for number, cells in enumerate(sheet.iter_rows(max_row=last_row, max_col=last_column), 1):
        values = [_value(cell) for cell in cells]
        found.rows.append((number, values))
        if sheet.row_dimensions[number].hidden and any(value is not None for value in values):
            found.hidden.append(number)
    return found


def column_letter(position: int) -> str:
    """What Excel calls the column at a position (from 1): A, B, ..., Z, AA, ..."""
    letters = ""
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _open(data: bytes) -> Workbook:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise ExtraMissing.of("excel", ["openpyxl"]) from None
    try:
        with warnings.catch_warnings():  # of drawings and other extensions that no cell depends on
            warnings.simplefilter("ignore")
            return load_workbook(BytesIO(data), data_only=True)
    except (BadZipFile, KeyError, ValueError, TypeError, SyntaxError, EOFError):
        # what openpyxl lets through of the parsers below it; SyntaxError is that of XML
        raise NotAWorkbook from None


def _find(book: Workbook, name: str | None) -> Worksheet:
    sheets: list[Worksheet] = list(book.worksheets)
    if name is None:
        visible = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
        found: Iterator[Worksheet] = iter(visible or sheets)
    else:
        found = (sheet for sheet in sheets if fold(sheet.title) == fold(name))
    sheet = next(found, None)
    if sheet is None:
        raise NoSheet([sheet.title for sheet in sheets])
    return sheet


def _value(cell: Any) -> object:
    """The value as an office means it: a number that is shown with leading zeros is a text."""
    value = cell.value
    if cell.data_type == "e":
        return CellError("cell-error", str(value))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if abs(value) >= _EXACT:
            return CellError("cell-not-exact")
        if value == int(value) and _LEADING_ZEROS.fullmatch(cell.number_format):
            return str(int(value)).zfill(len(cell.number_format))
    return value
