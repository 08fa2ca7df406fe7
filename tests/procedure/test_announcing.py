"""From the announcement to the deadline: extended, too few, cancelled."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from builders import plan
from mitwirkung.casefile import KINDS
from mitwirkung.errors import InputError
from mitwirkung.events import Phase, Remedy
from mitwirkung.people import Channel
from mitwirkung.storage.memory import MemoryBackend
from small_event import (
    CLERK,
    CLOSED,
    DEADLINE,
    NAME,
    OPENED,
    OVER,
    PUBLISHED,
    UNTIL,
    Town,
    at,
    entry,
    event,
    facts,
    form,
    oneself,
    phases,
    procedure_on,
    quotas,
    refused,
)

STAFF: dict[str, Any] = {"now": OPENED, "actor": CLERK}


def test_an_event_is_announced_once() -> None:
    town = Town.made()
    first = town.procedure.announce(event(), form(), quotas(), now=at(2, 1), actor=CLERK)
    before = town.everything()
    assert (first.phase, town.told()) == (
        Phase.ANNOUNCED,
        ["event-announced", "document-kept", "document-kept"],
    )
    assert town.procedure.announce(event(), form(), quotas(), **STAFF) == first
    town.procedure.open_applications(**STAFF)
    town.procedure.extend(date(2027, 3, 28), **STAFF, reason="holidays")
    assert town.procedure.announce(event(), form(), quotas(), **STAFF).deadline > DEADLINE
    others: list[tuple[Any, Any, Any]] = [
        (event(seats=5), form(), quotas()),
        (event(deadline=date(2027, 3, 26)), form(), quotas()),
        (event(), form(version="2027-02-02"), quotas()),
        (event(), form(), plan(Geschlecht={"weiblich": (1, 3), "männlich": (1, 3)})),
    ]
    after = town.everything()
    for other in others:
        with refused("event-exists", name=NAME):
            town.procedure.announce(*other, **STAFF)
    assert town.everything() == after != before


def test_quotas_that_the_form_does_not_ask_for_are_all_named_at_once() -> None:
    town = Town.made()
    odd = plan(
        Geschlecht={"weiblich": (1, 3), "sächlich": (1, 3)},
        Haarfarbe={"rot": (0, 4)},
        Bildung={"Abitur": (0, 4), "keine": (0, 4)},
    )
    with pytest.raises(InputError) as caught:
        town.procedure.announce(event(), form(), odd, **STAFF)
    assert [each.code for each in caught.value.findings] == [
        "quota-value-not-asked",
        "quota-not-asked",
    ]
    assert town.everything() == {"records": {}, "journal": []}


def test_what_is_not_there_is_named() -> None:
    other = procedure_on(MemoryBackend().open(KINDS))
    for call in (other.event, other.form, other.public_documents):
        with refused("event-unknown", name=NAME):
            call()
    town = Town.made().opened()
    with refused("application-unknown"):
        town.procedure.application("nobody-at-all")


def test_applications_open_until_the_end_of_the_deadline_in_the_time_zone_of_the_event() -> None:
    town = Town.made().opened()
    assert town.told().count("applications-opened") == 1
    assert town.procedure.open_applications(**STAFF).phase is Phase.APPLICATIONS_OPEN
    assert town.told().count("applications-opened") == 1
    last = datetime(2027, 3, 27, 22, 59, 59, 999999, tzinfo=UTC)
    before = town.everything()
    with refused("deadline-ahead", deadline="2027-03-27"):
        town.procedure.close_applications(now=last, actor=CLERK)
    assert town.everything() == before
    town.procedure.apply(entry(0), channel=Channel.WEB, now=last)
    late = last + timedelta(microseconds=1)
    with refused("application-too-late", deadline="2027-03-27"):
        town.procedure.apply(entry(1), channel=Channel.WEB, now=late)
    closed = town.procedure.close_applications(now=late, actor=CLERK)
    after = town.everything()
    assert town.procedure.close_applications(now=PUBLISHED, actor=CLERK) == closed
    with refused("move-illegal", legal=["lottery_published", "cancelled"]):
        town.procedure.open_applications(now=PUBLISHED, actor=CLERK)
    assert town.everything() == after


def test_a_step_that_was_done_may_be_repeated_from_later_on() -> None:
    town = Town.made().published()
    event = town.procedure.event()
    before = town.everything()
    assert town.procedure.close_applications(now=PUBLISHED, actor=CLERK) == event
    assert town.everything() == before


def test_an_extension_opens_again_and_says_why() -> None:
    town = Town.made().closed(0, 1)
    with refused("move-without-reason"):
        town.procedure.extend(date(2027, 4, 2), now=CLOSED, actor=CLERK, reason=" ")
    with refused("reason-unfit"):
        town.procedure.extend(date(2027, 4, 2), now=CLOSED, actor=CLERK, reason="two\nlines")
    with refused("extension-not-later"):
        town.procedure.extend(DEADLINE, now=CLOSED, actor=CLERK, reason="too few")
    with refused("extension-past-event"):
        town.procedure.extend(date(2027, 4, 17), now=CLOSED, actor=CLERK, reason="too few")
    again = {"now": at(3, 29), "actor": CLERK, "reason": "too few"}
    extended = town.procedure.extend(date(2027, 4, 2), **again)
    assert town.procedure.extend(date(2027, 4, 2), **again) == extended
    assert town.told().count("deadline-extended") == 1
    assert phases(town)[-2:] == [Phase.CLOSED, Phase.APPLICATIONS_OPEN]
    town.procedure.apply(entry(2), channel=Channel.WEB, now=at(4, 2, 23, 59))
    assert town.procedure.close_applications(now=at(4, 3, 0), actor=CLERK).phase is Phase.CLOSED
    assert town.told().count("applications-closed") == 2


def test_what_is_decided_on_too_few_applications_is_recorded_once() -> None:
    town = Town.made().opened(0, 2, 4)  # women alone
    ask = {"now": OPENED, "actor": CLERK, "reason": "no men"}
    decided = town.procedure.decide(Remedy.OUTREACH, **ask)
    assert [(each.value, each.applied) for each in decided.decisions[-1].missing] == [
        ("männlich", 0)
    ]
    assert town.procedure.decide(Remedy.OUTREACH, **ask) == decided
    town.apply(1)
    with refused("decision-without-groups"):
        town.procedure.decide(Remedy.OUTREACH, **ask)
    with refused("decision-before-closing"):
        town.procedure.decide(Remedy.SEAT_EVERYONE, **ask)
    with refused("decision-without-deadline"):
        town.procedure.decide(Remedy.EXTEND, **ask)
    later = date(2027, 3, 28)
    extended = town.procedure.decide(Remedy.EXTEND, **ask, until=later)
    assert town.procedure.decide(Remedy.EXTEND, **ask, until=later) == extended
    assert (extended.deadline, len(extended.decisions)) == (later, 2)
    assert town.told().count("undersubscription") == 2


def test_everyone_can_be_seated_where_nobody_more_applied() -> None:
    town = Town.made().closed(0, 1, 2)
    ask = {"now": PUBLISHED, "actor": CLERK, "reason": "three of four seats"}
    assert town.procedure.decide(Remedy.SEAT_EVERYONE, **ask).seats_everyone
    assert town.procedure.decide(Remedy.SEAT_EVERYONE, **ask).seats_everyone
    with refused("move-illegal", legal=["drawn", "cancelled"]):
        town.procedure.publish_lottery(facts(), now=PUBLISHED, actor=CLERK)
    with refused("application-settled"):
        town.procedure.apply(
            entry(3, received=DEADLINE), channel=Channel.LETTER, now=PUBLISHED, actor=CLERK
        )
    with refused("eligibility-settled"):
        town.procedure.refuse("person-0000", **ask)
    offered = town.procedure.offer(UNTIL, now=PUBLISHED, actor=CLERK)
    assert [each.key for each in offered] == ["person-0000", "person-0001", "person-0002"]
    assert town.procedure.event().phase is Phase.DRAWN
    town.accept("person-0000", now=PUBLISHED)
    before = town.everything()
    again = town.procedure.offer(UNTIL, now=PUBLISHED, actor=CLERK)
    assert [each.key for each in again] == [each.key for each in offered]
    with refused("no-seat-free"):
        town.procedure.publish_replacement(facts(), now=PUBLISHED, actor=CLERK)
    assert town.everything() == before
    town.procedure.expire(now=OVER)
    assert town.procedure.confirm(now=OVER, actor=CLERK).phase is Phase.CONFIRMED
    assert town.procedure.audit().ok
    too_many = Town.made().closed(0, 1, 2, 3, 4)
    with refused("decision-too-many", eligible=5, seats=4):
        too_many.procedure.decide(Remedy.SEAT_EVERYONE, **ask)


def test_a_cancelled_event_does_nothing_more_but_archive() -> None:
    town = Town.made().offered()
    seated = town.keys()
    ask = {"now": OVER, "actor": CLERK, "reason": "the hall burnt down"}
    assert town.procedure.cancel(**ask).phase is Phase.CANCELLED
    before = town.everything()
    assert town.procedure.cancel(**ask).phase is Phase.CANCELLED
    legal = ["drawn", "confirmed", "running"]
    for key in seated[:2]:
        with refused("phase-needed", state="cancelled", legal=legal):
            town.procedure.accept(key, channel=Channel.WEB, now=at(4, 5), actor=oneself(key))
    with refused("phase-needed", legal=legal):
        town.procedure.publish_replacement(facts(), now=OVER, actor=CLERK)
    with refused("move-illegal", legal=["archived"]):
        town.procedure.confirm(now=OVER, actor=CLERK)
    with refused("archive-not-empty"):
        town.procedure.archive(now=OVER, actor=CLERK)
    assert town.everything() == before
    town.procedure.erase_due(now=at(5, 9, 0))
    assert town.procedure.archive(now=at(5, 9), actor=CLERK).phase is Phase.ARCHIVED
    assert town.procedure.audit().ok


def test_a_time_without_its_zone_is_refused_and_nothing_is_changed() -> None:
    town = Town.made().opened(0)
    before = town.everything()
    naive = datetime(2027, 3, 28, 12)  # noqa: DTZ001
    calls = [
        lambda: town.procedure.close_applications(now=naive, actor=CLERK),
        lambda: town.procedure.apply(entry(1), channel=Channel.WEB, now=naive),
        lambda: town.procedure.withdraw("person-0000", channel=Channel.WEB, now=naive, actor=CLERK),
        lambda: town.procedure.cancel(now=naive, actor=CLERK, reason="why"),
    ]
    for call in calls:
        with pytest.raises((TypeError, ValueError)):
            call()
    assert town.everything() == before
