"""`mitwirkung messages`: what people are told, looked at, released, sent and seen to."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from mitwirkung.applications import State
from mitwirkung.calling import enter_outcomes
from mitwirkung.cli.desk import (
    STAFF,
    EventName,
    PersonKey,
    Pseudonym,
    Reason,
    UntilDay,
    clock,
    day,
    desk,
    opened,
)
from mitwirkung.cli.options import Force, SettingsFile
from mitwirkung.cli.terminal import DIFFERS, line, reported, say, screen, wrong_call
from mitwirkung.dispatching import Dispatched
from mitwirkung.lottery.folder import check_same, write_files
from mitwirkung.mailroom import Mailroom, Preview
from mitwirkung.messages import text_of
from mitwirkung.notifications.call_list import read_outcomes
from mitwirkung.notifications.message import DeliveryReceipt
from mitwirkung.occasions import OCCASIONS, Occasion
from mitwirkung.outbox import MESSAGE_STATES, TASKS, About, MessageState, OutgoingMessage
from mitwirkung.people import EmailAddress, contact_text

HEADS = ("Message", "What", "Application", "State", "Written", "Tried")
RECIPIENTS = ("Message", "What", "To", "Way", "Contact")
KIND_HELP = "Only of this kind: seat_offered, say."

MessageKeys = Annotated[
    list[str] | None, typer.Argument(help="Keys of messages; all that wait if none is named.")
]
MessageKeyArgument = Annotated[str, typer.Argument(help="Key of the message.")]
KindName = Annotated[Occasion | None, typer.Option("--kind", help=KIND_HELP)]


class Resolution(StrEnum):
    """What somebody says of a message after looking at it."""

    ARRIVED = "arrived"
    RESEND = "resend"
    DROP = "drop"


RESOLVES = {
    Resolution.ARRIVED: MessageState.SENT,
    Resolution.RESEND: MessageState.RELEASED,
    Resolution.DROP: MessageState.DROPPED,
}

messages_commands = typer.Typer(
    help="What people are told about an event: look at it, release it, send it, see to the rest.",
    no_args_is_help=True,
)


@messages_commands.command("list")
@reported
def list_messages(
    name: EventName,
    state: Annotated[
        list[MessageState] | None, typer.Option(help="Only in this state; may be repeated.")
    ] = None,
    kind: KindName = None,
    tasks: Annotated[
        bool, typer.Option("--tasks", help="Only those that somebody has to see to.")
    ] = False,
    settings_file: SettingsFile = None,
) -> None:
    """List messages: of what kind, about whom, where they stand, and what was tried."""
    if tasks and (state or kind):
        raise wrong_call("--tasks is without --state and --kind.")
    with desk(settings_file, name, STAFF) as at:
        room = at.procedure.messages
        found = room.tasks() if tasks else room.list(*(state or ()), kind=kind)
    if not found:
        line("There are no such messages.")
        return
    table = _table(HEADS)
    for each in found:
        cells = (
            each.key,
            say(OCCASIONS[Occasion(each.kind)]),
            each.application or say("erased"),
            say(MESSAGE_STATES[each.state]),
            each.written.strftime("%Y-%m-%d %H:%M"),
            "; ".join(_tried(each)),
        )
        table.add_row(*map(Text, cells))
    screen.print(table)


def _tried(message: OutgoingMessage) -> Iterable[str]:
    for attempt in message.attempts:
        when = attempt.begun.strftime("%d.%m. %H:%M")
        became = say("nothing was heard of it")
        if attempt.receipt is not None:
            became = _became(attempt.receipt)
        yield f"{attempt.channel} {when}: {became}"


def _became(receipt: DeliveryReceipt) -> str:
    if receipt.code is None:
        return say(str(receipt.outcome))
    return text_of(receipt.code, receipt.params, say)


@messages_commands.command()
@reported
def status(name: EventName, settings_file: SettingsFile = None) -> None:
    """Say how many messages there are, where they stand, and what is to be done."""
    with desk(settings_file, name, STAFF) as at:
        counted = at.procedure.messages.status()
        tasks = len(at.procedure.messages.tasks())
    if not counted:
        line("There are no such messages.")
        return
    for kind, state in counted:
        what, where = say(OCCASIONS[Occasion(kind)]), say(MESSAGE_STATES[state])
        screen.print(f"{what}: {counted[kind, state]} {where}", markup=False)
    waiting = sum(n for (_, state), n in counted.items() if state is MessageState.WAITING)
    if waiting:
        line("To be looked at and released: {count}", count=waiting)
        screen.print(f"  mitwirkung messages preview {name}", markup=False)
    _say_tasks(name, tasks)


def _say_tasks(name: str, tasks: int) -> None:
    if tasks:
        line("Did not arrive, or nobody knows: {count}", count=tasks)
        screen.print(f"  mitwirkung messages list {name} --tasks", markup=False)


@messages_commands.command()
@reported
def preview(
    name: EventName,
    keys: MessageKeys = None,
    kind: KindName = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write each as .txt and .html into this folder.")
    ] = None,
    settings_file: SettingsFile = None,
    force: Force = False,
) -> None:
    """Show who would get what: the recipients, and the text of the first message of each kind."""
    with desk(settings_file, name, STAFF) as at:
        found = at.procedure.messages.preview(*(keys or ()), kind=kind, now=at.now)
    if not found:
        line("Nothing waits for release.")
        return
    table = _table(RECIPIENTS)
    for each in found:
        who, contact = say("no way to the person"), ""
        if each.recipient is not None:
            who, contact = each.recipient.name, contact_text(each.recipient.contact)
        what = say(OCCASIONS[Occasion(each.message.kind)])
        table.add_row(*map(Text, (each.message.key, what, who, each.channel or "", contact)))
    screen.print(table)
    if out is not None:
        content = dict(_files(found))
        check_same(out, content, force=force)
        write_files(out, content)
        line("Messages in {folder}: {count}", count=len(found), folder=out)
    else:
        _say_texts(found)
    for finding in dict.fromkeys(each for one in found for each in one.findings):
        screen.print(finding.describe(say), markup=False)


def _files(found: Iterable[Preview]) -> Iterable[tuple[str, bytes]]:
    for each in found:
        if each.written is not None:
            yield f"{each.message.kind}-{each.message.key}.txt", each.written.text.encode()
            if each.written.html is not None:
                yield f"{each.message.kind}-{each.message.key}.html", each.written.html.encode()


def _say_texts(found: Iterable[Preview]) -> None:
    """The first text of each kind and language."""
    seen = set()
    for each in found:
        what = (each.message.kind, each.message.language)
        if each.written is not None and what not in seen:
            seen.add(what)
            screen.print(
                "", "-" * 72, each.written.subject, "", each.written.text, sep="\n", markup=False
            )


@messages_commands.command()
@reported
def release(
    name: EventName,
    keys: MessageKeys = None,
    kind: KindName = None,
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Let messages go out; look at them first with `preview`."""
    with desk(settings_file, name, actor) as at:
        room = at.procedure.messages
        done = room.release(*(keys or ()), kind=kind, now=at.now, actor=at.actor)
    if not done.messages and not done.unreachable:
        line("Nothing waits for release.")
        return
    line("Released: {count}. They go out with:", count=len(done.messages))
    screen.print(f"  mitwirkung messages send {name}", markup=False)
    if done.unreachable:
        line("No way to the person: {count}", count=len(done.unreachable))
        screen.print(f"  mitwirkung messages list {name} --tasks", markup=False)


@messages_commands.command()
@reported
def send(
    name: Annotated[
        str | None, typer.Argument(help="Short name of the event; all events if not given.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many messages.")] = None,
    every: Annotated[
        int | None, typer.Option(min=1, help="Go on, and look every so many seconds.")
    ] = None,
    settings_file: SettingsFile = None,
) -> None:
    """Send what is released and due. Several may run at once; nothing goes out twice."""
    dispatcher = f"dispatcher-{secrets.token_hex(6)}"
    with opened(settings_file) as app:
        while True:
            for each in [name] if name else app.events():
                room = app.procedure(each).messages
                done = room.dispatch(dispatcher, clock, limit=limit)
                _say_done(each, done, room, quiet=every is not None)
            if every is None:
                return
            time.sleep(every)


SAID = (
    (MessageState.SENT, "{name}: sent: {count}"),
    (MessageState.RELEASED, "{name}: not sent yet, tried again later: {count}"),
    (MessageState.UNDELIVERABLE, "{name}: undeliverable on this way: {count}"),
    (MessageState.UNREACHABLE, "{name}: no way to the person: {count}"),
    (MessageState.FAILED, "{name}: failed: {count}"),
    (MessageState.UNCERTAIN, "{name}: uncertain whether sent: {count}"),
    (MessageState.DROPPED, "{name}: no longer true, not sent: {count}"),
)
"""What is said of what a dispatcher did."""


def _say_done(name: str, done: Dispatched, room: Mailroom, *, quiet: bool) -> None:
    for state, text in SAID:
        if done.counts[state]:
            line(text, name=name, count=done.counts[state])
    for code, count in sorted(done.troubles.items()):
        screen.print(f"  {count}: {_became(done.examples[code])}", markup=False)
    if not done.counts and not quiet:
        line("{name}: nothing is due.", name=name)
    if any(done.counts[state] for state in TASKS):
        _say_tasks(name, len(room.tasks()))


@messages_commands.command()
@reported
def resolve(
    name: EventName,
    key: MessageKeyArgument,
    resolution: Annotated[Resolution, typer.Argument(help="arrived, resend or drop.")],
    reason: Reason = "",
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Say of a message that it arrived, is to be sent again, or is not needed, and why."""
    with desk(settings_file, name, actor) as at:
        to = RESOLVES[resolution]
        done = at.procedure.messages.resolve(key, to, now=at.now, actor=at.actor, reason=reason)
        _say_message(done)


@messages_commands.command()
@reported
def returned(
    name: EventName,
    key: MessageKeyArgument,
    reason: Reason = "",
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Note that something did not arrive: a letter came back, mail bounced, a number is wrong."""
    with desk(settings_file, name, actor) as at:
        done, new = at.procedure.messages.returned(key, now=at.now, actor=at.actor, reason=reason)
        _say_message(done)
        if new is not None:
            line("It goes out on the next way to the person, as {key}.", key=new.key)
        else:
            line("There is no other way to the person.")


@messages_commands.command()
@reported
def outcomes(
    name: EventName,
    file: Annotated[Path, typer.Argument(help="The call list with its outcomes: CSV or .xlsx.")],
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Enter what came of calls, and take them off the list; those to be made again stay."""
    results = read_outcomes(file)
    with desk(settings_file, name, actor) as at:
        found = enter_outcomes(at.procedure, results, now=at.now, actor=at.actor)
    line("Entered: {count}", count=len(found.done))
    if found.again:
        line("To be called again: {count}", count=len(found.again))
    for key, error in found.refused:
        screen.print(f"{key}: {error.describe(say)}", markup=False)
    if found.refused:
        raise typer.Exit(DIFFERS)


@messages_commands.command()
@reported
def remind(name: EventName, settings_file: SettingsFile = None, actor: Pseudonym = STAFF) -> None:
    """Write to all who have an offer and did not answer yet, once for each offer."""
    with desk(settings_file, name, actor) as at:
        count = at.procedure.messages.remind(now=at.now, actor=at.actor)
    line("Written: {count}", count=count)


@messages_commands.command()
@reported
def ask(
    name: EventName,
    key: PersonKey,
    fields: Annotated[list[str], typer.Option("--field", help="Field of the form; repeatable.")],
    until: UntilDay,
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Ask somebody for what is missing in their application."""
    with desk(settings_file, name, actor) as at:
        about = About(fields=tuple(fields), until=day(until, "--until"))
        count = at.procedure.messages.write(
            Occasion.APPLICATION_INCOMPLETE, about, at.key(key), now=at.now, actor=at.actor
        )
    line("Written: {count}", count=count)


@messages_commands.command()
@reported
def evaluate(
    name: EventName,
    link: Annotated[str, typer.Option(help="Address of the questionnaire: https://...")],
    until: UntilDay,
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Ask all who took part how it was."""
    with desk(settings_file, name, actor) as at:
        about = About(link=link, until=day(until, "--until"))
        count = at.procedure.messages.write(
            Occasion.EVALUATION_REQUEST,
            about,
            states=[State.ATTENDED],
            now=at.now,
            actor=at.actor,
        )
    line("Written: {count}", count=count)


@messages_commands.command("test")
@reported
def trial(
    name: EventName,
    to: Annotated[str, typer.Argument(help="Your own e-mail address.")],
    key: Annotated[
        str | None, typer.Option("--message", help="The text of this message, with no real code.")
    ] = None,
    settings_file: SettingsFile = None,
) -> None:
    """Send an e-mail to yourself, to see that it arrives and how it looks."""
    from pydantic import ValidationError

    try:
        contact = EmailAddress(address=to)
    except ValidationError:
        raise wrong_call("This is no e-mail address.") from None
    with desk(settings_file, name, STAFF) as at:
        receipt = at.procedure.messages.trial(contact, key=key, now=at.now)
    line("{channel}: {outcome}", channel=receipt.channel, outcome=_became(receipt))


def _say_message(message: OutgoingMessage) -> None:
    screen.print(f"{message.key}: {say(MESSAGE_STATES[message.state])}", markup=False)


def _table(heads: Iterable[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(say(head), overflow="fold")
    return table
