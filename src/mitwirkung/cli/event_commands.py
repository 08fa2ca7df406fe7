"""The commands on events; those of `mitwirkung event` in the order of an event's way."""

from __future__ import annotations

from collections.abc import Callable

import typer

from mitwirkung.cli import event, event_applications, event_lottery
from mitwirkung.cli.answering import reply
from mitwirkung.cli.init import init
from mitwirkung.cli.messages import messages_commands
from mitwirkung.cli.personal import audit, erase, export_person
from mitwirkung.cli.storage import storage_commands

event_commands = typer.Typer(
    help="An event from its announcement to the archive, in the storage of the settings.",
    no_args_is_help=True,
)
COMMANDS: dict[str, Callable[..., None]] = {
    "new": event.new,
    "list": event.list_events,
    "show": event.show,
    "form": event.form,
    "open": event.open_applications,
    "apply": event_applications.apply,
    "people": event_applications.people,
    "duplicates": event_applications.duplicates,
    "merge": event_applications.merge,
    "withdraw-consent": event_applications.withdraw_consent,
    "refuse": event_applications.refuse,
    "readmit": event_applications.readmit,
    "extend": event.extend,
    "close": event.close,
    "decide": event.decide,
    "publish": event_lottery.publish,
    "receipt": event_lottery.receipt,
    "give-up": event_lottery.give_up,
    "draw": event_lottery.draw,
    "offer": event_lottery.offer,
    "reply": event_applications.reply,
    "expire": event_lottery.expire,
    "replace": event_lottery.replace,
    "confirm": event.confirm,
    "start": event.start,
    "checkin": event_lottery.checkin,
    "hold": event.hold,
    "attendance": event_lottery.attendance,
    "document": event.document,
    "public": event.publish_documents,
    "archive": event.archive,
    "cancel": event.cancel,
}
for name, command in COMMANDS.items():
    event_commands.command(name)(command)

commands = typer.Typer()
for command in (init, erase, export_person, audit, reply):
    commands.command()(command)
commands.add_typer(event_commands, name="event")
commands.add_typer(messages_commands, name="messages")
commands.add_typer(storage_commands, name="storage")
