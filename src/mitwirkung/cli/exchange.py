"""`mitwirkung export` and `compare`: files of the common sortition tools, written and read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mitwirkung import folders
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
    OutFolder,
    QuotasEncoding,
    QuotasFile,
    QuotasSheet,
    Seats,
    Sheet,
    WishesFile,
)
from mitwirkung.cli.terminal import DIFFERS, errors, reported, say, screen, wrong_call
from mitwirkung.lottery.sortition_files import Layout, check_panels, read_panels


@reported
def export(
    lottery: Annotated[Path, typer.Argument(help="Folder of a lottery that was drawn from.")],
    keep: Annotated[
        str | None, typer.Option(help="Columns between id and features, by comma; else all.")
    ] = None,
    layout: Annotated[
        Layout, typer.Option(help="Of panels.csv: a panel in each row or column, or its members.")
    ] = "rows",
    out: OutFolder = None,
    force: Force = False,
) -> None:
    """Write a draw, and numbered panels, in files of the common sortition tools."""
    if out is None:
        raise wrong_call("Name the folder to write: --out DIR.")
    columns = None if keep is None else [name.strip() for name in keep.split(",") if name.strip()]
    names = folders.export_folder(lottery, out, keep=columns, layout=layout, force=force)
    screen.print("\n".join(str(out / name) for name in names), markup=False)


@reported
def compare(
    panels: Annotated[Path, typer.Argument(help="selected.csv, or a table of many panels.")],
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
    panels_encoding: Annotated[
        str | None, typer.Option(help="Encoding of the panels, if not UTF-8.")
    ] = None,
    panels_sheet: Annotated[
        str | None, typer.Option(help="Sheet of the panels, if not the first.")
    ] = None,
    errors_file: ErrorsFile = None,
) -> None:
    """Compare panels that another tool selected with applications and quotas."""
    problem = read_problem_files(
        *(applicants, quotas, seats, id_column, household_columns, missing),
        *(encoding, quotas_encoding, sheet, quotas_sheet, mapping),
        *(wishes, companions, household_rule),
    )
    found = read_panels(
        panels,
        id=problem.applicants.id_column,
        encoding=panels_encoding,
        sheet=panels_sheet,
    )
    wrong = check_panels(problem, found)
    for finding in wrong:
        errors.print(finding.describe(say), markup=False)
    if wrong:
        raise typer.Exit(DIFFERS)
    text = say("{count} panels of {seats} people each meet all quotas.")
    screen.print(text.format(count=len(found), seats=problem.seats), markup=False)
