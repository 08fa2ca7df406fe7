"""`mitwirkung reply`: what somebody says with the code in their letter or e-mail."""

from __future__ import annotations

from typing import Annotated

import typer

from mitwirkung.app import Mitwirkung
from mitwirkung.applications import STATES
from mitwirkung.cli.desk import (
    STAFF,
    ChannelName,
    Pseudonym,
    ReceivedOn,
    clock,
    opened,
    receipt,
    staff,
)
from mitwirkung.cli.options import SettingsFile
from mitwirkung.cli.terminal import line, reported, say, screen, wrong_call
from mitwirkung.mailroom import ReplyRefused
from mitwirkung.people import Channel
from mitwirkung.procedure import Procedure
from mitwirkung.replies import Reply, open_reply, send_reply
from mitwirkung.reply_codes import Answer


@reported
def reply(
    code: Annotated[str, typer.Argument(help="The code, or what stands in the link.")],
    said: Annotated[
        Answer | None,
        typer.Argument(help="accept, decline, withdraw or contact; only shown if not given."),
    ] = None,
    channel: ChannelName = Channel.PHONE,
    received: ReceivedOn = None,
    email: Annotated[str | None, typer.Option(help="For contact: an e-mail address.")] = None,
    phone: Annotated[str | None, typer.Option(help="For contact: a number.")] = None,
    settings_file: SettingsFile = None,
    actor: Pseudonym = STAFF,
) -> None:
    """Enter what somebody answers with the code in their letter or e-mail, in whatever event."""
    points = [
        *([{"kind": "email", "address": email}] if email else []),
        *([{"kind": "phone", "number": phone}] if phone else []),
    ]
    if (said is Answer.CONTACT) != bool(points):
        raise wrong_call("contact needs --email or --phone, and nothing else does.")
    with opened(settings_file) as app:
        procedure, found = _event_of(app, code)
        if said is not None:
            done = send_reply(
                procedure,
                code,
                said,
                channel=channel,
                now=clock(),
                actor=staff(actor),
                received=receipt(received),
                contact=points,
            )
            screen.print(f"{done.key}: {say(STATES[done.state])}", markup=False)
            return
    application = found.application
    screen.print(f"{application.key}: {say(STATES[application.state])}", markup=False)
    if found.answers:
        line("Possible answers: {answers}", answers=", ".join(found.answers))
    else:
        line("There is nothing to answer any more.")


def _event_of(app: Mitwirkung, code: str) -> tuple[Procedure, Reply]:
    """The event that a code belongs to; staff do not guess, so no try is counted."""
    error: ReplyRefused | None = None
    for name in app.events():
        procedure = app.procedure(name)
        try:
            return procedure, open_reply(procedure, code, now=clock(), guessing=False)
        except ReplyRefused as refused:
            error = refused
    raise error or ReplyRefused("reply-unknown")
