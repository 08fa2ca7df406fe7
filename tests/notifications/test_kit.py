"""What ships keeps the contract of channels; bad ones are told what is wrong."""

from __future__ import annotations

import email
import email.policy
import json
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mail_server import MailServer, mail_server
from mitwirkung.notifications.call_list import CallListChannel
from mitwirkung.notifications.channel import ChannelSettings, ContactKind, NotificationChannel
from mitwirkung.notifications.email import EmailChannel
from mitwirkung.notifications.folder import FolderChannel
from mitwirkung.notifications.message import DeliveryReceipt, Message, Outcome
from mitwirkung.testing import NotificationChannelKit
from mitwirkung.testing.channel_kit import Arrived


class TestFolder(NotificationChannelKit):
    def make(self, folder: Path) -> FolderChannel:
        return FolderChannel({"folder": str(folder / "messages")})

    def arrived(self, channel: NotificationChannel, folder: Path) -> Sequence[Arrived]:
        return [
            Arrived(file.read_text("utf-8"), file.parent.name)
            for file in sorted(folder.glob("messages/*/message.txt"))
        ]


class TestCallList(NotificationChannelKit):
    def make(self, folder: Path) -> CallListChannel:
        return CallListChannel({"folder": str(folder / "calls")})

    def arrived(self, channel: NotificationChannel, folder: Path) -> Sequence[Arrived]:
        page = folder / "calls" / "calls.html"
        if not page.exists():
            return []
        calls = page.read_text("utf-8").split("<section>")[1:]
        return [Arrived(call) for call in calls]


class TestEmail(NotificationChannelKit):
    knows_repeats = False
    server: ClassVar[MailServer]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        with (
            tempfile.TemporaryDirectory() as place,
            mail_server(Path(place), users={"stadt": "geheim-1"}) as server,
        ):
            cls.server = server
            yield

    def make(self, folder: Path) -> EmailChannel:
        return EmailChannel(self.server.settings(user="stadt", password="geheim-1"))

    def arrived(self, channel: NotificationChannel, folder: Path) -> Sequence[Arrived]:
        return [
            Arrived(mail.get_body(("plain",)).get_content(), mail["Message-ID"][1:21])  # type: ignore[union-attr]
            for mail in (
                email.message_from_bytes(content, policy=email.policy.default)
                for _, _, content in self.server.taken
            )
        ]


# --- bad ones ----------------------------------------------------------------------------------


class PigeonSettings(ChannelSettings):
    folder: str
    password: str = "in the open"


class Pigeon(NotificationChannel):
    """Pigeons that carry a note each; `faults` says what is wrong with them."""

    name = "pigeon"
    Settings = PigeonSettings
    settings: PigeonSettings
    reaches: ClassVar[frozenset[ContactKind]] = frozenset({"letter"})
    keeps = True
    faults: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        if "eager" in self.faults:
            (Path(self.settings.folder) / "nest").touch()

    @contextmanager
    def opened(self) -> Iterator[None]:
        try:
            yield
        except KeyError:
            if "swallows" not in self.faults:
                raise

    def send(self, message: Message, *, now: datetime) -> DeliveryReceipt:
        outcome, code, params = Outcome.SENT, None, {}
        if message.recipient.contact.kind not in self.reaches and "everywhere" not in self.faults:
            outcome, code = Outcome.PERMANENT, "pigeon-lost"
            if "tells" in self.faults:
                params = {"to": message.recipient.contact.model_dump_json()}
            if "mute" in self.faults:
                code = None
        else:
            text = message.text[:9] if "forgetful" in self.faults else message.text
            name = message.key if "repeats" not in self.faults else f"{message.key}-{_count()}"
            data = {"to": message.recipient.model_dump(mode="json"), "text": text}
            (Path(self.settings.folder) / f"{name}.json").write_text(
                json.dumps(data, ensure_ascii=False), "utf-8"
            )
        if "late" in self.faults:
            now += timedelta(hours=1)
        channel = "dove" if "misnamed" in self.faults else self.name
        return DeliveryReceipt(outcome=outcome, channel=channel, time=now, code=code, params=params)

    def _kept(self, keys: Collection[str]) -> list[Path]:
        files = sorted(Path(self.settings.folder).glob("*.json"))
        return [each for each in files if each.stem in keys or "mixes" in self.faults]

    def export(self, keys: Collection[str]) -> dict[str, bytes]:
        return {each.name: each.read_bytes() for each in self._kept(keys)}

    def erase(self, keys: Collection[str]) -> int:
        found = [] if "hoards" in self.faults else self._kept(keys)
        for each in found:
            each.unlink()
        return len(found)


_counted = iter(range(10**6))


def _count() -> int:
    return next(_counted)


class PigeonKit(NotificationChannelKit):
    __test__ = False
    kind: ClassVar[type[Pigeon]] = Pigeon

    def make(self, folder: Path) -> Pigeon:
        return self.kind({"folder": str(folder)})

    def arrived(self, channel: NotificationChannel, folder: Path) -> Sequence[Arrived]:
        return [Arrived(each.read_text("utf-8")) for each in sorted(folder.glob("*.json"))]


TESTS = sorted(name for name in dir(NotificationChannelKit) if name.startswith("test_"))


@pytest.mark.parametrize("test", TESTS)
def test_a_sound_channel_passes(test: str) -> None:
    getattr(PigeonKit(), test)()


@pytest.mark.parametrize(
    ("fault", "test", "reason"),
    [
        ("eager", "test_it_declares_what_it_is", "before it is opened"),
        ("forgetful", "test_what_is_sent_arrives_once_with_all_it_says", "did not arrive"),
        ("misnamed", "test_what_is_sent_arrives_once_with_all_it_says", "names the channel"),
        ("late", "test_what_is_sent_arrives_once_with_all_it_says", "another time"),
        ("repeats", "test_a_message_that_was_sent_does_not_go_out_again", "arrived 2 times"),
        ("swallows", "test_an_error_inside_lets_go", "swallows"),
        ("everywhere", "test_a_contact_that_it_does_not_reach_is_refused_for_good", "sent"),
        ("tells", "test_a_contact_that_it_does_not_reach_is_refused_for_good", "personal data"),
        ("mute", "test_a_contact_that_it_does_not_reach_is_refused_for_good", "no code"),
        ("mixes", "test_what_it_keeps_can_be_had_and_removed", "another person"),
        ("hoards", "test_what_it_keeps_can_be_had_and_removed", "count"),
    ],
)
def test_a_bad_channel_is_told_what_is_wrong(fault: str, test: str, reason: str) -> None:
    class Bad(PigeonKit):
        __test__ = False
        kind = type("Bad", (Pigeon,), {"faults": frozenset({fault}), "__doc__": "Bad."})

    with pytest.raises(AssertionError, match=reason):
        getattr(Bad(), test)()


def test_loose_settings_are_noticed() -> None:
    class Loose(PigeonSettings, extra="allow"):
        pass

    class Bad(PigeonKit):
        __test__ = False
        kind = type("Bad", (Pigeon,), {"Settings": Loose})

    with pytest.raises(AssertionError, match="extra='forbid'"):
        Bad().test_its_settings_refuse_unknown_keys()
    with pytest.raises(AssertionError, match="allows unknown keys"):
        Bad().test_it_declares_what_it_is()


def test_one_that_hides_what_it_keeps_is_noticed() -> None:
    class Bad(PigeonKit):
        __test__ = False
        kind = type("Bad", (Pigeon,), {"keeps": False})

    with pytest.raises(AssertionError, match="say keeps = True"):
        Bad().test_what_it_keeps_can_be_had_and_removed()


def test_a_test_of_the_kit_is_not_replaced_silently() -> None:
    with pytest.raises(TypeError, match="replaces a test of the kit"):
        type("Sly", (NotificationChannelKit,), {"test_it_can_be_opened_again": lambda self: None})
