"""A mail server on this machine, with TLS and a certificate of its own, that keeps what it got."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from mitwirkung.notifications.email import EmailChannel


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
    with socket.create_server(("localhost", 0)) as free:  # the controller wants to be told
        port = free.getsockname()[1]
    server = Controller(
        kept, hostname="localhost", port=port, tls_context=context, require_starttls=True
    )
    server.start()
    try:
        yield kept, port, str(certificate)
    finally:
        server.stop()


def email_settings(port: int, certificate: str) -> dict[str, Any]:
    """The section of the settings for e-mail over such a server."""
    return {
        "host": "localhost",
        "port": port,
        "authorities": certificate,
        "from_address": "dialog@stadt.example",
        "from_name": "Bürgerdialog",
        "timeout": 10,
    }


def channel(port: int, certificate: str) -> EmailChannel:
    return EmailChannel(email_settings(port, certificate))
