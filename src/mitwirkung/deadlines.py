"""The last day for something: it ends with that day, in the time zone of the place.

Whole days are what people are promised ("until 27 September"), and what stands on a stamp of
receipt; moments are what a server sees. Both are compared here, and nowhere else.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, AwareDatetime

from mitwirkung.names import nearest

Receipt: TypeAlias = AwareDatetime | date
"""When something came in: a moment, or the day that is stamped on paper."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        meant = nearest(name, sorted(available_timezones()))
        hint = f"; did you mean {meant!r}" if meant else ""
        raise ValueError(f"no time zone of this name, as Europe/Berlin is one{hint}") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
"""A name of the IANA time zone database."""


def end_of_day(day: date, zone: str) -> datetime:
    """The first moment, in UTC, that no longer belongs to a day.

    Where there are two midnights it is the last one that the day came before: the second if clocks
    are set back across midnight, the first if they are set back to midnight. Where there is none,
    it is the moment of the jump.
    """
    place = ZoneInfo(zone)
    midnight = datetime.combine(day + timedelta(days=1), time(), place)
    first, last = sorted(midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    before = (last - timedelta(microseconds=1)).astimezone(place).date()
    return last if before <= day else first


def in_time(received: datetime | date, last_day: date, zone: str) -> bool:
    """Whether something that came in then came on the last day, or before.

    Args:
        received: a moment with its offset, or a day in the same time zone.
    """
    if isinstance(received, datetime):
        return received < end_of_day(last_day, zone)
    return received <= last_day


def day_of(received: datetime | date, zone: str) -> date:
    """The day of a moment, in the time zone."""
    return (
        received.astimezone(ZoneInfo(zone)).date() if isinstance(received, datetime) else received
    )


def is_ahead(received: datetime | date, now: datetime, zone: str) -> bool:
    """Whether a receipt lies in the future, so that it cannot be one."""
    if isinstance(received, datetime):
        return received > now
    return received > day_of(now, zone)
