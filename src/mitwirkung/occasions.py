"""What people are told: the occasions on which the procedure writes to them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Occasion(StrEnum):
    """Why somebody is written to; also the names of the templates."""

    APPLICATION_RECEIVED = "application_received"
    APPLICATION_INCOMPLETE = "application_incomplete"
    DEADLINE_EXTENDED = "deadline_extended"
    SEAT_OFFERED = "seat_offered"
    RESERVE_PLACE = "reserve_place"
    NOT_SELECTED = "not_selected"
    SEAT_CONFIRMED = "seat_confirmed"
    REMINDER = "reminder"
    OFFER_EXPIRED = "offer_expired"
    REPLACEMENT_OFFERED = "replacement_offered"
    EVENT_CANCELLED = "event_cancelled"
    EVALUATION_REQUEST = "evaluation_request"
    RESULTS_PUBLISHED = "results_published"


OCCASIONS: Mapping[Occasion, str] = {
    Occasion.APPLICATION_RECEIVED: "application received",
    Occasion.APPLICATION_INCOMPLETE: "something is missing",
    Occasion.DEADLINE_EXTENDED: "deadline extended",
    Occasion.SEAT_OFFERED: "seat offered",
    Occasion.RESERVE_PLACE: "place on the reserve",
    Occasion.NOT_SELECTED: "no seat",
    Occasion.SEAT_CONFIRMED: "seat confirmed",
    Occasion.REMINDER: "reminder of an offer",
    Occasion.OFFER_EXPIRED: "offer expired",
    Occasion.REPLACEMENT_OFFERED: "seat that fell free offered",
    Occasion.EVENT_CANCELLED: "event cancelled",
    Occasion.EVALUATION_REQUEST: "evaluation",
    Occasion.RESULTS_PUBLISHED: "results published",
}
"""The occasions in the words that a person reads; German stands in the catalogue."""

WITH_REPLY = frozenset(
    {
        Occasion.SEAT_OFFERED,
        Occasion.REPLACEMENT_OFFERED,
        Occasion.REMINDER,
        Occasion.SEAT_CONFIRMED,
    }
)
"""What people can answer to: these carry a link and a code."""

TO_MANY = (
    Occasion.DEADLINE_EXTENDED,
    Occasion.SEAT_OFFERED,
    Occasion.RESERVE_PLACE,
    Occasion.NOT_SELECTED,
    Occasion.REPLACEMENT_OFFERED,
    Occasion.EVENT_CANCELLED,
    Occasion.EVALUATION_REQUEST,
    Occasion.RESULTS_PUBLISHED,
)
"""What goes to many at once, so that somebody looks at it first, if the event says nothing else."""
