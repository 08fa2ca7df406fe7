"""Small tables for a notebook and a terminal: described once, written as HTML and as plain text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

WIDTH = 100
"""No line of a plain text is wider than so many cells of a terminal."""

BAR = 10
"""So many letters wide is a bar; each letter is an em in HTML and a cell in a terminal."""

LEAST = 8
"""A column of words is not made narrower than this while another one can be."""

_GAP = "  "
_BLANKS = re.compile(r"[^\S\N{NO-BREAK SPACE}]+")
_PARTS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")

# Nothing but the bar has a colour of its own: 4.1 to 1 against white, 4.6 to 1 against #111111
# (WCAG 2.2 asks for 3 to 1 of what is no text).
_COLOUR = "#1f8a99"
_TABLE = "border-collapse:collapse;background:transparent;color:inherit;margin:0.5em 0"
_CAPTION = "caption-side:top;text-align:left;font-weight:bold;color:inherit;padding:0.3em 0.5em"
_CELL = "padding:0.15em 0.5em;vertical-align:top;color:inherit"
_TRACK = (
    f"display:inline-block;box-sizing:content-box;width:{BAR}em;height:0.7em;padding-right:2px;"
    "margin-left:0.5em;overflow:hidden;text-align:left;border-left:1px solid currentColor"
)
_FILL = f"display:block;height:100%;min-width:2px;background:{_COLOUR};print-color-adjust:exact"


@dataclass(frozen=True)
class Bar:
    """Where a bar begins and ends: parts of the whole width, 0 to 1. It repeats its cell's text."""

    start: float
    end: float


@dataclass(frozen=True)
class Cell:
    """One text of a table, with a bar beside it if that helps."""

    text: str
    bar: Bar | None = None


@dataclass(frozen=True)
class Column:
    """What stands below a heading: words, or figures, which end at the same place."""

    heading: str
    figures: bool = False


@dataclass(frozen=True)
class RowGroup:
    """Rows that belong together; the first cell of each is its heading."""

    rows: tuple[tuple[Cell, ...], ...]
    heading: str = ""


@dataclass(frozen=True)
class DisplayTable:
    """A table, and what is said below it; every row has one cell per column."""

    caption: str
    columns: tuple[Column, ...]
    groups: tuple[RowGroup, ...]
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> Iterable[tuple[Cell, ...]]:
        return (row for group in self.groups for row in group.rows)

    def has_bars(self, column: int) -> bool:
        """Whether there is a bar beside any text of a column."""
        return any(row[column].bar for row in self.rows)


class Printer(Protocol):
    """What IPython gives to `_repr_pretty_`."""

    def text(self, obj: str) -> object: ...


class Displayed:
    """Shows itself: as a table in a notebook, in IPython and as `str`, as one line in a log.

    `__repr__` is here because IPython takes whichever of it and `_repr_pretty_` it meets first on
    the way from a class to its parents.
    """

    def _display(self) -> DisplayTable:
        raise NotImplementedError

    def _summary(self) -> str:
        raise NotImplementedError

    def __str__(self) -> str:
        return table_text(self._display())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._summary()}>"

    def _repr_html_(self) -> str:
        """The table for a notebook."""
        return table_html(self._display())

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        """The text for IPython in a terminal."""
        printer.text("..." if cycle else str(self))


# --- HTML ----------------------------------------------------------------------------------------


def table_html(table: DisplayTable) -> str:
    """A table for a notebook, light or dark: no script, no style sheet, nothing from outside.

    Bars are hidden from screen readers: their figures stand beside them.
    """
    alignments = ["right" if column.figures else "left" for column in table.columns]
    head = ""
    for i, column in enumerate(table.columns):
        beside_bars = f";padding-right:{BAR + 1.2}em" if table.has_bars(i) else ""
        style = f"{_CELL};text-align:{alignments[i]}{beside_bars}"
        head += f'<th scope="col" style="{style}">{escape(column.heading)}</th>'
    bodies = "".join(_body_html(table, group, alignments) for group in table.groups)
    notes = "".join(
        f'<p style="margin:0.2em 0.5em;overflow-wrap:anywhere">{escape(note)}</p>'
        for note in table.notes
    )
    return (
        f'<div lang="en" style="overflow-x:auto"><table style="{_TABLE}">'
        f'<caption style="{_CAPTION}">{escape(table.caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>{bodies}</table>{notes}</div>"
    )


def _body_html(table: DisplayTable, group: RowGroup, alignments: Sequence[str]) -> str:
    rows = ""
    if group.heading:
        rows = (
            f'<tr><th scope="rowgroup" colspan="{len(alignments)}" '
            f'style="{_CELL};text-align:left">{escape(group.heading)}</th></tr>'
        )
    for row in group.rows:
        rows += "<tr>"
        for i, (cell, side) in enumerate(zip(row, alignments, strict=True)):
            style = f"{_CELL};text-align:{side};overflow-wrap:break-word"
            content = escape(cell.text)
            if table.has_bars(i):
                style += ";white-space:nowrap"
                content += _bar_html(cell.bar)
            if i:
                rows += f'<td style="{style}">{content}</td>'
            else:
                rows += f'<th scope="row" style="{style};font-weight:normal">{content}</th>'
        rows += "</tr>"
    return f"<tbody>{rows}</tbody>"


def _bar_html(bar: Bar | None) -> str:
    """A bar; without one the room for it, so that texts of a column end at the same place."""
    fill = ""
    if bar and bar.end:
        ends = f"margin-left:{100 * bar.start:.1f}%;width:{100 * (bar.end - bar.start):.1f}%"
        fill = f'<span style="{_FILL};{ends}"></span>'
    seen = "" if bar else ";visibility:hidden"
    return f'<span aria-hidden="true" style="{_TRACK}{seen}">{fill}</span>'


# --- plain text ----------------------------------------------------------------------------------


def table_text(table: DisplayTable) -> str:
    """A table in aligned columns, no line wider than `WIDTH`: long words are broken into lines."""
    rooms = _rooms(table)
    headings = tuple(Cell(column.heading) for column in table.columns)
    lines = [*wrapped(table.caption, WIDTH), "", *_row_text(table, headings, rooms)]
    lines.append(
        _GAP.join(
            "─" * (room + (1 + BAR if table.has_bars(i) else 0)) for i, room in enumerate(rooms)
        )
    )
    for group in table.groups:
        if group.heading:
            lines += wrapped(group.heading, WIDTH)
        for row in group.rows:
            lines += _row_text(table, row, rooms, indent=2 if group.heading else 0)
    if table.notes:
        lines.append("")
    for note in table.notes:
        lines += wrapped(note, WIDTH)
    return "\n".join(lines)


def _rooms(table: DisplayTable) -> list[int]:
    """How wide the text of each column is; columns of words give way, the widest first."""
    indent = 2 if any(group.heading for group in table.groups) else 0
    rooms = []
    for i, column in enumerate(table.columns):
        widest = max((cells(_plain(row[i].text)) for row in table.rows), default=0)
        rooms.append(max(cells(column.heading), widest + (0 if i else indent)))
    bars = sum(1 + BAR for i in range(len(rooms)) if table.has_bars(i))
    room = WIDTH - bars - len(_GAP) * (len(rooms) - 1)
    words = [i for i, column in enumerate(table.columns) if not column.figures]
    while words and sum(rooms) > room and max(rooms[i] for i in words) > LEAST:
        rooms[max(words, key=lambda i: rooms[i])] -= 1
    return rooms


def _row_text(
    table: DisplayTable, row: Sequence[Cell], rooms: Sequence[int], indent: int = 0
) -> list[str]:
    columns = []
    for i, (cell, room) in enumerate(zip(row, rooms, strict=True)):
        inset = 0 if i else indent
        lines = [" " * inset + line for line in wrapped(cell.text, room - inset)]
        figures = table.columns[i].figures
        padded = [_padded(line, room, to_the_right=figures) for line in lines]
        if table.has_bars(i):
            padded[0] += " " + _bar_text(cell.bar)
            padded[1:] = [line + " " * (1 + BAR) for line in padded[1:]]
        columns.append((padded, room + (1 + BAR if table.has_bars(i) else 0)))
    height = max(len(lines) for lines, _ in columns)
    return [
        _GAP.join(lines[n] if n < len(lines) else " " * width for lines, width in columns).rstrip()
        for n in range(height)
    ]


def _padded(text: str, room: int, *, to_the_right: bool) -> str:
    blank = " " * (room - cells(text))
    return blank + text if to_the_right else text + blank


def _bar_text(bar: Bar | None) -> str:
    """Whole and part blocks, to an eighth of a cell; a bar that has an end is never invisible."""
    if bar is None or not bar.end:
        return " " * BAR
    before = min(int(bar.start * BAR), BAR - 1)
    whole, part = divmod(max(1, round(bar.end * BAR * 8) - before * 8), 8)
    return (" " * before + "█" * whole + _PARTS[part]).ljust(BAR)


def cells(text: str) -> int:
    """How many cells of a terminal a text takes: wide letters two, marks on a letter none."""
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def wrapped(text: str, room: float, width: Callable[[str], float] = cells) -> list[str]:
    """A text in lines that are at most `room` wide as `width` has it; longer words are cut.

    Control characters, which a terminal would obey, are replaced.
    """
    lines = [""]
    for word in _plain(text).split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if width(joined) <= room:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and width(lines[-1] + letter) > room:
                lines.append("")
            lines[-1] += letter
    return lines


def _plain(text: str) -> str:
    one_line = _BLANKS.sub(" ", text).strip(" ")
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(letter) == "Cc" else letter
        for letter in one_line
    )
