"""What the tests of events, forms and applications are made of."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from mitwirkung.applications import Application, Offer
from mitwirkung.deadlines import end_of_day
from mitwirkung.events import Event, Phase
from mitwirkung.people import Actor, Channel, Role

CLERK = Actor(role=Role.STAFF, pseudonym="staff-1")
SYSTEM = Actor(role=Role.SYSTEM, pseudonym="system")
RESIDENT = Actor(role=Role.APPLICANT, pseudonym="a-resident")
BERLIN = "Europe/Berlin"
DEADLINE = date(2020, 9, 27)
OPEN = datetime(2020, 9, 1, 8, tzinfo=UTC)
AFTER = end_of_day(DEADLINE, BERLIN)
"""The first moment after the deadline."""

REASON = {Phase.CANCELLED: "the hall burnt down"}


def event(**changed: Any) -> Event:
    """The Dortmund dialogue as a draft."""
    declared = {
        "name": "buergerdialog-2020",
        "title": {"de": "Digitaler Bürgerdialog", "en": "Digital citizens' dialogue"},
        "format": "Bürgerdialog",
        "mode": "digital",
        "time_zone": BERLIN,
        "seats": 75,
        "deadline": DEADLINE,
        "begins": date(2020, 10, 24),
        "ends": date(2020, 11, 28),
    }
    return Event(**{**declared, **changed})


def walked(*phases: Phase, begin: Event | None = None) -> Event:
    """An event that went through these phases."""
    found = begin or event()
    for phase in phases:
        now = AFTER if found.phase is not Phase.DRAFT and phase is Phase.CLOSED else OPEN
        found = found.moved(phase, now=now, actor=CLERK, reason="as planned")
    return found


OPENED = (Phase.ANNOUNCED, Phase.APPLICATIONS_OPEN)
CLOSED = (*OPENED, Phase.CLOSED)


def application(key: str = "person-0001", **changed: Any) -> Application:
    """An application that came over the web."""
    given = {
        "event": "buergerdialog-2020",
        "received": OPEN,
        "entered": OPEN,
        "entered_by": RESIDENT,
        "channel": Channel.WEB,
    }
    return Application(key=key, **{**given, **changed})


def seat(until: date = date(2020, 10, 16)) -> Offer:
    """An offered seat."""
    return Offer(until=until, time_zone=BERLIN, made=datetime(2020, 10, 10, 20, tzinfo=UTC))
