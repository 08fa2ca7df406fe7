"""Tables as people keep them: .xlsx, CSV, JSON lines, mappings, data frames; all as rows of texts.

What cannot be read is collected with its place and never repeated, since it may be personal.
"""

from __future__ import annotations

import csv
import json
import math
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, lookup
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from io import StringIO
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from mitwirkung.errors import Finding
from mitwirkung.names import clean, fold
from mitwirkung.workbooks import (
    ARCHIVE,
    COMPOUND,
    CellError,
    NoSheet,
    NotAWorkbook,
    Sheet,
    column_letter,
    is_workbook,
    read_sheet,
)

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

Source: TypeAlias = "str | PathLike[str] | Iterable[Mapping[str, Any]] | IntoFrame"

DELIMITERS = (";", "\t", ",")  # in a tie the first: commas are the likeliest to be mere text
USUAL_ENCODINGS = ["utf-8", "windows-1252", "utf-16"]

_CSV_ENDINGS = {".csv", ".tsv", ".txt"}
_JSON_ENDINGS = {".jsonl", ".ndjson", ".json"}
_FRAME_MODULES = {"pandas", "polars", "pyarrow", "narwhals"}
_FRAME_METHODS = ("__narwhals_dataframe__", "__narwhals_lazyframe__")
_FRAME_PROTOCOLS = ("__dataframe__", "__arrow_c_stream__")
_ROWS_LISTED = 10
_SAMPLE = 100_000  # characters looked at to find the delimiter
_EXACT_FLOAT = 2**53  # from here on a float no longer tells neighbouring whole numbers apart

Row: TypeAlias = tuple[int, tuple[str, ...]]


@dataclass(frozen=True, repr=False)
class Table:
    """Rows of texts below named columns.

    `columns` are the headers, trimmed, in order. `rows` are pairs of a row number and one text
    per column, as written. A row number is what a spreadsheet shows (the header of a CSV file is
    row 1), the line of a JSON lines file, or counts mappings and data frame rows from 1. `file`
    is the name of the file, never the path to it; for a workbook with that of the sheet. Rows with
    an error are left out of `rows`.
    """

    columns: tuple[str, ...]
    rows: list[Row]
    file: str | None = None
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        return f"<table of {len(self.rows)} rows and {len(self.columns)} columns>"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Errors and warnings."""
        return self.errors + self.warnings

    @property
    def labels(self) -> tuple[str, ...]:
        """What to call the columns in a message."""
        return _labels(self.columns)

    def find(self, name: str) -> int | None:
        """The position of the column of that name (trimmed, case-folded), None without one."""
        key = fold(name)
        return next((i for i, column in enumerate(self.columns) if fold(column) == key), None)


def read_table(source: Source, *, encoding: str | None = None, sheet: str | None = None) -> Table:
    """Any table as rows of texts, with everything that is wrong in it.

    `source` is a path (.csv, .tsv and .txt hold CSV, .jsonl, .ndjson and .json hold JSON lines;
    otherwise a file that begins with a brace holds JSON lines; an Excel workbook, .xlsx, is known
    by its content and read from `sheet`, else from its first sheet), an iterable of mappings, or
    any data frame that narwhals knows. CSV is separated by commas, semicolons or tabs, as the
    header shows. Files are UTF-8, with or without a byte order mark, unless `encoding` is named.

    Cells that are no text become text: nothing and NaN "", truth values "true" and "false",
    whole numbers without a fraction (2.0 is "2"), dates in ISO 8601, a time stamp at midnight
    without a time zone as its date (data frames often know no plain dates).

    Raises:
        TypeError: the source is none of these.
        ImportError: a data frame was given and narwhals is not installed.
        ExtraMissing: a workbook was given and openpyxl is not installed.
    """
    if isinstance(source, (str, PathLike)):
        reading = _Reading(file=_file_name(source))
        data = _read_bytes(source, reading)
        if data is not None and is_workbook(data):
            _read_workbook(data, sheet, reading)
            return _finish(reading)
        if data is not None and sheet is not None:
            reading.error("sheet-without-workbook")
            return _finish(reading)
        text = None if data is None else _decode(data, encoding, reading)
        if text is not None:
            if _is_json(Path(source), text):
                _read_mappings(_json_objects(text, reading), reading)
            else:
                _read_csv(text, reading)
    elif _is_frame(source):
        reading = _Reading()
        _read_frame(source, reading)
    elif isinstance(source, (Mapping, bytes, bytearray)) or hasattr(source, "read"):
        raise TypeError(f"expected a path, mappings or a data frame, not a {type(source).__name__}")
    elif isinstance(source, Iterable):
        reading = _Reading()
        _read_mappings(enumerate(source, 1), reading)
    else:
        raise TypeError(f"expected a path, mappings or a data frame, not a {type(source).__name__}")
    return _finish(reading)


def read_cells(
    path: str | PathLike[str], *, encoding: str | None = None, sheet: str | None = None
) -> tuple[list[tuple[str, ...]], tuple[Finding, ...]]:
    """The rows of a CSV file or of a sheet as trimmed texts, the first one like the others, and
    what is wrong: for files whose first row may be no header. Blank rows are left out; a file that
    holds JSON lines has no such rows.

    Raises:
        ExtraMissing: a workbook was given and openpyxl is not installed.
    """
    reading = _Reading(file=_file_name(path))
    data = _read_bytes(path, reading)
    rows: list[Sequence[str] | None] = []
    if data is not None and is_workbook(data):
        rows = _sheet_cells(data, sheet, reading)
    elif data is not None and sheet is not None:
        reading.error("sheet-without-workbook")
    elif data is not None:
        text = _decode(data, encoding, reading)
        if text is not None and not _is_json(Path(path), text):
            for number, cells in _records(text, _delimiter(text)):
                if cells is None:
                    reading.error("row-quotes", number)
                rows.append(cells)
    texts = [tuple(map(clean, cells)) for cells in rows if cells and not _is_blank(cells)]
    return texts, tuple(reading.errors)


def row_list(rows: Sequence[int]) -> list[int | str]:
    """The first rows of many, for a message."""
    return [*rows[:_ROWS_LISTED], *(["..."] if len(rows) > _ROWS_LISTED else [])]


@dataclass
class _Reading:
    """A table in the making."""

    file: str | None = None
    columns: list[str] = field(default_factory=list)
    header: int | None = None
    rows: list[Row] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    letters: bool = False  # whether people know the columns by letters, as in Excel
    positions: list[int] = field(default_factory=list)  # of the columns, where some were left out
    errors: list[Finding] = field(default_factory=list)

    def error(
        self, code: str, row: int | None = None, column: str | None = None, **params: Any
    ) -> None:
        self.errors.append(Finding(code, params, self.file, row, column))

    def place(self, position: int) -> int | str:
        """What to call the column at a position (from 1) in a message about its header."""
        return column_letter(self.positions[position - 1]) if self.letters else position


# --- files -----------------------------------------------------------------------------------


def _file_name(source: str | PathLike[str]) -> str | None:
    text = str(source)
    return None if _is_several_lines(text) else Path(text).name


def _is_several_lines(text: str) -> bool:
    return any(character in text for character in "\n\r\0")


def _read_bytes(source: str | PathLike[str], reading: _Reading) -> bytes | None:
    if _is_several_lines(str(source)):
        # the table itself where its path belongs: it must not come back as a file name
        reading.error("source-is-text")
        return None
    try:
        return Path(source).read_bytes()
    except FileNotFoundError:
        reading.error("file-missing")
    except OSError as error:
        reading.error("file-unreadable", reason=error.strerror or type(error).__name__)
    return None


def _decode(data: bytes, encoding: str | None, reading: _Reading) -> str | None:
    if data.startswith((ARCHIVE, COMPOUND)):
        code = "file-is-archive" if data.startswith(ARCHIVE) else "file-is-old-workbook"
        reading.error(code)
        return None
    name = (encoding or "utf-8").strip()
    try:
        return data.decode(name).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        # latin-1 has a letter for every byte, so the lines before the error can be counted
        before = data[: error.start].decode("latin-1")
        line = 1 + max(before.count("\n"), before.count("\r"))
        proposed = _likely_encoding(data, name)
        reading.error("encoding-wrong", line, line=line, encoding=name, proposed=proposed)
    except (LookupError, ValueError):
        reading.error("encoding-unknown", encoding=name, usual=USUAL_ENCODINGS)
    return None


def _likely_encoding(data: bytes, failed: str) -> str:
    if data.startswith((BOM_UTF16_BE, BOM_UTF16_LE)):
        return "utf-16"
    return "utf-8" if lookup(failed).name == "cp1252" else "windows-1252"


def _is_json(path: Path, text: str) -> bool:
    ending = path.suffix.casefold()
    if ending in _CSV_ENDINGS | _JSON_ENDINGS:
        return ending in _JSON_ENDINGS
    return text.lstrip().startswith("{")


# --- CSV -------------------------------------------------------------------------------------


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """Numbered records of a CSV text; None for one whose quotation marks do not match.

    A record with line breaks in its cells counts once, and a blank line counts too, as both do
    in a spreadsheet.
    """
    lines = StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader)
        except csv.Error:
            yield number, None
        except StopIteration:
            return


def _delimiter(text: str) -> str:
    """The delimiter that splits the header, and the first rows into as many cells.

    The header alone can mislead: `id;Age (18-29, 30-44, 45-59)` has more commas.
    """

    def fit(delimiter: str) -> tuple[int, int]:
        sample = islice(_records(text[:_SAMPLE], delimiter), 30)
        records = [cells or [] for _, cells in sample if cells is None or not _is_blank(cells)]
        widths = [len(cells) for cells in records]
        if not widths or widths[0] < 2:
            return (-1, 0)
        return (widths[1:].count(widths[0]), widths[0])

    return max(DELIMITERS, key=fit)


def _is_blank(cells: Iterable[str]) -> bool:
    return not any(map(str.strip, cells))


def _read_csv(text: str, reading: _Reading) -> None:
    records = _records(text, _delimiter(text))
    for number, cells in records:
        if cells is None:
            reading.error("row-quotes", number)
            return  # without a header there is nothing to hold the rows against
        if not _is_blank(cells):
            reading.header = number
            reading.columns = [clean(cell) for cell in cells]
            break
        reading.blank.append(number)
    else:
        return
    full = len(reading.columns)
    # spreadsheets add delimiters for columns that were only ever formatted
    named = next((i for i in range(full, 0, -1) if reading.columns[i - 1]), 0)
    for number, cells in records:
        if cells is None:
            reading.error("row-quotes", number)
        elif _is_blank(cells):
            reading.blank.append(number)
        elif named <= len(cells) <= full:
            padding = [""] * (full - len(cells))
            reading.rows.append((number, tuple(cells + padding if padding else cells)))
        else:
            code = "row-short" if len(cells) < named else "row-long"
            reading.error(code, number, found=len(cells), expected=named)


# --- workbooks -------------------------------------------------------------------------------


def _read_workbook(data: bytes, name: str | None, reading: _Reading) -> None:
    sheet = _sheet(data, name, reading)
    if sheet is None:
        return
    rows = [(number, cells) for number, cells in sheet.rows if _filled(cells)]
    if not rows:
        return
    used = [i for i in range(len(rows[0][1])) if any(_has_value(cells[i]) for _, cells in rows)]
    reading.header, header = rows[0]
    better = _row_of_names(rows, len(used))
    if better is not None:
        reading.error("header-is-title", reading.header, found=better)
        return
    reading.blank = [n for n, cells in sheet.rows if n > reading.header and not _filled(cells)]
    reading.hidden = sheet.hidden
    reading.positions = [i + 1 for i in used]
    reading.columns = [clean(_cell_text(header[i], reading, reading.header, i, "")) for i in used]
    labels = _labels(reading.columns)
    for number, cells in rows[1:]:
        found = len(reading.errors)
        named = zip(used, labels, strict=True)
        texts = tuple(_cell_text(cells[i], reading, number, i, label) for i, label in named)
        if len(reading.errors) == found:
            reading.rows.append((number, texts))


def _sheet(data: bytes, name: str | None, reading: _Reading) -> Sheet | None:
    try:
        sheet = read_sheet(data, name)
    except NoSheet as error:
        reading.error("sheet-unknown", name=name, available=error.available)
        return None
    except NotAWorkbook:
        reading.error("workbook-broken")
        return None
    reading.file = f"{reading.file}, {sheet.name}"
    reading.letters = True
    return sheet


def _sheet_cells(data: bytes, name: str | None, reading: _Reading) -> list[Sequence[str] | None]:
    sheet = _sheet(data, name, reading)
    return [
        [_cell_text(cell, reading, number, i, "") for i, cell in enumerate(cells)]
        for number, cells in ([] if sheet is None else sheet.rows)
    ]


def _row_of_names(rows: Sequence[tuple[int, list[object]]], width: int) -> int | None:
    """The row that seems to name the columns, if that is not the first.

    A title, or groups of columns in merged cells, fills at most half of the columns in use.
    """
    if width < 2 or 2 * _filled(rows[0][1]) > width:
        return None
    return next((number for number, cells in rows if 2 * _filled(cells) > width), None)


def _has_value(cell: object) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else cell is not None


def _filled(cells: Sequence[object]) -> int:
    return sum(map(_has_value, cells))


def _cell_text(cell: object, reading: _Reading, row: int, position: int, label: str) -> str:
    address = f"{column_letter(position + 1)}{row}"
    if isinstance(cell, CellError):
        params = {"shown": cell.shown, "cell": address} if cell.shown else {}
        reading.error(cell.code, row, label or None, **params)
        return ""
    try:
        return cell if isinstance(cell, str) else _text(cell)
    except _NotText:
        reading.error("cell-not-text", row, label or None)
        return ""


# --- JSON lines and mappings -----------------------------------------------------------------


class _KeyTwice(ValueError):
    """A JSON object names a key twice: Python would silently keep the last."""


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _KeyTwice
    return found


def _json_objects(text: str, reading: _Reading) -> Iterator[tuple[int, Mapping[str, Any]]]:
    # not splitlines, which also splits at characters that JSON allows inside a text
    lines = text.removesuffix("\n").split("\n") if text.strip() else []
    for number, line in enumerate(lines, 1):
        try:
            found = json.loads(line, object_pairs_hook=_distinct) if line.strip() else {}
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            yield number, found
        else:
            reading.error("row-not-object", number)


def _read_mappings(numbered: Iterable[tuple[int, Any]], reading: _Reading) -> None:
    position_of: dict[object, int] = {}  # by key as written, so that each is folded once
    positions: dict[str, int] = {}
    rows: list[tuple[int, list[str | None]]] = []
    for number, row in numbered:
        if not isinstance(row, Mapping):
            reading.error("row-not-mapping", number)
            continue
        cells: list[str | None] = [None] * len(reading.columns)
        for key, value in row.items():
            if key is None:  # where csv.DictReader puts the cells that are too many
                expected = len(row) - 1
                found = expected + (len(value) if isinstance(value, list) else 1)
                reading.error("row-long", number, found=found, expected=expected)
                continue
            if (position := position_of.get(key)) is None:
                name = clean(str(key))
                position = positions.setdefault(fold(name), len(positions))
                position_of[key] = position
                if position == len(reading.columns):
                    reading.columns.append(name)
            if position >= len(cells):
                cells += [None] * (position + 1 - len(cells))
            if cells[position] is not None:
                reading.error("column-twice", number, _labels(reading.columns)[position])
            cells[position] = _as_text(value, reading, number, position)
        rows.append((number, cells))
    width = len(reading.columns)
    for number, cells in rows:
        texts = tuple(cell or "" for cell in cells) + ("",) * (width - len(cells))
        if _is_blank(texts):
            reading.blank.append(number)
        else:
            reading.rows.append((number, texts))


# --- data frames -----------------------------------------------------------------------------


def _is_frame(source: object) -> bool:
    """Whether narwhals should be asked, found out without importing anything."""
    kind = type(source)
    return kind.__module__.partition(".")[0] in _FRAME_MODULES or any(
        hasattr(kind, name) for name in (*_FRAME_METHODS, *_FRAME_PROTOCOLS)
    )


def _read_frame(source: Any, reading: _Reading) -> None:
    try:
        import narwhals as nw
    except ImportError:
        raise ImportError(
            "reading a data frame needs narwhals: pip install 'mitwirkung[analysis]'"
        ) from None
    try:
        frame = nw.from_native(source)
    except nw.exceptions.DuplicateError:
        reading.columns = [clean(str(name)) for name in _native_names(source)]
        return
    except TypeError:
        kind = f"{type(source).__module__}.{type(source).__qualname__}"
        raise TypeError(f"narwhals knows no data frame of the kind {kind}") from None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    reading.columns = [clean(str(name)) for name in frame.columns]
    columns = [
        [_as_text(value, reading, number, position) for number, value in enumerate(column, 1)]
        for position, column in enumerate(series.to_list() for series in frame.iter_columns())
    ]
    for number, cells in enumerate(zip(*columns, strict=True), 1):
        if _is_blank(cells):
            reading.blank.append(number)
        else:
            reading.rows.append((number, cells))


def _native_names(source: Any) -> Iterable[object]:
    # the `columns` of pyarrow are the data
    is_arrow = type(source).__module__.startswith("pyarrow")
    names: Iterable[object] = source.column_names if is_arrow else source.columns
    return names


# --- cells -----------------------------------------------------------------------------------


def _as_text(value: object, reading: _Reading, row: int, position: int) -> str:
    """The text of a cell; an error, and no text, for what is none."""
    if type(value) is str:
        return value
    try:
        return _text(value)
    except (_NotText, ValueError, OverflowError) as error:
        code = "cell-not-exact" if isinstance(error, _NotExact) else "cell-not-text"
    reading.error(code, row, _labels(reading.columns)[position])
    return ""


class _NotText(Exception):
    """The value is no single text, number, truth value or date."""


class _NotExact(_NotText):
    """The number was rounded before it came here."""


def _text(value: object) -> str:
    value = _plain(value)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (float, Decimal)):
        return _number(value)
    if isinstance(value, datetime):
        midnight = value.tzinfo is None and value.time() == time()
        return (value.date() if midnight else value).isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise _NotText


def _plain(value: object) -> object:
    """Enumerations and the scalars of numpy and pandas as plain Python."""
    if isinstance(value, Enum):
        value = value.value
    kind = type(value)
    package = kind.__module__.partition(".")[0]
    if package == "pandas" and kind.__name__ in {"NAType", "NaTType"}:
        return None
    if package == "numpy" and kind.__name__ != "ndarray":
        scalar: Any = value
        if kind.__name__ == "datetime64":  # `item` of one in nanoseconds is a mere number
            scalar = scalar.astype("datetime64[us]")
        return scalar.item()
    return value


def _number(value: float | Decimal) -> str:
    if math.isnan(value):
        return ""
    if math.isinf(value):
        raise _NotText
    if isinstance(value, float):
        if abs(value) >= _EXACT_FLOAT:
            raise _NotExact
        return str(int(value)) if value.is_integer() else repr(float(value))
    if abs(value.adjusted()) > 100:
        raise _NotText
    return str(int(value)) if value == int(value) else format(value, "f").rstrip("0")


# --- what holds for every source -------------------------------------------------------------


def _labels(columns: Sequence[str]) -> tuple[str, ...]:
    """Names of columns fit for a message.

    Where a header is missing, its place is taken by somebody's data, which must not be printed:
    then the columns are called by their positions.
    """
    if entry_cells(columns):
        return tuple(f"#{position}" for position in range(1, len(columns) + 1))
    return tuple(columns)


def entry_cells(columns: Sequence[str]) -> list[int]:
    """Positions (from 1) of headers that rather look like somebody's data.

    They hold an e-mail address, or digits and no letter: a postcode, a date, a telephone number.
    """

    def is_entry(name: str) -> bool:
        digits = any(map(str.isdigit, name)) and not any(map(str.isalpha, name))
        return digits or "@" in name

    return [position for position, name in enumerate(columns, 1) if is_entry(name)]


def _finish(reading: _Reading) -> Table:
    _drop_formatted_columns(reading)
    _check_header(reading.columns, reading)
    _check_characters(reading)
    if not reading.errors and not reading.rows:
        reading.error("table-no-rows" if reading.columns else "table-empty")
    warnings = tuple(
        Finding(code, {"count": len(rows), "rows": row_list(rows)}, reading.file, rows[0])
        for code, rows in (("rows-blank", reading.blank), ("rows-hidden", reading.hidden))
        if rows and reading.rows
    )
    return Table(
        columns=tuple(reading.columns),
        rows=reading.rows,
        file=reading.file,
        errors=tuple(sorted(reading.errors, key=lambda error: error.row or 0)),
        warnings=warnings,
    )


def _drop_formatted_columns(reading: _Reading) -> None:
    """Leave out columns at the end that have neither a name nor a single entry."""
    width = len(reading.columns)
    while width and not reading.columns[width - 1]:
        if any(cells[width - 1].strip() for _, cells in reading.rows):
            break
        width -= 1
    if width < len(reading.columns):
        del reading.columns[width:]
        reading.rows = [(number, cells[:width]) for number, cells in reading.rows]


def _check_header(columns: Sequence[str], reading: _Reading) -> None:
    first_of: dict[str, int] = {}
    for position, name in enumerate(columns, 1):
        if not name:
            reading.error("header-blank", reading.header, position=reading.place(position))
            continue
        first = first_of.setdefault(fold(name), position)
        if first != position:
            label = _labels(columns)[position - 1]
            places = {"first": reading.place(first), "second": reading.place(position)}
            reading.error("header-twice", reading.header, label, **places)


def _check_characters(reading: _Reading) -> None:
    """Refuse NUL and lone surrogates: neither can be written to a file or hashed."""
    if any(map(_is_unwritable, reading.columns)):
        reading.error("cell-character", reading.header)
        reading.columns = [f"#{position}" for position in range(1, len(reading.columns) + 1)]
    if not _is_unwritable("".join(chain.from_iterable(cells for _, cells in reading.rows))):
        return
    labels = _labels(reading.columns)
    for number, cells in reading.rows:
        for label, cell in zip(labels, cells, strict=True):
            if _is_unwritable(cell):
                reading.error("cell-character", number, label)


def _is_unwritable(text: str) -> bool:
    if "\0" in text:
        return True
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
