"""`mitwirkung replace` and `alternates`: seats that fell free, or may do so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mitwirkung.cli.lottery import say_lottery, solve_problem
from mitwirkung.cli.options import (
    ErrorsFile,
    FactsFile,
    Force,
    OutFolder,
    Settings,
    SettingsFile,
    StrategyName,
)
from mitwirkung.cli.terminal import installation, reported, say, screen, warn, wrong_call
from mitwirkung.errors import InputError
from mitwirkung.lottery.alternates import alternates_problem, read_dropout
from mitwirkung.lottery.folder import read_record
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.replacement import check_freed, collect_freed, replacement_problem


@reported
def replace(
    draws: Annotated[
        list[Path],
        typer.Argument(help="Folder of the draw; then those of replacements before, in order."),
    ],
    freed: Annotated[
        Path | None, typer.Option(help="id,reason: who gave up a seat since the last draw.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of that file, if not UTF-8.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Its sheet, if not the first.")] = None,
    strategy: StrategyName = None,
    setting: Settings = None,
    settings_file: SettingsFile = None,
    facts: FactsFile = None,
    out: OutFolder = None,
    force: Force = False,
    errors_file: ErrorsFile = None,
) -> None:
    """Make a lottery for seats that fell free, to be published before its own seed exists."""
    if freed is None:
        raise wrong_call("Name the file of those who gave up their seats: --freed FILE.")
    if out is None:
        raise wrong_call("Name the folder to write: --out DIR.")
    app = installation(settings_file)
    records = [read_record(folder) for folder in draws]
    gone, errors = collect_freed(freed, encoding=encoding, sheet=sheet)
    errors = (*errors, *check_freed(records, gone))
    if errors:
        raise InputError.of(sorted(errors, key=lambda error: error.row or 0))
    problem = replacement_problem(records, freed=gone)
    warn(problem.warnings)
    before = records[0].publication.public.strategy
    used = strategy or before.name
    settings = before.settings if used == before.name and not setting else None
    made, stated = solve_problem(problem, app, used, setting, facts, None, settings=settings)
    published = made.publish(out, force=force, **stated)
    text = say("{seats} seats are to be filled, {kept} people keep theirs; the pool has {people}.")
    kept = 0 if problem.replaces is None else problem.replaces.kept
    line = text.format(seats=problem.seats, kept=kept, people=len(problem))
    screen.print(line, markup=False)
    _say_without_chance(made)
    say_lottery(published, out)


def _say_without_chance(lottery: PanelLottery) -> None:
    count = sum(not chance for chance in lottery.exact_chances)
    if count:
        text = say("Without a chance, as few seats and tight quotas leave no room: {count} people.")
        screen.print(text.format(count=count), markup=False)


@reported
def alternates(
    draws: Annotated[
        list[Path],
        typer.Argument(help="Folder of the draw; then those of replacements before, in order."),
    ],
    number: Annotated[int | None, typer.Option(min=1, help="How many alternates.")] = None,
    dropout_rate: Annotated[
        str, typer.Option(help="How many people drop out: 0.1 or 1/10.")
    ] = "1/10",
    dropout: Annotated[
        Path | None, typer.Option(help="feature,value,rate: answers that make it likelier.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of that file, if not UTF-8.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Its sheet, if not the first.")] = None,
    strategy: StrategyName = None,
    setting: Settings = None,
    settings_file: SettingsFile = None,
    facts: FactsFile = None,
    out: OutFolder = None,
    force: Force = False,
    errors_file: ErrorsFile = None,
) -> None:
    """Make a lottery for alternates ahead, before anybody dropped out."""
    if out is None:
        raise wrong_call("Name the folder to write: --out DIR.")
    if number is None:
        raise wrong_call("Say how many alternates: --number N.")
    app = installation(settings_file)
    records = [read_record(folder) for folder in draws]
    rates = read_dropout(dropout_rate, dropout, encoding=encoding, sheet=sheet)
    problem = alternates_problem(records, number=number, dropout=rates)
    made, stated = solve_problem(problem, app, strategy, setting, facts, None)
    published = made.publish(out, force=force, **stated)
    text = say("{number} alternates are to stand by; the pool has {people} people.")
    screen.print(text.format(number=number, people=len(problem)), markup=False)
    _say_without_chance(made)
    say_lottery(published, out)
