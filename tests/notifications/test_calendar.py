"""Calendar entries, read by another hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitwirkung.notifications.calendar import calendar_entry, calendar_uid

NOW = datetime(2020, 9, 28, 9, 30, tzinfo=UTC)
GIVEN: dict[str, Any] = {
    "uid": "u1@stadt.example",
    "sequence": 0,
    "title": "Bürgerdialog",
    "begins": date(2020, 10, 24),
    "ends": date(2020, 11, 28),
    "now": NOW,
    "organiser": "dialog@stadt.example",
    "organiser_name": "Stadt Dortmund",
    "attendee": "mina@example.org",
}


def read(**change: Any) -> tuple[Any, Any]:
    entry = calendar_entry(**{**GIVEN, **change})
    calendar = icalendar.Calendar.from_ical(entry.content)
    (event,) = calendar.walk("VEVENT")
    assert not calendar.errors
    assert not event.errors
    assert entry.parameters["method"] == calendar["METHOD"]
    return calendar, event


def test_days_are_whole_days() -> None:
    calendar, event = read()
    assert (calendar["METHOD"], event["STATUS"]) == ("REQUEST", "CONFIRMED")
    assert event.decoded("DTSTART") == date(2020, 10, 24)
    assert event.decoded("DTEND") == date(2020, 11, 29)  # the day after
    assert event["UID"] == "u1@stadt.example"
    assert event.decoded("DTSTAMP") == NOW
    assert event["ORGANIZER"] == "mailto:dialog@stadt.example"
    assert event["ORGANIZER"].params["CN"] == "Stadt Dortmund"
    assert event["ATTENDEE"] == "mailto:mina@example.org"


def test_times_are_the_same_moments() -> None:
    summer = timezone(timedelta(hours=2))
    begins = datetime(2020, 10, 24, 18, tzinfo=summer)
    _, event = read(begins=begins, ends=begins + timedelta(hours=3))
    assert event.decoded("DTSTART") == begins
    assert event.decoded("DTEND") == begins + timedelta(hours=3)


def test_a_cancelled_entry_has_the_same_uid_and_a_higher_sequence() -> None:
    uid = calendar_uid("dialog", "app-1", "stadt.example")
    assert uid == calendar_uid("dialog", "app-1", "stadt.example")
    others = [calendar_uid("dialog", "app-2"), calendar_uid("dialo", "gapp-1"), uid]
    assert len({each.partition("@")[0] for each in others}) == 3
    assert "app-1" not in uid
    first, last = read(uid=uid)[1], read(uid=uid, sequence=1, cancelled=True)
    assert last[0]["METHOD"] == "CANCEL"
    assert (last[1]["STATUS"], last[1]["SEQUENCE"]) == ("CANCELLED", 1)
    assert first["UID"] == last[1]["UID"]


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300)


@given(title=TEXTS, place=TEXTS, name=TEXTS)
def test_whatever_the_texts_hold_they_stay_texts(title: str, place: str, name: str) -> None:
    content = calendar_entry(**{**GIVEN, "title": title, "place": place, "organiser_name": name})
    assert all(len(line) <= 75 for line in content.content.split(b"\r\n"))
    _, event = read(title=title, place=place, organiser_name=name)
    if "\u2028" not in title and "\u2029" not in title:
        assert event["SUMMARY"] == title
    assert set(event) <= {
        *("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "ORGANIZER", "STATUS"),
        *("TRANSP", "ATTENDEE", "LOCATION"),
    }


@pytest.mark.parametrize("evil", ["x\r\nATTENDEE:mailto:e@e.example", "x\nBEGIN:VALARM", "\x00"])
def test_nobody_adds_a_line(evil: str) -> None:
    _, event = read(title=evil, place=evil, organiser_name=evil, organiser=f"a@b.example{evil}")
    assert event["ATTENDEE"] == "mailto:mina@example.org"
    assert not event.subcomponents


@pytest.mark.parametrize(
    "change",
    [
        {"ends": date(2020, 10, 1)},
        {"begins": NOW},
        {"begins": NOW, "ends": NOW - timedelta(hours=1)},
        {"now": datetime(2020, 1, 1)},  # noqa: DTZ001
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"ends|two|zone"):
        calendar_entry(**{**GIVEN, **change})
