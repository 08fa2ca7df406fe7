"""`mitwirkung quotas`: from population counts to quotas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mitwirkung.cli.options import Encoding, ErrorsFile, Force, PopulationSheet
from mitwirkung.cli.terminal import errors, reported, say, screen, wrong_call
from mitwirkung.lottery.apportionment import METHODS, quotas_from_population, read_population
from mitwirkung.lottery.quota_files import write_quotas


@reported
def quotas(
    population: Annotated[Path, typer.Argument(help="feature,value,count")],
    seats: Annotated[int, typer.Option(help="Size of the panel, in people.")],
    method: Annotated[str, typer.Option(help=" or ".join(METHODS))] = "sainte-lague",
    tolerance: Annotated[int, typer.Option(help="Seats more or less than in proportion.")] = 0,
    encoding: Encoding = None,
    sheet: PopulationSheet = None,
    out_file: Annotated[Path | None, typer.Option("--out", help="File to write.")] = None,
    force: Force = False,
    errors_file: ErrorsFile = None,
) -> None:
    """Derive quotas from population counts."""
    if out_file is None:
        raise wrong_call("Name the file to write: --out FILE.")
    counts = read_population(population, encoding=encoding, sheet=sheet)
    plan = quotas_from_population(
        counts,
        seats=seats,
        method=method,  # type: ignore[arg-type]  # an unknown one is an error that lists them
        tolerance=tolerance,
    )
    if out_file.exists() and not force:
        raise wrong_call("The file exists; choose another, or say --force.")
    write_quotas(plan, out_file)
    limits = [quota for feature in plan.features for quota in feature.quotas]
    if tolerance == 0 and any(quota.min == 0 for quota in limits):
        text = (
            "Small groups without a seat in proportion have no chance at tolerance 0: "
            "consider --tolerance 1."
        )
        errors.print(say(text), markup=False)
    text = say("The quotas are in {file}. For the facts:").format(file=out_file)
    screen.print(f'{text}\n[quotas]\nmethod = "{plan.provenance.method}"', markup=False)
