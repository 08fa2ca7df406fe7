"""A post of wood: templates that write down the facts, channels that keep what they are given."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from mitwirkung.dispatching import Dispatched
from mitwirkung.errors import Finding
from mitwirkung.notifications.channel import NotificationChannel
from mitwirkung.notifications.message import DeliveryReceipt, Message, Outcome
from mitwirkung.procedure import Procedure
from mitwirkung.writing import Post


@dataclass
class Plain:
    subject: str
    text: str
    html: str | None
    language: str


class PlainTemplates:
    """The facts, one a line; `broken` are kinds that cannot be written."""

    def __init__(self) -> None:
        self.broken: set[str] = set()

    def write(
        self, kind: str, language: str, facts: Mapping[str, Any], others: Sequence[str] = ()
    ) -> Plain:
        if kind in self.broken:
            raise KeyError("a placeholder")
        text = "\n".join(f"{name}: {value}" for name, value in sorted(facts.items()))
        return Plain(kind, text, None, language)

    def flaws(
        self, kind: str, language: str, facts: Mapping[str, Any], others: Sequence[str] = ()
    ) -> list[Finding]:
        wrong = kind in self.broken
        return [Finding("template-broken", {"kind": kind})] if wrong else []


Says = Callable[[Message, datetime], DeliveryReceipt]


class Wooden(NotificationChannel):
    """Keeps what it is given; `says` is what became of it."""

    def __init__(self, says: Says | None = None) -> None:
        super().__init__({})
        self.given: list[Message] = []
        self.says = says or sent
        self.is_open = 0
        self.erased: list[str] = []

    @contextmanager
    def opened(self) -> Iterator[None]:
        self.is_open += 1
        try:
            yield
        finally:
            self.is_open -= 1

    def send(self, message: Message, *, now: datetime) -> DeliveryReceipt:
        assert self.is_open == 1
        self.given.append(message)
        return self.says(message, now)


class Email(Wooden):
    name = "email"
    reaches = frozenset({"email"})


class Calls(Wooden):
    name = "call-list"
    reaches = frozenset({"phone"})
    keeps = True

    def export(self, keys: Collection[str]) -> dict[str, bytes]:
        mine = [each for each in self.given if each.key in keys]
        return {f"{each.key}.txt": each.text.encode() for each in mine}

    def erase(self, keys: Collection[str]) -> int:
        self.erased += keys
        return 0


class Letters(Wooden):
    name = "letter"
    reaches = frozenset({"letter"})


def sent(message: Message, now: datetime) -> DeliveryReceipt:
    return DeliveryReceipt(outcome=Outcome.SENT, channel="wood", time=now)


def failing(outcome: Outcome, code: str = "wood") -> Says:
    return lambda message, now: DeliveryReceipt(
        outcome=outcome, channel="wood", time=now, code=code
    )


@dataclass
class House:
    """A post with a clock that is set by hand."""

    channels: list[Wooden] = field(default_factory=lambda: [Email(), Calls(), Letters()])
    templates: PlainTemplates = field(default_factory=PlainTemplates)
    now: datetime | None = None

    def post(self) -> Post:
        return Post(
            templates=self.templates,
            channels={each.name: each for each in self.channels},
            sender={"name": "Stadt"},
            reply_at="https://dialog.example/{event}/reply/{token}",
        )

    def serves(self, procedure: Procedure) -> Procedure:
        return replace(procedure, post=self.post)

    def clock(self) -> datetime:
        assert self.now is not None
        return self.now

    def send(self, procedure: Procedure, now: datetime, **more: Any) -> Dispatched:
        self.now = now
        return procedure.messages.dispatch("dispatcher-1", self.clock, **more)

    @property
    def given(self) -> list[Message]:
        return [each for channel in self.channels for each in channel.given]

    def wait(self, **time: int) -> None:
        assert self.now is not None
        self.now += timedelta(**time)
