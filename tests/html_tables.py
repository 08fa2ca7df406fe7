"""Reads the tables that objects show in a notebook, and holds them to what HTML asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

ALLOWED = {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "p"}


@dataclass
class HtmlCell:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""
    bar: tuple[float, float] | None = None
    """Begin and end of the coloured part, in per cent; None if there is none."""


@dataclass
class HtmlTable:
    caption: str = ""
    head: list[HtmlCell] = field(default_factory=list)
    bodies: list[list[list[HtmlCell]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> list[list[HtmlCell]]:
        """The rows that hold cells, without headings of groups."""
        return [row for body in self.bodies for row in body if len(row) == len(self.head)]

    @property
    def texts(self) -> list[list[str]]:
        return [[cell.text for cell in row] for row in self.rows]

    @property
    def headings(self) -> list[str]:
        return [row[0].text for body in self.bodies for row in body if len(row) == 1]


def read_table(html: str) -> HtmlTable:
    """The one table of a piece of HTML.

    It asserts what every such table keeps: right nesting, one caption, headings with a scope, bars
    that are hidden from screen readers and stay inside, nothing that runs or comes from outside.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    table = reader.table
    assert reader.seen.count("table") == reader.seen.count("caption") == 1
    assert [cell.attributes.get("scope") for cell in table.head] == ["col"] * len(table.head)
    for body in table.bodies:
        for row in body:
            heading, *others = row
            if len(row) == 1:
                assert heading.attributes["scope"] == "rowgroup"
                assert heading.attributes["colspan"] == str(len(table.head))
                assert row is body[0]
            else:
                assert (heading.tag, heading.attributes["scope"]) == ("th", "row")
                assert [cell.tag for cell in others] == ["td"] * (len(table.head) - 1)
    return table


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.table = HtmlTable()
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        style = attributes.get("style") or ""
        assert tag in ALLOWED
        assert set(attributes) <= {"style", "scope", "colspan", "lang", "aria-hidden"}
        assert "url(" not in style
        assert "<" not in style
        self.open.append(tag)
        self.seen.append(tag)
        if tag == "tbody":
            self.table.bodies.append([])
        elif tag == "tr" and "tbody" in self.open:
            self.table.bodies[-1].append([])
        elif tag in ("th", "td"):
            self._row().append(HtmlCell(tag, attributes))
        elif tag == "p":
            self.table.notes.append("")
        elif tag == "span" and attributes.get("aria-hidden") == "true":
            self.hidden = len(self.open)
        elif tag == "span":
            assert self.hidden
            begin, width = (
                float(found[1])
                for name in ("margin-left", "width")
                if (found := re.search(rf";{name}:([0-9.]+)%", style))
            )
            assert 0 <= begin <= begin + width <= 100.1
            self._row()[-1].bar = (begin, begin + width)

    def _row(self) -> list[HtmlCell]:
        return self.table.head if "thead" in self.open else self.table.bodies[-1][-1]

    def handle_endtag(self, tag: str) -> None:
        if len(self.open) == self.hidden:
            self.hidden = 0
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        assert not self.hidden, "a bar holds no text"
        if self.open[-1] == "caption":
            self.table.caption += data
        elif self.open[-1] == "p":
            self.table.notes[-1] += data
        else:
            self._row()[-1].text += data
