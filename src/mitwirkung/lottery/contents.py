"""What stands in the files of a lottery's folder: name to bytes, nothing is written here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from mitwirkung.lottery.arrangement import position_names
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.encoding import decimal_text
from mitwirkung.lottery.entries import features_text
from mitwirkung.lottery.panel_list import panel_list
from mitwirkung.lottery.publication import Publication
from mitwirkung.lottery.receipts import Receipt


def lottery_content(publication: Publication) -> dict[str, bytes]:
    """What `lottery` writes, name to bytes."""
    content = {
        "lottery.json": publication.public.content,
        "lottery-private.json": publication.private.content,
        "receipts.csv": _receipts(publication),
    }
    if publication.public.panels is not None:
        content["panels.html"] = panel_list(publication.public)
    return content


def record_content(record: DrawRecord) -> dict[str, bytes]:
    """What `draw` writes (but for the report), name to bytes."""
    problem = record.publication.problem
    seated = set(record.panel)
    return {
        "record-public.json": record.public.content,
        "record.json": record.private.content,
        "panel.csv": _input_rows(record.publication, record.panel),
        "remaining.csv": _input_rows(
            record.publication, (i for i in range(len(problem)) if i not in seated)
        ),
        "chances.csv": _chances(record.publication),
    }


def _chances(publication: Publication) -> bytes:
    """Everyone's chance; with numbered panels also the exact one, and what is above it."""
    ids, exact = publication.problem.ids, publication.lottery.exact_chances
    if publication.public.panels is None:
        rows = zip(ids, map(decimal_text, exact), strict=True)
        return csv_bytes(("id", "chance"), rows)
    both = zip(ids, publication.chances, exact, strict=True)
    return csv_bytes(
        ("id", "chance", "exact", "deviation"),
        ((who, *map(decimal_text, (found, p, found - p))) for who, found, p in both),
    )


_RECEIPT = ("id", "token", "class", "positions", "mates", "chance", "features")


def _receipts(publication: Publication) -> bytes:
    rows = _receipt_rows(publication)
    return csv_bytes(_RECEIPT, (rows[person] for person in range(len(rows))))


def receipt_of(publication: Publication, person: int) -> Receipt:
    """What one person, an index into `problem.ids`, checks their part with."""
    row = _receipt_rows(publication)[person]
    return Receipt.from_row(publication.tokens[person], [dict(zip(_RECEIPT, row, strict=True))])


def _receipt_rows(publication: Publication) -> dict[int, tuple[str, ...]]:
    lottery, problem, handles = publication.lottery, publication.problem, publication.handles
    chances = publication.chances
    seats: dict[int, list[str]] = {}  # on numbered panels everybody has a position of their own
    if publication.public.panels is not None:
        for (_, name), people in publication.holders.items():
            for person in people:
                seats.setdefault(person, []).append(name)
    rows: dict[int, tuple[str, ...]] = {}
    for lot_class in lottery.classes:
        names = position_names(lot_class)
        class_name = publication.lot_handles[lot_class.lots[0]]
        for lot in lot_class.lots:
            members = problem.lots[lot]
            for person in members:
                mates = sorted(handles[other] for other in members if other != person)
                own = lottery.label_of(person)
                mine = [names[i] for i in lot_class.positions_of(own)] or list(names)
                mine = seats.get(person, mine)
                rows[person] = (
                    problem.ids[person],
                    publication.tokens[person],
                    class_name,
                    " ".join(mine),
                    " ".join(mates),
                    decimal_text(chances[person]),
                    features_text(problem, person),
                )
    return rows


def _input_rows(publication: Publication, people: Iterable[int]) -> bytes:
    """The input columns of some people, in the order of the input's columns and of the ids."""
    problem = publication.problem
    columns = problem.applicants.columns
    rows = (tuple(cells[problem.order[person]] for cells in columns.values()) for person in people)
    return csv_bytes(tuple(columns), rows)


def csv_bytes(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """A table as UTF-8, comma, LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
