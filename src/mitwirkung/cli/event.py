"""`mitwirkung event`: an event from its announcement to the archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from mitwirkung.applications import STATES
from mitwirkung.cli.desk import (
    STAFF,
    EventName,
    Pseudonym,
    Reason,
    UntilDay,
    clock,
    day,
    desk,
    opened,
    staff,
)
from mitwirkung.cli.options import Force, SettingsFile
from mitwirkung.cli.terminal import language, line, reported, say, screen, wrong_call
from mitwirkung.event_file import read_event
from mitwirkung.events import PHASES, Event, Phase, Remedy
from mitwirkung.forms.reading import read_form
from mitwirkung.forms.sheets import paper_form, phone_script
from mitwirkung.lottery.folder import check_same, write_files
from mitwirkung.lottery.quota_files import read_quotas
from mitwirkung.procedure import Procedure

HEADS = ("Event", "Phase", "Deadline", "Begins", "Applications")


@reported
def new(
    file: Annotated[Path, typer.Argument(help="The event, a TOML file.")],
    form: Annotated[Path | None, typer.Option(help="The form, if the file names none.")] = None,
    quotas: Annotated[Path | None, typer.Option(help="The quotas, if the file names none.")] = None,
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Announce an event, with its form and its quotas."""
    event = read_event(file)
    form = form or (None if event.form is None else file.parent / event.form)
    quotas = quotas or (None if event.quotas is None else file.parent / event.quotas)
    if form is None or quotas is None:
        raise wrong_call("Name the form and the quotas, in the file of the event or as options.")
    asked, plan = read_form(form), read_quotas(quotas)
    with opened(settings_file) as app:
        procedure = app.announce(event, asked, plan, now=clock(), actor=staff(actor))
        _say_phase(procedure.event())


@reported
def list_events(settings_file: SettingsFile = None) -> None:
    """List all events with their phase."""
    with opened(settings_file) as app:
        table = Table(box=None, pad_edge=False)
        for head in HEADS:
            table.add_column(say(head), overflow="fold")
        for name in app.events():
            procedure = app.procedure(name)
            event, counted = procedure.event(), sum(procedure.counts().values())
            days = (event.deadline.isoformat(), event.begins.isoformat())
            table.add_row(*map(Text, (name, say(PHASES[event.phase]), *days, str(counted))))
        screen.print(table)


@reported
def show(name: EventName, settings_file: SettingsFile = None) -> None:
    """Show where an event stands: phase, what may follow, applications, lotteries."""
    with opened(settings_file) as app:
        procedure = app.procedure(name)
        event = procedure.event()
        screen.print(event.title.get(language()) or next(iter(event.title.values())), markup=False)
        _say_phase(event)
        following = ", ".join(say(PHASES[each]) for each in event.legal_moves)
        if following:
            line("What may follow: {phases}", phases=following)
        line(
            "Applications until {deadline}, begins {begins}, {seats} seats",
            deadline=event.deadline,
            begins=event.begins,
            seats=event.seats,
        )
        for state, count in procedure.counts().items():
            screen.print(f"  {say(STATES[state])}: {count}", markup=False)
        for each in procedure.rounds():
            screen.print(f"{each.folder}: {each.lottery}", markup=False)
            if each.given_up is not None:
                line("  given up: {reason}", reason=each.given_up)
            elif each.drawn is not None:
                line("  drawn, {seats} seats", seats=len(each.seated))
        due = procedure.due(now=clock())
        if due:
            line("Personal data are due to be erased: mitwirkung erase {name} --due", name=name)


@reported
def open_applications(
    name: EventName, settings_file: SettingsFile = None, actor: Pseudonym = STAFF
) -> None:
    """Open applications."""
    with desk(settings_file, name, actor) as at:
        _say_phase(at.procedure.open_applications(now=at.now, actor=at.actor))


@reported
def extend(
    name: EventName,
    until: UntilDay,
    reason: Reason = "",
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Move the deadline; if applications were closed they are open again."""
    with desk(settings_file, name, actor) as at:
        last_day = day(until, "--until")
        event = at.procedure.extend(last_day, now=at.now, actor=at.actor, reason=reason)
        line("Applications are taken until the end of {deadline}.", deadline=event.deadline)


@reported
def close(name: EventName, settings_file: SettingsFile = None, actor: Pseudonym = STAFF) -> None:
    """Close applications after their deadline."""
    with desk(settings_file, name, actor) as at:
        _say_phase(at.procedure.close_applications(now=at.now, actor=at.actor))


@reported
def decide(
    name: EventName,
    remedy: Annotated[Remedy, typer.Argument(help="extend, outreach or seat_everyone.")],
    reason: Reason = "",
    until: Annotated[str | None, typer.Option(help="New deadline: 2020-10-04.")] = None,
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Record what is done as too few people applied, and do it."""
    with desk(settings_file, name, actor) as at:
        event = at.procedure.decide(
            remedy,
            now=at.now,
            actor=at.actor,
            reason=reason,
            until=None if until is None else day(until, "--until"),
        )
        decision = event.decisions[-1]
        line(
            "{eligible} people can be drawn for {seats} seats.",
            eligible=decision.eligible,
            seats=decision.seats,
        )
        for group in decision.missing:
            line(
                "{feature}: {value}: {applied} applied, at least {needed} are needed.",
                **group.model_dump(),
            )


@reported
def form(
    name: EventName,
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    settings_file: SettingsFile = None,
    force: Force = False,
) -> None:
    """Write the form to print and the script for the phone, in each language of the event."""
    with opened(settings_file) as app:
        procedure = app.procedure(name)
        event, asked = procedure.event(), procedure.form()
    content = {}
    for each in asked.languages:
        sheet = paper_form(asked, each, retention=event.retention, deadline=event.deadline)
        script = phone_script(asked, each, retention=event.retention)
        content[f"form-{each}.txt"] = sheet.encode()
        content[f"phone-{each}.txt"] = script.encode()
    _write(out, content, force=force)


@reported
def confirm(name: EventName, settings_file: SettingsFile = None, actor: Pseudonym = STAFF) -> None:
    """Confirm who takes part, when no offer stands open any more."""
    with desk(settings_file, name, actor) as at:
        _say_phase(at.procedure.confirm(now=at.now, actor=at.actor))


@reported
def start(name: EventName, settings_file: SettingsFile = None, actor: Pseudonym = STAFF) -> None:
    """Begin the event; people can be checked in."""
    with desk(settings_file, name, actor) as at:
        _say_phase(at.procedure.start(now=at.now, actor=at.actor))


@reported
def hold(name: EventName, settings_file: SettingsFile = None, actor: Pseudonym = STAFF) -> None:
    """End the event: who was not checked in was absent."""
    with desk(settings_file, name, actor) as at:
        _say_phase(at.procedure.hold(now=at.now, actor=at.actor))
        _say_counts(at.procedure)


@reported
def document(
    name: EventName,
    results: Annotated[list[Path], typer.Argument(help="Documents with the results.")],
    answer: Annotated[
        str | None,
        typer.Option(help="Which of them is the answer of the city, a text: it is sent along."),
    ] = None,
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Publish the results, without personal data."""
    content = {path.name: path.read_bytes() for path in results}
    with desk(settings_file, name, actor) as at:
        _say_phase(at.procedure.document(content, now=at.now, actor=at.actor, answer=answer))


@reported
def archive(
    name: EventName,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for everything that is public.")
    ] = None,
    settings_file: SettingsFile = None,
    force: Force = False,
    actor: Pseudonym = STAFF,
) -> None:
    """Close the file when nothing personal is left; what is public stays."""
    with desk(settings_file, name, actor) as at:
        _say_phase(at.procedure.archive(now=at.now, actor=at.actor))
        if out is not None:
            _write(out, at.procedure.public_documents(), force=force)


@reported
def publish_documents(
    name: EventName,
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    settings_file: SettingsFile = None,
    force: Force = False,
) -> None:
    """Write everything that is public so far: form, quotas, lotteries, draws, results."""
    with opened(settings_file) as app:
        _write(out, app.procedure(name).public_documents(), force=force)


@reported
def cancel(
    name: EventName,
    reason: Reason = "",
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Cancel the event."""
    with desk(settings_file, name, actor) as at:
        _say_phase(at.procedure.cancel(now=at.now, actor=at.actor, reason=reason))


def _say_phase(event: Event) -> None:
    line("{name}: {phase}", name=event.name, phase=say(PHASES[Phase(event.phase)]))


def _say_counts(procedure: Procedure) -> None:
    for state, count in procedure.counts().items():
        screen.print(f"  {say(STATES[state])}: {count}", markup=False)


def _write(folder: Path, content: dict[str, bytes], *, force: bool) -> None:
    """Write documents that anybody may read."""
    check_same(folder, content, force=force)
    write_files(folder, content, public=content)
    for name in content:
        screen.print(str(folder / name), markup=False)
