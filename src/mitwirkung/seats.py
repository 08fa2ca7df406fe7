"""Seats that are offered, answered and taken: what has to hold before the next step."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from mitwirkung.applications import Application, State
from mitwirkung.casefile import CaseFile
from mitwirkung.events import Event
from mitwirkung.moves import MoveRefused


def offered_before(case: CaseFile, keys: Iterable[str], until: date) -> list[Application]:
    """Those who were offered the seats of a round.

    Raises:
        MoveRefused: until another day.
    """
    known = (case.find_application(key) for key in keys)
    found = [each for each in known if each is not None and each.offers]
    other = next((each.offers[-1].until for each in found if each.offers[-1].until != until), None)
    if other is not None:
        raise MoveRefused("offers-made", until=other.isoformat())
    return found


def require_answered(case: CaseFile) -> None:
    """
    Raises:
        MoveRefused: an offer stands open.
    """
    left = case.count(State.SELECTED)
    if left:
        raise MoveRefused("offers-open", count=left)


def require_seat(case: CaseFile, event: Event, key: str) -> None:
    """
    Raises:
        MoveRefused: all seats are taken, or a lottery for the seat of this person is published:
            until then whoever answered in time keeps it.
    """
    taken = case.count(State.ACCEPTED, State.ATTENDED, State.ABSENT)
    if taken >= event.seats:  # offers are never more than seats, so this cannot be
        raise MoveRefused("seats-taken", seats=event.seats)
    if any(key in each.freed for each in case.rounds() if each.counts):
        raise MoveRefused("seat-filled")
