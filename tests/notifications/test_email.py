"""E-mail over a real server with TLS: what arrives, and what is said when it does not."""

from __future__ import annotations

import email
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from mail_server import MailServer, mail_server
from mitwirkung.errors import ChannelRefused
from mitwirkung.messages import TEXTS
from mitwirkung.notifications.calendar import calendar_entry
from mitwirkung.notifications.email import EmailChannel
from mitwirkung.notifications.message import DeliveryReceipt, Message, Outcome, Recipient
from mitwirkung.people import EmailAddress

NOW = datetime(2020, 9, 28, 9, 30, tzinfo=UTC)
RLO = "\u202e"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path) as running:
        yield running


def message(to: str = "mina@example.org", **change: Any) -> Message:
    given: dict[str, Any] = {
        "key": "k" * 20,
        "kind": "seat_offered",
        "event": "dialog",
        "language": "de",
        "recipient": Recipient(name="Mina Özdemir", contact=EmailAddress(address=to)),
        "subject": "Sie sind ausgelost",
        "text": "Guten Tag,\n\nSie haben einen Platz.\n.\nGrüße\n",
        "html": '<!DOCTYPE html><html lang="de"><p>Sie haben einen Platz.</p></html>',
    }
    return Message(**{**given, **change})


def sent(server: MailServer, *messages: Message, **settings: Any) -> list[DeliveryReceipt]:
    channel = EmailChannel(server.settings(**settings))
    with channel.opened():
        return [channel.send(each, now=NOW) for each in messages]


def one(server: MailServer, given: Message | None = None, **settings: Any) -> DeliveryReceipt:
    return sent(server, given or message(), **settings)[0]


def in_words(receipt: DeliveryReceipt) -> str:
    assert receipt.code is not None
    return TEXTS[receipt.code].format(**receipt.params)


def unfolded(part: Any) -> str:
    """The text of a part, its lines ended as in Python."""
    return str(part.get_content()).replace("\r\n", "\n")


def shown_name(server: MailServer) -> str:
    """The name of whom the last mail is for, read by the older parser of the standard library: the
    newer one of some Pythons leaves blanks between the pieces of a long name."""
    raw = email.message_from_bytes(server.taken[-1][2])["To"]
    name, _ = parseaddr(" ".join(raw.split()))
    return str(make_header(decode_header(name))) if "=?" in name else name


# --- what arrives ------------------------------------------------------------------------------


def test_a_mail_arrives_as_text_and_html(server: MailServer) -> None:
    assert one(server).outcome is Outcome.SENT
    assert server.taken[0][:2] == ("dialog@stadt.example", "mina@example.org")
    (mail,) = server.mails()
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    assert unfolded(text) == message().text
    assert unfolded(html).strip() == message().html
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")


def test_its_head(server: MailServer) -> None:
    one(server, message(thread="t" * 20), from_name="Stadt Dortmund", reply_to="frag@stadt.example")
    (mail,) = server.mails()
    assert mail["From"] == "Stadt Dortmund <dialog@stadt.example>"
    assert mail["To"] == "Mina Özdemir <mina@example.org>"
    assert mail["Reply-To"] == "frag@stadt.example"
    assert mail["Subject"] == "Sie sind ausgelost"
    assert mail["Date"].datetime == NOW
    assert mail["Message-ID"] == f"<{'k' * 20}@stadt.example>"
    assert mail["In-Reply-To"] == mail["References"] == f"<{'t' * 20}@stadt.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "de"


def test_failures_are_reported_to_another_address(server: MailServer) -> None:
    one(server, bounces_to="fehler@stadt.example")
    assert server.taken[0][0] == "fehler@stadt.example"
    assert server.mails()[0]["From"] == "dialog@stadt.example"


def test_unsubscribing_stands_where_people_can_do_without(server: MailServer) -> None:
    pattern = "https://stadt.example/weg/{key}"
    sent(server, message(), message(kind="results_published"), unsubscribe=pattern)
    one(server, message(kind="results_published"))
    about_a_seat, results, unset = server.mails()
    assert results["List-Unsubscribe"] == f"<https://stadt.example/weg/{'k' * 20}>"
    assert results["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert about_a_seat["List-Unsubscribe"] is None
    assert unset["List-Unsubscribe"] is None


def test_a_calendar_goes_along_with_its_method(server: MailServer) -> None:
    entry = calendar_entry(
        uid="u@stadt.example",
        sequence=0,
        title="Dialog",
        begins=NOW,
        ends=NOW,
        now=NOW,
        organiser="dialog@stadt.example",
    )
    one(server, message(attachments=(entry,)))
    (part,) = server.mails()[0].iter_attachments()
    assert part.get_content_type() == "text/calendar"
    assert part["Content-Type"].params["method"] == "REQUEST"
    assert part.get_payload(decode=True) == entry.content
    assert part.get_filename() == "calendar.ics"


@pytest.mark.parametrize(
    "name",
    [
        "Mina Özdemir 😀👩‍🔬",
        f"Ada{RLO}gnaL",
        "عائشة يوسف",
        "x" * 200,
        "Ö" * 200,
        'Eve", <eve@example.org>; "Adam',
        "=?utf-8?q?Eve?=",
    ],
)
def test_a_name_stays_a_name(server: MailServer, name: str) -> None:
    to = Recipient(name=name, contact=EmailAddress(address="mina@example.org"))
    assert one(server, message(recipient=to, subject=name)).outcome is Outcome.SENT
    (mail,) = server.mails()
    assert [each.addr_spec for each in mail["To"].addresses] == ["mina@example.org"]
    assert [sender for _, sender, _ in server.taken] == ["mina@example.org"]
    wanted = " ".join("".join(c if c.isprintable() or c == "\u200d" else " " for c in name).split())
    if not name.startswith("=?"):
        assert shown_name(server) == wanted
        assert mail["Subject"] == wanted
    head = server.taken[0][2].split(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 998  # RFC 5322, 2.1.1


@pytest.mark.parametrize("evil", ["\r\nBcc: all@example.org", "\nX: y", "\x00", "\u2028X: y"])
def test_nobody_adds_a_line_to_the_head(server: MailServer, evil: str) -> None:
    """The models refuse it; one that is made past them harms nobody either."""
    name = f"Mina{evil}"
    to = Recipient.model_construct(name=name, contact=EmailAddress(address="mina@example.org"))
    one(server, message().model_copy(update={"recipient": to, "subject": name}))
    (mail,) = server.mails()
    assert not {"Bcc", "X"} & set(mail.keys())
    assert [each.addr_spec for each in mail["To"].addresses] == ["mina@example.org"]


def test_a_dot_on_a_line_and_long_lines_arrive(server: MailServer) -> None:
    text = ".\n..\n. a\n" + "ä" * 3000 + "\n" + "x" * 3000 + "\n"
    one(server, message(text=text, html=None))
    assert unfolded(server.mails()[0]) == text


def test_addresses_of_other_scripts(server: MailServer, tmp_path: Path) -> None:
    assert one(server, message("mina@müller.example")).outcome is Outcome.SENT
    assert server.taken[0][1] == "mina@xn--mller-kva.example"
    assert one(server, message("مينا@example.org")).outcome is Outcome.SENT
    assert server.taken[1][1] == "مينا@example.org"
    assert one(server).outcome is Outcome.SENT
    old = tmp_path / "old"
    old.mkdir()
    with mail_server(old, utf8=False) as simple:
        receipts = sent(simple, message("مينا@example.org"), message())
        assert [each.outcome for each in receipts] == [Outcome.PERMANENT, Outcome.SENT]
        assert receipts[0].code == "smtp-without-utf8"
    assert one(server, message(f"mina@{'ü' * 70}.example")).code == "email-address-unfit"


# --- one mail is refused ------------------------------------------------------------------------


def test_one_of_many_is_refused(server: MailServer) -> None:
    server.says = lambda step, given: "550 no such user" if given == "b@example.org" else None
    receipts = sent(server, *(message(f"{name}@example.org") for name in "abc"))
    assert [each.outcome for each in receipts] == [Outcome.SENT, Outcome.PERMANENT, Outcome.SENT]
    assert receipts[1].code == "smtp-refused"
    assert receipts[1].params == {"status": 550, "step": "recipient"}
    assert "550" in in_words(receipts[1])
    assert [to for _, to, _ in server.taken] == ["a@example.org", "c@example.org"]


def test_what_is_refused_for_now_may_go_out_later(server: MailServer) -> None:
    server.says = lambda step, given: "451 greylisted"
    channel = EmailChannel(server.settings())
    for minutes in range(0, 60, 20):
        with channel.opened():
            receipt = channel.send(message(), now=NOW + timedelta(minutes=minutes))
        assert (receipt.outcome, receipt.code) == (Outcome.TEMPORARY, "smtp-later")
    server.says = lambda step, given: None
    with channel.opened():
        assert channel.send(message(), now=NOW + timedelta(hours=1)).outcome is Outcome.SENT
    assert len(server.taken) == 1


@pytest.mark.parametrize(
    ("status", "outcome"), [("452", Outcome.TEMPORARY), ("554", Outcome.PERMANENT)]
)
def test_the_text_is_refused(server: MailServer, status: str, outcome: Outcome) -> None:
    server.says = lambda step, given: f"{status} no" if step == "DATA" else None
    first, second = sent(server, message(), message())
    assert (first.outcome, second.outcome) == (outcome, outcome)
    assert first.params["step"] == "content"
    assert server.taken == []


def test_dropped_after_the_text_nobody_knows(server: MailServer) -> None:
    drops = iter([True, False])
    server.says = lambda step, given: "drop" if step == "DATA" and next(drops) else None
    first, second = sent(server, message(key="a" * 20), message(key="b" * 20))
    assert (first.outcome, first.code) == (Outcome.UNCERTAIN, "smtp-lost-after-data")
    assert second.outcome is Outcome.SENT  # over a new connection
    assert len(server.taken) == 2  # it had been taken: sending it again would have been wrong


def test_dropped_before_the_text_it_is_tried_once_more(server: MailServer) -> None:
    drops = iter([False, True, False])
    server.says = lambda step, given: "drop" if step == "RCPT" and next(drops) else None
    receipts = sent(server, message(key="a" * 20), message(key="b" * 20))
    assert [each.outcome for each in receipts] == [Outcome.SENT, Outcome.SENT]
    assert len(server.taken) == 2


def test_dropped_before_the_text_again_and_again(server: MailServer) -> None:
    server.says = lambda step, given: "drop"
    assert (one(server).outcome, one(server).code) == (Outcome.TEMPORARY, "smtp-lost")
    assert server.taken == []


def test_a_server_that_ends_the_connection_between_mails(server: MailServer) -> None:
    server.ends_after = 1
    channel = EmailChannel(server.settings())
    with channel.opened():
        for number in range(3):
            outcome = channel.send(message(key=f"{number}" * 20), now=NOW).outcome
            assert outcome is Outcome.SENT
            threading.Event().wait(0.2)
    assert len(server.taken) == 3


# --- the server cannot be used ------------------------------------------------------------------


def test_login(tmp_path: Path) -> None:
    with mail_server(tmp_path, users={"stadt": "geheim"}) as server:
        right = {"user": "stadt", "password": "geheim"}
        assert one(server, **right).outcome is Outcome.SENT
        assert server.logins == 1
        receipts = sent(server, *[message()] * 50, user="stadt", password="falsch")
        assert {each.outcome for each in receipts} == {Outcome.TEMPORARY}
        assert {each.code for each in receipts} == {"smtp-login"}
        assert server.logins <= 3  # not fifty times: once by each method that the server offers
        assert "user and password" in in_words(receipts[0])
        assert "falsch" not in in_words(receipts[0])
        assert len(server.taken) == 1
        refused = one(server)  # nobody logs in: the server takes no sender
        assert (refused.outcome, refused.code) == (Outcome.TEMPORARY, "smtp-sender-refused")


def test_after_a_while_it_is_tried_again(tmp_path: Path) -> None:
    with mail_server(tmp_path, users={"stadt": "geheim"}) as server:
        channel = EmailChannel(server.settings(user="stadt", password="neu"))
        with channel.opened():
            assert channel.send(message(), now=NOW).code == "smtp-login"
            server.passwords["stadt"] = "neu"
            assert channel.send(message(), now=NOW).code == "smtp-login"
            later = NOW + timedelta(minutes=2)
            assert channel.send(message(), now=later).outcome is Outcome.SENT


def test_tls_from_the_start(tmp_path: Path) -> None:
    with mail_server(tmp_path, security="tls") as server:
        assert one(server, security="tls").outcome is Outcome.SENT


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_bad_certificate(tmp_path: Path, security: Any) -> None:
    with mail_server(tmp_path, security=security, host="another.example") as server:
        receipt = one(server, security=security)
        assert (receipt.outcome, receipt.code) == (Outcome.TEMPORARY, "smtp-certificate")
        unknown = one(server, security=security, authorities=None)
        assert unknown.code == "smtp-certificate"
        assert "does not prove" in in_words(receipt)
        assert server.taken == []


def test_no_encryption_is_offered(tmp_path: Path) -> None:
    with mail_server(tmp_path, security="none") as server:
        assert one(server).code == "smtp-unsupported"
        assert one(server, security="tls").code == "smtp-tls"
        assert one(server, security="none").outcome is Outcome.SENT


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    channel = EmailChannel(
        {"host": "127.0.0.1", "port": port, "security": "none", "from_address": "a@b.example"}
    )
    with channel.opened():
        receipt = channel.send(message(), now=NOW)
    assert (receipt.outcome, receipt.code) == (Outcome.TEMPORARY, "smtp-unreachable")
    assert str(port) in in_words(receipt)


def test_the_authorities_are_not_there(server: MailServer) -> None:
    assert one(server, authorities="/nowhere.pem").code == "smtp-authorities"


# --- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "host"),
        ({"host": "h", "from_address": "nobody"}, "from_address"),
        ({"host": "h", "from_address": "a@b.example", "user": "u"}, "belong together"),
        (
            {
                "host": "h",
                "from_address": "a@b.example",
                "user": "u",
                "password": "p",
                "security": "none",
            },
            "only with starttls or tls",
        ),
        (
            {"host": "h", "from_address": "a@b.example", "unsubscribe": "http://b.example"},
            "unsubscribe",
        ),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ChannelRefused, match=reason):
        EmailChannel(settings)


def test_it_is_used_inside_opened() -> None:
    channel = EmailChannel({"host": "h", "from_address": "a@b.example"})
    with pytest.raises(RuntimeError, match="opened"):
        channel.send(message(), now=NOW)
