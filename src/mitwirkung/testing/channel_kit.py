"""The conformance kit for notification channels: subclass it, and pytest checks the contract."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from mitwirkung.errors import ChannelRefused
from mitwirkung.messages import TEXTS
from mitwirkung.notifications.channel import NotificationChannel, channel_flaws
from mitwirkung.notifications.message import (
    Attachment,
    DeliveryReceipt,
    Message,
    Outcome,
    Recipient,
)
from mitwirkung.people import EmailAddress, PhoneNumber, PostalAddress
from mitwirkung.testing.kit import demand, hold_to_kit

NOW = datetime(2020, 9, 28, 9, 30, tzinfo=UTC)

CONTACTS: Mapping[str, EmailAddress | PhoneNumber | PostalAddress] = {
    "email": EmailAddress(address="mina@example.org"),
    "phone": PhoneNumber(number="+49 231 123456"),
    "letter": PostalAddress(street="Weg 1", postcode="44135", place="Dortmund"),
}
OTHERS: Mapping[str, EmailAddress | PhoneNumber | PostalAddress] = {
    "email": EmailAddress(address="ben@example.org"),
    "phone": PhoneNumber(number="0231 999"),
    "letter": PostalAddress(street="Weg 2", postcode="44137", place="Dortmund"),
}

NAMES = (
    "Mina Özdemir",
    "Ada 😀 Lang",
    "عائشة يوسف",
    "A\u202eadA",
    "x" * 200,
    '"Quote", <mail@example.org>; =1+1',
    "{{ name }} </p><script>1</script> #[raw] \\n",
    "../../etc/passwd",
)
"""Names that break programs which take them for something else."""


@dataclass(frozen=True)
class Arrived:
    """What the other side got: a mail in a box, a sheet on a list.

    Attributes:
        key: of the message, if that can be seen there.
        content: everything of it that somebody could read, as text.
    """

    content: str
    key: str | None = None


class NotificationChannelKit:
    """What every notification channel has to keep, as tests. Subclass it in a test module::

        class TestLetters(NotificationChannelKit):
            def make(self, folder):
                return LetterChannel({"folder": str(folder)})

            def arrived(self, channel, folder):
                return [Arrived(text_of(file)) for file in sorted(folder.glob("*.pdf"))]

    pytest then runs all tests of the kit. A test can be overridden only as a declared expected
    failure, as in `SelectionStrategyKit`.

    Class attributes:
        names: recipients that it is tried with.
        knows_repeats: whether it can know that a message of the same key was sent before. A mail
            server does not tell; a folder does.

    Raises:
        TypeError: a subclass replaces a test of the kit without declaring it.
    """

    names: ClassVar[Sequence[str]] = NAMES
    knows_repeats: ClassVar[bool] = True

    __test__ = False  # pytest runs the subclasses, not the kit where it is imported

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        hold_to_kit(cls, NotificationChannelKit)

    # --- what to write ----------------------------------------------------------------------------

    def make(self, folder: Path) -> NotificationChannel:
        """A channel that keeps all its files in this folder, which is empty at first; made again
        for the same folder, it is the same channel."""
        raise NotImplementedError(f"{type(self).__qualname__} needs a method make(self, folder)")

    def arrived(self, channel: NotificationChannel, folder: Path) -> Sequence[Arrived]:
        """What came out on the other side, after the channel was closed."""
        raise NotImplementedError(
            f"{type(self).__qualname__} needs a method arrived(self, channel, folder)"
        )

    # --- what it is -------------------------------------------------------------------------------

    def test_it_declares_what_it_is(self) -> None:
        """Name, settings, contacts and docstring are there; making it touches nothing."""
        with _folder() as folder:
            kind = type(self.make(folder))
            demand(not list(folder.iterdir()), "it makes files before it is opened")
        flaws = [*channel_flaws(kind)]
        if not (kind.__doc__ or "").strip():
            flaws.append(f"{kind.__qualname__} needs a docstring on how messages go out")
        demand(not flaws, "; ".join(flaws))

    def test_its_settings_refuse_unknown_keys(self) -> None:
        """A misspelt setting is noticed."""
        with _folder() as folder:
            channel = self.make(folder)
        settings = {**channel.settings.model_dump(), "no_such_key": 1}
        try:
            type(channel)(settings)
        except ChannelRefused as refusal:
            demand("no_such_key" in str(refusal), f"refused for another reason: {refusal}")
        else:
            raise AssertionError("an unknown key in the settings is accepted: keep extra='forbid'")

    def test_it_shows_no_secrets(self) -> None:
        """Neither the channel nor its settings tell a secret when they are printed."""
        with _folder() as folder:
            channel = self.make(folder)
        for secret in _secrets(channel.settings):
            shown = f"{channel!r} {channel.settings!r} {channel.settings.model_dump(mode='json')}"
            demand(secret not in shown, "a secret can be read in the settings: use SecretStr")

    # --- sending ----------------------------------------------------------------------------------

    def test_what_is_sent_arrives_once_with_all_it_says(self) -> None:
        """Every message to everybody that it reaches, whatever their name."""
        with _folder() as folder:
            channel = self.make(folder)
            for number, message in enumerate(self._messages(channel)):
                with _folder() as place:
                    used = self.make(place)
                    before = len(self.arrived(used, place))
                    receipt = _sent(used, message)
                    _sound(used, receipt)
                    demand(
                        receipt.outcome is Outcome.SENT,
                        f"message {number} to a {message.recipient.contact.kind} was not sent: "
                        f"{receipt.code}",
                    )
                    got = self.arrived(used, place)[before:]
                    demand(len(got) == 1, f"message {number} arrived {len(got)} times")
                    for words in ("Wort-eins", "Grüße", "Wort-zwei"):
                        demand(words in got[0].content, f"{words!r} of the text did not arrive")

    def test_many_go_through_one_opening(self) -> None:
        """Each gets their own, and nobody another one's."""
        with _folder() as folder:
            channel = self.make(folder)
            kind = min(channel.reaches)
            before = len(self.arrived(channel, folder))
            messages = [
                _message(f"many{number:02}" + "k" * 12, kind, text=f"Nummer-{number:02} für Sie.\n")
                for number in range(12)
            ]
            with channel.opened():
                receipts = [channel.send(each, now=NOW) for each in messages]
            demand(all(each.outcome is Outcome.SENT for each in receipts), "one was not sent")
            got = [each.content for each in self.arrived(channel, folder)[before:]]
            for number in range(12):
                times = sum(f"Nummer-{number:02}" in content for content in got)
                demand(times == 1, f"the message {number} arrived {times} times")

    def test_it_can_be_opened_again(self) -> None:
        """A dispatcher opens it each time that there is something to send."""
        with _folder() as folder:
            channel = self.make(folder)
            kind = min(channel.reaches)
            before = len(self.arrived(channel, folder))
            for number in range(2):
                _sent(channel, _message(f"again{number}" + "k" * 12, kind))
            with channel.opened():
                pass
            got = len(self.arrived(channel, folder)) - before
            demand(got == 2, f"two openings sent {got}")

    def test_a_message_that_was_sent_does_not_go_out_again(self) -> None:
        """Where the channel can know: also one that is made anew, as after a crash."""
        if not self.knows_repeats:
            return
        with _folder() as folder:
            message = _message("twice" + "k" * 12, min(self.make(folder).reaches))
            before = len(self.arrived(self.make(folder), folder))
            for _ in range(2):
                receipt = _sent(self.make(folder), message)
                demand(receipt.outcome is Outcome.SENT, f"it was {receipt.outcome}")
            got = len(self.arrived(self.make(folder), folder)) - before
            demand(got == 1, f"a message of the same key arrived {got} times")

    def test_an_error_inside_lets_go(self) -> None:
        """What is raised inside comes out, and what was sent before stays sent."""
        with _folder() as folder:
            channel = self.make(folder)
            kind = min(channel.reaches)
            before = len(self.arrived(channel, folder))
            try:
                with channel.opened():
                    channel.send(_message("before" + "k" * 12, kind), now=NOW)
                    raise KeyError("what a program may raise")
            except KeyError:
                pass
            else:
                raise AssertionError("opened() swallows errors")
            again = self.make(folder)
            with again.opened():
                pass
            got = len(self.arrived(again, folder)) - before
            demand(got == 1, f"of one that was sent before an error, {got} arrived")

    def test_a_contact_that_it_does_not_reach_is_refused_for_good(self) -> None:
        """A receipt says so; nothing is raised, nothing goes out."""
        with _folder() as folder:
            channel = self.make(folder)
            before = len(self.arrived(channel, folder))
            for kind in sorted(set(CONTACTS) - channel.reaches):
                receipt = _sent(channel, _message("other" + "k" * 12, kind))
                _sound(channel, receipt)
                demand(receipt.outcome is Outcome.PERMANENT, f"to a {kind}: {receipt.outcome}")
            demand(len(self.arrived(channel, folder)) == before, "something went out all the same")

    # --- what it keeps ----------------------------------------------------------------------------

    def test_what_it_keeps_can_be_had_and_removed(self) -> None:
        """What is asked for, and nothing of another person (GDPR, Art. 15 and 17)."""
        with _folder() as folder:
            channel = self.make(folder)
            kind = min(channel.reaches)
            mine, other = _message("mine" + "k" * 12, kind), _message("other" + "k" * 12, kind)
            mine = mine.model_copy(update={"text": "Nur-für-mich\n"})
            to = Recipient(name="Ben Kurz", contact=OTHERS[kind])
            other = other.model_copy(update={"recipient": to, "text": "Nur-für-Ben\n"})
            with channel.opened():
                channel.send(mine, now=NOW)
                channel.send(other, now=NOW)
            exported = channel.export([mine.key])
            if not channel.keeps:
                demand(not exported, "it exports messages, so it keeps them: say keeps = True")
                demand(channel.erase([mine.key]) == 0, "it erases what it does not keep")
                return
            demand(bool(exported), "it keeps messages and exports none")
            told = b" ".join(exported.values())
            demand("Nur-für-Ben".encode() not in told, "it exports another person's message")
            demand(channel.erase([mine.key]) == 1, "it does not count one erased message")
            demand(channel.export([mine.key]) == {}, "it exports what it erased")
            demand(channel.erase([mine.key]) == 0, "it erases twice")
            left = [path for path in folder.rglob("*") if path.is_file()]
            for path in left:
                data = path.read_bytes()
                demand("Nur-für-mich".encode() not in data, f"the text stays in {path.name}")
            demand(bool(channel.export([other.key])), "it erases another person's message too")

    # --- helpers ----------------------------------------------------------------------------------

    def _messages(self, channel: NotificationChannel) -> Iterator[Message]:
        for kind in sorted(channel.reaches):
            for number, name in enumerate(self.names):
                yield _message(f"{kind}{number:02}" + "k" * 12, kind, name=name)


def _message(
    key: str,
    kind: str,
    *,
    name: str = "Mina Özdemir",
    text: str = "Wort-eins und Grüße.\n\n- Wort-zwei\n\n.\n.. Punkte\n",
) -> Message:
    attachment = Attachment(name="a.txt", media_type="text/plain", content=b"attached")
    return Message(
        key=key,
        kind="seat_offered",
        event="buergerdialog-2020",
        language="de",
        recipient=Recipient(name=name, contact=CONTACTS[kind]),
        subject="Sie sind ausgelost: 😀 bitte antworten",
        text=text,
        html=f'<!DOCTYPE html><html lang="de"><title>x</title><p>{text}</p></html>',
        attachments=(attachment,),
    )


def _sent(channel: NotificationChannel, message: Message) -> DeliveryReceipt:
    with channel.opened():
        return channel.send(message, now=NOW)


def _sound(channel: NotificationChannel, receipt: DeliveryReceipt) -> None:
    """A receipt is kept and shown: it holds nothing personal, and can be said in words."""
    demand(
        isinstance(receipt, DeliveryReceipt),
        f"it returns {type(receipt).__name__}, not a DeliveryReceipt",
    )
    demand(receipt.channel == channel.name, f"the receipt names the channel {receipt.channel!r}")
    demand(receipt.time == NOW, "the receipt has another time than `now`")
    demand(pickle.loads(pickle.dumps(receipt)) == receipt, "the receipt does not pickle")
    if receipt.outcome is not Outcome.SENT:
        demand(receipt.code is not None, "what was not sent has no code that says why")
    if receipt.code in TEXTS:
        TEXTS[receipt.code].format(**receipt.params)
    shown = receipt.model_dump_json()
    for secret in ("mina", "231", "Weg", "Özdemir", "Wort-eins"):
        demand(secret not in shown, "the receipt holds personal data")


def _secrets(settings: Any) -> Iterator[str]:
    for value in dict(settings).values():
        reveal = getattr(value, "get_secret_value", None)
        if reveal is not None:
            yield str(reveal())


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        yield Path(place)
