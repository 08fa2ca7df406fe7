"""What a notification channel is: a way on which messages reach people."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import ClassVar, Literal

from mitwirkung.errors import ChannelRefused
from mitwirkung.notifications.message import DeliveryReceipt, Message, MessageKey, Outcome
from mitwirkung.pluggable import Pluggable, class_flaws
from mitwirkung.settings import PluginSettings

ContactKind = Literal["email", "phone", "letter"]

RESERVED = ("use", "sender", "reply", "templates")
"""Keys beside the channels' sections in the settings."""


class ChannelSettings(PluginSettings):
    """Base of every channel's settings: frozen, unknown keys refused."""


class NotificationChannel(Pluggable):
    """A way on which messages go out: e-mail, a call list, letters.

    It is used inside `opened()`, so that a connection or a file serves many messages.

    Class attributes:
        name: how it is asked for.
        Settings: its settings, a frozen pydantic model.
        reaches: the kinds of contact that it can serve.
        keeps: whether it keeps messages somewhere that this library can reach, so that `export`
            and `erase` have something to do.

    Raises:
        ChannelRefused: the settings are wrong.
    """

    Settings: ClassVar[type[ChannelSettings]] = ChannelSettings
    settings: ChannelSettings
    reaches: ClassVar[frozenset[ContactKind]]
    keeps: ClassVar[bool] = False
    _refusal = ChannelRefused

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Hold what sending needs; whatever happens inside, it is let go of."""
        yield

    @abstractmethod
    def send(self, message: Message, *, now: datetime) -> DeliveryReceipt:
        """Send one message.

        It never raises for what may happen on the way: a receipt says it. Of one that is given
        again after it was sent, nothing goes out where the channel can know that. Whoever cannot
        tell whether a message went out says `UNCERTAIN`, never `TEMPORARY`.
        """

    def export(self, keys: Collection[MessageKey]) -> dict[str, bytes]:
        """Those of the messages with these keys that the channel keeps, by name of file (GDPR,
        Art. 15). Who asks knows which messages were to a person, whatever way they went."""
        return {}

    def erase(self, keys: Collection[MessageKey]) -> int:
        """Remove those of the messages with these keys that the channel keeps (GDPR, Art. 17).

        Returns:
            How many there were.
        """
        return 0

    def receipt(
        self, outcome: Outcome, now: datetime, code: str | None = None, **params: str | int
    ) -> DeliveryReceipt:
        """A receipt of this channel."""
        return DeliveryReceipt(
            outcome=outcome, channel=self.name, time=now, code=code, params=params
        )


def channel_flaws(channel: object) -> Iterator[str]:
    """What is wrong with a channel as it is declared; nothing is made."""
    yield from class_flaws(
        channel, NotificationChannel, ChannelSettings, example="email", reserved=RESERVED
    )
    reaches: object = getattr(channel, "reaches", None)
    if not (isinstance(reaches, frozenset) and reaches and reaches <= {"email", "phone", "letter"}):
        yield "it does not say which kinds of contact it reaches"
