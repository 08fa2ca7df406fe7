"""`mitwirkung lottery` and `draw`: from files to a panel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from mitwirkung import app as library
from mitwirkung import folders
from mitwirkung.cli.options import (
    Companions,
    Encoding,
    ErrorsFile,
    FactsFile,
    Force,
    HouseholdRuleName,
    Households,
    IdColumn,
    KeyFile,
    MappingFile,
    Missing,
    OptionalApplicants,
    OptionalQuotas,
    OutFolder,
    Panels,
    Population,
    PopulationSheet,
    QuotasEncoding,
    QuotasSheet,
    Seats,
    Settings,
    SettingsFile,
    Sheet,
    StrategyName,
    WishesFile,
)
from mitwirkung.cli.terminal import (
    errors,
    installation,
    progress_bar,
    reported,
    say,
    screen,
    warn,
    wrong_call,
)
from mitwirkung.errors import Finding, InputError
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.facts_file import sample_facts
from mitwirkung.lottery.folder import PublishedLottery, read_lottery
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.problem_files import read_problem
from mitwirkung.lottery.publication import Publication, check_statements
from mitwirkung.lottery.randomness import check_seed
from mitwirkung.lottery.wishes import HouseholdRule, Wishes, collect_wishes
from mitwirkung.mapping import read_mapping


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """What was given as NAME=VALUE, each name once."""
    found = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{option} {text}: NAME=VALUE")
        if name.strip() in found:
            raise typer.BadParameter(f"{option} {name.strip()}=...: twice")
        found[name.strip()] = value.strip()
    return found


def strategy_settings(given: list[str] | None) -> dict[str, Any]:
    """Values that are JSON are read as such; everything else is a text."""
    settings: dict[str, Any] = {}
    for name, value in pairs(given, "--setting").items():
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = value
    return settings


def read_problem_files(
    applicants: Path | None,
    quotas: Path | None,
    seats: int | None,
    id_column: str | None,
    household_columns: str,
    missing: list[str] | None,
    encoding: str | None,
    quotas_encoding: str | None,
    sheet: str | None,
    quotas_sheet: str | None,
    mapping: Path | None,
    wishes: Path | None,
    companions: str | None,
    household_rule: str,
    population: Path | None = None,
    population_sheet: str | None = None,
) -> SelectionProblem:
    """The problem that the files of a call make; doubtful things are printed."""
    if applicants is None or quotas is None or seats is None:
        raise wrong_call("Name the files of applications and quotas, and --seats.")
    declared, wrong = _wishes(wishes, companions, household_rule)
    try:
        problem = read_problem(
            applicants,
            quotas,
            seats=seats,
            id=id_column,
            household=[name.strip() for name in household_columns.split(",") if name.strip()],
            missing=pairs(missing, "--missing"),  # type: ignore[arg-type]  # others are findings
            encoding=encoding,
            quotas_encoding=quotas_encoding,
            population=population,
            sheet=sheet,
            quotas_sheet=quotas_sheet,
            population_sheet=population_sheet,
            mapping=None if mapping is None else read_mapping(mapping),
            wishes=declared,
        )
    except InputError as error:
        raise InputError.of([*error.findings, *wrong]) from None
    if wrong:
        raise InputError.of(wrong)
    warn(problem.warnings)
    return problem


def _wishes(
    file: Path | None, companions: str | None, household_rule: str
) -> tuple[Wishes, tuple[Finding, ...]]:
    """What the options declare, and what is wrong in the file of wishes."""
    known: tuple[HouseholdRule, ...] = get_args(HouseholdRule)
    rule = next((rule for rule in known if rule == household_rule.strip().lower()), None)
    if rule is None:
        raise wrong_call("--household-rule is 'at most one' or 'together'.")
    if file is None:
        return Wishes(companions=companions, household_rule=rule), ()
    return collect_wishes(file, companions=companions, household_rule=rule)


def solve_problem(
    problem: SelectionProblem,
    app: library.Mitwirkung,
    strategy: str | None,
    setting: list[str] | None,
    facts: Path | None,
    key_file: Path | None,
    panels: int | None = None,
    *,
    settings: dict[str, Any] | None = None,
) -> tuple[PanelLottery, dict[str, Any]]:
    """The lottery, and the facts and key it is published with; they are refused before the work."""
    stated = Facts() if facts is None else app.read_facts(facts)
    key = None if key_file is None else key_file.read_bytes()
    check_statements(problem, stated, key, panels)
    with progress_bar() as progress:
        chosen = {**(settings or {}), **strategy_settings(setting)}
        made = app.solve(problem, strategy, settings=chosen, progress=progress)
    return made, {"facts": stated, "key": key, "panels": panels}


@reported
def lottery(
    applicants: OptionalApplicants = None,
    quotas: OptionalQuotas = None,
    seats: Seats = None,
    strategy: StrategyName = None,
    setting: Settings = None,
    settings_file: SettingsFile = None,
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
    key_file: KeyFile = None,
    facts: FactsFile = None,
    panels: Panels = None,
    population: Population = None,
    population_sheet: PopulationSheet = None,
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
        raise wrong_call("Name the folder to write: --out DIR.")
    app = installation(settings_file)
    problem = read_problem_files(
        *(applicants, quotas, seats, id_column, household_columns, missing),
        *(encoding, quotas_encoding, sheet, quotas_sheet, mapping),
        *(wishes, companions, household_rule),
        *(population, population_sheet),
    )
    made, stated = solve_problem(problem, app, strategy, setting, facts, key_file, panels)
    published = made.publish(out, force=force, **stated)
    say_lottery(published, out)


def _warn_unprotected(publication: Publication) -> bool:
    """Whether the pseudonyms are not protected; says so."""
    if publication.public.pseudonyms == "protected":
        return False
    text = (
        "Without --key-file anyone who can guess an application can undo its pseudonym: "
        "do not publish lottery.json and record-public.json."
    )
    errors.print(say(text), markup=False)
    return True


def _print_sample() -> None:
    screen.print(sample_facts(), markup=False, end="")


def say_lottery(published: PublishedLottery, folder: Path) -> None:
    """Where the lottery is, and what has to be published of it."""
    screen.print(say("The lottery is in {folder}.").format(folder=folder), markup=False)
    if _warn_unprotected(published.publication):
        screen.print(say("Publish this commitment before the draw:"))
    else:
        screen.print(say("Publish lottery.json and this commitment before the draw:"))
    screen.print(published.commitment)
    deviation = published.publication.public.deviation
    if deviation is not None:
        screen.print(say("Print panels.html for the ceremony."))
        text = say("Largest deviation of a chance from the exact one")
        screen.print(f"{text}: {deviation}", markup=False)


@reported
def draw(
    applicants: OptionalApplicants = None,
    quotas: OptionalQuotas = None,
    seats: Seats = None,
    seed: Annotated[str, typer.Option(help="The public seed, to the letter.")] = "",
    drawn: Annotated[
        str,
        typer.Option(help="Instead: the numbers drawn; the wording is that of the lottery."),
    ] = "",
    fallback: Annotated[
        bool, typer.Option("--fallback", help="With --drawn: the fallback was drawn.")
    ] = False,
    lottery: Annotated[
        Path | None, typer.Option(help="Folder of a lottery made before, to draw from.")
    ] = None,
    strategy: StrategyName = None,
    setting: Settings = None,
    settings_file: SettingsFile = None,
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
    key_file: KeyFile = None,
    facts: FactsFile = None,
    panels: Panels = None,
    population: Population = None,
    population_sheet: PopulationSheet = None,
    out: OutFolder = None,
    force: Force = False,
    errors_file: ErrorsFile = None,
) -> None:
    """Draw the panel, from a published lottery or (uncommitted) from files at once."""
    if bool(seed) == bool(drawn):
        raise wrong_call("Name the public seed: --seed TEXT, or the numbers drawn: --drawn TEXT.")
    if (drawn or fallback) and (lottery is None or not drawn):
        raise wrong_call("--drawn and --fallback need a lottery made before: --lottery DIR.")
    if lottery is not None:
        others: tuple[object, ...] = (
            applicants,
            seats,
            strategy,
            setting,
            settings_file,
            id_column,
            missing,
            encoding,
            quotas_encoding,
        )
        others += (sheet, quotas_sheet, population_sheet, mapping, wishes, companions)
        others += (key_file, facts, panels, population, out, household_columns or None)
        others += (None if household_rule == "at most one" else household_rule,)
        if any(other is not None for other in others):
            raise wrong_call("With --lottery everything but the seed is that of the lottery.")
        seed = seed or read_lottery(lottery).seed_from(drawn, fallback=fallback)
        record = folders.draw_folder(lottery, seed, force=force)
        _say_draw(record, lottery)
        return
    if out is None:
        raise wrong_call("Name the folder to write: --out DIR, or a lottery: --lottery DIR.")
    app = installation(settings_file)
    problem = read_problem_files(
        *(applicants, quotas, seats, id_column, household_columns, missing),
        *(encoding, quotas_encoding, sheet, quotas_sheet, mapping),
        *(wishes, companions, household_rule),
        *(population, population_sheet),
    )
    check_seed(seed)
    made, stated = solve_problem(problem, app, strategy, setting, facts, key_file, panels)
    record = folders.draw_at_once(made, seed, out, force=force, **stated)
    _warn_unprotected(record.publication)
    _say_draw(record, out)


def _say_draw(record: DrawRecord, folder: Path) -> None:
    if record.private.numbered is not None:
        text = say("Panel {number} of {panels} is drawn.")
        numbered = record.private.numbered
        said = text.format(number=numbered.panel, panels=numbered.panels)
        screen.print(said, markup=False)
    text = say("{count} people have a seat; panel, record and report are in {folder}.")
    replaces = record.publication.public.replaces
    if replaces is not None and replaces.ahead is not None:
        text = say("{count} alternates are drawn; panel, record and report are in {folder}.")
    screen.print(text.format(count=len(record.panel), folder=folder), markup=False)
    if not record.committed:
        text = "Nothing fixed the seed beforehand: this record is uncommitted."
        screen.print(say(text))
