"""A message that is ready to go out, and the receipt of an attempt to send it.

A message holds personal data, so it lives only while it is looked at or sent: what the outbox keeps
is its key, its kind and the facts that it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from mitwirkung.people import ContactPoint, Language, Line, Model

MessageKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
"""What a channel knows a message by: random, the same in every attempt to send it."""

MessageKind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
"""What a message is about, and the name of its templates: `seat_offered`."""


class Recipient(Model):
    """Whom a message is for, and the one way that was chosen to reach them."""

    name: Line = Field(repr=False)
    contact: ContactPoint = Field(repr=False)


class Attachment(Model):
    """A file that goes along."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    media_type: str = Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$")
    content: bytes = Field(repr=False)
    parameters: Mapping[str, str] = Field(default_factory=dict)
    """As in `method=REQUEST` of a calendar (RFC 6047)."""


class Message(Model):
    """A message to one person, written out.

    Attributes:
        key: its idempotency key: a channel that has sent a message of this key sends no other.
        kind: what it is about.
        event: the name of the event.
        language: the language it is written in.
        recipient: whom it is for.
        subject: one line.
        text: the plain text; every channel can do with it alone.
        html: the same as a whole HTML document, for those who can show it.
        attachments: files that go along.
        thread: the key of the first message about the same application, if this is not it: mail
            programs show both together.
    """

    key: MessageKey
    kind: MessageKind
    event: str
    language: Language
    recipient: Recipient
    subject: Line
    text: str = Field(repr=False)
    html: str | None = Field(default=None, repr=False)
    attachments: tuple[Attachment, ...] = ()
    thread: MessageKey | None = None


class Outcome(StrEnum):
    """What became of an attempt to send a message."""

    SENT = "sent"
    """It was taken over by who carries it on: a mail server, a printed list, a folder."""
    TEMPORARY = "temporary"
    """It did not go out, and may go out later."""
    PERMANENT = "permanent"
    """It did not go out, and will not on this way."""
    UNCERTAIN = "uncertain"
    """Nobody knows whether it went out: only a person may send it again."""


class DeliveryReceipt(Model):
    """What a channel says of an attempt; without personal data, for it is kept and shown.

    Attributes:
        outcome: what became of it.
        channel: the name of the channel.
        time: when that was known.
        code: why it failed, in the words of the channel's errors: `smtp-refused`.
        params: what belongs to the code: `{"status": 550}`.
    """

    outcome: Outcome
    channel: str
    time: AwareDatetime
    code: str | None = None
    params: Mapping[str, str | int] = Field(default_factory=dict)
