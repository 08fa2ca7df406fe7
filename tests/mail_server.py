"""A real mail server with TLS: what it takes is kept, and it can be told to misbehave."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

Misbehaviour = Callable[[str, Any], str | None]


@dataclass
class MailServer:
    """The server: where it is, whom to trust, what it took.

    Attributes:
        says: what it answers to a recipient or a text in place of "OK", if not None; "drop" breaks
            the connection. It is given the step (`RCPT`, `DATA`) and the envelope.
        ends_after: the connection is ended after so many mails.
    """

    port: int = 0
    authorities: str = ""
    passwords: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)
    tried: int = 0
    logins: int = 0
    says: Misbehaviour = lambda step, envelope: None
    ends_after: int | None = None

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            "host": "localhost",
            "port": self.port,
            "authorities": self.authorities,
            "from_address": "dialog@stadt.example",
            "timeout": 5,
            **more,
        }

    def mails(self) -> list[EmailMessage]:
        """What it took, parsed by the standard library."""
        return [
            email.message_from_bytes(content, policy=email.policy.default)
            for _, _, content in self.taken
        ]

    # --- what aiosmtpd calls -----------------------------------------------------------------

    async def handle_RCPT(  # noqa: N802 - named by aiosmtpd
        self, server: SMTP, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        said = self.says("RCPT", address)
        if said == "drop":
            server.transport.abort()
        if said is None or said == "drop":
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.tried += 1
        said = self.says("DATA", envelope)
        if said in (None, "drop"):
            to = envelope.rcpt_tos[0]
            self.taken.append((envelope.mail_from, to, envelope.content))
        if said == "drop":
            server.transport.abort()
            await asyncio.sleep(0)
        if self.ends_after is not None and self.tried % self.ends_after == 0:
            asyncio.get_running_loop().call_later(0.05, server.transport.close)
        return said or "250 OK"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins += 1
        user, password = data.login.decode(), data.password.decode()
        right = self.passwords.get(user) == password
        return AuthResult(success=right, handled=False)


class _AnyPort(Controller):
    """On a port that is free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


Security = Literal["starttls", "tls", "none"]


@contextmanager
def mail_server(
    folder: Path,
    *,
    security: Security = "starttls",
    host: str = "localhost",
    users: dict[str, str] | None = None,
    utf8: bool = True,
) -> Iterator[MailServer]:
    """A server on this machine that proves to be `host`; its authority is written to a file."""
    authority = trustme.CA()
    pem = folder / "authorities.pem"
    authority.cert_pem.write_to_path(str(pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host).configure_cert(context)
    server = MailServer(authorities=str(pem), passwords=users or {})
    options: dict[str, Any] = {"enable_SMTPUTF8": utf8}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if security == "tls":
        options |= {"ssl_context": context}
    if users:
        # aiosmtpd does not see that a connection under TLS from the start is safe
        options |= {
            "auth_require_tls": security == "starttls",
            "authenticator": server.authenticate,
        }
        options |= {"auth_required": True}
    controller = _AnyPort(server, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        server.port = controller.port
        yield server
    finally:
        controller.stop()
