"""The command line: files in, files out, and an exit code.

Exit codes: 0 done (or verified); 1 something differs, or no panel can be had; 2 the input or the
call is wrong, nothing was written; 130 interrupted.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from mitwirkung import app as library
from mitwirkung.errors import Finding, InputError, MitwirkungError, Translate
from mitwirkung.intake import collect_applicants
from mitwirkung.lottery.apportionment import METHODS, quotas_from_population, read_population
from mitwirkung.lottery.certificates import OptimumNotProven
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.facts_file import read_facts, sample_facts
from mitwirkung.lottery.feasibility import InfeasibleQuotas, TooFewApplicants, check_feasible
from mitwirkung.lottery.files import RecordFile, UnreadableFile
from mitwirkung.lottery.folder import PublishedLottery, read_draw
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import Publication, check_statements
from mitwirkung.lottery.quota_files import collect_quotas, write_quotas
from mitwirkung.lottery.randomness import check_seed
from mitwirkung.lottery.receipts import Receipt
from mitwirkung.lottery.verification import Verification
from mitwirkung.texts import LANGUAGES, translator

DIFFERS = 1
REFUSED = 2
INTERRUPTED = 130

cli = typer.Typer(
    help="Fair, verifiable lotteries for citizen participation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
screen = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)

P = ParamSpec("P")
R = TypeVar("R")

ApplicantsFile = Annotated[Path, typer.Argument(help="Applications: CSV or JSON lines.")]
QuotasFile = Annotated[Path, typer.Argument(help="Quotas: feature,value,min,max.")]
OptionalApplicants = Annotated[Path | None, typer.Argument(help="Applications: CSV or JSON lines.")]
OptionalQuotas = Annotated[Path | None, typer.Argument(help="Quotas: feature,value,min,max.")]
Seats = Annotated[int | None, typer.Option(help="Size of the panel, in people.")]
StrategyName = Annotated[str, typer.Option(help="Selection strategy.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--setting", help="A strategy's setting: NAME=VALUE; VALUE may be JSON."),
]
IdColumn = Annotated[str | None, typer.Option(help="Column of the ids, if not a common one.")]
Households = Annotated[
    str, typer.Option(help="Columns that make an address, by comma: at most one seat each.")
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
OutFolder = Annotated[Path | None, typer.Option("--out", help="Folder to write.")]
Force = Annotated[bool, typer.Option("--force", help="Replace other content.")]
ErrorsFile = Annotated[Path | None, typer.Option(help="Write all findings as JSON here.")]


def _version(asked: bool) -> None:
    if asked:
        screen.print(f"mitwirkung {version('mitwirkung')}")
        raise typer.Exit


@cli.callback()
def options(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Fair, verifiable lotteries for citizen participation."""


def main() -> None:
    """Run the command line; the one place that ends the process."""
    cli(prog_name="mitwirkung")


def _language() -> str:
    asked = os.environ.get("MITWIRKUNG_LANGUAGE", "")
    if asked:
        return asked if asked in LANGUAGES else "en"
    locale = next((v for k in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(k))), "")
    return "de" if locale.lower().startswith("de") else "en"


def _texts() -> Translate:
    return translator(_language())


def _reported(command: Callable[P, R]) -> Callable[P, R]:
    """Errors of the library as a sentence and an exit code, never as a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        path = kwargs.get("errors_file")
        findings_file = path if isinstance(path, Path) else None
        try:
            _write_findings(findings_file, ())
            return command(*args, **kwargs)
        except (InfeasibleQuotas, TooFewApplicants, OptimumNotProven) as error:
            errors.print(error.describe(_texts()), markup=False)
            raise typer.Exit(DIFFERS) from None
        except MitwirkungError as error:
            if isinstance(error, InputError):
                _write_findings(findings_file, error.findings)
            errors.print(error.describe(_texts()), markup=False)
            raise typer.Exit(REFUSED) from None
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            errors.print(f"{place}{error.strerror or error}", markup=False)
            raise typer.Exit(REFUSED) from None
        except KeyboardInterrupt:
            errors.print(_texts()("Interrupted; nothing was written."))
            raise typer.Exit(INTERRUPTED) from None

    return run


def _write_findings(path: Path | None, findings: tuple[Finding, ...]) -> None:
    """All errors as JSON; written empty first, so that no file of an earlier run is believed."""
    if path is not None:
        data = [finding.as_json() for finding in findings]
        path.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")


def _warn(findings: tuple[Finding, ...]) -> None:
    texts = _texts()
    for finding in findings:
        errors.print(f"{texts('Warning')}: {finding.describe(texts)}", markup=False)


def _wrong_call(text: str) -> typer.BadParameter:
    return typer.BadParameter(_texts()(text))


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{option} {text}: NAME=VALUE")
        if name.strip() in pairs:
            raise typer.BadParameter(f"{option} {name.strip()}=...: twice")
        pairs[name.strip()] = value.strip()
    return pairs


def _settings(given: list[str] | None) -> dict[str, Any]:
    """Values that are JSON are read as such; everything else is a text."""
    settings: dict[str, Any] = {}
    for name, value in _pairs(given, "--setting").items():
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = value
    return settings


def _read_problem(
    applicants: Path | None,
    quotas: Path | None,
    seats: int | None,
    id_column: str | None,
    household_columns: str,
    missing: list[str] | None,
    encoding: str | None,
    quotas_encoding: str | None,
    population: Path | None = None,
) -> SelectionProblem:
    if applicants is None or quotas is None or seats is None:
        raise _wrong_call("Name the files of applications and quotas, and --seats.")
    problem = library.read_problem(
        applicants,
        quotas,
        seats=seats,
        id=id_column,
        household=[name.strip() for name in household_columns.split(",") if name.strip()],
        missing=_pairs(missing, "--missing"),  # type: ignore[arg-type]  # unknown ones are findings
        encoding=encoding,
        quotas_encoding=quotas_encoding,
        population=population,
    )
    _warn(problem.warnings)
    return problem


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """A bar on the terminal while the lottery is made; nothing where there is no terminal."""
    if not errors.is_terminal:
        yield lambda step, share: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as bars:
        task = bars.add_task(_texts()("Making the lottery"), total=1.0)

        def report(step: str, share: float) -> None:
            bars.update(task, description=step, completed=share)

        yield report


@cli.command()
@_reported
def lottery(
    applicants: OptionalApplicants = None,
    quotas: OptionalQuotas = None,
    seats: Seats = None,
    strategy: StrategyName = "leximin",
    setting: Settings = None,
    id_column: IdColumn = None,
    household_columns: Households = "",
    missing: Missing = None,
    encoding: Encoding = None,
    quotas_encoding: QuotasEncoding = None,
    key_file: KeyFile = None,
    facts: FactsFile = None,
    population: Population = None,
    out: OutFolder = None,
    force: Force = False,
    errors_file: ErrorsFile = None,
    sample_facts: Annotated[
        bool, typer.Option("--sample-facts", help="Print a sample of the facts file, and stop.")
    ] = False,
) -> None:
    """Make a lottery, to be published before the seed of the draw exists."""
    if sample_facts:
        _print_sample()
        return
    if out is None:
        raise _wrong_call("Name the folder to write: --out DIR.")
    problem = _read_problem(
        *(applicants, quotas, seats, id_column, household_columns, missing),
        *(encoding, quotas_encoding, population),
    )
    stated = Facts() if facts is None else read_facts(facts)
    key = None if key_file is None else key_file.read_bytes()
    check_statements(problem, stated, key)
    with _progress() as progress:
        made = library.solve(problem, strategy, settings=_settings(setting), progress=progress)
    published = made.publish(out, facts=stated, key=key, force=force)
    _say_lottery(published, out)


def _warn_unprotected(publication: Publication) -> bool:
    """Whether the pseudonyms are not protected; says so."""
    if publication.public.pseudonyms == "protected":
        return False
    text = (
        "Without --key-file anyone who can guess an application can undo its pseudonym: "
        "do not publish lottery.json and record-public.json."
    )
    errors.print(_texts()(text), markup=False)
    return True


def _print_sample() -> None:
    screen.print(sample_facts(), markup=False, end="")


def _say_lottery(published: PublishedLottery, folder: Path) -> None:
    texts = _texts()
    screen.print(texts("The lottery is in {folder}.").format(folder=folder), markup=False)
    if _warn_unprotected(published.publication):
        screen.print(texts("Publish this commitment before the draw:"))
    else:
        screen.print(texts("Publish lottery.json and this commitment before the draw:"))
    screen.print(published.commitment)


@cli.command()
@_reported
def draw(
    applicants: OptionalApplicants = None,
    quotas: OptionalQuotas = None,
    seats: Seats = None,
    seed: Annotated[str, typer.Option(help="The public seed, to the letter.")] = "",
    lottery: Annotated[
        Path | None, typer.Option(help="Folder of a lottery made before, to draw from.")
    ] = None,
    strategy: StrategyName = "leximin",
    setting: Settings = None,
    id_column: IdColumn = None,
    household_columns: Households = "",
    missing: Missing = None,
    encoding: Encoding = None,
    quotas_encoding: QuotasEncoding = None,
    key_file: KeyFile = None,
    facts: FactsFile = None,
    population: Population = None,
    out: OutFolder = None,
    force: Force = False,
    errors_file: ErrorsFile = None,
) -> None:
    """Draw the panel, from a published lottery or (uncommitted) from files at once."""
    if not seed:
        raise _wrong_call("Name the public seed: --seed TEXT.")
    if lottery is not None:
        others: tuple[object, ...] = (
            applicants,
            seats,
            setting,
            id_column,
            missing,
            encoding,
            quotas_encoding,
        )
        others += (key_file, facts, population, out, household_columns or None)
        if any(other is not None for other in others) or strategy != "leximin":
            raise _wrong_call("With --lottery everything but the seed is that of the lottery.")
        record = library.draw_folder(lottery, seed, force=force)
        _say_draw(record, lottery)
        return
    if out is None:
        raise _wrong_call("Name the folder to write: --out DIR, or a lottery: --lottery DIR.")
    problem = _read_problem(
        *(applicants, quotas, seats, id_column, household_columns, missing),
        *(encoding, quotas_encoding, population),
    )
    stated = Facts() if facts is None else read_facts(facts)
    key = None if key_file is None else key_file.read_bytes()
    check_statements(problem, stated, key)
    check_seed(seed)
    with _progress() as progress:
        made = library.solve(problem, strategy, settings=_settings(setting), progress=progress)
    record = library.draw_at_once(made, seed, out, facts=stated, key=key, force=force)
    _warn_unprotected(record.publication)
    _say_draw(record, out)


def _say_draw(record: DrawRecord, folder: Path) -> None:
    texts = _texts()
    text = texts("{count} people have a seat; panel, record and report are in {folder}.")
    screen.print(text.format(count=len(record.panel), folder=folder), markup=False)
    if not record.committed:
        text = "Nothing fixed the seed beforehand: this record is uncommitted."
        screen.print(texts(text))


@cli.command(name="verify")
@_reported
def verify_command(
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
    errors_file: ErrorsFile = None,
) -> None:
    """Check a draw, and everything it stands on."""
    if (applicants is None) != (quotas is None):
        raise _wrong_call("Name both files, applications and quotas, or none.")
    if (token is None) != (features is None):
        raise _wrong_call("Name both --token and --features, or none.")
    if record.is_file() and record.name not in ("record.json", "record-public.json"):
        raise _wrong_call("Name record.json, record-public.json, or their folder.")
    inputs: dict[str, Any] = {}
    if applicants is not None and quotas is not None:
        inputs = _verification_inputs(record, applicants, quotas, encoding, quotas_encoding)
    result = library.verify_record(
        record,
        commitment=commitment,
        receipt=None if token is None or features is None else _receipt(token, features),
        key=None if key_file is None else key_file.read_bytes(),
        **inputs,
    )
    _say_verification(result)


def _verification_inputs(
    record: Path,
    applicants: Path,
    quotas: Path,
    encoding: str | None,
    quotas_encoding: str | None,
) -> dict[str, Any]:
    """The input files, read as the private record says that they were read."""
    contents = read_draw(record)
    if "record.json" not in contents:
        raise _wrong_call("Applications and quotas are compared with record.json; name that.")
    try:
        read_as = RecordFile.from_bytes(contents["record.json"]).intake
    except UnreadableFile:
        return {}  # verification tells what is wrong with it
    intake = collect_applicants(
        applicants, id=read_as.id_column, missing=read_as.missing, encoding=encoding
    )
    plan, quota_errors, _ = collect_quotas(quotas, encoding=quotas_encoding)
    if intake.errors or quota_errors:
        raise InputError.of([*intake.errors, *quota_errors])
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
        raise _wrong_call(text) from None


def _say_verification(result: Verification) -> None:
    screen.print(result.describe(_texts()), markup=False)
    if not result:
        raise typer.Exit(DIFFERS)


@cli.command()
@_reported
def check(
    applicants: ApplicantsFile,
    quotas: QuotasFile,
    seats: Seats = None,
    id_column: IdColumn = None,
    household_columns: Households = "",
    missing: Missing = None,
    encoding: Encoding = None,
    quotas_encoding: QuotasEncoding = None,
    errors_file: ErrorsFile = None,
) -> None:
    """Tell every error in the files, and whether the quotas can be met."""
    problem = _read_problem(
        *(applicants, quotas, seats, id_column, household_columns, missing),
        *(encoding, quotas_encoding),
    )
    check_feasible(problem)
    text = _texts()("{people} people in {lots} lots; the quotas can be met with {seats} seats.")
    screen.print(text.format(people=len(problem), lots=len(problem.lots), seats=problem.seats))


@cli.command(name="quotas")
@_reported
def quotas_command(
    population: Annotated[Path, typer.Argument(help="feature,value,count")],
    seats: Annotated[int, typer.Option(help="Size of the panel, in people.")],
    method: Annotated[str, typer.Option(help=" or ".join(METHODS))] = "sainte-lague",
    tolerance: Annotated[int, typer.Option(help="Seats more or less than in proportion.")] = 0,
    encoding: Encoding = None,
    out_file: Annotated[Path | None, typer.Option("--out", help="File to write.")] = None,
    force: Force = False,
    errors_file: ErrorsFile = None,
) -> None:
    """Derive quotas from population counts."""
    if out_file is None:
        raise _wrong_call("Name the file to write: --out FILE.")
    counts = read_population(population, encoding=encoding)
    plan = quotas_from_population(
        counts,
        seats=seats,
        method=method,  # type: ignore[arg-type]  # an unknown one is an error that lists them
        tolerance=tolerance,
    )
    if out_file.exists() and not force:
        raise _wrong_call("The file exists; choose another, or say --force.")
    write_quotas(plan, out_file)
    texts = _texts()
    if tolerance == 0 and any(quota.min == 0 for feature in plan.features for quota in feature):
        text = (
            "Small groups without a seat in proportion have no chance at tolerance 0: "
            "consider --tolerance 1."
        )
        errors.print(texts(text), markup=False)
    text = texts("The quotas are in {file}. For the facts:").format(file=out_file)
    screen.print(f'{text}\n[quotas]\nmethod = "{plan.provenance.method}"', markup=False)


@cli.command()
@_reported
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")] = Path("mitwirkung-demo"),
    force: Force = False,
) -> None:
    """Run the main job on the shipped example: the Dortmund dialogue with 75 seats."""
    from mitwirkung.demo import FILES, run_demo

    with _progress() as progress:
        done = run_demo(out, force=force, progress=progress)
    texts = _texts()
    for name, text in FILES.items():
        screen.print(f"{out / name}: {texts(text)}", markup=False)
    _say_verification(done)
