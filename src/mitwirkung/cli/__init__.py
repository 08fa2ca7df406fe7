"""The command line: files in, files out, and an exit code.

Exit codes: 0 done (or verified); 1 something differs, or no panel can be had; 2 the input or the
call is wrong, nothing was written; 130 interrupted.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mitwirkung.cli.attempts import give_up
from mitwirkung.cli.checking import check
from mitwirkung.cli.exchange import compare, export
from mitwirkung.cli.explaining import explain
from mitwirkung.cli.lottery import draw, lottery
from mitwirkung.cli.new_plugin import new_plugin
from mitwirkung.cli.options import Force
from mitwirkung.cli.plugins import plugins, settings
from mitwirkung.cli.quotas import quotas
from mitwirkung.cli.replacement import alternates, replace
from mitwirkung.cli.schemas import schema
from mitwirkung.cli.terminal import Language, progress_bar, reported, say, screen, speaking
from mitwirkung.cli.verification import say_verification, verify

EVENTS = ("init", "event", "messages", "reply", "erase", "export-person", "audit", "storage")
"""The commands on events; see `event_commands`."""


class Commands(TyperGroup):
    """Those on events are loaded when they are asked for: they need far more than a lottery.

    Contexts and commands are typer's own copies of click's classes, which it does not name.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *EVENTS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in EVENTS:
            return super().get_command(ctx, cmd_name)
        from mitwirkung.cli.event_commands import commands

        return typer.main.get_group(commands).commands[cmd_name]


cli = typer.Typer(
    cls=Commands,
    help="Fair, verifiable lotteries for citizen participation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    lottery,
    draw,
    replace,
    alternates,
    verify,
    give_up,
    check,
    explain,
    quotas,
    export,
    compare,
    schema,
    plugins,
    settings,
    new_plugin,
):
    cli.command()(command)


def main() -> None:
    """Run the command line; the one place that ends the process."""
    cli(prog_name="mitwirkung")


def _version(asked: bool) -> None:
    if asked:
        screen.print(f"mitwirkung {version('mitwirkung')}")
        raise typer.Exit


@cli.callback()
def options(
    context: typer.Context,
    language: Language = None,
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Fair, verifiable lotteries for citizen participation."""
    context.with_resource(speaking(language))


@cli.command()
@reported
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")] = Path("mitwirkung-demo"),
    force: Force = False,
) -> None:
    """Run the main job on the shipped example: the Dortmund dialogue with 75 seats."""
    from mitwirkung.demo import FILES, run_demo

    with progress_bar() as progress:
        done = run_demo(out, force=force, progress=progress)
    for name, text in FILES.items():
        screen.print(f"{out / name}: {say(text)}", markup=False)
    say_verification(done)
