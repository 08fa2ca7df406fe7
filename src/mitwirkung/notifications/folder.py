"""The folder: every message becomes files that a person can open, so that all works without a
server."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from mitwirkung.lottery.folder import write_files
from mitwirkung.notifications.channel import ChannelSettings, ContactKind, NotificationChannel
from mitwirkung.notifications.message import DeliveryReceipt, Message, MessageKey, Outcome
from mitwirkung.people import contact_text

ABOUT = "message.json"


class FolderSettings(ChannelSettings):
    """Where the messages go."""

    folder: str = "messages"
    """The folder; each message has one of its own in it. It holds personal data."""


class FolderChannel(NotificationChannel):
    """Each message into a folder: works without a server, for trying out and for sending by hand.

    The folder of a message is named by its key. `message.txt` is what goes to the person,
    `message.html` the same for the eye, `message.json` says to whom, and attachments lie beside.
    """

    name = "folder"
    Settings = FolderSettings
    settings: FolderSettings
    reaches: ClassVar[frozenset[ContactKind]] = frozenset({"email", "phone", "letter"})
    keeps = True

    def send(self, message: Message, *, now: datetime) -> DeliveryReceipt:
        """Write the files; a message that is there already stays as it is.

        They appear all at once, so that a folder that is there is whole.
        """
        place = self._folder / message.key
        if not place.exists():
            try:
                write_files(place, _files(message, now), public=())
            except OSError as error:
                reason = error.strerror or type(error).__name__
                return self.receipt(Outcome.TEMPORARY, now, "folder-unwritable", reason=reason)
        return self.receipt(Outcome.SENT, now)

    def export(self, keys: Collection[MessageKey]) -> dict[str, bytes]:
        """The files of those of the messages that are there."""
        return {
            f"{place.name}/{file.name}": file.read_bytes()
            for place in self._kept(keys)
            for file in sorted(place.iterdir())
        }

    def erase(self, keys: Collection[MessageKey]) -> int:
        """Remove the folders of those of the messages that are there."""
        found = self._kept(keys)
        for place in found:
            shutil.rmtree(place)
        return len(found)

    def _kept(self, keys: Collection[MessageKey]) -> list[Path]:
        return [place for key in keys if (place := self._folder / key).exists()]

    @property
    def _folder(self) -> Path:
        return Path(self.settings.folder)


def _files(message: Message, now: datetime) -> dict[str, bytes]:
    files = {"message.txt": f"{message.subject}\n\n{message.text}".encode()}
    if message.html is not None:
        files["message.html"] = message.html.encode()
    files |= {f"attachment-{each.name}": each.content for each in message.attachments}
    files[ABOUT] = json.dumps(_about(message, now), ensure_ascii=False, indent=2).encode() + b"\n"
    return files


def _about(message: Message, now: datetime) -> dict[str, Any]:
    to = message.recipient
    return {
        "key": message.key,
        "kind": message.kind,
        "event": message.event,
        "language": message.language,
        "name": to.name,
        "to": contact_text(to.contact),
        "contact": to.contact.model_dump(mode="json"),
        "subject": message.subject,
        "written": now.isoformat(),
        "thread": message.thread,
    }
