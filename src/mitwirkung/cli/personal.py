"""`mitwirkung erase`, `export-person` and `audit`: what is kept of people, and that it is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mitwirkung.archive import heads_in
from mitwirkung.cli.desk import STAFF, EventName, Pseudonym, clock, desk, opened, staff
from mitwirkung.cli.options import SettingsFile
from mitwirkung.cli.terminal import DIFFERS, language, line, reported, say, screen, wrong_call
from mitwirkung.erasure import Erased
from mitwirkung.messages import text_of
from mitwirkung.notifications.message import Outcome


@reported
def erase(
    name: Annotated[str | None, typer.Argument(help="Short name of the event.")] = None,
    person: Annotated[
        str | None, typer.Argument(help="Key of the application, or the token on its receipt.")
    ] = None,
    due: Annotated[
        bool,
        typer.Option("--due", help="What is due; of all events if none is named."),
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="What was erased before a backup was restored.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be erased with --due.")
    ] = False,
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Erase what is due, or everything about one person; nobody can read it any more."""
    if person is None and not (due or again or dry_run):
        raise wrong_call("Say what to erase: --due, or the event and the person.")
    if person is not None and (due or again or dry_run):
        raise wrong_call("One person is erased without --due, --again and --dry-run.")
    with opened(settings_file) as app:
        if person is not None and name is not None:
            procedure = app.procedure(name)
            key = procedure.key_of(person) or person
            last = procedure.messages.farewell(key, now=clock())
            _say_erased(name, procedure.erase_person(key, now=clock(), actor=staff(actor)))
            if last is not None and last.send(now=clock()).outcome is Outcome.SENT:
                line("The person was told so by e-mail.")
            else:
                line("The person was not told so; tell them if they wait for it.")
            return
        for each in [name] if name else app.events():
            procedure = app.procedure(each)
            if dry_run:
                _say_erased(each, procedure.due(now=clock()))
                continue
            if again:
                _say_erased(each, procedure.replay_erasures(now=clock(), actor=staff(actor)))
            if due:
                _say_erased(each, procedure.erase_due(now=clock(), actor=staff(actor)))


def _say_erased(name: str, erased: Erased) -> None:
    if not erased:
        line("{name}: nothing to erase.", name=name)
        return
    parts = [f"{part}: {count}" for part, count in erased.compartments.items()]
    parts += [f"{field}: {count}" for field, count in erased.fields.items()]
    parts += [*erased.rounds]
    line(
        "{name}: erased {parts}; nothing is left of {people} people.",
        name=name,
        parts=", ".join(parts) or say("nothing"),
        people=erased.people,
    )


@reported
def export_person(
    name: EventName,
    person: Annotated[str, typer.Argument(help="Key of the application, or its token.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for person.json and person.txt.")
    ] = None,
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Write everything that is kept about one person, as JSON and as a text to read."""
    with desk(settings_file, name, actor) as at:
        key = at.key(person)
        found = at.procedure.export_person(key, now=at.now, actor=at.actor)
        kept = at.procedure.messages.kept_of(key)
    text = found.as_text(language())
    if out is None:
        screen.print(text, markup=False, end="")
        return
    out.mkdir(parents=True, exist_ok=True)
    files = {"person.json": found.as_json(), "person.txt": text.encode()}
    for file, content in (files | {f"messages/{n}": each for n, each in kept.items()}).items():
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        (out / file).touch(mode=0o600)
        (out / file).write_bytes(content)
        screen.print(str(out / file), markup=False)


@reported
def audit(
    name: Annotated[str | None, typer.Argument(help="One event; all if none is named.")] = None,
    printed: Annotated[
        list[Path] | None,
        typer.Option(help="Public files kept elsewhere (lottery.json, event.json); repeatable."),
    ] = None,
    settings_file: SettingsFile = None,
) -> None:
    """Prove that journal, documents and states of events are whole."""
    if printed and name is None:
        raise wrong_call("Files to compare with belong to one event: name it.")
    heads = heads_in((path.name, path.read_bytes()) for path in printed or [])
    broken = False
    with opened(settings_file) as app:
        for each in [name] if name else app.events():
            found = app.procedure(each).audit(heads)
            if found.ok:
                text = "{name}: whole, {entries} entries, {printed} printed heads agree."
                line(text, name=each, entries=found.entries, printed=found.printed)
                line("Last entry: {head}", head=found.head)
            for code, params in found.flaws:
                screen.print(f"{each}: {text_of(code, params, say)}", markup=False)
            broken = broken or not found.ok
    if broken:
        raise typer.Exit(DIFFERS)
