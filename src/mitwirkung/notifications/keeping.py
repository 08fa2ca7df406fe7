"""Where channels that keep messages in a folder put them: found by key, and by person."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mitwirkung.notifications.message import Message, Recipient


def keeps_name(message: Message) -> str:
    """The name of a message's folder: whom it is for, as a digest, a dot, and its key."""
    return f"{_who(message.recipient)}.{message.key}"


def kept_of(folder: Path, recipient: Recipient) -> list[Path]:
    """The folders of all messages to a person on one way, sorted."""
    return sorted(folder.glob(f"{_who(recipient)}.*"))


def _who(recipient: Recipient) -> str:
    return hashlib.sha256(recipient.model_dump_json().encode()).hexdigest()[:20]
