"""Files of the common sortition tools: selected and remaining people, and tables of many panels.

The columns are those of `sortition-algorithms` (0.12) and of its predecessor, the Sortition
Foundation's `stratification-app`: the id, the columns to keep, the features. Many panels are a
table with the heads `Assembly 0`, `Assembly 1`, ... and one panel of ids in each row.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path

from mitwirkung.errors import Finding, InputError
from mitwirkung.intake import collect_applicants
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.names import clean, fold

SELECTED = "selected.csv"
REMAINING = "remaining.csv"

Panels = tuple[tuple[str, ...], ...]
"""Ids of the members, panel by panel."""

_HEAD = re.compile(r"Assembly \d+")


def export_draw(record: DrawRecord, keep: Sequence[str] | None = None) -> dict[str, bytes]:
    """`selected.csv` and `remaining.csv` of a draw, name to bytes.

    Households of the seated are not among the remaining, as in those tools. Rows are in the
    order of the ids.

    Args:
        record: the draw.
        keep: columns between the id and the features; all others in their order if not given.

    Raises:
        InputError: there is no such column.
    """
    problem = record.publication.problem
    columns = _columns(problem, keep)
    seated = set(record.panel)
    housed = {i for members in problem.lots if not seated.isdisjoint(members) for i in members}
    rest = (i for i in range(len(problem)) if i not in housed)
    return {
        SELECTED: _people(problem, columns, record.panel),
        REMAINING: _people(problem, columns, rest),
    }


def panels_table(panels: Iterable[Sequence[str]]) -> bytes:
    """Many panels of ids as one table; the first is `Assembly 0`."""
    rows = [list(panel) for panel in panels]
    return _csv([[f"Assembly {number}" for number in range(len(rows))], *rows])


def read_panels(
    path: str | PathLike[str], *, id: str | None = None, encoding: str | None = None
) -> Panels:
    """The panels in a file of one of these tools: a table of many, or one file of the selected.

    Args:
        path: the file.
        id: the column of the ids in a file of the selected: see `read_applicants`.
        encoding: that of the file, where it is not UTF-8.

    Raises:
        InputError: the file is none of these.
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode(encoding or "utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if any(row)]
    except (UnicodeDecodeError, LookupError, csv.Error):
        rows = []  # whatever it is, the reader of people says what is wrong
    if not rows or not all(_HEAD.fullmatch(name) for name in rows[0]):
        return (_selected(path, id, encoding),)
    heads, body = rows[0], rows[1:]
    if len(body) != len(heads) and all(len(row) == len(heads) for row in body):
        body = [list(column) for column in zip(*body, strict=True)]  # a panel in each column
    if len(body) != len(heads):
        params = {"panels": len(heads), "rows": len(body)}
        raise InputError.of([Finding("panels-differ", params, path.name)])
    return tuple(tuple(clean(cell) for cell in row if clean(cell)) for row in body)


def check_panels(problem: SelectionProblem, panels: Sequence[Sequence[str]]) -> tuple[Finding, ...]:
    """What keeps panels of ids from being panels of the problem: nothing, if all is well.

    Each has to have as many members as seats, all of them applicants and none twice, has to meet
    every quota, and may not hold two people of a household, nor companions without each other, nor
    leave out somebody who must be seated.
    """
    person_of = {name: person for person, name in enumerate(problem.ids)}
    together = {lot for kind in problem.kinds if kind.together for lot in kind.lots}
    home_of = {
        person: lot
        for lot, members in enumerate(problem.lots)
        for person in members
        if lot not in together
    }
    parties = [set(problem.lots[lot]) for lot in sorted(together)]
    must = {person_of[name] for name in problem.must}
    findings: list[Finding] = []
    for number, panel in enumerate(panels, 1):
        known = [person_of[name] for name in panel if name in person_of]
        people = list(dict.fromkeys(known))
        at_home = [person for person in people if person in home_of]
        counts = {
            "panel-unknown": len(panel) - len(known),
            "panel-twice": len(known) - len(people),
            "panel-household": len(at_home) - len({home_of[person] for person in at_home}),
            "panel-companions": sum(0 < len(party & set(people)) < len(party) for party in parties),
            "panel-must": len(must - set(people)),
        }
        findings += [
            Finding(code, {"panel": number, "count": count})
            for code, count in counts.items()
            if count
        ]
        if len(panel) != problem.seats:
            params = {"panel": number, "found": len(panel), "seats": problem.seats}
            findings.append(Finding("panel-size", params))
        findings += _missed(problem, number, people)
    return tuple(findings)


def _missed(problem: SelectionProblem, number: int, people: Sequence[int]) -> Iterator[Finding]:
    answers = [problem.answers(person) for person in people]
    for feature in problem.quotas.features:
        counts = Counter(given[feature.name] for given in answers)
        for quota in feature.quotas:
            found = counts[quota.value]
            if not quota.min <= found <= quota.max:
                told = {"feature": feature.name, "value": quota.value, "found": found}
                limits = {"min": quota.min, "max": quota.max}
                yield Finding("panel-quota", {"panel": number, **told, **limits})


def _selected(path: Path, id: str | None, encoding: str | None) -> tuple[str, ...]:
    intake = collect_applicants(path, id=id, encoding=encoding)
    if intake.applicants is None or intake.errors:
        raise InputError.of(intake.errors)
    return intake.applicants.ids


def _columns(problem: SelectionProblem, keep: Sequence[str] | None) -> list[str]:
    """The id, the columns to keep with those of addresses, the features; each once."""
    applicants = problem.applicants
    named = {fold(name): name for name in applicants.columns}
    wanted = list(applicants.columns)
    if keep is not None:
        unknown = [name for name in keep if fold(name) not in named]
        if unknown:
            params = {"columns": unknown, "available": list(applicants.columns)}
            raise InputError.of([Finding("export-column-unknown", params)])
        wanted = [*keep, *problem.household, *problem.quotas.names]
    return list(dict.fromkeys(named[fold(n)] for n in (applicants.id_column, *wanted)))


def _people(problem: SelectionProblem, columns: Sequence[str], people: Iterable[int]) -> bytes:
    cells = [problem.applicants.columns[name] for name in columns]
    rows = ([column[problem.order[person]] for column in cells] for person in people)
    return _csv([list(columns), *rows])


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    """As those tools write it: UTF-8, comma, CR LF."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
