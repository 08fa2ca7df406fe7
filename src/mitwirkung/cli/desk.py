"""Where staff work on an event: who acts, what time it is, and which event is meant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from mitwirkung.app import Mitwirkung
from mitwirkung.cli.terminal import installation, wrong_call
from mitwirkung.people import Actor, Channel, Role
from mitwirkung.procedure import Procedure

EventName = Annotated[str, typer.Argument(help="Short name of the event.")]
PersonKey = Annotated[
    str, typer.Argument(help="Key of the application, or the token on its receipt.")
]
Pseudonym = Annotated[
    str, typer.Option("--actor", envvar="MITWIRKUNG_ACTOR", help="Who acts, by a pseudonym.")
]
ChannelName = Annotated[
    Channel, typer.Option("--channel", help="How the person spoke: web, letter, phone or desk.")
]
ReceivedOn = Annotated[
    str | None, typer.Option("--received", help="Day on which it came in: 2020-09-27.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is recorded.")]
UntilDay = Annotated[str, typer.Option("--until", help="Last day: 2020-10-14.")]

STAFF = "staff"


@dataclass(frozen=True)
class Desk:
    """An event, with the time and the actor of what is done to it."""

    app: Mitwirkung
    procedure: Procedure
    now: datetime
    actor: Actor

    def key(self, given: str) -> str:
        """The key of an application that was named by its key or its token."""
        return self.procedure.key_of(given) or given


@contextmanager
def opened(settings_file: Path | None) -> Iterator[Mitwirkung]:
    """The installation, its storage closed afterwards."""
    with installation(settings_file) as app:
        yield app


@contextmanager
def desk(settings_file: Path | None, name: str, actor: str) -> Iterator[Desk]:
    """An event of the installation."""
    with opened(settings_file) as app:
        yield Desk(app, app.procedure(name), clock(), staff(actor))


def staff(pseudonym: str) -> Actor:
    """Somebody of the city."""
    try:
        return Actor(role=Role.STAFF, pseudonym=pseudonym)
    except ValidationError:
        text = "--actor is a pseudonym of letters, digits, '-', '_', '.' and ':', as in staff-3."
        raise wrong_call(text) from None


def clock() -> datetime:
    """Now; for trials and examples what `MITWIRKUNG_NOW` says."""
    given = os.environ.get("MITWIRKUNG_NOW")
    if not given:
        return datetime.now(UTC)
    try:
        now = datetime.fromisoformat(given)
    except ValueError:
        now = None
    if now is None or now.tzinfo is None:
        raise wrong_call("MITWIRKUNG_NOW is a time as in 2020-09-27T18:00:00+02:00.")
    return now


def day(given: str, option: str) -> date:
    """A day that was given as 2020-09-27."""
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter(f"{option}: 2020-09-27") from None


def receipt(given: str | None) -> date | None:
    """The day on which something came in, if it is given."""
    return None if given is None else day(given, "--received")
