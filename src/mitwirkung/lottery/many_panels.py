"""Tables of many panels of ids, known by their shape.

Tools that compute a lottery of numbered panels (Panelot, `sortition-algorithms`, spreadsheets made
for a ceremony) write the same content in different tables, mostly without a specification. What
tells them apart is how panels are numbered, and that nobody is on a panel twice while most people
are on many panels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mitwirkung.intake import ID_COLUMNS
from mitwirkung.names import fold

Panels = tuple[tuple[str, ...], ...]
"""Ids of the members, panel by panel."""

_PANEL = r"(?:assembly|panel|auswahl|gremium)"
_HEAD = re.compile(rf"{_PANEL}[ _#-]*\d+", re.IGNORECASE)
_OF_PANEL = re.compile(rf"{_PANEL}[ _-]*(?:#|id|index|no\.?|nr\.?|number|nummer)?", re.IGNORECASE)
_NUMBER = re.compile(r"(?:#|index|no\.?|nr\.?|number|nummer)?", re.IGNORECASE)
_WEIGHT = re.compile(r"probability|weight|chance|wahrscheinlichkeit|gewicht", re.IGNORECASE)
_MEMBER = re.compile(r"(.*?)[ _#-]*\d+")


class UnequalPanels(ValueError):
    """The heads name another number of panels than there are."""

    def __init__(self, panels: int, rows: int) -> None:
        super().__init__(panels, rows)
        self.params = {"panels": panels, "rows": rows}


def many_panels(rows: Sequence[Sequence[str]], id_column: str | None = None) -> Panels | None:
    """The panels in a table of trimmed texts; None if it is no table of many panels.

    It is one of:

    - a panel in each row, or in each column, below the heads `Assembly 0`, `Assembly 1`, ...
      (or `Panel`, `Auswahl`), or below bare numbers, 0, 1, 2, ... or 1, 2, 3, ...;
    - a panel in each row behind its number, below a head such as `Panel` or a blank one, with the
      heads of the members numbered (`Member 1`, `Member 2`, ...);
    - a row for each seat, with a column of the number of the panel and one of the ids;
    - a panel in each row without any header, with or without its number before it.

    Columns of weights or probabilities are left out.

    Args:
        rows: of cells, the first row like the others.
        id_column: the column of the ids in a table with a row for each seat, if it is no usual one.

    Raises:
        UnequalPanels: there are heads for another number of panels than there are.
    """
    heads, body = rows[0], rows[1:]
    if all(map(_HEAD.fullmatch, heads)):
        if len(body) == len(heads):
            return _panels(body)
        columns = _turned(body, len(heads))
        if columns is None:
            raise UnequalPanels(len(heads), len(body))
        return columns
    return _seat_by_seat(heads, body, id_column) or _numbered(heads, body) or _bare(rows)


def _seat_by_seat(
    heads: Sequence[str], body: Sequence[Sequence[str]], id_column: str | None
) -> Panels | None:
    ids = {fold(name) for name in ([id_column] if id_column else ID_COLUMNS)}
    who = next((i for i, name in enumerate(heads) if fold(name) in ids), None)
    panel = next((i for i, name in enumerate(heads) if _OF_PANEL.fullmatch(name)), None)
    if who is None or panel is None:
        return None
    members: dict[str, list[str]] = {}
    for row in body:
        if len(row) > max(who, panel):
            members.setdefault(row[panel], []).append(row[who])
    # With one row each it is a list of people who are numbered.
    return _panels(members.values()) if len(members) < len(body) else None


def _numbered(heads: Sequence[str], body: Sequence[Sequence[str]]) -> Panels | None:
    if not body:
        return None
    if _count_up(heads):  # which of both the heads number, the people tell
        rows, columns = _panels(body), _turned(body, len(heads))
        if columns is None or _someone_twice(columns):
            return rows
        return columns
    keep = [i for i, name in enumerate(heads) if i and not _WEIGHT.fullmatch(name)]
    stems = {found[1] if (found := _MEMBER.fullmatch(heads[i])) else heads[i] for i in keep}
    first = _OF_PANEL.fullmatch(heads[0]) or _NUMBER.fullmatch(heads[0])
    if not first or len(keep) < 2 or len(stems) > 1 or not _count_up([row[0] for row in body]):
        return None
    return _panels([row[i] for i in keep if i < len(row)] for row in body)


def _bare(rows: Sequence[Sequence[str]]) -> Panels | None:
    if len(rows) > 1 and _count_up([row[0] for row in rows]):
        rows = [row[1:] for row in rows]
    first = {cell for cell in rows[0] if cell}
    again = {cell for row in rows[1:] for cell in row}
    # Names of columns do not come again, people do.
    return _panels(rows) if first and 2 * len(first & again) >= len(first) else None


def _count_up(texts: Sequence[str]) -> bool:
    """Whether these are 0, 1, 2, ... or 1, 2, 3, ..., and more than one."""
    if len(texts) < 2 or not all(text.isdecimal() for text in texts):
        return False
    numbers = list(map(int, texts))
    return numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _someone_twice(panels: Panels) -> bool:
    return any(len(set(panel)) < len(panel) for panel in panels)


def _turned(body: Sequence[Sequence[str]], width: int) -> Panels | None:
    """The columns; None if the rows differ in length."""
    if not all(len(row) == width for row in body):
        return None
    return _panels(zip(*body, strict=True))


def _panels(rows: Iterable[Iterable[str]]) -> Panels:
    return tuple(tuple(cell for cell in row if cell) for row in rows)
