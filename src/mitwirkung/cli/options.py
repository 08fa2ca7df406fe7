"""The arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ApplicantsFile = Annotated[Path, typer.Argument(help="Applications: .xlsx, CSV or JSON lines.")]
QuotasFile = Annotated[Path, typer.Argument(help="Quotas: feature,value,min,max.")]
OptionalApplicants = Annotated[
    Path | None, typer.Argument(help="Applications: .xlsx, CSV or JSON lines.")
]
OptionalQuotas = Annotated[Path | None, typer.Argument(help="Quotas: feature,value,min,max.")]
Seats = Annotated[int | None, typer.Option(help="Size of the panel, in people.")]
StrategyName = Annotated[
    str | None, typer.Option(help="Selection strategy; that of the settings if not given.")
]
SettingsFile = Annotated[
    Path | None, typer.Option(help="Settings; mitwirkung.toml in this folder if it is there.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--setting", help="A strategy's setting: NAME=VALUE; VALUE may be JSON."),
]
IdColumn = Annotated[str | None, typer.Option(help="Column of the ids, if not a common one.")]
Households = Annotated[
    str, typer.Option(help="Columns that make an address, by comma: at most one seat each.")
]
HouseholdRuleName = Annotated[
    str, typer.Option(help="Of a household: 'at most one', or all of it 'together'.")
]
Companions = Annotated[
    str | None,
    typer.Option(help="Column in which companions have the same entry: seated all or none."),
]
WishesFile = Annotated[
    Path | None, typer.Option("--wishes", help="id,seat,reason: who must, who must not be seated.")
]
Missing = Annotated[
    list[str] | None,
    typer.Option(help="FEATURE=refuse, FEATURE=own value or FEATURE=unconstrained."),
]
Encoding = Annotated[str | None, typer.Option(help="Encoding of the applications, if not UTF-8.")]
QuotasEncoding = Annotated[
    str | None, typer.Option(help="Encoding of quotas and population, if not UTF-8.")
]
KeyFile = Annotated[
    Path | None, typer.Option(help="Secret of at least 32 bytes that protects the pseudonyms.")
]
FactsFile = Annotated[Path | None, typer.Option(help="The organiser's facts, a TOML file.")]
Population = Annotated[
    Path | None, typer.Option(help="feature,value,count: for the report to compare with.")
]
Panels = Annotated[
    int | None,
    typer.Option(help="So many numbered panels, for a draw by balls or dice: 10 to 10,000."),
]
OutFolder = Annotated[Path | None, typer.Option("--out", help="Folder to write.")]
Force = Annotated[bool, typer.Option("--force", help="Replace other content.")]
ErrorsFile = Annotated[Path | None, typer.Option(help="Write all findings as JSON here.")]
Sheet = Annotated[str | None, typer.Option(help="Sheet of the applications, if not the first.")]
QuotasSheet = Annotated[str | None, typer.Option(help="Sheet of the quotas, if not the first.")]
PopulationSheet = Annotated[
    str | None, typer.Option(help="Sheet of the population, if not the first.")
]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", help="How columns become features, a TOML file.")
]
