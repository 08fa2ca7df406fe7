"""`mitwirkung verify`: check a draw, and everything it stands on."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from mitwirkung.cli.options import (
    Encoding,
    ErrorsFile,
    KeyFile,
    MappingFile,
    OptionalApplicants,
    OptionalQuotas,
    Population,
    PopulationSheet,
    QuotasEncoding,
    QuotasSheet,
    SettingsFile,
    Sheet,
)
from mitwirkung.cli.terminal import DIFFERS, installation, reported, say, screen, wrong_call
from mitwirkung.errors import InputError
from mitwirkung.intake import collect_applicants
from mitwirkung.lottery.apportionment import read_population
from mitwirkung.lottery.files import RecordFile, UnreadableFile
from mitwirkung.lottery.folder import read_draw
from mitwirkung.lottery.quota_files import collect_quotas
from mitwirkung.lottery.receipts import Receipt
from mitwirkung.lottery.verification import Verification
from mitwirkung.mapping import read_mapping


@reported
def verify(
    record: Annotated[
        Path, typer.Argument(help="record.json, record-public.json, or their folder.")
    ],
    applicants: OptionalApplicants = None,
    quotas: OptionalQuotas = None,
    commitment: Annotated[
        str | None, typer.Option(help="The commitment that was published before the draw.")
    ] = None,
    token: Annotated[str | None, typer.Option(help="Your token.")] = None,
    features: Annotated[
        Path | None, typer.Option(help="Your answers, as on the receipt: a JSON file.")
    ] = None,
    key_file: KeyFile = None,
    encoding: Encoding = None,
    quotas_encoding: QuotasEncoding = None,
    sheet: Sheet = None,
    quotas_sheet: QuotasSheet = None,
    mapping: MappingFile = None,
    population: Population = None,
    population_sheet: PopulationSheet = None,
    settings_file: SettingsFile = None,
    previous: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of an earlier attempt at this draw; may be given several times."),
    ] = None,
    before: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of the draw whose seats were filled; all of them, in order."),
    ] = None,
    errors_file: ErrorsFile = None,
) -> None:
    """Check a draw, and everything it stands on."""
    if (applicants is None) != (quotas is None):
        raise wrong_call("Name both files, applications and quotas, or none.")
    if (token is None) != (features is None):
        raise wrong_call("Name both --token and --features, or none.")
    if record.is_file() and record.name not in ("record.json", "record-public.json"):
        raise wrong_call("Name record.json, record-public.json, or their folder.")
    inputs: dict[str, Any] = {}
    if applicants is not None and quotas is not None:
        inputs = _inputs(
            *(record, applicants, quotas, encoding, quotas_encoding),
            *(sheet, quotas_sheet, mapping, population, population_sheet),
        )
    result = installation(settings_file).verify_record(
        record,
        commitment=commitment,
        receipt=None if token is None or features is None else _receipt(token, features),
        key=None if key_file is None else key_file.read_bytes(),
        previous=previous or (),
        before=before or (),
        **inputs,
    )
    say_verification(result)


def _inputs(
    record: Path,
    applicants: Path,
    quotas: Path,
    encoding: str | None,
    quotas_encoding: str | None,
    sheet: str | None,
    quotas_sheet: str | None,
    mapping: Path | None,
    population: Path | None,
    population_sheet: str | None,
) -> dict[str, Any]:
    """The input files, read as the private record says that they were read."""
    contents = read_draw(record)
    if "record.json" not in contents:
        raise wrong_call("Applications and quotas are compared with record.json; name that.")
    try:
        read_as = RecordFile.from_bytes(contents["record.json"]).intake
    except UnreadableFile:
        return {}  # verification tells what is wrong with it
    intake = collect_applicants(
        applicants,
        id=read_as.id_column,
        missing=read_as.missing,
        encoding=encoding,
        sheet=sheet,
        mapping=read_as.mapping if mapping is None else read_mapping(mapping),
    )
    plan, quota_errors, _ = collect_quotas(quotas, encoding=quotas_encoding, sheet=quotas_sheet)
    if intake.errors or quota_errors:
        raise InputError.of([*intake.errors, *quota_errors])
    if plan is not None and population is not None:
        counts = read_population(population, encoding=quotas_encoding, sheet=population_sheet)
        plan = plan.model_copy(update={"population": counts})
    return {"applicants": intake.applicants, "quotas": plan}


def _receipt(token: str, path: Path) -> Receipt:
    token = token.strip().lower()
    try:
        if path.suffix.lower() == ".csv":
            rows = csv.DictReader(path.read_text("utf-8-sig").splitlines())
            return Receipt.from_row(token, rows)
        return Receipt.from_data(token, json.loads(path.read_text("utf-8-sig")))
    except (ValueError, RecursionError):
        text = "The file of --features is a JSON file of answers, a receipt, or receipts.csv."
        raise wrong_call(text) from None


def say_verification(result: Verification) -> None:
    """Print every check; exit code 1 if something differs."""
    screen.print(result.describe(say), markup=False)
    if not result:
        raise typer.Exit(DIFFERS)
