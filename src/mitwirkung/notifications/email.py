"""E-mail over SMTP, by the standard library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, SecretStr, model_validator

from mitwirkung.messages import Reason
from mitwirkung.notifications.channel import ChannelSettings, ContactKind, NotificationChannel
from mitwirkung.notifications.message import DeliveryReceipt, Message, Outcome
from mitwirkung.people import EMAIL, EmailAddress, Line

if TYPE_CHECKING:  # loaded where a mail is sent
    import smtplib
    from email.headerregistry import Address
    from email.message import EmailMessage
    from ssl import SSLContext

PORTS = {"starttls": 587, "tls": 465, "none": 25}

LEAVE_OFF_AFTER = timedelta(minutes=1)
"""So long nothing is tried after the server could not be used: a wrong password that is tried a
thousand times closes the account."""

WITH_UNSUBSCRIBE = frozenset({"evaluation_request", "results_published"})
"""What people can do without. All else is about their own application: they need it to keep their
seat, and end it by withdrawing."""


class EmailSettings(ChannelSettings):
    """The mail server, and how mails look from outside."""

    host: str = Field(min_length=1)
    """The mail server."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """Its port; 587, with tls 465, with none 25, if not given."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """starttls, tls from the start, or none: only for a server on the same machine."""
    user: str | None = None
    """Who logs in; nobody if not given."""
    password: SecretStr | None = None
    """The password of the user."""
    authorities: str | None = None
    """A file (PEM) with the authorities that vouch for the server; those of the system if not
    given."""
    from_address: str = Field(pattern=EMAIL)
    """The address that mails come from."""
    from_name: Line | None = None
    """The name beside it."""
    reply_to: str | None = Field(default=None, pattern=EMAIL)
    """Where answers by mail go, if elsewhere."""
    bounces_to: str | None = Field(default=None, pattern=EMAIL)
    """Where mail servers report what they could not deliver, if elsewhere."""
    timeout: int = Field(default=30, ge=1, le=600)
    """Seconds to wait for the server."""
    unsubscribe: str | None = Field(default=None, pattern=r"^https://[^\s<>]+$")
    """An address that takes a POST, with {key} for the message in it (RFC 8058); it goes along with
    messages that are not about somebody's own application."""

    @model_validator(mode="after")
    def _login(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError(Reason("user and password belong together"))
        if self.user is not None and self.security == "none":
            raise ValueError(Reason("a password is sent only with starttls or tls"))
        return self


class _Unusable(Exception):
    """The server could not be used, whatever was to be sent."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@dataclass
class _Connection:
    """The one connection that mails go through, made when it is needed."""

    settings: EmailSettings
    smtp: smtplib.SMTP | None = None
    trust: SSLContext | None = None
    unusable: _Unusable | None = None
    until: datetime | None = None

    def get(self, now: datetime) -> smtplib.SMTP:
        """The open connection.

        Raises:
            _Unusable: there is none to be had; for a while it is not tried again.
        """
        if self.unusable is not None and self.until is not None and now < self.until:
            raise self.unusable
        if self.smtp is None:
            try:
                self.smtp = self._connect()
            except _Unusable as error:
                self.unusable, self.until = error, now + LEAVE_OFF_AFTER
                raise
            self.unusable = None
        return self.smtp

    def _connect(self) -> smtplib.SMTP:
        import smtplib
        import ssl

        settings = self.settings
        port = settings.port or PORTS[settings.security]
        place: dict[str, str | int] = {"host": settings.host, "port": port}
        smtp: smtplib.SMTP | None = None
        try:
            if self.trust is None and settings.security != "none":
                self.trust = ssl.create_default_context(cafile=settings.authorities)
            if settings.security == "tls":
                smtp = smtplib.SMTP_SSL(
                    settings.host, port, timeout=settings.timeout, context=self.trust
                )
            else:
                smtp = smtplib.SMTP(settings.host, port, timeout=settings.timeout)
            smtp.ehlo_or_helo_if_needed()
            if settings.security == "starttls":
                smtp.starttls(context=self.trust)
                smtp.ehlo_or_helo_if_needed()
            if settings.user is not None and settings.password is not None:
                smtp.login(settings.user, settings.password.get_secret_value())
        except Exception as error:
            if smtp is not None:
                smtp.close()
            raise _unusable(error, place) from None  # replies may name people
        return smtp

    def drop(self) -> None:
        """Let go of it without a word: it is broken."""
        if self.smtp is not None:
            self.smtp.close()
        self.smtp = None

    def end(self) -> None:
        """Say goodbye."""
        if self.smtp is not None:
            with suppress(Exception):  # what was sent is sent, whether it hears us or not
                self.smtp.quit()
        self.drop()


def _unusable(error: Exception, place: dict[str, str | int]) -> _Unusable:
    import smtplib
    import ssl

    match error:
        case ssl.SSLCertVerificationError():
            return _Unusable("smtp-certificate", **place, reason=error.verify_message)
        case smtplib.SMTPAuthenticationError() if error.smtp_code >= 500:
            return _Unusable("smtp-login", **place, status=error.smtp_code)
        case smtplib.SMTPNotSupportedError():
            return _Unusable("smtp-unsupported", **place)
        case smtplib.SMTPResponseException():
            return _Unusable("smtp-unavailable", **place, status=error.smtp_code)
        case ssl.SSLError():
            return _Unusable("smtp-tls", **place)
        case FileNotFoundError():
            return _Unusable("smtp-authorities", **place)
        case OSError() | smtplib.SMTPException():
            return _Unusable("smtp-unreachable", **place)
    raise error


class EmailChannel(NotificationChannel):
    """E-mail over SMTP.

    All mails go through one connection. A server that ends it between two mails is called once
    more. What the server says about one mail concerns that one; where the server itself cannot be
    used (password, certificate, network), every mail waits and the receipt says why.
    """

    name = "email"
    Settings = EmailSettings
    settings: EmailSettings
    reaches: ClassVar[frozenset[ContactKind]] = frozenset({"email"})
    _connection: _Connection | None = None

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Hold the connection; it is made with the first mail."""
        self._connection = _Connection(self.settings)
        try:
            yield
        finally:
            self._connection.end()
            self._connection = None

    def send(self, message: Message, *, now: datetime) -> DeliveryReceipt:
        """Send a mail; uncertain from the moment on at which its text goes out until the server
        said what became of it."""
        if self._connection is None:
            raise RuntimeError("the channel is used inside opened()")
        to = message.recipient.contact
        if not isinstance(to, EmailAddress):
            return self.receipt(Outcome.PERMANENT, now, "channel-wrong-contact")
        try:
            envelope = Envelope.of(self.settings, to.address)
        except UnicodeError:
            return self.receipt(Outcome.PERMANENT, now, "email-address-unfit")
        content = mail_bytes(mail(message, self.settings, now=now), utf8=envelope.utf8)
        was_open = self._connection.smtp is not None
        receipt = self._attempt(envelope, content, now)
        if receipt is None and was_open:  # the server ended it between two mails
            receipt = self._attempt(envelope, content, now)
        return receipt or self.receipt(Outcome.TEMPORARY, now, "smtp-lost")

    def _attempt(self, envelope: Envelope, content: bytes, now: datetime) -> DeliveryReceipt | None:
        """What became of the mail; None if the connection was gone before anything went out."""
        assert self._connection is not None
        try:
            smtp = self._connection.get(now)
        except _Unusable as error:
            return self.receipt(Outcome.TEMPORARY, now, error.code, **error.params)
        became = deliver(smtp, envelope, content)
        if became.broken:
            self._connection.drop()
        match became.outcome:
            case Outcome.SENT:
                return self.receipt(Outcome.SENT, now)
            case Outcome.UNCERTAIN:
                return self.receipt(Outcome.UNCERTAIN, now, "smtp-lost-after-data")
        if became.status in (None, GOODBYE):
            return None
        if became.step == "utf8":
            return self.receipt(Outcome.PERMANENT, now, "smtp-without-utf8")
        says: dict[str, str | int] = {"status": became.status or 0, "step": became.step}
        if became.outcome is Outcome.TEMPORARY:
            return self.receipt(Outcome.TEMPORARY, now, "smtp-later", **says)
        if became.step == "sender":  # our address is at fault, not theirs
            return self.receipt(Outcome.TEMPORARY, now, "smtp-sender-refused", **says)
        return self.receipt(Outcome.PERMANENT, now, "smtp-refused", **says)


@dataclass(frozen=True)
class Envelope:
    """Who a mail goes to and who hears of failures, as the server is told (RFC 5321)."""

    sender: str
    recipient: str
    utf8: bool

    @classmethod
    def of(cls, settings: EmailSettings, address: str) -> Envelope:
        """Raises UnicodeError for a domain that cannot be one."""
        sender = ascii_domain(settings.bounces_to or settings.from_address)
        recipient = ascii_domain(address)
        return cls(sender, recipient, not (sender + recipient).isascii())


def ascii_domain(address: str) -> str:
    """An address with its domain as the net knows it: `a@müller.de` as `a@xn--mller-kva.de`."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"


@dataclass(frozen=True)
class Delivery:
    """What became of a mail on an open connection.

    Attributes:
        outcome: as in a receipt.
        step: where it ended: `sender`, `recipient`, `content`, or `utf8` where the server cannot
            take the address.
        status: what the server said there (RFC 5321, 4.2); None if nothing could be heard.
        broken: nothing more can go through this connection.
    """

    outcome: Outcome
    step: str
    status: int | None
    broken: bool = False


GOODBYE = 421
"""With this status a server ends the connection, whatever was asked (RFC 5321, 3.8)."""


def deliver(smtp: smtplib.SMTP, envelope: Envelope, content: bytes) -> Delivery:
    """Bring one mail through an open connection, step by step, so that it is known where it
    broke: as long as its text is not under way, it surely did not go out."""
    import smtplib

    step, options = "sender", ["SMTPUTF8", "BODY=8BITMIME"] if envelope.utf8 else []
    if envelope.utf8 and not smtp.has_extn("smtputf8"):
        return Delivery(Outcome.PERMANENT, "utf8", 0)
    smtp.command_encoding = "utf-8" if envelope.utf8 else "ascii"
    try:
        status, _ = smtp.mail(envelope.sender, options)
        if status == 250:
            step = "recipient"
            status, _ = smtp.rcpt(envelope.recipient)
        if status in (250, 251, 252) and step == "recipient":
            step = "content"
            status, _ = smtp.docmd("data")
            if status == 354:
                return _content(smtp, content)
    except (OSError, smtplib.SMTPException):
        return Delivery(Outcome.TEMPORARY, step, None, broken=True)
    return _refused(smtp, step, status)


def _content(smtp: smtplib.SMTP, content: bytes) -> Delivery:
    """The text of the mail; until the server answers nobody knows what became of it."""
    import smtplib

    try:
        smtp.send(_quoted(content))
        status, _ = smtp.getreply()
    except (OSError, smtplib.SMTPException):
        return Delivery(Outcome.UNCERTAIN, "content", None, broken=True)
    if 200 <= status < 300:
        return Delivery(Outcome.SENT, "content", status)
    if 400 <= status < 600:
        return _refused(smtp, "content", status)
    return Delivery(Outcome.UNCERTAIN, "content", status, broken=True)


def _refused(smtp: smtplib.SMTP, step: str, status: int) -> Delivery:
    """Refused for now or for good; the connection is made ready for the next mail."""
    import smtplib

    broken = not 400 <= status < 600 or status == GOODBYE  # what else it says is no answer
    if not broken:
        try:
            smtp.rset()
        except (OSError, smtplib.SMTPException):
            broken = True
    outcome = Outcome.PERMANENT if 500 <= status < 600 else Outcome.TEMPORARY
    return Delivery(outcome, step, status, broken)


def _quoted(content: bytes) -> bytes:
    """The text as it goes over the line: a dot at the beginning of a line is doubled, and one alone
    ends it (RFC 5321, 4.5.2)."""
    if content.startswith(b"."):
        content = b"." + content
    content = content.replace(b"\r\n.", b"\r\n..")
    return content + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")


# --- the mail ----------------------------------------------------------------------------------


def mail(message: Message, settings: EmailSettings, *, now: datetime) -> EmailMessage:
    """A message as a mail: text, the same as HTML, and attachments."""
    from email.message import EmailMessage
    from email.policy import SMTP
    from email.utils import format_datetime

    to = message.recipient
    assert isinstance(to.contact, EmailAddress)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(settings.from_name or "", settings.from_address)
    mail["To"] = _address(to.name, to.contact.address)
    if settings.reply_to is not None:
        mail["Reply-To"] = _address("", settings.reply_to)
    mail["Subject"] = _shown(message.subject)
    mail["Date"] = format_datetime(now)
    domain = ascii_domain(settings.from_address).rpartition("@")[2]
    mail["Message-ID"] = f"<{message.key}@{domain}>"
    if message.thread is not None:
        mail["In-Reply-To"] = mail["References"] = f"<{message.thread}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers to it
    if settings.unsubscribe is not None and message.kind in WITH_UNSUBSCRIBE:
        address = settings.unsubscribe.replace("{key}", message.key)
        mail["List-Unsubscribe"] = f"<{address}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(message.text, cte="quoted-printable")
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    for each in message.attachments:
        kind, _, subtype = each.media_type.partition("/")
        mail.add_attachment(
            each.content,
            maintype=kind,
            subtype=subtype,
            filename=each.name,
            params=dict(each.parameters),
        )
    mail["Content-Language"] = message.language  # last: setting the content takes it out
    return mail


def _address(name: str, address: str) -> Address:
    from email.headerregistry import Address

    local, _, domain = ascii_domain(address).rpartition("@")
    return Address(_shown(name), local, domain)


def mail_bytes(mail: EmailMessage, *, utf8: bool) -> bytes:
    """A mail as it goes out; with `utf8` its head may hold letters of any script (RFC 6532)."""
    from email.policy import SMTP, SMTPUTF8

    return mail.as_bytes(policy=SMTPUTF8 if utf8 else SMTP)


def _shown(text: str) -> str:
    """A text for the head of a mail: one line, whatever is in it, so that nobody adds a line."""
    return " ".join(
        "".join(each if each.isprintable() or each in _MARKS else " " for each in text).split()
    )


_MARKS = frozenset("\u200c\u200d\u200e\u200f\u2066\u2067\u2068\u2069")
"""Marks of direction and joining that belong to names (and to emoji)."""
