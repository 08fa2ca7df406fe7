"""Files of the common sortition tools: selected and remaining people, and tables of many panels.

The columns are those of `sortition-algorithms` (0.12) and of its predecessor, the Sortition
Foundation's `stratification-app`: the id, the columns to keep, the features. Tables of many panels
are read in every shape that `many_panels` knows.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from os import PathLike
from pathlib import Path
from typing import Literal, get_args

from mitwirkung.errors import Finding, InputError
from mitwirkung.intake import collect_applicants
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.encoding import panel_label
from mitwirkung.lottery.many_panels import Panels, UnequalPanels, many_panels
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import Publication
from mitwirkung.names import fold
from mitwirkung.tables import read_cells

SELECTED = "selected.csv"
REMAINING = "remaining.csv"

PANELS = "panels.csv"

Layout = Literal["rows", "columns", "members"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


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


def numbered_ids(publication: Publication) -> Panels:
    """The ids on each numbered panel, sorted; none if panels are not numbered."""
    ids, held = publication.problem.ids, publication.holders
    return tuple(
        tuple(sorted(ids[person] for seat in panel for person in held[seat]))
        for panel in publication.public.panels or ()
    )


def panels_table(panels: Iterable[Sequence[str]], layout: Layout = "rows") -> bytes:
    """Many panels of ids as one table.

    Args:
        panels: the ids on each.
        layout: `rows`: a panel in each row below the heads `Assembly 0`, `Assembly 1`, ..., as
            `sortition-algorithms` has it; `columns`: a panel in each column below `Panel 0`, ...;
            `members`: a row `panel,id` for each seat. The first panel is 0, with as many digits as
            the last.
    """
    rows = [list(panel) for panel in panels]
    if layout == "rows":
        return _csv([[f"Assembly {number}" for number in range(len(rows))], *rows])
    labels = [panel_label(number, len(rows)) for number in range(len(rows))]
    if layout == "columns":
        body = zip_longest(*rows, fillvalue="")
        return _csv([[f"Panel {label}" for label in labels], *map(list, body)])
    pairs = ([label, who] for label, panel in zip(labels, rows, strict=True) for who in panel)
    return _csv([["panel", "id"], *pairs])


def read_panels(
    path: str | PathLike[str],
    *,
    id: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Panels:
    """The panels in a file of one of these tools: a table of many, or one file of the selected.

    Many panels are known by the shape of the table, CSV or workbook: see `many_panels`.

    Args:
        path: the file.
        id: the column of the ids in a file of the selected, or of members: see `read_applicants`.
        encoding: that of the file, where it is not UTF-8.
        sheet: that of a workbook, where it is not the first.

    Raises:
        InputError: the file is none of these, or cannot be read.
    """
    rows, errors = read_cells(path, encoding=encoding, sheet=sheet)
    if errors:
        raise InputError.of(errors)
    try:
        found = many_panels(rows, id) if rows else None
    except UnequalPanels as error:
        raise InputError.of([Finding("panels-differ", error.params, Path(path).name)]) from None
    return (_selected(Path(path), id, encoding, sheet),) if found is None else found


def check_panels(problem: SelectionProblem, panels: Sequence[Sequence[str]]) -> tuple[Finding, ...]:
    """What keeps panels of ids from being panels of the problem: nothing, if all is well.

    Each has to have as many members as seats, all of them applicants and none twice, has to meet
    every quota, and may not hold two people of a household, nor companions without each other, nor
    leave out somebody who must be seated. Panels are named as in `panels_table`: the first is 0,
    with as many digits as the last.
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
    for number, panel in enumerate(panels):
        label = panel_label(number, len(panels))
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
            Finding(code, {"panel": label, "count": count})
            for code, count in counts.items()
            if count
        ]
        if len(panel) != problem.seats:
            params = {"panel": label, "found": len(panel), "seats": problem.seats}
            findings.append(Finding("panel-size", params))
        findings += _missed(problem, label, people)
    return tuple(findings)


def _missed(problem: SelectionProblem, label: str, people: Sequence[int]) -> Iterator[Finding]:
    answers = [problem.answers(person) for person in people]
    for feature in problem.quotas.features:
        counts = Counter(given[feature.name] for given in answers)
        for quota in feature.quotas:
            found = counts[quota.value]
            if not quota.min <= found <= quota.max:
                told = {"feature": feature.name, "value": quota.value, "found": found}
                limits = {"min": quota.min, "max": quota.max}
                yield Finding("panel-quota", {"panel": label, **told, **limits})


def _selected(
    path: Path, id: str | None, encoding: str | None, sheet: str | None
) -> tuple[str, ...]:
    intake = collect_applicants(path, id=id, encoding=encoding, sheet=sheet)
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
