"""`mitwirkung check`: can the quotas be met, at what cost, and if not, what would do?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from mitwirkung.cli.lottery import read_problem_files
from mitwirkung.cli.options import (
    ApplicantsFile,
    Companions,
    Encoding,
    ErrorsFile,
    Force,
    HouseholdRuleName,
    Households,
    IdColumn,
    MappingFile,
    Missing,
    QuotasEncoding,
    QuotasFile,
    QuotasSheet,
    Seats,
    Sheet,
    WishesFile,
)
from mitwirkung.cli.terminal import (
    DIFFERS,
    errors,
    language,
    reported,
    say,
    screen,
    wrong_call,
)
from mitwirkung.display import table_text
from mitwirkung.lottery.feasibility import InfeasibleQuotas, check_feasible
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.quota_files import write_quotas
from mitwirkung.lottery.relaxing import FlexTooNarrow, Relaxation, smallest_relaxations
from mitwirkung.reports.assessment import assess_quotas
from mitwirkung.texts import number_text

SHOWN = 5
"""So many alternatives are listed."""


@reported
def check(
    applicants: ApplicantsFile,
    quotas: QuotasFile,
    seats: Seats = None,
    id_column: IdColumn = None,
    household_columns: Households = "",
    missing: Missing = None,
    encoding: Encoding = None,
    quotas_encoding: QuotasEncoding = None,
    sheet: Sheet = None,
    quotas_sheet: QuotasSheet = None,
    mapping: MappingFile = None,
    wishes: WishesFile = None,
    companions: Companions = None,
    household_rule: HouseholdRuleName = "at most one",
    relax: Annotated[
        bool, typer.Option("--relax", help="List the smallest changes of quotas that would do.")
    ] = False,
    beyond_flex: Annotated[
        bool, typer.Option("--beyond-flex", help="Changes may pass min_flex and max_flex.")
    ] = False,
    accept: Annotated[
        int | None, typer.Option(min=1, help="Accept the change with this number.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why the quotas are changed; published with the lottery.")
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="File to write the changed quotas to.")
    ] = None,
    force: Force = False,
    ids: Annotated[
        bool, typer.Option("--ids", help="List the ids of people without a chance.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    errors_file: ErrorsFile = None,
) -> None:
    """Tell every error in the files, whether the quotas can be met, and what they cost."""
    if (accept, reason, out_file) != (None, None, None) and None in (accept, reason, out_file):
        raise wrong_call("To change quotas name --accept N, --reason TEXT and --out FILE together.")
    if out_file is not None and out_file.exists() and not force:
        raise wrong_call("The file exists; choose another, or say --force.")
    problem = read_problem_files(
        *(applicants, quotas, seats, id_column, household_columns, missing),
        *(encoding, quotas_encoding, sheet, quotas_sheet, mapping),
        *(wishes, companions, household_rule),
    )
    try:
        check_feasible(problem)
    except InfeasibleQuotas as clash:
        if accept is not None and reason is not None and out_file is not None:
            _accept(problem, accept, reason, out_file, beyond_flex=beyond_flex)
            return
        if as_json:
            _print_json(_refusal(problem, clash, relax=relax, beyond_flex=beyond_flex))
            raise typer.Exit(DIFFERS) from None
        errors.print(clash.describe(say), markup=False)
        if relax:
            _say_relaxations(smallest_relaxations(problem, most=SHOWN, beyond_flex=beyond_flex))
        else:
            errors.print(say("With --relax the smallest changes are listed that would do."))
        raise typer.Exit(DIFFERS) from None
    if accept is not None:
        raise wrong_call("The quotas can be met as they are: there is no change to accept.")
    _say_assessment(problem, ids=ids, as_json=as_json)


def _accept(
    problem: SelectionProblem, number: int, reason: str, path: Path, *, beyond_flex: bool
) -> None:
    """Write the quotas of an alternative; it has the number that it has in the list."""
    found = smallest_relaxations(problem, most=max(number, SHOWN), beyond_flex=beyond_flex)
    if number > len(found):
        text = say("There are {count} alternatives; --accept names one of them.")
        raise typer.BadParameter(text.format(count=len(found)))
    chosen = found[number - 1]
    write_quotas(chosen.apply(reason), path)
    screen.print(say("The changed quotas are in {file}:").format(file=path), markup=False)
    screen.print(chosen.describe(say), markup=False)


def _say_relaxations(found: tuple[Relaxation, ...]) -> None:
    for number, each in enumerate(found, start=1):
        head = say("Alternative {number} (cost {cost}):")
        cost = number_text(each.cost, language(), 3)
        screen.print(head.format(number=number, cost=cost), markup=False)
        screen.print(each.describe(say), markup=False)
    text = "To accept one: --accept N --reason TEXT --out FILE. Or find more applicants."
    screen.print(say(text), markup=False)


def _refusal(
    problem: SelectionProblem, clash: InfeasibleQuotas, *, relax: bool, beyond_flex: bool
) -> dict[str, Any]:
    """What clashes, and what would do, as plain data."""
    data = {"feasible": False, **clash.params}
    if not relax:
        return data
    try:
        found = smallest_relaxations(problem, most=SHOWN, beyond_flex=beyond_flex)
    except FlexTooNarrow as narrow:
        return {**data, "relaxations": [], "beyond_flex": narrow.params["changes"]}
    return {**data, "relaxations": [each.as_data() for each in found]}


def _say_assessment(problem: SelectionProblem, *, ids: bool, as_json: bool) -> None:
    found = assess_quotas(problem)
    without = {"ids_without_chance": list(found.ids_without_chance)} if ids else {}
    if as_json:
        _print_json({"feasible": True, **found.as_data(), **without})
        return
    screen.print(table_text(found.table(language())), markup=False)
    for person in without.get("ids_without_chance", ()):
        screen.print(person, markup=False)


def _print_json(data: dict[str, Any]) -> None:
    screen.print_json(json.dumps(data, ensure_ascii=False))
