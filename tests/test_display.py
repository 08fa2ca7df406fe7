"""A table described once: as HTML for a notebook, as plain text for a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.lib.pretty import pretty

from html_tables import read_table
from mitwirkung.display import (
    BAR,
    WIDTH,
    Bar,
    Cell,
    Column,
    Displayed,
    DisplayTable,
    RowGroup,
    cells,
    table_html,
    table_text,
    wrapped,
)

NASTY = '<script>alert("1")</script> & <b>\x1b[31m'

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
bars = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda ends: Bar(*sorted(ends)))


@st.composite
def display_tables(draw: st.DrawFn) -> DisplayTable:
    columns = draw(
        st.lists(st.builds(Column, st.text("abc ", max_size=12)), min_size=2, max_size=4)
    )
    cell = st.builds(Cell, texts, st.none() | bars)
    row = st.tuples(*[cell] * len(columns))
    groups = st.builds(RowGroup, st.lists(row, min_size=1, max_size=4).map(tuple), texts)
    return DisplayTable(
        caption=draw(texts),
        columns=tuple(columns),
        groups=tuple(draw(st.lists(groups, max_size=3))),
        notes=tuple(draw(st.lists(texts, max_size=2))),
    )


def small(*rows: tuple[Cell, Cell], heading: str = "") -> DisplayTable:
    columns = (Column("answer"), Column("seats", figures=True))
    return DisplayTable("Seats", columns, (RowGroup(rows, heading),), ("That is all.",))


# --- HTML ----------------------------------------------------------------------------------------


@given(display_tables())
def test_html_says_what_the_table_says(table: DisplayTable) -> None:
    page = read_table(table_html(table))
    assert page.caption == table.caption
    assert [cell.text for cell in page.head] == [column.heading for column in table.columns]
    assert [[cell.text for cell in row] for body in page.bodies for row in body] == [
        line
        for group in table.groups
        for line in [
            *([[group.heading]] if group.heading else []),
            *([cell.text for cell in row] for row in group.rows),
        ]
    ]
    assert page.notes == list(table.notes)


def test_what_a_file_holds_is_text() -> None:
    html = table_html(small((Cell(NASTY), Cell("1")), heading=NASTY))
    assert "<script" not in html
    assert read_table(html).texts == [[NASTY, "1"]]
    assert read_table(html).headings == [NASTY]


def test_a_bar_lies_where_its_figures_are() -> None:
    page = read_table(
        table_html(
            small(
                (Cell("a"), Cell("2 to 4", Bar(0.25, 0.5))),
                (Cell("b"), Cell("0", Bar(0, 0))),
                (Cell("c"), Cell("no limit")),
            )
        )
    )
    assert [row[1].bar for row in page.rows] == [(25, 50), None, None]


# --- plain text ----------------------------------------------------------------------------------


def test_text_is_aligned() -> None:
    table = small(
        (Cell("young"), Cell("7", Bar(0, 1))),
        (Cell("middle-aged"), Cell("12", Bar(0.5, 0.75))),
        (Cell("old"), Cell("none")),
    )
    assert table_text(table).splitlines() == [
        "Seats",
        "",
        "answer       seats",
        "───────────  ────────────────",
        "young            7 ██████████",
        "middle-aged     12      ██▌",
        "old           none",
        "",
        "That is all.",
    ]


def test_rows_below_a_heading_are_indented() -> None:
    lines = table_text(small((Cell("old"), Cell("3")), heading="Age")).splitlines()
    assert lines[4:6] == ["Age", "  old       3"]


@given(display_tables())
def test_no_line_is_wider_than_a_terminal(table: DisplayTable) -> None:
    assert max(cells(line) for line in table_text(table).splitlines()) <= WIDTH


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=300))
def test_text_leaves_nothing_out(text: str) -> None:
    lines = table_text(small((Cell(text), Cell("7")))).splitlines()[4:-2]
    assert lines[0].endswith("7")
    found = "".join([lines[0].removesuffix("7"), *lines[1:]])
    assert "".join(found.split()) == "".join(text.split())


@given(texts, st.integers(2, 40))
def test_lines_hold_every_word_and_fit(text: str, room: int) -> None:
    lines = wrapped(text, room)
    assert all(cells(line) <= room for line in lines)
    kept = "".join("".join(lines).split())
    assert len(kept) == len("".join(text.split()))
    assert not any(unicodedata.category(letter) == "Cc" for line in lines for letter in line)


def test_lines_end_at_blanks_but_not_at_those_that_hold_together() -> None:
    assert wrapped("a  quota\nof 12\N{NO-BREAK SPACE}%", 10) == [
        "a quota of",
        "12\N{NO-BREAK SPACE}%",
    ]


def test_a_terminal_is_not_given_control_characters() -> None:
    assert "\x1b" not in table_text(small((Cell(NASTY), Cell("1"))))


def test_wide_letters_and_marks_are_counted_as_a_terminal_does() -> None:
    assert cells("Öl") == 2
    assert cells("O\N{COMBINING DIAERESIS}l") == 2
    assert cells("日本") == 4
    lines = table_text(small((Cell("日本"), Cell("1")), (Cell("abcdefg"), Cell("2")))).splitlines()
    assert cells(lines[4]) == cells(lines[5])


@pytest.mark.parametrize("bar", [Bar(0, 0.001), Bar(1, 1), Bar(0.999, 1), Bar(0, 1)])
def test_what_is_more_than_nothing_can_be_seen(bar: Bar) -> None:
    line = table_text(small((Cell("a"), Cell("1", bar)))).splitlines()[4]
    drawn = line.partition("1 ")[2]
    assert drawn.strip()
    assert len(drawn) <= BAR


# --- the objects that show themselves ------------------------------------------------------------


class Shown(Displayed):
    def _display(self) -> DisplayTable:
        return small((Cell("a"), Cell("1")))

    def _summary(self) -> str:
        return "1 row"


def test_a_notebook_and_a_terminal_are_given_the_table() -> None:
    shown = Shown()
    assert pretty(shown) == str(shown) == table_text(small((Cell("a"), Cell("1"))))
    assert read_table(shown._repr_html_()).texts == [["a", "1"]]
    assert repr(shown) == "<Shown: 1 row>"


def test_ipython_shows_the_table_inside_of_a_list_too() -> None:
    assert pretty([Shown()]).startswith("[Seats")
