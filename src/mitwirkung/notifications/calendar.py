"""Calendar entries as files (iCalendar, RFC 5545 and 5546): a date to add, to change, to cancel."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from mitwirkung.notifications.message import Attachment

PRODUCT = "-//mitwirkung//mitwirkung//EN"
FILE = "calendar.ics"


def calendar_uid(event: str, application: str, domain: str = "mitwirkung.invalid") -> str:
    """What calendars know the entry of a person in an event by: always the same, and a digest, so
    that it names nobody.

    Args:
        domain: of the sender, so that no two cities have one (RFC 7986, 5.3).
    """
    digest = hashlib.sha256(f"{event}\0{application}".encode()).hexdigest()
    return f"{digest[:32]}@{domain}"


def calendar_entry(
    *,
    uid: str,
    sequence: int,
    title: str,
    begins: date | datetime,
    ends: date | datetime,
    now: datetime,
    organiser: str,
    organiser_name: str = "",
    attendee: str | None = None,
    place: str | None = None,
    description: str | None = None,
    cancelled: bool = False,
) -> Attachment:
    """An event as an attachment that calendars take.

    Args:
        uid: see `calendar_uid`.
        sequence: how often the entry was changed; a calendar takes the highest.
        begins, ends: the first and the last day, or two aware times; these are written in UTC, so
            that no time zone has to go along.
        now: when it is written.
        organiser, attendee: e-mail addresses.
        cancelled: the entry is taken back (METHOD:CANCEL).

    Raises:
        ValueError: a day and a time are mixed, a time has no zone, or it ends before it begins.
    """
    method = "CANCEL" if cancelled else "REQUEST"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{_text(uid)}",
        f"SEQUENCE:{sequence}",
        f"DTSTAMP:{_utc(now)}",
        *_span(begins, ends),
        f"SUMMARY:{_text(title)}",
        f"ORGANIZER{_named(organiser_name)}:mailto:{_one_line(organiser)}",
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        "TRANSP:OPAQUE",
    ]
    if attendee is not None:
        lines.append(f"ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{_one_line(attendee)}")
    if place:
        lines.append(f"LOCATION:{_text(place)}")
    if description:
        lines.append(f"DESCRIPTION:{_text(description)}")
    lines += ["END:VEVENT", "END:VCALENDAR"]
    return Attachment(
        name=FILE,
        media_type="text/calendar",
        content=b"".join(map(_folded, lines)),
        parameters={"method": method, "charset": "utf-8"},
    )


def _span(begins: date | datetime, ends: date | datetime) -> Sequence[str]:
    if isinstance(begins, datetime) and isinstance(ends, datetime):
        if ends < begins:
            raise ValueError("it ends before it begins")
        return f"DTSTART:{_utc(begins)}", f"DTEND:{_utc(ends)}"
    if isinstance(begins, datetime) or isinstance(ends, datetime):
        raise ValueError("begins and ends are two days or two times")
    if ends < begins:
        raise ValueError("it ends before it begins")
    after = ends + timedelta(days=1)  # the end of days is the day after (RFC 5545, 3.6.1)
    return f"DTSTART;VALUE=DATE:{begins:%Y%m%d}", f"DTEND;VALUE=DATE:{after:%Y%m%d}"


def _utc(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """A value with what means something in calendars escaped (RFC 5545, 3.3.11)."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return _printable("\\n".join(escaped.splitlines()))


def _named(name: str) -> str:
    """A name as parameter; it may hold anything but quotes and control characters (3.1)."""
    shown = _printable(name.replace('"', "'").replace("\n", " "))
    return f';CN="{shown}"' if shown else ""


def _one_line(address: str) -> str:
    return "".join(_printable(address).split())


def _printable(text: str) -> str:
    return "".join(each for each in text if each >= " " and each != "\x7f")


def _folded(line: str) -> bytes:
    """A line in pieces of at most 75 bytes, no character cut (RFC 5545, 3.1)."""
    pieces, piece = [], b""
    for each in line:
        data = each.encode()
        if len(piece) + len(data) > 75:
            pieces.append(piece)
            piece = b" "
        piece += data
    return b"\r\n".join([*pieces, piece]) + b"\r\n"
