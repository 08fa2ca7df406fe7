"""What the commands say, in which language, and with which exit code they end."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Literal, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from mitwirkung.app import Mitwirkung
from mitwirkung.errors import Finding, InputError, MitwirkungError
from mitwirkung.lottery.certificates import OptimumNotProven
from mitwirkung.lottery.feasibility import InfeasibleQuotas, TooFewApplicants
from mitwirkung.lottery.progress import LotteryStopped, Step
from mitwirkung.lottery.relaxing import FlexTooNarrow
from mitwirkung.settings import SETTINGS_FILE, Settings
from mitwirkung.texts import LANGUAGES, translator

DIFFERS = 1
REFUSED = 2
INTERRUPTED = 130

screen = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)

NO_PANEL = (InfeasibleQuotas, TooFewApplicants, FlexTooNarrow, OptimumNotProven)
"""Errors that are an answer: the input is right, but no panel can be had from it."""

Language = Annotated[
    Literal["en", "de"] | None,
    typer.Option("--language", help="Language of what is printed, else that of the environment."),
]

_chosen: ContextVar[str | None] = ContextVar("chosen", default=None)
"""What `--language` says in this call."""

P = ParamSpec("P")
R = TypeVar("R")


def language() -> str:
    """The language of the terminal: that of `--language`, else that of the environment."""
    if (chosen := _chosen.get()) is not None:
        return chosen
    asked = os.environ.get("MITWIRKUNG_LANGUAGE", "")
    if asked:
        return asked if asked in LANGUAGES else "en"
    locale = next((v for k in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(k))), "")
    return "de" if locale.lower().startswith("de") else "en"


def say(text: str) -> str:
    """The text in the language of the terminal."""
    return translator(language())(text)


@contextmanager
def speaking(chosen: str | None) -> Iterator[None]:
    """Print in this language meanwhile; None changes nothing."""
    before = _chosen.set(chosen or _chosen.get())
    try:
        yield
    finally:
        _chosen.reset(before)


def line(text: str, **params: object) -> None:
    """Print a text in the language of the terminal."""
    screen.print(say(text).format(**params), markup=False)


def reported(command: Callable[P, R]) -> Callable[P, R]:
    """Errors of the library as a sentence and an exit code, never as a traceback.

    The command takes `--language` beside its own options.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        chosen = kwargs.pop("language", None)
        with speaking(None if chosen is None else str(chosen)):
            return told(*args, **kwargs)

    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        path = kwargs.get("errors_file")
        findings_file = path if isinstance(path, Path) else None
        try:
            write_findings(findings_file, ())
            return command(*args, **kwargs)
        except NO_PANEL as error:
            errors.print(error.describe(say), markup=False)
            raise typer.Exit(DIFFERS) from None
        except MitwirkungError as error:
            if isinstance(error, InputError):
                write_findings(findings_file, error.findings)
            errors.print(error.describe(say), markup=False)
            raise typer.Exit(REFUSED) from None
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            errors.print(f"{place}{error.strerror or error}", markup=False)
            raise typer.Exit(REFUSED) from None
        except KeyboardInterrupt as interrupt:
            errors.print(say("Interrupted; nothing was written."))
            if isinstance(interrupt.__cause__, LotteryStopped):
                errors.print(interrupt.__cause__.describe(say), markup=False)
            raise typer.Exit(INTERRUPTED) from None

    signature = inspect.signature(command, eval_str=True)
    own = Parameter("language", Parameter.KEYWORD_ONLY, default=None, annotation=Language)
    parameters = [*signature.parameters.values(), own]
    vars(run)["__signature__"] = signature.replace(parameters=parameters)
    return run


def load_settings(settings_file: Path | None) -> Settings:
    """The settings file that is named, or the one in this folder, or none."""
    path = settings_file or Path(SETTINGS_FILE)
    if settings_file is None and not path.is_file():
        return Settings()
    return Settings.load(path)


def installation(settings_file: Path | None) -> Mitwirkung:
    """The settings as `load_settings` finds them, checked, and the plugins."""
    return Mitwirkung(load_settings(settings_file))


def write_findings(path: Path | None, findings: tuple[Finding, ...]) -> None:
    """All errors as JSON; written empty first, so that no file of an earlier run is believed."""
    if path is not None:
        data = [finding.as_json() for finding in findings]
        path.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")


def warn(findings: tuple[Finding, ...]) -> None:
    """Print what is doubtful but no error."""
    for finding in findings:
        errors.print(f"{say('Warning')}: {finding.describe(say)}", markup=False)


def wrong_call(text: str) -> typer.BadParameter:
    """A call that does not fit together: exit code 2."""
    return typer.BadParameter(say(text))


@contextmanager
def progress_bar() -> Iterator[Callable[[Step], None]]:
    """A bar on the terminal while the lottery is made; nothing where there is no terminal."""
    if not errors.is_terminal:
        yield lambda step: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as bars:
        task = bars.add_task(say("Making the lottery"), total=1.0)

        def report(step: Step) -> None:
            bars.update(task, description=step.stage, completed=step.share)

        yield report
