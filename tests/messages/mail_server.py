"""A mail server on this machine, with TLS and a certificate of its own, that keeps what it got."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from mitwirkung.notifications.channel import NotificationChannel
from mitwirkung.notifications.message import Message, Outcome, Receipt
from mitwirkung.people import EmailAddress


class Kept:
    """What a server took over, in order: the letters as they came in."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.append(envelope.content)
        return "250 OK"

    def messages(self) -> list[EmailMessage]:
        parser = BytesParser(policy=default)
        return [parser.parsebytes(each) for each in self.letters]  # type: ignore[misc]


@contextmanager
def serving(folder: Any) -> Iterator[tuple[Kept, int, str]]:
    """A server: what it keeps, its port, and the file of the certificate to trust."""
    import trustme
    from aiosmtpd.controller import Controller

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    certificate = folder / "authority.pem"
    authority.cert_pem.write_to_path(certificate)
    kept = Kept()
    with socket.create_server(("127.0.0.1", 0)) as free:  # the controller wants to be told
        port = free.getsockname()[1]
    server = Controller(
        kept, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True
    )
    server.start()
    try:
        yield kept, port, str(certificate)
    finally:
        server.stop()


class BareEmail(NotificationChannel):
    """E-mail with nothing but `smtplib`."""

    name = "email"
    reaches = frozenset({"email"})

    def __init__(self, port: int, certificate: str) -> None:
        super().__init__({})
        self._port, self._context = port, ssl.create_default_context(cafile=certificate)

    @contextmanager
    def opened(self) -> Iterator[None]:
        with smtplib.SMTP("localhost", self._port, timeout=10) as self._connection:
            self._connection.starttls(context=self._context)
            yield

    def send(self, message: Message, *, now: datetime) -> Receipt:
        letter = EmailMessage()
        assert isinstance(message.recipient.contact, EmailAddress)
        letter["To"] = message.recipient.contact.address
        letter["From"] = "stadt@example.org"
        letter["Subject"] = message.subject
        letter["Message-ID"] = f"<{message.key}@example.org>"
        letter.set_content(message.text)
        try:
            self._connection.send_message(letter)
        except smtplib.SMTPException:
            return Receipt(outcome=Outcome.UNCERTAIN, channel=self.name, time=now, code="smtp")
        return Receipt(outcome=Outcome.SENT, channel=self.name, time=now)


def channel(port: int, certificate: str) -> NotificationChannel:
    return BareEmail(port, certificate)
